// What the C library has to say of pieces of an address's text, and decimal numbers read the slow,
// obvious way: the oracle of the harnesses about addresses.
// Not for: whole texts, which each harness takes apart in its own few lines.
#pragma once

#include <arpa/inet.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

#include "absl/strings/string_view.h"

namespace verbatim {

// All of `text` as a decimal number up to `most`.
inline std::optional<uint32_t> DecimalNumber(absl::string_view text, uint32_t most) {
  uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = std::min<uint64_t>(value * 10 + static_cast<uint64_t>(c - '0'), 1ULL << 32);
  }
  if (text.empty() || value > most) return std::nullopt;
  return static_cast<uint32_t>(value);
}

// inet_pton of all of `text`, which may hold NULs. Octets: as many as the family's addresses have.
template <typename Octets>
bool Pton(int family, absl::string_view text, Octets* octets) {
  char buffer[INET6_ADDRSTRLEN] = {};  // no valid text is longer
  if (text.size() >= sizeof(buffer) || text.find('\0') != absl::string_view::npos) return false;
  std::memcpy(buffer, text.data(), text.size());
  return inet_pton(family, buffer, octets->data()) == 1;
}

}  // namespace verbatim
