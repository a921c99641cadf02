// Tests of the generators of faults and of clients' scenarios: valid, sensible, of every kind.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <utility>

#include "properties/generate/ends.h"
#include "properties/generate/scenarios.h"
#include "properties/generate/shrinks.h"
#include "properties/scenario/text.h"

namespace verbatim {
namespace {

using Kind = Step::Kind;

TEST(ArbitraryFault, MeetsEveryCallWithAllThatItMayMeet) {
  std::set<std::pair<Call, int>> errors;
  std::set<std::pair<Call, Fault::Kind>> kinds;
  size_t at_once = 0;
  for (uint64_t seed = 1; seed <= 5000; ++seed) {
    const Fault fault = ArbitraryFault()(rc::Random(seed), 100).value();
    ASSERT_EQ(FaultProblem(fault), "") << FaultText(fault);
    ASSERT_LE(std::max({fault.after, fault.times, fault.amount}), kMaxFaultNumber);
    kinds.emplace(fault.call, fault.kind);
    if (fault.kind == Fault::Kind::kError) errors.emplace(fault.call, fault.error);
    at_once += fault.after <= 3;
  }
  size_t all_errors = 0;
  for (size_t i = 0; i < kCalls; ++i) all_errors += ErrorsOf(static_cast<Call>(i)).size();
  EXPECT_EQ(errors.size(), all_errors);
  EXPECT_EQ(kinds.size(), kCalls + 4 + 2 * 2) << "four calls can be short, two wait";
  EXPECT_GT(at_once, 2500u);
}

// What a sound client does is what is expected of it.
RC_GTEST_PROP(ArbitraryClientScenarioProperty, IsSensible, ()) {
  const Scenario scenario = *ArbitraryClientScenario();
  RC_LOG() << PrintScenario(scenario);
  RC_ASSERT(Validate(scenario).ok());
  RC_ASSERT(scenario.role == Role::kClient);
  RC_ASSERT(!scenario.steps.empty());
  RC_ASSERT(scenario.steps.back().kind == Kind::kExpectExit);
  const Exit exit = ExitOf(scenario);
  const bool fails = scenario.steps.back().amount == 1;
  RC_CLASSIFY(fails, "ends early");
  RC_ASSERT(exit.connection_ended);
  RC_ASSERT(exit.input_ended == !fails);
  RC_ASSERT(exit.all_replied || fails);
}

RC_GTEST_PROP(ArbitraryClientScenarioProperty, StaysSensibleAsItShrinks, ()) {
  Scenario scenario = *ArbitraryClientScenario();
  const bool fails = scenario.steps.back().amount == 1;
  for (int depth = 0; depth < 20; ++depth) {
    const std::vector<Scenario> smaller = Smaller(scenario);
    if (smaller.empty()) break;
    scenario = smaller[*rc::gen::resize(100, rc::gen::inRange<size_t>(0, smaller.size()))];
    RC_LOG() << PrintScenario(scenario);
    const Exit exit = ExitOf(scenario);
    if (!exit.expected) break;
    RC_ASSERT(exit.connection_ended);
    RC_ASSERT(exit.input_ended == !fails);
    RC_ASSERT(exit.all_replied || fails);
  }
}

TEST(ArbitraryClientScenario, MeetsEachStepThatASoundClientBears) {
  std::set<Kind> kinds;
  bool rest = false, pieces = false, fails = false, holds = false;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    const Scenario scenario =
        ArbitraryClientScenario()(rc::Random(seed), static_cast<int>(seed % 100)).value();
    int replies = 0;
    for (const Step& step : scenario.steps) {
      kinds.insert(step.kind);
      rest |= step.kind == Kind::kFeed && step.amount == kRest;
      replies += step.kind == Kind::kReply;
    }
    pieces |= replies > 3;
    (scenario.steps.back().amount == 1 ? fails : holds) = true;
  }
  EXPECT_EQ(kinds,
            (std::set<Kind>{Kind::kFeed, Kind::kFeedEof, Kind::kReply, Kind::kHold, Kind::kStall,
                            Kind::kResume, Kind::kShutdown, Kind::kExpectExit}));
  EXPECT_TRUE(rest && pieces && fails && holds);
}

}  // namespace
}  // namespace verbatim
