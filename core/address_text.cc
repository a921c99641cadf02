// The text of addresses, read: strictly, saying where and why text is refused. What is accepted is
// read without allocating.
// Not for: names (core/endpoint.cc), or writing (core/address_print.cc).
#include <algorithm>
#include <cstring>

#include "core/address.h"
#include "core/status.h"

namespace verbatim {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// -1 for what is no hexadecimal digit.
constexpr std::array<int8_t, 256> kHexValues = [] {
  std::array<int8_t, 256> values{};
  for (auto& value : values) value = -1;
  for (int8_t i = 0; i < 10; ++i) values['0' + i] = i;
  for (int8_t i = 0; i < 6; ++i) values['a' + i] = values['A' + i] = static_cast<int8_t>(10 + i);
  return values;
}();

int HexValue(char c) { return kHexValues[static_cast<uint8_t>(c)]; }

// Reads four numbers from the start of `text` and moves `at` behind them.
bool ReadIPv4(absl::string_view text, size_t* at, std::array<uint8_t, 4>* octets,
              TextError* error) {
  for (size_t i = 0; i < octets->size(); ++i) {
    if (i > 0 && (*at == text.size() || text[*at] != '.')) {
      return error->Fail(*at, "write '.' and a number here; IPv4 is four, like 127.0.0.1");
    }
    const size_t start = i > 0 ? ++*at : *at;
    unsigned value = 0;
    // A fourth digit makes the number too large or its first a zero, so more need not be read.
    for (; *at < text.size() && *at - start < 4 && IsDigit(text[*at]); ++*at) {
      value = value * 10 + static_cast<unsigned>(text[*at] - '0');
    }
    if (*at == start) {
      return error->Fail(start, "write a number of 0 to 255 here; IPv4 is four, like 127.0.0.1");
    }
    if (text[start] == '0' && *at - start > 1) {
      return error->Fail(start,
                         "write the number without its leading zero, which some read as octal");
    }
    if (value > 255) return error->Fail(start, "a number of an IPv4 address is at most 255");
    (*octets)[i] = static_cast<uint8_t>(value);
  }
  return true;
}

bool FailAfterIPv4(size_t at, TextError* error) {
  return error->Fail(at, "end the IPv4 address here, after its fourth number");
}

// What stands in `octets` from `gap` to `filled` moves to the end; zeros take its place.
void OpenGap(size_t gap, size_t filled, std::array<uint8_t, 16>* octets) {
  const size_t tail = filled - gap;
  std::memmove(octets->data() + octets->size() - tail, octets->data() + gap, tail);
  std::memset(octets->data() + gap, 0, octets->size() - filled);
}

// Reads the last four octets, written as IPv4 (RFC 4291 §2.2, form 3).
bool ReadEmbeddedIPv4(absl::string_view text, size_t at, size_t* filled,
                      std::array<uint8_t, 16>* octets, TextError* error) {
  if (*filled > 12) {
    return error->Fail(at, "an IPv4 part takes two of the 8 groups, and there is no room for it");
  }
  std::array<uint8_t, 4> embedded;
  if (!ParseIPv4Text(text.substr(at), &embedded, error)) return error->Shift(at);
  std::memcpy(octets->data() + *filled, embedded.data(), embedded.size());
  *filled += embedded.size();
  return true;
}

// Reads up to 4 hexadecimal digits and moves `at` behind them; their number is for the caller.
unsigned ReadHex(absl::string_view text, size_t* at) {
  unsigned group = 0;
  const size_t limit = std::min(text.size(), *at + 4);
  for (; *at < limit; ++*at) {
    const int digit = HexValue(text[*at]);
    if (digit < 0) break;
    group = group << 4 | static_cast<unsigned>(digit);
  }
  return group;
}

bool ReadBracketed(absl::string_view text, SocketAddress* address, TextError* error) {
  const size_t close = text.find(']');
  if (close == absl::string_view::npos) {
    return error->Fail(text.size(), "write ']' after the IPv6 address, like [::1]:7");
  }
  const absl::string_view inside = text.substr(1, close - 1);
  const size_t percent = inside.find('%');
  std::array<uint8_t, 16> octets;
  if (!ParseIPv6Text(inside.substr(0, percent), &octets, error)) return error->Shift(1);
  uint32_t zone = 0;
  if (percent != absl::string_view::npos &&
      !ParseZoneText(inside.substr(percent + 1), &zone, error)) {
    return error->Shift(1 + percent + 1);
  }
  if (close + 1 == text.size() || text[close + 1] != ':') {
    return error->Fail(close + 1, "write ':' and a port after ']', like [::1]:7");
  }
  uint16_t port = 0;
  if (!ParsePortText(text.substr(close + 2), &port, error)) return error->Shift(close + 2);
  *address = SocketAddress::FromIPv6(octets, port, zone);
  return true;
}

bool ReadAddress(absl::string_view text, SocketAddress* address, TextError* error) {
  if (!text.empty() && text[0] == '[') return ReadBracketed(text, address, error);
  std::array<uint8_t, 4> octets;
  size_t at = 0;
  if (!ReadIPv4(text, &at, &octets, error)) {
    if (!LooksLikeBareIPv6(text)) return false;
    return error->Fail(0, "write an IPv6 address in brackets, like [::1]:7");
  }
  if (at == text.size()) {
    return error->Fail(at, "write ':' and a port after the address, like 127.0.0.1:7");
  }
  if (text[at] != ':') return FailAfterIPv4(at, error);
  uint16_t port = 0;
  if (!ParsePortText(text.substr(at + 1), &port, error)) return error->Shift(at + 1);
  *address = SocketAddress::FromIPv4(octets, port);
  return true;
}

}  // namespace

