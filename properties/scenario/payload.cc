// The position code. Eight bytes make a block; a block is its index, put through a bijection of the
// block's bits. A window of 16 bytes holds one whole aligned block, and inverting it gives the
// index: no table, no search. With K connections a byte keeps its low bits for the connection (K >
// 4: three of them) and the rest for the code, so that a leaked byte is known even alone.
#include "properties/scenario/payload.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace verbatim {
namespace {

constexpr size_t kBlockBytes = 8;
constexpr uint64_t kOdd = 0x9E3779B97F4A7C15u;       // 2^64 / golden ratio
constexpr uint64_t kOtherOdd = 0xBF58476D1CE4E5B9u;  // splitmix64's first multiplier

constexpr uint64_t Inverse(uint64_t odd) {
  uint64_t inverse = odd;  // right to 3 bits; each round doubles them (Newton)
  for (int i = 0; i < 5; ++i) inverse *= 2 - odd * inverse;
  return inverse;
}
static_assert(kOdd * Inverse(kOdd) == 1 && kOtherOdd * Inverse(kOtherOdd) == 1);

uint64_t Hash(uint64_t value) {
  value = (value ^ (value >> 30)) * kOtherOdd;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
  return value ^ (value >> 31);
}

// The bijection on `bits`-bit numbers, different for each seed, and its inverse.
struct Code {
  uint32_t bits;
  uint64_t mask;
  uint64_t key;

  Code(uint32_t code_bits, uint64_t seed)
      : bits(code_bits), mask(~uint64_t{0} >> (64 - code_bits)), key(Hash(seed + 1)) {}
  // An involution, since bits / 2 rounded up is at least half.
  uint64_t Fold(uint64_t value) const { return value ^ (value >> ((bits + 1) / 2)); }
  uint64_t Encode(uint64_t index) const {
    uint64_t value = ((index + key) * kOdd) & mask;
    value = (Fold(value) * kOtherOdd) & mask;
    return (Fold(value) * kOdd) & mask;
  }
  uint64_t Decode(uint64_t value) const {
    value = Fold((value * Inverse(kOdd)) & mask);
    value = Fold((value * Inverse(kOtherOdd)) & mask);
    return (value * Inverse(kOdd) - key) & mask;
  }
};

void WriteBlock(const Code& code, uint32_t symbol_bits, uint32_t connection, uint64_t index,
                char out[kBlockBytes]) {
  const uint64_t value = code.Encode(index);
  if (symbol_bits == 8) {
    std::memcpy(out, &value, kBlockBytes);
    return;
  }
  for (size_t i = 0; i < kBlockBytes; ++i) {
    const uint64_t symbol = (value >> (symbol_bits * i)) & ((1u << symbol_bits) - 1);
    out[i] = static_cast<char>((symbol << (8 - symbol_bits)) | (connection - 1));
  }
}

// False if a byte is not one of the connection's.
bool ReadBlock(uint32_t symbol_bits, uint32_t connection, const char* in, uint64_t* value) {
  const uint32_t low = (1u << (8 - symbol_bits)) - 1;
  *value = 0;
  for (size_t i = 0; i < kBlockBytes; ++i) {
    const uint8_t byte = static_cast<uint8_t>(in[i]);
    if ((byte & low) != ((connection - 1) & low)) return false;
    *value |= uint64_t{byte} >> (8 - symbol_bits) << (symbol_bits * i);
  }
  return true;
}

uint32_t SymbolBits(uint32_t connections) {
  if (connections <= 1) return 8;
  if (connections <= 2) return 7;
  return connections <= 4 ? 6 : 5;
}

using absl::string_view;
constexpr string_view kTokens[] = {
    string_view("\x04", 1),         string_view("\x1a", 1),
    string_view("\xff", 1),         string_view("\x00", 1),
    string_view("\r\n", 2),         string_view("\n", 1),
    string_view("\r", 1),           string_view("\xff\xf4\xff\xfd\x06", 5),  // telnet IP, DO TM
    string_view("\xff\xfb\x01", 3), string_view("\x1b[2J", 4),
    string_view("\x1b]0;x\x07", 6), string_view("\xc0\xaf", 2),
    string_view("\xed\xa0\x80", 3),  // broken UTF-8
    string_view("\xf4\x90", 2),     string_view("\xe2\x82", 2),
    string_view("+++ATH0", 7),      string_view("quit\r\n", 6),
    string_view("\x03", 1),         string_view("\x11\x13", 2),
    string_view("%s%n", 4),         string_view("Q\n", 2),
    string_view("\x7f\x08", 2)};

// A group of `group_bytes` has one run, at a place and of a length that its hash gives.
constexpr uint64_t kNulGroupBytes = 32;
constexpr uint64_t kTokenGroupBytes = 32;

// Copies `piece`, which stands at `at`, over the part of it that lies in [offset, offset + out).
void Clip(string_view piece, uint64_t at, uint64_t offset, absl::Span<char> out) {
  for (size_t i = 0; i < piece.size(); ++i) {
    const uint64_t place = at + i;
    if (place >= offset && place < offset + out.size()) out[place - offset] = piece[i];
  }
}

constexpr string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void LayLines(uint64_t offset, uint64_t size, absl::Span<char> out) {
  for (char& byte : out) byte = kLetters[static_cast<uint8_t>(byte) % kLetters.size()];
  for (uint64_t end = (offset / kLineBytes + 1) * kLineBytes; end - 1 < offset + out.size();
       end += kLineBytes) {
    out[end - 1 - offset] = '\n';
  }
  if (offset + out.size() == size) out[out.size() - 1] = '\n';
}

}  // namespace

