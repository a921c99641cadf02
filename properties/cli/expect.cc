// Parsing, comparing and printing of expectations.
#include "properties/cli/expect.h"

#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "properties/judge/verdict.h"
#include "properties/requirements/requirement.h"

namespace verbatim {
namespace {

using Result = Expectation::Result;
constexpr absl::string_view kNames[] = {"pass", "fail", "skip", "flaky"};

absl::string_view Name(Result result) { return kNames[static_cast<size_t>(result)]; }

std::optional<Result> ResultOf(absl::string_view name) {
  for (const Result result : {Result::kPass, Result::kFail, Result::kSkip, Result::kFlaky}) {
    if (Name(result) == name) return result;
  }
  return std::nullopt;
}

// "not run", "no time" and "seen once" are never expected: nothing is known then.
std::optional<Result> ResultOf(const Outcome& outcome) {
  switch (outcome.result) {
    case Outcome::Result::kPass:
      return Result::kPass;
    case Outcome::Result::kFail:
      return Result::kFail;
    case Outcome::Result::kSkip:
    case Outcome::Result::kNotClaimed:
      return Result::kSkip;
    case Outcome::Result::kObserved:
    case Outcome::Result::kNotRun:
    case Outcome::Result::kNoTime:
    case Outcome::Result::kOnce:
      return std::nullopt;
  }
  return std::nullopt;
}

// A heading or a reason may quote a command or a target's words.
std::string OneLine(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\r", " "}, {"\n", " "}});
}

absl::Status Bad(size_t line, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", what));
}

}  // namespace

absl::StatusOr<Expectations> ParseExpectations(absl::string_view text) {
  Expectations expectations;
  size_t number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits('#', 1));
    const std::vector<absl::string_view> words =
        absl::StrSplit(parts.first, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (words.empty()) continue;
    const std::optional<Result> result = words.size() == 2 ? ResultOf(words[1]) : std::nullopt;
    if (!result) return Bad(number, "a line is: ID pass|fail|skip|flaky # reason");
    const Requirement* requirement = FindRequirement(words[0]);
    if (requirement == nullptr) {
      return Bad(number, absl::StrCat(words[0], " is not in the catalogue (see: verbatim list)"));
    }
    if (*result == Result::kFlaky && requirement->level == Level::kMust) {
      return Bad(number, "flaky is for requirements of level S");
    }
    const Expectation expectation{*result, std::string(absl::StripAsciiWhitespace(parts.second))};
    if (!expectations.emplace(std::string(words[0]), expectation).second) {
      return Bad(number, absl::StrCat(words[0], " stands here a second time"));
    }
  }
  return expectations;
}

std::vector<std::string> Changes(const Expectations& expectations,
                                 const std::vector<Outcome>& outcomes) {
  std::vector<std::string> changes;
  for (const Outcome& outcome : outcomes) {
    const auto found = expectations.find(outcome.id);
    const Expectation expected = found == expectations.end() ? Expectation() : found->second;
    if (expected.result == Result::kFlaky && outcome.result != Outcome::Result::kNotRun) continue;
    if (outcome.result == Outcome::Result::kObserved) continue;
    if (outcome.result == Outcome::Result::kNoTime) continue;
    if (outcome.result == Outcome::Result::kOnce) continue;
    const std::optional<Result> result = ResultOf(outcome);
    if (result == expected.result) continue;
    changes.push_back(
        absl::StrCat(outcome.id, ": ", Name(expected.result), " was expected",
                     expected.reason.empty() ? "" : absl::StrCat(" (", expected.reason, ")"),
                     ", it is: ", ResultName(outcome.result),
                     outcome.result == Outcome::Result::kFail
                         ? absl::StrCat(" (", VerdictSentence(outcome.verdict), ")")
                         : ""));
  }
  return changes;
}

std::string PrintExpectations(const std::string& heading, const Expectations& old,
                              const std::vector<Outcome>& outcomes) {
  Expectations all = old;
  for (const Outcome& outcome : outcomes) {
    const std::optional<Result> result = ResultOf(outcome);
    if (!result) continue;
    Expectation& expectation = all[outcome.id];
    if (expectation.result == Result::kFlaky) continue;
    if (expectation.result != *result) expectation.reason.clear();  // it gave another's grounds
    expectation.result = *result;
    if (expectation.reason.empty() && *result == Result::kFail) {
      expectation.reason = VerdictSentence(outcome.verdict);
    }
  }
  std::string text = absl::StrCat("# ", OneLine(heading), "\n");
  for (const auto& [id, expectation] : all) {
    // A pass is what is expected unless something is said.
    if (expectation.result == Result::kPass) continue;
    absl::StrAppend(&text, id, " ", Name(expectation.result));
    if (!expectation.reason.empty()) absl::StrAppend(&text, " # ", OneLine(expectation.reason));
    text += "\n";
  }
  return text;
}

}  // namespace verbatim
