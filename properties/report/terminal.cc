// The words and columns of the report, and the escaping of all that is a target's.
#include "properties/report/terminal.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "properties/scenario/text.h"

namespace verbatim {
namespace {

constexpr size_t kBytesALine = 16;
constexpr size_t kStepsShown = 40;
constexpr size_t kLineShown = 1000;

std::string Paint(absl::string_view text, absl::string_view code, bool color) {
  return color ? absl::StrCat("\x1b[", code, "m", text, "\x1b[0m") : std::string(text);
}

absl::string_view ColorOf(Outcome::Result result) {
  if (result == Outcome::Result::kPass) return "32";
  return result == Outcome::Result::kFail ? "31;1" : "33";
}

std::string Row(absl::string_view label, absl::string_view text) {
  return absl::StrFormat("  %-9s %s\n", label, text);
}

std::string Plural(uint64_t count, absl::string_view what) {
  return absl::StrCat(count, " ", what, count == 1 ? "" : "s");
}

// The scenario's text without its first line, indented.
std::string Steps(const Scenario& scenario) {
  std::string text;
  const std::vector<std::string> lines =
      absl::StrSplit(PrintScenario(scenario), '\n', absl::SkipEmpty());
  for (size_t i = 1; i < lines.size(); ++i) {
    if (i > kStepsShown) {
      absl::StrAppend(&text, "              … ", Plural(lines.size() - i, "more line"), "\n");
      break;
    }
    absl::StrAppend(&text, "              ", lines[i].substr(0, kLineShown));
    if (lines[i].size() > kLineShown) {
      absl::StrAppend(&text, " … ", Plural(lines[i].size() - kLineShown, "more character"));
    }
    text += "\n";
  }
  return text;
}

std::string ControlText(const Outcome& outcome) {
  switch (outcome.control) {
    case Control::kNotApplicable:
      return "none: the scenario has nothing to put together";
    case Control::kHeld:
      return "the same bytes in one piece come back: it is the cutting";
    case Control::kFailed:
      return absl::StrCat("the same bytes in one piece fail too, so it is not the cutting: ",
                          PlainText(VerdictSentence(outcome.control_verdict)));
  }
  return "";
}

// The bytes are shown only where some differ, or are missing.
std::string Window(const Verdict& verdict) {
  if (verdict.expected.empty() && verdict.seen.empty()) return "";
  return absl::StrCat(
      "  bytes     expected, from offset ", verdict.window_offset, " of connection ",
      verdict.connection, " on:\n",
      HexDump(verdict.expected, verdict.window_offset, "              "), "            seen:\n",
      verdict.seen.empty() ? "              nothing\n"
                           : HexDump(verdict.seen, verdict.window_offset, "              "));
}

std::string Output(const std::string& output) {
  const absl::string_view words = absl::StripTrailingAsciiWhitespace(output);
  if (words.empty()) return Row("printed", "nothing");
  std::string text = Row("printed", "the target's last output:");
  const std::vector<absl::string_view> lines = absl::StrSplit(words, '\n');
  const size_t first = lines.size() - std::min<size_t>(lines.size(), 10);
  for (size_t i = first; i < lines.size(); ++i) {
    absl::StrAppend(&text, "              ", absl::CHexEscape(lines[i].substr(0, 200)), "\n");
  }
  return text;
}

}  // namespace

std::string PlainText(absl::string_view text) {
  constexpr absl::string_view kEllipsis = "…";  // the transcript's own
  std::string plain;
  while (!text.empty()) {
    const char byte = text.front();
    if (absl::ConsumePrefix(&text, kEllipsis)) {
      absl::StrAppend(&plain, kEllipsis);
      continue;
    }
    if (absl::ascii_isprint(static_cast<unsigned char>(byte))) {
      plain += byte;
    } else if (byte == '\n') {
      plain += "\\n";
    } else {
      absl::StrAppendFormat(&plain, "\\x%02x", static_cast<unsigned char>(byte));
    }
    text.remove_prefix(1);
  }
  return plain;
}

std::string HexDump(absl::string_view bytes, uint64_t offset, absl::string_view indent) {
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += kBytesALine) {
    std::string hex, ascii;
    for (const char byte : bytes.substr(at, kBytesALine)) {
      absl::StrAppendFormat(&hex, "%02x ", static_cast<unsigned char>(byte));
      ascii += absl::ascii_isprint(static_cast<unsigned char>(byte)) ? byte : '.';
    }
    absl::StrAppendFormat(&text, "%s%8d  %-48s |%s|\n", indent, offset + at, hex, ascii);
  }
  return text;
}

