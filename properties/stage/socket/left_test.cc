// What is left of a time.
#include "properties/stage/socket/left.h"

#include <gtest/gtest.h>
#include <poll.h>

namespace verbatim {
namespace {

using std::chrono::steady_clock;

TEST(LeftMs, IsRoundedUpAndNeverNegativeHoweverLateTheLookIs) {
  const auto now = steady_clock::now();
  EXPECT_EQ(LeftMs(now - std::chrono::milliseconds(5)), 0);
  EXPECT_EQ(LeftMs(now - std::chrono::hours(1)), 0);
  EXPECT_EQ(::poll(nullptr, 0, LeftMs(now - std::chrono::milliseconds(5))), 0);  // ends
  EXPECT_GE(LeftMs(now + std::chrono::hours(1)), 3'500'000);
  EXPECT_LE(LeftMs(now + std::chrono::hours(1)), 3'600'000);
}

TEST(WithinMs, IsTheLimitUntilTheEndIsNearAndThenReachesToTheEnd) {
  using std::chrono::milliseconds;
  EXPECT_EQ(WithinMs(steady_clock::time_point::max(), 70), 70);
  EXPECT_EQ(WithinMs(steady_clock::now() + std::chrono::hours(1), 70), 70);
  EXPECT_EQ(WithinMs(steady_clock::now() - std::chrono::hours(1), 70), 0);
  for (int us = 1; us < 3000; us += 7) {
    const auto now = steady_clock::now();
    const auto end = now + std::chrono::microseconds(us);
    const int64_t wait_ms = WithinMs(end, 70);
    EXPECT_GE(steady_clock::now() + milliseconds(wait_ms), end) << us;
    EXPECT_LE(wait_ms, 3) << us;
  }
}

}  // namespace
}  // namespace verbatim
