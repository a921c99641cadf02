// Requirements on the target's processes: what they take in, burn and hold, and how they stop.
// Not for: bytes.
#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "properties/requirements/peer.h"
#include "properties/requirements/stream_trials.h"

namespace verbatim {
namespace {

constexpr uint64_t kPushBytes = 64 << 20;
constexpr uint64_t kIdleBytes = 8 << 20;  // what a collector may add meanwhile
constexpr int64_t kQuietMs = 200;         // nothing came for so long: enough was read
constexpr int64_t kBlockMs = 500;         // nothing accepted for so long: it blocks

constexpr uint64_t kFewDescriptors = 32;
constexpr size_t kMoreThanFew = 64;
constexpr int64_t kServedMs = 300;
constexpr int64_t kFullMs = 300;
constexpr int kAfterwards = 3;

constexpr size_t kIdle = 10;
constexpr int64_t kIdleMs = 500;
// Of the time. A timer of 10 ms takes less than 1 %; a busy loop takes all that it gets, which is
// little on a busy machine.
constexpr uint64_t kIdlePercent = 4;
constexpr uint64_t kIdleWakes = 500;  // a second; that timer has 100
constexpr uint64_t kFullPercent = 10;
constexpr uint64_t kAllAlongPercent = 80;
constexpr int64_t kAtWorkMs = 50;
constexpr int kAtWorkLooks = 6;

constexpr int kStopMs = 5000;

int64_t UsNow() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

// The processor time that the target used while `duration_ms` went by, in percent of that time. It
// is its own time, so that a busy machine makes it less and never more; where it wanted to run all
// along, and was not let, it is what it wanted. nullopt if it can't be seen.
std::optional<uint64_t> PercentOfProcessor(Trial& trial, int64_t duration_ms) {
  const int64_t start_us = UsNow();
  const absl::StatusOr<Usage> before = trial.target().Use();
  trial.Pause(duration_ms);
  const absl::StatusOr<Usage> after = trial.target().Use();
  if (!before.ok() || !after.ok() || after->cpu_us < before->cpu_us) return std::nullopt;
  const uint64_t passed_us = static_cast<uint64_t>(UsNow() - start_us) + 1;
  const uint64_t wanted_us = after->wanted_us - std::min(before->wanted_us, after->wanted_us);
  const uint64_t wanted = wanted_us * 100 / passed_us;
  return wanted >= kAllAlongPercent ? wanted : (after->cpu_us - before->cpu_us) * 100 / passed_us;
}

// The same, and where it is over `bound` a second look: what a compiler or a collector does once is
// no loop. The lower of both.
std::optional<uint64_t> SteadyPercent(Trial& trial, int64_t duration_ms, uint64_t bound) {
  const std::optional<uint64_t> first = PercentOfProcessor(trial, duration_ms);
  if (!first || *first <= bound) return first;
  const std::optional<uint64_t> second = PercentOfProcessor(trial, duration_ms);
  return second ? std::min(*first, *second) : second;
}

bool IsAtWork(Trial& trial) {
  return PercentOfProcessor(trial, kAtWorkMs).value_or(0) >= kAllAlongPercent;
}

}  // namespace

// A peer that never reads is stopped at some point, by the target's back-pressure.
absl::StatusOr<Verdict> PressureBounded(Trial& trial) {
  const absl::StatusOr<Usage> before = trial.target().Use();
  Peer peer(&trial, uint64_t{64 * 1024});
  if (!peer.Connect()) return trial.Result();
  uint64_t accepted = peer.Push(kPushBytes + 1, kBlockMs);
  // One that is still at work on what it took, or waits for a processor, has not stopped us yet.
  for (int i = 0; i < kAtWorkLooks && accepted <= kPushBytes && IsAtWork(trial); ++i) {
    accepted = peer.Push(kPushBytes + 1, kBlockMs);
  }
  if (trial.Spent()) return trial.Result();
  const absl::StatusOr<Usage> blocked = trial.target().Use();
  if (blocked.ok() && accepted <= kPushBytes) trial.Pause(kBlockMs);
  const absl::StatusOr<Usage> after = trial.target().Use();
  std::string note = absl::StrCat(accepted > kPushBytes ? "more than " : "", Mebibytes(accepted),
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
  if (accepted <= kPushBytes && grown <= kPushBytes) {
    trial.Note(note);
    return trial.Result();
  }
  return trial.Misbehaves(absl::StrCat(note, " (bound: ", Mebibytes(kPushBytes), ")"));
}

namespace {

// Opens `count` connections, fewer if one is not served. Whether one was not.
bool FillUp(Trial& trial, size_t count, std::deque<Peer>* peers) {
  while (peers->size() < count && !trial.Spent()) {
    const int64_t limit_ms = peers->empty() ? trial.budget().deadline_ms : kServedMs;
    peers->emplace_back(&trial);
    if (!peers->back().IsServedWithin(limit_ms)) return true;
  }
  return false;
}

// The last one, if it was not served, is so only now, or never: that is judged by others.
void EndAll(Trial& trial, bool full, std::deque<Peer>* peers) {
  for (size_t i = 0; i + (full ? 1 : 0) < peers->size(); ++i) (*peers)[i].End();
  if (!full) return;
  peers->back().Drain(trial.budget().deadline_ms);
  peers->back().Close();
}

}  // namespace

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

namespace {

// What the target burns while its connections are left alone; the first that is too much is the
// trial's result. Whether all was well.
bool CostsNothing(Trial& trial, const std::string& connections) {
  const absl::StatusOr<Usage> before = trial.target().Use();
  const int64_t start_us = UsNow();
  const std::optional<uint64_t> percent = SteadyPercent(trial, kIdleMs, kIdlePercent);
  const absl::StatusOr<Usage> after = trial.target().Use();
  if (trial.Spent()) return false;
  if (!percent || !before.ok() || !after.ok()) {
    trial.CannotJudge("its processes can't be looked into").IgnoreError();
    return false;
  }
  const uint64_t passed_us = static_cast<uint64_t>(UsNow() - start_us) + 1;
  const uint64_t wakes =
      (after->wakes - std::min(before->wakes, after->wakes)) * 1'000'000 / passed_us;
  const std::string measured =
      absl::StrCat(connections, " it uses ", *percent, " % of a processor, and wakes ", wakes,
                   " times a second");
  if (trial.note().empty()) trial.Note(measured);
  if (*percent <= kIdlePercent && wakes <= kIdleWakes) return true;
  trial.Misbehaves(absl::StrCat(measured, " (bounds: ", kIdlePercent, " %, ", kIdleWakes, ")"))
      .IgnoreError();
  return false;
}

// Sends without reading until the target takes no more.
bool Jam(Trial& trial, Peer* peer) {
  if (!peer->Connect()) return false;
  peer->Push(kPushBytes, kBlockMs);
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
  if (!CostsNothing(trial, "with peers that do not read, one of them half-closed,")) return;
  jammed[0].Drain(kQuietMs);
  jammed[1].Drain(kQuietMs);
  jammed[1].Close();
  trial.Has(kTcp) ? jammed[2].Reset() : jammed[2].Close();
  for (size_t i = 0; i < peers->size() / 2; ++i) (*peers)[i].End();
  CostsNothing(trial, "after a backlog was read, and others have ended,");
  jammed[0].Close();
}

}  // namespace

// One that serves them in turn is not blamed here: so many as are served are idle.
absl::StatusOr<Verdict> IdleNoCpu(Trial& trial) {
  std::deque<Peer> peers;
  const bool full = FillUp(trial, kIdle, &peers);
  const size_t count = peers.size() - (full ? 1 : 0);
  if (count == 0) return trial.CannotJudge("it served no connection");
  const bool nothing = CostsNothing(
      trial, absl::StrCat("with ", count, count == 1 ? " idle connection" : " idle connections"));
  if (nothing && !full) CostsNothingLater(trial, &peers);
  EndAll(trial, full, &peers);
  return trial.Result();
}

// The connection that is open then leaves its end of the port behind (FIN-WAIT or TIME-WAIT), which
// keeps a server off it that binds without SO_REUSEADDR (socket(7)).
absl::StatusOr<Verdict> StopSigterm(Trial& trial) {
  if (!trial.UseOwnInstance()) return trial.Result();
  Peer open(&trial);
  if (!open.Connect() || !open.Greet()) return trial.Result();
  const int64_t start_us = UsNow();
  trial.target().Terminate();
  const std::optional<std::string> end =
      trial.target().DiedWithin(static_cast<int>(trial.budget().Within(kStopMs)));
  if (!end && trial.Spent()) return trial.Result();
  if (!end) return trial.Misbehaves(absl::StrCat("it still runs ", kStopMs, " ms after SIGTERM"));
  const std::string ended =
      absl::StrCat("it ", *end, " ", (UsNow() - start_us) / 1000, " ms after SIGTERM");
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
