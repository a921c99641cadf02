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

// A write that waits longer than that has failed.
template <int kMs>
struct GivesWriteUp : StreamHooks {
  int TimeoutMs(const HookedServer&) override { return 50; }
  void Tick(HookedServer& server) override {
    for (const auto& peer : server.peers()) {
      Last& last = last_[peer->number];
      if (peer->kept.empty() || peer->kept.size() != last.kept) last = {peer->kept.size()};
      if (!peer->kept.empty() && HasPassed(last.at, kMs)) peer->gone = true;
    }
  }

 private:
  struct Last {
    size_t kept = 0;
    Clock::time_point at = Clock::now();
  };
  std::map<int, Last> last_;
};

// So long after end-of-file it has had its time.
template <int kMs>
struct DropsAfterFin : StreamHooks {
  int TimeoutMs(const HookedServer&) override { return 50; }
  void Tick(HookedServer& server) override {
    for (const auto& peer : server.peers()) {
      if (peer->ended && HasPassed(peer->ended_at, kMs)) peer->gone = true;
    }
  }
};

// How many reads' worth are kept for each.
struct CountsPieces : StreamHooks {
  string Received(HookedServer&, HookedPeer& peer, string data) override {
    if (peer.kept.empty()) pieces_[peer.number] = 0;
    return ++pieces_[peer.number] > 1024 ? TooMany(peer, std::move(data)) : data;
  }
  // What is sent back then.
  virtual string TooMany(HookedPeer& peer, string data) = 0;

 private:
  std::map<int, int> pieces_;
};

// writev says EINVAL.
struct GathersTooMany : CountsPieces {
  string TooMany(HookedPeer& peer, string) override {
    peer.gone = true;
    return "";
  }
};

struct RingOfPieces : CountsPieces {
  string TooMany(HookedPeer&, string) override { return ""; }
};

// An answer that waits 44 ms, as Nagle's algorithm would have it.
struct Stalls : StreamHooks {
  virtual bool IsStalled(const string& data) const = 0;
  int TimeoutMs(const HookedServer& server) override {
    for (const auto& peer : server.peers()) {
      if (peer->marked) return 2;
    }
    return -1;
  }
  string Received(HookedServer&, HookedPeer& peer, string data) override {
    if (peer.marked || !IsStalled(data)) return data;
    peer.marked = true;
    since_ = Clock::now();
    return data;
  }
  bool MayWrite(HookedPeer& peer) override {
    peer.marked = peer.marked && !HasPassed(since_, 44);
    return !peer.kept.empty() && !peer.marked;
  }

 private:
  Clock::time_point since_;
};

struct StallsAbove4096 : Stalls {
  bool IsStalled(const string& data) const override { return data.size() > 4096; }
};

struct StallsWhenFull : Stalls {
  size_t BufferBytes() const override { return 8192; }
  bool IsStalled(const string& data) const override { return data.size() == 8192; }
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
      StreamRow<GivesWriteUp<1000>>("gives-up-after-1-s",
                                    "a peer that takes nothing for a second is closed",
                                    "SO_SNDTIMEO", {"stream.pressure.long-stall"}),
      StreamRow<GivesWriteUp<3000>>("gives-up-after-3-s",
                                    "a peer that takes nothing for 3 s is closed",
                                    "a timer for each write", {"stream.pressure.long-stall"}),
      StreamRow<DropsAfterFin<1000>>(
          "drops-1-s-after-fin", "a second after the FIN what is kept is dropped",
          "graceful closes with a limit", {"stream.halfclose.drains-late"}),
      StreamRow<DropsAfterFin<3000>>("drops-3-s-after-fin",
                                     "3 s after the FIN what is kept is dropped",
                                     "SO_LINGER with a time", {"stream.halfclose.drains-late"}),
      StreamRow<GathersTooMany>("gathers-too-many",
                                "more than 1,024 pieces for one writev end the connection",
                                "IOV_MAX that is not looked at", {"stream.pressure.many-pieces"}),
      StreamRow<RingOfPieces>("ring-of-1024-pieces", "what is beyond 1,024 pieces is dropped",
                              "rings of fixed length", {"stream.pressure.many-pieces"}),
      StreamRow<StallsAbove4096>("stalls-above-4096", "answers above 4,096 bytes wait 44 ms",
                                 "answers in two writes, with Nagle's algorithm",
                                 {"stream.prompt.no-stall"}),
      StreamRow<StallsWhenFull>("stalls-when-full", "a read that fills 8,192 bytes waits for more",
                                "loops that read until less than a buffer comes",
                                {"stream.prompt.no-stall"}),
      StreamRow<FullRingIsEmpty>("full-ring-is-empty", "a ring of 64 KiB that is full is empty",
                                 "rings without a count",
                                 {"stream.pressure.late-reader", "stream.pressure.slow-reader",
                                  "stream.halfclose.drains-slowly"}),
  };
}

}  // namespace verbatim
