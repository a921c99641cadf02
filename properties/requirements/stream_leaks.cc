// Requirements on what stays behind: of thousands of connections, and of many bytes.
// Not for: what is held while a peer does not read (stream_process.cc).
#include <algorithm>
#include <chrono>
#include <deque>
#include <string>

#include "absl/strings/str_cat.h"
#include "properties/requirements/elapsed.h"
#include "properties/requirements/leaks.h"
#include "properties/requirements/peer.h"
#include "properties/requirements/steps.h"
#include "properties/requirements/stream_trials.h"

namespace verbatim {
namespace {

using std::chrono::steady_clock;

constexpr uint64_t kVanishBytes = 256 * 1024;
constexpr int64_t kVanishMs = 2;
constexpr int kSilent = 7;   // every so manieth says nothing
constexpr int kCrowd = 100;  // that end at once

constexpr uint64_t kVolumeBytes = 16 << 20;  // between two looks, where there is time
constexpr uint64_t kLeastVolumeBytes = 1 << 20;
// What grows by half of the bytes echoed, from look to look, until it has grown by so much: a heap
// that is collected, or an allocator that keeps what was freed for a while, stops before.
constexpr uint64_t kVolumeLeakedBytes = 384 << 20;

}  // namespace

namespace {

// Many that are served at once and end at the same moment: SIGCHLD is not queued, so that whoever
// waits once for each signal leaves children behind. False once it does not serve two at once.
bool CrowdEnds(Trial& trial, size_t count) {
  std::deque<Peer> peers;
  FillUp(trial, count, &peers);
  for (Peer& peer : peers) peer.Close();
  return peers.size() > 2;
}

// Connections one after another, each paced by its echo. Where there is a RST every third ends so,
// since a leak on reset is one of its own; some vanish with an answer unread, as writes that fail
// are another; and some never say a word. In the end comes a crowd, if `*crowds`.
bool Churn(Trial& trial, int count, bool* crowds) {
  const int crowd = *crowds ? std::min(kCrowd, count / 10) : 0;
  count -= crowd;
  const int vanishes = std::clamp(count / 20, 4, 50);  // every so manieth
  for (int i = 0; i < count; ++i) {
    if (i % vanishes == 0) {
      Peer vanishing(&trial, kVanishBytes);
      if (!vanishing.Connect() || !vanishing.Send(1) || !vanishing.Await()) return false;
      vanishing.Push(kVanishBytes, kVanishMs);
      vanishing.Close();
      continue;
    }
    Peer peer(&trial);
    if (!peer.Connect()) return false;
    if (i % kSilent == 1) {
      peer.Close();
      continue;
    }
    if (!peer.Greet()) return false;
    i % 3 == 2 && trial.Has(kTcp) ? peer.Reset() : peer.End();
  }
  if (crowd > 2) *crowds = CrowdEnds(trial, static_cast<size_t>(crowd));
  return !trial.Spent();
}

}  // namespace

// Thousands of short connections are served, and the third thousand costs nothing that stays.
absl::StatusOr<Verdict> SurviveChurn(Trial& trial) {
  bool crowds = true;
  return NothingStays(trial, "connections",
                      [&](int count) { return Churn(trial, count, &crowds); });
}

namespace {

// Never more on the way than any target takes.
bool EchoInStep(Peer* peer, uint64_t bytes) {
  for (uint64_t done = 0; done < bytes; done += steps::kAheadBytes) {
    if (!peer->Send(steps::kAheadBytes) || !peer->Await()) return false;
  }
  return true;
}

// How much one connection's bytes are between two looks, by what fits into a third of the time; 0
// if not all was well.
uint64_t FittingVolume(Trial& trial, Peer* peer) {
  const auto start = steady_clock::now();
  if (!EchoInStep(peer, kLeastVolumeBytes)) return 0;
  const int64_t took_ms = std::max<int64_t>(MsSince(start), 1);
  const uint64_t times = static_cast<uint64_t>(trial.budget().Within(kLongEnoughMs) / 9 / took_ms);
  return std::clamp<uint64_t>(times, 1, kVolumeBytes / kLeastVolumeBytes) * kLeastVolumeBytes;
}

}  // namespace

// What grows with the bytes, though each was returned: a log of all that came, a buffer made anew
// for each read.
absl::StatusOr<Verdict> SurviveVolume(Trial& trial) {
  Peer peer(&trial, uint64_t{1} << 40);
  if (!peer.Connect()) return trial.Result();
  const uint64_t step = FittingVolume(trial, &peer);
  if (step == 0) return trial.Result();
  const auto echo = [&] { return EchoInStep(&peer, step); };
  if (!echo()) return trial.Result();
  const absl::StatusOr<Usage> first = trial.SettledUse();
  if (!first.ok()) return trial.CannotJudge("its processes can't be looked into");
  Usage before = *first;
  for (int looks = 0;; ++looks) {
    if (!echo()) return trial.Result();
    const absl::StatusOr<Usage> now = trial.SettledUse();
    if (!now.ok() || trial.Spent()) return trial.Result();
    const uint64_t grown = Grown(first->resident_bytes, now->resident_bytes);
    const std::string measured = absl::StrCat(
        "over ", Mebibytes(step * static_cast<uint64_t>(looks + 1)),
        " of one connection, all returned, its resident memory grew by ", Mebibytes(grown));
    const bool goes_on = Grown(before.resident_bytes, now->resident_bytes) > step / 2;
    if (!goes_on && looks > 0) {
      trial.Note(measured);
      peer.End();
      return trial.Result();
    }
    if (grown > kVolumeLeakedBytes) {
      return trial.Misbehaves(absl::StrCat(measured, " (bound: ", Mebibytes(kVolumeLeakedBytes),
                                           ", at half a byte each)"));
    }
    before = *now;
  }
}

}  // namespace verbatim
