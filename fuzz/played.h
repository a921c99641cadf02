// The driver of the harnesses whose inputs are scenarios (properties/scenario/bytes.h), played on
// the simulated kernel. It has libFuzzer's entries, for both.
// Not for: changing inputs (step_mutator.h), or the laws, which stand in each harness.
#pragma once

#include <cstddef>
#include <cstdint>

#include "properties/scenario/scenario.h"
#include "properties/stage/simulated/stage.h"

namespace verbatim {

// More shows nothing more, and takes a hundred times as long.
inline constexpr size_t kMostPlayedBytes = 4096;

// Over what it is played: the payload's seed says it, by its second byte. Of a server's scenarios
// a quarter goes over a unix socket and a quarter over one of records, of all others half over a
// unix socket (of datagrams by the lowest bit); half of the rest over IPv6. Seeds below 256 are
// IPv4's.
inline SimulatedStageOptions OptionsFor(const Scenario& scenario) {
  const uint64_t seed = scenario.payload.seed;
  const uint64_t second = scenario.role == Role::kDatagramServer ? seed : seed >> 8;
  SimulatedStageOptions options{.ipv6 = (seed >> 10) % 2 == 1};
  if (scenario.role != Role::kServer && second % 2 == 1) options.transport = Transport::kUnix;
  if (scenario.role == Role::kServer && second % 4 == 2) options.transport = Transport::kUnix;
  if (scenario.role == Role::kServer && second % 4 == 3) options.transport = Transport::kUnixpacket;
  return options;
}

// Of whose scenarios the inputs are: each harness says it, and that is all that it does besides its
// law.
//
// An input is played if it is of this role, with a payload of at most kMostPlayedBytes, faults that
// are met at most 50 times in a row and drips that take at most 256 ms for all of the payload. What
// it expects of a client's status is left out: the stage asks for the right one at the end. What
// went wrong is printed, with what happened, the scenario and the faults that were met, and the
// harness aborts, iff the play fails. In one of 16 plays the transcript's rows are held to their
// law (rows.h).
extern const Role kPlayedRole;

}  // namespace verbatim
