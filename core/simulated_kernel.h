// SimulatedKernel: a deterministic model of Linux's sockets behind the seam of core/kernel.h, in
// which any call can meet a Fault. One program is under test, "the implementation"; the peers that
// it talks with live in the same kernel. The implementation's waits are the only scheduling points:
// there the peers act and time passes.
// Unlike there, no descriptor's number is used twice, so that a use after a close is seen.
// What it models is held to the real kernel by simulated_kernel_differential_test.cc. What it does
// not model it refuses aloud (violation()): a simulator that lies is worse than none.
// Not for: what the peers do (properties/stage/simulated), names, files, signals, threads.
#pragma once

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/fault.h"
#include "core/kernel.h"
#include "core/simulated_socket.h"

namespace verbatim {

// Everybody but the implementation.
class SimulatedPeers {
 public:
  virtual ~SimulatedPeers() = default;
  // Does the next thing that is due, by calls of the kernel, which are the peers' own meanwhile:
  // they never block and meet no fault. False iff there was nothing to do.
  virtual bool Step() = 0;
  // When Step is to be asked again though nothing else happened: a time of NowMs, or kNever.
  virtual int64_t DueMs() const { return kNever; }
  static constexpr int64_t kNever = INT64_MAX;
};

// How a descriptor stood when it met a fault.
enum class ConnectionState : uint8_t {
  kNone,  // the call has no descriptor, or one that is no connection: new, epoll
  kListening,
  kOpen,
  kPeerEnded,  // the peer's FIN has come
  kEnded,      // our FIN is sent
  kBoth,       // both
  kBroken,     // after a RST
  kDatagram,
  kPipe,
};
inline constexpr size_t kConnectionStates = 9;
absl::string_view ConnectionStateName(ConnectionState state);

// How often each call met each fault in each state. A kind of fault is a column: the errors of
// ErrorsOf in their order, then short, spurious, delayed.
struct FaultCoverage {
  static constexpr size_t kErrors = 10, kColumns = kErrors + 3;
  static size_t Column(const Fault& fault);
  std::array<std::array<std::array<uint64_t, kConnectionStates>, kColumns>, kCalls> hits{};
};

struct SimulatedOptions {
  size_t buffer_bytes = 64 * 1024;  // of each direction of a connection or pipe; of datagrams
  int most_descriptors = 1000;      // of the implementation; more is EMFILE
  // Received on a connection and not yet sent back there: more is a violation.
  size_t most_held_bytes = SIZE_MAX;
};

class SimulatedKernel {
 public:
  explicit SimulatedKernel(SimulatedOptions options = {}) : options_(options) {}
  SimulatedKernel(const SimulatedKernel&) = delete;
  SimulatedKernel& operator=(const SimulatedKernel&) = delete;

  // Begins anew; memory is kept. `faults`, `peers` and `coverage` may be null, and must outlive the
  // run.
  void Reset(SimulatedOptions options, FaultSource* faults, SimulatedPeers* peers,
             FaultCoverage* coverage = nullptr);

  // For peers that need the kernel before they are there.
  void SetPeers(SimulatedPeers* peers) { peers_ = peers; }

  // The seam: core/kernel.h.
  int Socket(int domain, int type, int protocol);
  int Bind(int fd, const sockaddr* to, socklen_t size);
  int Listen(int fd, int backlog);
  int Accept(int fd, sockaddr* from, socklen_t* size, int flags);
  int Connect(int fd, const sockaddr* to, socklen_t size);
  int GetOption(int fd, int level, int name, void* value, socklen_t* size);
  int SetOption(int fd, int level, int name, const void* value, socklen_t size);
  int LocalAddress(int fd, sockaddr* at, socklen_t* size);
  ssize_t Recv(int fd, void* data, size_t n, int flags);
  ssize_t Send(int fd, const void* data, size_t n, int flags);
  ssize_t RecvMessage(int fd, msghdr* message, int flags);
  ssize_t SendMessage(int fd, const msghdr* message, int flags);
  ssize_t Read(int fd, void* data, size_t n);
  ssize_t Write(int fd, const void* data, size_t n);
  int Shutdown(int fd, int how);
  int Close(int fd);
  int EpollCreate();
  int EpollControl(int epoll, int operation, int fd, epoll_event* event);
  int EpollWait(int epoll, epoll_event* events, int count, int timeout_ms);
  int Poll(pollfd* polls, nfds_t count, int timeout_ms);
  int64_t NowMs();

