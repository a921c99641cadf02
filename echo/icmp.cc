// What echo/icmp.h promises. Not for: I/O.
#include "echo/icmp.h"

#include <sys/socket.h>

#include <cassert>

namespace verbatim {
namespace {

constexpr size_t kHeaderBytes = 8;

// RFC 792: 8 and 0. RFC 4443 §4: 128 and 129.
uint8_t TypeOf(bool is_reply, int family) {
  return family == AF_INET6 ? (is_reply ? 129 : 128) : (is_reply ? 0 : 8);
}

}  // namespace

uint16_t InternetChecksum(absl::string_view bytes) {
  uint64_t sum = 0;
  size_t i = 0;
  for (; i + 1 < bytes.size(); i += 2) sum += Get16(bytes, i);
  // An odd one stands before a zero.
  if (i < bytes.size()) sum += static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum & 0xffff);
}

std::string IcmpText(const IcmpEcho& echo, int family) {
  std::string text(kHeaderBytes, '\0');
  text[0] = static_cast<char>(TypeOf(echo.is_reply, family));
  Put16(&text, 4, echo.id);
  Put16(&text, 6, echo.sequence);
  text.append(echo.data.data(), echo.data.size());
  if (family == AF_INET) Put16(&text, 2, InternetChecksum(text));
  return text;
}

std::optional<IcmpEcho> ReadIcmp(absl::string_view packet, int family) {
  if (packet.size() < kHeaderBytes || packet[1] != 0) return std::nullopt;
  const auto type = static_cast<uint8_t>(packet[0]);
  const bool is_reply = type == TypeOf(true, family);
  if (!is_reply && type != TypeOf(false, family)) return std::nullopt;
  if (family == AF_INET && InternetChecksum(packet) != 0) return std::nullopt;
  return IcmpEcho{is_reply, Get16(packet, 4), Get16(packet, 6), packet.substr(kHeaderBytes)};
}

absl::string_view WithoutIpHeader(absl::string_view packet) {
  const size_t header_bytes = packet.empty() ? 0 : 4 * (static_cast<uint8_t>(packet[0]) & 0xf);
  return header_bytes <= packet.size() ? packet.substr(header_bytes) : packet;
}

}  // namespace verbatim
