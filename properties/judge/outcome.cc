// Counting outcomes, and the exit status.
#include "properties/judge/outcome.h"

namespace verbatim {

absl::string_view ResultName(Outcome::Result result) {
  constexpr absl::string_view kNames[] = {"pass",    "FAIL",     "skip",    "not claimed",
                                          "not run", "observed", "no time", "seen once"};
  return kNames[static_cast<size_t>(result)];
}

Summary Summarize(const std::vector<Outcome>& outcomes) {
  Summary summary;
  for (const Outcome& outcome : outcomes) {
    summary.distinct_scenarios += outcome.distinct_scenarios;
    summary.plays += outcome.plays;
    summary.seconds_left += outcome.seconds_left;
    switch (outcome.result) {
      case Outcome::Result::kPass:
        ++summary.passed;
        summary.partly += outcome.cases_left > 0 ? 1 : 0;
        break;
      case Outcome::Result::kFail:
        ++(outcome.level == "M" ? summary.failed_must : summary.failed_should);
        break;
      case Outcome::Result::kSkip:
      case Outcome::Result::kNotClaimed:
        ++summary.skipped;
        break;
      case Outcome::Result::kNotRun:
        ++summary.not_run;
        break;
      case Outcome::Result::kObserved:
        ++summary.observed;
        break;
      case Outcome::Result::kOnce:
        ++summary.once;
        break;
      case Outcome::Result::kNoTime:
        ++summary.no_time;
        summary.no_time_must += outcome.level == "M" ? 1 : 0;
        break;
    }
  }
  return summary;
}

int Summary::ExitStatus(bool strict) const {
  if (failed_must > 0 || not_run > 0 || (strict && failed_should + once > 0)) return 1;
  if ((strict ? no_time : no_time_must) > 0) return 3;
  return passed + failed_should + once > 0 ? 0 : 3;
}

}  // namespace verbatim
