// Tests of the names of differences. Each defect is made by hand from what was sent, and must get
// its own name, place and length, however what came was cut.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "properties/judge/judge.h"
#include "properties/judge/test_events.h"

namespace verbatim {
namespace {

using Kind = Verdict::Kind;

Verdict After(const Scenario& scenario, absl::string_view came, uint32_t connection = 1) {
  Verdict first;
  for (const std::vector<size_t>& pieces :
       std::vector<std::vector<size_t>>{{}, {1, 900, 7}, {4096}}) {
    Hearing hearing(scenario);
    for (uint32_t each = 1; each <= Connections(scenario); ++each) hearing.SentAll(each);
    const Verdict verdict = hearing.Came(came, connection, pieces).Finish();
    if (pieces.empty()) first = verdict;
    EXPECT_EQ(VerdictSentence(verdict), VerdictSentence(first)) << "pieces must not matter";
    EXPECT_EQ(verdict.seen, first.seen);
  }
  return first;
}

void Expect(const Verdict& verdict, Kind kind, uint64_t offset, uint64_t length) {
  EXPECT_EQ(VerdictName(verdict.kind), VerdictName(kind)) << VerdictSentence(verdict);
  EXPECT_EQ(verdict.offset, offset) << VerdictSentence(verdict);
  EXPECT_EQ(verdict.length, length) << VerdictSentence(verdict);
  EXPECT_TRUE(verdict.length_known) << VerdictSentence(verdict);
}

constexpr size_t kSize = 120'000;

std::string AllOf(const Scenario& scenario, uint32_t connection = 1) {
  return Hearing(scenario).All(connection);
}

class OnEachOverlay : public testing::TestWithParam<Overlay> {
 protected:
  const Scenario scenario_ = Coded(kSize, 1, 3, GetParam());
  const std::string all_ = AllOf(scenario_);
};

TEST_P(OnEachOverlay, LostBytesAreLostWhereTheyAreMissing) {
  for (const size_t length : {1, 2, 15, 16, 17, 100, 1000, 100'000}) {
    for (const size_t at : {size_t{0}, size_t{1}, size_t{5003}, kSize / 2, kSize - length - 64}) {
      if (at + length + 64 > kSize) continue;
      std::string came = all_;
      came.erase(at, length);
      // What was lost may begin as what follows it does: then the first difference is later.
      const size_t first =
          std::mismatch(came.begin(), came.end(), all_.begin()).first - came.begin();
      Expect(After(scenario_, came), Kind::kLost, first, length);
    }
  }
}

TEST_P(OnEachOverlay, RepeatedBytesAreDuplicated) {
  for (const size_t length : {1, 2, 16, 100, 1000, 100'000}) {
    for (const size_t end : {length, length + 5003, kSize - 64, kSize}) {
      std::string came = all_;
      came.insert(end, all_.substr(end - length, length));
      const size_t first =
          std::mismatch(all_.begin(), all_.end(), came.begin()).first - all_.begin();
      if (end == kSize && length >= Judge::kEvidenceBytes) continue;  // its length isn't known
      Expect(After(scenario_, came), Kind::kDuplicated, first, length);
    }
  }
}

TEST_P(OnEachOverlay, ABitThatFlipsIsCorrupted) {
  for (const size_t at : {size_t{0}, size_t{7}, size_t{5003}, kSize / 2, kSize - 16}) {
    for (const int bit : {0x01, 0x80}) {
      std::string came = all_;
      came[at] = static_cast<char>(came[at] ^ bit);
      Expect(After(scenario_, came), Kind::kCorrupted, at, 1);
    }
  }
}

TEST_P(OnEachOverlay, BytesThatNobodySentAreInserted) {
  for (const size_t length : {1, 2, 8, 20, 63, 64, 65, 200, 400}) {
    for (const size_t at : {size_t{0}, size_t{5003}, kSize / 2, kSize - 64}) {
      std::string text;  // begins with what is not there, lest the first difference be later
      while (text.size() < length) absl::StrAppend(&text, "hello-", text.size(), "/");
      text.resize(length);
      text[0] = static_cast<char>(~all_[at]);
      if (length == 1 && at > 0 && text[0] == all_[at - 1]) continue;  // that is a duplicate
      std::string came = all_;
      came.insert(at, text);
      Expect(After(scenario_, came), Kind::kInserted, at, length);
    }
  }
}

TEST_P(OnEachOverlay, PiecesThatChangePlacesAreReordered) {
  for (const size_t first : {1, 3, 8, 16, 40, 200}) {
    for (const size_t second : {1, 3, 8, 16, 40, 200}) {
      const size_t at = 5000;
      std::string came = all_.substr(0, 10'000);
      std::rotate(came.begin() + at, came.begin() + at + first, came.begin() + at + first + second);
      const size_t difference =
          std::mismatch(came.begin(), came.end(), all_.begin()).first - came.begin();
      if (difference == came.size()) continue;  // the overlay has equal bytes there
      const Verdict verdict = After(scenario_, came);
      EXPECT_EQ(verdict.kind, Kind::kReordered)
          << first << " and " << second << ": " << VerdictSentence(verdict);
      EXPECT_EQ(verdict.offset, difference);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Classify, OnEachOverlay, testing::ValuesIn(kOverlays));

// Where lines are lost their ends may stand where they were due; that is not all that came back
// right behind so many wrong bytes.
TEST(Classify, LinesBeforeTheLastOneThatAreMissingAreLost) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const Scenario scenario = Coded(320, 1, seed, Overlay::kLines);
    const std::string all = AllOf(scenario);
    for (const size_t lost : {1, 2}) {
      const size_t bytes = lost * kLineBytes, at = 288 - bytes;
      Expect(After(scenario, all.substr(0, at) + all.substr(288)), Kind::kLost, at, bytes);
    }
  }
}

TEST(Classify, UpperCasingIsCorrupted) {
  const Scenario scenario = Coded(5000);
  const std::string all = AllOf(scenario);
  const std::string came = absl::AsciiStrToUpper(all);
  const size_t first = std::mismatch(all.begin(), all.end(), came.begin()).first - all.begin();
  Expect(After(scenario, came), Kind::kCorrupted, first, 1);
}

TEST(Classify, UpperCasingOfTextIsCorrupted) {
  const Scenario scenario = Literal("0123 the quick brown fox jumps over the lazy dog 0123456789");
  Expect(After(scenario, absl::AsciiStrToUpper(AllOf(scenario))), Kind::kCorrupted, 5, 1);
}

TEST(Classify, ACrBeforeEachLfIsInserted) {
  int known = 0;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const Scenario scenario = Coded(5000, 1, seed);
    const std::string all = AllOf(scenario);
    std::string came;
    for (const char byte : all) came += byte == '\n' ? std::string("\r\n") : std::string(1, byte);
    const Verdict verdict = After(scenario, came);
    EXPECT_EQ(verdict.kind, Kind::kInserted) << VerdictSentence(verdict);
    EXPECT_EQ(verdict.offset, all.find('\n'));
    // Where the next LF is within three bytes, how many came before the first can't be said.
    if (verdict.length_known) EXPECT_EQ(verdict.length, 1u);
    known += verdict.length_known;
  }
  EXPECT_GE(known, 48);
}

TEST(Classify, DroppingEachOfAValueIsALossOfTheFirst) {
  for (const Overlay overlay : kOverlays) {
    const Scenario scenario = Coded(5000, 1, 1, overlay);
    const std::string all = AllOf(scenario);
    std::string came = all;
    came.erase(std::remove(came.begin(), came.end(), '\r'), came.end());
    const Verdict verdict = After(scenario, came);
    EXPECT_EQ(verdict.kind, Kind::kLost) << VerdictSentence(verdict);
    EXPECT_EQ(verdict.offset, all.find('\r'));
    EXPECT_EQ(verdict.length, 1u);
  }
}

TEST(Classify, ABannerBeforeAnythingWasSentIsInserted) {
  Hearing hearing(Coded(64));
  const Verdict verdict = hearing.Came("220 ready\r\n").Finish();
  Expect(verdict, Kind::kInserted, 0, 11);
  EXPECT_EQ(verdict.expected, "");
  EXPECT_EQ(verdict.seen, "220 ready\r\n");
}

TEST(Classify, ABannerIsAsLongAsItIsThoughTheEchoFollows) {
  Hearing hearing(Coded(64));
  hearing.Came("220 ready\r\n").SentAll().Came(hearing.All(), 1, {5});
  Expect(hearing.Finish(), Kind::kInserted, 0, 11);
}

TEST(Classify, MoreThanWasSentIsInserted) {
  const Scenario scenario = Coded(100);
  Expect(After(scenario, AllOf(scenario) + "!"), Kind::kInserted, 100, 1);
  Expect(After(scenario, AllOf(scenario) + "bye\r\n"), Kind::kInserted, 100, 5);
}

TEST(Classify, TheTailOnceAgainIsDuplicated) {
  const Scenario scenario = Coded(100);
  const std::string all = AllOf(scenario);
  Expect(After(scenario, all + all), Kind::kDuplicated, 100, 100);
  Expect(After(scenario, all + all.substr(95)), Kind::kDuplicated, 100, 5);
}

TEST(Classify, WhatIsSentBackBeforeItWasSentIsInserted) {
  // A replay of another conversation with the same bytes.
  Hearing hearing(Coded(100));
  hearing.Sent(10).Came(hearing.All());
  Expect(hearing.Finish(), Kind::kInserted, 10, 90);
}

TEST(Classify, AByteOfAnotherConnectionIsALeak) {
  for (const uint32_t connections : {2u, 3u, 5u, 8u}) {
    const Scenario scenario = Coded(1000, connections);
    for (uint32_t from = 2; from <= connections; ++from) {
      for (const size_t count : {4, 100}) {
        std::string came = AllOf(scenario);
        came.insert(500, AllOf(scenario, from).substr(0, count));
        const Verdict verdict = After(scenario, came);
        EXPECT_EQ(verdict.kind, Kind::kLeaked) << VerdictSentence(verdict);
        EXPECT_EQ(verdict.offset, 500u);
        EXPECT_EQ(verdict.from_connection, from);
      }
    }
  }
}

TEST(Classify, OneByteOfAnotherConnectionIsALeakIfNothingFollows) {
  const Scenario scenario = Coded(1000, 3);
  const std::string all = AllOf(scenario), other = AllOf(scenario, 3);
  for (const size_t at : {size_t{0}, size_t{500}, all.size()}) {
    const Verdict verdict = After(scenario, all.substr(0, at) + other.substr(40, 1));
    EXPECT_EQ(verdict.kind, Kind::kLeaked) << VerdictSentence(verdict);
    EXPECT_EQ(verdict.offset, at);
    EXPECT_EQ(verdict.from_connection, 3u);
  }
}

// With two connections every value is somebody's: a CR before an LF must not become a leak.
TEST(Classify, OneStrangeByteBetweenRightOnesIsNoProofOfALeak) {
  const Scenario scenario = Coded(1000, 2);
  std::string came = AllOf(scenario);
  came.insert(500, AllOf(scenario, 2).substr(40, 1));
  Expect(After(scenario, came), Kind::kInserted, 500, 1);
}

TEST(Classify, ALeakUnderAnOverlayIsSeenByItsPlace) {
  const Scenario scenario = Coded(1000, 2, 1, Overlay::kNulRuns);
  std::string came = AllOf(scenario, 2);
  came.replace(500, 100, AllOf(scenario, 1).substr(200, 100));
  const Verdict verdict = After(scenario, came, 2);
  EXPECT_EQ(verdict.kind, Kind::kLeaked) << VerdictSentence(verdict);
  EXPECT_EQ(verdict.from_connection, 1u);
  EXPECT_EQ(verdict.offset, 500u);
}

TEST(Classify, AllWrongIsCorruptedOfAnUnknownLength) {
  const Scenario scenario = Coded(1000);
  const Verdict verdict = After(scenario, std::string(1000, 'x'));
  EXPECT_EQ(verdict.kind, Kind::kCorrupted);
  EXPECT_FALSE(verdict.length_known);
}

TEST(Classify, ADefectOfALiteralHasItsNameToo) {
  const std::string text = "POST /echo HTTP/1.1\r\nHost: example\r\nContent-Length: 3\r\n\r\nabc";
  const Scenario scenario = Literal(text);
  std::string came = text;
  came.erase(19, 1);  // the CR
  Expect(After(scenario, came), Kind::kLost, 19, 1);
  came = text;
  came.insert(20, "\r");
  Expect(After(scenario, came), Kind::kDuplicated, 20, 1);
  came = text;
  came.insert(5, "xyz");
  Expect(After(scenario, came), Kind::kInserted, 5, 3);
  came = text;
  came[6] = 'E';
  Expect(After(scenario, came), Kind::kCorrupted, 6, 1);
}

TEST(Classify, ALossOnASecondConnectionWithALiteralIsNoLeak) {
  const std::string text = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const Scenario scenario = Literal(text, 2);
  std::string came = text;
  came.erase(10, 3);
  Expect(After(scenario, came, 2), Kind::kLost, 10, 3);
}

TEST(Classify, OneByteAloneIsCorruptedWhenItIsNoneThatWasSent) {
  EXPECT_EQ(After(Literal("Q"), "q").kind, Kind::kCorrupted);
}

}  // namespace
}  // namespace verbatim
