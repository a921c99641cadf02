// Time that has passed, for checks that measure.
// Not for: deadlines of a conversation (stage/socket/quiet.h).
#pragma once

#include <chrono>
#include <cstdint>

namespace verbatim {

// A limit that is none: an hour, so that parts of it can be reckoned with.
inline constexpr int64_t kLongEnoughMs = 3'600'000;

// Whole milliseconds since `start`.
inline int64_t MsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               start)
      .count();
}

}  // namespace verbatim
