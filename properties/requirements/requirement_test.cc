// The catalogue as data, and the cases that its rows draw.
#include "properties/requirements/requirement.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "properties/requirements/progress.h"
#include "properties/scenario/text.h"

namespace verbatim {
namespace {

TEST(Catalogue, EveryRowIsWholeAndItsIdStandsOnce) {
  std::set<std::string> ids;
  for (const Requirement& row : Catalogue()) {
    EXPECT_TRUE(ids.insert(std::string(row.id)).second) << row.id;
    for (const absl::string_view text : {row.sentence, row.source, row.why, row.causes, row.mend}) {
      EXPECT_FALSE(text.empty()) << row.id;
    }
    EXPECT_EQ(row.sentence.back(), '.') << row.id;
    EXPECT_EQ(FindRequirement(row.id), &row);
  }
  EXPECT_EQ(FindRequirement("stream.exact"), nullptr);
}

TEST(Catalogue, EveryCaseCanBePlayedAndReadBack) {
  Budget budget;
  for (const uint64_t seed : {1, 2, 77}) {
    budget.seed = seed;
    for (const Requirement& row : Catalogue()) {
      ASSERT_NE(row.cases == nullptr, row.check == nullptr) << row.id;
      if (row.cases == nullptr) continue;
      int count = 0;
      Cases cases = row.cases(budget);
      while (auto next = cases()) {
        const Scenario scenario = next->value();
        ++count;
        ASSERT_TRUE(Validate(scenario).ok()) << row.id << "\n" << PrintScenario(scenario);
        const auto again = ParseScenario(PrintScenario(scenario));
        ASSERT_TRUE(again.ok()) << row.id << again.status() << "\n" << PrintScenario(scenario);
        EXPECT_EQ(*again, scenario);
      }
      EXPECT_GT(count, 0) << row.id;
    }
  }
}

TEST(Catalogue, TheSameSeedGivesTheSameScenariosAndAnotherOneOthers) {
  for (const Requirement& row : Catalogue()) {
    if (row.cases == nullptr) continue;
    const auto all = [&](uint64_t seed) {
      Budget budget;
      budget.seed = seed;
      budget.cases = 20;
      std::string text;
      Cases cases = row.cases(budget);
      while (auto next = cases()) text += PrintScenario(next->value());
      return text;
    };
    EXPECT_EQ(all(5), all(5)) << row.id;
    // What is literal does not depend on the seed.
    if (row.id != "stream.prompt.single-byte" && row.id != "stream.silent.first") {
      EXPECT_NE(all(5), all(6)) << row.id;
    }
  }
}

TEST(GlobMatches, AStarStandsForAnythingAndNothing) {
  EXPECT_TRUE(GlobMatches("*", "stream.exact.bulk"));
  EXPECT_TRUE(GlobMatches("stream.*", "stream.exact.bulk"));
  EXPECT_TRUE(GlobMatches("*.bulk", "stream.exact.bulk"));
  EXPECT_TRUE(GlobMatches("stream.exact.bulk*", "stream.exact.bulk"));
  EXPECT_TRUE(GlobMatches("s*e*k", "stream.exact.bulk"));
  EXPECT_FALSE(GlobMatches("stream", "stream.exact.bulk"));
  EXPECT_FALSE(GlobMatches("*.bul", "stream.exact.bulk"));
  EXPECT_FALSE(GlobMatches("", "stream.exact.bulk"));
}

// The level of a failure of a requirement of this level, by this verdict.
std::string LevelOf(Level level, Verdict::Kind kind, bool lowered = false) {
  Requirement requirement = *FindRequirement("stream.many.thousand");
  requirement.level = level;
  requirement.lowered = lowered;
  Progress progress(requirement);
  progress.over = true;
  progress.outcome.result = Outcome::Result::kFail;
  progress.outcome.verdict.kind = kind;
  return progress.Conclude().level;
}

TEST(Progress, ADeathAndALeakAreOfLevelMWhereverTheyShow) {
  EXPECT_EQ(LevelOf(Level::kShould, Verdict::Kind::kDied), "M");
  EXPECT_EQ(LevelOf(Level::kShould, Verdict::Kind::kLeaked), "M");
  EXPECT_EQ(LevelOf(Level::kShould, Verdict::Kind::kWithheld), "S");
  EXPECT_EQ(LevelOf(Level::kObserved, Verdict::Kind::kDied), "I");
}

TEST(Progress, WhatTheProfileLoweredStaysOfLevelS) {
  EXPECT_EQ(LevelOf(Level::kShould, Verdict::Kind::kDied, true), "S");
}

}  // namespace
}  // namespace verbatim
