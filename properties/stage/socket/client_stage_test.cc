// Clients of a few words of shell under scenarios of role client: sound ones hold, and what a
// hostile one does is named in bounded time, with nobody left behind.
#include "properties/stage/socket/client_stage.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "properties/scenario/text.h"
#include "properties/stage/socket/family.h"
#include "properties/stage/socket/judged.h"
#include "properties/stage/socket/process.h"

namespace verbatim {
namespace {

constexpr char kSocat[] = "exec socat -t 30 - TCP:{host}:{port}";
// Connected by descriptor 3; its standard input is 4, too, for what runs in the background.
constexpr char kBash[] = "exec bash -c 'exec 3<>/dev/tcp/{host}/{port} 4<&0; ";

std::string InBash(absl::string_view then) { return absl::StrCat(kBash, then, "'"); }

StageOptions Options() {
  StageOptions options;
  options.deadline_ms = 700;
  options.connect_deadline_ms = 15'000;
  return options;
}

struct Seen {
  Verdict verdict;
  std::string sentence;
  Played played;
};

Seen Held(ClientDoor door, absl::string_view steps, const StageOptions& options = Options(),
          const Rules& rules = Rules()) {
  const absl::StatusOr<Scenario> scenario =
      ParseScenario(absl::StrCat("# verbatim scenario 1\nrole client\n", steps));
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  Door way;
  way.client = std::make_shared<const ClientDoor>(std::move(door));
  const absl::StatusOr<Judged> judged = PlayJudged(*scenario, rules, way, options, nullptr);
  EXPECT_TRUE(judged.ok()) << judged.status();
  if (!judged.ok()) return {};
  return {judged->verdict, VerdictSentence(judged->verdict), judged->played};
}

Seen Held(const std::string& command, absl::string_view steps) {
  ClientDoor door;
  door.command = command;
  return Held(std::move(door), steps);
}

constexpr char kWhole[] =
    "payload coded 3000 seed 1\nfeed 1000\nreply 1\nreply 500\nfeed rest\nhold 5ms\nreply rest\n"
    "feed eof\nshutdown\nexpect output exact, status 0\n";

TEST(ClientStage, ASoundClientHolds) {
  const Seen ran = Held(kSocat, kWhole);
  EXPECT_EQ(ran.verdict.kind, Verdict::Kind::kHeld) << ran.sentence;
  EXPECT_EQ(ran.played.cuts, 2u);
}

TEST(ClientStage, ASoundClientHoldsOverAUnixSocketAndUdp) {
  ClientDoor door;
  door.command = "exec socat -t 30 - UNIX-CONNECT:{path}";
  door.over = Transport::kUnix;
  EXPECT_EQ(Held(door, kWhole).sentence, Held(kSocat, kWhole).sentence);
  door.command = "exec socat -t 2 - UDP:{host}:{port}";
  door.over = Transport::kUdp;
  const Seen ran =
      Held(door, "payload coded 300 seed 1\nfeed 100\nreply rest\nfeed rest\nreply rest\n");
  EXPECT_EQ(ran.verdict.kind, Verdict::Kind::kHeld) << ran.sentence;
}

TEST(ClientStage, OfSeveralConnectionsTheOneThatIsUsedCounts) {
  constexpr absl::string_view kTo = "/dev/tcp/{host}/{port}", kUses = "; cat <&4 >&3 & cat <&3'";
  const std::string last =
      absl::StrCat("exec bash -c 'exec 5<>", kTo, " 6<>", kTo, " 3<>", kTo, " 4<&0", kUses);
  EXPECT_EQ(Held(last, kWhole).verdict.kind, Verdict::Kind::kHeld) << Held(last, kWhole).sentence;
  // The first was only a try.
  const std::string left =
      absl::StrCat("exec bash -c 'exec 5<>", kTo, " 3<>", kTo, " 4<&0; exec 5>&-", kUses);
  EXPECT_EQ(Held(left, kWhole).verdict.kind, Verdict::Kind::kHeld) << Held(left, kWhole).sentence;
}

TEST(ClientStage, WhatItSendsAndWhatItPrintsAreToldApart) {
  const Seen sends =
      Held(InBash("tr a-z A-Z >&3"), "payload \"abc\"\nfeed rest\nfeed eof\nreply 3\n");
  EXPECT_EQ(sends.sentence,
            "corrupted: the byte at offset 0 of what it sent is another than was fed");
  const Seen prints = Held(InBash("cat <&4 >&3 & tr a-z A-Z <&3"),
                           "payload \"abc\"\nfeed rest\nreply 3\nfeed eof\nshutdown\n");
  EXPECT_EQ(prints.sentence,
            "corrupted: the byte at offset 0 of its output is another than was replied");
}

// Text alone, which is read to its end before anything is connected.
constexpr char kReadsAllFirst[] =
    "d=$(cat; echo x) && printf %s \"${d%x}\" | socat -t 30 - TCP:{host}:{port}";
constexpr char kInTurns[] =
    "payload coded 64 seed 1 overlay lines\nfeed 32\nreply 32\nfeed 32\nreply 32\nfeed eof\n"
    "shutdown\nexpect output exact, status 0\n";

TEST(ClientStage, OneThatReadsAllOfItsInputFirstIsGivenItAndIsKnownFromThenOn) {
  ClientDoor door;
  door.command = kReadsAllFirst;
  for (const bool known : {false, true}) {
    EXPECT_EQ(*door.sends_at_end, known);
    const Seen ran = Held(door, kInTurns);
    EXPECT_EQ(ran.verdict.kind, Verdict::Kind::kHeld) << ran.sentence;
  }
  door.command = kSocat;
  door.sends_at_end = std::make_shared<std::atomic<bool>>(false);
  EXPECT_EQ(Held(door, kInTurns).verdict.kind, Verdict::Kind::kHeld);
  EXPECT_FALSE(*door.sends_at_end);
}

TEST(ClientStage, OneThatReadsAllOfItsInputFirstIsSilentWhereTheRulesAskForMore) {
  ClientDoor door;
  door.command = kReadsAllFirst;
  StageOptions options = Options();
  options.connect_deadline_ms = 1500;
  const Seen ran = Held(door, kInTurns, options, {.prompt = true});
  EXPECT_EQ(ran.verdict.kind, Verdict::Kind::kUnserved) << ran.sentence;
  const Seen sound = Held(kSocat, kInTurns);
  EXPECT_EQ(sound.verdict.kind, Verdict::Kind::kHeld) << sound.sentence;
}

TEST(ClientStage, OneThatPrintsNothingIsSeenToBeShort) {
  const Seen ran =
      Held("exec socat -u - TCP:{host}:{port}", "payload coded 9 seed 1\nfeed rest\nreply rest\n");
  EXPECT_EQ(ran.sentence, "truncated: its output ended at offset 0, 9 bytes short");
}

TEST(ClientStage, OneThatDoesNotConnectIsToldWithItsLastWords) {
  EXPECT_EQ(Held("echo no luck >&2; exit 3 # {port}", kWhole).sentence,
            "unserved: the client exited with status 3 before it connected; it said: no luck");
  StageOptions options = Options();
  options.connect_deadline_ms = 100;
  ClientDoor door;
  door.command = "exec sleep 100 # {port}";
  const Seen ran = Held(door, kWhole, options);
  EXPECT_EQ(ran.sentence, "unserved: the client did not connect within 700 ms; it said nothing");
}

TEST(ClientStage, OneThatDoesNotConnectIsWaitedForAsLongAsIsSaidWhateverTheScenario) {
  StageOptions options = Options();
  options.connect_deadline_ms = 1500;
  ClientDoor door;
  door.command = "exec sleep 100 # {port}";
  const auto start = std::chrono::steady_clock::now();
  const Seen ran = Held(door, "payload coded 9 seed 1\nfeed rest\nfeed eof\n", options);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(1500));
  EXPECT_EQ(ran.sentence, "unserved: the client did not connect within 1500 ms; it said nothing");
}

TEST(ClientStage, AnExitStatusThatDoesNotFitIsMisreported) {
  const Seen ran = Held(InBash("cat <&4 >&3 & cat <&3; exit 7"), kWhole);
  EXPECT_EQ(ran.sentence, "misreported: exited with status 7, though all came back");
  const Seen early = Held(kSocat,
                          "payload coded 9 seed 1\nfeed rest\nreply 3\nfeed eof\nshutdown\n"
                          "expect output exact, status not 0\n");
  EXPECT_EQ(early.sentence, "misreported: exited with status 0, though not all came back");
}

// Whoever waits for each answer before it goes on is served as by an echo.
TEST(ClientStage, ALockStepClientIsNotLeftWaiting) {
  const Seen ran = Held(InBash("while IFS= read -rN 1 c; do printf %s \"$c\" >&3; "
                               "IFS= read -rN 1 b <&3; printf %s \"$b\"; done"),
                        "payload \"abcdefgh\"\nfeed rest\nreply rest\nfeed eof\nshutdown\n"
                        "expect output exact, status 0\n");
  EXPECT_EQ(ran.verdict.kind, Verdict::Kind::kHeld) << ran.sentence;
}

// ---- Hostile ones

class Hostile : public testing::Test {
 protected:
  void SetUp() override { start_ = std::chrono::steady_clock::now(); }
  void TearDown() override {
    Process::AwaitLeavers();
    EXPECT_TRUE(DescendantsOf(::getpid(), false).empty()) << "somebody was left behind";
    const auto took = std::chrono::steady_clock::now() - start_;
    EXPECT_LT(took, std::chrono::seconds(60)) << "that is no bound, but a hang";
  }
  std::chrono::steady_clock::time_point start_;
};

TEST_F(Hostile, OneThatFloodsItsOutputIsWrongAtOnce) {
  const Seen ran = Held(InBash("exec yes"), kWhole);
  EXPECT_EQ(ran.verdict.kind, Verdict::Kind::kInserted) << ran.sentence;
}

TEST_F(Hostile, OneThatFloodsItsStandardErrorIsReadAllAlong) {
  const Seen ran = Held(InBash("yes >&2 & cat <&4 >&3 & cat <&3; kill %1; exit 0"), kWhole);
  EXPECT_LE(ran.played.words.size(), 4096u);
}

TEST_F(Hostile, OneThatHangsAndIgnoresSigtermIsEnded) {
  const Seen ran = Held(InBash("trap \"\" TERM; while :; do sleep 100; done"), kWhole);
  EXPECT_EQ(ran.verdict.kind, Verdict::Kind::kWithheld) << ran.sentence;
  EXPECT_EQ(ran.verdict.way, Way::kSent);
}

TEST_F(Hostile, OneThatForksIntoTheBackgroundIsNotTakenForDone) {
  const Seen ran = Held(InBash("(sleep 100; cat <&3) & exit 0"), kWhole);
  EXPECT_EQ(ran.verdict.kind, Verdict::Kind::kTruncated) << ran.sentence;
}

TEST_F(Hostile, OneThatEndsAtOnceWithStatus0IsNotTakenForDone) {
  // Its pipe may have taken what it was fed, or not.
  EXPECT_EQ(Held(InBash("exit 0"), kWhole).verdict.kind, Verdict::Kind::kTruncated);
}

TEST_F(Hostile, OneThatClosesItsInputEarlyIsToldSo) {
  const Seen ran = Held(InBash("exec 0<&- 4<&-; cat <&3"),
                        "payload coded 9000000 seed 1\nfeed rest\nreply rest\n");
  EXPECT_TRUE(absl::StrContains(ran.sentence, "it closed its standard input")) << ran.sentence;
}

}  // namespace
}  // namespace verbatim
