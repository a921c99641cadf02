// Smaller scenarios: the candidates that the search for a smallest counterexample tries.
// Not for: playing them, or knowing whether they fail (requirements/engine.h walks).
#pragma once

#include <rapidcheck.h>

#include <vector>

#include "properties/scenario/scenario.h"

namespace verbatim {

// Valid scenarios, each a little smaller than `scenario`, the boldest first: whole connections and
// runs of faults and steps dropped, neighbouring sends, feeds and replies merged, sizes halved,
// faults made earlier and fewer, overlays and seeds made plain. None leaves something unawaited
// that was awaited, expects an end that no FIN of ours asks for any more, nor an exit of a client
// that a sound one, from now on, would not make. Datagrams are neither merged nor made empty, and a
// time to look on at their end stays. Following them always comes to an end. The requirement stays.
std::vector<Scenario> Smaller(const Scenario& scenario);

// `scenario` with Smaller as its shrinks.
rc::Shrinkable<Scenario> WithShrinks(const Scenario& scenario);

}  // namespace verbatim
