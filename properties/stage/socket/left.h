// What is left of a time, for poll (2). Not for: choosing how long to wait.
#pragma once

#include <algorithm>
#include <chrono>

namespace verbatim {

// Milliseconds until `end`, rounded up. Never negative: poll would wait for ever, where this thread
// did not run between a look at the clock and the call.
inline int LeftMs(std::chrono::steady_clock::time_point end) {
  const auto left = end - std::chrono::steady_clock::now();
  return std::max(0, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count()));
}

}  // namespace verbatim
