// What the subcommands share: complaints, this program's own name and file, signals, colours.
// Not for: flags of several subcommands (target_flags.cc, budget_flags.cc).
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "properties/cli/cli.h"
#include "properties/report/terminal.h"
#include "properties/stage/socket/path.h"
#include "properties/stage/socket/process.h"

namespace verbatim {
namespace {

std::atomic<bool> interrupted{false};
constexpr size_t kMaxFileBytes = 256 << 20;  // a device may have no end

}  // namespace

// Read now: the shell's own link is another.
absl::StatusOr<std::string> Self() {
  char path[4096];
  const ssize_t length = ::readlink("/proc/self/exe", path, sizeof(path));
  if (length <= 0) return absl::InternalError("readlink /proc/self/exe");
  return std::string(path, static_cast<size_t>(length));
}

std::string ProgramWord(const CLI::App& command) {
  const std::string name = command.get_parent()->get_name();
  const bool plain = name.find_first_of(" '\"$&;") == std::string::npos;
  return plain ? name : ShellQuote(name);
}

std::string ReplayCommand(const CLI::App& command, const Target& target) {
  return absl::StrCat(ProgramWord(command), " replay {file} ", target.argument());
}

// Not by ifstream: of a folder it opens, and then throws.
absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  FILE* const file = std::fopen(path.c_str(), "rb");
  std::string bytes;
  char buffer[65536];
  size_t got = 0;
  while (file != nullptr && bytes.size() <= kMaxFileBytes &&
         (got = std::fread(buffer, 1, sizeof(buffer), file)) > 0) {
    bytes.append(buffer, got);
  }
  const bool read = file != nullptr && std::ferror(file) == 0;
  if (file != nullptr) std::fclose(file);
  if (!read) return absl::InvalidArgumentError(absl::StrCat(path, ": it can't be read"));
  if (bytes.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": it has more than ", kMaxFileBytes >> 20,
                                                   " MiB, which no scenario and "
                                                   "no report has"));
  }
  return bytes;
}

int Complain(int status, absl::string_view message) {
  std::fprintf(stderr, "verbatim: %s\n", PlainText(message).c_str());
  return status;
}

int Complain(const absl::Status& error) {
  if (absl::IsInvalidArgument(error)) return Complain(kExitUsage, error.message());
  if (absl::IsInternal(error) || absl::IsResourceExhausted(error)) {
    return Complain(kExitOurFault, absl::StrCat("an error of Verbatim itself: ", error.message()));
  }
  return Complain(kExitNotJudged, absl::StrCat("nothing could be judged: ", error.message()));
}

void WaitIfInterrupted() {
  while (interrupted) ::pause();
}

void EndTargetsOnSignals(std::function<void()> at_end) {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // inherited by every later thread
  std::thread([signals, at_end = std::move(at_end)] {
    int signal = 0;
    ::sigwait(&signals, &signal);
    interrupted = true;
    KillDescendants();
    RemovePathClaims();
    if (at_end) at_end();
    ::_exit(128 + signal);
  }).detach();
}

bool UseColor(bool no_color) {
  return !no_color && std::getenv("NO_COLOR") == nullptr && ::isatty(STDOUT_FILENO) == 1;
}

}  // namespace verbatim