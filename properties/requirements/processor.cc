// A target's processor time, seen twice.
// Not for: how one look is taken (Target::Use).
#include "properties/requirements/processor.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "properties/stage/socket/lines.h"

namespace verbatim {
namespace {

constexpr int64_t kIdleMs = 500;
// Of the time. A timer of 10 ms takes less than 1 %; a busy loop takes all that it gets, which is
// little on a busy machine.
constexpr uint64_t kIdlePercent = 4;
constexpr uint64_t kIdleWakes = 500;  // a second; that timer has 100

constexpr uint64_t kAllAlongPercent = 80;
constexpr int64_t kAtWorkMs = 50;
constexpr int kLooks = 3;

}  // namespace

std::optional<uint64_t> PercentOfProcessor(Trial& trial, int64_t duration_ms) {
  const int64_t start_us = NowUs();
  const absl::StatusOr<Usage> before = trial.target().Use();
  trial.Pause(duration_ms);
  const absl::StatusOr<Usage> after = trial.target().Use();
  if (!before.ok() || !after.ok() || after->cpu_us < before->cpu_us) return std::nullopt;
  const uint64_t passed_us = static_cast<uint64_t>(NowUs() - start_us) + 1;
  const uint64_t wanted_us = after->wanted_us - std::min(before->wanted_us, after->wanted_us);
  const uint64_t wanted = wanted_us * 100 / passed_us;
  return wanted >= kAllAlongPercent ? wanted : (after->cpu_us - before->cpu_us) * 100 / passed_us;
}

std::optional<uint64_t> SteadyPercent(Trial& trial, int64_t duration_ms, uint64_t bound) {
  std::optional<uint64_t> first;
  for (int look = 0; look < kLooks && !first && !trial.target().Died(); ++look) {
    first = PercentOfProcessor(trial, duration_ms);
  }
  if (!first || *first <= bound) return first;
  const std::optional<uint64_t> second = PercentOfProcessor(trial, duration_ms);
  return second ? std::min(*first, *second) : second;
}

bool IsAtWork(Trial& trial) {
  return PercentOfProcessor(trial, kAtWorkMs).value_or(0) >= kAllAlongPercent;
}

bool CostsNothing(Trial& trial, absl::string_view when) {
  const absl::StatusOr<Usage> before = trial.target().Use();
  const int64_t start_us = NowUs();
  const std::optional<uint64_t> percent = SteadyPercent(trial, kIdleMs, kIdlePercent);
  const absl::StatusOr<Usage> after = trial.target().Use();
  if (trial.Spent()) return false;
  if (!percent || !before.ok() || !after.ok()) {
    // Of one that has died nothing can be seen either.
    if (trial.target().Died()) trial.Fail({.kind = Verdict::Kind::kDied});
    trial.CannotJudge("its processes can't be looked into").IgnoreError();
    return false;
  }
  const uint64_t passed_us = static_cast<uint64_t>(NowUs() - start_us) + 1;
  const uint64_t wakes =
      (after->wakes - std::min(before->wakes, after->wakes)) * 1'000'000 / passed_us;
  const std::string measured = absl::StrCat(
      when, ", it uses ", *percent, " % of a processor, and wakes ", wakes, " times a second");
  if (trial.note().empty()) trial.Note(measured);
  if (*percent <= kIdlePercent && wakes <= kIdleWakes) return true;
  trial.Misbehaves(absl::StrCat(measured, " (bounds: ", kIdlePercent, " %, ", kIdleWakes, ")"))
      .IgnoreError();
  return false;
}

}  // namespace verbatim
