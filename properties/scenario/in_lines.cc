// Rounding up to whole lines.
#include "properties/scenario/in_lines.h"

#include <algorithm>
#include <utility>

namespace verbatim {
namespace {

uint64_t WholeLines(uint64_t bytes) { return (bytes + kLineBytes - 1) / kLineBytes * kLineBytes; }

}  // namespace

Scenario InLines(Scenario scenario) {
  if (scenario.role != Role::kClient) return scenario;
  PayloadSpec lines;
  lines.size_bytes = WholeLines(scenario.payload.Size());
  lines.seed = scenario.payload.literal ? 1 : scenario.payload.seed;
  lines.overlay = Overlay::kLines;
  uint64_t fed = 0;  // as it is now, in whole lines
  uint64_t wanted = 0;
  std::vector<Step> steps;
  for (Step step : scenario.steps) {
    if (step.kind == Step::Kind::kFeed) {
      wanted = step.amount == kRest ? lines.size_bytes : wanted + step.amount;
      if (WholeLines(wanted) == fed) continue;  // that line is fed already
      step.amount = step.amount == kRest ? kRest : WholeLines(wanted) - fed;
      fed = WholeLines(wanted);
    }
    steps.push_back(step);
  }
  scenario.payload = lines;
  scenario.steps = std::move(steps);
  return scenario;
}

}  // namespace verbatim
