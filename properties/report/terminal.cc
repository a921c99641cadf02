// The words and columns of the report.
#include "properties/report/terminal.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "properties/scenario/text.h"

namespace verbatim {
namespace {

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
      return outcome.smallest.role == Role::kDatagramServer
                 ? "none: datagrams are not put together"
                 : "none: the scenario has nothing to put together";
    case Control::kHeld:
      return outcome.smallest.role == Role::kClient
                 ? "the same bytes fed at once and replied in one piece are printed: it is the "
                   "cutting"
                 : "the same bytes in one piece come back: it is the cutting";
    case Control::kFailed:
      return absl::StrCat("the same bytes in one piece fail too, so it is not the cutting: ",
                          PlainText(VerdictSentence(outcome.control_verdict)));
  }
  return "";
}

std::string Bytes(absl::string_view bytes, uint64_t offset) {
  constexpr absl::string_view kIndent = "              ";
  return bytes.empty() ? absl::StrCat(kIndent, "nothing\n") : HexDump(bytes, offset, kIndent);
}

// The bytes are shown only where some differ, or are missing.
std::string Window(const Verdict& verdict) {
  if (verdict.expected.empty() && verdict.seen.empty()) return "";
  // What leaked is not of the datagram that was due.
  const bool whole =
      !verdict.of_datagrams || verdict.datagram == 0 || verdict.kind == Verdict::Kind::kLeaked;
  const std::string of = verdict.way == Way::kSent ? "what it sent"
                         : verdict.way == Way::kPrinted
                             ? "its output"
                             : absl::StrCat("connection ", verdict.connection);
  return absl::StrCat("  bytes     expected, from offset ", verdict.window_offset, " of ",
                      whole ? "" : absl::StrCat("datagram ", verdict.datagram, " of "), of,
                      " on:\n", Bytes(verdict.expected, verdict.window_offset),
                      "            seen:\n", Bytes(verdict.seen, verdict.window_offset));
}

std::string Output(const std::string& output, bool of_client) {
  const absl::string_view words = absl::StripTrailingAsciiWhitespace(output);
  if (words.empty()) return Row("printed", "nothing");
  std::string text = Row("printed", of_client ? "the client's last words on standard error:"
                                              : "the target's last output:");
  const std::vector<absl::string_view> lines = absl::StrSplit(words, '\n');
  const size_t first = lines.size() - std::min<size_t>(lines.size(), 10);
  for (size_t i = first; i < lines.size(); ++i) {
    absl::StrAppend(&text, "              ", absl::CHexEscape(lines[i].substr(0, 200)), "\n");
  }
  return text;
}

// What a requirement needed besides its result: "12 scenarios, 0.26 s, 812 cuts, 640 certain; …".
std::string Cost(const Outcome& outcome) {
  std::string text;
  if (!outcome.reason.empty()) {
    text = PlainText(outcome.reason);
  } else if (outcome.distinct_scenarios == 0) {
    text = absl::StrFormat("%.2f s", outcome.seconds);
  } else {
    text = absl::StrFormat("%s, %.2f s", Plural(outcome.distinct_scenarios, "scenario"),
                           outcome.seconds);
  }
  if (outcome.cuts > 0) {
    absl::StrAppend(&text, ", ", Plural(outcome.cuts, "cut"), ", ", outcome.certain_cuts,
                    " certain");
  }
  if (outcome.cases_left > 0 && outcome.result == Outcome::Result::kPass) {
    absl::StrAppend(&text, ", no time for ", outcome.cases_left, " more");
  }
  if (!outcome.note.empty()) absl::StrAppend(&text, "; ", PlainText(outcome.note));
  return text;
}

// How far it went, and how it ended. What no scenario says may have had no conversation at all.
std::string Conversation(const Outcome& outcome) {
  const Verdict& verdict = outcome.verdict;
  if (!outcome.HasScenario() && verdict.sent_bytes == 0 && verdict.ending == Ending::kOpen)
    return "";
  if (verdict.way == Way::kSent) {
    return Row("so far", absl::StrCat(Plural(verdict.sent_bytes, "byte"), " fed, ",
                                      verdict.received_bytes, " right ones sent on"));
  }
  if (verdict.way == Way::kPrinted) {
    return Row("so far", absl::StrCat(Plural(verdict.sent_bytes, "byte"), " replied, ",
                                      verdict.received_bytes, " right ones printed"));
  }
  const std::string so_far =
      Row("so far", absl::StrCat(Plural(verdict.sent_bytes, "byte"), " sent, ",
                                 verdict.received_bytes, " right ones received"));
  // Datagrams have no connection that could end, unless they are refused.
  if (verdict.of_datagrams && verdict.ending == Ending::kOpen) return so_far;
  // The events below it go on until we have ended it.
  const absl::string_view then = verdict.ending == Ending::kOpen ? ", when it was judged" : "";
  return so_far + Row("ended", absl::StrCat("connection ", verdict.connection, ": ",
                                            EndingName(verdict.ending), then));
}

