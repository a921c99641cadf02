// verbatim merge as its users meet it: what it prints, its exit status, and what it refuses.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "properties/cli/test_program.h"
#include "properties/report/json.h"
#include "properties/report/tap.h"
#include "properties/report/test_reports.h"

namespace verbatim {
namespace {

// TestReport as two shards, the first three outcomes and the rest.
class MergeProgram : public testing::Test {
 protected:
  MergeProgram() {
    Report first = TestReport(), second = TestReport();
    first.info.shards = second.info.shards = 2;
    first.info.shard = 1;
    second.info.shard = 2;
    first.outcomes.resize(3);
    second.outcomes.erase(second.outcomes.begin(), second.outcomes.begin() + 3);
    second.info.notes.clear();
    Write("1.json", first);
    Write("2.json", second);
  }
  ~MergeProgram() override { std::filesystem::remove_all(folder_); }

  std::string Path(absl::string_view name) const { return absl::StrCat(folder_, "/", name); }
  void Write(absl::string_view name, const Report& report) const {
    std::ofstream(Path(name)) << WriteJson(report);
  }
  Ran Merge(absl::string_view arguments) const {
    return Verbatim(absl::StrCat("merge ", Path("2.json"), " ", Path("1.json"), " ", arguments));
  }

  const std::string folder_ = FreshFolder();
};

TEST_F(MergeProgram, PrintsTheReportOfTheWholeRun) {
  const Ran ran = Merge("");
  EXPECT_EQ(ran.status, 1) << ran.output;
  for (const char* words :
       {"verbatim check --spawn './server {port}'  (seed 7, 100 cases)\n  pass         "
        "stream.exact.a",
        "\n  FAIL         stream.exact.b ", "\n  observed     stream.end.g ",
        "\n  (the target was started again after stream.b)\n",
        "\nFAIL stream.exact.b  (M, derived)\n",
        " check --only stream.exact.b --seed 7 --cases 100 --spawn './server {port}'\n",
        " explain stream.exact.b\n",
        "\n1 of 3 hold, 1 of level M fail, 1 of level S fail, "
        "1 observed, 2 skipped, 1 not run; 36 distinct scenarios, 36 conversations, 3.00 s\n"}) {
    EXPECT_TRUE(absl::StrContains(ran.output, words)) << words << "\n" << ran.output;
  }
}

TEST_F(MergeProgram, QuietlyTellsOnlyWhatFails) {
  const Ran ran = Merge("--quiet");
  EXPECT_FALSE(absl::StrContains(ran.output, "  pass ")) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "FAIL stream.exact.b")) << ran.output;
}

TEST_F(MergeProgram, SucceedsWhereEveryMHolds) {
  Report report = TestReport();
  report.outcomes = {TestOutcome("stream.a", Outcome::Result::kPass),
                     TestOutcome("stream.b", Outcome::Result::kFail, "S")};
  report.info.chosen = {"stream.a", "stream.b"};
  Write("whole.json", report);
  EXPECT_EQ(Verbatim("merge " + Path("whole.json")).status, 0);
  report.info.strict = true;
  Write("whole.json", report);
  EXPECT_EQ(Verbatim("merge " + Path("whole.json")).status, 1);
  report.outcomes.clear();
  report.info.chosen.clear();
  Write("whole.json", report);
  EXPECT_EQ(Verbatim("merge " + Path("whole.json")).status, 3);
}

TEST_F(MergeProgram, WritesReportsAndOnStandardOutputNothingElse) {
  const Ran ran = Merge(absl::StrCat("--report tap:- --report json:", Path("whole.json")));
  EXPECT_EQ(ran.status, 1);
  EXPECT_TRUE(absl::StartsWith(ran.output, "TAP version 13\n1..7\n")) << ran.output;
  const Ran again = Verbatim(absl::StrCat("merge --report tap:- ", Path("whole.json")));
  EXPECT_EQ(again.output, ran.output);
}

TEST_F(MergeProgram, RefusesBadInputWithOneLine) {
  std::ofstream(Path("broken.json")) << "{\"schema\": \"verbatim report 1\"}";
  const auto refused = [](const Ran& ran, const std::string& words) {
    EXPECT_EQ(ran.status, 2) << ran.output;
    EXPECT_EQ(Lines(ran.output), 1u) << ran.output;
    EXPECT_TRUE(absl::StrContains(ran.output, words)) << ran.output;
  };
  refused(Verbatim("merge"), "REPORT");
  refused(Verbatim("merge " + Path("none.json")), "none.json: it can't be read");
  refused(Verbatim("merge " + Path("broken.json")), "broken.json: run is missing");
  refused(Verbatim("merge " + Path("1.json")), "shard 2/2 is missing");
  refused(Merge(Path("1.json")), "shard 1/2 is there twice");
  refused(Merge("--report html:x"),
          "there is no html yet: write json:PATH, junit:PATH or tap:PATH");
}

TEST_F(MergeProgram, AReportThatCanNotBeWrittenIsSaid) {
  const Ran ran = Merge("--report json:/nowhere/at/all");
  EXPECT_EQ(ran.status, 2) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "verbatim: --report json: open /nowhere/at/all"))
      << ran.output;
}

}  // namespace
}  // namespace verbatim
