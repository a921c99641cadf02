// Which requirements a check holds its target to, and which of them this shard has.
// Not for: holding (requirements/schedule.h).
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "properties/requirements/requirement.h"

namespace verbatim {

struct ChoiceFlags {
  std::vector<std::string> only;
  std::vector<std::string> except;
  std::string profile = "robust";
  std::string shard;  // "I/N"; empty: as the environment has it
};
void AddChoiceFlags(CLI::App* command, ChoiceFlags* flags);

struct Choice {
  std::vector<Requirement> whole;  // in the catalogue's order, levels as the profile has them
  std::vector<Requirement> mine;   // every N-th of those, from the I-th on; all if not sharded
  int shard = 0;                   // 1 to `shards`; 0: not sharded
  int shards = 0;
};

// Of that family, by the flags and, without --shard, by GoogleTest's variables (GTEST_TOTAL_SHARDS,
// GTEST_SHARD_INDEX) or Bazel's (TEST_TOTAL_SHARDS, TEST_SHARD_INDEX); TEST_SHARD_STATUS_FILE and
// GTEST_SHARD_STATUS_FILE are touched, which says that sharding is understood. A shard may have
// nothing to do. Returns kInvalidArgument iff a glob matches nothing, nothing is left, or a shard
// can't be read: a check that chooses nothing must never look like one that found nothing.
absl::StatusOr<Choice> Choose(const ChoiceFlags& flags, Family family = Family::kStream);

}  // namespace verbatim
