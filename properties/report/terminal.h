// The report for a person: a line a requirement, and a paragraph a failure.
// Not for: machines. What a target sent or printed is escaped, always.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "properties/judge/outcome.h"

namespace verbatim {

struct TerminalOptions {
  bool color = false;
  // How to play a failure again: this, with the scenario's file where {file} stands.
  std::string replay_command;
};

// "  pass  stream.exact.bulk   M quoted   1 scenario, 0.21 s", with a newline.
std::string OutcomeLine(const Outcome& outcome, const TerminalOptions& options);

// Of an outcome that failed: what was required and by whom, what was seen, the smallest scenario,
// the bytes around the first difference, how it ended, the control, how often it recurs, and how to
// play it again
// (`file` is where the scenario was saved; empty: nowhere).
std::string FailureText(const Outcome& outcome, const std::string& file,
                        const TerminalOptions& options);

// "11 of 13 hold, …", with a newline.
std::string SummaryLine(const Summary& summary, double seconds);

// `text`, which may hold words of a target's, on one line and without escape sequences.
std::string PlainText(absl::string_view text);

// 16 bytes a line in hex and ASCII. Public for its tests.
std::string HexDump(absl::string_view bytes, uint64_t offset, absl::string_view indent);

}  // namespace verbatim
