// Server: echoes many streams and datagram sockets at once, one thread, by epoll, through the seam.
// Not for: names, arguments, signals and logs: serve.h and server_main.cc have those.
#pragma once

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/address.h"
#include "core/kernel.h"
#include "core/status.h"
#include "echo/connection.h"
#include "echo/datagram.h"
#include "echo/sockets.h"

namespace verbatim {

// What a server tells while it runs; called on its thread, between events. Each call is to be
// short.
class ServerLog {
 public:
  virtual ~ServerLog() = default;
  virtual void Connected(const SocketAddress& /*peer*/) {}
  // `error` is 0 after an orderly end, else the errno that ended it.
  virtual void Ended(const SocketAddress& /*peer*/, uint64_t /*received_bytes*/,
                     uint64_t /*sent_bytes*/, int /*error*/) {}
  // No connection can be accepted for now, for want of descriptors or memory.
  virtual void Full(int /*error*/) {}
};

struct ServerOptions {
  // Kept for a connection whose peer doesn't read; then we stop reading from it.
  size_t session_bytes = 64 * 1024;
  // More connections wait in the kernel's queue until one ends; 1 is iterative service.
  size_t max_connections = SIZE_MAX;
  // Where they are counted when several servers share the limit; must outlive them.
  std::atomic<size_t>* connections = nullptr;
  int64_t idle_timeout_ms = 0;  // without a byte either way a connection is ended; 0: never
  int64_t drain_ms = 10000;     // how long draining may take
  bool once = false;            // drains after the first connection, or the first datagram answered
  bool shares_sockets = false;  // other servers wait on the same listening sockets
  bool answers_all = false;     // datagrams of small services too (IsSmallService)
};

template <Kernel K>
class Server {
 public:
  // `kernel` and `log` must outlive the server.
  Server(K* kernel, ServerLog* log, ServerOptions options = {})
      : kernel_(kernel),
        log_(log),
        options_(options),
        count_(options.connections != nullptr ? options.connections : &own_count_),
        buffer_(new char[options.session_bytes]),
        datagrams_(kernel, options.answers_all) {}
  ~Server() { EndAll(); }

  // Serves what `listening` accepts or receives, too. To be called before Run.
  // Returns the failing call and the errno's name.
  absl::Status Add(Listening<K> listening) {
    if (absl::Status status = Open(); !status.ok()) return status;
    const int fd = listening.fd.get();
    return WatchSocket(sockets_.emplace(fd, Socket{std::move(listening)}).first->second);
  }

  // Serves until `drain` or `end` becomes readable (-1: never). By `drain` it stops listening, and
  // ends each connection once all was returned and nothing comes for 100 ms, or options.drain_ms
  // are over; by `end`, at once. What is ended at once is not logged. Returns the failing call iff
  // waiting itself failed; no connection's error ends it.
  absl::Status Run(int drain, int end = -1) {
    if (absl::Status status = Open(); !status.ok()) return status;
    for (const int fd : {drain, end}) {
      if (fd < 0) continue;
      if (absl::Status status = Watch(EPOLL_CTL_ADD, fd, EPOLLIN); !status.ok()) return status;
    }
    std::array<epoll_event, 256> events;
    while (!(draining_ && peers_.empty())) {
      const int count = RetryEintr(
          [&] { return kernel_->EpollWait(epoll_.get(), events.data(), events.size(), WaitMs()); });
      if (count < 0) return ErrnoStatus(-count, "epoll_wait", "");
      for (int i = 0; i < count; ++i) {
        const int fd = events[i].data.fd;
        if (fd == end) return EndAll(), absl::OkStatus();
        if (fd == drain) {
          Watch(EPOLL_CTL_DEL, drain, 0).IgnoreError();
          to_drain_ = true;
        } else if (const auto peer = peers_.find(fd); peer != peers_.end()) {
          Serve(peer->second);
        } else if (const auto socket = sockets_.find(fd); socket != sockets_.end()) {
          IsConnected(socket->second.transport()) ? Accept(socket->second)
                                                  : AnswerAll(socket->second);
        }
      }
      if (to_drain_ && !draining_) Drain();
      if (due_ms_ != kNever && kernel_->NowMs() >= due_ms_) Due();
    }
    return absl::OkStatus();
  }

 private:
  struct Socket {
    Listening<K> listening;
    int64_t rests_until_ms = 0;  // 0: it is watched
    int held = 0;                // how often its next answer could not be sent
    int fd() const { return listening.fd.get(); }
    Transport transport() const { return listening.transport; }
  };
  struct Peer {
    Connection<K> connection;
    uint32_t interest = EPOLLIN;
    int64_t active_ms = 0;
  };

