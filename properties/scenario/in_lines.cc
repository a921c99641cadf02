// Rounding up to whole lines.
#include "properties/scenario/in_lines.h"

#include <algorithm>
#include <utility>

#include "properties/scenario/checker.h"

namespace verbatim {
namespace {

using Kind = Step::Kind;

uint64_t WholeLines(uint64_t bytes) { return (bytes + kLineBytes - 1) / kLineBytes * kLineBytes; }

size_t LastReply(const std::vector<Step>& steps) {
  size_t last = steps.size();
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].kind == Kind::kReply) last = i;
  }
  return last;
}

// How much was fed and replied, before and now.
struct Sums {
  uint64_t fed = 0, replied = 0, fed_lines = 0, replied_lines = 0;
};

// A feed goes to the end of its line.
void Stretch(uint64_t payload_bytes, Sums* sums, Step* step) {
  const bool rest = step->amount == kRest;
  sums->fed = rest ? payload_bytes : sums->fed + step->amount;
  const uint64_t lines = WholeLines(sums->fed);
  if (!rest) step->amount = lines - sums->fed_lines;
  sums->fed_lines = lines;
}

// What caught up does so again, and the last reply ends with a line.
void Complete(bool last, Sums* sums, Step* step) {
  const uint64_t due = sums->fed - sums->replied;
  sums->replied += std::min(step->amount, due);
  // It may be ahead by what it replied of a line's end.
  uint64_t end = std::min(sums->replied_lines + std::min(step->amount, due), sums->fed_lines);
  if (sums->replied == sums->fed) end = sums->fed_lines;
  if (last) end = WholeLines(end);
  if (step->amount != kRest) step->amount = end - sums->replied_lines;
  sums->replied_lines = end;
}

}  // namespace

Scenario InLines(Scenario scenario) {
  if (scenario.role != Role::kClient) return scenario;
  const uint64_t payload_bytes = scenario.payload.Size();
  PayloadSpec lines;
  lines.size_bytes = WholeLines(payload_bytes);
  lines.seed = scenario.payload.literal ? 1 : scenario.payload.seed;
  lines.overlay = Overlay::kLines;
  Checker checker(Role::kClient, lines.size_bytes);
  const size_t last = LastReply(scenario.steps);
  Sums sums;
  std::vector<Step> steps;
  for (size_t i = 0; i < scenario.steps.size(); ++i) {
    Step step = scenario.steps[i];
    if (step.kind == Kind::kFeed) Stretch(payload_bytes, &sums, &step);
    if (step.kind == Kind::kReply) Complete(i == last, &sums, &step);
    // A line that is fed already is not fed again, nor replied.
    if (checker.Take(step).empty()) steps.push_back(step);
  }
  scenario.payload = lines;
  scenario.steps = std::move(steps);
  return scenario;
}

}  // namespace verbatim
