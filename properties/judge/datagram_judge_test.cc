// The judge of datagrams: what is an answer, what each wrong one is called, and what is left open.
// Not for: properties over any order of answers (datagram_judge_properties.cc).
#include "properties/judge/datagram_judge.h"

#include <gtest/gtest.h>

#include "properties/judge/test_datagrams.h"

namespace verbatim {
namespace {

using Kind = Verdict::Kind;

std::string Sentence(DatagramHearing& hearing) { return VerdictSentence(hearing.Finish()); }

TEST(DatagramJudge, WhatComesBackInAnyOrderIsHeld) {
  DatagramHearing hearing(Datagrams({100, 0, 1, 300}));
  hearing.SentAll().Came(hearing.Of(4)).Came(hearing.Of(1)).Came("");
  EXPECT_FALSE(hearing.judge().CaughtUp(1));
  hearing.Came(hearing.Of(3));
  EXPECT_TRUE(hearing.judge().CaughtUp(1));
  const Verdict verdict = hearing.Finish();
  EXPECT_EQ(verdict.kind, Kind::kHeld);
  EXPECT_TRUE(verdict.of_datagrams);
  EXPECT_EQ(verdict.sent_bytes, 401u);
  EXPECT_EQ(verdict.received_bytes, 401u);
}

TEST(DatagramJudge, WhatWasNotAwaitedMayStayUnanswered) {
  DatagramHearing hearing(Datagrams({5, 5}));
  EXPECT_EQ(hearing.SentAll().Came(hearing.Of(2)).Finish().kind, Kind::kHeld);
}

TEST(DatagramJudge, EqualDatagramsTakeAnAnswerEach) {
  DatagramHearing hearing(LiteralDatagrams({"same", "same"}), {.once = true});
  hearing.SentAll().Came("same");
  EXPECT_FALSE(hearing.judge().CaughtUp(1));
  hearing.Came("same");
  EXPECT_TRUE(hearing.judge().CaughtUp(1));
  EXPECT_EQ(Sentence(hearing.Came("same")),
            "duplicated: the answer to datagram 2 of connection 1 came a second time");
}

TEST(DatagramJudge, ASecondAnswerCountsOnlyWhereOneIsAsked) {
  DatagramHearing free(Datagrams({9, 9}));
  const Verdict held = free.SentAll().Came(free.Of(1)).Came(free.Of(1)).Finish();
  EXPECT_EQ(held.kind, Kind::kHeld);
  EXPECT_EQ(held.received_bytes, 9u) << "it counts once";
  DatagramHearing once(Datagrams({9, 9}), {.once = true});
  const Verdict verdict = once.SentAll().Came(once.Of(1)).Came(once.Of(1)).Finish();
  EXPECT_EQ(verdict.kind, Kind::kDuplicated);
  EXPECT_EQ(verdict.datagram, 1u);
  EXPECT_EQ(verdict.seen, once.Of(1));
}

TEST(DatagramJudge, AShorterAnswerIsTruncated) {
  DatagramHearing hearing(Datagrams({1500, 2000}));
  const Verdict verdict = hearing.SentAll().Came(hearing.Of(2).substr(0, 1024)).Finish();
  EXPECT_EQ(VerdictSentence(verdict),
            "truncated: the answer to datagram 2 of connection 1 ended at offset 1024, 976 bytes "
            "short");
  EXPECT_EQ(verdict.window_offset, 1008u);
  EXPECT_EQ(verdict.expected, hearing.Of(2).substr(1008, 64));
  EXPECT_EQ(verdict.seen, hearing.Of(2).substr(1008, 16));
}

TEST(DatagramJudge, WhereItMayBeCutABeginningIsAnAnswerAndTwoOfThemAreNot) {
  DatagramHearing hearing(Datagrams({1500, 2000}), {.cut = false, .once = true});
  hearing.SentAll().Came(hearing.Of(2).substr(0, 1024)).Came(hearing.Of(1).substr(0, 1024));
  EXPECT_TRUE(hearing.judge().CaughtUp(1));
  const Verdict verdict = hearing.Came(hearing.Of(1).substr(0, 1024)).Finish();
  EXPECT_EQ(verdict.kind, Kind::kDuplicated);
  EXPECT_EQ(verdict.datagram, 1u);
}

TEST(DatagramJudge, AnEmptyAnswerToOthersIsTruncated) {
  DatagramHearing hearing(Datagrams({7}));
  EXPECT_EQ(Sentence(hearing.SentAll().Came("")),
            "truncated: the answer to datagram 1 of connection 1 ended at offset 0, 7 bytes short");
}

TEST(DatagramJudge, AnAnswerWithMoreBehindItIsAnInsertion) {
  DatagramHearing hearing(Datagrams({6}));
  EXPECT_EQ(Sentence(hearing.SentAll().Came(hearing.Of(1) + "\n")),
            "inserted: 1 byte at offset 6 of the answer to datagram 1 of connection 1 that had not "
            "been sent in it");
  DatagramHearing empty(Datagrams({0}));
  EXPECT_EQ(Sentence(empty.SentAll().Came("?")),
            "inserted: 1 byte at offset 0 of the answer to datagram 1 of connection 1 that had not "
            "been sent in it");
}

TEST(DatagramJudge, TwoInOneAreSaidToBe) {
  DatagramHearing first(Datagrams({4, 3}));
  EXPECT_EQ(Sentence(first.SentAll().Came(first.Of(1) + first.Of(2))),
            "inserted: 3 bytes at offset 4 of the answer to datagram 1 of connection 1 that had "
            "not been sent in it: datagram 2 came in the same one");
  DatagramHearing second(Datagrams({3, 4}));
  EXPECT_EQ(Sentence(second.SentAll().Came(second.Of(1) + second.Of(2))),
            "inserted: 3 bytes at offset 0 of the answer to datagram 2 of connection 1 that had "
            "not been sent in it: datagram 1 came in the same one");
}

TEST(DatagramJudge, WhatAnEarlierOneLeftInTheBufferIsFound) {
  DatagramHearing hearing(Datagrams({100, 40}));
  hearing.SentAll().Came(hearing.Of(1));
  EXPECT_EQ(Sentence(hearing.Came(hearing.Of(2) + hearing.Of(1).substr(40))),
            "inserted: 60 bytes at offset 40 of the answer to datagram 2 of connection 1 that had "
            "not been sent in it: they are those at offset 40 of datagram 1 of connection 1");
}

TEST(DatagramJudge, WhatAnotherConnectionLeftInTheBufferIsALeak) {
  DatagramHearing hearing(Datagrams({40}, 2));
  const Verdict verdict = hearing.SentAll()
                              .Came(hearing.Of(1, 1), 1)
                              .Came(hearing.Of(1, 2) + hearing.Of(1, 1).substr(20), 2)
                              .Finish();
  EXPECT_EQ(VerdictSentence(verdict),
            "leaked: what came on connection 2 is, from offset 40 on, of datagram 1 of connection "
            "1");
  EXPECT_EQ(verdict.length, 20u);
}

TEST(DatagramJudge, AnotherValueIsCorruptedAndItsDatagramIsFound) {
  DatagramHearing hearing(Datagrams({50, 50, 50}));
  std::string came = hearing.Of(3);
  came[0] = static_cast<char>(came[0] ^ 1);
  came[49] = static_cast<char>(came[49] ^ 1);
  EXPECT_EQ(Sentence(hearing.SentAll().Came(came)),
            "corrupted: the byte at offset 0 of datagram 3 of connection 1 came back as another");
}

TEST(DatagramJudge, APieceFromFurtherOnIsALoss) {
  DatagramHearing hearing(Datagrams({600, 600}));
  EXPECT_EQ(Sentence(hearing.SentAll().Came(hearing.Of(2).substr(512))),
            "lost: 512 bytes at offset 0 of datagram 2 of connection 1 did not come back, others "
            "of it did");
  DatagramHearing middle(Datagrams({600}));
  EXPECT_EQ(Sentence(middle.SentAll().Came(middle.Of(1).substr(100, 200))),
            "lost: 100 bytes at offset 0 of datagram 1 of connection 1 did not come back, others "
            "of it did");
}

TEST(DatagramJudge, BytesLeftOutWithinAreALossAndMoreWithinAnInsertion) {
  DatagramHearing less(Datagrams({60}));
  const Verdict lost = less.SentAll().Came(less.Of(1).erase(20, 5)).Finish();
  EXPECT_EQ(lost.kind, Kind::kLost);
  EXPECT_EQ(lost.offset, 20u);
  EXPECT_EQ(lost.length, 5u);
  DatagramHearing more(Datagrams({60}));
  const Verdict inserted = more.SentAll().Came(more.Of(1).insert(20, "<?>")).Finish();
  EXPECT_EQ(inserted.kind, Kind::kInserted);
  EXPECT_EQ(inserted.offset, 20u);
  EXPECT_EQ(inserted.length, 3u);
}

TEST(DatagramJudge, AnsweredOnesAreComparedWhereEachHasItsAnswer) {
  DatagramHearing hearing(Datagrams({30, 30}));
  hearing.SentAll().Came(hearing.Of(1)).Came(hearing.Of(2));
  const Verdict verdict = hearing.Came(hearing.Of(2).substr(0, 10)).Finish();
  EXPECT_EQ(verdict.kind, Kind::kTruncated);
  EXPECT_EQ(verdict.datagram, 2u);
}

TEST(DatagramJudge, AnAnswerToNothingIsInserted) {
  DatagramHearing hearing(Datagrams({4}, 2));
  EXPECT_EQ(Sentence(hearing.SentAll(1).Came("hello", 2)),
            "inserted: a datagram of 5 bytes came on connection 2, which had sent none");
}

TEST(DatagramJudge, AnotherConnectionsAnswerIsALeak) {
  DatagramHearing hearing(Datagrams({4, 20}, 3));
  const Verdict verdict = hearing.SentAll().Came(hearing.Of(2, 3), 1).Finish();
  EXPECT_EQ(VerdictSentence(verdict),
            "leaked: what came on connection 1 is datagram 2 of connection 3");
  EXPECT_EQ(verdict.from_connection, 3u);
  EXPECT_EQ(verdict.seen, hearing.Of(2, 3));
  EXPECT_EQ(verdict.expected, hearing.Of(1, 1));
}

TEST(DatagramJudge, AFewBytesAreALeakOnlyWhereTheyCanBeNothingElse) {
  DatagramHearing own(Datagrams({2}, 2));
  EXPECT_EQ(own.SentAll().Came(own.Of(1, 2), 1).Finish().kind, Kind::kLeaked);
  DatagramHearing waiting(LiteralDatagrams({"ab", "a"}, 2));
  waiting.Sent(2, 1).Sent(2, 2).Sent(1, 2);
  EXPECT_EQ(waiting.Came("a", 1).Finish().kind, Kind::kTruncated);
  DatagramHearing idle(LiteralDatagrams({"ab", "a"}, 2));
  idle.Sent(2, 2).Sent(1, 2);
  EXPECT_EQ(idle.Came("a", 1).Finish().kind, Kind::kLeaked);
}

TEST(DatagramJudge, SilenceIsWithheldUpToTheSizeThatMustBeAnswered) {
  DatagramHearing hearing(Datagrams({600, 548, 10}), {.answered_to_bytes = 548});
  const Verdict verdict = hearing.SentAll().Came(hearing.Of(3)).Silence().Finish();
  EXPECT_EQ(VerdictSentence(verdict),
            "withheld: datagram 2 of connection 1, of 548 bytes, was not answered for 1000 ms");
  EXPECT_EQ(verdict.expected, hearing.Of(2).substr(0, 64));
}

TEST(DatagramJudge, ALargeOneIsGivenUpAndLeftOpen) {
  DatagramHearing hearing(Datagrams({9000, 5}), {.answered_to_bytes = 548});
  hearing.SentAll().Came(hearing.Of(2)).Silence();
  EXPECT_TRUE(hearing.judge().CaughtUp(1));
  EXPECT_FALSE(hearing.judge().Over());
  EXPECT_EQ(Sentence(hearing),
            "not judged: datagram 1 of connection 1, of 9000 bytes, was not answered for 1000 ms");
}

TEST(DatagramJudge, WhatWasGivenUpMayStillComeAndIsJudged) {
  DatagramHearing late(Datagrams({9000}), {.answered_to_bytes = 548, .once = true});
  EXPECT_EQ(late.SentAll().Silence().Came(late.Of(1)).Finish().kind, Kind::kHeld);
  DatagramHearing wrong(Datagrams({9000}), {.answered_to_bytes = 548});
  EXPECT_EQ(wrong.SentAll().Silence().Came(wrong.Of(1).substr(0, 8192)).Finish().kind,
            Kind::kTruncated);
}

TEST(DatagramJudge, OfEqualOnesTheOneThatIsAwaitedIsAnswered) {
  DatagramHearing hearing(LiteralDatagrams({"ab", "ab"}), {.complete = false});
  hearing.Sent(2).Silence().Sent(2).Came("ab");
  EXPECT_TRUE(hearing.judge().CaughtUp(1));
  EXPECT_EQ(hearing.Finish().datagram, 1u);
}

TEST(DatagramJudge, WhereNothingMustBeAnsweredSilenceIsLeftOpen) {
  DatagramHearing hearing(Datagrams({5}), {.complete = false});
  EXPECT_EQ(hearing.SentAll().Silence().Finish().kind, Kind::kNotJudged);
}

TEST(DatagramJudge, WhereTheSourceAloneCountsACutAnswerIsAnAnswer) {
  const Scenario scenario = Datagrams({5, 40});
  const Rules source = {.whole = false, .same_port = true};
  DatagramHearing cut(scenario, source);
  cut.SentAll().Came(cut.Of(1)).Came("cut");
  EXPECT_EQ(cut.Came("one more").Finish().kind, Kind::kHeld);
  DatagramHearing elsewhere(scenario, source);
  EXPECT_EQ(elsewhere.SentAll().CameFrom("127.0.0.1:9", true, "cut").Finish().kind,
            Kind::kMisaddressed);
}

TEST(DatagramJudge, TheSourceCountsWhereItIsAsked) {
  const Scenario scenario = Datagrams({5});
  DatagramHearing any(scenario);
  EXPECT_EQ(any.SentAll().CameFrom("127.0.0.1:9", true, any.Of(1)).Finish().kind, Kind::kHeld);
  DatagramHearing port(scenario, {.same_port = true});
  EXPECT_EQ(
      VerdictSentence(
          port.SentAll().CameFrom("127.0.0.1:9", true, port.Of(1), 1, "127.0.0.1:7").Finish()),
      "misaddressed: the answer to datagram 1 of connection 1 came from 127.0.0.1:9 and not "
      "from 127.0.0.1:7");
  DatagramHearing other(scenario, {.same_port = true});
  EXPECT_EQ(other.SentAll().CameFrom("127.0.0.2:7", false, other.Of(1)).Finish().kind, Kind::kHeld);
  DatagramHearing address(scenario, {.same_address = true});
  EXPECT_EQ(address.SentAll().CameFrom("127.0.0.2:7", false, address.Of(1)).Finish().kind,
            Kind::kMisaddressed);
}

TEST(DatagramJudge, WrongBytesFromElsewhereCountOnlyIfTheyAreLikeWhatWasSent) {
  DatagramHearing stray(Datagrams({50}));
  stray.SentAll().CameFrom("127.0.0.1:9", true, "a datagram of somebody else");
  EXPECT_FALSE(stray.judge().Over());
  EXPECT_EQ(stray.CameFrom("127.0.0.1:9", true, stray.Of(1).substr(0, 30)).Finish().kind,
            Kind::kTruncated);
}

TEST(DatagramJudge, ARefusalIsUnserved) {
  DatagramHearing hearing(Datagrams({5}));
  hearing.SentAll().Saw({.kind = Event::Kind::kEnded,
                         .ending = Ending::kRefused,
                         .text = "recvfrom 127.0.0.1:7: ECONNREFUSED"});
  const Verdict verdict = hearing.Finish();
  EXPECT_EQ(VerdictSentence(verdict),
            "unserved: connection 1 was not served: recvfrom 127.0.0.1:7: ECONNREFUSED");
  EXPECT_EQ(verdict.ending, Ending::kRefused);
  DatagramHearing open(Datagrams({5}), {.serves = false});
  open.Saw({.kind = Event::Kind::kNotConnected, .ending = Ending::kRefused});
  EXPECT_EQ(open.Finish().kind, Kind::kNotJudged);
  DatagramHearing ours(Datagrams({5}));
  EXPECT_EQ(ours.Saw({.kind = Event::Kind::kEnded, .ending = Ending::kOurs}).Finish().kind,
            Kind::kHeld);
}

TEST(DatagramJudge, TheFirstThingThatWentWrongStays) {
  DatagramHearing hearing(Datagrams({5, 6}));
  hearing.SentAll().Came(hearing.Of(2) + "!").Came("?").Silence();
  const Verdict verdict = hearing.Finish();
  EXPECT_EQ(verdict.kind, Kind::kInserted);
  EXPECT_EQ(verdict.datagram, 2u);
}

}  // namespace
}  // namespace verbatim