  // An accept that comes after this many others of its turn waits: those that are connected go
  // first. Likewise a socket's datagrams, and the reads of one connection: one that never stops
  // sending does not starve the rest.
  static constexpr int kAnswersATurn = 64;
  static constexpr int kReadsATurn = 4;
  // Without descriptors or memory, accepting is tried again after this long without an end, since
  // others may have given some back.
  static constexpr int64_t kRestMs = 100;
  // A unix datagram's sender that does not read is given this many rests of 1 ms.
  static constexpr int kMostHeld = 100;
  static constexpr int64_t kQuietMs = 100;
  static constexpr int64_t kNever = INT64_MAX;

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

  // Of several servers one is woken, not all (EPOLLEXCLUSIVE, epoll_ctl(2)).
  absl::Status WatchSocket(Socket& socket) {
    socket.rests_until_ms = 0;
    return Watch(EPOLL_CTL_ADD, socket.fd(),
                 EPOLLIN | (options_.shares_sockets ? uint32_t{EPOLLEXCLUSIVE} : 0u));
  }

  // Not watched, since it would be ready all the time without being of use.
  void Rest(Socket& socket, int64_t rest_ms) {
    Watch(EPOLL_CTL_DEL, socket.fd(), 0).IgnoreError();
    socket.rests_until_ms = kernel_->NowMs() + rest_ms;
    due_ms_ = std::min(due_ms_, socket.rests_until_ms);
    resting_ = true;
  }

  void WakeThoseThatRest(int64_t now_ms) {
    resting_ = false;
    for (auto& [fd, socket] : sockets_) {
      if (socket.rests_until_ms == 0) continue;
      // An answer that is held waits for its sender alone.
      const int64_t until_ms = socket.held > 0 ? kernel_->NowMs() : now_ms;
      if (socket.rests_until_ms <= until_ms && !WatchSocket(socket).ok()) Rest(socket, kRestMs);
      if (socket.rests_until_ms == 0) continue;
      due_ms_ = std::min(due_ms_, socket.rests_until_ms);
      resting_ = true;
    }
  }

  int WaitMs() const {
    if (due_ms_ == kNever) return -1;
    return static_cast<int>(std::clamp<int64_t>(due_ms_ - kernel_->NowMs(), 0, INT32_MAX));
  }

  // After so long without a byte a connection is ended; 0: never. While draining, what has not come
  // by then was not sent before.
  int64_t IdleMs() const { return draining_ ? kQuietMs : options_.idle_timeout_ms; }
  // How often it is looked who is idle, so that many connections cost little.
  int64_t IdleCheckMs() const { return std::max<int64_t>(1, IdleMs() / 8); }

  // Some time has come: a rest's end, a look at who is idle, the end of draining.
  void Due() {
    const int64_t now_ms = kernel_->NowMs();
    due_ms_ = drains_until_ms_;
    if (now_ms >= drains_until_ms_) return EndAll();
    WakeThoseThatRest(now_ms);
    if (IdleMs() == 0 || peers_.empty()) return;
    due_ms_ = std::min(due_ms_, now_ms + IdleCheckMs());
    for (auto next = peers_.begin(); next != peers_.end();) {
      Peer& peer = (next++)->second;  // it may end, and is no place to go on from then
      // What is due to it while draining is due until drains_until_ms_.
      const bool waits = draining_ && (peer.interest & EPOLLOUT) != 0;
      if (waits || now_ms - peer.active_ms < IdleMs()) continue;
      // A loop that was held up must not take for silence what it has not looked at yet.
      IsReady(peer) ? Serve(peer) : End(peer, draining_ ? 0 : ETIMEDOUT);
    }
  }

  bool IsReady(const Peer& peer) {
    pollfd poll = {peer.connection.fd(), static_cast<short>(peer.interest), 0};
    return RetryEintr([&] { return kernel_->Poll(&poll, 1, 0); }) > 0;
  }

  void Drain() {
    draining_ = true;
    for (auto& [fd, socket] : sockets_) {
      // Others may have it open, and then closing alone would leave it watched.
      if (socket.rests_until_ms == 0) Watch(EPOLL_CTL_DEL, fd, 0).IgnoreError();
      if (!IsConnected(socket.transport())) AnswerAll(socket);
    }
    sockets_.clear();
    due_ms_ = drains_until_ms_ = kernel_->NowMs() + options_.drain_ms;
    for (auto& [fd, peer] : peers_) Touch(peer);
  }

