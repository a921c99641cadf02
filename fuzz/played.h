// Inputs that are scenarios (properties/scenario/bytes.h), played on the simulated kernel: what the
// harnesses for servers and for clients share.
// Not for: changing them (step_mutator.h), or the laws, which stand in each harness.
#pragma once

#include <cstddef>
#include <cstdint>

#include "properties/scenario/scenario.h"

namespace verbatim {

// More shows nothing more, and takes a hundred times as long.
inline constexpr size_t kMostPlayedBytes = 4096;

// Plays the input if it is of this role, with a payload of at most kMostPlayedBytes, faults that
// are met at most 50 times in a row and drips that take at most 256 ms for all of the payload.
// Prints what went wrong, with the scenario and the faults that were met, and aborts, iff the play
// fails.
void PlayInput(const uint8_t* data, size_t size, Role role);

}  // namespace verbatim
