// Quiet: how long nothing has moved. Deadlines mean "no progress for".
// Not for: points in time (Budget::end).
#pragma once

#include <cstdint>
#include <optional>

#include "properties/stage/socket/patience.h"

namespace verbatim {

class Quiet {
 public:
  // With `patience`, which must outlive it, time in which the machine let somebody wait for a
  // processor does not count, for as long as the patience lasts: who was not let run is not silent.
  // (That of a limit's first quarter does: an answer shall cost no look at the machine.)
  explicit Quiet(Patience* patience = nullptr) : patience_(patience) { Moved(); }
  ~Quiet() { Moved(); }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

  void Moved();

  // Of `limit_ms`, counted from the last move, until one is to look again; 0 or less when it is
  // over. With patience, the limit changes by a move alone, and who waits asks whenever the time
  // that he was told is over: the rest would be taken for time in which we were not let run.
  int64_t LeftMs(int64_t limit_ms);

  // Since the last move.
  int64_t PassedUs() const { return Now() - since_us_; }
  int64_t PassedMs() const { return PassedUs() / 1000; }

  // What `limit_ms` has become by patience.
  int64_t WaitedMs(int64_t limit_ms) const { return limit_ms + granted_ms_; }

 private:
  int64_t Now() const { return patience_ == nullptr ? NowUs() : patience_->clocks().now_us(); }

  Patience* const patience_;
  int64_t since_us_ = 0;
  bool looked_ = false;                // once a quarter of the limit was over
  std::optional<int64_t> stalled_ms_;  // of the machine, at the last look
  int64_t limit_ms_ = 0;               // then
  int64_t granted_ms_ = 0;
};

}  // namespace verbatim
