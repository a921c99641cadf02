// The compact byte form of a scenario: a fuzz input. Decoding is total.
//
//     0  version, 2; 1 keeps its meaning: there a fault's kind is 15, the widenings' 16 and 17, and
//        kinds are modulo 18, so that there is no settle and no drip; 3 is the same as 2 for the
//        role datagram-server, where amounts may be 0; 4 and 5 are 2 and 3 with the overlay lines;
//        any other is read as 2
//     1  flags: 1 literal payload, 2 role client, 4 wide, 8 has a requirement
//     2  overlay (modulo; without lines)
//     3  bytes of the requirement's ID
//     4  u16 payload size (a literal's length), 6 u16 seed; wide: both are 0 and stand as u64
//     behind
//        the header
//     then the ID and the literal, then records of 8 bytes until the end:
//     0  kind: Step::Kind, 17 a fault, 18 and 19 widen the next record's amount and ahead (modulo)
//     a step:   1 connection - 1, 2 odd: all the rest, 3 unused, 4 u16 amount, 6 u16 ahead
//     a fault:  1 call, 2 what it meets: ErrorsOf(call), then short, or spurious and delayed,
//               3 times, 4 u16 amount, 6 u16 after
//     to widen: 1 unused, 2 the 48 bits above the amount's (a fault's times: 8 bits) or ahead's
//
// Numbers are little-endian. Missing bytes read as zero (of the ID and the literal: there are
// fewer), a record that is cut short is ignored. Every field is folded into its range. A step that
// can't be played is mended where that is natural (more than is left becomes what is left, 0
// becomes 1, a connection that is not open one that is, a step of the other role its like), else
// left out.
// Step::Kind, Call and ErrorsOf, their order and number, are part of the form: a change counts up
// the version, so that old corpora keep their meaning. Not for: readers (text.h).
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "properties/scenario/scenario.h"

namespace verbatim {

inline constexpr size_t kRecordBytes = 8;
// So many are decoded; the rest is ignored.
inline constexpr size_t kMaxDecodedSteps = 256;

// Equal scenarios have equal bytes. Of a valid one: with fields that its text doesn't show (the
// seed of a literal payload, the amount of an await) as they are by default.
std::string EncodeScenario(const Scenario& scenario);

// Whatever `bytes` holds: a scenario that Validate accepts, with kMaxDecodedSteps steps and
// kMaxFaults faults at most. DecodeScenario(EncodeScenario(v)) == v for each v that ParseScenario
// can return and that has no more steps. Allocates once for the steps and once for the faults.
Scenario DecodeScenario(absl::string_view bytes);

// Where the records begin, for a mutator that works on steps; at most bytes.size().
size_t HeaderBytes(absl::string_view bytes);

}  // namespace verbatim
