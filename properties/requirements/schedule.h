// Schedule: the chosen requirements on one target, some side by side, told in their order.
// Not for: how one is held (engine.h), or choosing them (cli/).
#pragma once

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "properties/judge/outcome.h"
#include "properties/requirements/requirement.h"
#include "properties/stage/socket/target.h"

namespace verbatim {

// Holds `target` to all of `requirements` and tells each outcome, in that order and one at a time
// (from any thread), as soon as those before it are there.
//
// Those that wait more than they work (Requirement::waits) run side by side, each on an instance of
// its own, so that a sound target is quickly done; not on a target that is not ours to start, which
// might serve one after another. What is silent or measured too high there is held again alone, and
// only that counts: it might have been the company. Wrong bytes never are. `jobs` (1 or more): so
// many of the others at a time, each on an instance of its own; for targets that we start.
//
// Where there is no time for all cases, every requirement is judged by its first ones before any
// gets more: each has a part of the time in turn, and then a longer one. What is waiting has half
// of the time.
//
// Returns what Engine::Reach returns, before anything was told; kInternal iff our own side failed.
absl::Status RunAll(const std::vector<Requirement>& requirements, Target* target,
                    const Budget& budget, int jobs,
                    const std::function<void(const Outcome&)>& tell);

}  // namespace verbatim
