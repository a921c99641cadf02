// How much of a processor a target uses while it is left alone.
// Not for: what that may be at most, which is its requirement's.
#pragma once

#include <cstdint>
#include <optional>

#include "properties/requirements/trial.h"

namespace verbatim {

// The processor time that the target used while `duration_ms` went by, in percent of that time. It
// is its own time, so that a busy machine makes it less and never more; where it wanted to run all
// along, and was not let, it is what it wanted. nullopt iff it can't be seen: one of several
// processes ended meanwhile, and its time with it.
std::optional<uint64_t> PercentOfProcessor(Trial& trial, int64_t duration_ms);

// The same, tried again (3 times) where it can't be seen; and where it is over `bound` a second
// look: what a compiler or a collector does once is no loop. The lower of both.
std::optional<uint64_t> SteadyPercent(Trial& trial, int64_t duration_ms, uint64_t bound);

// What the target burns while it is left alone, `when` ("with 10 idle connections"): half a second,
// of which it may use 4 %, or wake 500 times a second. Too much is the trial's result. Whether all
// was well.
bool CostsNothing(Trial& trial, absl::string_view when);

// Whether it runs, or wants to, right now and all the time (50 ms).
bool IsAtWork(Trial& trial);

}  // namespace verbatim
