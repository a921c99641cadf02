// The driver of the harnesses whose inputs are scenarios (properties/scenario/bytes.h), played on
// the simulated kernel. It has libFuzzer's entries, for both.
// Not for: changing inputs (step_mutator.h), or the laws, which stand in each harness.
#pragma once

#include <cstddef>

#include "properties/scenario/scenario.h"

namespace verbatim {

// More shows nothing more, and takes a hundred times as long.
inline constexpr size_t kMostPlayedBytes = 4096;

// Of whose scenarios the inputs are: each harness says it, and that is all that it does besides its
// law.
//
// Datagrams go over UDP where the payload's seed is even, and over a unix socket where it is odd.
// An input is played if it is of this role, with a payload of at most kMostPlayedBytes, faults that
// are met at most 50 times in a row and drips that take at most 256 ms for all of the payload. What it
// expects of a client's status is left out: the stage asks for the right one at the end. What went wrong is printed, with the
// scenario and the faults that were met, and the harness aborts, iff the play fails.
extern const Role kPlayedRole;

}  // namespace verbatim
