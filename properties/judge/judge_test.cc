// Tests of the judge: each kind of verdict from events made by hand. How a difference gets its name
// is in classify_test.cc.
#include "properties/judge/judge.h"

#include <gtest/gtest.h>

#include "properties/judge/test_events.h"

namespace verbatim {
namespace {

using Kind = Verdict::Kind;
constexpr Rules kOnlyWhatArrives = {.complete = false, .ends = false, .serves = false};

TEST(Judge, WhatComesBackAsItWasSentHolds) {
  Hearing hearing(Coded(1000));
  hearing.SentAll().Saw(Event::Kind::kShutdown).Came(hearing.All()).Ended(Ending::kFin);
  const Verdict verdict = hearing.Finish();
  EXPECT_EQ(verdict.kind, Kind::kHeld);
  EXPECT_FALSE(verdict.Fails());
  EXPECT_EQ(verdict.sent_bytes, 1000u);
  EXPECT_EQ(verdict.received_bytes, 1000u);
  EXPECT_EQ(verdict.ending, Ending::kFin);
}

TEST(Judge, NothingAtAllHolds) {
  EXPECT_EQ(Hearing(Coded(1000)).Finish().kind, Kind::kHeld);
  EXPECT_EQ(Hearing(Coded(0)).Finish().kind, Kind::kHeld);
}

TEST(Judge, CaughtUpMeansThatAllThatWasSentHasCome) {
  Hearing hearing(Coded(1000, 2));
  EXPECT_TRUE(hearing.judge().CaughtUp(1));
  hearing.Sent(10);
  EXPECT_FALSE(hearing.judge().CaughtUp(1));
  EXPECT_TRUE(hearing.judge().CaughtUp(2));
  hearing.Came(hearing.Bytes(0, 9));
  EXPECT_FALSE(hearing.judge().CaughtUp(1));
  hearing.Came(hearing.Bytes(9, 1));
  EXPECT_TRUE(hearing.judge().CaughtUp(1));
}

TEST(Judge, PiecesLargerThanItsBufferAreCompared) {
  Hearing hearing(Coded(1'000'000));
  std::string bytes = hearing.All();
  hearing.SentAll().Came(bytes);
  EXPECT_EQ(hearing.Finish().kind, Kind::kHeld);
  Hearing other(Coded(1'000'000));
  bytes[700'000] ^= 1;
  const Verdict verdict = other.SentAll().Came(bytes).Finish();
  EXPECT_EQ(verdict.kind, Kind::kCorrupted);
  EXPECT_EQ(verdict.offset, 700'000u);
}

TEST(Judge, WhatIsMissingAtAnEndIsTruncated) {
  for (const Ending ending : {Ending::kFin, Ending::kReset, Ending::kTimedOut}) {
    for (const uint64_t missing : {1, 100, 100'000}) {
      Hearing hearing(Coded(200'000));
      hearing.SentAll().Came(hearing.Bytes(0, 200'000 - missing)).Ended(ending);
      EXPECT_TRUE(hearing.judge().Over());
      const Verdict verdict = hearing.Finish();
      EXPECT_EQ(verdict.kind, Kind::kTruncated);
      EXPECT_EQ(verdict.offset, 200'000 - missing);
      EXPECT_EQ(verdict.length, missing);
      EXPECT_EQ(verdict.ending, ending);
      EXPECT_EQ(verdict.window_offset, verdict.offset);
      EXPECT_EQ(verdict.expected, hearing.Bytes(verdict.offset, std::min<size_t>(missing, 64)));
      EXPECT_EQ(verdict.seen, "");
    }
  }
}

TEST(Judge, OurOwnEndTruncatesNothing) {
  Hearing hearing(Coded(1000));
  EXPECT_EQ(hearing.SentAll().Ended(Ending::kOurs).Finish().kind, Kind::kHeld);
}

TEST(Judge, AStepThatAnEndPreventedIsTruncated) {
  Hearing hearing(Coded(1000));
  hearing.Sent(10).Came(hearing.Bytes(0, 10)).Ended(Ending::kFin);
  const Verdict verdict = hearing.Saw(Event::Kind::kSkipped, 1, 0, "send 990").Finish();
  EXPECT_EQ(verdict.kind, Kind::kTruncated);
  EXPECT_EQ(verdict.offset, 10u);
  EXPECT_EQ(verdict.detail, "send 990");
}

TEST(Judge, AClientsStatusIsMisreportedIffTheEventSaysWhy) {
  Hearing sound(Coded(10));
  sound.SentAll().Came(sound.Bytes(0, 10)).Saw(Event::Kind::kExited);
  EXPECT_EQ(sound.Finish().kind, Kind::kHeld);
  Hearing wrong(Coded(10));
  wrong.SentAll().Came(wrong.Bytes(0, 10));
  const Verdict verdict = wrong.Saw(Event::Kind::kExited, 1, 0, "expected status 0").Finish();
  EXPECT_EQ(verdict.kind, Kind::kMisreported);
  EXPECT_EQ(verdict.detail, "expected status 0");
}

TEST(Judge, WhatDoesNotComeWhileTheConnectionIsOpenIsWithheld) {
  Hearing hearing(Coded(1000));
  hearing.SentAll().Came(hearing.Bytes(0, 300)).Saw(Event::Kind::kSilence, 1, 2000);
  const Verdict verdict = hearing.Finish();
  EXPECT_EQ(verdict.kind, Kind::kWithheld);
  EXPECT_EQ(verdict.offset, 300u);
  EXPECT_EQ(verdict.length, 700u);
  EXPECT_EQ(verdict.waited_ms, 2000);
  EXPECT_EQ(verdict.ending, Ending::kOpen);
  EXPECT_EQ(verdict.sent_bytes, 1000u);
  EXPECT_EQ(verdict.received_bytes, 300u);
  EXPECT_EQ(verdict.expected, hearing.Bytes(300, 64));
  EXPECT_TRUE(verdict.IsSilence());
}

TEST(Judge, ASendThatIsNotAcceptedIsStuck) {
  Hearing hearing(Coded(1000));
  hearing.Sent(600).Came(hearing.Bytes(0, 500)).Saw(Event::Kind::kBlocked, 1, 1500);
  const Verdict verdict = hearing.Finish();
  EXPECT_EQ(verdict.kind, Kind::kStuck);
  EXPECT_EQ(verdict.sent_bytes, 600u);
  EXPECT_EQ(verdict.received_bytes, 500u);
  EXPECT_EQ(verdict.waited_ms, 1500);
  EXPECT_TRUE(verdict.IsSilence());
}

TEST(Judge, AnEndThatDoesNotComeIsNotEnded) {
  Hearing hearing(Coded(10));
  hearing.SentAll().Came(hearing.All()).Saw(Event::Kind::kShutdown);
  const Verdict verdict = hearing.Saw(Event::Kind::kNoEof, 1, 2000).Finish();
  EXPECT_EQ(verdict.kind, Kind::kNotEnded);
  EXPECT_EQ(verdict.waited_ms, 2000);
  EXPECT_TRUE(verdict.IsSilence());
}

TEST(Judge, AConnectionThatIsRefusedIsUnserved) {
  const Verdict verdict =
      Hearing(Coded(10, 2)).Saw(Event::Kind::kNotConnected, 2, 0, "connect: ECONNREFUSED").Finish();
  EXPECT_EQ(verdict.kind, Kind::kUnserved);
  EXPECT_EQ(verdict.connection, 2u);
  EXPECT_EQ(verdict.detail, "connect: ECONNREFUSED");
  EXPECT_EQ(verdict.ending, Ending::kRefused);
}

TEST(Judge, WhatTheRulesLeaveOpenIsNotJudged) {
  for (const Event::Kind kind : {Event::Kind::kSilence, Event::Kind::kBlocked,
                                 Event::Kind::kNotConnected, Event::Kind::kSkipped}) {
    Hearing hearing(Coded(10), kOnlyWhatArrives);
    hearing.SentAll().Saw(kind);
    EXPECT_TRUE(hearing.judge().Over());
    const Verdict verdict = hearing.Finish();
    EXPECT_EQ(verdict.kind, Kind::kNotJudged);
    EXPECT_FALSE(verdict.Fails());
  }
}

TEST(Judge, WhereTheEndDoesNotMatterNothingButItsAbsenceIsSeenUntilTheDeadline) {
  Hearing hearing(Coded(10), kOnlyWhatArrives);
  hearing.SentAll().Came(hearing.All()).Saw(Event::Kind::kNoEof, 1, 2000);
  EXPECT_FALSE(hearing.judge().Over());
  EXPECT_EQ(hearing.Finish().kind, Kind::kHeld);
}

TEST(Judge, HowItEndedIsJudgedOnlyByARuleAboutIt) {
  for (const bool asked : {false, true}) {
    for (const Ending ending : {Ending::kFin, Ending::kReset, Ending::kTimedOut}) {
      Hearing hearing(Coded(10), {.ends_cleanly = asked});
      hearing.SentAll().Came(hearing.All()).Saw(Event::Kind::kShutdown).Ended(ending);
      const Verdict verdict = hearing.Finish();
      EXPECT_EQ(verdict.Fails(), asked && ending != Ending::kFin);
      if (verdict.Fails()) EXPECT_EQ(verdict.kind, Kind::kMisbehaved);
    }
  }
}

TEST(Judge, AResetBeforeOurFinIsNoUncleanAnswerToIt) {
  Hearing hearing(Coded(10), {.ends_cleanly = true});
  hearing.SentAll().Came(hearing.All()).Ended(Ending::kReset);
  EXPECT_EQ(hearing.Finish().kind, Kind::kHeld);
}

TEST(Judge, AnEndInTheMiddleIsLeftOpenWhereNotAllNeedCome) {
  Hearing hearing(Coded(10), kOnlyWhatArrives);
  hearing.SentAll().Came(hearing.Bytes(0, 4)).Ended(Ending::kReset);
  EXPECT_EQ(hearing.Finish().kind, Kind::kHeld);
}

TEST(Judge, BytesThatArriveAreJudgedByAnyRules) {
  Hearing hearing(Coded(10), kOnlyWhatArrives);
  std::string wrong = hearing.All();
  wrong[3] ^= 1;
  EXPECT_EQ(hearing.SentAll().Came(wrong).Finish().offset, 3u);
}

TEST(Judge, WrongBytesWeighMoreThanWhatWasLeftOpen) {
  Hearing hearing(Coded(100, 2), kOnlyWhatArrives);
  hearing.SentAll(2).Saw(Event::Kind::kNotConnected, 1);
  std::string wrong = hearing.All(2);
  wrong[50] = static_cast<char>(wrong[50] ^ 0x80);
  const Verdict verdict = hearing.Came(wrong, 2).Finish();
  EXPECT_EQ(verdict.kind, Kind::kCorrupted);
  EXPECT_EQ(verdict.connection, 2u);
  EXPECT_EQ(verdict.detail, "");
}

TEST(Judge, TheFirstFailureWins) {
  Hearing silent(Coded(100, 2));
  silent.SentAll(1).SentAll(2).Saw(Event::Kind::kSilence, 1, 500);
  silent.Ended(Ending::kReset, 1).Came("wrong", 2).Saw(Event::Kind::kNoEof, 2);
  const Verdict withheld = silent.Finish();
  EXPECT_EQ(withheld.kind, Kind::kWithheld);
  EXPECT_EQ(withheld.connection, 1u);

  Hearing wrong(Coded(100));
  std::string bytes = wrong.All();
  bytes[40] ^= 1;
  wrong.SentAll().Came(bytes).Saw(Event::Kind::kSilence, 1, 500).Ended(Ending::kReset);
  const Verdict corrupted = wrong.Finish();
  EXPECT_EQ(corrupted.kind, Kind::kCorrupted);
  EXPECT_EQ(corrupted.offset, 40u);
}

TEST(Judge, TwoDifferencesAreTheFirst) {
  Hearing hearing(Coded(1000));
  std::string bytes = hearing.All();
  bytes[100] ^= 1;
  bytes.erase(500, 20);
  const Verdict verdict = hearing.SentAll().Came(bytes, 1, {7}).Finish();
  EXPECT_EQ(verdict.kind, Kind::kCorrupted);
  EXPECT_EQ(verdict.offset, 100u);
}

TEST(Judge, ADifferenceShowsSixteenBytesBeforeItAndFortyEightFromItOn) {
  Hearing hearing(Coded(1000));
  std::string bytes = hearing.All();
  bytes[100] ^= 1;
  const Verdict verdict = hearing.SentAll().Came(bytes).Finish();
  EXPECT_EQ(verdict.window_offset, 84u);
  EXPECT_EQ(verdict.expected, hearing.Bytes(84, 64));
  EXPECT_EQ(verdict.seen, bytes.substr(84, 64));
  EXPECT_EQ(verdict.received_bytes, 100u);
}

TEST(Judge, TheWindowEndsWithWhatWasSent) {
  Hearing hearing(Coded(1000));
  std::string bytes = hearing.Bytes(0, 30);
  bytes[4] ^= 1;
  const Verdict verdict = hearing.Sent(30).Came(bytes).Finish();
  EXPECT_EQ(verdict.window_offset, 0u);
  EXPECT_EQ(verdict.expected, hearing.Bytes(0, 30));
  EXPECT_EQ(verdict.seen, bytes);
}

TEST(Judge, WhatIsMissingHereAndComesThereIsALeak) {
  // A shared buffer: 20 bytes of connection 1 go out on connection 2.
  Hearing hearing(Coded(1000, 2));
  hearing.SentAll(1).SentAll(2);
  hearing.Came(hearing.Bytes(0, 100, 1) + hearing.Bytes(120, 100, 1), 1);
  hearing.Came(hearing.Bytes(0, 50, 2) + hearing.Bytes(100, 20, 1), 2);
  const Verdict verdict = hearing.Finish();
  EXPECT_EQ(verdict.kind, Kind::kLeaked);
  EXPECT_EQ(verdict.connection, 2u);
  EXPECT_EQ(verdict.offset, 50u);
  EXPECT_EQ(verdict.from_connection, 1u);
}

TEST(Judge, AGapIsLeftOpenWhereOnlyAnothersBytesCount) {
  constexpr Rules kNoGaps = {.complete = false, .gaps = false};
  Hearing lost(Coded(1000, 2), kNoGaps);
  lost.SentAll(1).Came(lost.Bytes(0, 100) + lost.Bytes(120, 500));
  EXPECT_EQ(lost.Finish().kind, Kind::kHeld);

  Hearing leaked(Coded(1000, 2), kNoGaps);
  leaked.SentAll(1).SentAll(2);
  leaked.Came(leaked.Bytes(0, 100, 1) + leaked.Bytes(120, 100, 1), 1);
  leaked.Came(leaked.Bytes(0, 50, 2) + leaked.Bytes(100, 20, 1), 2);
  EXPECT_EQ(leaked.Finish().kind, Kind::kLeaked);

  Hearing corrupted(Coded(1000), kNoGaps);
  std::string bytes = corrupted.All();
  bytes[100] ^= 1;
  EXPECT_EQ(corrupted.SentAll().Came(bytes).Finish().kind, Kind::kCorrupted);
}

TEST(Judge, EndlessWrongBytesAreKeptInBoundedMemory) {
  Hearing hearing(Coded(100));
  hearing.SentAll().Came(hearing.All());
  for (int i = 0; i < 100; ++i) hearing.Came(std::string(10'000, 'x'));
  const Verdict verdict = hearing.Finish();
  EXPECT_EQ(verdict.kind, Kind::kInserted);
  EXPECT_EQ(verdict.offset, 100u);
  EXPECT_FALSE(verdict.length_known);
}

}  // namespace
}  // namespace verbatim
