// What fuzz/step_mutator.h promises: every change is a scenario of its role within the bounds,
// and the changes differ.
#include "fuzz/step_mutator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "properties/scenario/bytes.h"
#include "properties/scenario/text.h"

namespace verbatim {
namespace {

constexpr size_t kMaxBytes = 400, kMostPayloadBytes = 4096;
constexpr MutatedTo kServer = {Role::kServer, kMostPayloadBytes};
constexpr MutatedTo kDatagrams = {Role::kDatagramServer, kMostPayloadBytes};
constexpr MutatedTo kClient = {Role::kClient, kMostPayloadBytes};

// `text` after `rounds` changes.
std::string Mutated(std::string bytes, unsigned seed, int rounds = 1, MutatedTo to = kServer) {
  for (int i = 0; i < rounds; ++i) {
    const size_t size = bytes.size();
    bytes.resize(kMaxBytes);
    bytes.resize(MutateSteps(reinterpret_cast<uint8_t*>(&bytes[0]), size, kMaxBytes,
                             seed + static_cast<unsigned>(i), to, nullptr));
  }
  return bytes;
}

std::string Encoded(absl::string_view lines) {
  const auto scenario = ParseScenario(std::string("# verbatim scenario 1\n") + std::string(lines));
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return EncodeScenario(*scenario);
}

TEST(MutateSteps, FromNothingMakesScenariosWithFaultsAndSeveralConnections) {
  bool has_faults = false, has_connections = false, has_long_ones = false;
  std::set<Step::Kind> kinds;
  for (unsigned seed = 1; seed <= 50; ++seed) {
    const Scenario scenario = DecodeScenario(Mutated("", 1000 * seed, 60));
    EXPECT_EQ(scenario.role, Role::kServer);
    EXPECT_LE(scenario.payload.Size(), kMostPayloadBytes);
    has_faults = has_faults || !scenario.faults.empty();
    has_connections = has_connections || Connections(scenario) > 1;
    has_long_ones = has_long_ones || scenario.steps.size() > 8;
    for (const Step& step : scenario.steps) kinds.insert(step.kind);
  }
  EXPECT_EQ(kinds.size(), 12u) << "of a server's steps";
  EXPECT_TRUE(has_faults && has_connections && has_long_ones);
}

TEST(MutateSteps, ForAClientMakesScenariosOfThatRoleAlone) {
  bool has_faults = false, has_long_ones = false;
  std::set<Step::Kind> kinds;
  for (unsigned seed = 1; seed <= 50; ++seed) {
    const std::string from = Encoded("payload coded 9 seed 1\nsend 1\nawait\n");
    const Scenario scenario = DecodeScenario(Mutated(from, 1000 * seed, 60, kClient));
    EXPECT_EQ(scenario.role, Role::kClient);
    EXPECT_LE(scenario.payload.Size(), kMostPayloadBytes);
    has_faults = has_faults || !scenario.faults.empty();
    has_long_ones = has_long_ones || scenario.steps.size() > 8;
    for (const Step& step : scenario.steps) kinds.insert(step.kind);
  }
  EXPECT_EQ(kinds.size(), 10u) << "of a client's steps";
  EXPECT_TRUE(has_faults && has_long_ones);
}

TEST(MutateSteps, ForDatagramsMakesScenariosOfThatRoleAlone) {
  bool has_faults = false, has_connections = false, has_empty_ones = false;
  std::set<Step::Kind> kinds;
  for (unsigned seed = 1; seed <= 50; ++seed) {
    const std::string from = Encoded("payload coded 9 seed 1\nsend 1\nawait\n");
    const Scenario scenario = DecodeScenario(Mutated(from, 1000 * seed, 60, kDatagrams));
    EXPECT_EQ(scenario.role, Role::kDatagramServer);
    EXPECT_LE(scenario.payload.Size(), kMostPayloadBytes);
    has_faults = has_faults || !scenario.faults.empty();
    has_connections = has_connections || Connections(scenario) > 1;
    for (const Step& step : scenario.steps) {
      kinds.insert(step.kind);
      has_empty_ones = has_empty_ones || (step.kind == Step::Kind::kSend && step.amount == 0);
    }
  }
  EXPECT_EQ(kinds.size(), 5u) << "of those that datagrams have";
  EXPECT_TRUE(has_faults && has_connections && has_empty_ones);
}

TEST(MutateSteps, TheSameSeedMakesTheSameChangeAndAnotherAnother) {
  const std::string bytes = Encoded("payload coded 100 seed 1\nsend 3\nawait\nsend rest\n");
  std::set<std::string> changed;
  for (unsigned seed = 1; seed <= 100; ++seed) {
    EXPECT_EQ(Mutated(bytes, seed), Mutated(bytes, seed));
    changed.insert(Mutated(bytes, seed));
  }
  EXPECT_GT(changed.size(), 80u);
}

TEST(MutateSteps, BringsBackWhatIsNoServersOrTooLarge) {
  for (const absl::string_view lines :
       {"role client\npayload coded 9 seed 1\nfeed rest\n", "payload coded 999999 seed 1\nsend 1\n",
        "requirement a.b\npayload \"abc\"\nsend rest\n"}) {
    const Scenario scenario = DecodeScenario(Mutated(Encoded(lines), 3));
    EXPECT_EQ(scenario.role, Role::kServer);
    EXPECT_LE(scenario.payload.Size(), kMostPayloadBytes);
    EXPECT_EQ(scenario.requirement, "");
  }
}

// Of version 1, where a fault's kind was 15: what is not changed means what it meant.
constexpr absl::string_view kOldFault("\1\0\0\0\x64\0\1\0\xf\x8\5\1\2\0\0\0", 16);

TEST(MutateSteps, AnInputOfVersionOneKeepsItsMeaning) {
  const Fault fault = DecodeScenario(kOldFault).faults.at(0);
  int kept = 0;
  for (unsigned seed = 1; seed <= 100; ++seed) {
    const std::string changed = Mutated(std::string(kOldFault), seed);
    const std::vector<Fault> faults = DecodeScenario(changed).faults;
    kept += std::find(faults.begin(), faults.end(), fault) != faults.end();
    EXPECT_NE(changed[0], 1);
  }
  EXPECT_GT(kept, 40);
}

TEST(MutateSteps, ALiteralKeepsItsBytes) {
  const std::string bytes = Encoded("payload \"GET /\\r\\n\"\nsend 3\nsend rest\n");
  int kept = 0;
  for (unsigned seed = 1; seed <= 50; ++seed) {
    const Scenario scenario = DecodeScenario(Mutated(bytes, seed));
    kept += scenario.payload.literal && scenario.payload.bytes == "GET /\r\n";
  }
  EXPECT_GT(kept, 25);
}

TEST(MutateSteps, LinesStayAndComeAboutInEachRole) {
  for (const MutatedTo to : {kServer, kClient, kDatagrams}) {
    const std::string lines = Encoded(
        absl::StrCat("role ", RoleName(to.role), "\npayload coded 64 seed 1 overlay lines\n",
                     to.role == Role::kClient ? "feed 32\n" : "send 32\n"));
    const std::string none = Mutated("", 7, 1, to);
    int kept = 0, come = 0;
    for (unsigned seed = 1; seed <= 100; ++seed) {
      const Scenario scenario = DecodeScenario(Mutated(lines, seed, 1, to));
      EXPECT_EQ(scenario.role, to.role);
      kept += scenario.payload.overlay == Overlay::kLines;
      come += DecodeScenario(Mutated(none, 1000 * seed, 20, to)).payload.overlay == Overlay::kLines;
    }
    EXPECT_GT(kept, 75) << RoleName(to.role);
    EXPECT_GT(come, 5) << RoleName(to.role);
    EXPECT_LT(come, 50) << RoleName(to.role);
  }
}

TEST(MutateSteps, StaysWithinTheSizeThatItIsGiven) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::string bytes = Encoded("payload coded 100 seed 1\nsend 3\nawait\nsend 4\nsend 5\n");
    const size_t size = bytes.size();
    EXPECT_LE(
        MutateSteps(reinterpret_cast<uint8_t*>(&bytes[0]), size, size, seed, kServer, nullptr),
        size);
  }
}

