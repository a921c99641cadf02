// Quiet: how long nothing has moved. Deadlines mean "no progress for".
// Not for: points in time (Budget::end).
#pragma once

#include <cstdint>

#include "properties/stage/socket/patience.h"

namespace verbatim {

class Quiet {
 public:
  // With `patience`, which must outlive it, time in which the machine let somebody wait for a
  // processor does not count, for as long as the patience lasts: who was not let run is not silent.
  explicit Quiet(Patience* patience = nullptr) : patience_(patience) { Moved(); }

  void Moved();

  // Of `limit_ms`, counted from the last move, until one is to look again; 0 or less when it is
  // over.
  int64_t LeftMs(int64_t limit_ms);

  // What `limit_ms` has become by patience.
  int64_t WaitedMs(int64_t limit_ms) const { return limit_ms + granted_ms_; }

 private:
  int64_t Now() const { return patience_ == nullptr ? NowUs() : patience_->clocks().now_us(); }

  Patience* const patience_;
  int64_t since_us_ = 0;
  bool looked_ = false;     // once a quarter of the limit was over
  int64_t stalled_ms_ = 0;  // of the machine, at the last look
  int64_t granted_ms_ = 0;
};

}  // namespace verbatim
