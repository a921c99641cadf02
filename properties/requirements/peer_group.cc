// Waiting for many peers at once, and telling whose bytes came on the wrong one.
// Not for: one peer (peer.cc).
#include <poll.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "core/posix_kernel.h"
#include "core/status.h"
#include "properties/requirements/peer.h"
#include "properties/stage/socket/quiet.h"

namespace verbatim {
namespace {

constexpr int64_t kServedMs = 300;  // who is to be served at all is by then

// Wrong bytes that are another peer's.
void TraceLeak(const std::deque<Peer>& peers, Verdict* verdict) {
  const uint64_t skip = verdict->offset - verdict->window_offset;
  if (verdict->seen.size() < skip + kWindowBytes) return;
  for (const Peer& peer : peers) {
    const bool own = peer.number() == verdict->connection;
    if (own || !peer.payload().Locate(absl::string_view(verdict->seen).substr(skip))) continue;
    verdict->kind = Verdict::Kind::kLeaked;
    verdict->from_connection = static_cast<uint32_t>(peer.number());
    return;
  }
}

// Those for which something is due, and what to poll for them.
struct Waiting {
  std::vector<Peer*> peers;
  std::vector<pollfd> polls;
};

Waiting NotCaughtUp(std::deque<Peer>* peers) {
  Waiting waiting;
  for (Peer& peer : *peers) {
    if (peer.CaughtUp()) continue;
    waiting.peers.push_back(&peer);
    waiting.polls.push_back({peer.line().fd(), POLLIN, 0});
  }
  return waiting;
}

}  // namespace

bool AwaitAll(Trial& trial, std::deque<Peer>* peers, bool end_each) {
  const int64_t deadline_ms = trial.budget().deadline_ms;
  Quiet quiet(trial.budget().patience);
  while (true) {
    Waiting waiting = NotCaughtUp(peers);
    if (waiting.peers.empty()) return true;
    const int64_t left_ms = quiet.LeftMs(deadline_ms);
    if (left_ms <= 0 || trial.Spent()) {
      return waiting.peers.front()->Silent(quiet.WaitedMs(deadline_ms));
    }
    const int timeout_ms = static_cast<int>(trial.budget().Within(left_ms));
    RetryEintr(
        [&] { return PosixKernel().Poll(waiting.polls.data(), waiting.polls.size(), timeout_ms); });
    for (size_t i = 0; i < waiting.polls.size(); ++i) {
      if (waiting.polls[i].revents == 0) continue;
      if (!waiting.peers[i]->Receive()) {
        TraceLeak(*peers, trial.failure());
        return false;
      }
      if (end_each && waiting.peers[i]->CaughtUp()) waiting.peers[i]->End();
      quiet.Moved();  // however long that end was waited for
    }
  }
}

bool FillUp(Trial& trial, size_t count, std::deque<Peer>* peers, uint64_t coded_bytes) {
  while (peers->size() < count && !trial.Spent()) {
    const int64_t limit_ms = peers->empty() ? trial.budget().deadline_ms : kServedMs;
    coded_bytes == 0 ? peers->emplace_back(&trial) : peers->emplace_back(&trial, coded_bytes);
    Peer& peer = peers->back();
    const uint64_t bytes = coded_bytes == 0 ? peer.payload().size_bytes() : kWindowBytes;
    if (!peer.IsServedWithin(limit_ms, bytes)) return true;
  }
  return false;
}

void EndAll(Trial& trial, bool full, std::deque<Peer>* peers) {
  for (size_t i = 0; i + (full ? 1 : 0) < peers->size(); ++i) (*peers)[i].End();
  if (!full) return;
  // It is served only now, or never: that is judged by others.
  peers->back().Drain(trial.budget().deadline_ms);
  peers->back().Close();
}

}  // namespace verbatim
