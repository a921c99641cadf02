// The cases of the datagram requirements: they can be played, cover what they promise, and are few
// enough at once for any queue.
#include "properties/requirements/datagram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "properties/scenario/text.h"

namespace verbatim {
namespace {

using Kind = Step::Kind;

std::vector<Scenario> All(Cases (*cases_of)(const Budget&), const Budget& budget = Budget()) {
  Cases cases = cases_of(budget);
  std::vector<Scenario> scenarios;
  while (auto next = cases()) scenarios.push_back(next->value());
  EXPECT_FALSE(scenarios.empty());
  return scenarios;
}

// Of each datagram, by connection and in the order in which they are sent.
std::vector<std::string> Contents(const Scenario& scenario) {
  const Payload payload = MakePayload(scenario);
  std::vector<uint64_t> sent(kMaxConnections + 1, 0);
  std::vector<std::string> contents;
  for (const Step& step : scenario.steps) {
    if (step.kind != Kind::kSend) continue;
    uint64_t& offset = sent[step.connection];
    const uint64_t bytes = step.amount == kRest ? payload.size_bytes() - offset : step.amount;
    contents.push_back(payload.Bytes(step.connection, offset, bytes));
    offset += bytes;
  }
  return contents;
}

// The most that is sent on one connection and not awaited, in datagrams.
size_t MostAtOnce(const Scenario& scenario) {
  std::vector<size_t> waiting(kMaxConnections + 1, 0);
  size_t most = 0;
  for (const Step& step : scenario.steps) {
    if (step.kind == Kind::kSend) most = std::max(most, ++waiting[step.connection]);
    if (step.kind == Kind::kAwait) waiting[step.connection] = 0;
  }
  return most;
}

std::string Text(const Scenario& scenario) { return PrintScenario(scenario); }

TEST(DatagramCases, AreForServersOfDatagramsAndFewAtOnce) {
  for (const auto cases :
       {DatagramSizes, DatagramLarge, DatagramEmpty, DatagramContent, DatagramOneForOne,
        DatagramIsolated, DatagramSourcePort, DatagramRefused}) {
    for (const Scenario& scenario : All(cases)) {
      ASSERT_TRUE(Validate(scenario).ok()) << Text(scenario);
      EXPECT_EQ(scenario.role, Role::kDatagramServer);
      EXPECT_LE(MostAtOnce(scenario), 8u) << Text(scenario);
    }
  }
}

TEST(DatagramCases, OnlyThoseOnSizesPortsAndNumbersSendWhatMayNeverArrive) {
  for (const auto cases :
       {DatagramEmpty, DatagramContent, DatagramIsolated, DatagramRefused, DatagramAfterSilence}) {
    for (const Scenario& scenario : All(cases)) {
      for (const std::string& content : Contents(scenario)) {
        EXPECT_LE(content.size(), kTakenByAllBytes) << Text(scenario);
      }
    }
  }
}

TEST(DatagramSizes, EachClassStandsOnceInAscendingOrderUpToTheLargest) {
  for (const uint64_t largest : {65'507, 65'527, 2000}) {
    Budget budget;
    budget.datagram_bytes = largest;
    uint64_t before = 0;
    std::set<uint64_t> sizes;
    std::set<std::string> contents;
    for (const Scenario& scenario : All(DatagramSizes, budget)) {
      const std::vector<std::string> datagrams = Contents(scenario);
      if (datagrams.size() == 2) {  // one of those sizes, and a small one behind it
        EXPECT_EQ(sizes.count(datagrams[0].size()), 1u);
        EXPECT_LT(datagrams[1].size(), 100u);
        continue;
      }
      ASSERT_EQ(datagrams.size(), 1u);
      EXPECT_GT(datagrams[0].size(), before);
      before = datagrams[0].size();
      sizes.insert(before);
      contents.insert(datagrams[0].substr(0, 16));
    }
    EXPECT_EQ(before, largest);
    EXPECT_GE(contents.size() + 3, sizes.size()) << "but for the shortest each is another";
    for (const uint64_t size : {1, 2, 511, 512, 513, 548, 549, 1023, 1024, 1025, 1472, 1473}) {
      EXPECT_EQ(sizes.count(size), 1u) << size;
    }
    if (largest < 65'507) continue;
    for (const uint64_t size : {4096, 4097, 8193, 9000, 12'288, 16'385, 32'769, 65'506}) {
      EXPECT_EQ(sizes.count(size), 1u) << size;
    }
  }
}

TEST(DatagramLarge, BeginsWhereNotEveryHostTakesItIn) {
  const std::vector<Scenario> scenarios = All(DatagramLarge);
  EXPECT_EQ(scenarios.front().payload.Size(), 549u);
  EXPECT_EQ(scenarios.back().payload.Size(), 65'507u);
}

TEST(DatagramEmpty, EachHasAnEmptyOneAndSomeHaveMoreBehindIt) {
  bool alone = false, behind = false;
  for (const Scenario& scenario : All(DatagramEmpty)) {
    const std::vector<std::string> datagrams = Contents(scenario);
    EXPECT_TRUE(std::count(datagrams.begin(), datagrams.end(), "")) << Text(scenario);
    EXPECT_EQ(scenario.steps.back().kind, Kind::kAwait);
    (datagrams.back().empty() ? alone : behind) = true;
  }
  EXPECT_TRUE(alone && behind);
}

TEST(DatagramContent, EveryByteValueIsSentAndALongOneBeforeAShortOne) {
  std::set<char> values;
  std::set<Overlay> overlays;
  bool shorter = false;
  for (const Scenario& scenario : All(DatagramContent)) {
    const std::vector<std::string> datagrams = Contents(scenario);
    if (scenario.payload.literal) values.insert(datagrams[0].begin(), datagrams[0].end());
    overlays.insert(scenario.payload.overlay);
    shorter |= datagrams.size() > 1 && datagrams[0].size() > datagrams[1].size();
  }
  EXPECT_EQ(values.size(), 256u);
  EXPECT_EQ(overlays.size(), std::size(kOverlays));
  EXPECT_TRUE(shorter);
}

TEST(DatagramOneForOne, LooksForASecondAnswerOfEqualOnesToo) {
  bool equal = false, several = false;
  for (const Scenario& scenario : All(DatagramOneForOne)) {
    EXPECT_EQ(scenario.steps.back().kind, Kind::kPause) << Text(scenario);
    EXPECT_EQ(scenario.steps.end()[-2].kind, Kind::kAwait) << Text(scenario);
    const std::vector<std::string> datagrams = Contents(scenario);
    equal |= std::count(datagrams.begin(), datagrams.end(), datagrams[0]) == 3;
    several |= MostAtOnce(scenario) == 8;
  }
  EXPECT_TRUE(equal && several);
}

TEST(DatagramIsolated, TwoToEightSendersByTurnsAndAtOnce) {
  std::set<uint32_t> connections;
  for (const Scenario& scenario : All(DatagramIsolated)) {
    connections.insert(Connections(scenario));
    const std::vector<std::string> datagrams = Contents(scenario);
    const std::set<std::string> distinct(datagrams.begin(), datagrams.end());
    EXPECT_EQ(distinct.size(), datagrams.size()) << Text(scenario);
  }
  EXPECT_TRUE(connections.count(2) && connections.count(3) && connections.count(8));
}

TEST(DatagramRefused, SendersAreGoneAtOnceAndALaterOneIsServed) {
  for (const Scenario& scenario : All(DatagramRefused)) {
    size_t gone = 0;
    for (size_t i = 1; i < scenario.steps.size(); ++i) {
      if (scenario.steps[i].kind != Kind::kClose) continue;
      ++gone;
      EXPECT_EQ(scenario.steps[i - 1].kind, Kind::kSend) << "nothing is waited for before";
      EXPECT_EQ(scenario.steps[i - 1].connection, scenario.steps[i].connection);
    }
    EXPECT_GE(gone, 1u);
    const Step later{Kind::kAwait, Connections(scenario), 0};
    EXPECT_EQ(Connections(scenario), gone + 2);
    EXPECT_TRUE(std::count(scenario.steps.begin(), scenario.steps.end(), later)) << Text(scenario);
  }
}

}  // namespace
}  // namespace verbatim
