// Sockets of every transport, made through the seam: those that a server serves, and connected
// ones. Not for: accepting and answering (server.h), what is sent (client.h, datagram_client.h), or
// names (core/endpoint.h resolves them before).
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/address.h"
#include "core/endpoint.h"
#include "core/kernel.h"
#include "core/status.h"

namespace verbatim {

// A socket and the address that it really has: with port 0 the kernel chose one.
template <typename K>
struct Listening {
  KernelFd<K> fd;
  SocketAddress address;
  Transport transport = Transport::kTcp;
};

// The IP protocol for socket(2); 0 where the type says enough.
inline int Protocol(Transport transport, int family) {
  if (transport != Transport::kIcmp) return 0;
  return family == AF_INET6 ? static_cast<int>(IPPROTO_ICMPV6) : static_cast<int>(IPPROTO_ICMP);
}

// Whether a socket of this transport is connected to before it is served.
inline bool IsConnected(Transport transport) {
  const int type = SocketType(transport);
  return type == SOCK_STREAM || type == SOCK_SEQPACKET;
}

// What a socket of ours is asked for before it is bound, or once it was inherited. TCP_NODELAY is
// set here once: accepted sockets inherit it. Datagrams are to tell which address was asked (ip(7),
// ipv6(7)). An IPv6 wildcard takes IPv6 alone (RFC 3493 §5.3), so that IPv4 and IPv6 can be bound
// side by side; SO_REUSEADDR lets a server that was just ended start again (socket(7)), and on UDP
// would let two servers share a port. Returns the failing call, `subject` and the errno's name.
template <Kernel K>
absl::Status SetListenOptions(K& kernel, int fd, Transport transport, int family, bool is_bound,
                              absl::string_view subject) {
  const auto set = [&](int level, int name, absl::string_view text) {
    const int on = 1, result = kernel.SetOption(fd, level, name, &on, sizeof(on));
    return ErrnoStatus(result < 0 ? -result : 0, absl::StrCat("setsockopt ", text), subject);
  };
  absl::Status status;
  if (family == AF_UNIX) return status;
  const bool is_ipv6 = family == AF_INET6, is_tcp = transport == Transport::kTcp;
  if (is_tcp && !is_bound) status.Update(set(SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR"));
  if (is_ipv6 && !is_bound && transport != Transport::kIcmp) {
    status.Update(set(IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY"));
  }
  if (is_tcp) {
    status.Update(set(IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY"));
  } else if (is_ipv6) {
    status.Update(set(IPPROTO_IPV6, IPV6_RECVPKTINFO, "IPV6_RECVPKTINFO"));
  } else {
    status.Update(set(IPPROTO_IP, IP_PKTINFO, "IP_PKTINFO"));
  }
  return status;
}

// The address that a socket is bound to. Returns the failing call and the errno's name.
template <Kernel K>
absl::StatusOr<SocketAddress> LocalAddress(K& kernel, int fd) {
  sockaddr_storage local{};
  socklen_t length = sizeof(local);
  const int result = kernel.LocalAddress(fd, reinterpret_cast<sockaddr*>(&local), &length);
  if (result < 0) return ErrnoStatus(-result, "getsockname", "");
  return SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&local), length);
}

// Binds, and listens where the transport has connections; non-blocking. Returns the failing call,
// the address and the errno's name.
template <Kernel K>
absl::StatusOr<Listening<K>> Listen(K& kernel, Transport transport, const SocketAddress& address,
                                    int backlog) {
  const auto error = [&](int result, absl::string_view call) {
    return ErrnoStatus(-result, call, address.ToString());
  };
  const int family = address.family();
  const int fd = kernel.Socket(family, SocketType(transport) | SOCK_NONBLOCK | SOCK_CLOEXEC,
                               Protocol(transport, family));
  if (fd < 0) return error(fd, "socket");
  KernelFd<K> owner(fd, KernelCloser<K>{&kernel});
  absl::Status set = SetListenOptions(kernel, fd, transport, family, false, address.ToString());
  if (!set.ok()) return set;
  if (int r = kernel.Bind(fd, address.data(), address.size()); r < 0) return error(r, "bind");
  if (int r = IsConnected(transport) ? kernel.Listen(fd, backlog) : 0; r < 0) {
    return error(r, "listen");
  }
  absl::StatusOr<SocketAddress> bound = LocalAddress(kernel, fd);
  if (!bound.ok()) return bound.status();
  return Listening<K>{std::move(owner), *bound, transport};
}

// A connected socket, which blocks, and the address at its other end.
template <typename K>
struct Connected {
  KernelFd<K> fd;
  SocketAddress peer;
  int type = 0;  // SOCK_DGRAM where a ping socket took the place of SOCK_RAW
};

// Connects to `address`. Datagrams come back from there alone then (connect(2)). Where icmp may not
// open a raw socket, it opens a ping socket (icmp(7)). Returns the failing call, the address and
// the errno's name.
template <Kernel K>
absl::StatusOr<Connected<K>> ConnectTo(K& kernel, Transport transport,
                                       const SocketAddress& address) {
  const auto error = [&](int result, absl::string_view call) {
    return ErrnoStatus(-result, call, address.ToString());
  };
  const int family = address.family(), protocol = Protocol(transport, family);
  int type = SocketType(transport);
  int fd = kernel.Socket(family, type | SOCK_CLOEXEC, protocol);
  if (transport == Transport::kIcmp && (fd == -EPERM || fd == -EACCES)) {
    type = SOCK_DGRAM;
    fd = kernel.Socket(family, type | SOCK_CLOEXEC, protocol);
  }
  if (fd < 0) return error(fd, "socket");
  KernelFd<K> owner(fd, KernelCloser<K>{&kernel});
  if (transport == Transport::kUnixgram) {
    // Who has no name gets no answer; the kernel chooses one (unix(7), autobind).
    const SocketAddress any = *SocketAddress::FromPath("");
    if (int r = kernel.Bind(fd, any.data(), any.size()); r < 0) return error(r, "bind");
  }
  int result = kernel.Connect(fd, address.data(), address.size());
  if (result == -EINPROGRESS || result == -EINTR) {  // it goes on being made (POSIX connect)
    pollfd poll = {fd, POLLOUT, 0};
    result = RetryEintr([&] { return kernel.Poll(&poll, 1, -1); });
    if (result > 0) result = PendingError(kernel, fd);
  }
  if (result < 0) return error(result, "connect");
  const int on = 1;
  if (transport == Transport::kTcp) {
    kernel.SetOption(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  return Connected<K>{std::move(owner), address, type};
}

// Connects to the first of `addresses` that accepts. Returns why the last that was tried did not.
template <Kernel K>
absl::StatusOr<Connected<K>> ConnectToAny(K& kernel, Transport transport,
                                          const std::vector<SocketAddress>& addresses) {
  absl::StatusOr<Connected<K>> connected = absl::InvalidArgumentError("no address to connect to");
  for (const SocketAddress& address : addresses) {
    connected = ConnectTo(kernel, transport, address);
    if (connected.ok()) break;
  }
  return connected;
}

}  // namespace verbatim
