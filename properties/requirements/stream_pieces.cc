// Requirements on what a target keeps for a peer that does not read: in many pieces, and long after
// the peer's FIN. Not for: how much may be kept (stream_process.cc), or what a scenario can say
// (stream.h): when a target begins to keep something, only its kernel knows.
#include <chrono>

#include "absl/strings/str_cat.h"
#include "properties/requirements/elapsed.h"
#include "properties/requirements/peer.h"
#include "properties/requirements/steps.h"
#include "properties/requirements/stream_trials.h"

namespace verbatim {
namespace {

// One call gathers at most IOV_MAX (1,024) pieces.
constexpr int kPieces = 1200;
constexpr int64_t kPiecesMs = 2000;
constexpr uint64_t kEnoughBytes = 64 << 20;
constexpr uint64_t kUnseenBytes = 1'000'000;

// Until the target keeps what it can't write. Where that can't be seen it is so much, and false.
bool SendSomethingToKeep(Peer* peer) {
  if (peer->SendUntilKept()) return true;
  peer->SendUnread(kUnseenBytes);
  return false;
}

}  // namespace

// While something is kept each piece of one byte is read alone, and kept behind it. A target that
// reads no more while it keeps something has nothing to fear here.
absl::StatusOr<Verdict> PressureManyPieces(Trial& trial) {
  Peer peer(&trial, kEnoughBytes);
  if (!peer.ConnectSmall()) return trial.Result();
  const bool kept = SendSomethingToKeep(&peer);
  // Fewer where it takes long for each.
  const auto start = std::chrono::steady_clock::now();
  int pieces = 0;
  while (pieces < kPieces && MsSince(start) < kPiecesMs &&
         (kept ? peer.SendAndSeeItTaken(1) : peer.SendUnread(1) == 1)) {
    ++pieces;
  }
  if (trial.Spent()) return trial.Result();
  peer.line().WidenBuffer();
  if (!peer.Await()) return trial.Result();
  trial.Note(absl::StrCat(pieces, " pieces of one byte were ",
                          kept ? "read while something was kept"
                               : "sent to one of whom it was not seen what it keeps"));
  peer.End();
  return trial.Result();
}

namespace {

// A reader that begins to read long after the target began to keep something, and after its FIN
// where that is said. So little is kept as can be: who keeps much reads no more, and does not see
// the FIN behind it.
absl::StatusOr<Verdict> ReadLate(Trial& trial, bool after_fin) {
  Peer peer(&trial, kEnoughBytes);
  if (!peer.ConnectSmall()) return trial.Result();
  const bool kept = SendSomethingToKeep(&peer);
  if (after_fin && !trial.Spent()) peer.EndAndSeeItTaken();
  trial.Pause(static_cast<int64_t>(steps::LongPause(trial.budget()).amount));
  if (trial.Spent()) return trial.Result();
  peer.line().WidenBuffer();
  if (!peer.Await()) return trial.Result();
  trial.Note(absl::StrCat(Mebibytes(peer.line().sent_bytes), after_fin ? ", FIN," : "",
                          " and a reader that was late",
                          kept ? "" : "; whether it kept some of it was not seen"));
  after_fin ? peer.Close() : peer.End();
  return trial.Result();
}

}  // namespace

absl::StatusOr<Verdict> PressureLongStall(Trial& trial) { return ReadLate(trial, false); }

absl::StatusOr<Verdict> HalfCloseDrainsLate(Trial& trial) { return ReadLate(trial, true); }

}  // namespace verbatim
