// The socket stage for datagrams: plays a scenario of the role datagram-server over UDP or unix
// datagram sockets. Not for: streams (stage.h), ICMP, or loss: a lost datagram is a silence here,
// and whether it is tried again is the engine's business.
#pragma once

#include "absl/status/statusor.h"
#include "properties/judge/datagram_judge.h"
#include "properties/judge/transcript.h"
#include "properties/scenario/scenario.h"
#include "properties/stage/socket/line.h"
#include "properties/stage/socket/stage.h"

namespace verbatim {

// Plays `scenario` (valid, of the role kDatagramServer) against the first of the door's addresses.
// Each connection is a fresh socket with a name of its own (UDP: any port; unix: an abstract name),
// which takes answers from everybody. Everything that comes is told to `judge` and, unless it is
// null, to `transcript`. Stops early once the judge says that it is over. Returns kInternal iff our
// own side failed.
absl::StatusOr<Played> PlayDatagrams(const Scenario& scenario, const Door& door,
                                     const StageOptions& options, DatagramJudge* judge,
                                     Transcript* transcript);

}  // namespace verbatim
