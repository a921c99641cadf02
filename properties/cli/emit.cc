// verbatim replay --emit: over what a script is to play, and what it can't have.
// Not for: the script itself (report/python.h).
#include "properties/cli/emit.h"

#include <cstdio>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "properties/report/python.h"
#include "properties/requirements/requirement.h"
#include "properties/scenario/in_lines.h"

namespace verbatim {
namespace {

constexpr absl::string_view kOver = "--over ";

// Where a script is to connect by default: the target that is named here, else the one on which the
// scenario was saved. Of one whose address is not for ever: only whether it has a path or a port.
Endpoint ScriptEndpoint(const ReplayFlags& flags, const SavedComments& comments) {
  const bool named = !flags.target.endpoint.empty() || flags.TargetIsFlagged();
  const std::string& text = named ? flags.target.endpoint : comments.target;
  if (const absl::StatusOr<Endpoint> endpoint = Endpoint::Parse(text); endpoint.ok()) {
    return *endpoint;
  }
  absl::string_view over = flags.target.over;
  if (!named) {
    const size_t flag = absl::string_view(text).rfind(kOver);  // behind the command
    over =
        flag == absl::string_view::npos ? "" : absl::string_view(text).substr(flag + kOver.size());
  }
  Endpoint unknown;
  unknown.transport = TransportOver(over.substr(0, over.find_first_of(", ")));
  return unknown;
}

// What is behind the command that `--spawn '…'` names; of another text, all of it.
absl::string_view BehindCommand(absl::string_view target) {
  constexpr absl::string_view kQuote = "'\\''";  // a quote within quotes
  if (!absl::ConsumePrefix(&target, "--spawn '")) return target;
  while (!target.empty()) {
    if (absl::ConsumePrefix(&target, kQuote)) continue;
    if (target[0] == '\'') break;
    target.remove_prefix(1);
  }
  return target;
}

// Where a script listens for a client: over what is named here, else over what the client was saved
// with, else over what its requirement is about.
Endpoint ClientScriptEndpoint(const ReplayFlags& flags, const SavedComments& comments,
                              const Requirement* requirement) {
  Endpoint endpoint;
  if (const auto named = Endpoint::Parse(flags.target.endpoint); named.ok()) return *named;
  const absl::string_view saved = BehindCommand(comments.target);
  const size_t flag = saved.rfind(kOver);
  if (flags.command->count("--over") > 0) {
    endpoint.transport = TransportOver(flags.target.over);
  } else if (flag != absl::string_view::npos) {
    const absl::string_view over = saved.substr(flag + kOver.size());
    endpoint.transport = TransportOver(over.substr(0, over.find_first_of(", ")));
  } else if (requirement != nullptr && requirement->family == Family::kDatagramClient) {
    endpoint.transport = Transport::kUdp;
  }
  return endpoint;
}

// A client that a script can't have as it was.
absl::Status CheckScriptClient(const ReplayFlags& flags, const SavedComments& comments) {
  const absl::string_view saved = BehindCommand(comments.target);
  const bool terminal = flags.client.pty || absl::StrContains(saved, " --pty");
  const bool prompts =
      !flags.client.strip_prefix.empty() || absl::StrContains(saved, " --strip-prefix ");
  if (!terminal && !prompts) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      terminal ? "this is for a client on a terminal (--pty), and a script gives it pipes"
               : "this is for a client that prints a prompt (--strip-prefix), and a script takes "
                 "every byte for a reply",
      ": play it by verbatim replay --spawn, or delete the line # target of the file where the "
      "client does without"));
}

}  // namespace

int Emit(ReplayFlags flags) {
  const bool with_target =
      !flags.TargetIsFlagged() && flags.words.size() == 2 && Endpoint::Parse(flags.words[1]).ok();
  if (with_target) {
    flags.target.endpoint = flags.words[1];
    flags.words.pop_back();
  }
  if (flags.words.size() != 1) {
    return Complain(kExitUsage, "--emit wants one file: a script plays one scenario");
  }
  const std::string& path = flags.words[0];
  std::string text;
  absl::StatusOr<Scenario> scenario = ReadScenario(path, &text);
  if (!scenario.ok()) return Complain(scenario.status());
  const absl::StatusOr<Budget> budget = MakeBudget(flags.budget);
  if (!budget.ok()) return Complain(budget.status());
  const SavedComments comments = CommentsOf(text);
  PythonOptions options;
  options.seen = comments.seen;
  const Requirement* const requirement = FindRequirement(scenario->requirement);
  if (scenario->role == Role::kClient) {
    const absl::Status fits = CheckScriptClient(flags, comments);
    if (!fits.ok()) return Complain(kExitUsage, absl::StrCat(path, ": ", fits.message()));
    options.endpoint = ClientScriptEndpoint(flags, comments, requirement);
    options.command = flags.target.spawn;
    if (flags.client.lines) scenario = InLines(*std::move(scenario));
  } else {
    options.endpoint = ScriptEndpoint(flags, comments);
  }
  options.deadline_ms = budget->deadline_ms;
  options.connect_deadline_ms = budget->connect_deadline_ms;
  if (requirement != nullptr) {
    options.rules = requirement->rules;
    options.sentence = std::string(requirement->sentence);
    options.source = std::string(requirement->source);
  }
  const absl::StatusOr<std::string> script = EmitPython(*scenario, options);
  if (!script.ok()) {
    return Complain(kExitUsage, absl::StrCat(path, ": ", script.status().message()));
  }
  std::fwrite(script->data(), 1, script->size(), stdout);
  return kExitHolds;
}

}  // namespace verbatim
