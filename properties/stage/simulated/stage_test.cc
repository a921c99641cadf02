// What stage/simulated/stage.h promises, by scenarios written by hand. That whole families of
// scenarios hold is simulated_properties.cc's and exhaustive_test.cc's.
#include "properties/stage/simulated/stage.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "properties/scenario/text.h"

namespace verbatim {
namespace {

Scenario FromText(absl::string_view lines) {
  auto scenario = ParseScenario(absl::StrCat("# verbatim scenario 1\n", lines));
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return scenario.ok() ? *scenario : Scenario();
}

SimulatedPlay Play(absl::string_view lines, SimulatedStageOptions options = {}) {
  SimulatedStage stage;
  return stage.Play(FromText(lines), options);
}

// How a play went, in words, with the faults that were met.
std::string Told(const SimulatedPlay& play) {
  std::string text = SimulatedSentence(play);
  for (const Fault& fault : play.met) absl::StrAppend(&text, "; ", FaultText(fault));
  return text;
}

constexpr absl::string_view kHeld = "held: every byte came back as it was sent";
constexpr absl::string_view kHeldOfClient =
    "held: all that it was fed was sent, and all that was replied was printed";

TEST(SimulatedStage, ASoundServerHoldsOverEveryTransport) {
  for (const Transport transport : {Transport::kTcp, Transport::kUnix, Transport::kUnixpacket}) {
    const SimulatedPlay play = Play(
        "payload coded 5000 seed 3\n"
        "send 3\nawait\nsend 500\n@2 connect\n@2 send 700\n@2 await\nsend rest\nshutdown\n"
        "expect eof\n@2 close\n",
        {.transport = transport});
    EXPECT_EQ(Told(play), kHeld) << TransportName(transport);
    EXPECT_TRUE(play.ended.ok());
  }
}

TEST(SimulatedStage, AStalledPeerMeetsFullBuffersAndLosesNothing) {
  EXPECT_EQ(Told(Play("payload coded 3000 seed 1\nstall\nsend rest\npause 10ms\nresume\n"
                      "send rest\nshutdown\nexpect eof\n")),
            kHeld);
}

// Sees what the server's receives would find, and has the server look late.
class Onlooker : public FaultSource {
 public:
  std::optional<Fault> Next(Call call, uint32_t, int, size_t bytes) override {
    if (call == Call::kRecv && bytes > 0) found.push_back(bytes);
    if (call != Call::kEpollWait) return std::nullopt;
    return Fault{Call::kEpollWait, Fault::Kind::kDelayed, 0, 3};
  }
  std::vector<size_t> found;
};

TEST(SimulatedStage, ASettleMakesTheCutCertainForWhoNeedsNoEcho) {
  Onlooker with, without;
  const std::string lines = "payload coded 7 seed 1\nstall\nsend 3\n";
  EXPECT_EQ(SimulatedSentence(Play(lines + "settle\nsend 4\nresume\n", {.faults = &with})), kHeld);
  EXPECT_EQ(SimulatedSentence(Play(lines + "send 4\nresume\n", {.faults = &without})), kHeld);
  EXPECT_EQ(with.found, (std::vector<size_t>{3, 4}));
  EXPECT_EQ(without.found, (std::vector<size_t>{7}));
}

TEST(SimulatedStage, ASettleOfWhatIsNotReadGoesOnAfterAWhile) {
  for (const absl::string_view steps :
       {"stall\nsend rest\nsettle\nresume\nsend rest\n", "send rest\nshutdown\nsettle\n",
        "stall\nsend rest\nsettle\nreset\n", "@2 connect\n@2 send 5\n@2 settle\n",
        "send 9\n@2 connect\n@2 send 5\n@2 settle\nfault accept EMFILE times 50\n"}) {
    for (const Transport transport : {Transport::kTcp, Transport::kUnix, Transport::kUnixpacket}) {
      const SimulatedPlay play =
          Play(absl::StrCat("payload coded 3000 seed 1\n", steps), {.transport = transport});
      EXPECT_EQ(SimulatedSentence(play), kHeld) << TransportName(transport) << ":\n" << steps;
    }
  }
}

// Whether connection 1's FIN was sent at `ms`, when all was back.
bool SaysGoodbyeAt(absl::string_view ms, absl::string_view steps, Transport transport) {
  SimulatedStage stage;
  Transcript transcript;
  const Scenario scenario = FromText(absl::StrCat("payload coded 100 seed 1\n", steps));
  EXPECT_EQ(Told(stage.Play(scenario, {.transport = transport}, {}, &transcript)), kHeld);
  const std::string lines = absl::StrJoin(transcript.Lines(), "\n");
  return absl::StrContains(lines, absl::StrCat(" ", ms, ".00 ms  connection 1  sent FIN"));
}

TEST(SimulatedStage, ADripReadsSoManyBytesEachMillisecondUntilAStallOrAResume) {
  for (const Transport transport : {Transport::kTcp, Transport::kUnix, Transport::kUnixpacket}) {
    for (const auto& [ms, steps] : std::vector<std::pair<const char*, const char*>>{
             {"0", "send 50\nsend 50\nsend rest\nawait\n"},
             {"10", "drip 10\nsend 50\nsettle\nsend 49\nawait\nsend 1\nawait\n"},
             {"5", "drip 10\nsend rest\npause 5ms\nresume\nawait\n"},
             {"25", "drip 10\nsend rest\npause 5ms\nstall\npause 20ms\nresume\nawait\n"}}) {
      EXPECT_TRUE(SaysGoodbyeAt(ms, steps, transport)) << TransportName(transport) << steps;
    }
  }
}

TEST(SimulatedStage, EachFaultIsMetAndBorne) {
  const std::string lines =
      "payload coded 100 seed 1\nsend 50\nawait\nsend rest\nshutdown\nexpect eof\n";
  for (const absl::string_view fault :
       {"recv short 1", "recv EINTR", "recv EAGAIN", "send short 7 times 3", "send EINTR times 4",
        "send EAGAIN", "accept EINTR", "accept EAGAIN", "accept ECONNABORTED", "accept EPROTO",
        "accept EMFILE times 3", "accept ENFILE", "accept ENOBUFS", "accept ENOMEM",
        "epoll_wait EINTR times 2", "epoll_wait spurious after 1", "epoll_wait delayed 2",
        "close EINTR"}) {
    const SimulatedPlay play = Play(absl::StrCat(lines, "fault ", fault, "\n"));
    EXPECT_EQ(SimulatedSentence(play), kHeld) << fault;
    EXPECT_FALSE(play.met.empty()) << fault;
    EXPECT_TRUE(play.ended.ok()) << fault;
  }
}

TEST(SimulatedStage, AConnectionThatAFaultEndsIsExcusedAndTheOthersAreNot) {
  for (const absl::string_view fault :
       {"recv ECONNRESET", "recv ETIMEDOUT", "recv ENOMEM", "send EPIPE", "send ECONNRESET",
        "send ENOBUFS", "epoll_ctl ENOMEM after 2", "epoll_ctl ENOSPC after 2"}) {
    const SimulatedPlay play =
        Play(absl::StrCat("payload coded 100 seed 1\nsend 50\nawait\n@2 connect\n@2 send 10\n"
                          "@2 await\nsend rest\nshutdown\nexpect eof\n@2 shutdown\n@2 expect eof\n"
                          "fault ",
                          fault, "\n"));
    EXPECT_EQ(SimulatedSentence(play), kHeld) << fault;
    EXPECT_EQ(play.met.size(), 1u) << fault;
  }
}

TEST(SimulatedStage, AFaultOfTheSetUpEndsTheServerAndLeavesNothingOpen) {
  for (const absl::string_view fault :
       {"socket EMFILE", "bind EADDRINUSE", "listen EADDRINUSE", "setsockopt ENOBUFS",
        "getsockname ENOBUFS", "epoll_create1 EMFILE", "epoll_ctl ENOMEM"}) {
    const SimulatedPlay play =
        Play(absl::StrCat("payload coded 10 seed 1\nsend rest\nawait\nfault ", fault, "\n"));
    EXPECT_EQ(SimulatedSentence(play), kHeld) << fault;
    EXPECT_FALSE(play.ended.ok()) << fault;
  }
}

TEST(SimulatedStage, TheFaultsThatWereMetDoTheSameAgain) {
  const Scenario scenario = FromText(
      "payload coded 300 seed 1\nsend 100\nsend rest\nshutdown\nexpect eof\n"
      "fault send short 9 times 5\nfault recv EINTR after 1 times 2\nfault epoll_wait delayed 1\n");
  SimulatedStage stage;
  const SimulatedPlay first = stage.Play(scenario, {});
  Scenario again = scenario;
  again.faults = first.met;
  const SimulatedPlay second = stage.Play(again, {});
  EXPECT_EQ(first.transcript_hash, second.transcript_hash);
  EXPECT_EQ(first.met, second.met);
  EXPECT_EQ(first.met.size(), 8u);
}

TEST(SimulatedStage, AScenarioHasTheSameTranscriptWheneverItIsPlayed) {
  std::vector<Scenario> scenarios;
  for (int i = 0; i < 8; ++i) {
    scenarios.push_back(FromText(absl::StrCat(
        "payload coded ", 10 + 100 * i, " seed ", i, "\nsend 5\nstall\nsend rest\nresume\n",
        "@2 connect\n@2 send rest\nawait\nfault send short ", i + 1, " times 4\n")));
    scenarios.push_back(FromText(
        absl::StrCat("role client\npayload coded ", 10 + 100 * i, " seed ", i,
                     "\nfeed 5\nreply 3\nfeed rest\nreply rest\nfeed eof\n",
                     "expect output exact, status 0\nfault recv short ", i + 1, " times 4\n")));
  }
  SimulatedStage stage;
  std::vector<uint64_t> hashes;
  for (const Scenario& each : scenarios) hashes.push_back(stage.Play(each, {}).transcript_hash);
  for (size_t i = scenarios.size(); i-- > 0;) {
    EXPECT_EQ(stage.Play(scenarios[i], {}).transcript_hash, hashes[i]);
    EXPECT_EQ(SimulatedStage().Play(scenarios[i], {}).transcript_hash, hashes[i]);
    for (size_t j = 0; j < i; ++j) EXPECT_NE(hashes[i], hashes[j]);
  }
}

TEST(SimulatedStage, ASoundClientHoldsWhateverTheServerDoesToItsReplies) {
  for (const absl::string_view steps :
       {"feed 100\nreply 7\nhold 20ms\nreply rest\nfeed eof\nexpect output exact, status 0\n",
        "feed rest\nfeed eof\nreply 1\nreply rest\nexpect output exact, status 0\n",
        "stall\nfeed rest\nresume\nreply rest\nfeed eof\nexpect output exact, status 0\n",
        "feed 10\nreply 5\nshutdown\nexpect output exact, status not 0\n",
        "feed 10\nreply 5\nreset\nexpect output exact, status not 0\n",
        "feed 10\nreply 5\nclose\nexpect output exact, status not 0\n",
        "feed eof\nexpect output exact, status 0\n"}) {
    for (const Transport transport : {Transport::kTcp, Transport::kUnix}) {
      const SimulatedPlay play = Play(
          absl::StrCat("role client\npayload coded 300 seed 9\n", steps), {.transport = transport});
      EXPECT_EQ(Told(play), kHeldOfClient) << TransportName(transport) << ":\n" << steps;
    }
  }
}

TEST(SimulatedStage, AClientBearsItsFaults) {
  for (const absl::string_view fault : {"recv short 1 times 9", "send short 1 times 9",
                                        "read short 1 times 9", "write short 1 times 9",
                                        "recv EINTR",           "send EAGAIN",
                                        "read EAGAIN",          "write EAGAIN",
                                        "poll EINTR",           "poll spurious",
                                        "poll delayed 2",       "connect EINTR",
                                        "shutdown ENOTCONN",    "recv ECONNRESET",
                                        "send EPIPE",           "read EIO",
                                        "write EPIPE",          "poll ENOMEM",
                                        "connect ECONNREFUSED", "socket EMFILE",
                                        "setsockopt ENOBUFS"}) {
    const SimulatedPlay play = Play(absl::StrCat(
        "role client\npayload coded 100 seed 1\nfeed 50\nreply 20\nfeed rest\nreply rest\n"
        "feed eof\nexpect output exact, status 0\nfault ",
        fault, "\n"));
    EXPECT_EQ(SimulatedSentence(play), kHeldOfClient) << fault;
    EXPECT_FALSE(play.met.empty()) << fault;
  }
}

TEST(SimulatedStage, ARepliedByteThatAResetTookFromAClientThatWasKeptFromReadingIsExcused) {
  for (const absl::string_view leave : {"close", "reset"}) {
    EXPECT_EQ(
        Told(Play(absl::StrCat("role client\npayload coded 2000 seed 1\nfeed 500\nreply 1\n", leave,
                               "\nfault recv EAGAIN times 6\n"
                               "fault read short 3 times 20\n")))
            .rfind(std::string(kHeldOfClient), 0),
        0u)
        << leave;
  }
}

TEST(SimulatedStage, AnExpectationThatTheClientDoesNotMeetIsSaid) {
  EXPECT_EQ(Told(Play("role client\npayload coded 10 seed 9\nfeed rest\nreply rest\nfeed eof\n"
                      "expect output exact, status not 0\n")),
            "misreported: expected another status than 0");
}

}  // namespace
}  // namespace verbatim
