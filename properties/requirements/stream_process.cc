// Requirements on the target's processes: what they take in, burn and hold, and how they stop.
// Not for: bytes.
#include <algorithm>
#include <deque>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "properties/requirements/peer.h"
#include "properties/requirements/processor.h"
#include "properties/requirements/stream_trials.h"
#include "properties/stage/socket/lines.h"

namespace verbatim {
namespace {

constexpr uint64_t kMaxPushedBytes = 64 << 20;
constexpr uint64_t kIdleBytes = 8 << 20;  // what a collector may add meanwhile
constexpr int64_t kBlockMs = 500;         // nothing accepted for so long: it blocks

constexpr uint64_t kFewDescriptors = 32;
constexpr size_t kMoreThanFew = 64;
constexpr int64_t kFullMs = 300;
constexpr int kAfterwards = 3;
constexpr uint64_t kFullPercent = 10;
constexpr int kAtWorkLooks = 6;

constexpr int kStopMs = 5000;

}  // namespace

// A peer that never reads is stopped at some point, by the target's back-pressure.
absl::StatusOr<Verdict> PressureBounded(Trial& trial) {
  const absl::StatusOr<Usage> before = trial.target().Use();
  Peer peer(&trial, uint64_t{64 * 1024});
  if (!peer.Connect()) return trial.Result();
  uint64_t accepted = peer.Push(kMaxPushedBytes + 1, kBlockMs);
  // One that is still at work on what it took, or waits for a processor, has not stopped us yet.
  for (int i = 0; i < kAtWorkLooks && accepted <= kMaxPushedBytes && IsAtWork(trial); ++i) {
    accepted = peer.Push(kMaxPushedBytes + 1, kBlockMs);
  }
  if (trial.Spent()) return trial.Result();
  const absl::StatusOr<Usage> blocked = trial.target().Use();
  if (blocked.ok() && accepted <= kMaxPushedBytes) trial.Pause(kBlockMs);
  const absl::StatusOr<Usage> after = trial.target().Use();
  std::string note =
      absl::StrCat(accepted > kMaxPushedBytes ? "more than " : "", Mebibytes(accepted),
                   " were accepted of a peer that did not read");
  uint64_t grown = 0;
  if (before.ok() && after.ok()) {
    grown = after->resident_bytes - std::min(before->resident_bytes, after->resident_bytes);
    absl::StrAppend(&note, ", its resident memory grew by ", Mebibytes(grown));
  }
  // Read to the end, so that nobody is blamed here for how it takes a reset; what is still on the
  // way is judged no more.
  peer.Drain(trial.budget().deadline_ms);
  peer.Close();
  if (blocked.ok() && after.ok()) {
    const uint64_t idle =
        after->resident_bytes - std::min(blocked->resident_bytes, after->resident_bytes);
    if (idle > kIdleBytes) {
      return trial.Misbehaves(absl::StrCat("while it took nothing more of a peer that does not ",
                                           "read, its memory grew by ", Mebibytes(idle), " in ",
                                           kBlockMs, " ms (bound: ", Mebibytes(kIdleBytes), ")"));
    }
  }
  if (accepted <= kMaxPushedBytes && grown <= kMaxPushedBytes) {
    trial.Note(note);
    return trial.Result();
  }
  return trial.Misbehaves(absl::StrCat(note, " (bound: ", Mebibytes(kMaxPushedBytes), ")"));
}

// Out of descriptors it waits without a busy loop, and serves again once connections have ended.
absl::StatusOr<Verdict> SurviveFdExhaustion(Trial& trial) {
  if (!trial.UseOwnInstance(kFewDescriptors)) return trial.Result();
  std::deque<Peer> peers;
  const bool full = FillUp(trial, kMoreThanFew, &peers);
  const size_t count = peers.size() - (full ? 1 : 0);
  const std::string served = absl::StrCat("with ", kFewDescriptors, " descriptors it served ",
                                          count, " connections at once");
  if (count == 0) return trial.CannotJudge(served);  // it may need more to start with
  std::optional<uint64_t> percent;
  if (full) percent = SteadyPercent(trial, kFullMs, kFullPercent);
  EndAll(trial, full, &peers);
  for (int i = 0; i < kAfterwards; ++i) {
    Peer later(&trial);
    if (!later.Connect() || !later.Greet()) return trial.Result();
    later.End();
  }
  const std::string used =
      percent ? absl::StrCat(" and then used ", *percent, " % of a processor") : "";
  trial.Note(absl::StrCat(served, full ? used : " and was not exhausted"));
  if (percent.value_or(0) <= kFullPercent) return trial.Result();
  return trial.Misbehaves(
      absl::StrCat(served, used, ", while no more could be had (bound: ", kFullPercent, " %)"));
}

// The connection that is open then leaves its end of the port behind (FIN-WAIT or TIME-WAIT), which
// keeps a server off it that binds without SO_REUSEADDR (socket(7)).
absl::StatusOr<Verdict> StopSigterm(Trial& trial) {
  if (!trial.UseOwnInstance()) return trial.Result();
  Peer open(&trial);
  if (!open.Connect() || !open.Greet()) return trial.Result();
  const int64_t start_us = NowUs();
  trial.target().Terminate();
  const std::optional<std::string> end =
      trial.target().DiedWithin(static_cast<int>(trial.budget().Within(kStopMs)));
  if (!end && trial.Spent()) return trial.Result();
  if (!end) return trial.Misbehaves(absl::StrCat("it still runs ", kStopMs, " ms after SIGTERM"));
  const std::string ended =
      absl::StrCat("it ", *end, " ", (NowUs() - start_us) / 1000, " ms after SIGTERM");
  open.End();
  trial.Note(ended);
  const absl::Status again =
      trial.target().StartAgain(trial.budget().Within(trial.budget().start_deadline_ms));
  if (again.ok() || trial.Spent()) return trial.Result();
  if (!absl::IsUnavailable(again)) return again;
  return trial.Misbehaves(
      absl::StrCat(ended, "; started again on the same port at once, ", again.message()));
}

}  // namespace verbatim
