// Quiet: how long nothing has moved. Deadlines mean "no progress for".
// Not for: points in time (Budget::end).
#pragma once

#include <chrono>
#include <cstdint>

namespace verbatim {

class Quiet {
 public:
  void Moved() { since_ = std::chrono::steady_clock::now(); }

  // Of `limit_ms`, counted from the last move; 0 or less when it is over.
  int64_t LeftMs(int64_t limit_ms) const {
    using std::chrono::milliseconds;
    const auto quiet = std::chrono::steady_clock::now() - since_;
    return limit_ms - std::chrono::duration_cast<milliseconds>(quiet).count();
  }

 private:
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

}  // namespace verbatim
