// Mutants whose defect needs many connections, or the many that were before.
// Not for: one connection's end (hooked_ends.cc).
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

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

struct EndsWhenExhausted : StreamHooks {
  void OutOfDescriptors(HookedServer& server) override { server.Finish(); }
};

// An answer waits in a place until the loop comes round; there are kPlaces, and the second of one
// round overwrites the first.
template <int kPlaces>
struct SharedPlaces : StreamHooks {
  int TimeoutMs(const HookedServer&) override { return waiting_.empty() ? -1 : 0; }
  void Tick(HookedServer& server) override {
    for (const int number : waiting_) {
      HookedPeer* const peer = server.FindPeer(number);
      if (peer != nullptr) server.Keep(*peer, places_[Place(number)]);
      if (peer != nullptr) peer->marked = false;
    }
    waiting_.clear();
  }
  bool MayRead(const HookedServer&, HookedPeer& peer) override {
    return !peer.marked && peer.kept.size() < kMostKept;
  }
  string Received(HookedServer&, HookedPeer& peer, string data) override {
    places_[Place(peer.number)] = std::move(data);
    waiting_.push_back(peer.number);
    peer.marked = true;
    return "";
  }
  bool MayClose(HookedPeer& peer) override { return !peer.marked; }

 private:
  static size_t Place(int number) { return static_cast<size_t>(number % kPlaces); }
  string places_[kPlaces];
  std::vector<int> waiting_;
};

// From the 65th on, who are in the second array, an index is one too small.
struct SecondArrayShifted : StreamHooks {
  string Received(HookedServer& server, HookedPeer& peer, string data) override {
    if (server.peers().size() <= 64 || server.peers().back().get() != &peer) return data;
    server.Keep(*server.peers()[64 - 1], data);
    return "";
  }
};

struct SilentLeaks : StreamHooks {
  void Leaves(HookedServer&, HookedPeer& peer) override {
    if (peer.received > 0) return;
    ::shutdown(peer.fd.get(), SHUT_RDWR);
    static_cast<void>(peer.fd.Release());
  }
};

struct RetiresAfter1000 : StreamHooks {
  void Welcome(HookedServer& server, HookedPeer& peer) override {
    if (peer.number >= 1000) server.Finish();
  }
};

// A list of those that have left has 64 places, of one round.
struct EndsWithACrowd : StreamHooks {
  int TimeoutMs(const HookedServer&) override { return left_ > 0 ? 0 : -1; }
  void Tick(HookedServer&) override { left_ = 0; }
  void Leaves(HookedServer& server, HookedPeer&) override {
    if (++left_ > 3) server.Finish();
  }

 private:
  int left_ = 0;
};

// Each waits for a message that never comes.
struct ThreadStays : StreamHooks {
  ~ThreadStays() override {
    for (std::thread& thread : threads_) thread.detach();
  }
  void Leaves(HookedServer&, HookedPeer&) override {
    if (threads_.size() < 5000) threads_.emplace_back([] { ::pause(); });
  }

 private:
  std::vector<std::thread> threads_;
};

struct ResetLeaksMemory : StreamHooks {
  void Broken(HookedPeer&, bool writing) override {
    if (!writing) leaked_.emplace_back(size_t{128} * 1024, 'x');
  }

 private:
  std::vector<string> leaked_;
};

struct KeepsAllBytes : StreamHooks {
  string Received(HookedServer&, HookedPeer&, string data) override {
    log_.push_back(data);
    return data;
  }

 private:
  std::vector<string> log_;
};

// What is written is skipped, and its memory is given back with the connection.
struct FrontNeverFreed : StreamHooks {
  string Received(HookedServer&, HookedPeer& peer, string data) override {
    peer.held += data;
    return data;
  }
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
      StreamRow<EndsWhenExhausted>("ends-when-exhausted", "EMFILE ends the server", "docker-proxy",
                                   {"stream.survive.fd-exhaustion"}),
      StreamRow<SharedPlaces<16>>("shared-places-16",
                                  "connections that are 16 apart share a place for an answer",
                                  "tables that are too small", {"stream.many.hundred-isolated"}),
      StreamRow<SecondArrayShifted>(
          "second-array-shifted", "the newest of more than 64 is answered on the 64th's connection",
          "tables in two parts", {"stream.many.hundred-isolated", "stream.many.thousand"}),
      StreamRow<SilentLeaks>("silent-leaks", "who leaves without a word leaves a descriptor behind",
                             "end-of-file before the first request", {"stream.survive.churn"}),
      // A forking server without hooks (forking_server.cc).
      {Defect::kOneWaitForEach,
       0,
       "one-wait-for-each",
       "one child is waited for at each SIGCHLD, which is not queued",
       "the first handler of Stevens's UNIX Network Programming",
       {"stream.survive.churn"}},
      StreamRow<RetiresAfter1000>("retires-after-1000", "the thousandth connection is its last",
                                  "workers whose parent is missing",
                                  {"stream.survive.churn", "stream.many.thousand"}),
      StreamRow<EndsWithACrowd>("ends-with-a-crowd",
                                "more than 3 that leave at once end the server",
                                "lists of fixed length", {"stream.survive.churn"}),
      StreamRow<ThreadStays>("thread-stays", "each connection leaves a thread behind",
                             "threads that nobody joins", {"stream.survive.churn"}),
      StreamRow<ResetLeaksMemory>("reset-leaks-memory", "each reset leaves 128 KiB behind",
                                  "a way out on which the buffer is not freed",
                                  {"stream.survive.churn"}),
      StreamRow<KeepsAllBytes>("keeps-all-bytes", "every byte that was echoed stays in memory",
                               "logs of all that came", {"stream.survive.volume"}),
      StreamRow<FrontNeverFreed>("front-never-freed",
                                 "what is written is freed only with its connection",
                                 "queues that grow at their end alone", {"stream.survive.volume"}),
  };
}

}  // namespace verbatim