  // While one lives, calls are the peers': for tests, and to set the world up.
  class PeersTurn {
   public:
    explicit PeersTurn(SimulatedKernel* kernel)
        : kernel_(kernel), before_(std::exchange(kernel->is_peers_turn_, true)) {}
    ~PeersTurn() { kernel_->is_peers_turn_ = before_; }
    PeersTurn(const PeersTurn&) = delete;
    PeersTurn& operator=(const PeersTurn&) = delete;

   private:
    SimulatedKernel* const kernel_;
    const bool before_;
  };
  // socketpair(2) on AF_UNIX with SOCK_STREAM or SOCK_SEQPACKET (and SOCK_NONBLOCK), pipe2(2).
  void SocketPair(int type, int ends[2]);
  void Pipe(int ends[2], int flags);
  // Something that is readable once it was signalled: a signalfd, say. The peers'.
  int Event();
  void Signal(int event);
  // The implementation may use this descriptor of the peers', as if it had inherited it.
  void Lend(int fd) { At(fd)->is_lent = true; }

  // Whether a fault hit the connection of `fd` (either end) that may rightly end it early.
  bool WasHurt(int fd) const;
  // Calls by the peers' turn advance no clock; this does.
  void AdvanceMs(int64_t ms) { now_ms_ += ms; }
  // Whether a receive would find bytes, an end or an error.
  bool HasNews(int fd) const {
    const Node* node = At(fd);
    return node->in.size() > 0 || !node->records.empty() || node->in_ended || node->dead ||
           node->error != 0;
  }
  // Of the implementation.
  int OpenDescriptors() const { return open_; }
  // How many bytes were received and not read there.
  size_t Unread(int fd) const { return At(fd)->in.size(); }
  // How many bytes were sent on a connection and not read at its other end, which is still there.
  size_t UnreadThere(int fd) const {
    const Node* node = At(fd);
    return node->other < 0 || node->dead || At(node->other)->closed ? 0 : Unread(node->other);
  }

  // The first thing that the implementation must never do, or that this model doesn't know; empty
  // if there was none: a descriptor used after it was closed, a wait for what can never come, calls
  // without end or progress, more held than most_held_bytes, a connection closed before all that
  // was received on it was sent back (if most_held_bytes is set).
  const std::string& violation() const { return violation_; }
  // To be called when the implementation is gone: what it has left open is a violation.
  void CheckNothingIsLeftOpen();

  // The faults that were met, each as one that stands alone: with its own `after`, met once.
  const std::vector<Fault>& met() const { return met_; }
  int64_t last_met_ms() const { return last_met_ms_; }
  // Calls of the implementation.
  uint64_t calls() const { return all_calls_; }

 private:
  using Node = SimulatedSocket;
  Node* At(int fd) { return nodes_[static_cast<size_t>(fd - kFirstFd)].get(); }
  const Node* At(int fd) const { return nodes_[static_cast<size_t>(fd - kFirstFd)].get(); }
  Node* Other(Node* node) { return node->other < 0 ? nullptr : At(node->other); }

  // simulated_kernel.cc
  Node* Make(Node::Kind kind, int domain, int flags);
  bool IsFull() const { return !is_peers_turn_ && open_ >= options_.most_descriptors; }
  int CheckDescriptor(int fd);
  int Violate(absl::string_view what);
  int Unknown(absl::string_view what);
  void Progress() { idle_calls_ = 0, progressed_ms_ = now_ms_; }

  // simulated_faults.cc
  // 0, or what the call fails with before it looks at anything: EBADF, a fault.
  int Enter(Call call, int fd, size_t bytes = 0, int flags = 0);
  void CountCall();
  size_t WouldMove(Call call, int fd, size_t bytes, int flags) const;
  bool Applies(const Fault& fault, const Node* node, size_t bytes, int flags) const;
  void Meet(const Fault& fault, int fd);
  int AcceptFailed(int error);
  void CheckSignal(Call call, ssize_t result, int flags);
  void Hurt(const Fault& fault, Node* node);
  size_t Shorten(int fd, size_t would_move);
  ConnectionState StateOf(int fd) const;

  // simulated_address.cc
  int Autobind(Node* node);
  bool IsTaken(const Node* node, const SocketAddress& address) const;
  SocketAddress WithFreePort(const SocketAddress& address);
  int NoReceiver(const SocketAddress& to) const;
  static SocketAddress SourceFor(const SocketAddress& to);
  static bool IsWildcard(const SocketAddress& address);
  static bool Reaches(const SocketAddress& to, const SocketAddress& local);
  static void GiveAddress(const SocketAddress& address, int domain, void* at, socklen_t* size);

