// Globs, profiles and shards.
// Not for: the catalogue itself.
#include "properties/cli/choose.h"

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <optional>

#include "absl/strings/str_cat.h"

namespace verbatim {
namespace {

constexpr int kMaxShards = 10'000;

bool AnyMatches(const std::vector<std::string>& globs, absl::string_view id) {
  for (const std::string& glob : globs) {
    if (GlobMatches(glob, id)) return true;
  }
  return false;
}

absl::string_view WhereFamilyIs(Family family) {
  switch (family) {
    case Family::kStream:
      return "over tcp, unix and stdio";
    case Family::kDatagram:
      return "over udp and unixgram";
    case Family::kIcmp:
      return "of icmp://";
    case Family::kClient:
      return "that are clients over tcp and unix (verbatim client)";
    case Family::kDatagramClient:
      return "that are clients over udp and unixgram (verbatim client)";
  }
  return "";
}

absl::Status EachMatches(absl::string_view flag, const std::vector<std::string>& globs,
                         Family family) {
  for (const std::string& glob : globs) {
    bool any = false;
    std::optional<Family> other;
    for (const Requirement& row : Catalogue()) {
      if (!GlobMatches(glob, row.id)) continue;
      any = any || row.family == family;
      other = row.family;
    }
    if (any) continue;
    const std::string why = !other ? "no requirement matches (see: verbatim list)"
                                   : absl::StrCat("that is for targets ", WhereFamilyIs(*other),
                                                  "; this one has ", FamilyName(family), ".*");
    return absl::InvalidArgumentError(absl::StrCat(flag, " ", glob, ": ", why));
  }
  return absl::OkStatus();
}

// Digits and nothing else, `least` to `most`.
std::optional<int> Number(absl::string_view text, int least, int most) {
  int value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || text[0] == '-' || error != std::errc() || stop != end) return std::nullopt;
  if (value < least || value > most) return std::nullopt;
  return value;
}

absl::Status FromFlag(absl::string_view text, Choice* choice) {
  const size_t slash = text.find('/');
  if (slash != absl::string_view::npos) {
    const std::optional<int> shards = Number(text.substr(slash + 1), 1, kMaxShards);
    const std::optional<int> shard = Number(text.substr(0, slash), 1, shards.value_or(1));
    if (shards && shard) {
      choice->shard = *shard;
      choice->shards = *shards;
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--shard ", text, ": write I/N, such as 1/3, 2/3 or 3/3"));
}

// Both count from 0.
absl::Status FromEnvironment(const char* total, const char* index, const char* status_file,
                             Choice* choice) {
  const char* const shards_text = std::getenv(total);
  if (shards_text == nullptr || choice->shards != 0) return absl::OkStatus();
  const char* const shard_text = std::getenv(index);
  const std::optional<int> shards = Number(shards_text, 1, kMaxShards);
  const std::optional<int> shard =
      Number(shard_text == nullptr ? "" : shard_text, 0, shards.value_or(1) - 1);
  if (!shards || !shard) {
    return absl::InvalidArgumentError(absl::StrCat(
        total, "=", shards_text, ", ", index, "=", shard_text == nullptr ? "" : shard_text,
        ": the first is the number of shards, the second is from 0 to one less"));
  }
  if (const char* const path = std::getenv(status_file)) std::ofstream touched(path);
  if (*shards == 1) return absl::OkStatus();
  choice->shard = *shard + 1;
  choice->shards = *shards;
  return absl::OkStatus();
}

absl::Status FindShard(const std::string& flag, Choice* choice) {
  if (!flag.empty()) return FromFlag(flag, choice);
  absl::Status status =
      FromEnvironment("TEST_TOTAL_SHARDS", "TEST_SHARD_INDEX", "TEST_SHARD_STATUS_FILE", choice);
  if (!status.ok()) return status;
  return FromEnvironment("GTEST_TOTAL_SHARDS", "GTEST_SHARD_INDEX", "GTEST_SHARD_STATUS_FILE",
                         choice);
}

}  // namespace

absl::StatusOr<Choice> Choose(const ChoiceFlags& flags, Family family) {
  absl::Status known = EachMatches("--only", flags.only, family);
  known.Update(EachMatches("--except", flags.except, family));
  if (!known.ok()) return known;
  Choice choice;
  if (absl::Status status = FindShard(flags.shard, &choice); !status.ok()) return status;
  for (const Requirement& requirement : Catalogue()) {
    if (requirement.family != family) continue;
    if (!flags.only.empty() && !AnyMatches(flags.only, requirement.id)) continue;
    if (AnyMatches(flags.except, requirement.id)) continue;
    choice.whole.push_back(requirement);
    Requirement& chosen = choice.whole.back();
    chosen.lowered = flags.profile == "rfc" && requirement.basis == Basis::kRobust;
    if (chosen.lowered && chosen.level == Level::kMust) chosen.level = Level::kShould;
  }
  if (choice.whole.empty())
    return absl::InvalidArgumentError("--only and --except leave nothing to check");
  const size_t step = choice.shards == 0 ? 1 : static_cast<size_t>(choice.shards);
  for (size_t i = choice.shard == 0 ? 0 : static_cast<size_t>(choice.shard) - 1;
       i < choice.whole.size(); i += step) {
    choice.mine.push_back(choice.whole[i]);
  }
  return choice;
}

void AddChoiceFlags(CLI::App* command, ChoiceFlags* flags) {
  command
      ->add_option("--only", flags->only, "Only requirements of this form (* stands for anything)")
      ->allow_extra_args(false);
  command->add_option("--except", flags->except, "None of this form")->allow_extra_args(false);
  command
      ->add_option("--profile", flags->profile, "robust, or rfc: what no standard says is level S")
      ->check(CLI::IsMember({"rfc", "robust"}))
      ->capture_default_str();
  command->add_option("--shard", flags->shard,
                      "I/N: every N-th requirement, from the I-th on (merge: verbatim merge)");
}

}  // namespace verbatim
