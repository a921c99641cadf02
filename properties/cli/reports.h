// --report KIND:PATH: which reports are wanted, and writing them.
// Not for: what stands in them (report/).
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "properties/report/report.h"

namespace verbatim {

// For the help of the flag, which may be given several times.
inline constexpr char kReportHelp[] =
    "Write a report: json:PATH, junit:PATH or tap:PATH; - is standard output, which then holds "
    "nothing else";

struct ReportFlag {
  enum class Kind { kJson, kJunit, kTap };
  Kind kind = Kind::kJson;
  std::string path;  // "-": standard output
};

// Reads "json:PATH", "junit:PATH", "tap:PATH". Returns kInvalidArgument, in words for the user, iff
// the text is anything else.
absl::StatusOr<ReportFlag> ParseReportFlag(absl::string_view text);

// The same for all that were given. Returns kInvalidArgument too iff two are for one place.
absl::StatusOr<std::vector<ReportFlag>> ParseReportFlags(const std::vector<std::string>& texts);

// Whether one is for standard output: then nothing else may be printed there.
bool TakesStandardOutput(const std::vector<ReportFlag>& flags);

// Whether a file can be written at `path`, found out by writing none: the file beside it, through
// which it would be replaced, is made and removed. Returns the status of the call that failed.
absl::Status CanWriteFile(const std::string& path);

// The same for each that is no standard output. Returns kInvalidArgument, in words for the user,
// iff one can't be written.
absl::Status CanWriteReports(const std::vector<ReportFlag>& flags);

// Writes each, whatever becomes of the others. A file is replaced as a whole at the end (through a
// file beside it and rename), so that nobody reads a half; what is no regular file (/dev/stdout, a
// pipe) is written to. Returns kInvalidArgument, in words for the user, iff one could not be
// written.
absl::Status WriteReports(const Report& report, const std::vector<ReportFlag>& flags);

}  // namespace verbatim
