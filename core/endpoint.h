// Endpoint: a transport and where, as a person writes it: tcp://localhost:echo. Resolve() turns it
// into socket addresses.
// Not for: sockets. Resolution is outside the seam, and never on an event path.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/address.h"

namespace verbatim {

// kStdio is standard input and output, which have no address.
enum class Transport { kTcp, kUdp, kUnix, kUnixAbstract, kUnixgram, kUnixpacket, kIcmp, kStdio };

// "tcp", "unix-abstract".
absl::string_view TransportName(Transport transport);
// SOCK_STREAM (tcp, unix, unix-abstract), SOCK_DGRAM, SOCK_SEQPACKET or SOCK_RAW; 0 for kStdio.
int SocketType(Transport transport);
bool IsUnix(Transport transport);

struct Endpoint {
  Transport transport = Transport::kTcp;
  std::string host;     // "127.0.0.1", "::1", "fe80::1%eth0" or a name; without brackets. Or a unix
                        // socket's path or abstract name, as it is
  std::string service;  // "7" or a service's name ("echo", services(5)); tcp and udp alone have one

  // Reads "tcp://HOST:SERVICE", "udp://HOST:SERVICE", or a bare "HOST:SERVICE", which means tcp;
  // "unix://PATH", "unixgram://PATH" (SOCK_DGRAM), "unixpacket://PATH" (SOCK_SEQPACKET), which
  // SocketAddress::FromPath takes, and "unix-abstract://NAME", of 1 to 107 bytes, both byte for
  // byte; "icmp://HOST"; "stdio:". An IPv6 address stands
  // in brackets, with its zone as number or name. A host's name is of RFC 1123 §2.1 (letters,
  // digits, hyphens, dots; no label over 63, no name over 253); a service's name is of RFC 6335
  // §5.1. A host that looks like an IPv4 address (its last label is digits or begins 0x, WHATWG
  // URL's rule) must be one, since resolvers read 127.1 and 0x7f000001 as addresses. Returns
  // kInvalidArgument, with the position and what to write, iff the text is anything else.
  static absl::StatusOr<Endpoint> Parse(absl::string_view text);

  // What Parse reads. It leaves numeric hosts and ports in canonical form.
  std::string ToString() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

enum class ResolveFor { kConnecting, kListening };

// Every address that the endpoint has, in the order in which to try them; never empty when OK. For
// icmp the port is 0. Port 0 is refused unless listening. May block on the system's resolver for
// names; numeric ones never do. Returns kInvalidArgument iff port 0 is to be connected to, a zone
// doesn't exist here, or the endpoint, made by hand, is one that Parse refuses; kNotFound iff the
// host or service has no such name here; kUnavailable iff the resolver could not answer;
// kUnimplemented for stdio.
absl::StatusOr<std::vector<SocketAddress>> Resolve(const Endpoint& endpoint, ResolveFor purpose);

// "tcp://127.0.0.1:7": the endpoint that a resolved address stands for. With unix, an abstract
// address is unix-abstract's.
std::string EndpointText(Transport transport, const SocketAddress& address);

}  // namespace verbatim
