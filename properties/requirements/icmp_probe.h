// The plain exchange with a host that answers ICMP echo requests: for the engine, before and after.
// Not for: judging its answer (icmp.h).
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "properties/stage/socket/line.h"

namespace verbatim {

// One echo request with a few octets to the first of the door's addresses, up to three times. OK
// iff an answer came within `deadline_ms` each, right or wrong: what it must be, the requirements
// say. Returns kUnavailable iff none did, or the kernel could send none; kFailedPrecondition iff
// this program may open no ICMP socket (neither raw nor ping), kInternal iff our own side failed
// otherwise.
absl::Status ProbeIcmp(const Door& door, int64_t deadline_ms);

}  // namespace verbatim
