// Tests of merging: shards make the report of the whole run, in any order, and nothing else does.
#include "properties/report/merge.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "properties/report/json.h"
#include "properties/report/test_reports.h"

namespace verbatim {
namespace {

// TestReport as `count` shards: outcome i is in shard i modulo count.
std::vector<Report> Shards(int count) {
  const Report whole = TestReport();
  std::vector<Report> shards(static_cast<size_t>(count));
  for (size_t i = 0; i < shards.size(); ++i) {
    shards[i].info = whole.info;
    shards[i].info.shard = static_cast<int>(i) + 1;
    shards[i].info.shards = count;
    shards[i].info.starts = 1;
    shards[i].info.seconds = 0.5;
    if (i > 0) shards[i].info.notes.clear();
    for (size_t at = i; at < whole.outcomes.size(); at += shards.size())
      shards[i].outcomes.push_back(whole.outcomes[at]);
  }
  return shards;
}

TEST(Merge, ShardsInAnyOrderAreTheWholeRun) {
  std::vector<Report> shards = Shards(3);
  std::vector<size_t> order = {0, 1, 2};
  Report expected = TestReport();
  expected.info.starts = 3;
  expected.info.seconds = 1.5;
  do {
    const absl::StatusOr<Report> whole =
        Merge({shards[order[0]], shards[order[1]], shards[order[2]]});
    ASSERT_TRUE(whole.ok()) << whole.status();
    EXPECT_EQ(WriteJson(*whole), WriteJson(expected));
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Merge, AShardMayBeEmpty) {
  const absl::StatusOr<Report> whole = Merge(Shards(9));
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(whole->outcomes.size(), 7u);
  EXPECT_EQ(whole->info.shards, 0);
}

TEST(Merge, TheExitStatusIsThatOfTheWholeRun) {
  const absl::StatusOr<Report> whole = Merge(Shards(4));
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(Summarize(whole->outcomes).ExitStatus(false),
            Summarize(TestReport().outcomes).ExitStatus(false));
}

TEST(Merge, TheReportOfAWholeRunIsItsOwnMerge) {
  const absl::StatusOr<Report> whole = Merge({TestReport()});
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(WriteJson(*whole), WriteJson(TestReport()));
}

TEST(Merge, TargetsMayDifferAndThatIsNoted) {
  std::vector<Report> shards = Shards(2);
  shards[1].info.target = "tcp://127.0.0.1:8007";
  const absl::StatusOr<Report> whole = Merge(std::move(shards));
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(whole->info.target, "--spawn './server {port}'");
  EXPECT_EQ(whole->info.notes.back(), "shard 2/2 was held to tcp://127.0.0.1:8007");
}

std::string ErrorOf(std::vector<Report> shards) {
  const absl::StatusOr<Report> whole = Merge(std::move(shards));
  EXPECT_EQ(whole.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(whole.status().message());
}

TEST(Merge, EveryShardIsThereOnce) {
  std::vector<Report> shards = Shards(3);
  EXPECT_EQ(ErrorOf({}), "there is no report to merge");
  EXPECT_EQ(ErrorOf({shards[0], shards[1]}), "shard 3/3 is missing");
  EXPECT_EQ(ErrorOf({shards[2], shards[1]}), "shard 1/3 is missing");
  EXPECT_EQ(ErrorOf({shards[2]}), "shard 1/3 is missing");
  EXPECT_EQ(ErrorOf({shards[0], shards[1], shards[1]}), "shard 2/3 is there twice");
  EXPECT_EQ(ErrorOf({shards[0], shards[1], shards[2], shards[0]}), "shard 1/3 is there twice");
  EXPECT_EQ(ErrorOf({shards[0], Shards(2)[1]}), "shard 2/2 and shard 1/3 are not of one run");
  EXPECT_EQ(ErrorOf({TestReport(), shards[0]}),
            "the first report is of a whole run (made without --shard), it goes with no other");
  EXPECT_EQ(ErrorOf({shards[0], TestReport()}), "the whole run and shard 1/3 are not of one run");
  shards[1].info.shard = 4;
  EXPECT_EQ(ErrorOf(shards), "there is no shard 4/3");
  shards[1].info.shard = 0;
  EXPECT_EQ(ErrorOf(shards), "there is no shard 0/3");
  shards[0].info.shards = shards[1].info.shards = 2'000'000'000;
  shards[1].info.shard = 1'999'999'999;
  EXPECT_EQ(ErrorOf({shards[0], shards[1]}), "shard 2/2000000000 is missing");
}

TEST(Merge, SaysWhatDiffers) {
  const auto with = [](const auto& change) {
    std::vector<Report> shards = Shards(2);
    change(shards[1].info);
    return ErrorOf(std::move(shards));
  };
  EXPECT_EQ(with([](RunInfo& info) { info.seed = 8; }),
            "shard 2/2 has seed 8, but shard 1/2 has 7");
  EXPECT_EQ(with([](RunInfo& info) { info.cases = 10; }),
            "shard 2/2 has cases 10, but shard 1/2 has 100");
  EXPECT_EQ(with([](RunInfo& info) { info.profile = "rfc"; }),
            "shard 2/2 has profile rfc, but shard 1/2 has robust");
  EXPECT_EQ(with([](RunInfo& info) { info.version = "0.2.0\n"; }),
            "shard 2/2 has version 0.2.0\\n, but shard 1/2 has 0.1.0");
  EXPECT_EQ(with([](RunInfo& info) { info.transport = "unix"; }),
            "shard 2/2 has transport unix, but shard 1/2 has tcp");
  EXPECT_EQ(with([](RunInfo& info) { info.strict = true; }),
            "shard 2/2 has --strict on, but shard 1/2 has off");
  EXPECT_EQ(with([](RunInfo& info) { info.chosen.pop_back(); }),
            "shard 2/2 was made for other requirements than shard 1/2 (--only, --except)");
}

TEST(Merge, EveryChosenRequirementIsThereOnce) {
  std::vector<Report> shards = Shards(2);
  shards[1].outcomes.push_back(shards[0].outcomes[0]);
  EXPECT_EQ(ErrorOf(shards), "stream.exact.a is there twice");
  shards[1].outcomes.back().id = "stream.other";
  EXPECT_EQ(ErrorOf(shards), "stream.other is there, and was not chosen");
  shards = Shards(2);
  shards[0].outcomes.pop_back();
  EXPECT_EQ(ErrorOf(shards), "stream.end.g was chosen, and is in no shard");
}

}  // namespace
}  // namespace verbatim
