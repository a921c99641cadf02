// verbatim check: which requirements, on which target, and what to make of the outcomes.
// Not for: the outcomes themselves (requirements/engine.h).
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "core/status.h"
#include "properties/cli/cli.h"
#include "properties/cli/expect.h"
#include "properties/report/terminal.h"
#include "properties/requirements/engine.h"
#include "properties/scenario/text.h"

namespace verbatim {
namespace {

struct CheckFlags {
  const CLI::App* command = nullptr;
  TargetFlags target;
  BudgetFlags budget;
  std::vector<std::string> only;
  std::vector<std::string> except;
  std::vector<std::string> without;
  bool strict = false;
  std::string profile = "robust";
  std::string expect;
  std::string write_expect;
  std::string save = "verbatim-failures";
  bool no_color = false;
  bool quiet = false;
};

bool AnyMatches(const std::vector<std::string>& globs, absl::string_view id) {
  for (const std::string& glob : globs) {
    if (GlobMatches(glob, id)) return true;
  }
  return false;
}

// Returns kInvalidArgument iff a glob matches nothing, or nothing is left: a check that chooses
// nothing must never look like one that found nothing.
absl::StatusOr<std::vector<Requirement>> Choose(const CheckFlags& flags) {
  for (const std::vector<std::string>* globs : {&flags.only, &flags.except}) {
    for (const std::string& glob : *globs) {
      bool any = false;
      for (const Requirement& requirement : Catalogue())
        any = any || GlobMatches(glob, requirement.id);
      if (any) continue;
      return absl::InvalidArgumentError(
          absl::StrCat(globs == &flags.only ? "--only " : "--except ", glob,
                       ": no requirement matches (see: verbatim list)"));
    }
  }
  std::vector<Requirement> chosen;
  for (const Requirement& requirement : Catalogue()) {
    if (!flags.only.empty() && !AnyMatches(flags.only, requirement.id)) continue;
    if (AnyMatches(flags.except, requirement.id)) continue;
    chosen.push_back(requirement);
    const bool lowered = flags.profile == "rfc" && requirement.basis == Basis::kRobust;
    if (lowered) chosen.back().level = Level::kShould;
  }
  if (chosen.empty())
    return absl::InvalidArgumentError("--only and --except leave nothing to check");
  return chosen;
}

absl::StatusOr<Expectations> ReadExpectations(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadWhole(path);
  if (!text.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--expect ", text.status().message()));
  }
  absl::StatusOr<Expectations> expectations = ParseExpectations(*text);
  if (expectations.ok()) return expectations;
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", expectations.status().message()));
}

// Writes the smallest scenario with what is to know about it. Returns the file's path, or why not.
absl::StatusOr<std::string> Save(const Outcome& outcome, const std::string& folder,
                                 const Target& target, uint64_t seed) {
  if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
    return ErrnoStatus(errno, "mkdir", folder);
  const std::string path = absl::StrCat(folder, "/", outcome.id, ".echo");
  const std::string text = PrintScenario(outcome.smallest);
  const size_t first_line = text.find('\n') + 1;
  std::ofstream file(path, std::ios::trunc);
  file << text.substr(0, first_line) << "# target " << PlainText(target.argument()) << ", seed "
       << seed << "\n# " << PlainText(VerdictSentence(outcome.verdict)) << "\n"
       << text.substr(first_line);
  file.close();
  if (!file) return ErrnoStatus(EIO, "write", path);
  return path;
}

class Check {
 public:
  explicit Check(const CheckFlags& flags) : flags_(flags) {
    options_.color = UseColor(flags.no_color);
  }

  int Run() {
    absl::StatusOr<std::vector<Requirement>> chosen = Choose(flags_);
    if (!chosen.ok()) return Complain(chosen.status());
    absl::StatusOr<Budget> budget = MakeBudget(flags_.budget);
    if (!budget.ok()) return Complain(budget.status());
    if (!flags_.expect.empty()) {
      absl::StatusOr<Expectations> read = ReadExpectations(flags_.expect);
      if (!read.ok()) return Complain(read.status());
      expectations_ = *std::move(read);
    }
    absl::StatusOr<std::unique_ptr<Target>> target = MakeTarget(flags_.target);
    if (!target.ok()) return Complain(target.status());
    target_ = *std::move(target);
    if (!flags_.without.empty()) target_->Without(kHalfClose);
    options_.replay_command = ReplayCommand(*flags_.command, *target_);
    return Hold(*chosen, *budget);
  }