TEST(MutateSteps, OneChangeInEightIsLeftToTheFuzzer) {
  int asked = 0;
  const ByteMutator by_bytes = [&asked](uint8_t*, size_t size, size_t) { return ++asked, size; };
  uint8_t bytes[kMaxBytes] = {};
  for (unsigned seed = 1; seed <= 800; ++seed) {
    MutateSteps(bytes, 8, kMaxBytes, seed, kServer, by_bytes);
  }
  EXPECT_GT(asked, 50);
  EXPECT_LT(asked, 200);
}

TEST(CrossSteps, BeginsLikeTheOneAndEndsLikeTheOther) {
  const std::string first = Encoded("payload coded 100 seed 1\nsend 1\nsend 2\nsend 3\n");
  const std::string second = Encoded("payload coded 50 seed 2\nsend 4\nsend 5\nsend 6\n");
  bool is_mixed = false;
  for (unsigned seed = 1; seed <= 50; ++seed) {
    uint8_t out[kMaxBytes];
    const size_t size = CrossSteps(reinterpret_cast<const uint8_t*>(first.data()), first.size(),
                                   reinterpret_cast<const uint8_t*>(second.data()), second.size(),
                                   out, sizeof(out), seed);
    const Scenario crossed = DecodeScenario({reinterpret_cast<const char*>(out), size});
    EXPECT_EQ(crossed.payload.size_bytes, 100u);
    EXPECT_LE(crossed.steps.size(), 6u);
    is_mixed = is_mixed || (crossed.steps.size() > 1 && crossed.steps.front().amount == 1 &&
                            crossed.steps.back().amount == 6);
  }
  EXPECT_TRUE(is_mixed);
}