bool TextError::Fail(size_t at, const char* expected) {
  position = at;
  what = expected;
  return false;
}

bool ParseIPv4Text(absl::string_view text, std::array<uint8_t, 4>* octets, TextError* error) {
  size_t at = 0;
  if (!ReadIPv4(text, &at, octets, error)) return false;
  return at == text.size() || FailAfterIPv4(at, error);
}

bool ParseIPv6Text(absl::string_view text, std::array<uint8_t, 16>* octets, TextError* error) {
  constexpr size_t kNone = ~size_t{0};
  size_t filled = 0;                     // octets so far
  size_t gap = kNone, gap_position = 0;  // where "::" stood in them, in text
  size_t at = text.substr(0, 2) == "::" ? (gap = 0, 2) : 0;
  while (at < text.size()) {
    const size_t start = at;
    const unsigned group = ReadHex(text, &at);
    if (at == start) {
      return error->Fail(at, "write a group of 1 to 4 hexadecimal digits here, or '::' once");
    }
    if (at < text.size() && text[at] == '.') {
      if (!ReadEmbeddedIPv4(text, start, &filled, octets, error)) return false;
      break;
    }
    (*octets)[filled++] = static_cast<uint8_t>(group >> 8);
    (*octets)[filled++] = static_cast<uint8_t>(group);
    if (at == text.size()) break;
    if (text[at] != ':') {
      return error->Fail(at, HexValue(text[at]) >= 0
                                 ? "a group of an IPv6 address has at most 4 digits"
                                 : "write ':' or nothing after a group of an IPv6 address");
    }
    if (filled == octets->size()) {
      return error->Fail(at, "end the IPv6 address here, after its eighth group");
    }
    if (++at == text.size()) {
      return error->Fail(at, "write another group after ':', or '::' for a run of zeros");
    }
    if (text[at] != ':') continue;
    if (gap != kNone) {
      return error->Fail(at - 1, "'::' stands once in an address; write the other zeros out");
    }
    gap = filled;
    gap_position = at++ - 1;
  }
  if (gap == kNone && filled < octets->size()) {
    return error->Fail(text.size(), "an IPv6 address has 8 groups, or '::' for a run of zeros");
  }
  if (gap != kNone && filled == octets->size()) {
    return error->Fail(gap_position, "leave '::' out; beside 8 groups it stands for nothing");
  }
  if (gap != kNone) OpenGap(gap, filled, octets);
  return true;
}

bool ParsePortText(absl::string_view text, uint16_t* port, TextError* error) {
  if (text.empty()) return error->Fail(0, "a port is 1 to 5 digits, and none is here");
  uint32_t value = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!IsDigit(text[i])) return error->Fail(i, "a port is 1 to 5 digits and nothing else");
    if (i == 5) return error->Fail(i, "a port is 5 digits at most");
    value = value * 10 + static_cast<uint32_t>(text[i] - '0');
  }
  *port = static_cast<uint16_t>(value);
  return value <= 65535 || error->Fail(0, "a port is at most 65535");
}

bool ParseZoneText(absl::string_view text, uint32_t* zone, TextError* error) {
  if (text.empty()) return error->Fail(0, "write an interface's number after '%', like %2");
  uint64_t value = 0;
  for (size_t i = 0; i < text.size() && value <= UINT32_MAX; ++i) {
    if (!IsDigit(text[i])) return error->Fail(i, "a zone is an interface's number, in digits");
    value = value * 10 + static_cast<uint64_t>(text[i] - '0');
  }
  *zone = static_cast<uint32_t>(value);
  return value <= UINT32_MAX || error->Fail(0, "a zone is at most 4294967295");
}

bool CheckUnixName(absl::string_view name, bool is_abstract, TextError* error) {
  constexpr size_t kMostBytes = sizeof(sockaddr_un::sun_path) - 1;
  const size_t nul = is_abstract ? name.npos : name.find('\0');
  if (nul != name.npos) return error->Fail(nul, "a path can't hold a NUL");
  if (name.size() <= kMostBytes) return true;
  return error->Fail(kMostBytes, "the name of a unix socket has 107 bytes at most");
}

bool LooksLikeBareIPv6(absl::string_view text) {
  size_t digits = 0;
  while (digits < text.size() && HexValue(text[digits]) >= 0) ++digits;
  return digits < text.size() && text[digits] == ':' &&
         text.find(':', digits + 1) != absl::string_view::npos;
}

absl::StatusOr<SocketAddress> SocketAddress::Parse(absl::string_view text) {
  SocketAddress address;
  TextError error;
  if (!ReadAddress(text, &address, &error)) return BadText(text, error.position, error.what);
  return address;
}

}  // namespace verbatim
