// Options and names of a socket for datagrams.
#include "properties/stage/socket/datagram_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "core/posix_kernel.h"
#include "core/status.h"
#include "echo/sockets.h"

namespace verbatim {
namespace {

constexpr int kDatagramBufferBytes = 4 << 20;  // as far as the system allows
constexpr int kOpenTries = 5;

absl::Status OurFault(const absl::Status& status) { return absl::InternalError(status.message()); }

absl::StatusOr<UniqueFd> OpenUnbound(const SocketAddress& asked) {
  const int family = asked.family();
  UniqueFd fd(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return OurFault(ErrnoStatus(errno, "socket", asked.ToString()));
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kDatagramBufferBytes,
               sizeof(kDatagramBufferBytes));
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &kDatagramBufferBytes,
               sizeof(kDatagramBufferBytes));
  // Else a socket that is not connected hears of no refusal, an ICMP port unreachable (ip(7)).
  const int on = 1;
  if (family == AF_INET) ::setsockopt(fd.get(), IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
  if (family == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
  return fd;
}

// To any port or, of a unix socket, which has to be told by its family alone, to an abstract name
// (unix(7), autobind).
absl::Status BindToAny(int fd, int family) {
  const SocketAddress any = family == AF_INET    ? SocketAddress::FromIPv4({}, 0)
                            : family == AF_INET6 ? SocketAddress::FromIPv6({}, 0)
                                                 : SocketAddress();
  const sockaddr unnamed = {AF_UNIX, {}};
  const bool is_unix = family == AF_UNIX;
  const int bound = is_unix ? ::bind(fd, &unnamed, sizeof(unnamed.sa_family))
                            : ::bind(fd, any.data(), any.size());
  return bound == 0 ? absl::OkStatus() : ErrnoStatus(errno, "bind", "any name");
}

}  // namespace

absl::StatusOr<UniqueFd> OpenDatagramSocket(const SocketAddress& asked,
                                            const std::optional<SocketAddress>& from) {
  for (int i = 0; i < kOpenTries; ++i) {
    absl::StatusOr<UniqueFd> fd = OpenUnbound(asked);
    if (!fd.ok()) return fd;
    if (from) {
      if (::bind(fd->get(), from->data(), from->size()) == 0) return fd;
      return ErrnoStatus(errno, "bind", from->ToString());
    }
    const absl::Status bound = BindToAny(fd->get(), asked.family());
    if (!bound.ok()) return OurFault(bound);
    PosixKernel kernel;
    const absl::StatusOr<SocketAddress> name = LocalAddress(kernel, fd->get());
    if (!name.ok()) return OurFault(name.status());
    if (asked.family() == AF_UNIX || name->port() != asked.port()) return fd;
  }
  return absl::InternalError("no socket with another port than the target's");
}

bool IsRefusal(int error) {
  return error == ECONNREFUSED || error == ENOENT || error == EHOSTUNREACH || error == ENETUNREACH;
}

bool IsLoopback(const SocketAddress& address) {
  if (address.family() == AF_INET6) {
    const auto* const six = reinterpret_cast<const sockaddr_in6*>(address.data());
    return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr) != 0;
  }
  if (address.family() != AF_INET) return false;
  const auto* const four = reinterpret_cast<const sockaddr_in*>(address.data());
  return ntohl(four->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

}  // namespace verbatim
