// What the forms for machines share.
#include "properties/report/report.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "properties/report/plain_text.h"

namespace verbatim {

absl::string_view Version() { return VERBATIM_VERSION; }

namespace {

// The subcommand that holds such a target.
absl::string_view Subcommand(const RunInfo& info) {
  return !info.chosen.empty() && absl::StartsWith(info.chosen.front(), "client.") ? "client"
                                                                                  : "check";
}

}  // namespace

std::string HeadLine(const RunInfo& info) {
  const std::string shard =
      info.shards == 0 ? "" : absl::StrCat(", shard ", info.shard, " of ", info.shards);
  return absl::StrCat("verbatim ", Subcommand(info), " ", PlainText(info.target), "  (seed ",
                      info.seed, ", ", info.cases, " cases", shard, ")\n");
}

std::string RecheckCommand(absl::string_view program, const RunInfo& info) {
  return absl::StrCat(program, " ", Subcommand(info), " --only {id} --seed ", info.seed,
                      " --cases ", info.cases, info.profile == "rfc" ? " --profile rfc " : " ",
                      info.target);
}

TestResult AsTest(const Outcome& outcome, bool strict) {
  switch (outcome.result) {
    case Outcome::Result::kPass:
      return TestResult::kPass;
    case Outcome::Result::kFail:
      return outcome.level == "M" || strict ? TestResult::kFailure : TestResult::kSkipped;
    case Outcome::Result::kNotRun:
      return TestResult::kError;
    case Outcome::Result::kSkip:
    case Outcome::Result::kNotClaimed:
    case Outcome::Result::kObserved:
    case Outcome::Result::kNoTime:
      return TestResult::kSkipped;
    case Outcome::Result::kOnce:
      return strict ? TestResult::kFailure : TestResult::kSkipped;
  }
  return TestResult::kError;
}

std::string TestMessage(const Outcome& outcome) {
  if (outcome.result == Outcome::Result::kSkip) return PlainText(outcome.reason);
  if (outcome.result == Outcome::Result::kOnce) {
    return absl::StrCat("seen once, it did not recur: ",
                        PlainText(VerdictSentence(outcome.verdict)));
  }
  if (outcome.result != Outcome::Result::kFail) {
    return absl::StrCat(ResultName(outcome.result), ": ", PlainText(outcome.reason));
  }
  return absl::StrCat(outcome.level == "M" ? "" : "level S not met: ",
                      PlainText(VerdictSentence(outcome.verdict)));
}

}  // namespace verbatim
