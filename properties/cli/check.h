// A check, whatever its target: what verbatim check and verbatim client share.
// Not for: which target (target_flags.cc, client.cc), or the outcomes themselves
// (requirements/schedule.h).
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "properties/cli/choose.h"
#include "properties/cli/cli.h"
#include "properties/stage/socket/target.h"

namespace verbatim {

struct CheckFlags {
  const CLI::App* command = nullptr;
  BudgetFlags budget;
  ChoiceFlags choice;
  std::vector<std::string> without;
  std::vector<std::string> reports;
  int jobs = 1;
  bool strict = false;
  std::string expect;
  std::string write_expect;
  std::string save = "verbatim-failures";
  bool no_color = false;
  bool quiet = false;
};
// All but those of the target and its sizes. `without`: what a target may leave unclaimed.
void AddCheckFlags(CLI::App* command, const std::vector<std::string>& without, CheckFlags* flags);

// Holds the target to what was chosen, tells it, and returns the exit status; an error of making it
// is told too.
int RunCheck(const CheckFlags& flags, absl::StatusOr<std::unique_ptr<Target>> target);

}  // namespace verbatim
