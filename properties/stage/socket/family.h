// Who descends from whom, as /proc shows it.
// Not for: what they use (usage.h).
#pragma once

#include <sys/types.h>

#include <vector>

namespace verbatim {

// The children of `ancestor`, theirs and so on, as far as they live, or with those that have ended
// and were not waited for yet.
std::vector<pid_t> DescendantsOf(pid_t ancestor, bool with_zombies);

}  // namespace verbatim
