// What echo/serve.h promises: signals by a descriptor, a log on standard error, names on a thread.
// Not for: the event loop (server.h).
#include "echo/serve.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>
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

constexpr size_t kNamesWaiting = 1024;

// One write, so that lines of several threads don't mix. What others chose (paths, abstract names,
// names of hosts) is escaped: it must not write on our terminal as it likes.
template <typename... Parts>
void PrintLine(const Parts&... parts) {
  const std::string line = absl::StrCat(absl::Utf8SafeCHexEscape(absl::StrCat(parts...)), "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
}

// Looks names up where nobody waits for it. What comes while too many wait is not looked up.
class NameLog {
 public:
  NameLog() : thread_([this] { Run(); }) {}
  ~NameLog() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      over_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  void LookUp(const SocketAddress& address) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (waiting_.size() < kNamesWaiting) waiting_.push_back(address);
    changed_.notify_one();
  }

 private:
  void Run() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return over_ || !waiting_.empty(); });
      if (over_) return;
      const SocketAddress address = waiting_.front();
      waiting_.pop_front();
      lock.unlock();
      Print(address);
      lock.lock();
    }
  }

  // A host without a name is the usual case, and no error: the lecture's look-up took it for one.
  static void Print(const SocketAddress& address) {
    char host[NI_MAXHOST];
    const int error =
        ::getnameinfo(address.data(), address.size(), host, sizeof(host), nullptr, 0, NI_NAMEREQD);
    PrintLine(address.ToString(),
              error == 0 ? " is " : " has no name: ", error == 0 ? host : ::gai_strerror(error));
  }

  std::mutex mutex_;  // guards the next three
  std::condition_variable changed_;
  std::deque<SocketAddress> waiting_;
  bool over_ = false;
  std::thread thread_;
};

// The lecture's log: who connected, how many bytes, that the connection ended.
class StderrLog : public ServerLog {
 public:
  explicit StderrLog(const ServeOptions& options)
      : quiet_(options.quiet), names_(options.names ? new NameLog() : nullptr) {}

  void Connected(const SocketAddress& peer) override {
    if (!quiet_) PrintLine("connected ", peer.ToString());
    if (names_ != nullptr && peer.family() != AF_UNIX) names_->LookUp(peer);
  }
  void Ended(const SocketAddress& peer, uint64_t received_bytes, uint64_t sent_bytes,
             int error) override {
    if (quiet_) return;
    const std::string why = error == 0 ? "" : absl::StrCat(", by ", ErrnoName(error));
    PrintLine("ended ", peer.ToString(), why, ": ", received_bytes, " bytes received, ", sent_bytes,
              " returned");
  }
  void Full(int error) override {
    PrintLine("no more connections for now: accept: ", ErrnoName(error));
  }

 private:
  const bool quiet_;
  const std::unique_ptr<NameLog> names_;
};

// The signals that end a server, as a descriptor: this thread and those that it starts block them.
class StopSignals {
 public:
  StopSignals() {
    ::sigemptyset(&set_);
    ::sigaddset(&set_, SIGTERM);
    ::sigaddset(&set_, SIGINT);
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
  sigset_t set_;
  UniqueFd fd_;
};

using Sockets = std::vector<Listening<PosixKernel>>;

absl::StatusOr<Sockets> OpenAll(PosixKernel& kernel, const std::vector<Endpoint>& endpoints,
                                const ServeOptions& options, std::vector<SocketFile>* files) {
  absl::StatusOr<Sockets> all = options.inherits ? InheritedSockets(kernel) : Sockets();
  if (!all.ok()) return all;
  for (const Endpoint& endpoint : endpoints) {
    absl::StatusOr<Sockets> some = ListenAt(kernel, endpoint);
    if (!some.ok()) return some;
    for (Listening<PosixKernel>& one : *some) {
      files->emplace_back(one.address);
      all->push_back(std::move(one));
    }
  }
  return all;
}

// One event loop on a thread of its own, with descriptors of its own for the sockets of all.
class Worker {
 public:
  Worker(PosixKernel* kernel, ServerLog* log, const ServerOptions& options, const Sockets& sockets)
      : server_(kernel, log, options) {
    for (const Listening<PosixKernel>& one : sockets) {
      KernelFd<PosixKernel> fd(::fcntl(one.fd.get(), F_DUPFD_CLOEXEC, 0),
                               KernelCloser<PosixKernel>{kernel});
      status_.Update(fd ? server_.Add({std::move(fd), one.address, one.transport})
                        : ErrnoStatus(errno, "fcntl F_DUPFD_CLOEXEC", one.address.ToString()));
    }
  }
  ~Worker() { Join(); }
  const absl::Status& Join() {
    if (thread_.joinable()) thread_.join();
    return status_;
  }
  // Counts up `done` at its end.
  void Start(int drain, int done) {
    thread_ = std::thread([this, drain, done] {
      if (status_.ok()) status_ = server_.Run(drain);
      ::eventfd_write(done, 1);
    });
  }

 private:
  Server<PosixKernel> server_;
  absl::Status status_;
  std::thread thread_;
};

// timeout(1) and shells may send one signal twice; what comes within this time is one.
constexpr int kOneSignalMs = 100;

// Runs the workers until each has ended; by the first signal, or the first end, all drain.
absl::Status RunAll(std::vector<std::unique_ptr<Worker>>& workers, StopSignals& signals,
                    std::vector<SocketFile>* files) {
  const UniqueFd drain(::eventfd(0, EFD_CLOEXEC)), done(::eventfd(0, EFD_CLOEXEC));
  if (!drain || !done) return ErrnoStatus(errno, "eventfd", "");
  for (auto& worker : workers) worker->Start(drain.get(), done.get());
  pollfd polls[] = {{done.get(), POLLIN, 0}, {signals.fd(), POLLIN, 0}};
  while (::poll(polls, 2, -1) < 0 && errno == EINTR) {
  }
  files->clear();  // nobody is to connect any more
  ::eventfd_write(drain.get(), 1);
  ::poll(polls, 1, kOneSignalMs);
  signals.TakeAllAndLetGo();
  absl::Status status;
  for (auto& worker : workers) status.Update(worker->Join());
  return status;
}

}  // namespace

absl::Status Serve(const std::vector<Endpoint>& endpoints, const ServeOptions& options) {
  // Before any thread starts, so that all of them leave the signals to the descriptor.
  StopSignals signals;
  PosixKernel kernel;
  std::vector<SocketFile> files;
  absl::StatusOr<Sockets> sockets = OpenAll(kernel, endpoints, options, &files);
  if (!sockets.ok()) return sockets.status();
  if (sockets->empty()) return absl::InvalidArgumentError("there is no endpoint to serve");
  if (!options.user.empty()) {
    if (absl::Status status = BecomeUser(options.user); !status.ok()) return status;
  }
  StderrLog log(options);
  std::atomic<size_t> connections = 0;
  ServerOptions shared = options.server;
  shared.connections = &connections;
  shared.shares_sockets = options.workers > 1;
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < options.workers; ++i) {
    workers.push_back(std::make_unique<Worker>(&kernel, &log, shared, *sockets));
  }
  for (const Listening<PosixKernel>& one : *sockets) {
    PrintLine("listening on ", EndpointText(one.transport, one.address));
  }
  sockets->clear();  // the workers have theirs
  return RunAll(workers, signals, &files);
}

}  // namespace verbatim
