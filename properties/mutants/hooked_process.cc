// Mutants whose defect is the process's: what it costs, how it is stopped; and urgent data.
// Not for: bytes (hooked_bytes.cc).
#include <poll.h>
#include <sys/socket.h>

#include <csignal>

#include "properties/mutants/hooked_mutants.h"
#include "properties/mutants/hooked_server.h"

namespace verbatim {
namespace {

using std::string;

struct LooksEveryMs : StreamHooks {
  int TimeoutMs(const HookedServer& server) override { return server.peers().empty() ? -1 : 1; }
  void Tick(HookedServer& server) override {
    char byte = 0;
    for (const auto& peer : server.peers()) ::recv(peer->fd.get(), &byte, 1, MSG_PEEK);
  }
};

// What waits for POLLOUT after the first echo does so for ever, and it can always be written.
struct WritableForEver : StreamHooks {
  short MoreInterest(const HookedPeer& peer) override {
    return peer.received > 0 && !peer.ended ? POLLOUT : 0;
  }
};

// The end of the stream is told again and again, as long as something is to be written.
struct EndToldAgain : StreamHooks {
  short MoreInterest(const HookedPeer& peer) override {
    return peer.ended && peer.kept.size() > 0 ? POLLIN : 0;
  }
};

struct SigtermIgnored : StreamHooks {
  int Start(int listener) override {
    std::signal(SIGTERM, SIG_IGN);
    return listener;
  }
};

volatile std::sig_atomic_t terminated = 0;

// No new connections, and then it waits until all are gone by themselves.
struct SigtermWaits : StreamHooks {
  int Start(int listener) override {
    std::signal(SIGTERM, [](int) { terminated = 1; });
    return listener;
  }
  int TimeoutMs(const HookedServer&) override { return 20; }
  void Tick(HookedServer& server) override {
    if (terminated != 0 && server.peers().empty()) server.Finish();
  }
  bool MayAccept(const HookedServer&) override { return terminated == 0; }
};

// As if it had been bound without: what matters is that its connections don't have it (socket (7)).
struct NoReuseAddress : StreamHooks {
  int Start(int listener) override {
    const int off = 0;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &off, sizeof(off));
    return listener;
  }
};

// What telnet does at a Synch (RFC 854): all before the mark is discarded.
struct UrgentDiscards : StreamHooks {
  static constexpr int kBusyMs = 1;
  short MoreInterest(const HookedPeer& peer) override { return peer.ended ? 0 : POLLPRI; }
  void BeforeRead(HookedPeer& peer) override {
    ::poll(nullptr, 0, kBusyMs);
    pollfd urgent = {peer.fd.get(), POLLPRI, 0};
    if (::poll(&urgent, 1, 0) != 1 || (urgent.revents & POLLPRI) == 0) return;
    char discarded[4096];
    while (::sockatmark(peer.fd.get()) == 0) {
      if (::recv(peer.fd.get(), discarded, sizeof(discarded), 0) <= 0) break;
    }
    ::recv(peer.fd.get(), discarded, 1, MSG_OOB);
  }
};

}  // namespace

std::vector<Mutant> HookedProcessMutants() {
  return {
      StreamRow<LooksEveryMs>("looks-every-ms", "every connection is looked at each millisecond",
                              "loops with a short sleep", {"stream.idle.no-cpu"}),
      StreamRow<WritableForEver>("writable-for-ever",
                                 "after its first echo a connection waits for POLLOUT for ever",
                                 "POLLOUT that is not taken back", {"stream.idle.no-cpu"}),
      StreamRow<EndToldAgain>("end-told-again",
                              "POLLIN is watched after a FIN while something is kept",
                              "Tcl's sockets", {"stream.idle.no-cpu"}),
      StreamRow<SigtermIgnored>("sigterm-ignored", "SIGTERM is ignored", "shells' children",
                                {"stream.stop.sigterm"}),
      StreamRow<SigtermWaits>("sigterm-waits", "after SIGTERM it waits until every client has gone",
                              "graceful stops without a limit", {"stream.stop.sigterm"}),
      StreamRow<NoReuseAddress>("no-reuse-address", "SO_REUSEADDR is not set",
                                "servers that can't start again for a minute",
                                {"stream.stop.sigterm"}),
      StreamRow<UrgentDiscards>("urgent-discards", "what comes before an urgent byte is discarded",
                                "telnet's Synch (RFC 854)", {"stream.urgent.others-intact"}),
  };
}

}  // namespace verbatim
