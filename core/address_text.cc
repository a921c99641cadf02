// The text of addresses, read: strictly, saying where and why text is refused. What is accepted is
// read without allocating.
// Not for: names (core/endpoint.cc), or writing (core/address_print.cc).
#include <algorithm>
#include <cstring>

#include "core/address.h"
#include "core/status.h"

namespace verbatim {
namespace {

constexpr size_t kGroups = 8;  // of an IPv6 address, 16 bits each

// Out of line, so that the way of good text stays short.
[[gnu::cold, gnu::noinline]] bool Fail(TextError* error, size_t position, const char* what) {
  error->position = position;
  error->what = what;
  return false;
}

// The failure of a piece, seen from the text in which that piece begins at `offset`.
bool FailIn(size_t offset, TextError* error) {
  error->position += offset;
  return false;
}

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

// Reads one of the four numbers of an IPv4 address and moves `at` behind it.
bool ReadOctet(absl::string_view text, size_t* at, uint8_t* octet, TextError* error) {
  const size_t start = *at;
  size_t end = start;
  unsigned value = 0;
  // A fourth digit makes the number too large or its first a zero, so more need not be read.
  for (; end < text.size() && end - start < 4 && IsDigit(text[end]); ++end) {
    value = value * 10 + static_cast<unsigned>(text[end] - '0');
  }
  if (end == start) {
    return Fail(error, start, "write a number of 0 to 255 here; IPv4 is four, like 127.0.0.1");
  }
  if (text[start] == '0' && end - start > 1) {
    return Fail(error, start,
                "write the number without its leading zero, which some read as octal");
  }
  if (value > 255) return Fail(error, start, "a number of an IPv4 address is at most 255");
  *octet = static_cast<uint8_t>(value);
  *at = end;
  return true;
}

// Reads four numbers from the start of `text` and moves `at` behind them.
bool ReadIPv4(absl::string_view text, size_t* at, std::array<uint8_t, 4>* octets,
              TextError* error) {
  for (size_t i = 0; i < octets->size(); ++i) {
    if (i > 0) {
      if (*at == text.size() || text[*at] != '.') {
        return Fail(error, *at, "write '.' and a number here; IPv4 is four, like 127.0.0.1");
      }
      ++*at;
    }
    if (!ReadOctet(text, at, &(*octets)[i], error)) return false;
  }
  return true;
}

bool FailAfterIPv4(size_t at, TextError* error) {
  return Fail(error, at, "end the IPv4 address here, after its fourth number");
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
    return Fail(error, at, "an IPv4 part takes two of the 8 groups, and there is no room for it");
  }
  std::array<uint8_t, 4> embedded;
  if (!ParseIPv4Text(text.substr(at), &embedded, error)) return FailIn(at, error);
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

bool FailAfterGroup(absl::string_view text, size_t at, TextError* error) {
  return Fail(error, at,
              HexValue(text[at]) >= 0 ? "a group of an IPv6 address has at most 4 digits"
                                      : "write ':' or nothing after a group of an IPv6 address");
}

// Text of IPv6 as it is read: `filled` octets so far, and where "::" stood in them and in the text.
struct IPv6Reader {
  static constexpr size_t kNone = ~size_t{0};
  size_t filled = 0;
  size_t gap = kNone;
  size_t gap_position = 0;
};

// Reads the ':' or '::' at `*at` behind a group; a group must follow ':', and may follow '::'.
// After it there is room for another group.
bool ReadColons(absl::string_view text, size_t* at, IPv6Reader* reader, TextError* error) {
  if (text[*at] != ':') return FailAfterGroup(text, *at, error);
  if (reader->filled == 2 * kGroups) {
    return Fail(error, *at, "end the IPv6 address here, after its eighth group");
  }
  if (++*at == text.size()) {
    return Fail(error, *at, "write another group after ':', or '::' for a run of zeros");
  }
  if (text[*at] != ':') return true;
  if (reader->gap != IPv6Reader::kNone) {
    return Fail(error, *at - 1, "'::' stands once in an address; write the other zeros out");
  }
  reader->gap = reader->filled;
  reader->gap_position = *at - 1;
  ++*at;
  return true;
}

bool FinishIPv6(absl::string_view text, const IPv6Reader& reader, std::array<uint8_t, 16>* octets,
                TextError* error) {
  if (reader.gap == IPv6Reader::kNone) {
    if (reader.filled == octets->size()) return true;
    return Fail(error, text.size(), "an IPv6 address has 8 groups, or '::' for a run of zeros");
  }
  if (reader.filled == octets->size()) {
    return Fail(error, reader.gap_position,
                "leave '::' out; beside 8 groups it stands for nothing");
  }
  OpenGap(reader.gap, reader.filled, octets);
  return true;
}

bool ReadBracketed(absl::string_view text, SocketAddress* address, TextError* error) {
  const size_t close = text.find(']');
  if (close == absl::string_view::npos) {
    return Fail(error, text.size(), "write ']' after the IPv6 address, like [::1]:7");
  }
  const absl::string_view inside = text.substr(1, close - 1);
  const size_t percent = inside.find('%');
  std::array<uint8_t, 16> octets;
  if (!ParseIPv6Text(inside.substr(0, percent), &octets, error)) return FailIn(1, error);
  uint32_t zone = 0;
  if (percent != absl::string_view::npos &&
      !ParseZoneText(inside.substr(percent + 1), &zone, error)) {
    return FailIn(1 + percent + 1, error);
  }
  if (close + 1 == text.size() || text[close + 1] != ':') {
    return Fail(error, close + 1, "write ':' and a port after ']', like [::1]:7");
  }
  uint16_t port = 0;
  if (!ParsePortText(text.substr(close + 2), &port, error)) return FailIn(close + 2, error);
  *address = SocketAddress::FromIPv6(octets, port, zone);
  return true;
}

bool ReadAddress(absl::string_view text, SocketAddress* address, TextError* error) {
  if (!text.empty() && text[0] == '[') return ReadBracketed(text, address, error);
  std::array<uint8_t, 4> octets;
  size_t at = 0;
  if (!ReadIPv4(text, &at, &octets, error)) {
    if (!LooksLikeBareIPv6(text)) return false;
    return Fail(error, 0, "write an IPv6 address in brackets, like [::1]:7");
  }
  if (at == text.size()) {
    return Fail(error, at, "write ':' and a port after the address, like 127.0.0.1:7");
  }
  if (text[at] != ':') return FailAfterIPv4(at, error);
  uint16_t port = 0;
  if (!ParsePortText(text.substr(at + 1), &port, error)) return FailIn(at + 1, error);
  *address = SocketAddress::FromIPv4(octets, port);
  return true;
}

}  // namespace

bool ParseIPv4Text(absl::string_view text, std::array<uint8_t, 4>* octets, TextError* error) {
  size_t at = 0;
  if (!ReadIPv4(text, &at, octets, error)) return false;
  return at == text.size() || FailAfterIPv4(at, error);
}

bool ParseIPv6Text(absl::string_view text, std::array<uint8_t, 16>* octets, TextError* error) {
  IPv6Reader reader;
  size_t at = 0;
  if (text.substr(0, 2) == "::") {
    reader.gap = 0;
    at = 2;
  }
  while (at < text.size()) {
    const size_t start = at;
    const unsigned group = ReadHex(text, &at);
    if (at == start) {
      return Fail(error, at, "write a group of 1 to 4 hexadecimal digits here, or '::' once");
    }
    if (at < text.size() && text[at] == '.') {
      if (!ReadEmbeddedIPv4(text, start, &reader.filled, octets, error)) return false;
      break;
    }
    (*octets)[reader.filled++] = static_cast<uint8_t>(group >> 8);
    (*octets)[reader.filled++] = static_cast<uint8_t>(group);
    if (at < text.size() && !ReadColons(text, &at, &reader, error)) return false;
  }
  return FinishIPv6(text, reader, octets, error);
}

bool ParsePortText(absl::string_view text, uint16_t* port, TextError* error) {
  if (text.empty()) return Fail(error, 0, "a port is 1 to 5 digits, and none is here");
  uint32_t value = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!IsDigit(text[i])) return Fail(error, i, "a port is 1 to 5 digits and nothing else");
    if (i == 5) return Fail(error, i, "a port is 5 digits at most");
    value = value * 10 + static_cast<uint32_t>(text[i] - '0');
  }
  if (value > 65535) return Fail(error, 0, "a port is at most 65535");
  *port = static_cast<uint16_t>(value);
  return true;
}

bool ParseZoneText(absl::string_view text, uint32_t* zone, TextError* error) {
  if (text.empty()) return Fail(error, 0, "write an interface's number after '%', like %2");
  uint64_t value = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!IsDigit(text[i])) return Fail(error, i, "a zone is an interface's number, in digits");
    value = value * 10 + static_cast<uint64_t>(text[i] - '0');
    if (value > UINT32_MAX) return Fail(error, 0, "a zone is at most 4294967295");
  }
  *zone = static_cast<uint32_t>(value);
  return true;
}

bool CheckUnixName(absl::string_view name, bool is_abstract, TextError* error) {
  constexpr size_t kMostBytes = sizeof(sockaddr_un::sun_path) - 1;
  const size_t nul = is_abstract ? name.npos : name.find('\0');
  if (nul != name.npos) return Fail(error, nul, "a path can't hold a NUL");
  if (name.size() <= kMostBytes) return true;
  return Fail(error, kMostBytes, "the name of a unix socket has 107 bytes at most");
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
