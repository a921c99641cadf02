// Laws of a report's forms, whatever its texts hold (fuzz/filled_report.h):
// - JSON is ASCII, and is read as a report that is written the same. Any bytes are read, or refused
//   in one line.
// - JUnit is well-formed: UTF-8 that XML 1.0 may hold, tags that nest, and of "&" only references.
// - TAP has a line for each outcome and no more, and no line that a consumer would take for another
//   thing.
// - A summary counts each outcome once.
// - None of them, nor what a terminal shows, has a control character but the newline.
// Not for: what the forms say (report/*_test.cc).
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "fuzz/broken_law.h"
#include "fuzz/filled_report.h"
#include "properties/report/json.h"
#include "properties/report/junit.h"
#include "properties/report/plain_text.h"
#include "properties/report/tap.h"
#include "properties/report/terminal.h"

namespace {

using absl::string_view;
using verbatim::BrokenLaw;
using verbatim::Report;

// The line in which the first character stands that no terminal and no parser should meet; empty if
// there is none. C1 controls (U+0080 to U+009F) are escape sequences to some terminals.
string_view HostileLine(string_view text, bool ascii_alone) {
  for (const string_view line : absl::StrSplit(text, '\n')) {
    for (size_t i = 0; i < line.size();) {
      const auto byte = static_cast<uint8_t>(line[i]);
      const size_t length = verbatim::Utf8Length(line.substr(i));
      const bool is_control =
          byte < 0x20 || byte == 0x7f ||
          (byte == 0xc2 && length == 2 && static_cast<uint8_t>(line[i + 1]) < 0xa0);
      if (is_control || length == 0 || (ascii_alone && byte >= 0x80)) return line;
      i += length;
    }
  }
  return "";
}

void NothingHostile(string_view input, const char* law, const std::string& text,
                    bool ascii_alone = false) {
  const string_view line = HostileLine(text, ascii_alone);
  if (!line.empty()) BrokenLaw(input, law, absl::CHexEscape(line), "printable characters");
}

void CheckJson(string_view input, const Report& report) {
  const std::string text = verbatim::WriteJson(report);
  NothingHostile(input, "JSON is ASCII", text, true);
  const absl::StatusOr<Report> again = verbatim::ReadJson(text);
  if (!again.ok() || verbatim::WriteJson(*again) != text) {
    BrokenLaw(input, "what is written is read as the same report",
              again.ok() ? verbatim::WriteJson(*again) : std::string(again.status().message()),
              text);
  }
  const absl::StatusOr<Report> any = verbatim::ReadJson(input);
  if (any.ok()) {
    verbatim::WriteJson(*any);
  } else {
    NothingHostile(input, "what is refused is refused in one line",
                   absl::StrCat(any.status().message()));
    if (absl::StrContains(any.status().message(), '\n')) {
      BrokenLaw(input, "what is refused is refused in one line",
                std::string(any.status().message()), "one line");
    }
  }
}

bool IsReference(string_view text) {
  for (const char* name : {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&#10;"}) {
    if (absl::StartsWith(text, name)) return true;
  }
  return false;
}

// What is wrong with it as XML; nullptr if nothing is. `<` stands in tags alone and quotes in
// attributes alone, as the writer has them.
const char* WrongXml(string_view text) {
  std::vector<string_view> open;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '&' && !IsReference(text.substr(i))) return "a & that is no reference";
    if (text[i] == '>') return "a > outside of a tag";
    if (text[i] != '<') continue;
    const size_t start = ++i;
    for (bool quoted = false; i < text.size() && (quoted || text[i] != '>'); ++i) {
      if (text[i] == '"') quoted = !quoted;
      if (text[i] == '<') return "a < within a tag";
      if (text[i] == '&' && !IsReference(text.substr(i))) return "a & that is no reference";
    }
    if (i == text.size()) return "a tag that does not end";
    const string_view tag = text.substr(start, i - start);
    const string_view name = tag.substr(0, tag.find(' '));
    if (absl::StartsWith(tag, "?xml ")) {
      if (start != 1) return "a declaration in the middle";
    } else if (absl::StartsWith(tag, "/")) {
      if (open.empty() || open.back() != tag.substr(1)) return "an end tag without its start";
      open.pop_back();
    } else if (!absl::EndsWith(tag, "/")) {
      open.push_back(name);
    }
  }
  return open.empty() ? nullptr : "an element that does not end";
}

void CheckJunit(string_view input, const Report& report) {
  const std::string text = verbatim::WriteJunit(report);
  NothingHostile(input, "JUnit has no control characters", text);
  const char* wrong = WrongXml(text);
  if (wrong != nullptr) BrokenLaw(input, "JUnit is well-formed", wrong, text);
}

// testanything.org, version 13: lines begin with what they are; a block of YAML is indented.
void CheckTap(string_view input, const Report& report) {
  const std::string text = verbatim::WriteTap(report);
  NothingHostile(input, "TAP has no control characters", text);
  size_t points = 0, line_number = 0;
  for (const string_view line : absl::StrSplit(text, '\n')) {
    const std::string number = absl::StrCat(points + 1, " - ");
    if (absl::StartsWith(line, absl::StrCat("ok ", number)) ||
        absl::StartsWith(line, absl::StrCat("not ok ", number))) {
      ++points;
    } else if (line_number > 1 && !line.empty() && line[0] != '#' &&
               !absl::StartsWith(line, "  ")) {
      BrokenLaw(input, "TAP has no other lines", std::string(line), "a test point or a comment");
    }
    ++line_number;
  }
  if (points != report.outcomes.size()) {
    BrokenLaw(input, "TAP has a line for each outcome", text,
              absl::StrCat(report.outcomes.size(), " of them"));
  }
}

void CheckTerminal(string_view input, const Report& report) {
  constexpr const char* kLaw = "a terminal gets no control characters";
  NothingHostile(input, kLaw, verbatim::HeadLine(report.info));
  for (const verbatim::Outcome& outcome : report.outcomes) {
    const std::string line = verbatim::OutcomeLine(outcome, {});
    NothingHostile(input, kLaw, line);
    if (line.find('\n') + 1 != line.size()) BrokenLaw(input, "an outcome is one line", line, "one");
    NothingHostile(input, kLaw, verbatim::FailureText(outcome, "", {}));
  }
  const verbatim::Summary summary = verbatim::Summarize(report.outcomes);
  NothingHostile(input, kLaw, verbatim::SummaryLine(summary, report.info.seconds));
  const int counted = summary.passed + summary.failed_must + summary.failed_should +
                      summary.skipped + summary.not_run + summary.observed;
  const int status = summary.ExitStatus(report.info.strict);
  if (counted != static_cast<int>(report.outcomes.size()) ||
      (status != 0 && status != 1 && status != 3)) {
    BrokenLaw(input, "a summary counts each outcome once", absl::StrCat(counted, ", ", status),
              absl::StrCat(report.outcomes.size()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const string_view input(reinterpret_cast<const char*>(data), size);
  const Report report = verbatim::ReadFilledReport(input);
  CheckJson(input, report);
  CheckJunit(input, report);
  CheckTap(input, report);
  CheckTerminal(input, report);
  return 0;
}
