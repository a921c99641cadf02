// The report as JUnit XML, as CI servers read it.
// Not for: getting outcomes back (json.h).
#pragma once

#include <string>

#include "properties/report/report.h"

namespace verbatim {

// A testsuite with a testcase for each outcome. What is required and does not hold is a failure
// with the terminal's text; what was not run is an error; level S that is not met is skipped with
// that text as output (in a strict run: a failure); what was skipped, is not claimed or was only
// observed is skipped with the reason. Well-formed UTF-8 (XML 1.0), whatever a target sent.
std::string WriteJunit(const Report& report);

}  // namespace verbatim
