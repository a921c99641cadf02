// How a scenario ends, which a smaller one must keep: else it fails for another reason.
// Not for: which smaller ones there are (shrinks.h).
#pragma once

#include "properties/scenario/scenario.h"

namespace verbatim {

// How many connections have sent something that nothing waits for: it would be judged only by luck.
// A settle waits until it is read, and not until it is back. Of a client nothing is: after the last
// step a stage waits until it has printed what was replied.
int Unawaited(const Scenario& scenario);

// How many ends are expected on connections on which no FIN of ours asked for one: a sound server
// has no reason to end those.
int UnaskedEnds(const Scenario& scenario);

// What a client's exit status follows from, and whether one is expected. Of a valid scenario.
struct Exit {
  bool expected = false;
  bool input_ended = false;
  bool all_replied = false;
  bool connection_ended = false;
  friend bool operator==(const Exit&, const Exit&) = default;
};
Exit ExitOf(const Scenario& scenario);

// Of role client: with fewer bytes to feed, less is replied; what can't be played is left out.
Scenario MendedForClient(Scenario scenario);

}  // namespace verbatim
