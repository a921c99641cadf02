// Patience, by clocks of ours: what a busy machine adds to a deadline, and what it does not.
#include "properties/stage/socket/patience.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "properties/scenario/text.h"
#include "properties/stage/socket/quiet.h"
#include "properties/stage/socket/stage.h"
#include "properties/stage/socket/test_server.h"

namespace verbatim {
namespace {

int64_t now_ms = 0, stalled_now_ms = 0;
constexpr Patience::Clocks kOurs = {[] { return now_ms * 1000; },
                                    [] { return std::optional<int64_t>(stalled_now_ms); }};

// A silence on a machine that keeps somebody waiting for `stalled_percent` of the time, looked at
// each millisecond. Returns how long it was waited for, which is what it says.
int64_t Silence(Patience* patience, int64_t limit_ms, int64_t stalled_percent) {
  Quiet quiet(patience);
  const int64_t start_ms = now_ms, stalled_before_ms = stalled_now_ms;
  while (quiet.LeftMs(limit_ms) > 0) {
    ++now_ms;
    stalled_now_ms = stalled_before_ms + (now_ms - start_ms) * stalled_percent / 100;
  }
  EXPECT_EQ(now_ms - start_ms, quiet.WaitedMs(limit_ms));
  return now_ms - start_ms;
}

TEST(Patience, OnAMachineThatHasRoomASilenceTakesItsDeadline) {
  Patience patience(5000, 2000, kOurs);
  EXPECT_EQ(Silence(&patience, 1000, 0), 1000);
  EXPECT_EQ(Silence(&patience, 1000, 10), 1000);
  EXPECT_EQ(patience.Take(5000), 5000);
}

TEST(Patience, TimeInWhichSomebodyWaitedForAProcessorDoesNotCount) {
  Patience patience(5000, 2000, kOurs);
  // Of 750 ms after the first look half; then half of that, until it is an eighth of the limit.
  EXPECT_EQ(Silence(&patience, 1000, 50), 1000 + 375 + 187);
}

TEST(Patience, IsTakenFromAnAllowanceForAllSilencesTogether) {
  Patience patience(5000, 2000, kOurs);
  EXPECT_EQ(Silence(&patience, 1000, 100), 3000);
  EXPECT_EQ(Silence(&patience, 1000, 100), 3000);
  EXPECT_EQ(Silence(&patience, 1000, 100), 2000);
  EXPECT_EQ(Silence(&patience, 1000, 100), 1000);
}

TEST(Patience, WhatAnAnswerDidNotNeedIsGivenBack) {
  Patience patience(5000, 2000, kOurs);
  {
    Quiet quiet(&patience);
    now_ms += 250;
    EXPECT_EQ(quiet.LeftMs(1000), 750);
    now_ms += 750;
    stalled_now_ms += 750;
    EXPECT_EQ(quiet.LeftMs(1000), 750);
    now_ms += 50;
    quiet.Moved();
    now_ms += 250;
    EXPECT_EQ(quiet.LeftMs(1000), 750);
    now_ms += 750;
    stalled_now_ms += 750;
    EXPECT_EQ(quiet.LeftMs(1000), 750);
    now_ms += 100;
  }
  EXPECT_EQ(patience.Take(5000), 5000 - 50 - 100);
}

TEST(Patience, WhereTheMachineDoesNotSayNothingIsGranted) {
  Patience patience(5000, 2000, {kOurs.now_us, [] { return std::optional<int64_t>(); }});
  EXPECT_EQ(Silence(&patience, 1000, 100), 1000);
}

TEST(Patience, WhatMovesLateNeedsNoneOfIt) {
  Patience patience(5000, 2000, kOurs);
  Quiet quiet(&patience);
  for (int i = 0; i < 10; ++i) {
    EXPECT_GT(quiet.LeftMs(1000), 0);
    now_ms += 250;
    EXPECT_GT(quiet.LeftMs(1000), 0);
    now_ms += 700;
    stalled_now_ms += 700;
    quiet.Moved();
  }
  EXPECT_EQ(patience.Take(5000), 5000);
}

TEST(Patience, WhoComesLateToTheFirstLookWasNotLetRun) {
  Patience patience(5000, 2000, kOurs);
  Quiet quiet(&patience);
  EXPECT_EQ(quiet.LeftMs(1000), 250);
  now_ms += 1500;
  EXPECT_EQ(quiet.LeftMs(1000), 750);
  now_ms += 750;
  EXPECT_EQ(quiet.LeftMs(1000), 0);
  EXPECT_EQ(quiet.WaitedMs(1000), 2250);
}

TEST(Patience, TheMachinesClockNeverGoesBack) {
  const std::optional<int64_t> before = StalledMs();
  if (!before) GTEST_SKIP() << "this kernel has no /proc/pressure/cpu";
  EXPECT_GE(StalledMs(), before);
}

// Answers only once the deadline is over, which is when the machine is looked at for the second
// time.
std::mutex mutex;
std::condition_variable looked;
int looks = 0;

std::optional<int64_t> StalledMoreAtEachLook() {
  const std::lock_guard lock(mutex);
  looked.notify_all();
  return 10'000 * ++looks;
}

TEST(SocketStage, AnAnswerThatCameLateOnABusyMachineIsNoSilence) {
  const TestServer server([](int fd) {
    EchoChanged(fd, [](std::vector<char>&) {
      std::unique_lock lock(mutex);
      looked.wait_for(lock, std::chrono::seconds(60), [] { return looks >= 2; });
    });
  });
  const auto scenario =
      ParseScenario("# verbatim scenario 1\npayload coded 5 seed 3\nsend rest\nawait\n");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  Judge judge(*scenario, Rules());
  Patience patience(60'000, 60'000, {&NowUs, &StalledMoreAtEachLook});
  StageOptions options;
  options.deadline_ms = 100;
  options.patience = &patience;
  const auto played = Play(*scenario, {server.address()}, options, &judge, nullptr);
  ASSERT_TRUE(played.ok()) << played.status();
  const Verdict verdict = judge.Finish();
  EXPECT_EQ(verdict.kind, Verdict::Kind::kHeld) << VerdictSentence(verdict);
}

}  // namespace
}  // namespace verbatim
