// The flags of a check, the outcomes as they come, and the exit status.
// Not for: the outcomes themselves (requirements/schedule.h).
#include "properties/cli/check.h"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/status.h"
#include "properties/cli/choose.h"
#include "properties/cli/cli.h"
#include "properties/cli/expect.h"
#include "properties/cli/reports.h"
#include "properties/report/report.h"
#include "properties/report/terminal.h"
#include "properties/requirements/engine.h"
#include "properties/requirements/schedule.h"
#include "properties/scenario/text.h"

namespace verbatim {
namespace {

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
                                 const RunInfo& info) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return ErrnoStatus(error.value(), "mkdir", folder);
  const std::string path = absl::StrCat(folder, "/", outcome.id, ".echo");
  const std::string text = PrintScenario(outcome.smallest);
  const size_t first_line = text.find('\n') + 1;
  std::ofstream file(path, std::ios::trunc);
  file << text.substr(0, first_line) << "# target " << PlainText(info.target) << ", seed "
       << info.seed << "\n# " << PlainText(VerdictSentence(outcome.verdict)) << "\n"
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

  int Run(absl::StatusOr<std::unique_ptr<Target>> target) {
    if (!target.ok()) return Complain(target.status());
    target_ = *std::move(target);
    absl::StatusOr<Choice> choice = Choose(flags_.choice, FamilyOf(*target_));
    if (!choice.ok()) return Complain(choice.status());
    absl::StatusOr<Budget> budget = MakeBudget(flags_.budget);
    if (!budget.ok()) return Complain(budget.status());
    if (!flags_.expect.empty()) {
      absl::StatusOr<Expectations> read = ReadExpectations(flags_.expect);
      if (!read.ok()) return Complain(read.status());
      expectations_ = *std::move(read);
    }
    absl::StatusOr<std::vector<ReportFlag>> reports = ParseReportFlags(flags_.reports);
    if (!reports.ok()) return Complain(reports.status());
    reports_ = *std::move(reports);
    if (absl::Status status = CanWriteReports(reports_); !status.ok()) return Complain(status);
    if (!flags_.write_expect.empty()) {
      const absl::Status status = CanWriteFile(flags_.write_expect);
      if (!status.ok()) {
        return Complain(kExitUsage, absl::StrCat("--write-expect ", status.message()));
      }
    }
    for (const std::string& without : flags_.without) {
      target_->Without(without == "status" ? kStatus : kHalfClose);
    }
    Describe(*choice, *budget);
    mine_ = std::move(choice->mine);
    return Hold(mine_, *budget);
  }

 private:
  // For a person; nothing where a report goes to standard output.
  template <typename... Args>
  void Say(const char* format, Args... args) const {
    if (!TakesStandardOutput(reports_)) std::printf(format, args...);
  }

  void Describe(const Choice& choice, const Budget& budget) {
    RunInfo& info = report_.info;
    info.version = std::string(Version());
    info.target = target_->argument();
    info.transport = std::string(TransportName(target_->transport()));
    info.seed = budget.seed;
    info.cases = budget.cases;
    info.profile = flags_.choice.profile;
    info.strict = flags_.strict;
    info.shard = choice.shard;
    info.shards = choice.shards;
    for (const Requirement& requirement : choice.whole) info.chosen.emplace_back(requirement.id);
    const std::string program = ProgramWord(*flags_.command);
    options_.replay_command = ReplayCommand(*flags_.command, *target_);
    options_.recheck_command = RecheckCommand(program, info);
    options_.explain_command = absl::StrCat(program, " explain {id}");
  }

  int Hold(const std::vector<Requirement>& mine, const Budget& budget) {
    EndTargetsOnSignals([&] { TellInterrupted(mine); });
    start_ = std::chrono::steady_clock::now();
    const auto head = [&] { Say("%s", HeadLine(report_.info).c_str()); };
    if (mine.empty() && !flags_.quiet) head();
    if (!mine.empty()) {
      const absl::Status status =
          RunAll(mine, target_.get(), budget, flags_.jobs, [&](const Outcome& outcome) {
            if (report_.outcomes.empty() && !flags_.quiet) head();
            Tell(outcome);
          });
      WaitIfInterrupted();
      if (absl::IsUnavailable(status)) {
        AddNotRun(mine, status.message());
        const absl::Status written = WriteReports(report_, reports_);
        if (!written.ok()) Complain(written);
      }
      if (!status.ok()) return Complain(status);
    }
    const std::lock_guard<std::mutex> lock(told_);
    concluded_ = true;
    return Conclude(Summarize());
  }

  // The failures with their scenarios, and the last line.
  Summary Summarize() {
    for (const std::string& failure : failures_) Say("\n%s", failure.c_str());
    const Summary summary = verbatim::Summarize(report_.outcomes);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start_;
    report_.info.seconds = seconds.count();
    report_.info.starts = target_->starts();
    Say("%s%s", failures_.empty() ? "" : "\n", SummaryLine(summary, seconds.count()).c_str());
    Say("%s", TimeLine(summary, seconds.count()).c_str());
    if (report_.outcomes.empty())
      Say("%s", "this shard has nothing to do: there are more shards than requirements\n");
    std::fflush(stdout);
    return summary;
  }

