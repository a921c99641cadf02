// verbatim: does it come back byte for byte?
// Not for: anything but choosing the subcommand.
#include <csignal>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "properties/cli/cli.h"
#include "properties/report/report.h"
#include "properties/stage/socket/process.h"

// What could be thrown is no memory, or flags of ours that CLI11 finds to be wrong: to end is
// right. NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) {
  CLI::App app{
      "Verbatim: does it come back byte for byte? Holds echo servers and clients to a catalogue of "
      "requirements.\n"
      "Exit: 0 every M holds (--strict: every S too); 1 some do not; 2 wrong usage; 3 nothing "
      "could be\n"
      "judged; 70 an error of Verbatim itself.",
      argv[0]};
  app.require_subcommand(1);
  app.set_version_flag("--version", absl::StrCat("verbatim ", verbatim::Version()));
  app.footer(
      "A first look: verbatim check --builtin; then: verbatim check --spawn './your-server "
      "{port}'");
  int status = verbatim::kExitOurFault;
  verbatim::AddCheck(app, &status);
  verbatim::AddClient(app, &status);
  verbatim::AddReplay(app, &status);
  verbatim::AddShow(app, &status);
  verbatim::AddList(app, &status);
  verbatim::AddExplain(app, &status);
  verbatim::AddMutants(app, &status);
  verbatim::AddMerge(app, &status);
  verbatim::AddAddress(app, &status);
  verbatim::AddServe(app, &status);
  verbatim::AddPretend(app, &status);
  // A reader of our output that goes away is no reason to leave a target behind.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    const std::string what = absl::StrReplaceAll(error.what(), {{"\n", " "}});
    return verbatim::Complain(verbatim::kExitUsage, absl::StrCat(what, " (see: verbatim --help)"));
  }
  verbatim::KillDescendants();  // also what hid from its target's end
  return status;
}
