// TAP 13, testanything.org/tap-version-13-specification.html.
#include "properties/report/tap.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "properties/report/plain_text.h"
#include "properties/scenario/text.h"

namespace verbatim {
namespace {

// A description: what follows a "#" would be a directive.
std::string Description(absl::string_view text) {
  return absl::StrReplaceAll(ReadableLine(text), {{"#", "\\#"}});
}

// A double-quoted scalar (YAML 1.2 §7.3.1).
std::string Quoted(absl::string_view text) {
  return absl::StrCat(
      "\"", absl::StrReplaceAll(ReadableLine(text), {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

// A literal block scalar (YAML 1.2 §8.1.2), whose first line begins with no space: Perl's reader
// knows no number behind the "|".
std::string Block(absl::string_view text) {
  std::string block = "|\n";
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty()))
    absl::StrAppend(&block, "    ", ReadableText(line), "\n");
  return block;
}

std::string Yaml(const Outcome& outcome) {
  const bool fails = outcome.WentWrong();
  std::string text = absl::StrCat("  ---\n  message: ", Quoted(TestMessage(outcome)),
                                  "\n  severity: ", fails ? "fail" : "error",
                                  "\n  requirement: ", Quoted(outcome.sentence),
                                  "\n  source: ", Quoted(outcome.source), "\n");
  if (fails && outcome.HasScenario()) {
    absl::StrAppend(&text,
                    "  recurs: ", Quoted(absl::StrCat(outcome.recurred, " of ", outcome.replays)),
                    "\n  scenario: ", Block(PrintScenario(outcome.smallest)));
  }
  return absl::StrCat(text, "  ...\n");
}

std::string TestPoint(const Outcome& outcome, bool strict, size_t number) {
  const TestResult result = AsTest(outcome, strict);
  const bool ok = result == TestResult::kPass || result == TestResult::kSkipped;
  std::string text = absl::StrCat(ok ? "ok " : "not ok ", number, " - ", Description(outcome.id));
  if (result == TestResult::kSkipped) absl::StrAppend(&text, " # SKIP ", TestMessage(outcome));
  return absl::StrCat(text, "\n", ok ? "" : Yaml(outcome));
}

}  // namespace

std::string WriteTap(const Report& report) {
  const RunInfo& info = report.info;
  std::string text = "TAP version 13\n";
  absl::StrAppend(&text, "1..", report.outcomes.size(),
                  report.outcomes.empty() ? " # SKIP nothing was chosen\n" : "\n");
  absl::StrAppend(&text, "# verbatim ", ReadableLine(info.version), " check ",
                  PlainText(info.target), " (seed ", info.seed, ", ", info.cases, " cases)\n");
  for (size_t i = 0; i < report.outcomes.size(); ++i)
    absl::StrAppend(&text, TestPoint(report.outcomes[i], info.strict, i + 1));
  for (const std::string& note : info.notes) absl::StrAppend(&text, "# ", PlainText(note), "\n");
  return text;
}

}  // namespace verbatim