std::string ScenarioRows(const Outcome& outcome) {
  if (!outcome.HasScenario()) return "";
  return Row("scenario",
             absl::StrCat(Plural(outcome.smallest.steps.size(), "step"),
                          ", the first that failed had ", outcome.first.steps.size(), ":")) +
         Steps(outcome.smallest);
}

std::string Events(const Outcome& outcome) {
  if (outcome.transcript.empty()) return "";
  std::string text = Row("what went", "on:");
  for (const std::string& line : outcome.transcript)
    absl::StrAppend(&text, "            ", PlainText(line), "\n");
  return text;
}

// Whether it is the cutting, whether it is chance, and how to see it again.
std::string Trust(const Outcome& outcome, const std::string& file, const TerminalOptions& options) {
  std::string text;
  if (outcome.HasScenario()) text += Row("control", ControlText(outcome));
  if (outcome.replays > 0) {
    text += Row("recurs", absl::StrCat(outcome.recurred, " of ", outcome.replays));
  } else if (outcome.HasScenario()) {
    text += Row("recurs", "not tried again");
  }
  std::string again = absl::StrReplaceAll(options.recheck_command, {{"{id}", outcome.id}});
  if (outcome.HasScenario() && !file.empty())
    again = absl::StrReplaceAll(options.replay_command, {{"{file}", file}});
  if (!again.empty()) text += Row("again", ReadableLine(again));
  if (options.explain_command.empty()) return text;
  return text + Row("more", ReadableLine(absl::StrReplaceAll(options.explain_command,
                                                             {{"{id}", outcome.id}})));
}

}  // namespace

std::string OutcomeLine(const Outcome& outcome, const TerminalOptions& options) {
  const std::string result = absl::StrFormat("%-11s", ResultName(outcome.result));
  return absl::StrFormat(
      "  %s  %-32s %s %-8s %s\n", Paint(result, ColorOf(outcome.result), options.color),
      PlainText(outcome.id), PlainText(outcome.level), PlainText(outcome.basis), Cost(outcome));
}

std::string FailureText(const Outcome& outcome, const std::string& file,
                        const TerminalOptions& options) {
  const std::string sentence = PlainText(VerdictSentence(outcome.verdict));
  std::string text =
      absl::StrCat(Paint(outcome.result == Outcome::Result::kOnce ? "SEEN ONCE" : "FAIL",
                         ColorOf(outcome.result), options.color),
                   " ", PlainText(outcome.id), "  (", PlainText(outcome.level), ", ",
                   PlainText(outcome.basis), ")\n");
  text += Row("required", ReadableLine(outcome.sentence));
  text += Row("by", ReadableLine(outcome.source));
  text += Row("seen", Paint(sentence, "1", options.color));
  if (!outcome.note.empty()) text += Row("measured", PlainText(outcome.note));
  text += Conversation(outcome);
  text += ScenarioRows(outcome);
  text += Window(outcome.verdict);
  text += Events(outcome);
  // What a client says it says to a person.
  const bool of_client = outcome.verdict.way != Way::kReturned;
  if (outcome.verdict.kind == Verdict::Kind::kDied || of_client) {
    text += Output(outcome.target_output, of_client);
  }
  return text + Trust(outcome, file, options);
}

std::string TimeLine(const Summary& summary, double seconds) {
  if (summary.partly + summary.no_time == 0) return "";
  std::string text = "the time was over (--budget)";
  if (summary.partly > 0) {
    absl::StrAppend(&text, "; of the requirements that hold ", summary.partly,
                    summary.partly == 1 ? " was" : " were", " judged by the first cases");
  }
  if (summary.no_time > 0) {
    absl::StrAppend(&text, "; ", summary.no_time, summary.no_time == 1 ? " was" : " were",
                    " not judged");
  }
  // How long it takes of what was not begun nobody knows.
  double needed = seconds + 1.2 * summary.seconds_left;
  if (summary.no_time > 0) needed = std::max(needed, 2 * seconds);
  absl::StrAppendFormat(&text, ": --budget %.0fs is about enough for all\n",
                        10 * std::ceil(needed / 10));
  return text;
}

std::string SummaryLine(const Summary& summary, double seconds) {
  const int judged = summary.passed + summary.failed_must + summary.failed_should;
  std::string text = absl::StrCat(summary.passed, " of ", judged, " hold");
  const auto tell = [&text](int count, absl::string_view what) {
    if (count > 0) absl::StrAppend(&text, ", ", count, " ", what);
  };
  tell(summary.failed_must, "of level M fail");
  tell(summary.failed_should, "of level S fail");
  tell(summary.observed, "observed");
  tell(summary.skipped, "skipped");
  tell(summary.not_run, "not run");
  tell(summary.no_time, "without time");
  tell(summary.once, "seen to fail once");
  absl::StrAppendFormat(&text, "; %s, %s, %.2f s\n",
                        Plural(summary.distinct_scenarios, "distinct scenario"),
                        Plural(summary.plays, "conversation"), seconds);
  return text;
}

}  // namespace verbatim