absl::string_view OverlayName(Overlay overlay) {
  switch (overlay) {
    case Overlay::kNone:
      return "none";
    case Overlay::kNoNewline:
      return "nonewline";
    case Overlay::kCrlfAtCuts:
      return "crlf-at-cuts";
    case Overlay::kNulRuns:
      return "nul-runs";
    case Overlay::kTokens:
      return "tokens";
    case Overlay::kLines:
      return "lines";
  }
  return "none";
}

absl::Span<const absl::string_view> PayloadTokens() { return kTokens; }

Payload::Payload(PayloadSpec spec, uint32_t connections, std::vector<std::vector<uint64_t>> cuts)
    : spec_(std::move(spec)),
      connections_(connections),
      symbol_bits_(SymbolBits(connections)),
      cuts_(std::move(cuts)) {
  assert(connections >= 1 && connections <= kMaxConnections);
  if (spec_.overlay == Overlay::kCrlfAtCuts) cuts_.resize(connections);
}

void Payload::Fill(uint32_t connection, uint64_t offset, absl::Span<char> out) const {
  assert(offset + out.size() <= size_bytes());
  if (spec_.literal) {
    std::memcpy(out.data(), spec_.bytes.data() + offset, out.size());
    return;
  }
  const Code code(symbol_bits_ * kBlockBytes, spec_.seed);
  char block[kBlockBytes];
  for (size_t done = 0; done < out.size();) {
    const uint64_t at = offset + done;
    const size_t skip = at % kBlockBytes;
    const size_t count = std::min(kBlockBytes - skip, out.size() - done);
    if (count == kBlockBytes) {
      WriteBlock(code, symbol_bits_, connection, at / kBlockBytes, out.data() + done);
    } else {
      WriteBlock(code, symbol_bits_, connection, at / kBlockBytes, block);
      std::memcpy(out.data() + done, block + skip, count);
    }
    done += count;
  }
  if (spec_.overlay != Overlay::kNone && !out.empty()) Lay(connection, offset, out);
}

