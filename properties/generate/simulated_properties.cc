// The echo, held to any scenario with any faults on the simulated kernel: server and client, over
// every kind of connection. A counterexample is printed as the smallest scenario that still fails.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "properties/generate/scenarios.h"
#include "properties/generate/shrinks.h"
#include "properties/scenario/checker.h"
#include "properties/scenario/text.h"
#include "properties/stage/simulated/stage.h"

namespace verbatim {
namespace {

using Kind = Step::Kind;

// Faults of the calls that a program at work makes all the time: each is likely to be met.
rc::Gen<Fault> LikelyFault(const std::vector<Call>& calls) {
  const auto kept = [calls](const Fault& fault) {
    return std::find(calls.begin(), calls.end(), fault.call) != calls.end();
  };
  const auto any = rc::gen::weightedOneOf<Fault>(
      {{3, rc::gen::suchThat(ArbitraryFault(), kept)}, {1, ArbitraryFault()}});
  return rc::gen::map(any, [](Fault fault) {
    fault.after %= 50;  // soon, and not for long
    fault.times = 1 + fault.times % 10;
    return fault;
  });
}

rc::Gen<std::vector<Fault>> LikelyFaults(Role role) {
  const std::vector<Call> calls =
      role == Role::kServer
          ? std::vector<Call>{Call::kRecv, Call::kSend, Call::kAccept, Call::kEpollWait}
          : std::vector<Call>{Call::kRecv, Call::kSend, Call::kRead, Call::kWrite, Call::kPoll};
  return rc::gen::container<std::vector<Fault>>(LikelyFault(calls));
}

// A busy server's day: some connections, each of which sends, is awaited, stalls, or leaves.
rc::Gen<Step> LikelyStep() {
  return rc::gen::map(
      rc::gen::tuple(rc::gen::weightedElement<Kind>({{3, Kind::kConnect},
                                                     {8, Kind::kSend},
                                                     {3, Kind::kAwait},
                                                     {1, Kind::kPause},
                                                     {2, Kind::kSettle},
                                                     {2, Kind::kStall},
                                                     {1, Kind::kDrip},
                                                     {2, Kind::kResume},
                                                     {1, Kind::kShutdown},
                                                     {1, Kind::kReset},
                                                     {1, Kind::kClose},
                                                     {1, Kind::kExpectEof}}),
                     rc::gen::inRange<uint32_t>(1, 5),
                     rc::gen::weightedOneOf<uint64_t>({{3, rc::gen::inRange<uint64_t>(1, 20)},
                                                       {2, rc::gen::inRange<uint64_t>(1, 900)},
                                                       {1, rc::gen::just(kRest)}})),
      [](const std::tuple<Kind, uint32_t, uint64_t>& dice) {
        Step step{std::get<0>(dice), std::get<1>(dice)};
        if (step.kind == Kind::kSend) step.amount = std::get<2>(dice);
        const bool small = step.kind == Kind::kPause || step.kind == Kind::kDrip;
        if (small) step.amount = 1 + std::get<2>(dice) % 200;
        return step;
      });
}

rc::Gen<Scenario> ServerScenario() {
  return rc::gen::map(
      rc::gen::tuple(ArbitraryPayload(3000), rc::gen::container<std::vector<Step>>(LikelyStep()),
                     LikelyFaults(Role::kServer)),
      [](const std::tuple<PayloadSpec, std::vector<Step>, std::vector<Fault>>& t) {
        Scenario scenario;
        scenario.payload = std::get<0>(t);
        Checker checker(Role::kServer, scenario.payload.Size());
        for (const Step& step : std::get<1>(t)) {
          if (checker.Take(step).empty()) scenario.steps.push_back(step);
        }
        scenario.faults = std::get<2>(t);
        scenario.faults.resize(std::min(scenario.faults.size(), kMaxFaults));
        return scenario;
      });
}

rc::Gen<Scenario> ClientScenario() {
  return rc::gen::map(rc::gen::pair(ArbitraryClientScenario(), LikelyFaults(Role::kClient)),
                      [](std::pair<Scenario, std::vector<Fault>> parts) {
                        parts.first.faults = std::move(parts.second);
                        parts.first.faults.resize(std::min(parts.first.faults.size(), kMaxFaults));
                        return parts.first;
                      });
}

// How many scenarios a property plays; a second or so under asan.
constexpr int kCases = 1000;

class SimulatedProperties : public testing::Test {
 protected:
  // Plays `kCases` scenarios of `gen`, always the same ones; of the first that fails it prints the
  // smallest that fails still.
  void Hold(rc::Gen<Scenario> gen, Transport transport) {
    const Cases cases = Arbitrary(std::move(gen), 1, kCases);
    size_t met = 0;
    while (const auto next = cases()) {
      const SimulatedPlay play = Play(next->value(), transport);
      met += play.met.size();
      if (!play.Fails()) continue;
      const Scenario smallest = Smallest(next->value(), transport);
      const SimulatedPlay again = Play(smallest, transport);
      FAIL() << SimulatedSentence(again) << " over " << TransportName(transport) << "\n"
             << PrintScenario(smallest);
    }
    EXPECT_GT(met, size_t{kCases}) << "hardly a fault was met";
  }

