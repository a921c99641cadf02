// What a target burns while there is nothing to do for it.
// Not for: what it takes in and holds (stream_process.cc).
#include <algorithm>
#include <deque>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "properties/requirements/peer.h"
#include "properties/requirements/processor.h"
#include "properties/requirements/stream_trials.h"

namespace verbatim {
namespace {

constexpr size_t kIdleConnections = 10;

constexpr uint64_t kJamBytes = 64 << 20;
constexpr int64_t kIdleBlockMs = 500;  // nothing accepted for so long: it blocks
constexpr int64_t kQuietMs = 200;      // nothing came for so long: enough was read
constexpr int kStillAtWorkLooks = 4;
constexpr int kDeathMs = 50;  // in which one who dies of a reset does

// Sends without reading until the target takes no more. One that is still at work on what it took
// is not idle yet.
bool Jam(Trial& trial, Peer* peer) {
  if (!peer->Connect()) return false;
  peer->Push(kJamBytes, kIdleBlockMs);
  for (int i = 0; i < kStillAtWorkLooks && IsAtWork(trial); ++i) peer->Push(kJamBytes, kQuietMs);
  return !trial.Spent();
}

// One who has its end read while something is still to be written to it.
bool CostsNothingHalfClosed(Trial& trial) {
  if (!trial.budget().half_close) return true;
  Peer peer(&trial, kJamBytes);
  if (!peer.ConnectSmall()) return false;
  if (peer.SendUntilKept() && peer.EndAndSeeItTaken() &&
      !CostsNothing(trial, "with the end of a peer read, and something left to write to it")) {
    return false;
  }
  peer.Drain(kQuietMs);
  peer.Close();
  return !trial.Spent();
}

// What is waited for changes with what a connection went through: interest in writing that outlives
// its reason, an end-of-file that is told again and again while something is still to be written, a
// descriptor that is closed and still polled.
void CostsNothingLater(Trial& trial, std::deque<Peer>* peers) {
  std::deque<Peer> jammed;
  for (int i = 0; i < 3; ++i) {
    jammed.emplace_back(&trial, uint64_t{64 * 1024});
    if (!Jam(trial, &jammed.back())) return;
  }
  if (trial.budget().half_close) jammed[1].line().Shutdown();
  if (!CostsNothing(trial, "with peers that do not read, one of them half-closed")) return;
  if (!CostsNothingHalfClosed(trial)) return;
  jammed[0].Drain(kQuietMs);
  jammed[1].Drain(kQuietMs);
  jammed[1].Close();
  trial.Has(kTcp) ? jammed[2].Reset() : jammed[2].Close();
  if (trial.target().DiedWithin(kDeathMs)) {
    trial.CannotJudge("it died when a jammed connection ended: that is for stream.survive.*")
        .IgnoreError();
    return;
  }
  for (size_t i = 0; i < peers->size() / 2; ++i) (*peers)[i].End();
  CostsNothing(trial, "after a backlog was read, and others have ended");
  jammed[0].Close();
}

}  // namespace

// One that serves them in turn is not blamed here: so many as are served are idle.
absl::StatusOr<Verdict> IdleNoCpu(Trial& trial) {
  std::deque<Peer> peers;
  const bool full = FillUp(trial, kIdleConnections, &peers);
  const size_t count = peers.size() - (full ? 1 : 0);
  if (count == 0) return trial.CannotJudge("it served no connection");
  const bool nothing = CostsNothing(
      trial, absl::StrCat("with ", count, count == 1 ? " idle connection" : " idle connections"));
  if (nothing && !full) CostsNothingLater(trial, &peers);
  EndAll(trial, full, &peers);
  return trial.Result();
}

}  // namespace verbatim
