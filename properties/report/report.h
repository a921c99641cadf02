// Report: what a check came to, as data: how it was called, and its outcomes. Each form of a report
// is made from one of these and from nothing else.
// Not for: any of those forms (json.h, junit.h, tap.h; terminal.h, for a person).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "properties/judge/outcome.h"

namespace verbatim {

// How a check was called.
struct RunInfo {
  std::string version;    // of Verbatim
  std::string target;     // as the command line has it: "tcp://127.0.0.1:7", "--spawn '…'"
  std::string transport;  // "tcp", "unix", "stdio"
  uint64_t seed = 1;
  int cases = 0;
  std::string profile;  // "robust", "rfc"
  bool strict = false;
  int shard = 0;                    // 1 to `shards`; 0: the whole run
  int shards = 0;                   // 0: the whole run
  std::vector<std::string> chosen;  // ids, for the whole run and in its order, whatever the shard
  double seconds = 0;
  int starts = 0;                  // of a spawned target
  std::vector<std::string> notes;  // "the target was started again after ID"
};

struct Report {
  RunInfo info;
  std::vector<Outcome> outcomes;  // in the order of `chosen`
};

// "0.1.0"
absl::string_view Version();

// "verbatim check TARGET  (seed 1, 100 cases, shard 1 of 3)", with a newline: what a report for a
// person begins with.
std::string HeadLine(const RunInfo& info);

// "verbatim check --only {id} --seed 1 --cases 100 tcp://127.0.0.1:7": how a requirement is checked
// again as it was, for TerminalOptions::recheck_command. `program` is a word for a shell.
std::string RecheckCommand(absl::string_view program, const RunInfo& info);

// What an outcome is to a test runner that knows pass, failure, error and skip. A level S that is
// not met is a failure only if the run is strict.
enum class TestResult { kPass, kFailure, kError, kSkipped };
TestResult AsTest(const Outcome& outcome, bool strict);

// In a line: why an outcome is no pass. Without anything raw of the target's.
std::string TestMessage(const Outcome& outcome);

}  // namespace verbatim
