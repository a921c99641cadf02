// A conversation with its verdict: the stage and the judge that are of the scenario's role.
// Not for: trying again, deaths, or how long to wait; who asks decides that.
#pragma once

#include "absl/status/statusor.h"
#include "properties/judge/judge.h"
#include "properties/judge/transcript.h"
#include "properties/judge/verdict.h"
#include "properties/scenario/scenario.h"
#include "properties/stage/socket/line.h"
#include "properties/stage/socket/stage.h"

namespace verbatim {

// A line of digits, sent and awaited (fed and replied, of a client): what a server that works in
// lines, or in capitals, returns as well.
Scenario PlainExchange(Role role);

struct Judged {
  Played played;
  Verdict verdict;
};

// Plays `scenario` (valid; of role client at a door of a client) once, and judges it by `rules`;
// `transcript` may be null. Returns kInternal iff our own side failed.
absl::StatusOr<Judged> PlayJudged(const Scenario& scenario, const Rules& rules, const Door& door,
                                  const StageOptions& options, Transcript* transcript);

}  // namespace verbatim
