// The report as TAP, the Test Anything Protocol (version 13: what every consumer knows), for prove
// and its like.
// Not for: getting outcomes back (json.h).
#pragma once

#include <string>

#include "properties/report/report.h"

namespace verbatim {

// A plan, then a test point for each outcome: "ok 1 - ID", "ok 2 - ID # SKIP reason" (level S that
// is not met too, unless the run is strict), "not ok 3 - ID" with a block of YAML: message,
// severity, sentence, and the smallest scenario. Printable ASCII and "…", but for our own words.
std::string WriteTap(const Report& report);

}  // namespace verbatim