void Payload::Lay(uint32_t connection, uint64_t offset, absl::Span<char> out) const {
  const uint64_t end = offset + out.size();
  const uint64_t key = Hash(spec_.seed * kMaxConnections + connection);
  if (spec_.overlay == Overlay::kLines) {
    LayLines(offset, size_bytes(), out);
  } else if (spec_.overlay == Overlay::kNoNewline) {
    for (char& byte : out) byte = byte == '\n' ? '\x8a' : byte;  // keeps the connection's low bits
  } else if (spec_.overlay == Overlay::kCrlfAtCuts) {
    const std::vector<uint64_t>& cuts = cuts_[connection - 1];
    for (auto cut = std::lower_bound(cuts.begin(), cuts.end(), offset);
         cut != cuts.end() && *cut <= end; ++cut) {
      if (*cut > 0 && *cut < size_bytes()) Clip("\r\n", *cut - 1, offset, out);
    }
  } else if (spec_.overlay == Overlay::kNulRuns) {
    for (uint64_t group = offset / kNulGroupBytes; group * kNulGroupBytes < end; ++group) {
      const uint64_t dice = Hash(key ^ group);
      const string_view run("\0\0\0\0\0\0\0\0", 1 + (dice >> 8) % 8);
      Clip(run, group * kNulGroupBytes + dice % (kNulGroupBytes - 8), offset, out);
    }
  } else if (spec_.overlay == Overlay::kTokens) {
    for (uint64_t group = offset / kTokenGroupBytes; group * kTokenGroupBytes < end; ++group) {
      const uint64_t dice = Hash(key ^ group);
      const string_view token = kTokens[(dice >> 8) % std::size(kTokens)];
      Clip(token, group * kTokenGroupBytes + dice % (kTokenGroupBytes - 8), offset, out);
    }
  }
}

std::string Payload::Bytes(uint32_t connection, uint64_t offset, size_t count) const {
  if (offset >= size_bytes()) return "";
  std::string bytes(std::min<uint64_t>(count, size_bytes() - offset), '\0');
  Fill(connection, offset, absl::MakeSpan(bytes));
  return bytes;
}

bool Payload::Is(absl::string_view window, uint32_t connection, uint64_t offset) const {
  return offset + window.size() <= size_bytes() &&
         Bytes(connection, offset, window.size()) == window;
}

std::optional<Payload::Place> Payload::Locate(absl::string_view window) const {
  if (window.size() < kWindowBytes) return std::nullopt;
  if (spec_.literal) return LocateLiteral(window);
  const Code code(symbol_bits_ * kBlockBytes, spec_.seed);
  for (uint32_t connection = 1; connection <= connections_; ++connection) {
    for (size_t at = 0; at + kBlockBytes <= window.size(); ++at) {
      uint64_t value;
      if (!ReadBlock(symbol_bits_, connection, window.data() + at, &value)) continue;
      const uint64_t index = code.Decode(value);
      if (index > size_bytes() / kBlockBytes || index * kBlockBytes < at) continue;
      const uint64_t offset = index * kBlockBytes - at;
      if (Is(window, connection, offset)) return Place{connection, offset};
    }
  }
  return std::nullopt;
}

std::optional<uint32_t> Payload::Owner(absl::string_view bytes) const {
  if (spec_.literal || spec_.overlay != Overlay::kNone || connections_ < 2 || bytes.empty()) {
    return std::nullopt;
  }
  const int low = (1 << (8 - symbol_bits_)) - 1;
  const int first = bytes.front() & low;
  for (const char byte : bytes) {
    if ((byte & low) != first) return std::nullopt;
  }
  const uint32_t connection = static_cast<uint32_t>(first) + 1;
  if (connection > connections_) return std::nullopt;
  return connection;
}

std::optional<Payload::Place> Payload::LocateLiteral(absl::string_view window) const {
  if (connections_ > 1) return std::nullopt;  // each has it
  const absl::string_view bytes = spec_.bytes;
  const size_t at = bytes.find(window);
  if (at == absl::string_view::npos) return std::nullopt;
  if (bytes.find(window, at + 1) != absl::string_view::npos) return std::nullopt;
  return Place{1, at};
}

}  // namespace verbatim
