// The time left until an end, for poll (2). Not for: choosing how long to wait.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace verbatim {

// Milliseconds until `end`, rounded up. Never negative: poll would wait for ever, where this thread
// did not run between a look at the clock and the call.
inline int LeftMs(std::chrono::steady_clock::time_point end) {
  const auto left = end - std::chrono::steady_clock::now();
  return std::max(0, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count()));
}

// `limit_ms`, or the milliseconds until `end` where those are fewer. Rounded up too: after a wait
// of that length `end` has come, and the silence is not taken for the target's.
inline int64_t WithinMs(std::chrono::steady_clock::time_point end, int64_t limit_ms) {
  const bool far = end - std::chrono::steady_clock::now() > std::chrono::milliseconds(limit_ms);
  return far ? limit_ms : LeftMs(end);
}

}  // namespace verbatim
