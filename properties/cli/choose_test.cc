// Filters, profiles and shards: that nothing is chosen twice, left out, or silently nothing.
#include "properties/cli/choose.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>

namespace verbatim {
namespace {

// The requirements that Choose knows of by default.
std::vector<Requirement> Streams() {
  std::vector<Requirement> rows;
  for (const Requirement& row : Catalogue()) {
    if (row.family == Family::kStream) rows.push_back(row);
  }
  return rows;
}

std::vector<std::string> Ids(const std::vector<Requirement>& rows) {
  std::vector<std::string> ids;
  for (const Requirement& row : rows) ids.emplace_back(row.id);
  return ids;
}

// Sets variables of the environment, and takes them away again.
class Environment {
 public:
  explicit Environment(std::map<std::string, std::string> variables)
      : variables_(std::move(variables)) {
    for (const auto& [name, value] : variables_) ::setenv(name.c_str(), value.c_str(), 1);
  }
  ~Environment() {
    for (const auto& [name, value] : variables_) ::unsetenv(name.c_str());
  }

 private:
  std::map<std::string, std::string> variables_;
};

TEST(Choose, WithoutFlagsEverythingIsChosen) {
  const auto choice = Choose({});
  ASSERT_TRUE(choice.ok());
  EXPECT_EQ(choice->whole.size(), Streams().size());
  EXPECT_EQ(Ids(choice->mine), Ids(choice->whole));
  EXPECT_EQ(choice->shards, 0);
}

TEST(Choose, AFilterThatMatchesNothingIsNamed) {
  ChoiceFlags flags;
  flags.only = {"stream.exact.*", "stream.exakt.*"};
  EXPECT_EQ(Choose(flags).status().message(),
            "--only stream.exakt.*: no requirement matches (see: verbatim list)");
  flags = {};
  flags.except = {"nothing"};
  EXPECT_TRUE(absl::IsInvalidArgument(Choose(flags).status()));
  flags.except = {"*"};
  EXPECT_EQ(Choose(flags).status().message(), "--only and --except leave nothing to check");
}

TEST(Choose, EachFamilyHasItsOwnAndAFilterOfAnotherIsNamed) {
  for (const Family family : {Family::kStream, Family::kDatagram, Family::kIcmp}) {
    const auto choice = Choose({}, family);
    ASSERT_TRUE(choice.ok());
    EXPECT_GT(choice->whole.size(), 3u);
    for (const Requirement& row : choice->whole) {
      EXPECT_EQ(row.id.substr(0, row.id.find('.')), FamilyName(family));
    }
  }
  ChoiceFlags flags;
  flags.only = {"stream.*"};
  EXPECT_EQ(Choose(flags, Family::kDatagram).status().message(),
            "--only stream.*: that is for targets over tcp, unix and stdio; this one has "
            "datagram.*");
}

TEST(Choose, TheProfileOfTheStandardsLowersWhatIsRobustAndNothingElse) {
  ChoiceFlags flags;
  flags.profile = "rfc";
  const auto choice = Choose(flags);
  ASSERT_TRUE(choice.ok());
  const std::vector<Requirement> rows = Streams();
  for (size_t i = 0; i < choice->whole.size(); ++i) {
    const Requirement& row = rows[i];
    const bool lowered = row.basis == Basis::kRobust && row.level == Level::kMust;
    EXPECT_EQ(choice->whole[i].level, lowered ? Level::kShould : row.level) << row.id;
  }
}

TEST(Choose, ShardsTogetherHaveEachRequirementOnce) {
  for (const int shards : {1, 2, 3, 7, 100}) {
    std::map<std::string, int> times;
    for (int shard = 1; shard <= shards; ++shard) {
      ChoiceFlags flags;
      flags.shard = std::to_string(shard) + "/" + std::to_string(shards);
      const auto choice = Choose(flags);
      ASSERT_TRUE(choice.ok()) << choice.status();
      EXPECT_EQ(choice->whole.size(), Streams().size());
      for (const std::string& id : Ids(choice->mine)) ++times[id];
    }
    EXPECT_EQ(times.size(), Streams().size());
    for (const auto& [id, count] : times) EXPECT_EQ(count, 1) << id;
  }
}

TEST(Choose, AShardThatCantBeReadIsRefused) {
  for (const char* const text : {"1", "0/3", "4/3", "1/0", "-1/3", "1/-3", "1/3/5", "a/b", "/",
                                 "1/", "/3", "+1/3", " 1/3", "1/99999999999999"}) {
    ChoiceFlags flags;
    flags.shard = text;
    EXPECT_TRUE(absl::IsInvalidArgument(Choose(flags).status())) << text;
  }
}

TEST(Choose, TheVariablesOfGoogleTestAndBazelAreHeeded) {
  for (const std::string name : {"GTEST", "TEST"}) {
    const std::string file = testing::TempDir() + "/verbatim-shard-status-" + name;
    ::remove(file.c_str());
    const Environment environment({{name + "_TOTAL_SHARDS", "3"},
                                   {name + "_SHARD_INDEX", "2"},
                                   {name + "_SHARD_STATUS_FILE", file}});
    const auto choice = Choose({});
    ASSERT_TRUE(choice.ok());
    EXPECT_EQ(choice->shard, 3);
    EXPECT_EQ(choice->shards, 3);
    EXPECT_EQ(::remove(file.c_str()), 0) << "the status file was not touched";
    ChoiceFlags flags;
    flags.shard = "1/2";
    EXPECT_EQ(Choose(flags)->shards, 2) << "the flag goes first";
  }
}

TEST(Choose, VariablesThatCantBeReadAreRefused) {
  const Environment environment({{"GTEST_TOTAL_SHARDS", "3"}, {"GTEST_SHARD_INDEX", "3"}});
  EXPECT_TRUE(absl::IsInvalidArgument(Choose({}).status()));
}

}  // namespace
}  // namespace verbatim
