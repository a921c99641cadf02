// Patience: more time than a deadline for a target that may not have been let run, since the
// machine was busy with others; so much in all, and no more than a part of it at a time.
// Not for: how long nothing moved (quiet.h), or a target that is slow by itself.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

namespace verbatim {

// For how many milliseconds, since the machine was started, somebody who could have run waited for
// a processor: the "total" of the line "some" of /proc/pressure/cpu (Linux,
// Documentation/accounting/psi.rst). nullopt where the kernel does not say, or can't be asked now.
std::optional<int64_t> StalledMs();

// Of the steady clock.
int64_t NowUs();

class Patience {
 public:
  struct Clocks {
    int64_t (*now_us)() = &NowUs;
    std::optional<int64_t> (*stalled_ms)() = &StalledMs;
  };
  // Five deadlines for all silences together, two for each: one that is a defect shall leave some.
  explicit Patience(int64_t deadline_ms) : Patience(5 * deadline_ms, 2 * deadline_ms, Clocks()) {}
  Patience(int64_t allowance_ms, int64_t each_ms, Clocks clocks)
      : clocks_(clocks), each_ms_(each_ms), left_ms_(allowance_ms) {}

  const Clocks& clocks() const { return clocks_; }
  int64_t each_ms() const { return each_ms_; }

  // By any thread. Takes so much, or what is left.
  int64_t Take(int64_t wanted_ms);
  void GiveBack(int64_t taken_ms) { left_ms_ += taken_ms; }

 private:
  const Clocks clocks_;
  const int64_t each_ms_;
  std::atomic<int64_t> left_ms_;
};

}  // namespace verbatim
