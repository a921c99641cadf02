// XML by hand: few elements, and one place that escapes.
#include "properties/report/junit.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "properties/report/plain_text.h"
#include "properties/report/terminal.h"

namespace verbatim {
namespace {

// Control characters are illegal in XML 1.0 even as &#27; (§2.2), so ReadableText comes first.
std::string Xml(absl::string_view text) {
  return absl::StrReplaceAll(
      ReadableText(text),
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"\n", "&#10;"}});
}

std::string Attribute(absl::string_view name, absl::string_view value) {
  return absl::StrCat(" ", name, "=\"", Xml(value), "\"");
}

std::string Seconds(double seconds) { return absl::StrFormat("%.3f", seconds); }

std::string Element(absl::string_view name, absl::string_view message, absl::string_view text) {
  return absl::StrCat("    <", name, message.empty() ? "" : Attribute("message", message),
                      text.empty() ? "/" : "", ">",
                      absl::StrReplaceAll(Xml(text), {{"&#10;", "\n"}}),
                      text.empty() ? "" : absl::StrCat("</", name, ">"), "\n");
}

std::string TestCase(const Outcome& outcome, const RunInfo& info) {
  const size_t dot = outcome.id.rfind('.');
  std::string text =
      absl::StrCat("  <testcase",
                   Attribute("classname", dot == std::string::npos
                                              ? absl::string_view("verbatim")
                                              : absl::string_view(outcome.id).substr(0, dot)),
                   Attribute("name", outcome.id), Attribute("time", Seconds(outcome.seconds)));
  const TestResult result = AsTest(outcome, info.strict);
  const bool fails = outcome.WentWrong();
  TerminalOptions options;
  options.recheck_command = RecheckCommand("verbatim", info);
  const std::string story = fails ? FailureText(outcome, "", options) : "";
  absl::StrAppend(&text, ">\n");
  if (result == TestResult::kFailure) {
    absl::StrAppend(&text, Element("failure", TestMessage(outcome), story));
  } else if (result == TestResult::kError) {
    absl::StrAppend(&text, Element("error", TestMessage(outcome), ""));
  } else if (result == TestResult::kSkipped) {
    absl::StrAppend(&text, Element("skipped", TestMessage(outcome), ""));
    if (fails) absl::StrAppend(&text, Element("system-out", "", story));
  }
  if (!outcome.note.empty() && !fails)
    absl::StrAppend(&text, Element("system-out", "", PlainText(outcome.note)));
  return absl::StrCat(text, "  </testcase>\n");
}

std::string Property(absl::string_view name, absl::string_view value) {
  return absl::StrCat("    <property", Attribute("name", name), Attribute("value", value), "/>\n");
}

std::string Properties(const RunInfo& info) {
  std::string text = absl::StrCat(
      "  <properties>\n", Property("verbatim", info.version), Property("target", info.target),
      Property("transport", info.transport), Property("seed", absl::StrCat(info.seed)),
      Property("cases", absl::StrCat(info.cases)), Property("profile", info.profile));
  if (info.shards > 0)
    absl::StrAppend(&text, Property("shard", absl::StrCat(info.shard, "/", info.shards)));
  for (const std::string& note : info.notes)
    absl::StrAppend(&text, Property("note", PlainText(note)));
  return absl::StrCat(text, "  </properties>\n");
}

}  // namespace

std::string WriteJunit(const Report& report) {
  const auto count = [&report](TestResult result) {
    return absl::StrCat(std::count_if(
        report.outcomes.begin(), report.outcomes.end(),
        [&](const Outcome& outcome) { return AsTest(outcome, report.info.strict) == result; }));
  };
  std::string text = absl::StrCat(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite",
      Attribute("name", absl::StrCat("verbatim check ", PlainText(report.info.target))),
      Attribute("tests", absl::StrCat(report.outcomes.size())),
      Attribute("failures", count(TestResult::kFailure)),
      Attribute("errors", count(TestResult::kError)),
      Attribute("skipped", count(TestResult::kSkipped)),
      Attribute("time", Seconds(report.info.seconds)), ">\n", Properties(report.info));
  for (const Outcome& outcome : report.outcomes)
    absl::StrAppend(&text, TestCase(outcome, report.info));
  return absl::StrCat(text, "</testsuite>\n");
}

}  // namespace verbatim
