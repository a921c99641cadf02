// Where scenarios come from: RapidCheck's generators, and lists. All that needs RapidCheck is in
// this folder; what it hands out is drawn one at a time.
// Not for: which scenarios a requirement wants (requirements/).
#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "properties/scenario/scenario.h"

namespace verbatim {

// The next case, with its shrinks; nullopt when there is none left.
using Cases = std::function<std::optional<rc::Shrinkable<Scenario>>()>;

// `count` scenarios drawn from `gen`, sizes growing as RapidCheck does it. The same seed gives the
// same scenarios. They shrink by Smaller, whatever `gen` would do.
Cases Arbitrary(rc::Gen<Scenario> gen, uint64_t seed, int count);

// These, in this order.
Cases Listed(std::vector<Scenario> scenarios);

// First all of the one, then all of the other.
Cases Then(Cases first, Cases second);

// A coded payload of 1 to `max_bytes` bytes (small ones more often), any seed, any overlay.
rc::Gen<PayloadSpec> ArbitraryPayload(uint64_t max_bytes);

// How `size` bytes (1 or more) may be cut: 1 to `max_pieces` sizes of 1 or more that add up to
// `size`.
rc::Gen<std::vector<uint64_t>> ArbitraryCuts(uint64_t size, size_t max_pieces);

// Any fault that FaultProblem passes; small numbers more often.
rc::Gen<Fault> ArbitraryFault();

// A conversation that an echo client can go through: its input comes in pieces and ends, what is
// due is replied in other pieces, with holds and stalls between. Either all is replied and status 0
// expected, or we end early and it is not 0. Without faults.
rc::Gen<Scenario> ArbitraryClientScenario();

// Any scenario that can be played: of any role, with any step and any faults, on up to
// kMaxConnections connections: for round trips and the shrinks' properties.
rc::Gen<Scenario> ArbitraryScenario();

}  // namespace verbatim
