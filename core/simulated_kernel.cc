// Descriptors, and the calls that are the same for every kind of socket.
#include "core/simulated_kernel.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

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
  progressed_ms_ = 0;
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
