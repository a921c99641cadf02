// The driver of the harnesses whose inputs are scenarios (properties/scenario/bytes.h), played on
// the simulated kernel. It has libFuzzer's entries, for both.
// Not for: changing inputs (step_mutator.h), or the laws, which stand in each harness.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/endpoint.h"
#include "properties/scenario/scenario.h"

namespace verbatim {

// More shows nothing more, and takes a hundred times as long.
inline constexpr size_t kMostPlayedBytes = 4096;

// Over what it is played: the payload's seed says it, by its second byte. Of a server's scenarios
// a quarter goes over a unix socket and a quarter over one of records, of all others half over a
// unix socket (of datagrams by the lowest bit). Seeds below 256 are TCP's.
inline Transport TransportFor(const Scenario& scenario) {
  const uint64_t seed = scenario.payload.seed;
  const uint64_t second = scenario.role == Role::kDatagramServer ? seed : seed >> 8;
  if (scenario.role != Role::kServer) return second % 2 == 1 ? Transport::kUnix : Transport::kTcp;
  return second % 4 == 2   ? Transport::kUnix
         : second % 4 == 3 ? Transport::kUnixpacket
                           : Transport::kTcp;
}

// Of whose scenarios the inputs are: each harness says it, and that is all that it does besides its
// law.
//
// An input is played if it is of this role, with a payload of at most kMostPlayedBytes, faults that
// are met at most 50 times in a row and drips that take at most 256 ms for all of the payload. What
// it expects of a client's status is left out: the stage asks for the right one at the end. What
// went wrong is printed, with the scenario and the faults that were met, and the harness aborts,
// iff the play fails.
extern const Role kPlayedRole;

}  // namespace verbatim
