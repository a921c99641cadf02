// The seeds still reach what they were made for: what each comes to is a line of
// corpus/HARNESS.reaches, which a person has read. A change of a form or of a parser that makes
// seeds into something else shows here, where the harness itself would be content.
// Written anew by: VERBATIM_WRITE_REACHES=1 seeds_test. Then read the difference.
// Not for: the laws (the harnesses; ctest replays the corpus against them as corpus.HARNESS).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/address.h"
#include "core/endpoint.h"
#include "fuzz/datagram_hearing.h"
#include "fuzz/hearing.h"
#include "fuzz/played.h"
#include "properties/judge/datagram_judge.h"
#include "properties/judge/judge.h"
#include "properties/scenario/bytes.h"
#include "properties/scenario/text.h"
#include "properties/stage/simulated/stage.h"

namespace verbatim {
namespace {

namespace fs = std::filesystem;

const fs::path kCorpus = VERBATIM_CORPUS;

std::string Contents(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// Name and bytes, regressions too, but not the notes beside them.
std::map<std::string, std::string> Inputs(const std::string& harness) {
  std::map<std::string, std::string> inputs;
  for (const auto& entry : fs::recursive_directory_iterator(kCorpus / harness)) {
    if (!entry.is_regular_file() || entry.path().extension() == ".md") continue;
    inputs[fs::relative(entry.path(), kCorpus / harness).string()] = Contents(entry.path());
  }
  return inputs;
}

template <typename Value>
std::string Read(const absl::StatusOr<Value>& value) {
  return value.ok() ? absl::StrCat("read as ", absl::CHexEscape(value->ToString()))
                    : absl::StrCat("refused: ", absl::CHexEscape(value.status().message()));
}

std::string OfAddress(const std::string& input) { return Read(SocketAddress::Parse(input)); }
std::string OfEndpoint(const std::string& input) { return Read(Endpoint::Parse(input)); }
std::string OfSockaddr(const std::string& input) {
  sockaddr_storage storage{};
  std::copy_n(input.data(), std::min(input.size(), sizeof(storage)),
              reinterpret_cast<char*>(&storage));
  return Read(SocketAddress::FromSockaddr(reinterpret_cast<const sockaddr*>(&storage),
                                          static_cast<socklen_t>(input.size())));
}

std::string Shape(const Scenario& scenario) {
  return absl::StrCat(RoleName(scenario.role), ", ", scenario.payload.Size(), " bytes, ",
                      scenario.steps.size(), " steps, ", scenario.faults.size(), " faults, ",
                      Connections(scenario), " connections");
}

std::string OfScenario(const std::string& input) {
  const absl::StatusOr<Scenario> parsed = ParseScenario(input);
  if (parsed.ok()) return absl::StrCat("text: ", Shape(*parsed));
  if (input.rfind("# verbatim", 0) == 0) {
    return absl::StrCat("refused: ", absl::CHexEscape(parsed.status().message()));
  }
  return absl::StrCat("bytes: ", Shape(DecodeScenario(input)));
}

SimulatedPlay Play(SimulatedStage& stage, const std::string& input) {
  const Scenario scenario = DecodeScenario(input);
  return stage.Play(scenario, OptionsFor(scenario));
}

std::string Over(const Scenario& scenario) {
  const SimulatedStageOptions options = OptionsFor(scenario);
  const bool is_unix = IsUnix(options.transport);
  const bool is_udp = scenario.role == Role::kDatagramServer && !is_unix;
  return absl::StrCat(is_udp ? "udp" : TransportName(options.transport), is_unix        ? ""
                                                                         : options.ipv6 ? ", IPv6"
                                                                                        : ", IPv4");
}

// Which faults are met: one that isn't makes a dead seed.
std::string OfPlay(const std::string& input) {
  SimulatedStage stage;
  const Scenario scenario = DecodeScenario(input);
  const SimulatedPlay play = Play(stage, input);
  std::string text =
      absl::StrCat(Shape(scenario), ", over ", Over(scenario), "; ", SimulatedSentence(play));
  std::map<std::string, int> met;
  for (const Fault& fault : play.met) ++met[std::string(CallName(fault.call))];
  for (const auto& [call, times] : met) absl::StrAppend(&text, "; ", call, " hit ", times);
  return text;
}

std::string OfHearing(const std::string& input) {
  const Hearing hearing = ReadHearing(input);
  std::string text = absl::StrCat(hearing.events.size(), " events");
  for (const Way way : WaysOf(hearing)) {
    absl::StrAppend(&text, "; ", VerdictSentence(JudgeOf(hearing, way).Finish()));
  }
  return text;
}

std::string OfDatagramHearing(const std::string& input) {
  const Hearing hearing = ReadDatagramHearing(input);
  DatagramJudge judge(hearing.scenario, hearing.rules);
  for (size_t i = 0; i < hearing.events.size(); ++i) {
    Event event = hearing.events[i];
    if (event.kind == Event::Kind::kReceived) event.data = hearing.data[i];
    judge.Observe(event);
  }
  return absl::StrCat(hearing.events.size(), " events; ", VerdictSentence(judge.Finish()));
}

// Those whose inputs come to something that can be said without their harness.
const std::map<std::string, std::function<std::string(const std::string&)>>& Reached() {
  static const auto* const reached =
      new std::map<std::string, std::function<std::string(const std::string&)>>{
          {"address_fuzzer", OfAddress},   {"differential_address_fuzzer", OfAddress},
          {"endpoint_fuzzer", OfEndpoint}, {"sockaddr_fuzzer", OfSockaddr},
          {"scenario_fuzzer", OfScenario}, {"server_fuzzer", OfPlay},
          {"client_fuzzer", OfPlay},       {"datagram_fuzzer", OfPlay},
          {"judge_fuzzer", OfHearing},     {"datagram_judge_fuzzer", OfDatagramHearing}};
  return *reached;
}

// Those whose inputs are scenarios that are played.
const std::set<std::string> kPlayed = {"server_fuzzer", "client_fuzzer", "datagram_fuzzer"};

class Seeds : public testing::TestWithParam<std::string> {};

TEST_P(Seeds, ReachWhatTheyWereMadeFor) {
  const std::string& harness = GetParam();
  std::string text =
      absl::StrCat("# What each seed of ", harness, " comes to (fuzz/seeds_test.cc).\n");
  for (const auto& [name, bytes] : Inputs(harness)) {
    absl::StrAppend(&text, name, ": ", Reached().at(harness)(bytes), "\n");
  }
  const fs::path file = kCorpus / absl::StrCat(harness, ".reaches");
  if (std::getenv("VERBATIM_WRITE_REACHES") != nullptr) std::ofstream(file) << text;
  EXPECT_EQ(text, Contents(file)) << "if it is meant: VERBATIM_WRITE_REACHES=1, and read it";
}

INSTANTIATE_TEST_SUITE_P(Corpus, Seeds, testing::ValuesIn([] {
                           std::vector<std::string> names;
                           for (const auto& entry : Reached()) names.push_back(entry.first);
                           return names;
                         }()),
                         [](const auto& info) { return info.param; });

TEST(Corpus, EverySeedIsMoreThanOneOfAnother) {
  for (const auto& entry : fs::directory_iterator(kCorpus)) {
    if (!entry.is_directory()) continue;
    std::map<std::string, std::string> by_bytes;
    for (const auto& [name, bytes] : Inputs(entry.path().filename().string())) {
      const auto [found, is_new] = by_bytes.emplace(bytes, name);
      EXPECT_TRUE(is_new) << entry.path().filename() << ": " << name << " is " << found->second;
    }
  }
}

// What libFuzzer names by its hash is no seed yet: a person says what it is there for.
TEST(Corpus, EverySeedHasAName) {
  for (const auto& entry : fs::recursive_directory_iterator(kCorpus)) {
    const std::string name = entry.path().filename().string();
    const bool is_hash =
        name.size() == 40 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
    EXPECT_FALSE(is_hash) << entry.path();
  }
}

// A bug that was mended is told of beside the input that shows it.
TEST(Corpus, EveryRegressionHasItsStory) {
  for (const auto& entry : fs::recursive_directory_iterator(kCorpus)) {
    const fs::path path = entry.path();
    if (path.parent_path().filename() != "regressions" || path.extension() == ".md") continue;
    EXPECT_TRUE(fs::exists(path.string() + ".md")) << path;
  }
}

// In one process after others, in whatever order, an input does what it does alone: of those that
// are played all that happens, byte for byte; of the others, what they come to.
TEST(Corpus, HasTheSameTracesTwiceAndInShuffledOrder) {
  SimulatedStage stage;
  const auto trace = [&](const std::string& harness, const std::string& bytes) {
    const bool is_played = kPlayed.count(harness) > 0;
    return is_played ? absl::StrCat(Play(stage, bytes).transcript_hash)
                     : Reached().at(harness)(bytes);
  };
  struct Traced {
    std::string harness, name, bytes, trace;
  };
  std::vector<Traced> all;
  for (const auto& [harness, reached] : Reached()) {
    for (const auto& [name, bytes] : Inputs(harness)) {
      all.push_back({harness, name, bytes, trace(harness, bytes)});
    }
  }
  std::shuffle(all.begin(), all.end(), std::minstd_rand(7));
  for (const Traced& one : all) {
    EXPECT_EQ(trace(one.harness, one.bytes), one.trace) << one.harness << "/" << one.name;
  }
}

}  // namespace
}  // namespace verbatim
