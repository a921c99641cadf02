// verbatim replay: saved scenarios, played on any target, or one of them as a script.
// Not for: looking for smaller ones.
#include <cstdio>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "properties/cli/cli.h"
#include "properties/cli/emit.h"
#include "properties/report/terminal.h"
#include "properties/requirements/engine.h"
#include "properties/scenario/text.h"

namespace verbatim {

absl::StatusOr<Scenario> ReadScenario(const std::string& path, std::string* text) {
  absl::StatusOr<std::string> whole = ReadWhole(path);
  if (!whole.ok()) return whole.status();
  *text = *std::move(whole);
  absl::StatusOr<Scenario> scenario = ParseScenario(*text);
  if (!scenario.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", scenario.status().message()));
  }
  if (!scenario->requirement.empty() && FindRequirement(scenario->requirement) == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": requirement ", scenario->requirement,
                     " is not in the catalogue (see: verbatim list)"));
  }
  return scenario;
}

namespace {

// A scenario is played on targets of its own family.
absl::Status CheckFamily(const std::string& path, const Scenario& scenario, const Target& target) {
  const bool of_client = scenario.role == Role::kClient;
  if (of_client != (target.client() != nullptr)) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, of_client ? ": this scenario is for a client (role client), others of these are not: "
                          "play them apart"
                        : ": this scenario is for a server, others of these are for a client: play "
                          "them apart"));
  }
  const Family family = FamilyOf(target.transport());
  if (of_client) return absl::OkStatus();
  const bool datagrams = scenario.role == Role::kDatagramServer;
  if (family == (datagrams ? Family::kDatagram : Family::kStream)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      path, ": this scenario is for ",
      datagrams ? "datagrams (role datagram-server): name a target over udp or unixgram"
                : "streams: name a target over tcp, unix or stdio"));
}

// A target's system calls are its own.
void DropFaults(const std::string& path, Scenario* scenario) {
  if (scenario->faults.empty()) return;
  scenario->faults.clear();
  std::fprintf(stderr, "%s: fault lines not applied\n", PlainText(path).c_str());
}

// The verdict as an outcome, so that it reads as a check's does.
Outcome AsOutcome(const Scenario& scenario, const Verdict& verdict, const Transcript& transcript) {
  const Requirement* const requirement = FindRequirement(scenario.requirement);
  Outcome outcome;
  if (requirement != nullptr) {
    outcome = OutcomeOf(*requirement);
  } else {
    outcome.id = "every byte rule";
    outcome.level = "M";
    outcome.basis = "quoted";
    outcome.sentence = "What is sent comes back, byte for byte.";
    outcome.source = "RFC 862";
  }
  outcome.first = outcome.smallest = scenario;
  outcome.verdict = verdict;
  outcome.transcript = transcript.Lines();
  outcome.recurred = outcome.replays = 1;
  outcome.result = verdict.Fails() ? Outcome::Result::kFail : Outcome::Result::kPass;
  return outcome;
}

// Without an await nothing has to have come back, and then that is not said.
std::string Sentence(const Scenario& scenario, const Verdict& verdict) {
  using Kind = Step::Kind;
  bool asks = scenario.role == Role::kClient;
  for (const Step& step : scenario.steps) {
    asks = asks || step.kind == Kind::kAwait || step.kind == Kind::kExpectEof;
  }
  if (asks || verdict.kind != Verdict::Kind::kHeld) return VerdictSentence(verdict);
  return "nothing wrong came; the scenario awaits no answer (a step \"await\" does)";
}

// Files, and the target as last word unless a flag names it.
int Replay(ReplayFlags flags) {
  if (!flags.TargetIsFlagged() && flags.words.size() > 1) {
    flags.target.endpoint = flags.words.back();
    flags.words.pop_back();
  }
  std::vector<Scenario> scenarios;
  for (const std::string& path : flags.words) {
    std::string text;
    absl::StatusOr<Scenario> scenario = ReadScenario(path, &text);
    if (!scenario.ok()) return Complain(scenario.status());
    scenarios.push_back(*std::move(scenario));
  }
  absl::StatusOr<Budget> budget = MakeBudget(flags.budget);
  if (!budget.ok()) return Complain(budget.status());
  // A scenario's role says what --spawn starts.
  const bool of_client = !scenarios.empty() && scenarios.front().role == Role::kClient;
  absl::StatusOr<std::unique_ptr<Target>> target =
      of_client ? MakeClient(flags.target, flags.client) : MakeTarget(flags.target);
  if (!target.ok()) return Complain(target.status());
  for (size_t i = 0; i < scenarios.size(); ++i) {
    const absl::Status fits = CheckFamily(flags.words[i], scenarios[i], **target);
    if (!fits.ok()) return Complain(fits);
    DropFaults(flags.words[i], &scenarios[i]);
  }
  EndTargetsOnSignals();
  Engine engine(target->get(), *budget);
  if (absl::Status status = engine.Reach(); !status.ok()) return Complain(status);
  TerminalOptions options;
  options.color = UseColor(flags.no_color);
  options.replay_command = ReplayCommand(*flags.command, **target);
  int status = kExitHolds;
  for (size_t i = 0; i < scenarios.size(); ++i) {
    const Requirement* requirement = FindRequirement(scenarios[i].requirement);
    options.explain_command =
        requirement == nullptr ? "" : absl::StrCat(ProgramWord(*flags.command), " explain {id}");
    Transcript transcript;
    const absl::StatusOr<Verdict> verdict = engine.PlayOnce(
        scenarios[i], requirement == nullptr ? Rules() : requirement->rules, &transcript);
    if (!verdict.ok()) return Complain(verdict.status());
    std::printf("%s: %s\n", flags.words[i].c_str(), Sentence(scenarios[i], *verdict).c_str());
    if (verdict->kind == Verdict::Kind::kNotJudged && status == kExitHolds) status = kExitNotJudged;
    if (!verdict->Fails()) continue;
    status = kExitFails;
    Outcome outcome = AsOutcome(scenarios[i], *verdict, transcript);
    outcome.target_output = of_client ? engine.client_words() : (*target)->Output();
    std::printf("%s", FailureText(outcome, flags.words[i], options).c_str());
  }
  return status;
}

}  // namespace

void AddReplay(CLI::App& app, int* status) {
  auto flags = std::make_shared<ReplayFlags>();
  CLI::App* command = app.add_subcommand(
      "replay",
      "Play saved scenarios (.echo) on a target, without their fault lines; or print one as a "
      "script that needs nothing of this");
  flags->command = command;
  command
      ->add_option("FILE... [TARGET]", flags->words,
                   "scenarios; last, unless a flag names the target, its endpoint")
      ->required();
  AddTargetFlags(command, &flags->target);
  AddClientFlags(command, &flags->client);
  AddBudgetFlags(command, &flags->budget);
  command
      ->add_option("--emit", flags->emit,
                   "Play nothing, print a short script instead that plays FILE: python (3.8 or "
                   "later). It connects where its own arguments say, else to TARGET, else to the "
                   "endpoint on which the scenario was saved. Of role client its argument is the "
                   "client's command, else that of --spawn; it listens over --over, else over what "
                   "the scenario was saved with")
      ->check(CLI::IsMember({"python"}));
  command->add_flag("--no-color", flags->no_color, "No colours");
  command->callback(
      [flags, status] { *status = flags->emit.empty() ? Replay(*flags) : Emit(*flags); });
}

}  // namespace verbatim