  // The report is written in any case: each requirement that has no outcome is in it, not run.
  void AddNotRun(const std::vector<Requirement>& mine, absl::string_view reason) {
    for (size_t i = report_.outcomes.size(); i < mine.size(); ++i) {
      Outcome outcome = OutcomeOf(mine[i]);
      outcome.reason = std::string(reason);
      report_.outcomes.push_back(std::move(outcome));
    }
  }

  // Prints and reports what is known when a signal ends the check. Outcomes come in the order of
  // `mine`.
  void TellInterrupted(const std::vector<Requirement>& mine) {
    const std::lock_guard<std::mutex> lock(told_);
    if (concluded_) return;
    Say("%s", "\ninterrupted\n");
    AddNotRun(mine, "the check was interrupted");
    Summarize();
    const absl::Status written = WriteReports(report_, reports_);
    if (!written.ok()) Complain(written);
  }

  void Tell(const Outcome& outcome) {
    WaitIfInterrupted();
    const std::lock_guard<std::mutex> lock(told_);
    report_.outcomes.push_back(outcome);
    const bool fails = outcome.WentWrong();
    if (!flags_.quiet || fails) Say("%s", OutcomeLine(outcome, options_).c_str());
    std::fflush(stdout);
    if (!fails) return;
    std::string file;
    if (outcome.HasScenario()) {
      const absl::StatusOr<std::string> saved = Save(outcome, flags_.save, report_.info);
      if (!saved.ok()) Complain(kExitFails, absl::StrCat("not saved: ", saved.status().message()));
      file = saved.value_or("");
    }
    failures_.push_back(FailureText(outcome, file, options_));
  }

  int Conclude(const Summary& summary) {
    if (absl::Status status = WriteReports(report_, reports_); !status.ok())
      return Complain(status);
    if (!flags_.write_expect.empty()) {
      std::ofstream file(flags_.write_expect, std::ios::trunc);
      file << PrintExpectations(target_->argument(), expectations_, report_.outcomes);
      file.close();
      if (!file)
        return Complain(kExitUsage, absl::StrCat("--write-expect ", flags_.write_expect,
                                                 ": it can't be written"));
    }
    // More shards than requirements: one of them has nothing to do, and nothing to complain of.
    if (report_.outcomes.empty()) return kExitHolds;
    const int status = summary.ExitStatus(flags_.strict);
    if (flags_.expect.empty() || status == kExitNotJudged) return status;
    const std::vector<std::string> changes = Changes(expectations_, report_.outcomes);
    for (const std::string& change : changes) Say("not as expected: %s\n", change.c_str());
    if (changes.empty()) Say("all as expected by %s\n", flags_.expect.c_str());
    return changes.empty() ? kExitHolds : kExitFails;
  }

  const CheckFlags flags_;
  TerminalOptions options_;
  Expectations expectations_;
  std::vector<ReportFlag> reports_;
  std::unique_ptr<Target> target_;
  std::vector<Requirement> mine_;  // this shard's
  std::chrono::steady_clock::time_point start_;
  std::mutex told_;  // guards the rest while requirements run
  bool concluded_ = false;
  Report report_;
  std::vector<std::string> failures_;
};

}  // namespace

int RunCheck(const CheckFlags& flags, absl::StatusOr<std::unique_ptr<Target>> target) {
  // Never destroyed: a signal may come until the very end, and its thread tells what the check
  // knows.
  static Check* const check = new Check(flags);
  return check->Run(std::move(target));
}

void AddCheckFlags(CLI::App* command, const std::vector<std::string>& without, CheckFlags* flags) {
  flags->command = command;
  AddBudgetFlags(command, &flags->budget);
  AddChoiceFlags(command, &flags->choice);
  command
      ->add_option("--without", flags->without,
                   absl::StrCat("What the target does not claim: ", absl::StrJoin(without, ", ")))
      ->check(CLI::IsMember(without))
      ->allow_extra_args(false);
  command->add_flag("--strict", flags->strict, "Level S counts as M does");
  command
      ->add_option("--jobs", flags->jobs,
                   "So many requirements at a time, each on an instance of its own (--spawn)")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_option("--expect", flags->expect,
                      "Known outcomes: only a change fails, in either direction");
  command->add_option("--write-expect", flags->write_expect,
                      "Write what came out as such a file; reasons given by --expect stay");
  command->add_option("--report", flags->reports, kReportHelp)->allow_extra_args(false);
  command->add_option("--save", flags->save, "Where failing scenarios are written")
      ->capture_default_str();
  command->add_flag("--no-color", flags->no_color, "No colours");
  command->add_flag("--quiet", flags->quiet, "Only failures and the summary");
}

void AddCheck(CLI::App& app, int* status) {
  struct Flags {
    TargetFlags target;
    CheckFlags check;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("check", "Hold an echo server to the catalogue");
  command->add_option(
      "TARGET", flags->target.endpoint,
      "a running server: tcp://127.0.0.1:7, udp://localhost:echo, unix:///run/echo, "
      "unixgram:///run/echo.dgram; or a host: icmp://127.0.0.1");
  AddTargetFlags(command, &flags->target);
  AddCheckFlags(command, {"halfclose"}, &flags->check);
  AddSizeFlags(command, &flags->check.budget);
  command->callback(
      [flags, status] { *status = RunCheck(flags->check, MakeTarget(flags->target)); });
}

}  // namespace verbatim
