// The generators of faults and of what an echo client goes through.
// Not for: scenarios for servers (scenarios.cc).
#include <algorithm>
#include <tuple>
#include <utility>

#include "properties/generate/scenarios.h"
#include "properties/scenario/checker.h"

namespace verbatim {
namespace {

using Kind = Step::Kind;

// 0 to sides - 1, each as often; RapidCheck's own ranges begin small.
rc::Gen<size_t> Die(size_t sides) {
  return rc::gen::resize(rc::kNominalSize, rc::gen::inRange<size_t>(0, sides));
}

rc::Gen<uint32_t> SmallNumber(uint32_t least) {
  return rc::gen::weightedOneOf<uint32_t>(
      {{8, rc::gen::inRange<uint32_t>(least, 4)},
       {3, rc::gen::inRange<uint32_t>(least, 64)},
       {1, rc::gen::inRange<uint32_t>(least, kMaxFaultNumber + 1)}});
}

// The `dice`-th of what the call may meet.
Fault WhatMeets(Call call, size_t dice, uint32_t amount) {
  const absl::Span<const int> errors = ErrorsOf(call);
  Fault fault;
  fault.call = call;
  dice %= errors.size() + (IsWait(call) ? 2 : CanBeShort(call) ? 1 : 0);
  if (dice < errors.size()) {
    fault.error = errors[dice];
  } else if (dice == errors.size() && IsWait(call)) {
    fault.kind = Fault::Kind::kSpurious;
  } else {
    fault.kind = IsWait(call) ? Fault::Kind::kDelayed : Fault::Kind::kShort;
    fault.amount = amount;
  }
  return fault;
}

// What our side does between two feeds: a die of 8 sides, and a number.
using Move = std::pair<size_t, uint64_t>;

rc::Gen<std::vector<Move>> Moves() {
  return rc::gen::container<std::vector<Move>>(
      rc::gen::pair(Die(8), rc::gen::inRange<uint64_t>(1, 40)));
}

class Conversation {
 public:
  explicit Conversation(PayloadSpec payload) : checker_(Role::kClient, payload.Size()) {
    scenario_.role = Role::kClient;
    scenario_.payload = std::move(payload);
  }

  // Left out if it can't be played here.
  void Do(Kind kind, uint64_t amount = 0) {
    const Step step{kind, 1, amount};
    if (checker_.Take(step).empty()) scenario_.steps.push_back(step);
  }

  void Make(const Move& move) {
    const auto& [dice, number] = move;
    if (dice <= 3) Do(Kind::kReply, std::min(number, checker_.DueBytes()));
    if (dice == 4) Do(Kind::kReply, kRest);
    if (dice == 5) Do(Kind::kHold, number);
    if (dice == 6) Do(Kind::kStall);
    if (dice == 7) Do(Kind::kResume);
  }

  // By all being replied, or early.
  Scenario End(bool early, const std::vector<Move>& moves) {
    if (!early) Do(Kind::kFeedEof);
    for (const Move& move : moves) Make(move);
    Do(Kind::kResume);
    if (!early) Do(Kind::kReply, kRest);
    Do(Kind::kShutdown);
    Do(Kind::kExpectExit, early ? 1 : 0);
    return std::move(scenario_);
  }

 private:
  Checker checker_;
  Scenario scenario_;
};

rc::Gen<Scenario> ConversationOver(const PayloadSpec& payload) {
  return rc::gen::map(rc::gen::tuple(ArbitraryCuts(payload.Size(), 8), Die(4), Moves(), Moves()),
                      [payload](const std::tuple<std::vector<uint64_t>, size_t, std::vector<Move>,
                                                 std::vector<Move>>& dice) {
                        const auto& [pieces, ending, between, after] = dice;
                        Conversation conversation(payload);
                        // Moves are spread evenly over the pieces.
                        for (size_t i = 0, done = 0; i < pieces.size(); ++i) {
                          conversation.Do(Kind::kFeed,
                                          i + 1 == pieces.size() && i % 2 == 1 ? kRest : pieces[i]);
                          for (; done < between.size() * (i + 1) / pieces.size(); ++done) {
                            conversation.Make(between[done]);
                          }
                        }
                        return conversation.End(ending == 0, after);
                      });
}

}  // namespace

rc::Gen<Fault> ArbitraryFault() {
  return rc::gen::map(
      rc::gen::tuple(Die(kCalls), Die(1000), SmallNumber(1), SmallNumber(0), SmallNumber(1)),
      [](const std::tuple<size_t, size_t, uint32_t, uint32_t, uint32_t>& dice) {
        Fault fault =
            WhatMeets(static_cast<Call>(std::get<0>(dice)), std::get<1>(dice), std::get<2>(dice));
        fault.after = std::get<3>(dice);
        fault.times = std::get<4>(dice);
        return fault;
      });
}

rc::Gen<Scenario> ArbitraryClientScenario() {
  return rc::gen::mapcat(ArbitraryPayload(5000), ConversationOver);
}

}  // namespace verbatim
