// Questions to the kernel about listening TCP sockets and bound UDP sockets, by sock_diag(7):
// unlike /proc/net/tcp it doesn't print every connection of the machine, which can take half a
// second. Not for: machines without it; who asks falls back on /proc.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"

namespace verbatim {

struct DiagListener {
  std::array<uint8_t, 16> octets{};  // where it listens, in network order; of IPv4 the first four
  uint64_t inode = 0;
};

// Who listens on `port`, in one family (AF_INET, AF_INET6), or of SOCK_DGRAM is bound to it and not
// connected; nullopt: nobody. Returns kUnavailable iff the kernel does not answer.
absl::StatusOr<std::optional<DiagListener>> FindDiagListener(int family, uint16_t port,
                                                             int socket_type = SOCK_STREAM);

}  // namespace verbatim
