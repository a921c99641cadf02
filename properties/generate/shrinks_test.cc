// Tests and properties of the shrinks: each candidate can be played and is smaller, and the walk
// over them comes to an end.
#include "properties/generate/shrinks.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <functional>
#include <tuple>

#include "properties/generate/scenarios.h"
#include "properties/scenario/text.h"

namespace verbatim {
namespace {

using Kind = Step::Kind;

Scenario Of(std::vector<Step> steps, uint64_t size = 1000) {
  Scenario scenario;
  scenario.payload.size_bytes = size;
  scenario.steps = std::move(steps);
  return scenario;
}

bool Offers(const Scenario& from, const Scenario& wanted) {
  const std::vector<Scenario> smaller = Smaller(from);
  return std::find(smaller.begin(), smaller.end(), wanted) != smaller.end();
}

// A well-founded order: tuples of numbers, the first that differs decides. Fewer steps, then fewer
// faults, then fewer bytes, then smaller amounts, then lower connections, then smaller numbers of
// faults, then a plainer payload.
using Size = std::tuple<size_t, size_t, uint64_t, uint64_t, uint64_t, uint64_t, int>;
Size SizeOf(const Scenario& scenario) {
  uint64_t amounts = 0, connections = 0, numbers = 0;
  for (const Step& step : scenario.steps) {
    if (step.amount != kRest) amounts += step.amount;
    connections += step.connection;
  }
  for (const Fault& fault : scenario.faults) numbers += fault.after + fault.times + fault.amount;
  const PayloadSpec& payload = scenario.payload;
  return {scenario.steps.size(),
          scenario.faults.size(),
          payload.Size(),
          amounts,
          connections,
          numbers,
          (payload.overlay != Overlay::kNone) + (payload.seed != 1)};
}

// The smallest that is found by taking the first candidate that `fails`, and how many were taken.
std::pair<Scenario, int> Walk(Scenario scenario,
                              const std::function<bool(const Scenario&)>& fails) {
  for (int steps = 0;; ++steps) {
    const std::vector<Scenario> smaller = Smaller(scenario);
    const auto next = std::find_if(smaller.begin(), smaller.end(), fails);
    if (next == smaller.end()) return {scenario, steps};
    scenario = *next;
  }
}

RC_GTEST_PROP(SmallerProperty, EachCanBePlayedAndIsSmaller, ()) {
  const Scenario scenario = *ArbitraryScenario();
  for (const Scenario& smaller : Smaller(scenario)) {
    RC_LOG() << PrintScenario(scenario) << "becomes\n" << PrintScenario(smaller);
    RC_ASSERT(Validate(smaller).ok());
    RC_ASSERT(smaller != scenario);
    RC_ASSERT(SizeOf(smaller) < SizeOf(scenario));
    RC_ASSERT(smaller.requirement == scenario.requirement);
    RC_ASSERT(smaller.payload.literal == scenario.payload.literal);
    RC_ASSERT(smaller.role == scenario.role);
  }
}

RC_GTEST_PROP(SmallerProperty, WhereAllFailTheWalkEndsWithNothingLeft, ()) {
  const auto [smallest, steps] = Walk(*ArbitraryScenario(), [](const Scenario&) { return true; });
  RC_ASSERT(smallest.steps.empty());
  RC_ASSERT(smallest.faults.empty());
  RC_ASSERT(smallest.payload.Size() <= 1u);
  RC_ASSERT(steps < 100);
}

RC_GTEST_PROP(SmallerProperty, WhateverFailsTheWalkEnds, ()) {
  // A predicate that is no one's: by the text's hash.
  const size_t salt = *rc::gen::arbitrary<size_t>();
  const size_t of = *rc::gen::inRange<size_t>(2, 6);
  const auto [smallest, steps] = Walk(*ArbitraryScenario(), [&](const Scenario& scenario) {
    return (std::hash<std::string>()(PrintScenario(scenario)) ^ salt) % of != 0;
  });
  RC_ASSERT(Validate(smallest).ok());
  RC_ASSERT(steps < 10'000);
}

TEST(Smaller, OfNothingThereIsNothing) {
  EXPECT_TRUE(Smaller(Of({}, 1)).empty());
  EXPECT_TRUE(Smaller(Of({}, 0)).empty());
}

TEST(Smaller, BytesThatAreNeverSentGoFirst) {
  EXPECT_EQ(Smaller(Of({{Kind::kSend, 1, 3}})).front(), Of({{Kind::kSend, 1, 3}}, 3));
}

TEST(Smaller, AConnectionGoesWithAllItsStepsAndTheOthersMoveDown) {
  const Scenario three = Of({{Kind::kConnect, 2, 0},
                             {Kind::kConnect, 3, 0},
                             {Kind::kSend, 2, 1000},
                             {Kind::kSend, 3, 7}});
  EXPECT_TRUE(Offers(three, Of({{Kind::kConnect, 2, 0}, {Kind::kSend, 2, 7}})));
  EXPECT_TRUE(Offers(three, Of({{Kind::kConnect, 2, 0}, {Kind::kSend, 2, 1000}})));
}

TEST(Smaller, ANumberThatNoConnectionHasIsFilled) {
  EXPECT_TRUE(Offers(Of({{Kind::kConnect, 8, 0}}, 1), Of({{Kind::kConnect, 7, 0}}, 1)));
  EXPECT_TRUE(Offers(Of({{Kind::kConnect, 3, 0}}, 1), Of({{Kind::kConnect, 2, 0}}, 1)));
}

TEST(Smaller, NeighbouringSendsBecomeOne) {
  const Scenario sends = Of(
      {{Kind::kSend, 1, 400}, {Kind::kAwait, 1, 0}, {Kind::kSend, 1, 600}, {Kind::kAwait, 1, 0}});
  EXPECT_TRUE(
      Offers(sends, Of({{Kind::kSend, 1, 1000}, {Kind::kAwait, 1, 0}, {Kind::kAwait, 1, 0}})));
  EXPECT_TRUE(
      Offers(Of({{Kind::kSend, 1, 400}, {Kind::kSend, 1, kRest}}), Of({{Kind::kSend, 1, kRest}})));
  EXPECT_FALSE(Offers(Of({{Kind::kSend, 1, 400}, {Kind::kShutdown, 1, 0}}, 400),
                      Of({{Kind::kSend, 1, 400}}, 401)));
}

TEST(Smaller, ASettleBetweenSendsIsMergedOverAsAnAwaitIs) {
  const Step settle{Kind::kSettle, 1, 0}, await{Kind::kAwait, 1, 0};
  const Scenario sends = Of({{Kind::kSend, 1, 400}, settle, {Kind::kSend, 1, 600}, await});
  EXPECT_TRUE(Offers(sends, Of({{Kind::kSend, 1, 1000}, settle, await})));
  EXPECT_TRUE(Offers(sends, Of({{Kind::kSend, 1, 400}, {Kind::kSend, 1, 600}, await})));
  EXPECT_FALSE(Offers(sends, Of({{Kind::kSend, 1, 400}, settle, {Kind::kSend, 1, 600}})))
      << "a settle awaits nothing";
}

TEST(Smaller, ADripGoesAsAWholeAndItsBytesStay) {
  const Scenario drips = Of({{Kind::kDrip, 1, 50}, {Kind::kSend, 1, kRest}, {Kind::kAwait, 1, 0}});
  EXPECT_TRUE(Offers(drips, Of({{Kind::kSend, 1, kRest}, {Kind::kAwait, 1, 0}})));
  for (const Scenario& smaller : Smaller(drips)) {
    for (const Step& step : smaller.steps)
      EXPECT_TRUE(step.kind != Kind::kDrip || step.amount == 50);
  }
}

TEST(Smaller, ALiteralLosesBytesAndTheSendsThatCarriedThem) {
  Scenario scenario = Of({{Kind::kSend, 1, 2}, {Kind::kSend, 1, 2}});
  scenario.payload = PayloadSpec();
  scenario.payload.literal = true;
  scenario.payload.bytes = "abcd";
  Scenario wanted = scenario;
  wanted.payload.bytes = "cd";
  wanted.steps.pop_back();
  EXPECT_TRUE(Offers(scenario, wanted));
  wanted = scenario;
  wanted.payload.bytes = "acd";
  wanted.steps[0].amount = 1;
  EXPECT_TRUE(Offers(scenario, wanted));
}

// Else what was found about bytes would end as something about a backlog.
TEST(Smaller, APeerThatIsHeldBackStaysSo) {
  const Scenario ahead = Of({{Kind::kSend, 1, 10}, {Kind::kSend, 1, kRest, 64}});
  EXPECT_TRUE(Offers(ahead, Of({{Kind::kSend, 1, kRest, 64}})));
  EXPECT_TRUE(Offers(ahead, Of({{Kind::kSend, 1, 10}, {Kind::kSend, 1, kRest, 64}}, 500)));
  for (const Scenario& smaller : Smaller(ahead)) {
    for (const Step& step : smaller.steps) EXPECT_TRUE(step.ahead == 64 || step.amount <= 10);
  }
}

TEST(Smaller, FaultsGoAllByHalvesAndOneByOne) {
  Scenario scenario = Of({{Kind::kSend, 1, kRest}}, 1);
  for (uint32_t i = 1; i <= 4; ++i) {
    scenario.faults.push_back({Call::kRecv, Fault::Kind::kShort, 0, i, 0, 1});
  }
  const auto with = [&](std::vector<size_t> kept) {
    Scenario smaller = scenario;
    smaller.faults.clear();
    for (const size_t index : kept) smaller.faults.push_back(scenario.faults[index]);
    return smaller;
  };
  EXPECT_EQ(Smaller(scenario).front(), with({}));
  for (const std::vector<size_t>& kept :
       {std::vector<size_t>{0, 1}, {2, 3}, {1, 2, 3}, {0, 2, 3}, {0, 1, 3}, {0, 1, 2}}) {
    EXPECT_TRUE(Offers(scenario, with(kept)));
  }
}

TEST(Smaller, TheWalkFindsTheOneFaultAndItsNumbers) {
  Scenario scenario = Of({{Kind::kSend, 1, kRest}});
  for (uint32_t i = 0; i < 10; ++i) {
    scenario.faults.push_back({Call::kSend, Fault::Kind::kShort, 0, 40 + i, 100 * i, 1 + i});
  }
  const auto fails = [](const Scenario& tried) {
    for (const Fault& fault : tried.faults) {
      if (fault.amount >= 3 && fault.after >= 17 && fault.times >= 2) return true;
    }
    return false;
  };
  const auto [smallest, steps] = Walk(scenario, fails);
  EXPECT_TRUE(smallest.steps.empty());
  EXPECT_EQ(smallest.faults, (std::vector<Fault>{{Call::kSend, Fault::Kind::kShort, 0, 3, 17, 2}}));
  EXPECT_LT(steps, 60);
}

Scenario ForClient(std::vector<Step> steps, uint64_t size = 1000) {
  Scenario scenario = Of(std::move(steps), size);
  scenario.role = Role::kClient;
  return scenario;
}

TEST(Smaller, NeighbouringFeedsAndRepliesBecomeOne) {
  const Scenario two = ForClient({{Kind::kFeed, 1, 400},
                                  {Kind::kReply, 1, 100},
                                  {Kind::kFeed, 1, 600},
                                  {Kind::kReply, 1, 200}});
  EXPECT_TRUE(Offers(
      two, ForClient({{Kind::kFeed, 1, 1000}, {Kind::kReply, 1, 100}, {Kind::kReply, 1, 200}})));
  EXPECT_TRUE(Offers(
      two, ForClient({{Kind::kFeed, 1, 400}, {Kind::kFeed, 1, 600}, {Kind::kReply, 1, 300}})));
}

TEST(Smaller, WhatIsNoLongerFedIsNoLongerReplied) {
  const Step ends[] = {{Kind::kFeedEof}, {Kind::kShutdown}, {Kind::kExpectExit}};
  const Scenario whole =
      ForClient({{Kind::kFeed, 1, 1000}, {Kind::kReply, 1, 1000}, ends[0], ends[1], ends[2]}, 1000);
  EXPECT_TRUE(Offers(whole, ForClient({ends[0], ends[1], ends[2]}, 1000)));
  EXPECT_TRUE(Offers(
      whole,
      ForClient({{Kind::kFeed, 1, 500}, {Kind::kReply, 1, 500}, ends[0], ends[1], ends[2]}, 500)));
  for (const Scenario& smaller : Smaller(whole)) {
    if (smaller.steps.empty() || smaller.steps.back().kind != Kind::kExpectExit) continue;
    EXPECT_EQ(smaller.steps.end()[-3].kind, Kind::kFeedEof) << PrintScenario(smaller);
    EXPECT_EQ(smaller.steps.end()[-2].kind, Kind::kShutdown) << PrintScenario(smaller);
  }
}

TEST(Smaller, TheWalkFindsASizeToTheByteForAClientToo) {
  const Scenario scenario = ForClient({{Kind::kFeed, 1, 30'000},
                                       {Kind::kReply, 1, 100},
                                       {Kind::kHold, 1, 20},
                                       {Kind::kFeed, 1, kRest},
                                       {Kind::kReply, 1, 50'000},
                                       {Kind::kFeedEof},
                                       {Kind::kReply, 1, kRest},
                                       {Kind::kShutdown},
                                       {Kind::kExpectExit}},
                                      100'000);
  const auto fails = [](const Scenario& tried) {
    return tried.payload.Size() > 4096 && !tried.steps.empty() &&
           tried.steps.front().kind == Kind::kFeed && tried.steps.back().kind == Kind::kExpectExit;
  };
  const auto [smallest, steps] = Walk(scenario, fails);
  EXPECT_EQ(smallest.payload.Size(), 4097u) << PrintScenario(smallest);
  EXPECT_EQ(smallest.steps.size(), 5u) << PrintScenario(smallest);
  EXPECT_LT(steps, 80);
}

Scenario OfDatagrams(std::vector<Step> steps, uint64_t size = 1000) {
  Scenario scenario = Of(std::move(steps), size);
  scenario.role = Role::kDatagramServer;
  return scenario;
}

TEST(Smaller, DatagramsGoButNeverBecomeOne) {
  const Step await{Kind::kAwait, 1, 0};
  const Scenario two = OfDatagrams({{Kind::kSend, 1, 400}, await, {Kind::kSend, 1, 600}, await});
  EXPECT_TRUE(Offers(two, OfDatagrams({{Kind::kSend, 1, 600}, await}, 1000)));
  for (const Scenario& smaller : Smaller(two)) {
    for (const Step& step : smaller.steps) EXPECT_LE(step.amount, 600u) << PrintScenario(smaller);
  }
}

TEST(Smaller, NoDatagramBecomesEmptyButThoseThatAreStay) {
  const Step await{Kind::kAwait, 1, 0};
  const Scenario full =
      OfDatagrams({{Kind::kSend, 1, 5}, await, {Kind::kSend, 1, kRest}, await}, 9);
  for (const Scenario& smaller : Smaller(full)) {
    uint64_t left = smaller.payload.Size();
    for (const Step& step : smaller.steps) {
      if (step.kind != Kind::kSend) continue;
      const uint64_t bytes = step.amount == kRest ? left : step.amount;
      EXPECT_GT(bytes, 0u) << PrintScenario(smaller);
      left -= bytes;
    }
  }
  Scenario empty = OfDatagrams({{Kind::kSend, 1, 0}, await, {Kind::kSend, 1, 2}, await});
  empty.payload = PayloadSpec();
  empty.payload.literal = true;
  empty.payload.bytes = "ab";
  const auto sends_empty = [](const Scenario& tried) {
    return !tried.steps.empty() && tried.steps.front() == Step{Kind::kSend, 1, 0};
  };
  EXPECT_EQ(Walk(empty, sends_empty).first.steps.size(), 2u) << "it and its await";
  Scenario shorter = empty;
  shorter.payload.bytes = "b";
  shorter.steps[2].amount = 1;
  EXPECT_TRUE(Offers(empty, shorter));
}

TEST(Smaller, ATimeToLookOnStaysAtTheEndOfDatagrams) {
  const Step await{Kind::kAwait, 1, 0}, pause{Kind::kPause, 1, 50};
  const Scenario looks = OfDatagrams(
      {{Kind::kSend, 1, 10}, await, {Kind::kPause, 1, 7}, {Kind::kSend, 1, 10}, await, pause});
  EXPECT_TRUE(
      Offers(looks,
             OfDatagrams({{Kind::kSend, 1, 10}, await, {Kind::kSend, 1, 10}, await, pause})) ||
      Offers(looks, OfDatagrams({}, 1000)));
  for (const Scenario& smaller : Smaller(looks)) {
    if (smaller.steps.empty() || smaller.steps.front().kind != Kind::kSend) continue;
    EXPECT_EQ(smaller.steps.back(), pause) << PrintScenario(smaller);
  }
}

TEST(Smaller, TheWalkFindsTheSizeAtWhichADatagramIsCut) {
  const Step await{Kind::kAwait, 1, 0};
  const Scenario scenario = OfDatagrams({{Kind::kSend, 1, 100},
                                         await,
                                         {Kind::kConnect, 2, 0},
                                         {Kind::kSend, 2, kRest},
                                         {Kind::kAwait, 2, 0},
                                         {Kind::kSend, 1, 300},
                                         await},
                                        65'507);
  // A buffer of 1,024 bytes.
  const auto cuts = [](const Scenario& tried) {
    std::vector<uint64_t> left(kMaxConnections, tried.payload.Size());
    for (const Step& step : tried.steps) {
      if (step.kind != Kind::kSend) continue;
      const uint64_t bytes = step.amount == kRest ? left[step.connection - 1] : step.amount;
      left[step.connection - 1] -= bytes;
      if (bytes > 1024) return true;
    }
    return false;
  };
  const auto [smallest, steps] = Walk(scenario, cuts);
  EXPECT_EQ(smallest.payload.Size(), 1025u) << PrintScenario(smallest);
  EXPECT_LE(smallest.steps.size(), 3u) << PrintScenario(smallest);
  EXPECT_LT(steps, 60);
}

// What the walk is for: known culprits are found, whatever was around them.
TEST(Smaller, TheWalkFindsASizeToTheByte) {
  const auto [smallest, steps] =
      Walk(Of({{Kind::kSend, 1, 70'000}, {Kind::kAwait, 1, 0}, {Kind::kSend, 1, kRest}}, 100'000),
           [](const Scenario& scenario) {
             return !scenario.steps.empty() && scenario.payload.Size() > 4096;
           });
  EXPECT_EQ(smallest.payload.Size(), 4097u);
  EXPECT_EQ(smallest.steps.size(), 1u);
  EXPECT_LT(steps, 60);
}

TEST(Smaller, TheWalkFindsTheOneByteOfALiteral) {
  Scenario scenario;
  scenario.payload.literal = true;
  for (int value = 0; value < 256; ++value) scenario.payload.bytes += static_cast<char>(value);
  for (int i = 0; i < 256; ++i) scenario.steps.push_back({Kind::kSend, 1, 1});
  const auto fails = [](const Scenario& tried) {
    uint64_t sent = 0;
    for (const Step& step : tried.steps) {
      sent = step.amount == kRest ? tried.payload.Size() : sent + step.amount;
    }
    return tried.payload.bytes.substr(0, sent).find('Q') != std::string::npos;
  };
  const Scenario smallest = Walk(scenario, fails).first;
  EXPECT_EQ(smallest.payload.bytes, "Q");
  EXPECT_EQ(smallest.steps.size(), 1u);
}

TEST(WithShrinks, OffersWhatSmallerOffersAgainAndAgain) {
  Scenario scenario = Of({{Kind::kSend, 1, 400}, {Kind::kSend, 1, 600}});
  rc::Shrinkable<Scenario> tree = WithShrinks(scenario);
  EXPECT_EQ(tree.value(), scenario);
  for (int depth = 0; depth < 100; ++depth) {
    const std::vector<Scenario> expected = Smaller(tree.value());
    rc::Seq<rc::Shrinkable<Scenario>> shrinks = tree.shrinks();
    std::vector<Scenario> offered;
    rc::Maybe<rc::Shrinkable<Scenario>> first;
    while (rc::Maybe<rc::Shrinkable<Scenario>> next = shrinks.next()) {
      if (!first) first = next;
      offered.push_back(next->value());
    }
    ASSERT_EQ(offered, expected);
    if (!first) return;
    tree = *first;
  }
  FAIL() << "no end";
}

// It was judged by luck once: whether the answer was there when the scenario was over.
TEST(Smaller, NothingThatWasAwaitedIsSentWithoutBeingAwaited) {
  Scenario scenario;
  scenario.payload.size_bytes = 10;
  scenario.steps = {{Step::Kind::kSend, 1, 4},
                    {Step::Kind::kAwait, 1, 0},
                    {Step::Kind::kSend, 1, kRest},
                    {Step::Kind::kAwait, 1, 0}};
  for (const Scenario& smaller : Smaller(scenario)) {
    if (smaller.steps.empty()) continue;
    EXPECT_EQ(smaller.steps.back().kind, Step::Kind::kAwait);
  }
}

// The smallest of a leaked descriptor was "expect eof" alone once, which no sound server answers.
TEST(Smaller, NoEndIsExpectedThatNoFinAskedFor) {
  const Step fin{Step::Kind::kShutdown, 1, 0}, eof{Step::Kind::kExpectEof, 1, 0};
  const Scenario scenario = Of({{Step::Kind::kSend, 1, 10}, fin, eof});
  EXPECT_TRUE(Offers(scenario, Of({fin, eof})));
  for (const Scenario& smaller : Smaller(scenario)) {
    const bool ends = !smaller.steps.empty() && smaller.steps.back() == eof;
    EXPECT_TRUE(!ends || std::count(smaller.steps.begin(), smaller.steps.end(), fin) == 1)
        << PrintScenario(smaller);
  }
}

}  // namespace
}  // namespace verbatim
