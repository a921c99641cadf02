// The report as JSON (RFC 8259), for programs and for `verbatim merge`. Its schema, with a word on
// each field, is report.schema.json.
// Not for: a reader who is a person (terminal.h), or a CI's own forms (junit.h, tap.h).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "properties/report/report.h"

namespace verbatim {

// The field "schema". Fields may be added to a version; what is there keeps its name and meaning.
inline constexpr absl::string_view kReportSchema = "verbatim report 1";

// ASCII alone, whatever a target printed; ends with a newline. Equal reports have equal text.
// Scenarios must be valid, or Scenario{}; numbers finite.
std::string WriteJson(const Report& report);

// Inverse of WriteJson. Ignores fields that it doesn't know. Never crashes, whatever `text` holds.
// Returns kInvalidArgument, in one line that names the place, iff the text is no report of this
// version.
absl::StatusOr<Report> ReadJson(absl::string_view text);

}  // namespace verbatim
