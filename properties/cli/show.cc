// verbatim show: a scenario, or a fuzz input that is one, as readable text; or, as bytes, a
// scenario as a fuzz input.
// Not for: playing it (replay.cc).
#include <cstdio>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "properties/cli/cli.h"
#include "properties/report/terminal.h"
#include "properties/scenario/bytes.h"
#include "properties/scenario/text.h"

namespace verbatim {
namespace {

constexpr size_t kMaxInputBytes = 4096;  // as the harnesses have it

absl::StatusOr<Scenario> ReadEither(const std::string& path) {
  const absl::StatusOr<std::string> bytes = ReadWhole(path);
  if (!bytes.ok()) return bytes.status();
  if (!absl::StartsWith(*bytes, "# verbatim scenario")) {
    if (bytes->size() <= kMaxInputBytes) return DecodeScenario(*bytes);
    return absl::InvalidArgumentError(
        absl::StrCat(path,
                     ": it is no scenario, which begins with \"# verbatim scenario 1\", and "
                     "no fuzz input, which has ",
                     kMaxInputBytes, " bytes at most"));
  }
  absl::StatusOr<Scenario> scenario = ParseScenario(*bytes);
  if (scenario.ok()) return scenario;
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", scenario.status().message()));
}

struct ShowFlags {
  std::vector<std::string> paths;
  bool as_bytes = false;
};

// Of several files each text names its own, in a comment.
int Show(const ShowFlags& flags) {
  const std::vector<std::string>& paths = flags.paths;
  int status = kExitHolds;
  if (flags.as_bytes && paths.size() > 1) {
    return Complain(absl::InvalidArgumentError("--bytes wants one file: a fuzz input is one file"));
  }
  for (const std::string& path : paths) {
    const absl::StatusOr<Scenario> scenario = ReadEither(path);
    if (!scenario.ok()) {
      status = Complain(scenario.status());
      continue;
    }
    if (flags.as_bytes) {
      const std::string bytes = EncodeScenario(*scenario);
      if (DecodeScenario(bytes) != *scenario) {
        return Complain(absl::InvalidArgumentError(
            absl::StrCat(path, ": its byte form would not be the same: it has more than ",
                         kMaxDecodedSteps, " steps")));
      }
      std::fwrite(bytes.data(), 1, bytes.size(), stdout);
      continue;
    }
    std::string text = PrintScenario(*scenario);
    if (paths.size() > 1)
      text.insert(text.find('\n') + 1, absl::StrCat("# ", PlainText(path), "\n"));
    std::printf("%s", text.c_str());
  }
  return status;
}

}  // namespace

void AddShow(CLI::App& app, int* status) {
  auto flags = std::make_shared<ShowFlags>();
  CLI::App* command =
      app.add_subcommand("show", "A scenario (.echo) or a fuzz input as readable text");
  command
      ->add_option("FILE", flags->paths,
                   "a scenario's text, if it begins with \"# verbatim scenario\"; else a fuzz "
                   "input, and any bytes are one")
      ->required();
  command->add_flag("--bytes", flags->as_bytes,
                    "The byte form instead, on standard output: a fuzz input (server_fuzzer, "
                    "client_fuzzer and datagram_fuzzer play those of their roles, with 4096 bytes "
                    "at most)");
  command->callback([flags, status] { *status = Show(*flags); });
}

}  // namespace verbatim
