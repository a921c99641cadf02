// Usage: what processes cost the machine now, as /proc and their clocks say.
// Not for: finding out which processes (process.h).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

namespace verbatim {

// What the processes of a spawned target use now, all together.
struct Usage {
  uint64_t descriptors = 0;
  uint64_t processes = 0;  // the target's own, zombies too
  uint64_t threads = 0;    // of those that live
  uint64_t resident_bytes = 0;
  uint64_t cpu_us = 0;     // processor time, of those that live
  uint64_t wakes = 0;      // how often their threads gave up a processor by themselves: they waited
  uint64_t wanted_us = 0;  // the same, and what they waited for a processor that others had
};

// One that ends meanwhile counts as a process and for nothing else. Returns kUnavailable iff one
// can't be looked into (another user's).
absl::StatusOr<Usage> UsageOf(const std::vector<pid_t>& processes);

}  // namespace verbatim
