// Datagrams: what reaches whom. The rules are those of Linux's net/ipv4/udp.c and
// net/unix/af_unix.c.
// Not for: who is bound where (simulated_address.cc).
#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/simulated_kernel.h"

namespace verbatim {
namespace {

constexpr size_t kMostUdpBytes = 65507;
constexpr size_t kMostUdp6Bytes = 65527;
// A unix datagram socket holds one more than net.unix.max_dgram_qlen.
constexpr size_t kMostUnixDatagrams = 11;
// The address that a packet's control data names as its source (ip(7), ipv6(7)).
std::optional<SocketAddress> AskedSource(const msghdr& message) {
  if (message.msg_controllen < sizeof(cmsghdr)) return std::nullopt;
  const cmsghdr* control = CMSG_FIRSTHDR(&message);
  if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
    in_pktinfo info;
    std::memcpy(&info, CMSG_DATA(control), sizeof(info));
    std::array<uint8_t, 4> octets;
    std::memcpy(octets.data(), &info.ipi_spec_dst, octets.size());
    return SocketAddress::FromIPv4(octets, 0);
  }
  if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
    in6_pktinfo info;
    std::memcpy(&info, CMSG_DATA(control), sizeof(info));
    std::array<uint8_t, 16> octets;
    std::memcpy(octets.data(), &info.ipi6_addr, octets.size());
    return SocketAddress::FromIPv6(octets, 0);
  }
  return std::nullopt;
}

// Puts `info` into a message's control data, if there is room; else says that it was cut.
template <typename Info>
void PutControl(msghdr* message, int level, int type, const Info& info) {
  if (message->msg_controllen < CMSG_SPACE(sizeof(info))) {
    message->msg_controllen = 0;
    message->msg_flags |= MSG_CTRUNC;
    return;
  }
  cmsghdr* control = CMSG_FIRSTHDR(message);
  control->cmsg_level = level;
  control->cmsg_type = type;
  control->cmsg_len = CMSG_LEN(sizeof(info));
  std::memcpy(CMSG_DATA(control), &info, sizeof(info));
  message->msg_controllen = CMSG_SPACE(sizeof(info));
}

