// Server: echoes many streams at once, one thread, by epoll, through the seam.
// Not for: names, arguments, signals and logs: server_main.cc has those.
#pragma once

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cassert>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/address.h"
#include "core/kernel.h"
#include "core/status.h"
#include "echo/listen.h"
#include "echo/session.h"

namespace verbatim {

// What a server tells while it runs; called on its thread, between events. Each call is to be
// short.
class ServerLog {
 public:
  virtual ~ServerLog() = default;
  virtual void Connected(const SocketAddress& peer) { static_cast<void>(peer); }
  // `error` is 0 after an orderly end, else the errno that ended it.
  virtual void Ended(const SocketAddress& peer, uint64_t received_bytes, uint64_t sent_bytes,
                     int error) {
    static_cast<void>(peer), static_cast<void>(received_bytes);
    static_cast<void>(sent_bytes), static_cast<void>(error);
  }
  // No connection can be accepted for now, for want of descriptors or memory.
  virtual void Full(int error) { static_cast<void>(error); }
};

struct ServerOptions {
  // Kept for a connection whose peer doesn't read; then we stop reading from it.
  size_t session_bytes = 64 * 1024;
};

template <Kernel K>
class Server {
 public:
  // `kernel` and `log` must outlive the server.
  Server(K* kernel, ServerLog* log, ServerOptions options = {})
      : kernel_(kernel), log_(log), options_(options), buffer_(new char[options.session_bytes]) {}

  // Serves what `listening` accepts, too. To be called before Run.
  // Returns the failing call and the errno's name.
  absl::Status Add(Listening<K> listening) {
    if (absl::Status status = Open(); !status.ok()) return status;
    const int fd = listening.fd.get();
    listeners_.emplace(fd, std::move(listening.fd));
    return Watch(EPOLL_CTL_ADD, fd, EPOLLIN);
  }

  // Serves until `stop` becomes readable (-1: for ever). The connections that are open then are
  // closed, which is not logged. Returns the failing call iff waiting itself failed; no
  // connection's error ends it.
  absl::Status Run(int stop) {
    if (absl::Status status = Open(); !status.ok()) return status;
    if (stop >= 0) {
      if (absl::Status status = Watch(EPOLL_CTL_ADD, stop, EPOLLIN); !status.ok()) return status;
    }
    std::array<epoll_event, 256> events;
    while (true) {
      const int count = RetryEintr(
          [&] { return kernel_->EpollWait(epoll_.get(), events.data(), events.size(), WaitMs()); });
      if (count < 0) return ErrnoStatus(-count, "epoll_wait", "");
      if (count == 0) AcceptAgain();
      for (int i = 0; i < count; ++i) {
        const int fd = events[i].data.fd;
        if (fd == stop) return peers_.clear(), absl::OkStatus();
        if (listeners_.count(fd) != 0) {
          Accept(fd);
        } else if (const auto peer = peers_.find(fd); peer != peers_.end()) {
          Serve(peer->second);
        }
      }
    }
  }

  size_t connections() const { return peers_.size(); }

 private:
  struct Peer {
    KernelFd<K> fd;
    SocketAddress address;
    Session session;
    uint32_t interest;
  };

  // An accept that comes after this many others of its turn waits: those that are connected go
  // first.
  static constexpr int kAcceptsATurn = 64;
  // Likewise the reads of one connection: one that never stops sending does not starve the rest.
  static constexpr int kReadsATurn = 4;
  // Without descriptors or memory, accepting is tried again after this long without an event, since
  // others may have given some back.
  static constexpr int kRestMs = 100;

  absl::Status Open() {
    if (epoll_) return absl::OkStatus();
    const int fd = kernel_->EpollCreate();
    if (fd < 0) return ErrnoStatus(-fd, "epoll_create1", "");
    epoll_ = KernelFd<K>(fd, KernelCloser<K>{kernel_});
    return absl::OkStatus();
  }

  absl::Status Watch(int operation, int fd, uint32_t interest) {
    epoll_event event{};
    event.events = interest;
    event.data.fd = fd;
    const int result = kernel_->EpollControl(epoll_.get(), operation, fd, &event);
    return result < 0 ? ErrnoStatus(-result, "epoll_ctl", "") : absl::OkStatus();
  }

  int WaitMs() const { return resting_ ? kRestMs : -1; }

