// verbatim merge: the shards of one run as the report of the whole run.
// Not for: what makes them one (report/merge.h).
#include "properties/report/merge.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "properties/cli/cli.h"
#include "properties/cli/reports.h"
#include "properties/report/json.h"
#include "properties/report/terminal.h"

namespace verbatim {
namespace {

struct MergeFlags {
  const CLI::App* command = nullptr;
  std::vector<std::string> paths;
  std::vector<std::string> reports;
  bool no_color = false;
  bool quiet = false;
};

absl::StatusOr<std::vector<Report>> ReadAll(const std::vector<std::string>& paths) {
  std::vector<Report> reports;
  for (const std::string& path : paths) {
    const absl::StatusOr<std::string> text = ReadWhole(path);
    if (!text.ok()) return text.status();
    absl::StatusOr<Report> report = ReadJson(*text);
    if (!report.ok())
      return absl::InvalidArgumentError(absl::StrCat(path, ": ", report.status().message()));
    reports.push_back(*std::move(report));
  }
  return reports;
}

// As a whole check prints it.
void Tell(const Report& report, const MergeFlags& flags) {
  const RunInfo& info = report.info;
  TerminalOptions options;
  options.color = UseColor(flags.no_color);
  options.recheck_command = RecheckCommand(ProgramWord(*flags.command), info);
  options.explain_command = absl::StrCat(ProgramWord(*flags.command), " explain {id}");
  if (!flags.quiet) std::printf("%s", HeadLine(info).c_str());
  std::string failures;
  for (const Outcome& outcome : report.outcomes) {
    const bool fails = outcome.WentWrong();
    if (!flags.quiet || fails) std::printf("%s", OutcomeLine(outcome, options).c_str());
    if (fails) absl::StrAppend(&failures, "\n", FailureText(outcome, "", options));
  }
  for (const std::string& note : info.notes) std::printf("  (%s)\n", PlainText(note).c_str());
  std::printf("%s%s%s", failures.c_str(), failures.empty() ? "" : "\n",
              SummaryLine(Summarize(report.outcomes), info.seconds).c_str());
}

int MergeAll(const MergeFlags& flags) {
  const absl::StatusOr<std::vector<ReportFlag>> wanted = ParseReportFlags(flags.reports);
  if (!wanted.ok()) return Complain(wanted.status());
  absl::StatusOr<std::vector<Report>> reports = ReadAll(flags.paths);
  if (!reports.ok()) return Complain(reports.status());
  const absl::StatusOr<Report> whole = Merge(*std::move(reports));
  if (!whole.ok()) return Complain(whole.status());
  if (!TakesStandardOutput(*wanted)) Tell(*whole, flags);
  const absl::Status written = WriteReports(*whole, *wanted);
  if (!written.ok()) return Complain(written);
  return Summarize(whole->outcomes).ExitStatus(whole->info.strict);
}

}  // namespace

void AddMerge(CLI::App& app, int* status) {
  auto flags = std::make_shared<MergeFlags>();
  CLI::App* command = app.add_subcommand(
      "merge", "The reports of all shards (check --shard I/N --report json:PATH) as one");
  flags->command = command;
  command->add_option("REPORT", flags->paths, "reports in JSON, every shard of one run")
      ->required();
  command->add_option("--report", flags->reports, kReportHelp)->allow_extra_args(false);
  command->add_flag("--no-color", flags->no_color, "No colours");
  command->add_flag("--quiet", flags->quiet, "Only failures and the summary");
  command->callback([flags, status] { *status = MergeAll(*flags); });
}

}  // namespace verbatim
