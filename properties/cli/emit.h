// verbatim replay --emit: a saved scenario as a script.
// Not for: playing it here (replay.cc).
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "properties/cli/cli.h"
#include "properties/scenario/scenario.h"

namespace verbatim {

struct ReplayFlags {
  const CLI::App* command = nullptr;
  TargetFlags target;
  ClientFlags client;
  BudgetFlags budget;
  std::vector<std::string> words;
  std::string emit;
  bool no_color = false;

  bool TargetIsFlagged() const {
    return target.builtin || !target.spawn.empty() || !target.stdio.empty() ||
           !target.mutant.empty();
  }
};

// `*text` gets the file's. Returns kInvalidArgument, in words for the user, iff it can't be read.
absl::StatusOr<Scenario> ReadScenario(const std::string& path, std::string* text);

// Prints the script of the one file that is named, and an endpoint behind it or not. Returns the
// program's exit status.
int Emit(ReplayFlags flags);

}  // namespace verbatim
