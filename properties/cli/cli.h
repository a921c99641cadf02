// The program verbatim: one function a subcommand, and what they share.
// Not for: any judgement; everything here is arguments and output.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "properties/requirements/requirement.h"
#include "properties/stage/socket/target.h"

namespace verbatim {

// The program's exit status.
inline constexpr int kExitHolds = 0;
inline constexpr int kExitFails = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitNotJudged = 3;
inline constexpr int kExitOurFault = 70;

// Each adds its subcommand, which puts the exit status into *status.
void AddCheck(CLI::App& app, int* status);
void AddClient(CLI::App& app, int* status);
void AddReplay(CLI::App& app, int* status);
void AddShow(CLI::App& app, int* status);
void AddList(CLI::App& app, int* status);
void AddExplain(CLI::App& app, int* status);
void AddMutants(CLI::App& app, int* status);
void AddMerge(CLI::App& app, int* status);
void AddAddress(CLI::App& app, int* status);
void AddServe(CLI::App& app, int* status);
void AddPretend(CLI::App& app, int* status);

// This program as it was called, as a word for a shell: "build/release/bin/verbatim". `command` is
// one of its subcommands.
std::string ProgramWord(const CLI::App& command);
// "build/release/bin/verbatim replay {file} --builtin": how to play a failure again on that target.
std::string ReplayCommand(const CLI::App& command, const Target& target);

// All bytes of a file. Returns kInvalidArgument, in words for the user, iff it can't be read or has
// more than 256 MiB.
absl::StatusOr<std::string> ReadWhole(const std::string& path);

// Prints "verbatim: MESSAGE" as one line on standard error, and returns `status`.
int Complain(int status, absl::string_view message);
// The same for an error of the engine or the target: 2, 3 or 70 by its code.
int Complain(const absl::Status& error);

// Which target: --spawn, --stdio, --builtin, --mutant, or an endpoint given as a word.
struct TargetFlags {
  std::string endpoint;
  std::string spawn;
  std::string over = "tcp";  // or udp, unix, unixgram; of --spawn, --builtin and --mutant
  std::string ready_after;   // a duration: so long after --spawn listens
  std::string ready_when;    // a regular expression of what --spawn prints
  std::string behind;        // what stands behind --spawn: "echo", or a command
  std::string stdio;
  bool builtin = false;
  std::string mutant;
};
// What --over may be: kTcp, kUdp, kUnix, kUnixgram. Of other text it is kTcp.
Transport TransportOver(absl::string_view over);
void AddTargetFlags(CLI::App* command, TargetFlags* flags);
// Returns kInvalidArgument, in words for the user, iff not exactly one is named or it can't be
// read.
absl::StatusOr<std::unique_ptr<Target>> MakeTarget(const TargetFlags& flags);

// A client under test, of verbatim client: --spawn, --builtin or --mutant.
struct ClientFlags {
  std::string strip_prefix;
  bool lines = false;
  bool pty = false;
};
void AddClientFlags(CLI::App* command, ClientFlags* flags);
// Returns kInvalidArgument, in words for the user, iff not exactly one is named or it can't be
// read.
absl::StatusOr<std::unique_ptr<Target>> MakeClient(const TargetFlags& target,
                                                   const ClientFlags& flags);

// This very program, as a file. Returns kInternal iff that can't be read.
absl::StatusOr<std::string> Self();

// How long things take, and how much is played.
struct BudgetFlags {
  uint64_t seed = 1;
  int cases = 100;
  std::string budget = "60s";
  std::string deadline = "2s";
  double timeout_multiplier = 1;
  uint64_t bulk_bytes = Budget().bulk_bytes;
  int fragment_bytes = Budget().fragment_bytes;
  int connections = Budget().connections;
  std::string idle = "1s";
};
void AddBudgetFlags(CLI::App* command, BudgetFlags* flags);
void AddSizeFlags(CLI::App* command, BudgetFlags* flags);  // the last four
// More than 0 and at most `limit`, times `multiplier`. Returns kInvalidArgument, naming the flag,
// iff the text is no such duration.
absl::StatusOr<int64_t> Milliseconds(absl::string_view flag, const std::string& text,
                                     double multiplier, absl::Duration limit = absl::Hours(24));
// The budget begins now. Returns kInvalidArgument iff a duration can't be read or is not positive.
absl::StatusOr<Budget> MakeBudget(const BudgetFlags& flags);

// From here on SIGINT, SIGTERM and SIGHUP end this program together with all that it has started.
// `at_end` is called last, on a thread of its own, while the others may still run.
void EndTargetsOnSignals(std::function<void()> at_end = nullptr);
// Returns, unless such a signal has come: then what is seen is of our own making, and must not be
// told.
void WaitIfInterrupted();

// Whether standard output takes colours: a terminal, and neither --no-color nor NO_COLOR.
bool UseColor(bool no_color);

}  // namespace verbatim
