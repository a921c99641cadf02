// What echo/serve.h promises: signals by a descriptor, a log on standard error, names on a thread.
// Not for: the event loop (server.h).
#include "echo/serve.h"

#include <netdb.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <condition_variable>
#include <cstdio>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/posix_kernel.h"
#include "core/unique_fd.h"
#include "echo/server.h"

namespace verbatim {
namespace {

constexpr int kBacklog = 4096;  // the kernel cuts it to net.core.somaxconn
constexpr size_t kNamesWaiting = 1024;

// One write, so that lines of several threads don't mix.
void PrintLine(const std::string& line) {
  const std::string whole = line + "\n";
  std::fwrite(whole.data(), 1, whole.size(), stderr);
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
    // A name comes from whoever runs the peer's DNS: it must not write on our terminal as it likes.
    PrintLine(absl::StrCat(address.ToString(),
                           error == 0 ? absl::StrCat(" is ", absl::CHexEscape(host))
                                      : absl::StrCat(" has no name: ", ::gai_strerror(error))));
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
    if (!quiet_) PrintLine(absl::StrCat("connected ", peer.ToString()));
    if (names_ != nullptr) names_->LookUp(peer);
  }
  void Ended(const SocketAddress& peer, uint64_t received_bytes, uint64_t sent_bytes,
             int error) override {
    if (quiet_) return;
    const std::string why = error == 0 ? "" : absl::StrCat(", by ", ErrnoName(error));
    PrintLine(absl::StrCat("ended ", peer.ToString(), why, ": ", received_bytes,
                           " bytes received, ", sent_bytes, " returned"));
  }
  void Full(int error) override {
    PrintLine(absl::StrCat("no more connections for now: accept: ", ErrnoName(error)));
  }

 private:
  const bool quiet_;
  const std::unique_ptr<NameLog> names_;
};

// A descriptor that is readable once one of the two signals has come.
absl::StatusOr<UniqueFd> StopSignals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  UniqueFd fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return ErrnoStatus(errno, "signalfd", "");
  return fd;
}

}  // namespace

absl::Status Serve(const std::vector<Endpoint>& endpoints, const ServeOptions& options) {
  // Before any thread starts, so that all of them leave the signals to the descriptor.
  absl::StatusOr<UniqueFd> stop = StopSignals();
  if (!stop.ok()) return stop.status();
  PosixKernel kernel;
  StderrLog log(options);
  Server<PosixKernel> server(&kernel, &log);
  for (const Endpoint& endpoint : endpoints) {
    absl::StatusOr<std::vector<SocketAddress>> addresses =
        Resolve(endpoint, ResolveFor::kListening);
    if (!addresses.ok()) return addresses.status();
    for (const SocketAddress& address : *addresses) {
      absl::StatusOr<Listening<PosixKernel>> listening = Listen(kernel, address, kBacklog);
      if (!listening.ok()) return listening.status();
      const std::string text = EndpointText(endpoint.transport, listening->address);
      if (absl::Status status = server.Add(*std::move(listening)); !status.ok()) return status;
      PrintLine(absl::StrCat("listening on ", text));
    }
  }
  return server.Run(stop->get());
}

}  // namespace verbatim
