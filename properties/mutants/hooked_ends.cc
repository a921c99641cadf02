// Mutants whose defect shows at the end of a connection, or after it: on others.
// Not for: the end of the server (hooked_process.cc).
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "properties/mutants/hooked_mutants.h"
#include "properties/mutants/hooked_server.h"

namespace verbatim {
namespace {

using std::string;
using std::chrono::milliseconds;

// With megabytes of the kernel's it is a matter of luck whether something is still kept at the end.
void HoldLittle(int fd) {
  const int bytes = 16 * 1024;
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

struct DrainTimeOut : StreamHooks {
  void Welcome(HookedServer&, HookedPeer& peer) override { HoldLittle(peer.fd.get()); }
  int TimeoutMs(const HookedServer& server) override {
    for (const auto& peer : server.peers()) {
      if (peer->ended) return 20;
    }
    return -1;
  }
  void Tick(HookedServer& server) override {
    for (const auto& peer : server.peers()) {
      if (peer->ended && Clock::now() > peer->ended_at + milliseconds(250)) peer->gone = true;
    }
  }
};

// The close comes after the last write, and there was none.
struct EmptyNeverEnds : StreamHooks {
  bool MayClose(HookedPeer& peer) override { return peer.received > 0; }
};

// The close comes with the end-of-file if all is written by then, and else never.
struct BacklogNeverEnds : StreamHooks {
  void Welcome(HookedServer&, HookedPeer& peer) override { HoldLittle(peer.fd.get()); }
  string AtEnd(HookedPeer& peer) override {
    peer.marked = !peer.kept.empty();
    return "";
  }
  bool MayClose(HookedPeer& peer) override { return !peer.marked; }
};

// Every third connection ends by a RST, though nothing is lost: it waits until all is acknowledged.
struct EveryThirdReset : StreamHooks {
  int TimeoutMs(const HookedServer& server) override {
    for (const auto& peer : server.peers()) {
      if (peer->ended) return 1;
    }
    return -1;
  }
  bool MayClose(HookedPeer& peer) override {
    if (peer.number % 3 != 2) return true;
    int unacknowledged = 0;
    ::ioctl(peer.fd.get(), SIOCOUTQ, &unacknowledged);
    if (unacknowledged > 0) return false;
    const linger at_once = {1, 0};
    ::setsockopt(peer.fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    return true;
  }
};

// Its neighbour in the list is taken for it.
struct NeighbourClosed : StreamHooks {
  void Leaves(HookedServer& server, HookedPeer& left) override {
    if (left.marked) return;
    for (const auto& peer : server.peers()) {
      if (peer->number <= left.number || peer->marked) continue;
      peer->gone = true;
      peer->marked = true;  // so that it does not go on along the list
      return;
    }
  }
};

// What is kept for a descriptor is not cleared when its connection breaks.
struct QueueByDescriptor : StreamHooks {
  void Welcome(HookedServer& server, HookedPeer& peer) override {
    server.Keep(peer, std::exchange(kept_[peer.fd.get()], ""));
  }
  void Leaves(HookedServer&, HookedPeer& peer) override { kept_[peer.fd.get()] = peer.kept.Take(); }

 private:
  std::map<int, string> kept_;
};

// What a partial write leaves is kept in one place for all.
struct SharedRemainder : StreamHooks {
  bool MayRead(const HookedServer&, HookedPeer& peer) override { return !peer.marked; }
  bool MayWrite(HookedPeer& peer) override {
    if (peer.marked && peer.kept.empty() && !rest_.empty()) peer.kept.Append(Take());
    return !peer.kept.empty();
  }
  void AfterWrite(HookedPeer& peer) override {
    peer.marked = !peer.kept.empty();
    if (peer.marked) rest_ = peer.kept.Take();
  }
  bool MayClose(HookedPeer& peer) override { return !peer.marked || rest_.empty(); }

 private:
  string Take() { return std::exchange(rest_, ""); }
  string rest_;
};

// The last of the list takes the place of one that left, and still looks in its old place.
struct IndexAfterRemoval : StreamHooks {
  void Welcome(HookedServer&, HookedPeer& peer) override {
    place_[peer.number] = order_.size();
    order_.push_back(peer.number);
  }
  string Received(HookedServer& server, HookedPeer& peer, string data) override {
    const size_t place = place_[peer.number];
    const int number = place < order_.size() ? order_[place] : -1;
    if (number == peer.number) return data;
    HookedPeer* const other = server.FindPeer(number);
    if (other == nullptr) return data;
    server.Keep(*other, data);
    return "";
  }
  void Leaves(HookedServer&, HookedPeer& peer) override {
    const auto at = std::find(order_.begin(), order_.end(), peer.number);
    *at = order_.back();
    order_.pop_back();
  }

 private:
  std::vector<int> order_;
  std::map<int, size_t> place_;
};

// An error is remembered, and the next connection's first read is taken for it.
struct DeafAfterReset : StreamHooks {
  void Broken(HookedPeer&, bool) override { broken_ = true; }
  void Welcome(HookedServer&, HookedPeer& peer) override {
    peer.marked = std::exchange(broken_, false);
  }
  string Received(HookedServer&, HookedPeer& peer, string data) override {
    return std::exchange(peer.marked, false) ? "" : data;
  }

 private:
  bool broken_ = false;
};

// A failed write is fatal to the server where much was kept for the peer.
struct DiesOfJammedReset : StreamHooks {
  void Broken(HookedPeer& peer, bool) override {
    if (peer.kept.size() >= kMostKept) ::_exit(1);
  }
};

}  // namespace

std::vector<Mutant> HookedEndMutants() {
  return {
      StreamRow<DrainTimeOut>("drain-time-out", "closed 250 ms after end-of-file, come what may",
                              "socat without -t", {"stream.halfclose.drains-slowly"}),
      StreamRow<EmptyNeverEnds>("empty-never-ends",
                                "a peer that sends nothing but its FIN is never closed",
                                "a close that follows the last write",
                                {"stream.halfclose.ends", "stream.survive.connect-close"}),
      StreamRow<BacklogNeverEnds>("backlog-never-ends",
                                  "no end where something was still to be written at end-of-file",
                                  "a close that is tried once",
                                  {"stream.halfclose.ends", "stream.halfclose.drains-slowly"}),
      StreamRow<EveryThirdReset>("every-third-reset",
                                 "every third connection ends by a RST, with nothing lost",
                                 "SO_LINGER of 0", {"stream.halfclose.ends-cleanly"}),
      StreamRow<NeighbourClosed>("neighbour-closed", "with a connection the next one is closed",
                                 "lists whose places move",
                                 {"stream.many.second-is-served", "stream.survive.reset"}),
      StreamRow<QueueByDescriptor>(
          "queue-by-descriptor",
          "what a broken connection left is sent to the next with its "
          "descriptor",
          "tables by descriptor that are not cleared",
          {"stream.survive.vanish", "stream.survive.reset", "stream.many.isolated"}),
      StreamRow<SharedRemainder>("shared-remainder",
                                 "what a partial write leaves is kept in one place for all",
                                 "static buffers", {"stream.many.isolated"}),
      StreamRow<IndexAfterRemoval>(
          "index-after-removal",
          "after a connection ended the last one's echo goes to the next newcomer",
          "lists whose places move", {"stream.many.isolated"}),
      StreamRow<DeafAfterReset>("deaf-after-reset",
                                "after a reset the next connection's first read is lost",
                                "an error that is looked at too late", {"stream.survive.reset"}),
      StreamRow<DiesOfJammedReset>(
          "dies-of-jammed-reset", "it exits where a peer for whom much is kept resets",
          "an error while a queue is flushed that nobody handles", {"stream.survive.reset"}),
  };
}

}  // namespace verbatim