  // simulated_connect.cc
  int ConnectStream(Node* node, const SocketAddress& to);
  Node* FindListener(const SocketAddress& to, Node::Kind kind);
  void Establish(Node* client, Node* listener);
  void Refuse(Node* client);
  void AdmitWaiting(Node* listener);
  void CloseStream(Node* node);
  void CloseListener(Node* node);
  void TellReset(Node* node);
  void Break(Node* node);

  // simulated_stream.cc
  int TakeError(Node* node) { return -std::exchange(node->error, 0); }
  ssize_t ReceiveStream(Node* node, char* data, size_t n, int flags);
  ssize_t ReceiveRecord(Node* node, char* data, size_t n, int flags);
  ssize_t SendStream(Node* node, const char* data, size_t n);
  int CannotSend(Node* node);
  int CannotReceive(Node* node);
  void Taken(Node* node, size_t bytes);
  bool IsWritable(const Node& node) const;
  void CheckHeld(Node* node);

  // simulated_datagram.cc
  int ConnectDatagram(Node* node, const SocketAddress& to);
  Node* FindReceiver(const SocketAddress& to, const SocketAddress& from, int domain);
  ssize_t SendDatagram(Node* node, const SocketAddress& to, std::optional<SocketAddress> from,
                       const iovec& data, int flags);
  ssize_t ReceiveDatagram(Node* node, char* data, size_t n, int flags, msghdr* message);
  bool MaySend(const Node& node, const Node& receiver) const;
  bool IsQueueFull(const Node& node, const Node& receiver) const;
  int CannotSendUnix(Node* node, const SocketAddress& to, int flags);
  void DropDatagrams(Node* node);
  void Disconnect(Node* node);
  void WakeSenders(const Node* receiver, int sender);
  bool CanSendOn(const Node& node) const;

  // simulated_wait.cc
  uint32_t ReadyEvents(const Node& node) const;
  bool RunPeers();
  bool Waits(const Node& node, int flags) const {
    return !is_peers_turn_ && node.blocks && (flags & MSG_DONTWAIT) == 0;
  }
  // A call of the implementation that blocks. False, and a violation, iff it would for ever.
  template <typename Ready>
  bool SleepUntil(Ready ready) {
    while (!ready()) {
      if (RunPeers()) continue;
      const int64_t due_ms = peers_ == nullptr ? SimulatedPeers::kNever : peers_->DueMs();
      if (due_ms == SimulatedPeers::kNever) return Violate("a call that blocks for ever"), false;
      now_ms_ = std::max(now_ms_, due_ms);
    }
    return true;
  }
  int CollectEpoll(Node* epoll, epoll_event* events, int count);
  int CollectPoll(pollfd* polls, nfds_t count);
  int SpuriousEpoll(Node* epoll, epoll_event* events);
  int SpuriousPoll(pollfd* polls, nfds_t count);
  template <typename Collect, typename Spurious>
  int Wait(int timeout_ms, Collect collect, Spurious spurious);

  static constexpr int kFirstFd = 3;
  // So many calls in a row that move nothing are a busy loop.
  static constexpr uint32_t kMostIdleCalls = 1000;
  static constexpr int kMostFutileAccepts = 3;
  // So long without anything but time passing is a wait for nothing, by instalments.
  static constexpr int64_t kMostQuietMs = 600'000;

  SimulatedOptions options_;
  FaultSource* faults_ = nullptr;
  SimulatedPeers* peers_ = nullptr;
  FaultCoverage* coverage_ = nullptr;
  std::vector<std::unique_ptr<Node>> nodes_;  // those behind used_ are kept for their memory
  size_t used_ = 0;
  bool is_peers_turn_ = false;
  int open_ = 0;  // of the implementation
  uint16_t next_port_ = 0;
  int64_t now_ms_ = 0;
  uint32_t idle_calls_ = 0;
  int64_t progressed_ms_ = 0;
  uint64_t all_calls_ = 0;
  std::array<uint32_t, kCalls> counts_{};
  std::optional<Fault> pending_;  // short, spurious or delayed: met once it has had an effect
  std::vector<Fault> met_;
  int64_t last_met_ms_ = 0;
  int futile_accepts_ = 0;  // at futile_ms_, since the implementation closed something
  int64_t futile_ms_ = 0;
  std::string violation_;
};

static_assert(Kernel<SimulatedKernel>);

}  // namespace verbatim
