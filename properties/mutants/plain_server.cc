// A plain poll server. Each defect is a line or a few.
// Not for: being sound; that one is echo/server.h.
#include "properties/mutants/plain_server.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "core/status.h"

namespace verbatim {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kKeptBytes = 256 * 1024;
constexpr size_t kStdioBytes = 4096;
constexpr uint64_t kLeakFrom = 100;
constexpr int kSmallSendBytes = 16 * 1024;
constexpr int kRelayMs = 1;
constexpr int kBusyMs = 1;
constexpr int kIdleMs = 500;
constexpr int kIdleLookMs = 50;
constexpr char kGreeting[] = "220 ready\r\n";

}  // namespace

PlainServer::PlainServer(Defect defect, Listening<PosixKernel> listening)
    : defect_(defect), listening_(std::move(listening)) {
  std::signal(SIGPIPE, Is(Defect::kSigpipeDeath) ? SIG_DFL : SIG_IGN);
  if (!Is(Defect::kLostWakeUp)) return;
  epoll_ = UniqueFd(kernel_.EpollCreate());
  epoll_event event = {EPOLLIN, {}};
  kernel_.EpollControl(epoll_.get(), EPOLL_CTL_ADD, listening_.fd.get(), &event);
}

absl::Status PlainServer::Run() {
  while (end_.ok()) {
    absl::Status status = Is(Defect::kLostWakeUp) ? WaitForEdges() : Wait();
    if (!status.ok()) return status;
    // First, so that who has connected before others sent is there when what they sent is served.
    if (accepts_) Accept();
    for (size_t i = 0; i < peers_.size(); ++i) Serve(*peers_[i]);
    DropClosed();
  }
  return end_;
}

int PlainServer::TimeoutMs() const {
  if (Is(Defect::kBothClosedOnEof)) return kRelayMs;
  if (Is(Defect::kIdleTimeOut)) return kIdleLookMs;
  if (Is(Defect::kEagainBusyLoop) && !peers_.empty()) return 0;
  return -1;
}

absl::Status PlainServer::Wait() {
  std::vector<pollfd> polls = {{listening_.fd.get(), static_cast<short>(full_ ? 0 : POLLIN), 0}};
  for (const auto& peer : peers_) polls.push_back({peer->fd.get(), Interest(*peer), 0});
  const int ready =
      RetryEintr([&] { return kernel_.Poll(polls.data(), polls.size(), TimeoutMs()); });
  if (ready < 0) return ErrnoStatus(-ready, "poll", "");
  accepts_ = polls[0].revents != 0;
  for (size_t i = 1; i < polls.size(); ++i) peers_[i - 1]->ready = polls[i].revents;
  return absl::OkStatus();
}

// epoll (7) tells an edge once: who reads less than there is must come back without being called.
// This one doesn't.
absl::Status PlainServer::WaitForEdges() {
  epoll_event events[64];
  const int ready =
      RetryEintr([&] { return kernel_.EpollWait(epoll_.get(), events, std::size(events), -1); });
  if (ready < 0) return ErrnoStatus(-ready, "epoll_wait", "");
  accepts_ = false;
  for (const auto& peer : peers_) peer->ready = 0;
  for (int i = 0; i < ready; ++i) {
    auto* const peer = static_cast<Peer*>(events[i].data.ptr);
    accepts_ |= peer == nullptr;
    // The bits of epoll are those of poll.
    if (peer != nullptr) peer->ready = static_cast<int>(events[i].events);
  }
  return absl::OkStatus();
}

short PlainServer::Interest(const Peer& peer) const {
  const bool reads = peer.kept.size() < kKeptBytes || Is(Defect::kNoBackPressure);
  const bool writes = MayWrite(peer) && !Is(Defect::kWriteInterestDropped);
  const int hang_up = Is(Defect::kHangUpFirst) ? POLLRDHUP : 0;
  return static_cast<short>((reads && !peer.ended ? POLLIN | hang_up : 0) | (writes ? POLLOUT : 0));
}

bool PlainServer::MayWrite(const Peer& peer) const {
  // A relay's answer is on its way for a while: that is what leaves something to lose.
  const bool underway = steady_clock::now() < peer.read_at + milliseconds(kRelayMs);
  if (Is(Defect::kBothClosedOnEof) && underway) return false;
  if (Is(Defect::kStdioBuffering) && !peer.ended) return peer.kept.size() >= kStdioBytes;
  return !peer.kept.empty();
}

void PlainServer::Accept() {
  const int blocking = Is(Defect::kSlowClientBlocksAll) ? 0 : SOCK_NONBLOCK;
  while (true) {
    const int fd = kernel_.Accept(listening_.fd.get(), nullptr, nullptr, blocking | SOCK_CLOEXEC);
    // The connection stays in the queue, and poll would tell of it without end.
    full_ = (fd == -EMFILE || fd == -ENFILE) && !Is(Defect::kEmfileSpin);
    if (fd < 0) return;
    peers_.push_back(std::make_unique<Peer>(fd, defect_));
    Welcome(fd);
  }
}

