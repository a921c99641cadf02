// One walk over the steps for each.
#include "properties/generate/ends.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "properties/scenario/checker.h"

namespace verbatim {
namespace {

using Kind = Step::Kind;

}  // namespace

int Unawaited(const Scenario& scenario) {
  if (scenario.role == Role::kClient) return 0;
  std::vector<int> open(kMaxConnections, 0);
  for (const Step& step : scenario.steps) {
    int& unawaited = open[step.connection - 1];
    switch (step.kind) {
      case Kind::kSend:
        unawaited = 1;
        break;
      case Kind::kClose:
      case Kind::kReset:
      case Kind::kAwait:
      case Kind::kExpectEof:
        unawaited = 0;
        break;
      default:
        break;
    }
  }
  return static_cast<int>(std::count(open.begin(), open.end(), 1));
}

int UnaskedEnds(const Scenario& scenario) {
  std::vector<bool> asked(kMaxConnections, false);
  int unasked = 0;
  for (const Step& step : scenario.steps) {
    if (step.kind == Kind::kShutdown) asked[step.connection - 1] = true;
    if (step.kind == Kind::kExpectEof && !asked[step.connection - 1]) ++unasked;
  }
  return unasked;
}

Exit ExitOf(const Scenario& scenario) {
  Exit exit;
  Checker checker(scenario.role, scenario.payload.Size());
  for (const Step& step : scenario.steps) {
    checker.Take(step);
    exit.input_ended |= step.kind == Kind::kFeedEof;
    exit.connection_ended |=
        step.kind == Kind::kShutdown || step.kind == Kind::kReset || step.kind == Kind::kClose;
    exit.expected |= step.kind == Kind::kExpectExit;
  }
  exit.all_replied = checker.DueBytes() == 0;
  return exit;
}

Scenario MendedForClient(Scenario scenario) {
  Checker checker(Role::kClient, scenario.payload.Size());
  std::vector<Step> steps;
  for (Step step : scenario.steps) {
    if (step.amount != kRest) {
      if (step.kind == Kind::kFeed) step.amount = std::min(step.amount, checker.LeftBytes(1));
      if (step.kind == Kind::kReply) step.amount = std::min(step.amount, checker.DueBytes());
    }
    if (checker.Take(step).empty()) steps.push_back(step);
  }
  scenario.steps = std::move(steps);
  return scenario;
}

}  // namespace verbatim
