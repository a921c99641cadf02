// The text of addresses, written: the canonical form of RFC 5952, with no allocation but that of
// the string that is returned. Unlike glibc's inet_ntop it does not write the deprecated
// IPv4-compatible ::/96 (RFC 4291 §2.5.5.1) in mixed form: RFC 5952 §5 wants that only behind a
// prefix that marks an IPv4 address, of which ::ffff:0:0/96 alone is known here.
// Not for: reading (core/address_text.cc).
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>

#include "core/address.h"

namespace verbatim {
namespace {

constexpr size_t kGroups = 8;  // of an IPv6 address, 16 bits each

char* PutDecimal(char* out, uint32_t value) { return std::to_chars(out, out + 10, value).ptr; }

char* PutIPv4(char* out, const uint8_t* octets) {
  for (int i = 0; i < 4; ++i) {
    if (i > 0) *out++ = '.';
    out = PutDecimal(out, octets[i]);
  }
  return out;
}

unsigned GroupAt(const uint8_t* octets, size_t i) {
  return static_cast<unsigned>(octets[2 * i] << 8 | octets[2 * i + 1]);
}

struct Run {
  size_t start = kGroups;
  size_t length = 1;  // a single zero group is not cut (RFC 5952 §4.2.2)
};

// The longest run of zero groups; of equal ones the first (RFC 5952 §4.2.3).
Run LongestZeros(const uint8_t* octets) {
  Run best;
  for (size_t i = 0; i < kGroups; ++i) {
    const size_t start = i;
    while (i < kGroups && GroupAt(octets, i) == 0) ++i;
    if (i - start > best.length) best = {start, i - start};
  }
  return best;
}

char* PutIPv6(char* out, const uint8_t* octets) {
  constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::memcmp(octets, kMapped, sizeof(kMapped)) == 0) {
    return PutIPv4(std::copy_n("::ffff:", 7, out), octets + sizeof(kMapped));
  }
  const Run zeros = LongestZeros(octets);
  for (size_t i = 0; i < kGroups; ++i) {
    if (i == zeros.start) {
      out = std::copy_n("::", 2, out);
      i += zeros.length - 1;
      continue;
    }
    if (i > 0 && i != zeros.start + zeros.length) *out++ = ':';
    // Lower case, no leading zeros (RFC 5952 §4.1, §4.3).
    out = std::to_chars(out, out + 4, GroupAt(octets, i), 16).ptr;
  }
  return out;
}

}  // namespace

std::string SocketAddress::ToString() const {
  char buffer[64];  // the longest needs 58: eight groups of four, a zone of ten digits and a port
  char* out = buffer;
  if (family() == AF_INET) {
    out = PutIPv4(out, reinterpret_cast<const uint8_t*>(&storage_.in4.sin_addr));
  } else if (family() == AF_INET6) {
    *out++ = '[';
    out = PutIPv6(out, storage_.in6.sin6_addr.s6_addr);
    if (zone() != 0) {
      *out++ = '%';
      out = PutDecimal(out, zone());
    }
    *out++ = ']';
  } else if (family() == AF_UNIX) {
    if (unix_bytes_ == offsetof(sockaddr_un, sun_path)) return "unnamed";
    return (IsAbstract() ? "@" : "") + std::string(unix_name());
  } else {
    return "none";
  }
  *out++ = ':';
  return std::string(buffer, PutDecimal(out, port()));
}

}  // namespace verbatim