void PlainServer::Welcome(int fd) {
  // Where glibc is told to look (_FORTIFY_SOURCE), FD_SET ends the program so; elsewhere it writes
  // behind the set.
  if (Is(Defect::kFdSetOverflow) && fd >= FD_SETSIZE) std::abort();
  const int off = 0;
  if (Is(Defect::kDelayedAckStall)) {
    kernel_.SetOption(fd, IPPROTO_TCP, TCP_NODELAY, &off, sizeof(off));
  }
  // With megabytes of the kernel's it is a matter of luck whether something is still queued here at
  // the end.
  if (Is(Defect::kQueueDiscardedOnEof)) {
    kernel_.SetOption(fd, SOL_SOCKET, SO_SNDBUF, &kSmallSendBytes, sizeof(kSmallSendBytes));
  }
  if (Is(Defect::kBanner)) Keep(*peers_.back(), kGreeting);
  if (!Is(Defect::kLostWakeUp)) return;
  epoll_event event = {EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.ptr = peers_.back().get()}};
  kernel_.EpollControl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void PlainServer::Serve(Peer& peer) {
  if (Is(Defect::kHangUpFirst) && peer.ready != 0) {
    // Busy with something else first: by then the FIN has come, and is seen with the data.
    kernel_.Poll(nullptr, 0, kBusyMs);
    pollfd again = {peer.fd.get(), Interest(peer), 0};
    kernel_.Poll(&again, 1, 0);
    peer.ready = again.revents;
    if ((peer.ready & (POLLHUP | POLLRDHUP)) != 0) peer.gone = true;
  }
  const bool idle = steady_clock::now() > peer.read_at + milliseconds(kIdleMs);
  if (Is(Defect::kIdleTimeOut) && idle) peer.gone = true;
  if ((peer.ready & POLLOUT) != 0 && MayWrite(peer) && !peer.gone) Write(peer);
  if ((peer.ready & (POLLIN | POLLHUP | POLLERR)) != 0 && !peer.gone) Read(peer);
  if (peer.ended && peer.kept.empty()) peer.gone = true;
}

void PlainServer::Read(Peer& peer) {
  char buffer[64 * 1024];
  const ssize_t got =
      RetryEintr([&] { return kernel_.Recv(peer.fd.get(), buffer, BufferBytes(defect_), 0); });
  if (got == -EAGAIN) return;
  if (got < 0) return Fail(peer, ErrnoStatus(static_cast<int>(-got), "recv", ""));
  if (got == 0) return ReadEnded(peer);
  peer.read_at = steady_clock::now();
  std::string data = peer.mangler.Read(std::string(buffer, static_cast<size_t>(got)));
  peer.ended |= peer.mangler.ended();
  if (Is(Defect::kLeakToOther)) data = LeakTo(peer, std::move(data));
  Keep(peer, data);
}

void PlainServer::Fail(Peer& peer, absl::Status error) {
  peer.gone = true;
  if (Is(Defect::kResetEndsServer)) end_ = std::move(error);
  // Nobody knows this descriptor any more, and it stays open.
  if (Is(Defect::kResetLeaksDescriptor)) static_cast<void>(peer.fd.Release());
}

void PlainServer::ReadEnded(Peer& peer) {
  peer.ended = true;
  if (Is(Defect::kBothClosedOnEof) || Is(Defect::kQueueDiscardedOnEof)) peer.gone = true;
  Keep(peer, peer.mangler.End());
  // What is still on its way is discarded, and so is what the peer has not yet acknowledged.
  const linger at_once = {1, 0};
  if (Is(Defect::kResetOnClose)) {
    kernel_.SetOption(peer.fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  }
}

void PlainServer::Keep(Peer& peer, const std::string& data) {
  if (Is(Defect::kBufferReused)) peer.kept.Overwrite(data);
  Is(Defect::kInterleavedWriters) ? peer.kept.Prepend(data) : peer.kept.Append(data);
  if (MayWrite(peer) && !peer.gone) Write(peer);
}

// From the byte at kLeakFrom on, what one read returned goes to another connection, if there is
// one. Returns how much of it is left for its own.
std::string PlainServer::LeakTo(Peer& peer, std::string data) {
  const uint64_t before = peer.mangler.received_bytes() - data.size();
  const bool here = before <= kLeakFrom && kLeakFrom < before + data.size();
  if (!here || peers_.size() < 2) return data;
  Peer& other = peers_.front().get() == &peer ? *peers_.back() : *peers_.front();
  const size_t own = static_cast<size_t>(kLeakFrom - before);
  Keep(other, data.substr(own));
  return data.substr(0, own);
}

void PlainServer::Write(Peer& peer) {
  const int flags = Is(Defect::kSigpipeDeath) ? 0 : MSG_NOSIGNAL;
  size_t count = peer.kept.size();
  // A header first: the rest is held back until the peer has acknowledged it (Nagle's algorithm),
  // and the peer takes 40 ms for that (RFC 9293 §3.7.4).
  if (Is(Defect::kDelayedAckStall) && count > 1) {
    const ssize_t header = kernel_.Send(peer.fd.get(), peer.kept.data(), 1, flags);
    if (header == 1) peer.kept.Drop(1);
    count = peer.kept.size();
  }
  const ssize_t sent =
      RetryEintr([&] { return kernel_.Send(peer.fd.get(), peer.kept.data(), count, flags); });
  if (sent < 0 && (sent != -EAGAIN || Is(Defect::kEagainFatal))) {
    Fail(peer, ErrnoStatus(static_cast<int>(-sent), "send", ""));
  }
  if (sent < 0) return;
  const bool partial = static_cast<size_t>(sent) < count;
  if (Is(Defect::kPrefixSentTwice) && partial) return;
  // The count says how much was taken; this one believes that it was all.
  peer.kept.Drop(Is(Defect::kShortWriteIgnored) ? count : static_cast<size_t>(sent));
}

void PlainServer::DropClosed() {
  const size_t closed = std::erase_if(peers_, [](const auto& peer) { return peer->gone; });
  if (closed > 0) full_ = false;
}

}  // namespace verbatim
