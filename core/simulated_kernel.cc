// The way into every call: descriptors, counting, faults; and the calls that are the same for every
// kind of socket.
#include "core/simulated_kernel.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/status.h"

namespace verbatim {

void ByteQueue::Append(const char* data, size_t count) {
  if (begin_ > 0 && bytes_.size() + count > bytes_.capacity()) {
    bytes_.erase(0, begin_);
    begin_ = 0;
  }
  bytes_.append(data, count);
}

void ByteQueue::Drop(size_t count) {
  begin_ += count;
  if (begin_ == bytes_.size()) Clear();
}

absl::string_view ConnectionStateName(ConnectionState state) {
  constexpr absl::string_view kNames[kConnectionStates] = {"none",       "listening", "open",
                                                           "peer ended", "ended",     "both ended",
                                                           "broken",     "datagram",  "pipe"};
  return kNames[static_cast<size_t>(state)];
}

size_t FaultCoverage::Column(const Fault& fault) {
  if (fault.kind != Fault::Kind::kError) {
    return kErrors - 1 + static_cast<size_t>(fault.kind);
  }
  const absl::Span<const int> errors = ErrorsOf(fault.call);
  return static_cast<size_t>(std::find(errors.begin(), errors.end(), fault.error) - errors.begin());
}

void SimulatedKernel::Reset(SimulatedOptions options, FaultSource* faults, SimulatedPeers* peers,
                            FaultCoverage* coverage) {
  options_ = options;
  faults_ = faults;
  peers_ = peers;
  coverage_ = coverage;
  used_ = 0;
  is_peers_turn_ = false;
  open_ = 0;
  next_port_ = 40000;
  now_ms_ = 0;
  idle_calls_ = 0;
  all_calls_ = 0;
  counts_.fill(0);
  pending_.reset();
  met_.clear();
  last_met_ms_ = 0;
  futile_accepts_ = 0;
  violation_.clear();
}

SimulatedKernel::Node* SimulatedKernel::Make(Node::Kind kind, int domain, int flags) {
  if (used_ == nodes_.size()) nodes_.push_back(std::make_unique<Node>());
  Node& node = *nodes_[used_];
  node.Clear();
  node.fd = static_cast<int>(used_++) + kFirstFd;
  node.kind = kind;
  node.domain = domain;
  node.blocks = (flags & SOCK_NONBLOCK) == 0;
  node.is_peers = is_peers_turn_;
  node.is_open = true;
  node.limit_bytes = node.send_limit_bytes = options_.buffer_bytes;
  if (!is_peers_turn_) ++open_;
  return &node;
}

int SimulatedKernel::Violate(absl::string_view what) {
  if (violation_.empty()) violation_ = std::string(what);
  return -EDEADLK;
}

int SimulatedKernel::Unknown(absl::string_view what) {
  Violate(absl::StrCat("the simulator does not model ", what));
  return -ENOSYS;
}

int SimulatedKernel::CheckDescriptor(int fd) {
  if (fd < kFirstFd || static_cast<size_t>(fd - kFirstFd) >= used_) return -EBADF;
  const Node* node = At(fd);
  if (!node->is_open) {
    if (!is_peers_turn_) Violate(absl::StrCat("descriptor ", fd, " is used after it was closed"));
    return -EBADF;
  }
  if (!is_peers_turn_ && node->is_peers && !node->is_lent) {
    Violate(absl::StrCat("descriptor ", fd, " is a peer's"));
    return -EBADF;
  }
  return 0;
}

void SimulatedKernel::CountCall() {
  ++all_calls_;
  if (++idle_calls_ < kMostIdleCalls) return;
  Violate(absl::StrCat("a busy loop: ", kMostIdleCalls, " calls in a row moved nothing"));
  // A wait ends the loop by its error. One that never waits can only be ended with the program.
  if (idle_calls_ < 100 * kMostIdleCalls) return;
  std::fprintf(stderr, "simulated kernel: %s, and none of them waits\n", violation_.c_str());
  std::abort();
}

int SimulatedKernel::Enter(Call call, int fd, size_t bytes, int flags) {
  if (call != Call::kSocket && call != Call::kEpollCreate && call != Call::kPoll) {
    if (const int error = CheckDescriptor(fd); error != 0) return error;
  }
  if (is_peers_turn_) return 0;
  CountCall();
  pending_.reset();
  const uint32_t index = counts_[static_cast<size_t>(call)]++;
  if (faults_ == nullptr) return 0;
  std::optional<Fault> fault = faults_->Next(call, index, fd, WouldMove(call, fd, bytes, flags));
  if (!fault.has_value()) return 0;
  Node* node = fd < 0 ? nullptr : At(fd);
  if (!Applies(*fault, node, fd, bytes, flags)) return 0;
  fault->call = call;
  fault->after = index;
  fault->times = 1;
  if (fault->kind != Fault::Kind::kError) {
    pending_ = fault;
    return 0;
  }
  Meet(*fault, fd);
  Hurt(*fault, node);
  return call == Call::kAccept ? AcceptFailed(-fault->error) : -fault->error;
}

// Without descriptors or memory an accept fails until one is given back: who tries on and on
// meanwhile eats the processor (libuv#690).
int SimulatedKernel::AcceptFailed(int error) {
  const bool lacks = error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM;
  if (!lacks) return error;
  futile_accepts_ = futile_ms_ == now_ms_ ? futile_accepts_ + 1 : 1;
  futile_ms_ = now_ms_;
  if (futile_accepts_ > kMostFutileAccepts) {
    Violate(absl::StrCat("a busy loop: accept failed ", futile_accepts_,
                         " times in no time for want of descriptors or memory"));
  }
  return error;
}

size_t SimulatedKernel::WouldMove(Call call, int fd, size_t bytes, int flags) const {
  if (!CanBeShort(call) || (flags & MSG_PEEK) != 0) return 0;
  const Node* node = At(fd);
  const bool receives = call == Call::kRecv || call == Call::kRead;
  if (receives) return std::min(bytes, node->in.size());
  if (node->other < 0) return bytes;
  const Node* other = At(node->other);
  return std::min(bytes, other->limit_bytes - std::min(other->limit_bytes, other->in.size()));
}

// What can't happen on Linux would prove nothing.
bool SimulatedKernel::Applies(const Fault& fault, const Node* node, int /*fd*/, size_t bytes,
                              int flags) const {
  if (fault.kind != Fault::Kind::kError) {
    return IsWait(fault.call) || node->kind == Node::Kind::kStream ||
           node->kind == Node::Kind::kPipe;
  }
  const bool is_pipe = node != nullptr && node->kind == Node::Kind::kPipe;
  // A record that was peeked at is taken at once. It is there, and nobody else takes it.
  if (fault.call == Call::kRecv && bytes == 0 && fault.error != EINTR) return false;
  switch (fault.error) {
    case EAGAIN:  // of a pipe: another program that has it open may have made it non-blocking
      return is_pipe || !node->blocks || (flags & MSG_DONTWAIT) != 0;
    case ECONNRESET:
    case ETIMEDOUT:
    case EPIPE:
    case ENOTCONN:
      if (fault.call == Call::kConnect) return node->connects() && !node->is_unix();
      if (fault.call == Call::kAccept || is_pipe) return true;
      return node->connects() && node->state == Node::State::kConnected && !node->dead;
    case ECONNREFUSED:
      if (fault.call == Call::kConnect) return node->connects();
      return node->kind == Node::Kind::kDatagram && !node->is_unix();
    case ENETUNREACH:
      return !node->is_unix();
    case EADDRINUSE:
      return true;
    case EINTR:  // connecting a datagram socket never sleeps, nor does a unix one with room
      return fault.call != Call::kConnect ||
             (node->kind == Node::Kind::kStream && !node->is_unix());
    default:
      // Only an addition needs memory (epoll_ctl(2)).
      return fault.call != Call::kEpollControl || bytes == EPOLL_CTL_ADD;
  }
}

void SimulatedKernel::Meet(const Fault& fault, int fd) {
  met_.push_back(fault);
  last_met_ms_ = now_ms_;
  Progress();  // faults come to an end, so what they cause does
  if (coverage_ == nullptr) return;
  const size_t state = static_cast<size_t>(StateOf(fd));
  ++coverage_->hits[static_cast<size_t>(fault.call)][FaultCoverage::Column(fault)][state];
}

// An error that the network or the machine gives is true of the connection from then on.
void SimulatedKernel::Hurt(const Fault& fault, Node* node) {
  if (node == nullptr || fault.call == Call::kAccept || fault.call == Call::kClose) return;
  switch (fault.error) {
    case EINTR:
      return;
    case EAGAIN:
      ++node->wakes.all;  // an edge that was told in vain is told again (epoll(7))
      return;
    case ECONNRESET:
    case ETIMEDOUT:
    case EPIPE:
    case ENOTCONN:
      node->is_hurt = true;
      if (node->connects()) Break(node);
      if (fault.error == ENOTCONN) node->error = ECONNRESET;  // the RST is still to be told
      return;
    default:
      node->is_hurt = true;
  }
}

// A short count is met only where it changes something.
size_t SimulatedKernel::Shorten(int fd, size_t would_move) {
  const bool is_due = !is_peers_turn_ && pending_.has_value() &&
                      pending_->kind == Fault::Kind::kShort && would_move > pending_->amount;
  if (!is_due) return would_move;
  Meet(*pending_, fd);
  ++At(fd)->wakes.all;
  return pending_->amount;
}

ConnectionState SimulatedKernel::StateOf(int fd) const {
  if (fd < 0) return ConnectionState::kNone;
  const Node& node = *At(fd);
  if (node.kind == Node::Kind::kPipe) return ConnectionState::kPipe;
  if (node.kind == Node::Kind::kDatagram) return ConnectionState::kDatagram;
  if (node.state == Node::State::kListening) return ConnectionState::kListening;
  if (node.state != Node::State::kConnected) return ConnectionState::kNone;
  if (node.dead) return ConnectionState::kBroken;
  if (node.in_ended && node.out_ended) return ConnectionState::kBoth;
  if (node.in_ended) return ConnectionState::kPeerEnded;
  return node.out_ended ? ConnectionState::kEnded : ConnectionState::kOpen;
}

bool SimulatedKernel::WasHurt(int fd) const {
  const Node* node = At(fd);
  return node->is_hurt || (node->other >= 0 && At(node->other)->is_hurt);
}

int SimulatedKernel::Socket(int domain, int type, int protocol) {
  if (const int error = Enter(Call::kSocket, -1); error != 0) return error;
  if (IsFull()) return -EMFILE;
  const int base = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (domain != AF_INET && domain != AF_INET6 && domain != AF_UNIX) return Unknown("this family");
  if (protocol != 0 || base == SOCK_RAW) return Unknown("raw sockets and protocols");
  if (base == SOCK_SEQPACKET && domain != AF_UNIX) return -ESOCKTNOSUPPORT;
  const Node::Kind kind = base == SOCK_STREAM  ? Node::Kind::kStream
                          : base == SOCK_DGRAM ? Node::Kind::kDatagram
                                               : Node::Kind::kRecord;
  Node* node = Make(kind, domain, type);
  if (domain == AF_INET) node->local = SocketAddress::FromIPv4({}, 0);
  if (domain == AF_INET6) node->local = SocketAddress::FromIPv6({}, 0);
  return node->fd;
}

int SimulatedKernel::Bind(int fd, const sockaddr* to, socklen_t size) {
  if (const int error = Enter(Call::kBind, fd); error != 0) return error;
  Node* node = At(fd);
  absl::StatusOr<SocketAddress> address = SocketAddress::FromSockaddr(to, size);
  if (!address.ok() || address->family() != node->domain || node->is_bound) return -EINVAL;
  if (node->is_unix() && address->unix_name().empty()) return Autobind(node);
  if (!node->is_unix() && address->port() == 0) address = WithFreePort(*address);
  if (IsTaken(node, *address)) return -EADDRINUSE;
  node->local = *address;
  node->is_bound = true;
  return 0;
}

int SimulatedKernel::Listen(int fd, int backlog) {
  if (const int error = Enter(Call::kListen, fd); error != 0) return error;
  Node* node = At(fd);
  if (!node->connects()) return -EOPNOTSUPP;
  if (!node->is_bound && node->is_unix()) return -EINVAL;
  if (node->state == Node::State::kConnected) return -EINVAL;
  if (const int error = node->is_bound ? 0 : Autobind(node); error != 0) return error;
  node->state = Node::State::kListening;
  node->backlog = static_cast<size_t>(std::max(backlog, 0));
  return 0;
}

int SimulatedKernel::Connect(int fd, const sockaddr* to, socklen_t size) {
  const absl::StatusOr<SocketAddress> address = SocketAddress::FromSockaddr(to, size);
  const int error = Enter(Call::kConnect, fd);
  if (error != 0 && error != -EINTR) return error;
  Node* node = At(fd);
  if (!address.ok() || address->family() != node->domain) return -EINVAL;
  const int result =
      node->connects() ? ConnectStream(node, *address) : ConnectDatagram(node, *address);
  // Interrupted, it goes on being made (POSIX connect).
  return error == -EINTR && result == 0 ? error : result;
}

int SimulatedKernel::GetOption(int fd, int level, int name, void* value, socklen_t* size) {
  if (const int error = Enter(Call::kGetOption, fd); error != 0) return error;
  if (!At(fd)->connects() && At(fd)->kind != Node::Kind::kDatagram) return -ENOTSOCK;
  if (level != SOL_SOCKET || name != SO_ERROR || *size < sizeof(int)) return Unknown("this option");
  const int pending = -TakeError(At(fd));
  std::memcpy(value, &pending, sizeof(pending));
  *size = sizeof(pending);
  return 0;
}

int SimulatedKernel::SetOption(int fd, int level, int name, const void* value, socklen_t size) {
  if (const int error = Enter(Call::kSetOption, fd); error != 0) return error;
  Node* node = At(fd);
  int number = 0;
  if (size < sizeof(number)) return -EINVAL;
  std::memcpy(&number, value, sizeof(number));
  if (level == SOL_SOCKET && name == SO_LINGER && size == sizeof(linger)) {
    linger how{};
    std::memcpy(&how, value, sizeof(how));
    node->resets_on_close = how.l_onoff != 0 && how.l_linger == 0;
  } else if (level == SOL_SOCKET && name == SO_SNDBUF) {
    // Doubled, for the kernel's own use (socket(7)).
    node->send_limit_bytes = 2 * static_cast<size_t>(std::min(number, 1 << 20));
  } else if ((level == IPPROTO_IP && name == IP_PKTINFO) ||
             (level == IPPROTO_IPV6 && name == IPV6_RECVPKTINFO)) {
    node->tells_asked = number != 0;
  } else if (!(level == SOL_SOCKET && name == SO_REUSEADDR) &&
             !(level == IPPROTO_TCP && name == TCP_NODELAY) &&
             !(level == IPPROTO_IPV6 && name == IPV6_V6ONLY)) {
    return Unknown("this option");
  }
  return 0;
}

int SimulatedKernel::LocalAddress(int fd, sockaddr* at, socklen_t* size) {
  if (const int error = Enter(Call::kLocalAddress, fd); error != 0) return error;
  GiveAddress(At(fd)->local, At(fd)->domain, at, size);
  return 0;
}

// A socket without a name has its family alone (unix(7)).
void SimulatedKernel::GiveAddress(const SocketAddress& address, int domain, void* at,
                                  socklen_t* size) {
  const sa_family_t family = static_cast<sa_family_t>(domain);
  const bool is_unnamed = address.family() == AF_UNSPEC;
  const void* from = is_unnamed ? static_cast<const void*>(&family) : address.data();
  const socklen_t length = is_unnamed ? sizeof(family) : address.size();
  std::memcpy(at, from, std::min(*size, length));
  *size = length;
}

int SimulatedKernel::Close(int fd) {
  const int fault = Enter(Call::kClose, fd);
  if (fault != 0 && fault != -EINTR) return fault;
  Node* node = At(fd);
  Progress();
  if (node->state == Node::State::kListening) {
    CloseListener(node);
  } else if (node->connects() || node->kind == Node::Kind::kPipe) {
    CloseStream(node);
  }
  DropDatagrams(node);
  node->is_open = false;
  if (!node->is_peers) --open_;
  if (!is_peers_turn_) futile_accepts_ = 0;
  for (size_t i = 0; i < used_; ++i) {
    std::vector<EpollItem>& items = nodes_[i]->items;
    if (items.empty()) continue;
    items.erase(std::remove_if(items.begin(), items.end(),
                               [fd](const EpollItem& item) { return item.fd == fd; }),
                items.end());
  }
  return fault;  // EINTR: the descriptor is gone all the same (close(2), NOTES)
}

void SimulatedKernel::CheckNothingIsLeftOpen() {
  for (size_t i = 0; i < used_; ++i) {
    const Node& node = *nodes_[i];
    if (node.is_open && !node.is_peers) {
      Violate(absl::StrCat("descriptor ", node.fd, " was never closed"));
    }
  }
}

int64_t SimulatedKernel::NowMs() {
  if (!is_peers_turn_) CountCall();
  return now_ms_;
}

}  // namespace verbatim
