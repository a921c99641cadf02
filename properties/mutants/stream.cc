// A plain poll server with one defect at a time, and the table of them.
// Not for: being sound; that one is echo/server.h.
#include "properties/mutants/stream.h"

#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "core/posix_kernel.h"
#include "core/status.h"
#include "echo/sockets.h"

namespace verbatim {
namespace {

using std::chrono::steady_clock;

constexpr size_t kBufferBytes = 64 * 1024;
constexpr size_t kKeptBytes = 256 * 1024;
constexpr size_t kStdioBytes = 4096;
constexpr uint64_t kLeakFrom = 100;
constexpr int kRelayMs = 1;

// A plain poll server. Each defect is one line, at the place where real programs have it.
class PlainServer {
 public:
  PlainServer(Defect defect, Listening<PosixKernel> listening)
      : defect_(defect), listening_(std::move(listening)) {}

  absl::Status Run() {
    if (Is(Defect::kSigpipeDeath)) std::signal(SIGPIPE, SIG_DFL);
    while (true) {
      std::vector<pollfd> polls = {{listening_.fd.get(), POLLIN, 0}};
      for (const auto& peer : peers_) {
        const int events = (!peer->ended && peer->kept.size() < kKeptBytes ? POLLIN : 0) |
                           (MayWrite(*peer) ? POLLOUT : 0);
        polls.push_back({peer->fd.get(), static_cast<short>(events), 0});
      }
      const int timeout_ms = Is(Defect::kBothClosedOnEof) ? kRelayMs : -1;
      const int ready =
          RetryEintr([&] { return kernel_.Poll(polls.data(), polls.size(), timeout_ms); });
      if (ready < 0) return ErrnoStatus(-ready, "poll", "");
      // First, so that who has connected before others sent is there when what they sent is served.
      if (polls[0].revents != 0) Accept();
      for (size_t i = 1; i < polls.size(); ++i) Serve(*peers_[i - 1], polls[i].revents);
      std::erase_if(peers_, [](const auto& peer) { return peer->gone; });
    }
  }

 private:
  struct Peer {
    UniqueFd fd;
    std::string kept;
    steady_clock::time_point due;  // when `kept` may be written, where the defect waits for that
    uint64_t received = 0;
    bool ended = false;
    bool gone = false;
  };

  bool Is(Defect defect) const { return defect_ == defect; }

  bool MayWrite(const Peer& peer) const {
    if (Is(Defect::kBothClosedOnEof) && steady_clock::now() < peer.due) return false;
    if (Is(Defect::kStdioBuffering) && !peer.ended) return peer.kept.size() >= kStdioBytes;
    return !peer.kept.empty();
  }

  void Accept() {
    while (true) {
      const int fd =
          kernel_.Accept(listening_.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      peers_.push_back(std::make_unique<Peer>());
      peers_.back()->fd = UniqueFd(fd);
    }
  }

  void Serve(Peer& peer, int events) {
    if ((events & POLLOUT) != 0) Write(peer);
    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 && !peer.gone) Read(peer);
    if (peer.ended && peer.kept.empty()) peer.gone = true;
  }

  void Read(Peer& peer) {
    char buffer[kBufferBytes];
    const ssize_t got =
        RetryEintr([&] { return kernel_.Recv(peer.fd.get(), buffer, sizeof(buffer), 0); });
    if (got == -EAGAIN) return;
    if (got < 0) peer.gone = true;
    if (got <= 0) peer.ended = true;
    // The end is handled at once, and what is still kept goes with it.
    if (got == 0 && Is(Defect::kBothClosedOnEof)) peer.gone = true;
    if (got <= 0) return;
    size_t count = static_cast<size_t>(got);
    if (Is(Defect::kNulTruncation)) count = ::strnlen(buffer, count);
    const size_t kept = Is(Defect::kLeakToOther) ? Leak(peer, buffer, count) : count;
    peer.received += count;
    peer.kept.append(buffer, kept);
    // A relay's answer is on its way for a while: that is what leaves something to lose.
    peer.due = steady_clock::now() + std::chrono::milliseconds(kRelayMs);
    if (MayWrite(peer)) Write(peer);
  }

  // From the byte at kLeakFrom on, what one read returned goes to another connection, if there is
  // one. Returns how much of it is left for its own.
  size_t Leak(Peer& peer, const char* data, size_t count) {
    const bool here = peer.received <= kLeakFrom && kLeakFrom < peer.received + count;
    if (!here || peers_.size() < 2) return count;
    Peer& other = peers_.front().get() == &peer ? *peers_.back() : *peers_.front();
    const size_t own = static_cast<size_t>(kLeakFrom - peer.received);
    other.kept.append(data + own, count - own);
    Write(other);
    return own;
  }

  void Write(Peer& peer) {
    const int flags = Is(Defect::kSigpipeDeath) ? 0 : MSG_NOSIGNAL;
    const ssize_t sent = RetryEintr(
        [&] { return kernel_.Send(peer.fd.get(), peer.kept.data(), peer.kept.size(), flags); });
    if (sent < 0 && sent != -EAGAIN) peer.gone = true;
    if (sent <= 0) return;
    // The count says how much was taken; this one believes that it was all.
    peer.kept.erase(0,
                    Is(Defect::kShortWriteIgnored) ? peer.kept.size() : static_cast<size_t>(sent));
  }

  PosixKernel kernel_;
  const Defect defect_;
  const Listening<PosixKernel> listening_;
  std::vector<std::unique_ptr<Peer>> peers_;
};

}  // namespace

const std::vector<Mutant>& StreamMutants() {
  static const std::vector<Mutant>* const mutants = new std::vector<Mutant>{
      {Defect::kShortWriteIgnored, "short-write-ignored",
       "the count that write returned is ignored", "libuv#1500", "stream.pressure.late-reader"},
      {Defect::kBothClosedOnEof, "both-closed-on-eof", "both directions are closed at end-of-file",
       "fteproxy#234", "stream.halfclose.drains"},
      {Defect::kNulTruncation, "nul-truncation", "what was received is measured by strlen",
       "servers that treat what they receive as a string", "stream.exact.every-byte"},
      {Defect::kStdioBuffering, "stdio-buffering", "output waits in a buffer of 4,096 bytes",
       "servers that write by stdio without fflush", "stream.prompt.single-byte"},
      {Defect::kLeakToOther, "leak-to-other",
       "from offset 100 on, one read's bytes go to another connection",
       "servers with one buffer for all", "stream.many.isolated"},
      {Defect::kSigpipeDeath, "sigpipe-death", "SIGPIPE is left at its default", "hiredis#1229",
       "stream.survive.vanish"},
  };
  return *mutants;
}

const Mutant* FindMutant(absl::string_view name) {
  for (const Mutant& mutant : StreamMutants()) {
    if (mutant.name == name) return &mutant;
  }
  return nullptr;
}

absl::Status ServeMutant(const Mutant& mutant, const Endpoint& endpoint) {
  absl::StatusOr<std::vector<SocketAddress>> addresses = Resolve(endpoint, ResolveFor::kListening);
  if (!addresses.ok()) return addresses.status();
  PosixKernel kernel;
  absl::StatusOr<Listening<PosixKernel>> listening =
      Listen(kernel, Transport::kTcp, addresses->front(), SOMAXCONN);
  if (!listening.ok()) return listening.status();
  return PlainServer(mutant.defect, *std::move(listening)).Run();
}

}  // namespace verbatim
