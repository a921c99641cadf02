// What echo/serve.h promises: signals by a descriptor, a log on standard error, names on a thread.
// Not for: the event loop (server.h).
#include "echo/serve.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/posix_kernel.h"
#include "core/unique_fd.h"
#include "echo/daemon.h"
#include "echo/server.h"

namespace verbatim {
namespace {

constexpr int kLookUpsAtOnce = 16;

// One write, so that lines of several threads don't mix. What others chose (paths, abstract names,
// names of hosts) is escaped: it must not write on our terminal as it likes.
template <typename... Parts>
void PrintLine(const Parts&... parts) {
  const std::string line = absl::StrCat(absl::Utf8SafeCHexEscape(absl::StrCat(parts...)), "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
}

// A host without a name is the usual case, and no error: the lecture's look-up took it for one.
void PrintName(const SocketAddress& address) {
  char host[NI_MAXHOST];
  const int error =
      ::getnameinfo(address.data(), address.size(), host, sizeof(host), nullptr, 0, NI_NAMEREQD);
  PrintLine(address.ToString(),
            error == 0 ? " is " : " has no name: ", error == 0 ? host : ::gai_strerror(error));
}

// The lecture's log: who connected, how many bytes, that the connection ended.
class StderrLog : public ServerLog {
 public:
  explicit StderrLog(const ServeOptions& options) : options_(options) {}

  void Connected(const SocketAddress& peer) override {
    if (!options_.quiet) PrintLine("connected ", peer.ToString());
    if (options_.names && peer.family() != AF_UNIX) LookUp(peer);
  }
  void Ended(const SocketAddress& peer, uint64_t received_bytes, uint64_t sent_bytes,
             int error) override {
    if (options_.quiet) return;
    const std::string why = error == 0 ? "" : absl::StrCat(", by ", ErrnoName(error));
    PrintLine("ended ", peer.ToString(), why, ": ", received_bytes, " bytes received, ", sent_bytes,
              " returned");
  }
  void Full(int error) override {
    PrintLine("no more connections for now: accept: ", ErrnoName(error));
  }

 private:
  // On threads of their own, for which nobody waits: a resolver may take seconds. What comes while
  // too many are at it is not looked up.
  void LookUp(const SocketAddress& peer) {
    if (++*looking_ > kLookUpsAtOnce) {
      --*looking_;
      return;
    }
    std::thread([peer, looking = looking_] {
      PrintName(peer);
      --*looking;
    }).detach();
  }

  const ServeOptions& options_;
  const std::shared_ptr<std::atomic<int>> looking_ = std::make_shared<std::atomic<int>>(0);
};

// The signals that end a server, as a descriptor: this thread and those that it starts block them.
class StopSignals {
 public:
  StopSignals() {
    for (const int signal : {SIGTERM, SIGINT}) ::sigaddset(&set_, signal);
    ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    fd_ = UniqueFd(::signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  int fd() const { return fd_.get(); }
  // From now on they do what they do to every program, but for those that have come.
  void TakeAllAndLetGo() {
    signalfd_siginfo info;
    while (::read(fd_.get(), &info, sizeof(info)) > 0) {
    }
    for (const int signal : {SIGTERM, SIGINT}) ::signal(signal, SIG_DFL);
    ::pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
  }

 private:
  sigset_t set_{};
  UniqueFd fd_;
};

using Sockets = std::vector<Listening<PosixKernel>>;

absl::StatusOr<Sockets> OpenAll(PosixKernel& kernel, const std::vector<Endpoint>& endpoints,
                                const ServeOptions& options, size_t* inherited) {
  absl::StatusOr<Sockets> all = options.inherits ? InheritedSockets(kernel) : Sockets();
  if (!all.ok()) return all;
  *inherited = all->size();
  for (const Endpoint& endpoint : endpoints) {
    absl::StatusOr<Sockets> some = ListenAt(kernel, endpoint);
    if (!some.ok()) return some;
    std::move(some->begin(), some->end(), std::back_inserter(*all));
  }
  if (all->empty()) return absl::InvalidArgumentError("there is no endpoint to serve");
  return all;
}

// One event loop on a thread of its own, with descriptors of its own for the sockets of all.
struct Worker {
  Worker(PosixKernel* kernel, ServerLog* log, const ServerOptions& options, const Sockets& sockets,
         bool is_first)
      : server(kernel, log, options) {
    for (const Listening<PosixKernel>& one : sockets) {
      // A unix datagram stays in the kernel until it is answered: two workers would answer it
      // twice.
      if (one.transport == Transport::kUnixgram && !is_first) continue;
      KernelFd<PosixKernel> fd(::fcntl(one.fd.get(), F_DUPFD_CLOEXEC, 0),
                               KernelCloser<PosixKernel>{kernel});
      status.Update(fd ? server.Add({std::move(fd), one.address, one.transport})
                       : ErrnoStatus(errno, "fcntl F_DUPFD_CLOEXEC", one.address.ToString()));
    }
  }
  Server<PosixKernel> server;
  absl::Status status;
  std::thread thread;
};

// timeout(1) and shells may send one signal twice; what comes within this time is one.
constexpr int kOneSignalMs = 100;

// Runs the workers until each has ended; by the first signal, or the first end, all drain.
absl::Status RunAll(std::vector<std::unique_ptr<Worker>>& workers, StopSignals& signals) {
  const UniqueFd drain(::eventfd(0, EFD_CLOEXEC)), done(::eventfd(0, EFD_CLOEXEC));
  if (!drain || !done) return ErrnoStatus(errno, "eventfd", "");
  for (auto& worker : workers) {
    worker->thread = std::thread([one = worker.get(), drain = drain.get(), done = done.get()] {
      if (one->status.ok()) one->status = one->server.Run(drain);
      ::eventfd_write(done, 1);
    });
  }
  pollfd polls[] = {{done.get(), POLLIN, 0}, {signals.fd(), POLLIN, 0}};
  while (::poll(polls, 2, -1) < 0 && errno == EINTR) {
  }
  ::eventfd_write(drain.get(), 1);
  ::poll(polls, 1, kOneSignalMs);
  signals.TakeAllAndLetGo();
  absl::Status status;
  for (auto& worker : workers) {
    worker->thread.join();
    status.Update(worker->status);
  }
  return status;
}

}  // namespace

absl::Status Serve(const std::vector<Endpoint>& endpoints, const ServeOptions& options) {
  // Before any thread starts, so that all of them leave the signals to the descriptor.
  StopSignals signals;
  PosixKernel kernel;
  size_t inherited = 0;
  absl::StatusOr<Sockets> sockets = OpenAll(kernel, endpoints, options, &inherited);
  if (!sockets.ok()) return sockets.status();
  if (!options.user.empty()) {
    if (absl::Status status = BecomeUser(options.user); !status.ok()) return status;
  }
  StderrLog log(options);
  std::atomic<size_t> connections = 0;
  ServerOptions shared = options.server;
  shared.connections = &connections;
  shared.shares_sockets = options.workers > 1;
  std::vector<std::unique_ptr<Worker>> workers(static_cast<size_t>(options.workers));
  for (auto& one : workers) {
    one = std::make_unique<Worker>(&kernel, &log, shared, *sockets, &one == &workers.front());
  }
  for (const Listening<PosixKernel>& one : *sockets) {
    PrintLine("listening on ", EndpointText(one.transport, one.address));
  }
  for (Listening<PosixKernel>& one : *sockets) one.fd.Reset();  // the workers have theirs
  absl::Status status = RunAll(workers, signals);
  workers.clear();
  for (size_t i = inherited; i < sockets->size(); ++i) {
    RemoveIfStale((*sockets)[i].transport, (*sockets)[i].address);
  }
  return status;
}

}  // namespace verbatim
