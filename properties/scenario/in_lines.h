// A client's scenario for one that is fed by lines of text and takes nothing else.
// Not for: servers, or whether a client is one of these (a flag says so).
#pragma once

#include "properties/scenario/scenario.h"

namespace verbatim {

// `scenario` (valid) with a payload of lines and each feed at least to a line's end. What is
// replied is cut as it was; what caught up with what was fed still does, and the last reply ends
// with a line. InLines(InLines(s)) == InLines(s). Other roles stay as they are.
Scenario InLines(Scenario scenario);

}  // namespace verbatim
