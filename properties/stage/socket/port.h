// A port for a target to listen on, and whether it does: without ever connecting to it, since a
// connecting probe uses up a one-shot server.
// Not for: addresses in general (core/address.h).
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/address.h"
#include "core/unique_fd.h"

namespace verbatim {

// A port outside the ephemeral range (ip_local_port_range), so that no connect can meet itself
// there, on which nobody listens. The claim keeps other Verbatims off it as long as it lives; the
// port itself is free for the target to bind.
class PortClaim {
 public:
  // Of SOCK_STREAM (TCP) or SOCK_DGRAM (UDP). Returns kResourceExhausted iff no such port was
  // found.
  static absl::StatusOr<PortClaim> Take(int socket_type = SOCK_STREAM);
  uint16_t port() const { return port_; }

 private:
  PortClaim(uint16_t port, UniqueFd claim) : port_(port), claim_(std::move(claim)) {}
  uint16_t port_;
  UniqueFd claim_;
};

// A listening socket on `port` (of SOCK_DGRAM a bound one that is not connected), as sock_diag(7)
// has it or, without that, /proc/net/tcp and tcp6, or udp and udp6.
struct Listener {
  uint64_t inode = 0;
  // Where to connect to reach it over loopback, in the order to try.
  std::vector<SocketAddress> addresses;
};
std::optional<Listener> FindListener(uint16_t port, int socket_type = SOCK_STREAM);

// The same from the text of the two files. Public for its tests.
std::optional<Listener> FindListenerIn(const std::string& four, const std::string& six,
                                       uint16_t port, int socket_type = SOCK_STREAM);

// Whether one of `processes` has the socket open. nullopt if that can't be seen (another user's).
std::optional<bool> OwnsSocket(const std::vector<pid_t>& processes, uint64_t inode);

// All of a file; empty if it can't be read. For /proc.
std::string ReadFile(const std::string& path);

}  // namespace verbatim
