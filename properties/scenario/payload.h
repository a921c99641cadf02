// Payload: the bytes that a scenario sends, as a function of (seed, connection, offset), so that
// what comes back tells where it belongs.
// Not for: what is sent when (scenario.h), or judging what came back (judge/).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace verbatim {

// What is laid over a coded payload. Random bytes hide content bugs: they rarely hold a CR LF just
// at a cut, or eight NULs in a row.
enum class Overlay {
  kNone,
  kNoNewline,
  kCrlfAtCuts,
  kNulRuns,
  kTokens,
  kLines,  // text: lines of kLineBytes, and the payload ends with one; for who takes nothing else
};
// Those that leave a payload arbitrary bytes.
inline constexpr Overlay kOverlays[] = {Overlay::kNone, Overlay::kNoNewline, Overlay::kCrlfAtCuts,
                                        Overlay::kNulRuns, Overlay::kTokens};
inline constexpr Overlay kAllOverlays[] = {Overlay::kNone,       Overlay::kNoNewline,
                                           Overlay::kCrlfAtCuts, Overlay::kNulRuns,
                                           Overlay::kTokens,     Overlay::kLines};
// "none", "nonewline", "crlf-at-cuts", "nul-runs", "tokens", "lines".
absl::string_view OverlayName(Overlay overlay);

// What a scenario says of its payload. Each connection has one of its own, of the same size.
struct PayloadSpec {
  bool literal = false;
  std::string bytes;  // literal: these, the same on every connection
  uint64_t size_bytes = 0;
  uint64_t seed = 1;
  Overlay overlay = Overlay::kNone;

  uint64_t Size() const { return literal ? bytes.size() : size_bytes; }
  friend bool operator==(const PayloadSpec&, const PayloadSpec&) = default;
};

// The strings that the overlay "tokens" scatters: what some program takes for a command.
absl::Span<const absl::string_view> PayloadTokens();

// With its newline.
inline constexpr uint64_t kLineBytes = 32;
inline constexpr uint32_t kMaxConnections = 8;
// A window of this many coded bytes names its connection and offset.
inline constexpr size_t kWindowBytes = 16;

class Payload {
 public:
  struct Place {
    uint32_t connection = 0;
    uint64_t offset = 0;
    friend bool operator==(const Place&, const Place&) = default;
  };

  // `connections`: how many the scenario has, 1 to kMaxConnections; with more than one, each has
  // byte values of its own. `cuts[c - 1]`: connection c's cuts in ascending order, for
  // crlf-at-cuts.
  Payload(PayloadSpec spec, uint32_t connections, std::vector<std::vector<uint64_t>> cuts);

  uint64_t size_bytes() const { return spec_.Size(); }

  // Writes the bytes of `connection` (from 1) at [offset, offset + out.size()), which must lie
  // within size_bytes().
  void Fill(uint32_t connection, uint64_t offset, absl::Span<char> out) const;
  std::string Bytes(uint32_t connection, uint64_t offset, size_t count) const;

  // Where `window` stands in the payloads; nullopt if nowhere, if it is shorter than kWindowBytes,
  // or if a literal payload has it twice, or on several connections.
  std::optional<Place> Locate(absl::string_view window) const;

  // The connection whose byte values all of `bytes` are; nullopt if they are of several, if there
  // is only one connection, or if the payload has bytes that are nobody's own (literal ones,
  // overlays).
  std::optional<uint32_t> Owner(absl::string_view bytes) const;

 private:
  void Lay(uint32_t connection, uint64_t offset, absl::Span<char> out) const;
  bool Is(absl::string_view window, uint32_t connection, uint64_t offset) const;
  std::optional<Place> LocateLiteral(absl::string_view window) const;

  PayloadSpec spec_;
  uint32_t connections_;
  uint32_t symbol_bits_;
  std::vector<std::vector<uint64_t>> cuts_;
};

}  // namespace verbatim
