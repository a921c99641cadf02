// The report for a person: a line a requirement, and a paragraph a failure.
// Not for: machines. What a target sent or printed is escaped, always.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "properties/judge/outcome.h"
#include "properties/report/plain_text.h"

namespace verbatim {

struct TerminalOptions {
  bool color = false;
  // How to play a failure again: this, with the scenario's file where {file} stands.
  std::string replay_command = {};
  // The same where no scenario was saved, or none can say it: this, with the requirement where {id}
  // stands. "verbatim check --only {id} --seed 1 --spawn …"; empty: nothing is said.
  std::string recheck_command = {};
  // How to read more of a requirement, with its id where {id} stands; empty: nothing is said.
  std::string explain_command = "verbatim explain {id}";
};

// "  pass  stream.exact.bulk   M quoted   1 scenario, 0.21 s", with a newline; then, where there
// are some, ", 812 cuts, 640 certain" and "; " with what was measured.
std::string OutcomeLine(const Outcome& outcome, const TerminalOptions& options);

// Of an outcome that failed: what was required and by whom, what was seen, how it ended, the
// smallest scenario, the bytes around the first difference, the control, how often it recurs, and
// how to play it again (`file` is where the scenario was saved; empty: nowhere). Of a requirement
// that no scenario can say there are no rows about one.
std::string FailureText(const Outcome& outcome, const std::string& file,
                        const TerminalOptions& options);

// "11 of 13 hold, …", with a newline.
std::string SummaryLine(const Summary& summary, double seconds);
// How many requirements the budget was too short for, in a check that took `seconds`, and about
// which budget is enough. Empty if it was enough.
std::string TimeLine(const Summary& summary, double seconds);

}  // namespace verbatim
