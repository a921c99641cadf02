// Asking the kernel for queues: sock_diag(7) for TCP, SIOCOUTQ for unix sockets, FIONREAD for
// pipes.
// Not for: waiting. Who asks decides when to ask again.
#include "properties/stage/socket/queue.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "core/status.h"

namespace verbatim {
namespace {

constexpr int kListen = 10;  // TCP_LISTEN of netinet/tcp.h, which can't stand beside linux/tcp.h

struct QueueRequest {
  nlmsghdr header{};
  inet_diag_req_v2 body{};
};

union Name {
  sockaddr any;
  sockaddr_in in4;
  sockaddr_in6 in6;
};

void PutAddress(const Name& name, __be32* address, __be16* port) {
  if (name.any.sa_family == AF_INET6) {
    std::memcpy(address, &name.in6.sin6_addr, sizeof(name.in6.sin6_addr));
    *port = name.in6.sin6_port;
  } else {
    std::memcpy(address, &name.in4.sin_addr, sizeof(name.in4.sin_addr));
    *port = name.in4.sin_port;
  }
}

// The exact look-up of the other end: our 4-tuple turned round. Only this one socket is visited.
bool FillRequest(int fd, QueueRequest* request) {
  Name ours{}, peers{};
  socklen_t ours_size = sizeof(ours), peers_size = sizeof(peers);
  if (::getsockname(fd, &ours.any, &ours_size) != 0 ||
      ::getpeername(fd, &peers.any, &peers_size) != 0) {
    return false;
  }
  request->header.nlmsg_len = sizeof(*request);
  request->header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request->header.nlmsg_flags = NLM_F_REQUEST;
  request->body.sdiag_family = static_cast<__u8>(peers.any.sa_family);
  request->body.sdiag_protocol = IPPROTO_TCP;
  request->body.idiag_ext = 1 << (INET_DIAG_INFO - 1);
  request->body.idiag_states = ~0u;
  inet_diag_sockid& id = request->body.id;
  PutAddress(peers, id.idiag_src, &id.idiag_sport);
  PutAddress(ours, id.idiag_dst, &id.idiag_dport);
  if (peers.any.sa_family == AF_INET6) id.idiag_if = peers.in6.sin6_scope_id;
  id.idiag_cookie[0] = id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return true;
}

std::optional<uint64_t> Ioctl(int fd, unsigned long request) {
  int bytes = 0;
  if (::ioctl(fd, request, &bytes) != 0 || bytes < 0) return std::nullopt;
  return static_cast<uint64_t>(bytes);
}

}  // namespace

PeerQueue::PeerQueue(int fd) : fd_(fd) {
  int family = 0;
  socklen_t size = sizeof(family);
  struct stat status {};
  if (::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) == 0) {
    kind_ = family == AF_UNIX                         ? Kind::kUnix
            : family == AF_INET || family == AF_INET6 ? Kind::kTcp
                                                      : Kind::kUnknown;
  } else if (::fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode)) {
    kind_ = Kind::kPipe;
  }
  if (kind_ == Kind::kTcp) {
    diag_ = UniqueFd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  }
}

std::optional<uint64_t> PeerQueue::Unread(uint64_t sent_bytes) {
  switch (kind_) {
    case Kind::kTcp:
      return UnreadOfTcp(sent_bytes);
    case Kind::kUnix:
      // What we have sent is in the other side's queue at once, and counted against us until it has
      // read it.
      return Ioctl(fd_, SIOCOUTQ);
    case Kind::kPipe:
      return Ioctl(fd_, FIONREAD);
    case Kind::kUnknown:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<PeerQueue::Peer> PeerQueue::LookUp() {
  QueueRequest request;
  if (!diag_ || !FillRequest(fd_, &request)) return std::nullopt;
  const ssize_t sent = RetryEintr([&]() -> ssize_t {
    return ::send(diag_.get(), &request, sizeof(request), 0) < 0 ? -errno : 0;
  });
  // The answer is there before send returns.
  alignas(nlmsghdr) std::array<char, 4096> answer;
  const ssize_t got =
      sent < 0 ? -1 : ::recv(diag_.get(), answer.data(), answer.size(), MSG_DONTWAIT);
  const size_t size = static_cast<size_t>(std::max<ssize_t>(got, 0));
  nlmsghdr header;
  inet_diag_msg message;
  if (size < NLMSG_SPACE(sizeof(message))) return std::nullopt;
  std::memcpy(&header, answer.data(), sizeof(header));
  std::memcpy(&message, answer.data() + NLMSG_HDRLEN, sizeof(message));
  // Otherwise an error: ENOENT, most of all. A listener is found where the connection itself isn't.
  if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || message.idiag_state == kListen) {
    return std::nullopt;
  }
  Peer peer;
  peer.queued_bytes = message.idiag_rqueue;
  for (size_t at = NLMSG_SPACE(sizeof(message)); at + sizeof(nlattr) <= size;) {
    nlattr attribute;
    std::memcpy(&attribute, answer.data() + at, sizeof(attribute));
    // Since Linux 4.1 and 4.2.
    constexpr size_t kAcked = offsetof(tcp_info, tcpi_bytes_acked);
    constexpr size_t kReceived = offsetof(tcp_info, tcpi_bytes_received);
    const size_t fields = at + NLA_HDRLEN;
    if (attribute.nla_type == INET_DIAG_INFO &&
        attribute.nla_len >= NLA_HDRLEN + kReceived + sizeof(uint64_t) &&
        fields + kReceived + sizeof(uint64_t) <= size) {
      std::memcpy(&peer.delivered_bytes, answer.data() + fields + kReceived, sizeof(uint64_t));
      std::memcpy(&peer.written_bytes, answer.data() + fields + kAcked, sizeof(uint64_t));
      peer.written_bytes += message.idiag_wqueue;
      return peer;
    }
    at += std::max<size_t>(NLA_ALIGN(attribute.nla_len), NLA_HDRLEN);
  }
  return std::nullopt;
}

// What was delivered is asked of the other end and not of ours (SIOCOUTQ), which hears of it by a
// delayed acknowledgement, up to 40 ms later. One answer is not of one moment: its queue may have
// been looked at before something was delivered to it. So all must have been delivered by an
// earlier answer.
std::optional<uint64_t> PeerQueue::UnreadOfTcp(uint64_t sent_bytes) {
  for (int look = 0;; ++look) {
    const std::optional<Peer> peer = LookUp();
    if (!peer) return std::nullopt;
    const uint64_t on_the_way = sent_bytes - std::min(sent_bytes, delivered_bytes_);
    delivered_bytes_ = peer->delivered_bytes;
    const bool once_more = peer->queued_bytes == 0 && delivered_bytes_ >= sent_bytes;
    if (on_the_way == 0 || !once_more || look > 0) return on_the_way + peer->queued_bytes;
  }
}

std::optional<uint64_t> PeerQueue::KeptByTcp() {
  const std::optional<Peer> peer = kind_ == Kind::kTcp ? LookUp() : std::nullopt;
  if (!peer) return std::nullopt;
  const uint64_t read = peer->delivered_bytes - std::min(peer->delivered_bytes, peer->queued_bytes);
  return read - std::min(read, peer->written_bytes);
}

}  // namespace verbatim