void TellAsked(msghdr* message, const SocketAddress& to) {
  if (to.family() == AF_INET) {
    in_pktinfo info{};
    info.ipi_ifindex = 1;
    info.ipi_addr = info.ipi_spec_dst = reinterpret_cast<const sockaddr_in*>(to.data())->sin_addr;
    PutControl(message, IPPROTO_IP, IP_PKTINFO, info);
  } else {
    in6_pktinfo info{};
    info.ipi6_ifindex = 1;
    info.ipi6_addr = reinterpret_cast<const sockaddr_in6*>(to.data())->sin6_addr;
    PutControl(message, IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
}

}  // namespace
// Who is reached best: the socket connected to the sender, then one bound to just this address.
SimulatedKernel::Node* SimulatedKernel::FindReceiver(const SocketAddress& to,
                                                     const SocketAddress& from, int domain) {
  Node* best = nullptr;
  int best_score = -1;
  for (size_t i = 0; i < used_; ++i) {
    Node* node = nodes_[i].get();
    if (!node->is_open || node->kind != Node::Kind::kDatagram || node->domain != domain) continue;
    if (!node->is_bound || !Reaches(to, node->local)) continue;
    const bool is_connected = node->state == Node::State::kConnected;
    if (is_connected && !node->is_unix() && !(node->remote == from)) continue;
    const int score = (is_connected ? 2 : 0) + (to == node->local ? 1 : 0);
    if (score > best_score) best = node, best_score = score;
  }
  return best;
}
int SimulatedKernel::ConnectDatagram(Node* node, const SocketAddress& to) {
  if (node->is_unix()) {
    const Node* receiver = FindReceiver(to, node->local, AF_UNIX);
    if (receiver == nullptr) return NoReceiver(to);
    if (!MaySend(*node, *receiver)) return -EPERM;
    if (node->other >= 0) ++node->wakes.room;  // whatever it was connected to
    if (node->other >= 0 && node->other != receiver->fd) Disconnect(node);
    node->other = receiver->fd;
    node->wants_room = false;
  } else if (!node->is_bound || IsWildcard(node->local)) {
    const SocketAddress source = SourceFor(to);
    node->local = node->is_bound ? source.WithPort(node->local.port()) : WithFreePort(source);
    node->is_bound = true;
  }
  node->remote = to;
  node->state = Node::State::kConnected;
  return 0;
}

// A unix socket that is connected hears nobody else (unix_may_send).
bool SimulatedKernel::MaySend(const Node& node, const Node& receiver) const {
  return receiver.other < 0 || receiver.other == node.fd;
}

// Two that are connected to each other, and who sends to itself, know no bound
// (unix_dgram_sendmsg).
bool SimulatedKernel::IsQueueFull(const Node& node, const Node& receiver) const {
  return &node != &receiver && receiver.other != node.fd &&
         receiver.datagrams.size() >= kMostUnixDatagrams;
}

// Nobody will read what has come.
void SimulatedKernel::DropDatagrams(Node* node) {
  for (const SimulatedDatagram& each : std::exchange(node->datagrams, {})) {
    WakeSenders(node, each.sender);
  }
  node->queued_bytes = 0;
}

// A unix socket leaves whom it was connected to: what has come is lost, and if there was any, who
// is connected to it in turn is told (unix_dgram_disconnected).
void SimulatedKernel::Disconnect(Node* node) {
  Node* other = At(std::exchange(node->other, -1));
  const bool loses = !node->datagrams.empty();
  DropDatagrams(node);
  node->state = Node::State::kNew;
  node->remote = SocketAddress();
  if (!loses || !other->is_open || other->other != node->fd) return;
  other->error = ECONNRESET;
  ++other->wakes.all;
}

// 0 iff `to` has a unix socket that takes a datagram of `node`; waits for room if it may.
int SimulatedKernel::CannotSendUnix(Node* node, const SocketAddress& to, int flags) {
  if (to.family() == AF_UNSPEC) return -ENOTCONN;
  // Whom it is connected to may be gone, and the name be another's by now.
  if (&to == &node->remote && !At(node->other)->is_open) return Disconnect(node), -ECONNREFUSED;
  const Node* receiver = FindReceiver(to, node->local, AF_UNIX);
  if (receiver == nullptr) return NoReceiver(to);
  if (!MaySend(*node, *receiver)) return -EPERM;
  if (!IsQueueFull(*node, *receiver)) return 0;
  node->wants_room = node->other == receiver->fd;
  if (!Waits(*node, flags)) return -EAGAIN;
  return SleepUntil([&] { return !IsQueueFull(*node, *receiver); }) ? 0 : -EDEADLK;
}

// UDP: what finds nobody, or no room, is lost; a connected sender learns the former from its next
// call (udp(7)). Unix: the sender learns both at once.
ssize_t SimulatedKernel::SendDatagram(Node* node, const SocketAddress& to,
                                      std::optional<SocketAddress> from, const iovec& data,
                                      int flags) {
  if (node->error != 0) return TakeError(node);
  if (!node->is_unix()) Autobind(node);  // even if nothing comes of it (inet_send_prepare)
  if (to.family() == AF_UNSPEC && !node->is_unix()) return -EDESTADDRREQ;
  if (to.family() != node->domain && to.family() != AF_UNSPEC) return -EINVAL;
  const size_t most = node->is_unix()           ? node->send_limit_bytes
                      : node->domain == AF_INET ? kMostUdpBytes
                                                : kMostUdp6Bytes;
  if (data.iov_len > most) return -EMSGSIZE;
  if (node->is_unix()) {
    const int error = CannotSendUnix(node, to, flags);
    // The buffer that it was copied to is free again, and its owner told so (sock_wfree).
    if (error != 0) return ++node->wakes.room, error;
  }
  SocketAddress source = node->local;
  if (!node->is_unix() && IsWildcard(source)) source = SourceFor(to).WithPort(source.port());
  if (from.has_value() && !IsWildcard(*from)) source = from->WithPort(source.port());
  Node* receiver = FindReceiver(to, source, node->domain);
  if (receiver == nullptr) {
    // The answer names both addresses of what was sent, and finds who has them (udp_err).
    const bool is_known = node->state == Node::State::kConnected && to == node->remote;
    if (is_known && source == node->local) node->error = ECONNREFUSED, ++node->wakes.all;
  }
  Progress();
  if (!node->is_unix()) ++node->wakes.room;  // on loopback it is free again at once (skb_orphan)
  if (receiver == nullptr) return static_cast<ssize_t>(data.iov_len);
  if (!node->is_unix() && receiver->queued_bytes + data.iov_len > receiver->limit_bytes) {
    return static_cast<ssize_t>(data.iov_len);
  }
  receiver->datagrams.push_back(
      {std::string(static_cast<const char*>(data.iov_base), data.iov_len), source, to, node->fd});
  receiver->queued_bytes += data.iov_len;
  ++receiver->wakes.input;
  return static_cast<ssize_t>(data.iov_len);
}

ssize_t SimulatedKernel::ReceiveDatagram(Node* node, char* data, size_t n, int flags,
                                         msghdr* message) {
  if (node->error != 0) return TakeError(node);
  if (node->datagrams.empty() && Waits(*node, flags) &&
      !SleepUntil([node] { return !node->datagrams.empty() || node->error != 0; })) {
    return -EDEADLK;
  }
  if (node->datagrams.empty()) return node->error != 0 ? TakeError(node) : -EAGAIN;
  SimulatedDatagram& next = node->datagrams.front();
  const size_t length = next.bytes.size(), count = std::min(n, length);
  if (count > 0) std::memcpy(data, next.bytes.data(), count);
  if (message != nullptr) {
    if (message->msg_name != nullptr) {
      const bool is_unnamed = next.from.family() == AF_UNSPEC;
      if (!is_unnamed)
        GiveAddress(next.from, node->domain, message->msg_name, &message->msg_namelen);
      if (is_unnamed) message->msg_namelen = 0;
    }
    message->msg_flags = count < length ? static_cast<int>(MSG_TRUNC) : 0;
    node->tells_asked ? TellAsked(message, next.to) : void(message->msg_controllen = 0);
  }
  if ((flags & MSG_PEEK) == 0) {
    const int sender = next.sender;
    node->queued_bytes -= length;
    node->datagrams.erase(node->datagrams.begin());
    WakeSenders(node, sender);
    Progress();
  }
  return static_cast<ssize_t>((flags & MSG_TRUNC) != 0 ? length : count);
}

// A datagram was taken from a unix socket's queue. Its sender has room again (sock_wfree), and
// those connected to it are told if they saw its queue full.
void SimulatedKernel::WakeSenders(const Node* receiver, int sender) {
  if (!receiver->is_unix()) return;
  ++At(sender)->wakes.room;
  for (size_t i = 0; i < used_; ++i) {
    Node& node = *nodes_[i];
    if (node.kind != Node::Kind::kDatagram || node.other != receiver->fd) continue;
    if (std::exchange(node.wants_room, false)) ++node.wakes.room;
  }
}

// A connected unix socket waits for its receiver; all others can always send.
bool SimulatedKernel::CanSendOn(const Node& node) const {
  if (!node.is_unix() || node.other < 0) return true;
  node.wants_room = At(node.other)->is_open && IsQueueFull(node, *At(node.other));
  return !node.wants_room;
}

ssize_t SimulatedKernel::RecvMessage(int fd, msghdr* message, int flags) {
  if ((flags & ~(MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT)) != 0) {
    return Unknown("these flags of recvmsg");
  }
  if (message->msg_iovlen != 1) return Unknown("a message in several pieces");
  const iovec& data = *message->msg_iov;
  if (const int error = Enter(Call::kRecvMessage, fd, data.iov_len, flags); error != 0)
    return error;
  Node* node = At(fd);
  char* bytes = static_cast<char*>(data.iov_base);
  if (node->kind == Node::Kind::kDatagram) {
    return ReceiveDatagram(node, bytes, data.iov_len, flags, message);
  }
  if (node->kind != Node::Kind::kRecord) return Unknown("recvmsg on a stream");
  message->msg_namelen = 0;
  message->msg_controllen = 0;
  return ReceiveRecord(node, bytes, data.iov_len, flags);
}

ssize_t SimulatedKernel::SendMessage(int fd, const msghdr* message, int flags) {
  if ((flags & ~(MSG_NOSIGNAL | MSG_DONTWAIT)) != 0) return Unknown("these flags of sendmsg");
  if (message->msg_iovlen != 1) return Unknown("a message in several pieces");
  const iovec& data = *message->msg_iov;
  if (const int error = Enter(Call::kSendMessage, fd, data.iov_len, flags); error != 0)
    return error;
  Node* node = At(fd);
  if (node->connects()) {
    const ssize_t sent = SendStream(node, static_cast<const char*>(data.iov_base), data.iov_len);
    CheckSignal(Call::kSendMessage, sent, flags);
    return sent;
  }
  if (node->kind != Node::Kind::kDatagram) return -ENOTSOCK;
  if (message->msg_name == nullptr || message->msg_namelen == 0) {
    return SendDatagram(node, node->remote, AskedSource(*message), data, flags);
  }
  const absl::StatusOr<SocketAddress> to = SocketAddress::FromSockaddr(
      static_cast<const sockaddr*>(message->msg_name), message->msg_namelen);
  if (!to.ok()) return -EINVAL;
  return SendDatagram(node, *to, AskedSource(*message), data, flags);
}

}  // namespace verbatim