  void EndAll() {
    *count_ -= peers_.size();
    peers_.clear();
    draining_ = true;
  }

  void Accept(Socket& listener) {
    for (int i = 0; i < kAnswersATurn && !to_drain_; ++i) {
      // Counted before it is there: other servers may count the same connections.
      if (++*count_ > options_.max_connections) {
        --*count_;
        return Rest(listener, kRestMs);
      }
      sockaddr_storage from{};
      socklen_t length = sizeof(from);
      const int fd = RetryEintr([&] {
        length = sizeof(from);
        return kernel_->Accept(listener.fd(), reinterpret_cast<sockaddr*>(&from), &length,
                               SOCK_NONBLOCK | SOCK_CLOEXEC);
      });
      KernelFd<K> owner(fd, KernelCloser<K>{kernel_});
      const bool is_watched = fd >= 0 && Watch(EPOLL_CTL_ADD, fd, EPOLLIN).ok();
      if (!is_watched) --*count_;
      if (fd < 0) return AcceptFailed(listener, -fd);
      full_ = false;
      if (!is_watched) continue;  // no memory: it is closed again
      auto address = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&from), length);
      Peer peer{Connection<K>(kernel_, std::move(owner), address.ok() ? *address : SocketAddress(),
                              listener.transport(), options_.session_bytes)};
      log_->Connected(peer.connection.peer());
      Touch(peers_.emplace(fd, std::move(peer)).first->second);
    }
  }

  // Most errors belong to the connection that was to be accepted, and pass with it (accept(2)).
  // Without descriptors or memory the listener rests until a connection ends or kRestMs have
  // passed.
  void AcceptFailed(Socket& listener, int error) {
    const bool full = error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
    if (!full) return;
    if (!full_) log_->Full(error);
    full_ = true;
    Rest(listener, kRestMs);
  }

  void AnswerAll(Socket& socket) {
    for (int i = 0; i < kAnswersATurn && !(to_drain_ && options_.once); ++i) {
      size_t bytes = 0;
      int error = 0;
      const Answer answer =
          datagrams_.AnswerNext(socket.fd(), socket.transport(), socket.listening.address.family(),
                                socket.held >= kMostHeld, &bytes, &error);
      if (answer == Answer::kNothingThere) return;
      if (answer == Answer::kHeld) return ++socket.held, Rest(socket, 1);
      socket.held = 0;
      to_drain_ = to_drain_ || (options_.once && answer == Answer::kSent);
    }
  }

  // Of a peer that has just done something. Only who asks for it pays for the clock.
  void Touch(Peer& peer) {
    if (IdleMs() == 0) return;
    peer.active_ms = kernel_->NowMs();
    due_ms_ = std::min(due_ms_, peer.active_ms + IdleCheckMs());
  }

  void Serve(Peer& peer) {
    Touch(peer);
    const auto served = peer.connection.Serve(kReadsATurn, buffer_.get(), datagrams_);
    if (served.over || served.error != 0) return End(peer, served.error);
    const uint32_t interest = (served.receives ? EPOLLIN : 0u) | (served.sends ? EPOLLOUT : 0u);
    if (interest == peer.interest) return;
    peer.interest = interest;
    if (!Watch(EPOLL_CTL_MOD, peer.connection.fd(), interest).ok()) End(peer, ENOMEM);
  }

  void End(Peer& peer, int error) {
    const Session& session = peer.connection.session();
    log_->Ended(peer.connection.peer(), session.received_bytes(), session.sent_bytes(), error);
    peers_.erase(peer.connection.fd());  // closes; epoll forgets it
    --*count_;
    if (options_.once) to_drain_ = true;
    if (resting_) WakeThoseThatRest(kNever);
  }

  K* const kernel_;
  ServerLog* const log_;
  const ServerOptions options_;
  std::atomic<size_t> own_count_ = 0;
  std::atomic<size_t>* const count_;      // of connections
  const std::unique_ptr<char[]> buffer_;  // shared by all reads
  DatagramEcho<K> datagrams_;
  KernelFd<K> epoll_;
  std::unordered_map<int, Socket> sockets_;
  std::unordered_map<int, Peer> peers_;
  int64_t due_ms_ = kNever;           // when Due is to be called
  int64_t drains_until_ms_ = kNever;  // set while draining
  bool to_drain_ = false;
  bool draining_ = false;
  bool full_ = false;     // the last accept failed for want of descriptors or memory
  bool resting_ = false;  // some socket is not watched
};

}  // namespace verbatim
