// Mutants whose defect needs many connections, or the many that were before.
// Not for: one connection's end (hooked_ends.cc).
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "properties/mutants/hooked_mutants.h"
#include "properties/mutants/hooked_server.h"

namespace verbatim {
namespace {

using std::string;

struct BusyNotice : StreamHooks {
  void Welcome(HookedServer& server, HookedPeer& peer) override {
    if (server.peers().size() > 1000) server.Keep(peer, "busy, please wait\r\n");
  }
};

// Wants to know who it is first, and waits for that.
struct BlockingFirstRead : StreamHooks {
  void Welcome(HookedServer&, HookedPeer& peer) override {
    pollfd first = {peer.fd.get(), POLLIN, 0};
    ::poll(&first, 1, -1);
  }
};

struct PoolOf64 : StreamHooks {
  bool MayAccept(const HookedServer& server) override { return server.peers().size() < 64; }
};

struct SmallBacklog : StreamHooks {
  static constexpr int kLookUpMs = 5;
  int Start(int listener) override {
    ::listen(listener, 1);
    return listener;
  }
  // Looks up the peer's name, say.
  void Welcome(HookedServer&, HookedPeer&) override { ::poll(nullptr, 0, kLookUpMs); }
};

// Edge-triggered: those that came together are told of once (epoll (7)).
struct OneAcceptAnEdge : StreamHooks {
  static constexpr int kBusyMs = 5;
  int Start(int listener) override {
    epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
    epoll_event event = {EPOLLIN | EPOLLET, {}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener, &event);
    return epoll_.get();
  }
  void BeforeAccept() override {
    ::poll(nullptr, 0, kBusyMs);
    epoll_event event;
    ::epoll_wait(epoll_.get(), &event, 1, 0);
  }
  bool AcceptsAllThatWait() const override { return false; }

 private:
  UniqueFd epoll_;
};

// Who connects without a word is an attacker; all come from one address.
struct BansAfter50 : StreamHooks {
  void Welcome(HookedServer&, HookedPeer& peer) override { peer.gone = banned_ >= 50; }
  void Leaves(HookedServer&, HookedPeer& peer) override { banned_ += peer.received == 0; }

 private:
  int banned_ = 0;
};

struct TableOf2048 : StreamHooks {
  void Welcome(HookedServer&, HookedPeer& peer) override { peer.gone = peer.number >= 2048; }
};

struct BrokenPipeLeaks : StreamHooks {
  void Broken(HookedPeer& peer, bool writing) override {
    if (writing) static_cast<void>(peer.fd.Release());
  }
};

// Now and then it says goodbye, and forgets to close.
struct LeakOneInHundred : StreamHooks {
  void Leaves(HookedServer&, HookedPeer& peer) override {
    if (peer.number % 100 != 99) return;
    ::shutdown(peer.fd.get(), SHUT_RDWR);
    static_cast<void>(peer.fd.Release());
  }
};

struct LeaksMemory : StreamHooks {
  void Welcome(HookedServer&, HookedPeer&) override { leaked_.emplace_back(16 * 1024, 'x'); }

 private:
  std::vector<string> leaked_;
};

struct ExhaustedForGood : StreamHooks {
  bool RecoversFromEmfile() const override { return false; }
};

}  // namespace

std::vector<Mutant> HookedManyMutants() {
  return {
      StreamRow<BusyNotice>("busy-notice", "above 1,000 connections a notice is sent first",
                            "servers that ask for patience", {"stream.many.thousand"}),
      StreamRow<BlockingFirstRead>(
          "blocking-first-read", "nobody is served before the newest has sent something",
          "a handshake in the loop of accept", {"stream.many.second-is-served"}),
      StreamRow<PoolOf64>("pool-of-64", "64 connections at a time, the others wait",
                          "pools of threads", {"stream.many.thousand"}),
      StreamRow<SmallBacklog>("small-backlog", "listen (2) with 1, and 5 ms for each connection",
                              "servers that look up names", {"stream.many.backlog"}),
      StreamRow<OneAcceptAnEdge>(
          "one-accept-an-edge", "edge-triggered epoll, but one accept for each edge",
          "listening sockets with EPOLLET", {"stream.many.backlog", "stream.many.thousand"}),
      StreamRow<BansAfter50>("bans-after-50", "after 50 connections without a byte all are refused",
                             "protection from scans", {"stream.survive.connect-close"}),
      StreamRow<TableOf2048>("table-of-2048", "the 2,049th connection and all later are closed",
                             "places that are not used again", {"stream.survive.churn"}),
      StreamRow<BrokenPipeLeaks>("broken-pipe-leaks",
                                 "after a write that fails the descriptor is not closed",
                                 "errors that return too early", {"stream.survive.churn"}),
      StreamRow<LeakOneInHundred>("leak-one-in-hundred",
                                  "every hundredth connection's descriptor is not closed",
                                  "a rare way out", {"stream.survive.churn"}),
      StreamRow<LeaksMemory>("leaks-memory", "16 KiB of memory are leaked for each connection",
                             "buffers that are not freed", {"stream.survive.churn"}),
      StreamRow<ExhaustedForGood>(
          "exhausted-for-good", "after EMFILE no connection is ever accepted again",
          "a pause whose end is forgotten", {"stream.survive.fd-exhaustion"}),
  };
}

}  // namespace verbatim
