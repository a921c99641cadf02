// Connect: a connected socket of any transport, made through the seam.
// Not for: what is then sent (client.h, datagram_client.h), or names (core/endpoint.h).
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/address.h"
#include "core/endpoint.h"
#include "core/kernel.h"
#include "core/status.h"
#include "echo/listen.h"

namespace verbatim {

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
