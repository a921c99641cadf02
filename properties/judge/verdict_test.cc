// Tests of the sentences: a person reads them, and reports quote them.
#include "properties/judge/verdict.h"

#include <gtest/gtest.h>

namespace verbatim {
namespace {

using Kind = Verdict::Kind;

Verdict Of(Kind kind, uint64_t length = 3) {
  Verdict verdict;
  verdict.kind = kind;
  verdict.connection = 2;
  verdict.offset = 52341;
  verdict.length = length;
  verdict.from_connection = 5;
  verdict.waited_ms = 2000;
  verdict.sent_bytes = 600;
  verdict.received_bytes = 500;
  verdict.ending = Ending::kReset;
  verdict.detail = "was ended by SIGPIPE";
  return verdict;
}

TEST(VerdictSentence, SaysWhatAndWhere) {
  const struct {
    Kind kind;
    const char* sentence;
  } kRows[] = {
      {Kind::kHeld, "held: every byte came back as it was sent"},
      {Kind::kLost, "lost: 3 bytes at offset 52341 of connection 2 did not come, later ones did"},
      {Kind::kDuplicated, "duplicated: 3 bytes came a second time at offset 52341 of connection 2"},
      {Kind::kReordered, "reordered: bytes at offset 52341 of connection 2 came after later ones"},
      {Kind::kCorrupted,
       "corrupted: the byte at offset 52341 of connection 2 came back as another"},
      {Kind::kInserted, "inserted: 3 bytes at offset 52341 of connection 2 that had not been sent"},
      {Kind::kTruncated,
       "truncated: connection 2 ended at offset 52341, 3 bytes short (RST from the target)"},
      {Kind::kWithheld,
       "withheld: 3 bytes from offset 52341 of connection 2 on did not come for 2000 ms, the "
       "connection stayed open"},
      {Kind::kLeaked, "leaked: what came at offset 52341 of connection 2 belongs to connection 5"},
      {Kind::kStuck,
       "stuck: connection 2 accepted nothing more for 2000 ms, 600 bytes sent and 500 received"},
      {Kind::kNotEnded, "not ended: connection 2 did not end within 2000 ms of our FIN"},
      {Kind::kUnserved, "unserved: connection 2 was not served: was ended by SIGPIPE"},
      {Kind::kDied, "target died: it was ended by SIGPIPE"},
      {Kind::kMisreported, "misreported: was ended by SIGPIPE"},
      {Kind::kNotJudged, "not judged: was ended by SIGPIPE"},
  };
  for (const auto& row : kRows) EXPECT_EQ(VerdictSentence(Of(row.kind)), row.sentence);
}

TEST(VerdictSentence, OneByteIsOneByte) {
  EXPECT_EQ(VerdictSentence(Of(Kind::kLost, 1)),
            "lost: 1 byte at offset 52341 of connection 2 did not come, later ones did");
}

TEST(VerdictSentence, ALengthThatIsNotKnownIsNotTold) {
  Verdict verdict = Of(Kind::kInserted);
  verdict.length_known = false;
  EXPECT_EQ(VerdictSentence(verdict),
            "inserted: an unknown number of bytes at offset 52341 of connection 2 that had not "
            "been sent");
}

TEST(VerdictSentence, OfDatagramsSaysWhichAndWhereInIt) {
  const struct {
    Kind kind;
    const char* sentence;
  } kRows[] = {
      {Kind::kHeld, "held: every byte came back as it was sent"},
      {Kind::kLost,
       "lost: 3 bytes at offset 9 of datagram 4 of connection 2 did not come back, others of it "
       "did"},
      {Kind::kDuplicated,
       "duplicated: the answer to datagram 4 of connection 2 came a second time"},
      {Kind::kCorrupted,
       "corrupted: the byte at offset 9 of datagram 4 of connection 2 came back as another"},
      {Kind::kInserted,
       "inserted: 3 bytes at offset 9 of the answer to datagram 4 of connection 2 that had not "
       "been "
       "sent in it"},
      {Kind::kTruncated,
       "truncated: the answer to datagram 4 of connection 2 ended at offset 9, 3 bytes short"},
      {Kind::kWithheld,
       "withheld: datagram 4 of connection 2, of 3 bytes, was not answered for 2000 ms"},
      {Kind::kLeaked,
       "leaked: what came on connection 2 is, from offset 9 on, of datagram 4 of connection 5"},
      {Kind::kUnserved, "unserved: connection 2 was not served: "},
      {Kind::kMisaddressed, "misaddressed: the answer to datagram 4 of connection 2 came "},
  };
  for (const auto& row : kRows) {
    Verdict verdict = Of(row.kind);
    verdict.of_datagrams = true;
    verdict.datagram = 4;
    verdict.offset = 9;
    verdict.detail = "";
    EXPECT_EQ(VerdictSentence(verdict), row.sentence);
  }
}

TEST(VerdictSentence, OfDatagramsEndsWithWhatIsKnownBesides) {
  Verdict verdict = Of(Kind::kInserted, 1);
  verdict.of_datagrams = true;
  verdict.datagram = 1;
  verdict.offset = 0;
  verdict.detail = "datagram 2 came in the same one";
  EXPECT_EQ(VerdictSentence(verdict),
            "inserted: 1 byte at offset 0 of the answer to datagram 1 of connection 2 that had not "
            "been sent in it: datagram 2 came in the same one");
  verdict.kind = Kind::kMisaddressed;
  verdict.detail = "from 127.0.0.1:9";
  EXPECT_EQ(VerdictSentence(verdict),
            "misaddressed: the answer to datagram 1 of connection 2 came from 127.0.0.1:9");
  verdict.kind = Kind::kLeaked;
  EXPECT_EQ(VerdictSentence(verdict),
            "leaked: what came on connection 2 is datagram 1 of connection 5");
}

TEST(VerdictSentence, AnAnswerToNoneOfThemSaysSo) {
  Verdict verdict = Of(Kind::kInserted, 1);
  verdict.of_datagrams = true;
  verdict.detail = "";
  EXPECT_EQ(VerdictSentence(verdict),
            "inserted: a datagram of 1 byte came on connection 2, which had sent none");
}

TEST(Verdict, FailsUnlessItHeldOrWasNotJudged) {
  for (int i = 0; i <= static_cast<int>(Kind::kNotJudged); ++i) {
    const Kind kind = static_cast<Kind>(i);
    EXPECT_EQ(Of(kind).Fails(), kind != Kind::kHeld && kind != Kind::kNotJudged);
    EXPECT_FALSE(VerdictName(kind).empty());
  }
}

TEST(Verdict, SilencesAreThreeKinds) {
  int silences = 0;
  for (int i = 0; i <= static_cast<int>(Kind::kNotJudged); ++i) {
    silences += Of(static_cast<Kind>(i)).IsSilence();
  }
  EXPECT_EQ(silences, 3);
  EXPECT_TRUE(Of(Kind::kWithheld).IsSilence());
  EXPECT_TRUE(Of(Kind::kStuck).IsSilence());
  EXPECT_TRUE(Of(Kind::kNotEnded).IsSilence());
}

}  // namespace
}  // namespace verbatim