std::string OutcomeLine(const Outcome& outcome, const TerminalOptions& options) {
  const std::string result = absl::StrFormat("%-11s", ResultName(outcome.result));
  const std::string what =
      outcome.reason.empty()
          ? absl::StrFormat("%s, %.2f s", Plural(outcome.distinct_scenarios, "scenario"),
                            outcome.seconds)
          : PlainText(outcome.reason);
  return absl::StrFormat("  %s  %-32s %s %-8s %s\n",
                         Paint(result, ColorOf(outcome.result), options.color), outcome.id,
                         outcome.level, outcome.basis, what);
}

std::string FailureText(const Outcome& outcome, const std::string& file,
                        const TerminalOptions& options) {
  const Verdict& verdict = outcome.verdict;
  std::string text = absl::StrCat(Paint("FAIL", "31;1", options.color), " ", outcome.id, "  (",
                                  outcome.level, ", ", outcome.basis, ")\n");
  text += Row("required", outcome.sentence);
  text += Row("by", outcome.source);
  text += Row("seen", Paint(PlainText(VerdictSentence(verdict)), "1", options.color));
  text += Row("so far", absl::StrCat(Plural(verdict.sent_bytes, "byte"), " sent, ",
                                     verdict.received_bytes, " right ones received; connection ",
                                     verdict.connection, " ", EndingName(verdict.ending)));
  text += Row("scenario",
              absl::StrCat(Plural(outcome.smallest.steps.size(), "step"),
                           ", the first that failed had ", outcome.first.steps.size(), ":"));
  text += Steps(outcome.smallest);
  text += Window(verdict);
  if (!outcome.transcript.empty()) text += Row("what went", "on:");
  for (const std::string& line : outcome.transcript)
    absl::StrAppend(&text, "            ", PlainText(line), "\n");
  if (verdict.kind == Verdict::Kind::kDied) text += Output(outcome.target_output);
  text += Row("control", ControlText(outcome));
  text +=
      Row("recurs", outcome.replays == 0 ? "not tried again"
                                         : absl::StrCat(outcome.recurred, " of ", outcome.replays));
  if (!file.empty()) {
    text += Row("again", absl::StrReplaceAll(options.replay_command, {{"{file}", file}}));
  }
  text += Row("more", absl::StrCat("verbatim explain ", outcome.id));
  return text;
}

std::string SummaryLine(const Summary& summary, double seconds) {
  const int judged = summary.passed + summary.failed_must + summary.failed_should;
  std::string text = absl::StrCat(summary.passed, " of ", judged, " hold");
  if (summary.failed_must > 0)
    absl::StrAppend(&text, ", ", summary.failed_must, " of level M fail");
  if (summary.failed_should > 0)
    absl::StrAppend(&text, ", ", summary.failed_should, " of level S fail");
  if (summary.skipped > 0) absl::StrAppend(&text, ", ", summary.skipped, " skipped");
  if (summary.not_run > 0) absl::StrAppend(&text, ", ", summary.not_run, " not run");
  absl::StrAppendFormat(&text, "; %s, %s, %.2f s\n",
                        Plural(summary.distinct_scenarios, "distinct scenario"),
                        Plural(summary.plays, "conversation"), seconds);
  return text;
}

}  // namespace verbatim
