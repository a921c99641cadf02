// Every short conversation there is: for each length up to a bound, every cutting of the bytes on
// their way in, times every cutting on their way out, times an EINTR or EAGAIN at each call (of
// send also two in a row), times how the peer ends (a FIN at once, a FIN once all has come back,
// none, a RST), times how the pieces come: one for each look of the server's; all at once and cut
// by its own short reads; or those with the FIN behind them before it looks at all, to a server
// that may keep 3 bytes. The bound is 6 bytes; VERBATIM_EXHAUSTIVE_BYTES=8 in the environment makes
// it 8.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "properties/scenario/text.h"
#include "properties/stage/simulated/stage.h"

namespace verbatim {
namespace {

// Bit i of a cutting: there is a cut behind byte i + 1.
using Cutting = uint32_t;

// The size of the piece that begins at `offset`.
uint32_t PieceAt(Cutting cutting, uint64_t offset) {
  uint32_t size = 1;
  while (((cutting >> (offset + size - 1)) & 1) == 0 && offset + size < 32) ++size;
  return size;
}

// Cuts what the server receives and sends at the places of two cuttings, and lets one call fail. If
// it is late, the peer has done all that it can before the server is woken.
struct Manner {
  Cutting in = 0;
  Cutting out = 0;
  bool is_late = false;
};

class Cuts : public FaultSource {
 public:
  // `fault`: its error is met `times` times from call `after` on; no error, no fault.
  explicit Cuts(Manner manner, Fault fault = {}) : manner_(manner), fault_(fault) {}

  std::optional<Fault> Next(Call call, uint32_t index, int /*fd*/, size_t bytes) override {
    ++counts_[static_cast<size_t>(call)];
    const bool fails = fault_.error != 0 && call == fault_.call && index >= fault_.after &&
                       index < fault_.after + fault_.times;
    if (fails) return fault_;
    if (call == Call::kSend) return Piece(call, manner_.out, &sent_, bytes);
    if (call == Call::kRecv) return Piece(call, manner_.in, &received_, bytes);
    if (call == Call::kEpollWait && manner_.is_late) {
      return Fault{call, Fault::Kind::kDelayed, 0, 100};
    }
    return std::nullopt;
  }

  uint32_t count(Call call) const { return counts_[static_cast<size_t>(call)]; }

 private:
  // What would move does so up to the next cut.
  std::optional<Fault> Piece(Call call, Cutting cutting, uint64_t* offset, size_t bytes) {
    if (bytes == 0) return std::nullopt;
    const uint32_t piece = PieceAt(cutting, *offset);
    *offset += std::min<uint64_t>(piece, bytes);
    return Fault{call, Fault::Kind::kShort, 0, piece};
  }

  const Manner manner_;
  const Fault fault_;
  uint64_t sent_ = 0, received_ = 0;
  std::array<uint32_t, kCalls> counts_{};
};

enum class End { kFinAtOnce, kFinLater, kNone, kReset };

// `cutting`: where the peer's own sends are cut.
Scenario Conversation(uint32_t size, Cutting cutting, End end) {
  Scenario scenario;
  scenario.payload.size_bytes = size;
  for (uint64_t offset = 0; offset < size;) {
    const uint64_t piece = std::min<uint64_t>(PieceAt(cutting, offset), size - offset);
    scenario.steps.push_back({Step::Kind::kSend, 1, piece});
    offset += piece;
  }
  if (end == End::kFinLater) scenario.steps.push_back({Step::Kind::kAwait});
  if (end == End::kReset) scenario.steps.push_back({Step::Kind::kReset});
  if (end == End::kFinAtOnce || end == End::kFinLater) {
    scenario.steps.push_back({Step::Kind::kShutdown});
    scenario.steps.push_back({Step::Kind::kExpectEof});
  }
  return scenario;
}

class Exhaustive : public testing::Test {
 protected:
  // Plays it, and says whether it held. `*cuts` counts its calls.
  bool Holds(const Scenario& scenario, Manner manner, Cuts* cuts) {
    ++runs_;
    const SimulatedPlay play =
        stage_.Play(scenario, {.session_bytes = manner.is_late ? 3u : 256u, .faults = cuts});
    if (!play.Fails()) return true;
    Scenario again = scenario;
    again.faults = play.met;
    ADD_FAILURE() << SimulatedSentence(play) << "\n" << PrintScenario(again);
    return false;
  }

  // The cuttings without a fault, then with one at each of their calls.
  bool HoldsWithEachFault(const Scenario& scenario, Manner manner) {
    Cuts plain(manner);
    if (!Holds(scenario, manner, &plain)) return false;
    // A send that fails twice is one that is still due when the FIN behind it is read. Without
    // descriptors an accept fails until there are some.
    constexpr struct {
      Call call;
      int error;
      uint32_t times;
    } kFaults[] = {{Call::kRecv, EINTR, 1},      {Call::kRecv, EAGAIN, 1},
                   {Call::kSend, EINTR, 1},      {Call::kSend, EAGAIN, 1},
                   {Call::kSend, EAGAIN, 2},     {Call::kAccept, EINTR, 1},
                   {Call::kAccept, EAGAIN, 1},   {Call::kAccept, EMFILE, 5},
                   {Call::kEpollWait, EINTR, 1}, {Call::kClose, EINTR, 1}};
    for (const auto& [call, error, times] : kFaults) {
      for (uint32_t index = 0; index < plain.count(call); ++index) {
        Cuts cuts(manner, {call, Fault::Kind::kError, error, 0, index, times});
        if (!Holds(scenario, manner, &cuts)) return false;
      }
    }
    return true;
  }

  bool HoldsForEachCutting(uint32_t size) {
    const Cutting cuttings = size == 0 ? 1 : Cutting{1} << (size - 1);
    for (const End end : {End::kFinAtOnce, End::kFinLater, End::kNone, End::kReset}) {
      const Scenario whole = Conversation(size, 0, end);
      for (Cutting in = 0; in < cuttings; ++in) {
        const Scenario pieces = Conversation(size, in, end);
        for (Cutting out = 0; out < cuttings; ++out) {
          if (!HoldsWithEachFault(whole, {in, out})) return false;
          if (!HoldsWithEachFault(whole, {in, out, true})) return false;
          if (in != 0 && !HoldsWithEachFault(pieces, {0, out})) return false;
        }
      }
    }
    return true;
  }

  SimulatedStage stage_;
  uint64_t runs_ = 0;
};

TEST_F(Exhaustive, EveryConversationOfAFewBytesComesBackHoweverItIsCutAndInterrupted) {
  const char* wanted = std::getenv("VERBATIM_EXHAUSTIVE_BYTES");
  const uint32_t most = wanted == nullptr ? 6 : static_cast<uint32_t>(std::atoi(wanted));
  ASSERT_TRUE(most >= 1 && most <= 12) << "VERBATIM_EXHAUSTIVE_BYTES is 1 to 12";
  for (uint32_t size = 0; size <= most; ++size) {
    if (!HoldsForEachCutting(size)) break;
  }
  std::printf("%llu runs, up to %u bytes\n", static_cast<unsigned long long>(runs_), most);
  EXPECT_GT(runs_, 100u);
}

}  // namespace
}  // namespace verbatim
