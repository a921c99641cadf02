// Listen: a listening TCP socket, made through the seam.
// Not for: accepting (server.h), or names (core/endpoint.h resolves them before).
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <utility>

#include "absl/status/statusor.h"
#include "core/address.h"
#include "core/kernel.h"
#include "core/status.h"

namespace verbatim {

// A listening socket and the address that it really has: with port 0 the kernel chose one.
template <typename K>
struct Listening {
  KernelFd<K> fd;
  SocketAddress address;
};

// Binds and listens, non-blocking. TCP_NODELAY is set here once: accepted sockets inherit it.
// SO_REUSEADDR, so that a server that was just ended can start again (socket(7)); an IPv6 wildcard
// takes IPv6 alone (RFC 3493 §5.3), so that IPv4 and IPv6 can be bound side by side. Returns the
// failing call, the address and the errno's name.
template <Kernel K>
absl::StatusOr<Listening<K>> Listen(K& kernel, const SocketAddress& address, int backlog) {
  const auto error = [&](int result, absl::string_view call) {
    return ErrnoStatus(-result, call, address.ToString());
  };
  const int fd = kernel.Socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return error(fd, "socket");
  KernelFd<K> owner(fd, KernelCloser<K>{&kernel});
  const int on = 1;
  const auto set = [&](int level, int name) {
    return kernel.SetOption(fd, level, name, &on, sizeof(on));
  };
  if (int r = set(SOL_SOCKET, SO_REUSEADDR); r < 0) return error(r, "setsockopt SO_REUSEADDR");
  if (int r = set(IPPROTO_TCP, TCP_NODELAY); r < 0) return error(r, "setsockopt TCP_NODELAY");
  if (address.family() == AF_INET6) {
    if (int r = set(IPPROTO_IPV6, IPV6_V6ONLY); r < 0) return error(r, "setsockopt IPV6_V6ONLY");
  }
  if (int r = kernel.Bind(fd, address.data(), address.size()); r < 0) return error(r, "bind");
  if (int r = kernel.Listen(fd, backlog); r < 0) return error(r, "listen");
  sockaddr_storage local{};
  socklen_t length = sizeof(local);
  if (int r = kernel.LocalAddress(fd, reinterpret_cast<sockaddr*>(&local), &length); r < 0) {
    return error(r, "getsockname");
  }
  absl::StatusOr<SocketAddress> bound =
      SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&local), length);
  if (!bound.ok()) return bound.status();
  return Listening<K>{std::move(owner), *bound};
}

}  // namespace verbatim
