// Tests of the position code: every window names its place, and overlays are what they say.
#include "properties/scenario/payload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"

namespace verbatim {
namespace {

constexpr uint64_t kMiB = 1 << 20;

Payload Coded(uint64_t size, uint32_t connections = 1, Overlay overlay = Overlay::kNone,
              std::vector<std::vector<uint64_t>> cuts = {}, uint64_t seed = 1) {
  PayloadSpec spec;
  spec.size_bytes = size;
  spec.seed = seed;
  spec.overlay = overlay;
  return Payload(spec, connections, std::move(cuts));
}

Payload Literal(std::string bytes, uint32_t connections = 1) {
  PayloadSpec spec;
  spec.literal = true;
  spec.bytes = std::move(bytes);
  return Payload(spec, connections, {});
}

// Every window of each connection is found where it is.
void ExpectEveryWindowLocated(const Payload& payload, uint32_t connections) {
  for (uint32_t connection = 1; connection <= connections; ++connection) {
    const std::string bytes = payload.Bytes(connection, 0, payload.size_bytes());
    const absl::string_view all = bytes;
    for (uint64_t offset = 0; offset + kWindowBytes <= all.size(); ++offset) {
      const auto place = payload.Locate(all.substr(offset, kWindowBytes));
      ASSERT_EQ(place, (Payload::Place{connection, offset})) << connection << " at " << offset;
    }
  }
}

class EveryWindow : public testing::TestWithParam<uint32_t> {};

// 1 MiB in all, so that no number of connections takes longer.
TEST_P(EveryWindow, IsLocatedAtItsPlace) {
  ExpectEveryWindowLocated(Coded(kMiB / GetParam(), GetParam()), GetParam());
}

// Located windows can't be equal, if Locate is a function; this shows it without Locate.
TEST_P(EveryWindow, IsUniqueAmongAll) {
  const Payload payload = Coded(kMiB / GetParam(), GetParam());
  std::vector<std::string> bytes;
  std::vector<absl::string_view> windows;
  for (uint32_t connection = 1; connection <= GetParam(); ++connection) {
    bytes.push_back(payload.Bytes(connection, 0, payload.size_bytes()));
  }
  for (const std::string& one : bytes) {
    for (size_t at = 0; at + kWindowBytes <= one.size(); ++at) {
      windows.push_back(absl::string_view(one).substr(at, kWindowBytes));
    }
  }
  std::sort(windows.begin(), windows.end());
  EXPECT_EQ(std::adjacent_find(windows.begin(), windows.end()), windows.end());
}

TEST_P(EveryWindow, OfAnAwkwardSizeIsLocatedToItsLastByte) {
  for (uint64_t size = kWindowBytes; size < 5 * kWindowBytes; ++size) {
    ExpectEveryWindowLocated(Coded(size, GetParam()), GetParam());
  }
}

TEST_P(EveryWindow, IsLocatedAtFarOffsetsToo) {
  const Payload payload = Coded(uint64_t{1} << 40, GetParam());
  const uint64_t far = uint64_t{1} << 39;
  for (const uint64_t from : {far - 100, (uint64_t{1} << 40) - 4096}) {
    const std::string bytes = payload.Bytes(GetParam(), from, 4096);
    for (size_t at = 0; at + kWindowBytes <= bytes.size(); ++at) {
      const auto place = payload.Locate(absl::string_view(bytes).substr(at, kWindowBytes));
      ASSERT_EQ(place, (Payload::Place{GetParam(), from + at}));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Payload, EveryWindow, testing::Values(1, 2, 4, 8));

TEST(Payload, BlocksAMillionApartAreDifferentForEachCodeWidth) {
  // The code is a bijection: equal blocks at different indexes would be the end of it.
  for (const uint32_t connections : {1u, 2u, 4u, 8u}) {
    const Payload payload = Coded(uint64_t{1} << 40, connections);
    std::set<std::string> blocks;
    uint64_t count = 0;
    for (uint64_t offset = 0; offset < uint64_t{1} << 40; offset += uint64_t{1} << 26) {
      blocks.insert(payload.Bytes(1, offset, 8));
      ++count;
    }
    EXPECT_EQ(blocks.size(), count) << connections;
  }
}

TEST(Payload, SeedsHaveBytesOfTheirOwn) {
  const Payload one = Coded(4096), two = Coded(4096, 1, Overlay::kNone, {}, 2);
  const std::string bytes = one.Bytes(1, 0, 4096);
  for (size_t at = 0; at + kWindowBytes <= bytes.size(); ++at) {
    ASSERT_FALSE(two.Locate(absl::string_view(bytes).substr(at, kWindowBytes)));
  }
}

TEST(Payload, ConnectionsHaveByteValuesOfTheirOwn) {
  for (uint32_t connections = 2; connections <= kMaxConnections; ++connections) {
    const Payload payload = Coded(8192, connections);
    std::array<uint32_t, 256> owner = {};
    for (uint32_t connection = 1; connection <= connections; ++connection) {
      for (const char byte : payload.Bytes(connection, 0, 8192)) {
        uint32_t& known = owner[static_cast<uint8_t>(byte)];
        ASSERT_TRUE(known == 0 || known == connection) << connections;
        known = connection;
      }
    }
  }
}

TEST(Payload, FillInPiecesIsFillInOne) {
  const std::vector<std::vector<uint64_t>> cuts = {{1, 2, 3, 64, 500, 999}, {7, 8, 500}};
  for (const Overlay overlay : kOverlays) {
    const Payload payload = Coded(1000, 2, overlay, cuts);
    for (uint32_t connection = 1; connection <= 2; ++connection) {
      const std::string whole = payload.Bytes(connection, 0, 1000);
      for (size_t piece : {1, 2, 3, 7, 8, 9, 31, 32, 33, 64, 999}) {
        std::string pieces;
        while (pieces.size() < 1000) pieces += payload.Bytes(connection, pieces.size(), piece);
        ASSERT_EQ(pieces, whole) << OverlayName(overlay) << " by " << piece;
      }
    }
  }
}

TEST(Payload, BytesEndWhereThePayloadEnds) {
  EXPECT_EQ(Coded(10).Bytes(1, 4, 100).size(), 6u);
  EXPECT_EQ(Coded(10).Bytes(1, 10, 1), "");
  EXPECT_EQ(Coded(0).Bytes(1, 0, 1), "");
  EXPECT_EQ(Literal("abc").Bytes(2, 1, 9), "bc");
}

TEST(Payload, OverlayNonewlineHasNoNewlineAndChangesNothingElse) {
  for (const uint32_t connections : {1u, 8u}) {
    const Payload payload = Coded(100'000, connections, Overlay::kNoNewline);
    const Payload plain = Coded(100'000, connections);
    for (uint32_t connection = 1; connection <= connections; ++connection) {
      const std::string bytes = payload.Bytes(connection, 0, 100'000);
      std::string expected = plain.Bytes(connection, 0, 100'000);
      std::replace(expected.begin(), expected.end(), '\n', '\x8a');
      EXPECT_EQ(bytes, expected);
      EXPECT_EQ(bytes.find('\n'), std::string::npos);
    }
  }
}

TEST(Payload, OverlayCrlfAtCutsHasItsCrBeforeTheCutAndItsLfBehind) {
  const std::vector<uint64_t> cuts = {0, 2, 100, 101, 4095, 4096};
  const Payload payload = Coded(4096, 1, Overlay::kCrlfAtCuts, {cuts});
  std::string expected = Coded(4096).Bytes(1, 0, 4096);
  for (const uint64_t cut : {2, 100, 101, 4095}) expected.replace(cut - 1, 2, "\r\n");
  EXPECT_EQ(payload.Bytes(1, 0, 4096), expected) << "neither the start nor the end is a cut";
}

TEST(Payload, OverlayNulRunsHasRunsOfEachLengthUpToEight) {
  const std::string bytes = Coded(100'000, 2, Overlay::kNulRuns).Bytes(2, 0, 100'000);
  // Connection 2's own bytes are never NUL: each that is there was laid over. Two runs never touch,
  // since a group's last byte is not of its run.
  std::set<size_t> lengths;
  for (size_t at = 0; at < bytes.size();) {
    const size_t first = std::min(bytes.find('\0', at), bytes.size());
    const size_t end = std::min(bytes.find_first_not_of('\0', first), bytes.size());
    if (end > first) lengths.insert(end - first);
    at = end + (end == first);
  }
  EXPECT_GE(lengths.count(8), 1u);
  EXPECT_EQ(lengths, (std::set<size_t>{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(Payload, OverlayTokensHasEachOfThem) {
  const std::string bytes = Coded(100'000, 8, Overlay::kTokens).Bytes(3, 0, 100'000);
  for (const absl::string_view token : PayloadTokens()) {
    EXPECT_TRUE(absl::StrContains(bytes, token)) << "token of " << token.size();
  }
}

TEST(Payload, TokensFitIntoWhatIsLeftForThem) {
  for (const absl::string_view token : PayloadTokens()) {
    EXPECT_GE(token.size(), 1u);
    EXPECT_LE(token.size(), 8u);
  }
}

TEST(Payload, UnderOverlaysWindowsOf64BytesAreLocated) {
  std::vector<uint64_t> cuts;
  for (uint64_t cut = 50; cut < 20'000; cut += 50) cuts.push_back(cut);
  for (const Overlay overlay : kOverlays) {
    for (const uint32_t connections : {1u, 2u, 8u}) {
      const Payload payload = Coded(20'000, connections, overlay,
                                    std::vector<std::vector<uint64_t>>(connections, cuts));
      const std::string bytes = payload.Bytes(connections, 0, 20'000);
      for (size_t at = 0; at + 64 <= bytes.size(); ++at) {
        const auto place = payload.Locate(absl::string_view(bytes).substr(at, 64));
        ASSERT_EQ(place, (Payload::Place{connections, at})) << OverlayName(overlay);
      }
    }
  }
}

TEST(Payload, WhatIsNotInItIsNotLocated) {
  const Payload payload = Coded(4096);
  std::string window = payload.Bytes(1, 1000, kWindowBytes);
  EXPECT_FALSE(payload.Locate(absl::string_view(window).substr(1)));
  for (size_t i = 0; i < window.size(); ++i) {
    window[i] ^= 1;
    EXPECT_FALSE(payload.Locate(window)) << "one bit of byte " << i;
    window[i] ^= 1;
  }
  EXPECT_TRUE(payload.Locate(window));
  const std::string beyond = Coded(8192).Bytes(1, 4090, kWindowBytes);
  EXPECT_FALSE(payload.Locate(beyond)) << "the payload ends within it";
}

TEST(Payload, ALiteralIsLocatedWhereItStandsOnce) {
  const std::string bytes = "0123456789abcdef-0123456789abcdef+";
  const Payload payload = Literal(bytes);
  EXPECT_EQ(payload.Locate("0123456789abcdef+"), (Payload::Place{1, 17}));
  EXPECT_EQ(payload.Locate("123456789abcdef-0"), (Payload::Place{1, 1}));
  EXPECT_FALSE(payload.Locate("0123456789abcdef")) << "twice";
  EXPECT_FALSE(payload.Locate("abcdef-"));
  EXPECT_FALSE(payload.Locate("x123456789abcdef-"));
}

TEST(Payload, ALiteralStandsOnEachConnectionAndSoNamesNone) {
  EXPECT_FALSE(Literal("0123456789abcdef", 2).Locate("0123456789abcdef"));
}

TEST(Payload, OwnerIsTheConnectionOfEachByteAlone) {
  for (uint32_t connections = 2; connections <= kMaxConnections; ++connections) {
    const Payload payload = Coded(1000, connections);
    for (uint32_t connection = 1; connection <= connections; ++connection) {
      const std::string bytes = payload.Bytes(connection, 0, 1000);
      EXPECT_EQ(payload.Owner(bytes), connection);
      for (const char byte : bytes) {
        ASSERT_EQ(payload.Owner(absl::string_view(&byte, 1)), connection);
      }
    }
  }
}

TEST(Payload, OwnerIsNobodyWhereBytesDoNotTell) {
  const Payload two = Coded(100, 2);
  EXPECT_FALSE(two.Owner(""));
  EXPECT_FALSE(two.Owner(two.Bytes(1, 0, 4) + two.Bytes(2, 0, 4)));
  EXPECT_FALSE(Coded(100).Owner(Coded(100).Bytes(1, 0, 4)));
  EXPECT_FALSE(Literal("abcd", 2).Owner("ab"));
  for (const Overlay overlay : kOverlays) {
    if (overlay == Overlay::kNone) continue;
    const Payload payload = Coded(100, 2, overlay);
    EXPECT_FALSE(payload.Owner(payload.Bytes(1, 0, 1))) << OverlayName(overlay);
  }
  const Payload three = Coded(100, 3);
  const char fourth = 3;  // the low bits of a fourth connection that there isn't
  EXPECT_FALSE(three.Owner(absl::string_view(&fourth, 1)));
}

}  // namespace
}  // namespace verbatim
