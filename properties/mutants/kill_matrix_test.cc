// The matrix complains of what must not be, and of nothing else.
#include "properties/mutants/kill_matrix.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"

namespace verbatim {
namespace {

const Mutant kMutant = {Defect::kBanner, 7, "some-mutant", "", "", {"b", "c"}};
const Mutant kSound = {Defect::kNone, 0, "sound", "", "", {}};

KillMatrix Matrix() { return KillMatrix({"a", "b", "c", "d"}); }

KillRow Row(const Mutant& mutant, std::vector<Cell> cells, std::vector<uint64_t> missed = {}) {
  return {&mutant, std::move(cells), mutant.number == 0 ? 0 : 2, std::move(missed), {}, ""};
}

constexpr Cell kHeld = Cell::kHeld, kCaught = Cell::kCaught;

TEST(KillMatrix, AMutantThatOneOfItsRequirementsCaughtIsAsItShouldBe) {
  const KillRow row = Row(kMutant, {kCaught, kHeld, kCaught, Cell::kNotJudged});
  EXPECT_EQ(Matrix().Complaint(row), "");
  EXPECT_EQ(Matrix().Line(row), "  7 some-mutant              + o # -  2 of 2");
}

TEST(KillMatrix, AMutantThatNothingCaughtSurvives) {
  EXPECT_EQ(Matrix().Complaint(Row(kMutant, {kHeld, kHeld, kHeld, kHeld}, {1, 2})), "SURVIVES");
}

TEST(KillMatrix, AMutantThatOnlyOthersCaughtIsNotAsItShouldBe) {
  EXPECT_EQ(Matrix().Complaint(Row(kMutant, {kCaught, kHeld, kHeld, kCaught}, {1, 2})),
            "CAUGHT ONLY by what it does not name: a, d");
}

TEST(KillMatrix, AMutantThatNoneOfItsRequirementsCouldJudgeIsNotAsItShouldBe) {
  const Cell none = Cell::kNotJudged;
  EXPECT_EQ(Matrix().Complaint(Row(kMutant, {kHeld, none, none, kCaught}, {1, 2})),
            "NOT JUDGED by what it names");
}

TEST(KillMatrix, AMutantThatIsMissedWithOneSeedIsNotAsItShouldBe) {
  const KillRow row = Row(kMutant, {kHeld, kCaught, kHeld, kHeld}, {2});
  EXPECT_EQ(Matrix().Complaint(row), "MISSED with seed 2");
  EXPECT_TRUE(absl::StrContains(Matrix().Line(row), "1 of 2  MISSED")) << Matrix().Line(row);
}

TEST(KillMatrix, ASoundServerMustFailNothingAndMayBeSkipped) {
  EXPECT_EQ(Matrix().Complaint(Row(kSound, {kHeld, Cell::kNotJudged, kHeld, kHeld})), "");
  const KillRow row = Row(kSound, {kHeld, kCaught, kHeld, kHeld});
  EXPECT_EQ(Matrix().Complaint(row), "FAILS b");
  EXPECT_EQ(Matrix().Line(row), "    sound                    . ! . .  FAILS b");
}

TEST(KillMatrix, AnErrorOfOurOwnIsAlwaysSaid) {
  KillRow row = Row(kMutant, {kHeld, kCaught, kHeld, kHeld});
  row.error = "an error of Verbatim itself: pipe2";
  EXPECT_EQ(Matrix().Complaint(row), row.error);
}

TEST(KillMatrix, TheLegendCountsMutantsAndNotSoundServers) {
  const std::string legend = Matrix().Legend({Row(kSound, {kCaught, kHeld, kHeld, kHeld}),
                                              Row(kMutant, {kCaught, kCaught, kHeld, kHeld})});
  EXPECT_TRUE(absl::StrContains(legend, "1 a                                  catches  1,  0 of"))
      << legend;
  EXPECT_TRUE(absl::StrContains(legend, "2 b                                  catches  1,  1 of"))
      << legend;
}

TEST(KillMatrix, EachColumnHasItsNumberAboveIt) {
  const std::string head = KillMatrix(std::vector<std::string>(12, "x")).Head();
  const size_t newline = head.find('\n');
  EXPECT_EQ(head.substr(newline - 6, 6), " 1 1 1");
  EXPECT_EQ(head.substr(head.size() - 7), " 0 1 2\n");
}

}  // namespace
}  // namespace verbatim