 private:
  int Hold(const std::vector<Requirement>& chosen, const Budget& budget) {
    EndTargetsOnSignals();
    const auto start = std::chrono::steady_clock::now();
    Engine engine(target_.get(), budget);
    if (absl::Status status = engine.Reach(); !status.ok()) return Complain(status);
    if (!flags_.quiet) {
      std::printf("verbatim check %s  (seed %llu, %d cases)\n", target_->argument().c_str(),
                  static_cast<unsigned long long>(budget.seed), budget.cases);
    }
    int starts = target_->starts();
    for (const Requirement& requirement : chosen) {
      absl::StatusOr<Outcome> outcome = engine.Run(requirement);
      WaitIfInterrupted();
      if (!outcome.ok()) return Complain(outcome.status());
      outcomes_.push_back(*std::move(outcome));
      Tell(outcomes_.back(), budget.seed);
      if (target_->starts() > starts)
        std::printf("               (the target was started again)\n");
      starts = target_->starts();
    }
    for (const std::string& failure : failures_) std::printf("\n%s", failure.c_str());
    const Summary summary = Summarize(outcomes_);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf("%s%s", failures_.empty() ? "" : "\n",
                SummaryLine(summary, seconds.count()).c_str());
    return Conclude(summary);
  }

  void Tell(const Outcome& outcome, uint64_t seed) {
    const bool fails = outcome.result == Outcome::Result::kFail;
    if (!flags_.quiet || fails) std::printf("%s", OutcomeLine(outcome, options_).c_str());
    std::fflush(stdout);
    if (!fails) return;
    const absl::StatusOr<std::string> file = Save(outcome, flags_.save, *target_, seed);
    if (!file.ok()) Complain(kExitFails, absl::StrCat("not saved: ", file.status().message()));
    failures_.push_back(FailureText(outcome, file.value_or(""), options_));
  }

  int Conclude(const Summary& summary) {
    if (!flags_.write_expect.empty()) {
      std::ofstream file(flags_.write_expect, std::ios::trunc);
      file << PrintExpectations(target_->argument(), expectations_, outcomes_);
      file.close();
      if (!file)
        return Complain(kExitUsage, absl::StrCat("--write-expect ", flags_.write_expect,
                                                 ": it can't be written"));
    }
    if (flags_.expect.empty()) return summary.ExitStatus(flags_.strict);
    const std::vector<std::string> changes = Changes(expectations_, outcomes_);
    for (const std::string& change : changes) std::printf("not as expected: %s\n", change.c_str());
    if (changes.empty()) std::printf("all as expected by %s\n", flags_.expect.c_str());
    return changes.empty() ? kExitHolds : kExitFails;
  }

  const CheckFlags flags_;
  TerminalOptions options_;
  Expectations expectations_;
  std::unique_ptr<Target> target_;
  std::vector<Outcome> outcomes_;
  std::vector<std::string> failures_;
};

}  // namespace

void AddCheck(CLI::App& app, int* status) {
  auto flags = std::make_shared<CheckFlags>();
  CLI::App* command = app.add_subcommand("check", "Hold an echo server to the catalogue");
  flags->command = command;
  command->add_option("TARGET", flags->target.endpoint,
                      "a running server: tcp://127.0.0.1:7, tcp://localhost:echo");
  AddTargetFlags(command, &flags->target);
  AddBudgetFlags(command, &flags->budget);
  command
      ->add_option("--only", flags->only, "Only requirements of this form (* stands for anything)")
      ->allow_extra_args(false);
  command->add_option("--except", flags->except, "None of this form")->allow_extra_args(false);
  command->add_option("--without", flags->without, "What the target does not claim: halfclose")
      ->check(CLI::IsMember({"halfclose"}))
      ->allow_extra_args(false);
  command->add_flag("--strict", flags->strict, "Level S counts as M does");
  command
      ->add_option("--profile", flags->profile, "robust, or rfc: what no standard says is level S")
      ->check(CLI::IsMember({"rfc", "robust"}))
      ->capture_default_str();
  command->add_option("--expect", flags->expect,
                      "Known outcomes: only a change fails, in either direction");
  command->add_option("--write-expect", flags->write_expect,
                      "Write what came out as such a file; reasons given by --expect stay");
  command->add_option("--save", flags->save, "Where failing scenarios are written")
      ->capture_default_str();
  command->add_flag("--no-color", flags->no_color, "No colours");
  command->add_flag("--quiet", flags->quiet, "Only failures and the summary");
  command->callback([flags, status] { *status = Check(*flags).Run(); });
}

}  // namespace verbatim
