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

}  // namespace
}  // namespace verbatim
