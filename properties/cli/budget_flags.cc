// The flags of how long things may take and how much is played, and the budget that they make.
// Not for: what is checked (target_flags.cc), or which requirements (choose.cc).
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "echo/number_flag.h"
#include "properties/cli/cli.h"

namespace verbatim {
namespace {

// A whole number from 0 to 2^64-1, in decimal digits and nothing else: CLI11 takes "-1", and more
// digits than there is room for, as the largest.
CLI::Validator WholeNumber() {
  const auto check = [](std::string& text) -> std::string {
    uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc() && stop == end) return "";
    return absl::StrCat("'", text, "': write a whole number from 0 to 18446744073709551615");
  };
  return CLI::Validator(check, "UINT");
}

}  // namespace

absl::StatusOr<int64_t> Milliseconds(absl::string_view flag, const std::string& text,
                                     double multiplier, absl::Duration limit) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag, " ", text, ": write a number with its unit, such as 500ms, 2s or 5m"));
  }
  if (duration > limit) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag, " ", text, ": write at most ", absl::FormatDuration(limit)));
  }
  return std::max<int64_t>(1, absl::ToInt64Milliseconds(duration * multiplier));
}

void AddBudgetFlags(CLI::App* command, BudgetFlags* flags) {
  command->add_option("--seed", flags->seed, "The same seed gives the same scenarios")
      ->check(WholeNumber())
      ->capture_default_str();
  command->add_option("--cases", flags->cases, "Scenarios for each requirement that draws them")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--budget", flags->budget, "For the whole check")->capture_default_str();
  command
      ->add_option("--deadline", flags->deadline,
                   "No progress for so long is a failure; time in which this machine kept somebody "
                   "waiting for a processor does not count, for streams and clients (five such "
                   "deadlines in all)")
      ->capture_default_str();
  command
      ->add_option("--timeout-multiplier", flags->timeout_multiplier,
                   "Times every deadline, and the search for a smallest scenario (not the budget): "
                   "for slow machines")
      ->check(NumberBetween(0.01, 1000))
      ->capture_default_str();
}

void AddSizeFlags(CLI::App* command, BudgetFlags* flags) {
  command->add_option("--bulk-bytes", flags->bulk_bytes, "For stream.exact.bulk")
      ->check(CLI::Range(uint64_t{1}, kMaxPayloadBytes))
      ->capture_default_str();
  command
      ->add_option("--fragment-bytes", flags->fragment_bytes,
                   "Of these stream.exact.all-fragments plays every cutting (2^(N-1))")
      ->check(CLI::Range(1, 20))
      ->capture_default_str();
  command->add_option("--connections", flags->connections, "At once, for stream.many.thousand")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--idle", flags->idle, "Without a byte, for stream.open.until-peer-ends")
      ->capture_default_str();
}

absl::StatusOr<Budget> MakeBudget(const BudgetFlags& flags) {
  const absl::StatusOr<int64_t> whole_ms = Milliseconds("--budget", flags.budget, 1);
  if (!whole_ms.ok()) return whole_ms.status();
  const absl::StatusOr<int64_t> deadline_ms =
      Milliseconds("--deadline", flags.deadline, flags.timeout_multiplier);
  if (!deadline_ms.ok()) return deadline_ms.status();
  // It may be longer than any deadline, so that the multiplier does not concern it.
  const absl::StatusOr<int64_t> idle_ms =
      Milliseconds("--idle", flags.idle, 1, absl::Milliseconds(kMaxPauseMs));
  if (!idle_ms.ok()) return idle_ms.status();
  Budget budget;
  budget.idle_ms = *idle_ms;
  budget.bulk_bytes = flags.bulk_bytes;
  budget.fragment_bytes = flags.fragment_bytes;
  budget.connections = flags.connections;
  budget.seed = flags.seed;
  budget.cases = flags.cases;
  budget.deadline_ms = *deadline_ms;
  const auto times = [&](int64_t ms) {
    return static_cast<int64_t>(static_cast<double>(ms) * flags.timeout_multiplier);
  };
  budget.connect_deadline_ms = times(budget.connect_deadline_ms);
  budget.start_deadline_ms = times(budget.start_deadline_ms);
  budget.shrink_ms = times(budget.shrink_ms);
  budget.end = std::chrono::steady_clock::now() + std::chrono::milliseconds(*whole_ms);
  return budget;
}

}  // namespace verbatim
