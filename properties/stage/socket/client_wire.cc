// Where a client under test finds us.
#include "properties/stage/socket/client_wire.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "core/posix_kernel.h"
#include "core/status.h"
#include "echo/sockets.h"

namespace verbatim {
namespace {

constexpr int kListenTries = 20;
constexpr int kBacklog = 16;
// Of streams: little stands in our kernel, so that a client that does not read is soon noticed.
constexpr int kBufferBytes = 64 * 1024;

absl::Status OurFault(absl::string_view call, const SocketAddress& address) {
  return absl::InternalError(ErrnoStatus(errno, call, address.ToString()).message());
}

// Of a closed port it is bound and nobody listens: nobody else can take it then.
absl::StatusOr<UniqueFd> BindOne(const ClientDoor& door, const SocketAddress& address) {
  const int type = SocketType(door.over);
  UniqueFd fd(::socket(address.family(), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return OurFault("socket", address);
  const int on = 1;
  if (address.family() == AF_INET6) {
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  }
  if (type == SOCK_STREAM) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kBufferBytes, sizeof(kBufferBytes));
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &kBufferBytes, sizeof(kBufferBytes));
  }
  if (::bind(fd.get(), address.data(), address.size()) != 0) return ErrnoStatus(errno, "bind", "");
  if (type == SOCK_STREAM && !door.refuses && ::listen(fd.get(), kBacklog) != 0) {
    return OurFault("listen", address);
  }
  // A datagram socket that is connected takes in its peer's alone, here those of its own port,
  // which nobody else has: all others meet a closed port.
  if (type == SOCK_DGRAM && door.refuses && address.family() != AF_UNIX) {
    sockaddr_storage own{};
    socklen_t size = sizeof(own);
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&own), &size);
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&own), size) != 0) {
      return OurFault("connect", address);
    }
  }
  return fd;
}

absl::StatusOr<BoundSockets> BindPath(const ClientDoor& door) {
  BoundSockets bound;
  absl::StatusOr<PathClaim> path = PathClaim::Take();
  if (!path.ok()) return absl::InternalError(path.status().message());
  bound.path = *std::move(path);
  const absl::StatusOr<SocketAddress> address = SocketAddress::FromPath(bound.path->path());
  if (!address.ok()) return absl::InternalError(address.status().message());
  absl::StatusOr<UniqueFd> fd = BindOne(door, *address);
  if (!fd.ok()) return absl::InternalError(fd.status().message());
  bound.fds.push_back(*std::move(fd));
  return bound;
}

// On the port that the first one gets.
absl::StatusOr<BoundSockets> BindOnOnePort(const ClientDoor& door) {
  BoundSockets bound;
  PosixKernel kernel;
  for (const SocketAddress& address : door.addresses) {
    const bool first = bound.fds.empty();
    absl::StatusOr<UniqueFd> fd = BindOne(door, first ? address : address.WithPort(bound.port));
    if (!fd.ok()) return fd.status();
    bound.fds.push_back(*std::move(fd));
    if (!first) continue;
    const absl::StatusOr<SocketAddress> name = LocalAddress(kernel, bound.fds.front().get());
    if (!name.ok()) return absl::InternalError(name.status().message());
    bound.port = name->port();
  }
  return bound;
}

// What came for the client before.
void DropWhatIsOld(int fd, int type) {
  char byte = 0;
  if (type == SOCK_DGRAM) {
    while (::recv(fd, &byte, 1, MSG_DONTWAIT) >= 0) continue;
    return;
  }
  while (UniqueFd(::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC))) continue;
}

absl::StatusOr<BoundSockets> Borrow(const ClientDoor& door) {
  BoundSockets bound;
  bound.port = door.addresses.front().port();
  for (const int fd : door.listening) {
    bound.fds.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    if (!bound.fds.back()) return OurFault("fcntl", door.addresses.front());
    DropWhatIsOld(fd, SocketType(door.over));
  }
  return bound;
}

}  // namespace

absl::StatusOr<BoundSockets> BindAll(const ClientDoor& door) {
  if (!door.listening.empty()) return Borrow(door);
  if (IsUnix(door.over)) return BindPath(door);
  absl::StatusOr<BoundSockets> bound;
  // The port that is free on one address may be taken on the next.
  for (int i = 0; i < kListenTries; ++i) {
    bound = BindOnOnePort(door);
    if (ErrnoOf(bound.status()) != EADDRINUSE) break;
  }
  if (bound.ok() || absl::IsInternal(bound.status())) return bound;
  return absl::InternalError(bound.status().message());
}

absl::StatusOr<std::unique_ptr<ClientWire>> ClientWire::Open(const ClientDoor& door) {
  return SocketType(door.over) == SOCK_STREAM ? OpenStreamWire(door) : OpenDatagramWire(door);
}

}  // namespace verbatim
