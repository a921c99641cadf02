// Tests of where scenarios come from: the same seed, every magnitude, cuts that add up.
#include "properties/generate/scenarios.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>
#include <set>

#include "properties/scenario/text.h"

namespace verbatim {
namespace {

using Kind = Step::Kind;

std::vector<Scenario> All(const Cases& given) {
  Cases cases = given;
  std::vector<Scenario> scenarios;
  while (auto next = cases()) scenarios.push_back(next->value());
  EXPECT_FALSE(cases()) << "an end is for good";
  return scenarios;
}

Scenario OfSize(uint64_t size) {
  Scenario scenario;
  scenario.payload.size_bytes = size;
  return scenario;
}

rc::Gen<Scenario> WithPayload(uint64_t max_bytes) {
  return rc::gen::map(ArbitraryPayload(max_bytes), [](const PayloadSpec& payload) {
    return Scenario{"", payload, {{Kind::kSend, 1, kRest}}};
  });
}

TEST(Arbitrary, TheSameSeedGivesTheSameScenarios) {
  const std::vector<Scenario> one = All(Arbitrary(ArbitraryScenario(), 7, 100));
  EXPECT_EQ(one.size(), 100u);
  EXPECT_EQ(All(Arbitrary(ArbitraryScenario(), 7, 100)), one);
  EXPECT_NE(All(Arbitrary(ArbitraryScenario(), 8, 100)), one);
}

TEST(Arbitrary, ACopyGoesOnFromWhereItWasCopied) {
  Cases first = Arbitrary(ArbitraryScenario(), 7, 20);
  first();
  EXPECT_EQ(All(Cases(first)), All(first));
}

TEST(Arbitrary, HasAsManyAsWereAskedFor) {
  for (const int count : {0, 1, 2, 3}) {
    EXPECT_EQ(All(Arbitrary(WithPayload(100), 1, count)).size(), static_cast<size_t>(count));
  }
}

TEST(Arbitrary, EachMagnitudeUpToTheLimitIsMet) {
  for (const uint64_t limit : {16 * 1024, 128 * 1024}) {
    std::set<int> magnitudes;
    for (const Scenario& scenario : All(Arbitrary(WithPayload(limit), 1, 200))) {
      const uint64_t size = scenario.payload.Size();
      ASSERT_GE(size, 1u);
      ASSERT_LE(size, limit);
      int magnitude = 0;
      while (size >> magnitude > 1) ++magnitude;
      magnitudes.insert(magnitude);
    }
    for (int magnitude = 0; uint64_t{1} << (magnitude + 1) <= limit; ++magnitude) {
      EXPECT_TRUE(magnitudes.count(magnitude)) << "none of about 2^" << magnitude;
    }
  }
}

TEST(Arbitrary, EachOverlayIsMet) {
  std::set<Overlay> overlays;
  for (const Scenario& scenario : All(Arbitrary(WithPayload(1000), 1, 100))) {
    overlays.insert(scenario.payload.overlay);
  }
  EXPECT_EQ(overlays.size(), std::size(kOverlays));
}

TEST(Arbitrary, TheLastIsOfFullSizeThoughItBeTheOnlyOne) {
  uint64_t largest = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    largest = std::max(largest, All(Arbitrary(WithPayload(1 << 20), seed, 1))[0].payload.Size());
  }
  EXPECT_GT(largest, uint64_t{1} << 18);
}

TEST(Listed, GivesTheseInTheirOrder) {
  const std::vector<Scenario> scenarios = {OfSize(3), OfSize(1), OfSize(2)};
  EXPECT_EQ(All(Listed(scenarios)), scenarios);
  EXPECT_TRUE(All(Listed({})).empty());
}

TEST(Listed, ShrinksBySmaller) {
  auto tree = Listed({OfSize(100)})();
  ASSERT_TRUE(tree);
  EXPECT_TRUE(tree->shrinks().next());
}

TEST(Then, GivesAllOfTheOneAndThenAllOfTheOther) {
  EXPECT_EQ(All(Then(Listed({OfSize(1), OfSize(2)}), Listed({OfSize(3)}))),
            (std::vector<Scenario>{OfSize(1), OfSize(2), OfSize(3)}));
  EXPECT_EQ(All(Then(Listed({}), Listed({OfSize(3)}))).size(), 1u);
  EXPECT_TRUE(All(Then(Listed({}), Listed({}))).empty());
}

RC_GTEST_PROP(ArbitraryCutsProperty, PiecesAddUp, ()) {
  const uint64_t size = *rc::gen::inRange<uint64_t>(1, 3000);
  const size_t most = *rc::gen::inRange<size_t>(1, 100);
  const std::vector<uint64_t> pieces = *ArbitraryCuts(size, most);
  RC_ASSERT(!pieces.empty());
  RC_ASSERT(pieces.size() <= most);
  for (const uint64_t piece : pieces) RC_ASSERT(piece >= 1u);
  RC_ASSERT(std::accumulate(pieces.begin(), pieces.end(), uint64_t{0}) == size);
}

TEST(ArbitraryCuts, OnePieceAndManyAreBothMet) {
  size_t fewest = 99, most = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const size_t pieces =
        ArbitraryCuts(100'000, 16)(rc::Random(seed), static_cast<int>(seed)).value().size();
    fewest = std::min(fewest, pieces);
    most = std::max(most, pieces);
  }
  EXPECT_EQ(fewest, 1u);
  EXPECT_GE(most, 14u);
}

RC_GTEST_PROP(ArbitraryScenarioProperty, CanBePlayed, ()) {
  RC_ASSERT(Validate(*ArbitraryScenario()).ok());
}

TEST(ArbitraryScenario, MeetsEachStepEachConnectionAndEachFormOfASend) {
  std::set<Kind> kinds;
  std::set<uint32_t> connections;
  bool rest = false, some = false, ahead = false, literal = false, coded = false;
  for (const Scenario& scenario : All(Arbitrary(ArbitraryScenario(), 1, 1000))) {
    (scenario.payload.literal ? literal : coded) = true;
    for (const Step& step : scenario.steps) {
      kinds.insert(step.kind);
      connections.insert(step.connection);
      if (step.kind == Kind::kSend) (step.amount == kRest ? rest : some) = true;
      ahead |= step.ahead != 0;
    }
  }
  EXPECT_EQ(kinds.size(), kStepKinds);
  EXPECT_EQ(connections.size(), kMaxConnections);
  EXPECT_TRUE(rest && some && ahead && literal && coded);
}

TEST(ArbitraryScenario, MeetsEachRoleAndDatagramsOfEverySize) {
  std::set<Role> roles;
  bool empty = false, rest = false, some = false, several = false;
  for (const Scenario& scenario : All(Arbitrary(ArbitraryScenario(), 1, 1000))) {
    roles.insert(scenario.role);
    if (scenario.role != Role::kDatagramServer) continue;
    several |= Connections(scenario) > 1;
    for (const Step& step : scenario.steps) {
      if (step.kind != Kind::kSend) continue;
      (step.amount == 0 ? empty : step.amount == kRest ? rest : some) = true;
    }
  }
  EXPECT_EQ(roles.size(), 3u);
  EXPECT_TRUE(empty && rest && some && several);
}

}  // namespace
}  // namespace verbatim