TEST(CrossSteps, TheFirstOnesRoleAndLinesStay) {
  const std::string other = Encoded("payload coded 50 seed 2\nsend 4\nsend 5\n");
  for (const absl::string_view role : {"client", "datagram-server"}) {
    const std::string first =
        Encoded(absl::StrCat("role ", role, "\npayload coded 64 seed 1 overlay lines\n",
                             role == "client" ? "feed 32\nreply 32\n" : "send 32\nawait\n"));
    for (unsigned seed = 1; seed <= 20; ++seed) {
      uint8_t out[kMaxBytes];
      const size_t size = CrossSteps(reinterpret_cast<const uint8_t*>(first.data()), first.size(),
                                     reinterpret_cast<const uint8_t*>(other.data()), other.size(),
                                     out, sizeof(out), seed);
      const Scenario crossed = DecodeScenario({reinterpret_cast<const char*>(out), size});
      EXPECT_EQ(RoleName(crossed.role), role);
      EXPECT_EQ(crossed.payload.overlay, Overlay::kLines);
    }
  }
}

TEST(CrossSteps, EachHalfKeepsTheMeaningOfItsVersion) {
  const std::string today = Encoded("payload coded 50 seed 2\nsettle\n");
  const Fault fault = DecodeScenario(kOldFault).faults.at(0);
  bool is_mixed = false;
  const auto cross = [](absl::string_view first, absl::string_view second, unsigned seed) {
    uint8_t out[kMaxBytes];
    const size_t size = CrossSteps(reinterpret_cast<const uint8_t*>(first.data()), first.size(),
                                   reinterpret_cast<const uint8_t*>(second.data()), second.size(),
                                   out, sizeof(out), seed);
    return DecodeScenario({reinterpret_cast<const char*>(out), size});
  };
  for (unsigned seed = 1; seed <= 50; ++seed) {
    for (const Scenario& crossed : {cross(kOldFault, today, seed), cross(today, kOldFault, seed)}) {
      for (const Step& step : crossed.steps) EXPECT_EQ(step.kind, Step::Kind::kSettle);
      for (const Fault& each : crossed.faults) EXPECT_EQ(each, fault);
      is_mixed = is_mixed || (!crossed.steps.empty() && !crossed.faults.empty());
    }
  }
  EXPECT_TRUE(is_mixed);
}

}  // namespace
}  // namespace verbatim
