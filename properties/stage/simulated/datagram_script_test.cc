// The simulated stage for datagrams: a sound server holds, what faults take is excused and nothing
// else is.
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "properties/scenario/text.h"
#include "properties/stage/simulated/stage.h"

namespace verbatim {
namespace {

Scenario DatagramsFromText(absl::string_view lines) {
  auto scenario =
      ParseScenario(absl::StrCat("# verbatim scenario 1\nrole datagram-server\n", lines));
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return scenario.ok() ? *scenario : Scenario();
}

std::string Told(absl::string_view lines, Transport transport = Transport::kTcp,
                 size_t* met = nullptr) {
  SimulatedStage stage;
  const SimulatedPlay play = stage.Play(DatagramsFromText(lines), {.transport = transport});
  if (met != nullptr) *met = play.met.size();
  return SimulatedSentence(play);
}

constexpr absl::string_view kAllAnswered = "held: every byte came back as it was sent";
constexpr absl::string_view kFour =
    "payload coded 5000 seed 3\n"
    "send 3\nsend 0\nawait\nsend 500\n@2 connect\n@2 send 700\n@2 await\nsend rest\n"
    "@2 close\nawait\n";

TEST(SimulatedDatagrams, ASoundServerHoldsOverBothTransports) {
  for (const Transport transport : {Transport::kTcp, Transport::kUnix}) {
    EXPECT_EQ(Told(kFour, transport), kAllAnswered) << TransportName(transport);
  }
}

TEST(SimulatedDatagrams, WhoIsGoneBeforeTheAnswerIsNotWaitedFor) {
  EXPECT_EQ(Told("payload coded 50 seed 1\nsend rest\nclose\n@2 connect\n@2 send 1\n@2 await\n"),
            kAllAnswered);
}

TEST(SimulatedDatagrams, AnAnswerThatAFaultTookIsExcused) {
  size_t met = 0;
  EXPECT_EQ(Told(absl::StrCat(kFour, "fault sendmsg ENOBUFS\n"), Transport::kTcp, &met),
            kAllAnswered);
  EXPECT_EQ(met, 1u);
}

TEST(SimulatedDatagrams, AnInterruptionTakesNothing) {
  size_t met = 0;
  EXPECT_EQ(Told(absl::StrCat(kFour, "fault sendmsg EINTR\nfault recvmsg EINTR times 3\n"),
                 Transport::kUnix, &met),
            kAllAnswered);
  EXPECT_EQ(met, 4u);
}

TEST(SimulatedDatagrams, TheSameScenarioHasTheSameHashAndAnotherAnother) {
  SimulatedStage stage;
  const Scenario scenario = DatagramsFromText(kFour);
  const uint64_t hash = stage.Play(scenario, {}).transcript_hash;
  EXPECT_EQ(stage.Play(scenario, {}).transcript_hash, hash);
  EXPECT_NE(
      stage.Play(DatagramsFromText("payload coded 1 seed 1\nsend 1\nawait\n"), {}).transcript_hash,
      hash);
}

// IPv4 has no datagram of more than 65,507 bytes: the server never gets it.
TEST(SimulatedDatagrams, ASilenceThatNoFaultExplainsIsWithheld) {
  const std::string lines = "payload coded 65520 seed 1\nsend rest\n@2 connect\n@2 send 3\n";
  EXPECT_EQ(Told(absl::StrCat(lines, "await\n")).rfind("withheld: ", 0), 0u);
  EXPECT_EQ(Told(lines).rfind("withheld: ", 0), 0u) << "what is awaited last counts too";
  EXPECT_EQ(Told(absl::StrCat(lines, "fault sendmsg ENOBUFS\n")).rfind("withheld: ", 0), 0u)
      << "one of two is excused";
  EXPECT_EQ(Told(lines, Transport::kUnix), kAllAnswered) << "which knows larger ones";
}

TEST(SimulatedDatagrams, AFaultOfTheSetUpEndsTheServerAndIsExcused) {
  EXPECT_EQ(Told(absl::StrCat(kFour, "fault bind EADDRINUSE\n")), kAllAnswered);
}

}  // namespace
}  // namespace verbatim
