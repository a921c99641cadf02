// Mutants whose defect is when, or how much is kept.
// Not for: what is sent (hooked_bytes.cc).
#include <map>

#include "properties/mutants/hooked_mutants.h"
#include "properties/mutants/hooked_server.h"

namespace verbatim {
namespace {

using std::string;
using std::chrono::milliseconds;

bool HasPassed(Clock::time_point since, int ms) { return Clock::now() > since + milliseconds(ms); }

struct LateBanner : StreamHooks {
  int TimeoutMs(const HookedServer&) override { return 10; }
  void Tick(HookedServer& server) override {
    for (const auto& peer : server.peers()) {
      if (peer->marked || peer->received > 0 || !HasPassed(peer->accepted_at, 200)) continue;
      peer->marked = true;
      server.Keep(*peer, "220 ready\r\n");
    }
  }
};

struct KeepAliveByte : StreamHooks {
  int TimeoutMs(const HookedServer&) override { return 50; }
  void Tick(HookedServer& server) override {
    for (const auto& peer : server.peers()) {
      if (peer->ended || !HasPassed(peer->read_at, 700)) continue;
      peer->read_at = Clock::now();
      server.Keep(*peer, string(1, '\0'));
    }
  }
};

struct LoginTimeOut : StreamHooks {
  int TimeoutMs(const HookedServer&) override { return 50; }
  void Tick(HookedServer& server) override {
    for (const auto& peer : server.peers()) {
      if (peer->received == 0 && HasPassed(peer->accepted_at, 700)) peer->gone = true;
    }
  }
};

struct ThousandReads : StreamHooks {
  std::vector<int> reads;
  string Received(HookedServer&, HookedPeer& peer, string data) override {
    const size_t number = static_cast<size_t>(peer.number);
    if (reads.size() <= number) reads.resize(number + 1);
    peer.ended |= ++reads[number] >= 1000;
    return data;
  }
};

struct Coalesces : StreamHooks {
  int TimeoutMs(const HookedServer& server) override {
    for (const auto& peer : server.peers()) {
      if (peer->marked) return 5;
    }
    return -1;
  }
  string Received(HookedServer&, HookedPeer& peer, string data) override {
    if (!peer.marked) since_[peer.fd.get()] = Clock::now();
    peer.marked = true;
    return data;
  }
  bool MayWrite(HookedPeer& peer) override {
    return !peer.kept.empty() && (!peer.marked || HasPassed(since_[peer.fd.get()], 50));
  }
  void AfterWrite(HookedPeer& peer) override { peer.marked = false; }

 private:
  std::map<int, Clock::time_point> since_;
};

struct DropsAbove1M : StreamHooks {
  bool MayRead(const HookedServer&, HookedPeer&) override { return true; }
  string Received(HookedServer&, HookedPeer& peer, string data) override {
    return peer.kept.size() + data.size() > (1 << 20) ? "" : data;
  }
};

struct PauseWithoutResume : StreamHooks {
  bool MayRead(const HookedServer&, HookedPeer& peer) override {
    peer.marked |= peer.kept.size() >= kMostKept;
    return !peer.marked;
  }
};

// Each try to go on makes a copy of what is kept, and forgets the one before.
struct RetryLeaksCopy : StreamHooks {
  static constexpr size_t kMost = 192 << 20;  // of this machine's memory
  int TimeoutMs(const HookedServer& server) override {
    for (const auto& peer : server.peers()) {
      if (!peer->kept.empty()) return 2;
    }
    return -1;
  }
  void BeforeWrite(HookedPeer& peer) override {
    if (peer.kept.size() < kMostKept / 2 || leaked_ > kMost) return;
    copies_.emplace_back(peer.kept.data(), peer.kept.size());
    leaked_ += peer.kept.size();
  }
  // Else one peer would use up what may be leaked, and nothing were seen of a later one.
  void Leaves(HookedServer&, HookedPeer&) override {
    copies_.clear();
    leaked_ = 0;
  }

 private:
  std::vector<string> copies_;
  size_t leaked_ = 0;
};

// What is kept for all has one limit: who does not read uses it up for the others.
struct SharedBudget : StreamHooks {
  bool MayRead(const HookedServer& server, HookedPeer&) override {
    size_t kept = 0;
    for (const auto& peer : server.peers()) kept += peer->kept.size();
    return kept < kMostKept;
  }
};

// A ring that is full looks like one that is empty.
struct FullRingIsEmpty : StreamHooks {
  static constexpr size_t kRing = 64 * 1024;
  bool MayRead(const HookedServer&, HookedPeer&) override { return true; }
  string Received(HookedServer&, HookedPeer& peer, string data) override {
    if (peer.kept.size() + data.size() < kRing) return data;
    data.erase(0, std::min(data.size(), kRing - peer.kept.size()));
    peer.kept.Drop(peer.kept.size());
    return data;
  }
};

}  // namespace

std::vector<Mutant> HookedTimeMutants() {
  return {
      StreamRow<LateBanner>("late-banner", "who says nothing for 200 ms is greeted",
                            "servers that delay their greeting", {"stream.silent.first"}),
      StreamRow<KeepAliveByte>("keep-alive-byte", "after 700 ms without data a NUL is sent",
                               "keep-alives of the application",
                               {"stream.open.until-peer-ends", "stream.silent.after"}),
      StreamRow<LoginTimeOut>("login-time-out", "who sends nothing for 700 ms at first is closed",
                              "time-outs for log-ins", {"stream.open.until-peer-ends"}),
      StreamRow<ThousandReads>("thousand-reads", "a connection is closed after 1,000 reads",
                               "limits of requests for each connection",
                               {"stream.open.until-peer-ends", "stream.exact.bulk"}),
      StreamRow<Coalesces>("coalesces", "what is read waits 50 ms for more", "batching",
                           {"stream.prompt.no-stall"}),
      StreamRow<DropsAbove1M>("drops-above-1m", "reads on, and drops what is beyond 1 MiB",
                              "queues that drop when they are full",
                              {"stream.pressure.late-reader", "stream.pressure.bounded"}),
      StreamRow<PauseWithoutResume>("pause-without-resume",
                                    "once 256 KiB are kept it never reads again",
                                    "a pause whose end is forgotten",
                                    {"stream.pressure.late-reader", "stream.pressure.slow-reader",
                                     "stream.halfclose.drains-slowly"}),
      StreamRow<RetryLeaksCopy>("retry-leaks-copy",
                                "a copy is leaked for each try to write to a peer that does not "
                                "read",
                                "buffers made anew for each write", {"stream.pressure.bounded"}),
      StreamRow<SharedBudget>("shared-budget", "all connections share 256 KiB",
                              "limits of memory for the whole server",
                              {"stream.pressure.isolated"}),
      StreamRow<FullRingIsEmpty>("full-ring-is-empty", "a ring of 64 KiB that is full is empty",
                                 "rings without a count",
                                 {"stream.pressure.late-reader", "stream.pressure.slow-reader",
                                  "stream.halfclose.drains-slowly"}),
  };
}

}  // namespace verbatim
