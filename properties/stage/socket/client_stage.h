// The client stage: plays a scenario of role client: an adversarial server, and who feeds the
// client's standard input and reads what it prints, over real sockets and a real process.
// Not for: servers (stage.h), or what a verdict means (judge/).
#pragma once

#include "absl/status/statusor.h"
#include "properties/judge/judge.h"
#include "properties/judge/transcript.h"
#include "properties/scenario/scenario.h"
#include "properties/stage/socket/client_door.h"
#include "properties/stage/socket/client_hands.h"
#include "properties/stage/socket/client_wire.h"
#include "properties/stage/socket/stage.h"

namespace verbatim {

// Plays `scenario` (valid, of role client) with one client, which is started for it and ended with
// it. What it sends is told to `forward`, what it prints to `back`.
//
// Who waits for more than has come, and hears nothing new for 100 ms, replies what is due, as an
// echo would: a client may well wait for the answer to one piece before it sends the next. What is
// to be replied in several pieces is replied so that each is read before the next, as far as the
// kernel can tell. One that has sent nothing for a whole deadline is given the rest of its input,
// and its end, and another deadline: it may read all before it sends; plays that follow with the
// same door begin so (StageOptions::may_end_input forbids it). After the last step its input ends,
// and what was replied must be printed; how it ends then is not judged, unless that step was to
// expect it. Until it has connected, a deadline is the connect's. Returns kInternal iff our own
// side failed.
absl::StatusOr<Played> PlayClient(const Scenario& scenario, const ClientDoor& door,
                                  const StageOptions& options, Judge* forward, Judge* back,
                                  Transcript* transcript);

}  // namespace verbatim