  SimulatedPlay Play(const Scenario& scenario, Transport transport) {
    return stage_.Play(scenario, {.transport = transport});
  }

  Scenario Smallest(Scenario failing, Transport transport) {
    for (bool found = true; found;) {
      found = false;
      for (const Scenario& smaller : Smaller(failing)) {
        found = Play(smaller, transport).Fails();
        if (found) failing = smaller;
        if (found) break;
      }
    }
    return failing;
  }

  SimulatedStage stage_;
};

TEST_F(SimulatedProperties, ATcpServerEchoesEveryByteWhateverHappens) {
  Hold(ServerScenario(), Transport::kTcp);
}

TEST_F(SimulatedProperties, AUnixServerEchoesEveryByteWhateverHappens) {
  Hold(ServerScenario(), Transport::kUnix);
}

TEST_F(SimulatedProperties, ARecordServerEchoesEveryRecordWhateverHappens) {
  Hold(ServerScenario(), Transport::kUnixpacket);
}

TEST_F(SimulatedProperties, ATcpClientPrintsEveryReplyAndSaysHowItEnded) {
  Hold(ClientScenario(), Transport::kTcp);
}

TEST_F(SimulatedProperties, AUnixClientPrintsEveryReplyAndSaysHowItEnded) {
  Hold(ClientScenario(), Transport::kUnix);
}

// What it expects of a client may be more than the client owes.
TEST_F(SimulatedProperties, AnyScenarioAtAllIsBorne) {
  const auto unexpecting = [](Scenario scenario) {
    if (!scenario.steps.empty() && scenario.steps.back().kind == Kind::kExpectExit) {
      scenario.steps.pop_back();
    }
    return scenario;
  };
  Hold(rc::gen::map(ArbitraryScenario(), unexpecting), Transport::kTcp);
}

// What was met, given as faults one by one, does the same again: so a failure can be printed with
// the faults that matter.
TEST_F(SimulatedProperties, TheFaultsThatWereMetAreAllThatCounts) {
  const Cases cases = Arbitrary(ServerScenario(), 2, 500);
  while (const auto next = cases()) {
    Scenario scenario = next->value();
    const SimulatedPlay first = Play(scenario, Transport::kTcp);
    if (first.met.size() > 100) continue;  // each call looks through all of them
    scenario.faults = first.met;
    const SimulatedPlay second = Play(scenario, Transport::kTcp);
    ASSERT_EQ(first.transcript_hash, second.transcript_hash) << PrintScenario(scenario);
  }
}

}  // namespace
}  // namespace verbatim
