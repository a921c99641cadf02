// Patience: more time than a deadline for a target that may not have been let run, since the
// machine was busy with others; so much in all, and no more.
// Not for: how long nothing moved (quiet.h), or a target that is slow by itself.
#pragma once

#include <atomic>
#include <cstdint>

namespace verbatim {

// For how many milliseconds, since the machine was started, somebody who could have run waited for
// a processor: the "total" of the line "some" of /proc/pressure/cpu (Linux,
// Documentation/accounting/psi.rst). 0 where the kernel does not say.
int64_t StalledMs();

// Of the steady clock.
int64_t NowUs();

class Patience {
 public:
  struct Clocks {
    int64_t (*now_us)() = &NowUs;
    int64_t (*stalled_ms)() = &StalledMs;
  };
  explicit Patience(int64_t allowance_ms) : Patience(allowance_ms, Clocks()) {}
  Patience(int64_t allowance_ms, Clocks clocks) : clocks_(clocks), left_ms_(allowance_ms) {}

  const Clocks& clocks() const { return clocks_; }

  // Takes so much, or what is left. By any thread.
  int64_t Take(int64_t wanted_ms);

 private:
  const Clocks clocks_;
  std::atomic<int64_t> left_ms_;
};

}  // namespace verbatim
