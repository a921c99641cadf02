// The datagram requirements that no scenario can say: each function is one requirement's sentence.
// Not for: the rows themselves (catalogue_datagram.cc), or what scenarios can say (datagram.h).
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "properties/judge/verdict.h"
#include "properties/requirements/trial.h"

namespace verbatim {

// The ports whose services answer whatever they are sent, or send on what they get (RFC 862, 867,
// 865, 864, 868).
inline constexpr uint16_t kSmallServices[] = {7, 13, 17, 19, 37};

// Each returns kInternal iff our own side failed. What was measured is the trial's note. Where the
// target answers no plain request, or the machine has not what is needed (a second address, ports
// below 1024), there is nothing to judge.
absl::StatusOr<Verdict> DatagramSourceAddress(Trial& trial);
absl::StatusOr<Verdict> DatagramFlood(Trial& trial);
absl::StatusOr<Verdict> DatagramManySenders(Trial& trial);
absl::StatusOr<Verdict> DatagramManyIsolated(Trial& trial);
absl::StatusOr<Verdict> DatagramIdleNoCpu(Trial& trial);  // needs kSpawned
absl::StatusOr<Verdict> DatagramNoLoop(Trial& trial);
absl::StatusOr<Verdict> DatagramLoss(Trial& trial);

}  // namespace verbatim
