// A fuzz input as a report in which every text may be anything, as after `verbatim merge` of a file
// from elsewhere.
// Not for: what the report's forms must be (report_fuzzer.cc).
#pragma once

#include "absl/strings/string_view.h"
#include "properties/report/report.h"

namespace verbatim {

// Total: any bytes are one, and missing ones read as 0. The fields are filled in the order of
// report/json_fields.h: a number is 4 bytes, or 1 if the first is even; a text its length (1 byte)
// and then the text; a list its length (modulo 4); a scenario the length (1 byte) and then its byte
// form.
Report ReadFilledReport(absl::string_view input);

}  // namespace verbatim
