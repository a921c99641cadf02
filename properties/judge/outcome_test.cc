// Tests of the summary and of the exit status that comes of it.
#include "properties/judge/outcome.h"

#include <gtest/gtest.h>

namespace verbatim {
namespace {

using Result = Outcome::Result;

Outcome Of(Result result, absl::string_view level = "M") {
  Outcome outcome;
  outcome.result = result;
  outcome.level = std::string(level);
  outcome.plays = 10;
  outcome.distinct_scenarios = 3;
  return outcome;
}

TEST(Summary, CountsEachResultOnce) {
  const Summary summary = Summarize(
      {Of(Result::kPass), Of(Result::kPass, "S"), Of(Result::kFail), Of(Result::kFail, "S"),
       Of(Result::kFail, "S"), Of(Result::kSkip), Of(Result::kNotClaimed), Of(Result::kNotRun),
       Of(Result::kNoTime), Of(Result::kNoTime, "S")});
  EXPECT_EQ(summary.passed, 2);
  EXPECT_EQ(summary.failed_must, 1);
  EXPECT_EQ(summary.failed_should, 2);
  EXPECT_EQ(summary.skipped, 2);
  EXPECT_EQ(summary.not_run, 1);
  EXPECT_EQ(summary.no_time, 2);
  EXPECT_EQ(summary.no_time_must, 1);
  EXPECT_EQ(summary.plays, 100u);
  EXPECT_EQ(summary.distinct_scenarios, 30u);
}

TEST(Summary, ExitStatusIsThatOfTheTable) {
  const struct {
    const char* what;
    std::vector<Outcome> outcomes;
    int status;
    int strict;
  } kRows[] = {
      {"every one holds", {Of(Result::kPass), Of(Result::kPass, "S")}, 0, 0},
      {"an M fails", {Of(Result::kPass), Of(Result::kFail)}, 1, 1},
      {"an S fails", {Of(Result::kPass), Of(Result::kFail, "S")}, 0, 1},
      {"only an S was judged, and fails", {Of(Result::kFail, "S")}, 0, 1},
      {"an M and an S fail", {Of(Result::kFail), Of(Result::kFail, "S")}, 1, 1},
      {"one was not run", {Of(Result::kPass), Of(Result::kNotRun)}, 1, 1},
      {"there was no time for an M", {Of(Result::kPass), Of(Result::kNoTime)}, 3, 3},
      {"there was no time for an S", {Of(Result::kPass), Of(Result::kNoTime, "S")}, 0, 3},
      {"an M fails, and there was no time for another",
       {Of(Result::kFail), Of(Result::kNoTime)},
       1,
       1},
      {"one failed once", {Of(Result::kPass), Of(Result::kOnce)}, 0, 1},
      {"one was skipped", {Of(Result::kPass), Of(Result::kSkip)}, 0, 0},
      {"one is not claimed", {Of(Result::kPass), Of(Result::kNotClaimed)}, 0, 0},
      {"all were skipped", {Of(Result::kSkip), Of(Result::kSkip)}, 3, 3},
      {"none is claimed", {Of(Result::kNotClaimed)}, 3, 3},
      {"there is nothing", {}, 3, 3},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(Summarize(row.outcomes).ExitStatus(false), row.status) << row.what;
    EXPECT_EQ(Summarize(row.outcomes).ExitStatus(true), row.strict) << row.what << ", strict";
  }
}

TEST(ResultName, IsWhatTheReportShows) {
  EXPECT_EQ(ResultName(Result::kPass), "pass");
  EXPECT_EQ(ResultName(Result::kFail), "FAIL");
  EXPECT_EQ(ResultName(Result::kSkip), "skip");
  EXPECT_EQ(ResultName(Result::kNotClaimed), "not claimed");
  EXPECT_EQ(ResultName(Result::kNotRun), "not run");
  EXPECT_EQ(ResultName(Result::kNoTime), "no time");
  EXPECT_EQ(ResultName(Result::kOnce), "seen once");
}

}  // namespace
}  // namespace verbatim