  void Accept(int listener) {
    for (int i = 0; i < kAcceptsATurn; ++i) {
      sockaddr_storage from{};
      socklen_t length = sizeof(from);
      const int fd = RetryEintr([&] {
        length = sizeof(from);
        return kernel_->Accept(listener, reinterpret_cast<sockaddr*>(&from), &length,
                               SOCK_NONBLOCK | SOCK_CLOEXEC);
      });
      if (fd < 0) return AcceptFailed(-fd);
      full_ = false;
      KernelFd<K> owner(fd, KernelCloser<K>{kernel_});
      auto address = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&from), length);
      if (!Watch(EPOLL_CTL_ADD, fd, EPOLLIN).ok()) continue;  // no memory: it is closed again
      Peer peer{std::move(owner), address.ok() ? *address : SocketAddress(),
                Session(options_.session_bytes), EPOLLIN};
      log_->Connected(peer.address);
      peers_.emplace(fd, std::move(peer));
    }
  }

  // Most errors belong to the connection that was to be accepted, and pass with it (accept(2)).
  // Without descriptors or memory the listeners rest until a connection ends or kRestMs have
  // passed: they would be ready all the time.
  void AcceptFailed(int error) {
    const bool full = error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
    if (!full) return;
    if (!full_) log_->Full(error);
    full_ = true;
    Rest(true);
  }

  void AcceptAgain() {
    if (resting_) Rest(false);
  }

  void Rest(bool rest) {
    resting_ = rest;
    const uint32_t interest = rest ? 0 : EPOLLIN;
    for (const auto& [fd, owner] : listeners_) Watch(EPOLL_CTL_MOD, fd, interest).IgnoreError();
  }

  // Sends what is kept, then receives and sends on at once, as long as neither would wait.
  void Serve(Peer& peer) {
    Session& session = peer.session;
    int error = Flush(peer);
    for (int i = 0; error == 0 && i < kReadsATurn && session.Receivable() > 0; ++i) {
      if (!session.Sendable().empty()) break;
      const size_t room = session.Receivable();
      const ssize_t got =
          RetryEintr([&] { return kernel_->Recv(peer.fd.get(), buffer_.get(), room, 0); });
      if (got == -EAGAIN) break;
      if (got < 0) error = static_cast<int>(-got);
      if (got == 0) session.ReceiveEnd();
      if (got <= 0) break;
      const absl::string_view bytes(buffer_.get(), static_cast<size_t>(got));
      size_t passed = 0;
      error = Send(peer, bytes, &passed);
      session.Receive(bytes, passed);
      if (bytes.size() < room) break;  // there was no more; if more comes, epoll says so again
    }
    if (error != 0 || session.Finished()) return End(peer, error);
    const uint32_t interest =
        (session.Receivable() > 0 && session.Sendable().empty() ? EPOLLIN : 0u) |
        (session.Sendable().empty() ? 0u : EPOLLOUT);
    if (interest == peer.interest) return;
    peer.interest = interest;
    if (!Watch(EPOLL_CTL_MOD, peer.fd.get(), interest).ok()) End(peer, ENOMEM);
  }

  // 0, or the error that ends the connection.
  int Flush(Peer& peer) {
    size_t sent = 0;
    const int error = Send(peer, peer.session.Sendable(), &sent);
    peer.session.Sent(sent);
    return error;
  }

  // Sends until all is sent or the peer takes no more for now; *sent is how much it was.
  int Send(Peer& peer, absl::string_view bytes, size_t* sent) {
    while (*sent < bytes.size()) {
      const ssize_t count = RetryEintr([&] {
        return kernel_->Send(peer.fd.get(), bytes.data() + *sent, bytes.size() - *sent,
                             MSG_NOSIGNAL);
      });
      if (count == -EAGAIN) return 0;
      if (count < 0) return static_cast<int>(-count);
      *sent += static_cast<size_t>(count);
    }
    return 0;
  }

  void End(Peer& peer, int error) {
    log_->Ended(peer.address, peer.session.received_bytes(), peer.session.sent_bytes(), error);
    peers_.erase(peer.fd.get());  // closes; epoll forgets it
    AcceptAgain();
  }

  K* const kernel_;
  ServerLog* const log_;
  const ServerOptions options_;
  const std::unique_ptr<char[]> buffer_;  // shared by all reads
  KernelFd<K> epoll_;
  std::unordered_map<int, KernelFd<K>> listeners_;
  std::unordered_map<int, Peer> peers_;
  bool full_ = false;     // the last accept failed for want of descriptors or memory
  bool resting_ = false;  // the listeners are not watched
};

}  // namespace verbatim
