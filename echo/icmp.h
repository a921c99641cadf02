// ICMP echo messages (RFC 792, RFC 4443 §4), as sockets give and take them: made, read, answered.
// Not for: sockets. IPv4's raw sockets show the IP header, ping sockets and IPv6's do not (raw(7)).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace verbatim {

// An echo request or reply.
struct IcmpEcho {
  bool is_reply = false;
  uint16_t id = 0;
  uint16_t sequence = 0;
  absl::string_view data;
};

// The message, with its checksum where that is IPv4's; the kernel fills in ICMPv6's, which covers
// addresses too (RFC 3542 §3.1).
std::string IcmpText(const IcmpEcho& echo, int family);

// What a message says. Nothing unless it is a whole echo request or reply with a right checksum (of
// ICMPv6 the kernel let nothing else pass). `packet` must outlive the result.
std::optional<IcmpEcho> ReadIcmp(absl::string_view packet, int family);

// Without the IPv4 header that a raw socket shows; all of it if it is shorter than it claims.
absl::string_view WithoutIpHeader(absl::string_view packet);

// The Internet checksum (RFC 1071) of bytes that hold zero in its place; 0 over those that hold it.
uint16_t InternetChecksum(absl::string_view bytes);

// Numbers of 16 bits in network order, at [at, at + 2), which must be there.
inline uint16_t Get16(absl::string_view bytes, size_t at) {
  return static_cast<uint16_t>(static_cast<uint8_t>(bytes[at]) << 8 |
                               static_cast<uint8_t>(bytes[at + 1]));
}

inline void Put16(std::string* bytes, size_t at, uint16_t value) {
  (*bytes)[at] = static_cast<char>(value >> 8);
  (*bytes)[at + 1] = static_cast<char>(value & 0xff);
}

}  // namespace verbatim
