// A target's processor time, seen twice.
// Not for: how one look is taken (Target::Use).
#include "properties/requirements/processor.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "properties/stage/socket/lines.h"

namespace verbatim {
namespace {

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

}  // namespace verbatim
