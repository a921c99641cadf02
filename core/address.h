// SocketAddress: an IPv4 or IPv6 address with its port, or the address of a unix socket, as a
// value. Not for: names of hosts, services or zones (core/endpoint.h resolves those), or any I/O.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace verbatim {

class SocketAddress {
 public:
  // Family AF_UNSPEC; ToString() says "none".
  SocketAddress() = default;

  // `octets` in network order, as written; the port in host order.
  static SocketAddress FromIPv4(const std::array<uint8_t, 4>& octets, uint16_t port);
  // The zone is an interface's number, 0 for none (RFC 4007 §11; sin6_scope_id).
  static SocketAddress FromIPv6(const std::array<uint8_t, 16>& octets, uint16_t port,
                                uint32_t zone = 0);

  // Reads "192.0.2.1:7" or "[2001:db8::1]:7" or "[fe80::1%2]:7". Strict: four decimal octets
  // without leading zeros (RFC 6943 §3.1.1), the IPv6 forms of RFC 4291 §2.2, a zone in decimal
  // digits, a port of 1 to 5 digits up to 65535, and nothing before, between or after. Returns
  // kInvalidArgument, with the position, iff the text is anything else.
  static absl::StatusOr<SocketAddress> Parse(absl::string_view text);

  // The path of a unix socket's file (unix(7)). An empty one is that of a socket without a name; to
  // bind it lets the kernel choose an abstract one. Returns kInvalidArgument iff it holds a NUL or
  // is over 107 bytes: a 108th would leave no room for the NUL that readers rely on.
  static absl::StatusOr<SocketAddress> FromPath(absl::string_view path);
  // A name of the abstract namespace: any bytes, counted, not terminated (unix(7)). Returns
  // kInvalidArgument iff it is over 107 bytes.
  static absl::StatusOr<SocketAddress> FromAbstract(absl::string_view name);

  // What the kernel filled in; `length` bytes are there to be read. Flow label and padding are
  // dropped: they are not part of the value. Returns kInvalidArgument iff the family is none of
  // AF_INET, AF_INET6 and AF_UNIX, or the length does not fit it.
  static absl::StatusOr<SocketAddress> FromSockaddr(const sockaddr* address, socklen_t length);

  // For bind and connect; valid as long as this value.
  const sockaddr* data() const { return &storage_.any; }
  // 0 for AF_UNSPEC.
  socklen_t size() const;

  int family() const { return storage_.any.sa_family; }
  uint16_t port() const;  // 0 for a unix socket
  uint32_t zone() const { return family() == AF_INET6 ? storage_.in6.sin6_scope_id : 0; }
  SocketAddress WithPort(uint16_t port) const;
  // The path or abstract name of a unix socket; empty for one without, and for other families.
  absl::string_view unix_name() const;
  bool IsAbstract() const;

  // What Parse reads; of a unix socket its path, "@" and its abstract name, or "unnamed". IPv6 in
  // the canonical form of RFC 5952 §4 (lower case, longest run of zeros cut, IPv4-mapped in mixed
  // form, §5), in brackets before the port (§6).
  std::string ToString() const;

  friend bool operator==(const SocketAddress& a, const SocketAddress& b);

 private:
  union Storage {
    sockaddr_in6 in6;
    sockaddr_in in4;
    sockaddr any;
    sockaddr_un un;
  };
  static absl::StatusOr<SocketAddress> FromUnix(absl::string_view name, bool is_abstract);
  Storage storage_{};
  uint8_t unix_bytes_ = 0;  // of storage_.un, if it is that: what bind and connect are told
};

// The pieces of an address's text, for those that read more than an address (core/endpoint.h). Each
// reads all of `text`; on failure the result says what was expected and `position` where.
struct TextError {
  size_t position = 0;
  std::string what;
  // Both return false. Out of line, so that the way of good text stays short.
  [[gnu::cold, gnu::noinline]] bool Fail(size_t at, const char* expected);
  // The failure of a piece, seen from the text in which that piece begins at `offset`.
  bool Shift(size_t offset) { return position += offset, false; }
};
// Each returns false and fills `error` iff the text is not of that form.
bool ParseIPv4Text(absl::string_view text, std::array<uint8_t, 4>* octets, TextError* error);
bool ParseIPv6Text(absl::string_view text, std::array<uint8_t, 16>* octets, TextError* error);
bool ParsePortText(absl::string_view text, uint16_t* port, TextError* error);
// An interface's number in decimal, 0 for none (RFC 4007 §11.2). Names are core/endpoint.h's.
bool ParseZoneText(absl::string_view text, uint32_t* zone, TextError* error);
// At most 107 bytes; in a path no NUL.
bool CheckUnixName(absl::string_view name, bool is_abstract, TextError* error);

// Whether text that begins no bracket seems to be meant as IPv6: hexadecimal digits or nothing, a
// ':' and a second one further on. For a better message only.
bool LooksLikeBareIPv6(absl::string_view text);

}  // namespace verbatim
