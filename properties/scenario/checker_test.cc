// Tests of what a client under test and a server of datagrams can be given, and of the checker's
// own promises. A server's rules are in scenario_test.cc.
#include "properties/scenario/checker.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "absl/strings/match.h"

namespace verbatim {
namespace {

using Kind = Step::Kind;

// Of role client, over 100 bytes.
Scenario ScenarioOf(std::vector<Step> steps) {
  Scenario scenario;
  scenario.role = Role::kClient;
  scenario.payload.size_bytes = 100;
  scenario.steps = std::move(steps);
  return scenario;
}

void ExpectFine(std::vector<Step> steps) {
  const absl::Status status = Validate(ScenarioOf(std::move(steps)));
  EXPECT_TRUE(status.ok()) << status;
}

// The last step is the one that is wrong. `advice`: a part of the message.
void ExpectWrong(std::vector<Step> steps, absl::string_view advice) {
  const size_t last = steps.size() - 1;
  size_t index = 99;
  const absl::Status status = Validate(ScenarioOf(std::move(steps)), &index);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << advice;
  EXPECT_TRUE(absl::StrContains(status.message(), advice)) << status;
  EXPECT_EQ(index, last) << advice;
}

TEST(ClientsScenario, AWholeConversationIsFine) {
  ExpectFine({{Kind::kFeed, 1, 60},
              {Kind::kReply, 1, 7},
              {Kind::kHold, 1, 20},
              {Kind::kStall},
              {Kind::kFeed, 1, kRest},
              {Kind::kFeedEof},
              {Kind::kResume},
              {Kind::kReply, 1, kRest},
              {Kind::kShutdown},
              {Kind::kExpectExit}});
}

TEST(ClientsScenario, StepsAreOfTheRightRole) {
  for (const Kind kind : {Kind::kConnect, Kind::kSend, Kind::kAwait, Kind::kPause, Kind::kExpectEof,
                          Kind::kSettle, Kind::kDrip}) {
    ExpectWrong({{kind, 1, 1}}, "for a client there are: feed,");
  }
  for (const Kind kind :
       {Kind::kFeed, Kind::kFeedEof, Kind::kReply, Kind::kHold, Kind::kExpectExit}) {
    Checker server(Role::kServer, 100);
    EXPECT_TRUE(absl::StrContains(server.Take({kind, 1, 1}), "role client"));
  }
}

TEST(ClientsScenario, HasConnectionOneAlone) {
  ExpectWrong({{Kind::kShutdown, 2, 0}}, "connection 1 alone");
  ExpectWrong({{Kind::kShutdown, 9, 0}}, "1 to 8");
}

TEST(ClientsScenario, FeedsAreOfThePayloadAndBeforeItsEnd) {
  ExpectWrong({{Kind::kFeed, 1, 0}}, "1 byte or more");
  ExpectFine({{Kind::kFeed, 1, 100}, {Kind::kFeed, 1, kRest}});
  ExpectWrong({{Kind::kFeed, 1, 60}, {Kind::kFeed, 1, 41}}, "fewer bytes left");
  ExpectWrong({{Kind::kFeedEof}, {Kind::kFeed, 1, kRest}}, "after feed eof");
  ExpectWrong({{Kind::kFeedEof}, {Kind::kFeedEof}}, "ended already");
  ExpectFine({{Kind::kReset}, {Kind::kFeed, 1, 1}, {Kind::kFeedEof}});
}

TEST(ClientsScenario, OnlyWhatIsDueIsReplied) {
  ExpectWrong({{Kind::kReply, 1, 1}}, "nothing is due");
  ExpectWrong({{Kind::kReply, 1, kRest}}, "nothing is due");
  ExpectWrong({{Kind::kFeed, 1, 5}, {Kind::kReply, 1, 0}}, "1 byte or more");
  ExpectWrong({{Kind::kFeed, 1, 5}, {Kind::kReply, 1, 6}}, "fewer bytes are due");
  ExpectWrong({{Kind::kFeed, 1, 5}, {Kind::kReply, 1, 4}, {Kind::kReply, 1, 2}}, "fewer bytes");
  ExpectWrong({{Kind::kFeed, 1, 5}, {Kind::kReply, 1, kRest}, {Kind::kReply, 1, kRest}},
              "nothing is due");
  ExpectFine(
      {{Kind::kFeed, 1, 5}, {Kind::kReply, 1, 2}, {Kind::kFeed, 1, 5}, {Kind::kReply, 1, 8}});
}

TEST(ClientsScenario, NothingIsRepliedAfterAShutdownOrAnEndNorWhileStalled) {
  const Step feed{Kind::kFeed, 1, 5}, reply{Kind::kReply, 1, 1};
  ExpectWrong({feed, {Kind::kShutdown}, reply}, "after a shutdown");
  ExpectWrong({feed, {Kind::kStall}, reply}, "resume it first");
  for (const Kind end : {Kind::kReset, Kind::kClose}) {
    ExpectWrong({feed, {end}, reply}, "has ended");
    ExpectWrong({feed, {end}, {Kind::kStall}}, "has ended");
    ExpectWrong({feed, {end}, {end}}, "has ended");
  }
}

TEST(ClientsScenario, AHoldIsOfOneMillisecondToAMinute) {
  ExpectFine({{Kind::kClose}, {Kind::kHold, 1, 1}, {Kind::kHold, 1, kMaxPauseMs}});
  ExpectWrong({{Kind::kHold, 1, 0}}, "a hold is of 1 to 60000 ms");
  ExpectWrong({{Kind::kHold, 1, kMaxPauseMs + 1}}, "a hold is of 1 to 60000 ms");
}

TEST(ClientsScenario, NothingComesAfterTheExit) {
  for (const Kind kind : {Kind::kExpectExit, Kind::kFeedEof, Kind::kHold, Kind::kReset}) {
    ExpectWrong({{Kind::kExpectExit, 1, 1}, {kind, 1, 1}}, "nothing comes after");
  }
  ExpectWrong({{Kind::kExpectExit, 1, 2}}, "a status is 0, or not 0");
  ExpectWrong({{Kind::kStall}, {Kind::kExpectExit}}, "resume it first");
  ExpectFine({{Kind::kStall}, {Kind::kClose}, {Kind::kExpectExit}});
}

// Of role datagram-server, over `payload_bytes`: what is wrong with the last step; empty: nothing.
std::string ProblemOfDatagrams(std::vector<Step> steps, uint64_t payload_bytes = 100) {
  Scenario scenario = ScenarioOf(std::move(steps));
  scenario.role = Role::kDatagramServer;
  scenario.payload.size_bytes = payload_bytes;
  size_t index = 99;
  const absl::Status status = Validate(scenario, &index);
  if (!status.ok()) EXPECT_EQ(index, scenario.steps.size() - 1);
  return std::string(status.message());
}

TEST(DatagramsScenario, AWholeConversationIsFine) {
  EXPECT_EQ(ProblemOfDatagrams({{Kind::kSend, 1, 0},
                                {Kind::kAwait, 1, 0},
                                {Kind::kConnect, 8, 0},
                                {Kind::kSend, 8, 40},
                                {Kind::kSend, 8, kRest},
                                {Kind::kSend, 8, kRest},
                                {Kind::kPause, 8, 20},
                                {Kind::kClose, 1, 0},
                                {Kind::kAwait, 8, 0}}),
            "");
}

TEST(DatagramsScenario, StepsAreOfTheRightRole) {
  for (size_t kind = 0; kind < kStepKinds; ++kind) {
    const Step step{static_cast<Kind>(kind), 1, 1};
    const bool known = step.kind == Kind::kSend || step.kind == Kind::kAwait ||
                       step.kind == Kind::kPause || step.kind == Kind::kClose;
    const std::string problem = ProblemOfDatagrams({step});
    EXPECT_EQ(problem.empty(), known) << StepName(step.kind) << ": " << problem;
  }
}

TEST(DatagramsScenario, AConnectionIsConnectedOnceAndUsedBetweenItsConnectAndItsEnd) {
  const auto expect = [](std::vector<Step> steps, absl::string_view advice) {
    const std::string problem = ProblemOfDatagrams(std::move(steps));
    EXPECT_TRUE(absl::StrContains(problem, advice)) << problem;
  };
  expect({{Kind::kConnect, 1, 0}}, "is there already");
  expect({{Kind::kConnect, 2, 0}, {Kind::kClose, 2, 0}, {Kind::kConnect, 2, 0}}, "there already");
  expect({{Kind::kSend, 2, 1}}, "connect it first");
  expect({{Kind::kClose, 1, 0}, {Kind::kAwait, 1, 0}}, "has ended");
  expect({{Kind::kSend, 9, 1}}, "connections are 1 to 8");
}

TEST(DatagramsScenario, ASendIsOneDatagramOfThePayload) {
  EXPECT_EQ(ProblemOfDatagrams({{Kind::kSend, 1, kMaxDatagramBytes}}, 70'000), "");
  for (const uint64_t large : {kMaxDatagramBytes + 1, kRest}) {
    const std::string problem = ProblemOfDatagrams({{Kind::kSend, 1, large}}, 70'000);
    EXPECT_TRUE(absl::StrContains(problem, "at most 65527 bytes")) << problem;
  }
  EXPECT_EQ(ProblemOfDatagrams({{Kind::kSend, 1, 10'000}, {Kind::kSend, 1, kRest}}, 70'000), "");
  const std::string beyond = ProblemOfDatagrams({{Kind::kSend, 1, 60}, {Kind::kSend, 1, 41}});
  EXPECT_TRUE(absl::StrContains(beyond, "fewer bytes left")) << beyond;
  const std::string ahead = ProblemOfDatagrams({{Kind::kSend, 1, 60, 1}});
  EXPECT_TRUE(absl::StrContains(ahead, "leave out ahead")) << ahead;
}

TEST(Checker, AStepThatIsRefusedChangesNothing) {
  Checker checker(Role::kClient, 10);
  EXPECT_NE(checker.Take({Kind::kFeed, 1, 11}), "");
  EXPECT_EQ(checker.LeftBytes(1), 10u);
  EXPECT_EQ(checker.Take({Kind::kFeed, 1, 10}), "");
  EXPECT_NE(checker.Take({Kind::kReply, 1, 11}), "");
  EXPECT_EQ(checker.DueBytes(), 10u);
  EXPECT_EQ(checker.Take({Kind::kReply, 1, 4}), "");
  EXPECT_EQ(checker.DueBytes(), 6u);
  EXPECT_EQ(checker.LeftBytes(1), 0u);
}

TEST(Checker, KnowsEachConnection) {
  Checker checker(Role::kServer, 10);
  EXPECT_TRUE(checker.IsOpen(1) && checker.WasConnected(1));
  EXPECT_FALSE(checker.IsOpen(2) || checker.WasConnected(2));
  EXPECT_EQ(checker.Take({Kind::kConnect, 2, 0}), "");
  EXPECT_EQ(checker.Take({Kind::kSend, 2, 3}), "");
  EXPECT_EQ(checker.Take({Kind::kStall, 2, 0}), "");
  EXPECT_TRUE(checker.IsStalled(2) && !checker.IsStalled(1));
  EXPECT_EQ(checker.LeftBytes(1), 10u);
  EXPECT_EQ(checker.LeftBytes(2), 7u);
  EXPECT_EQ(checker.Take({Kind::kClose, 2, 0}), "");
  EXPECT_TRUE(!checker.IsOpen(2) && checker.WasConnected(2));
}

TEST(ValidateFaults, EachIsOneThatTheCallCanMeet) {
  Scenario scenario = ScenarioOf({{Kind::kFeedEof}});
  const Fault fine{Call::kRecv, Fault::Kind::kError, EINTR, 0, 0, 1};
  scenario.faults = {fine, fine, {Call::kRecv, Fault::Kind::kError, EPIPE, 0, 0, 1}};
  size_t index = 0;
  EXPECT_FALSE(Validate(scenario, &index).ok());
  EXPECT_EQ(index, 1u + 2u);
  for (uint32_t Fault::*number : {&Fault::after, &Fault::times}) {
    scenario.faults = {fine};
    scenario.faults[0].*number = kMaxFaultNumber;
    EXPECT_TRUE(Validate(scenario).ok());
    scenario.faults[0].*number = kMaxFaultNumber + 1;
    EXPECT_TRUE(absl::StrContains(Validate(scenario).message(), "65535"));
  }
  scenario.faults = {{Call::kRecv, Fault::Kind::kShort, 0, kMaxFaultNumber + 1, 0, 1}};
  EXPECT_TRUE(absl::StrContains(Validate(scenario).message(), "65535"));
  scenario.faults.assign(kMaxFaults, fine);
  EXPECT_TRUE(Validate(scenario).ok());
  scenario.faults.push_back(fine);
  EXPECT_TRUE(absl::StrContains(Validate(scenario, &index).message(), "64"));
  EXPECT_EQ(index, 1u + kMaxFaults);
}

TEST(MakePayload, KnowsTheCutsBetweenDatagrams) {
  Scenario scenario = ScenarioOf({{Kind::kSend, 1, 10}, {Kind::kSend, 1, 0}, {Kind::kSend, 1, 30}});
  scenario.role = Role::kDatagramServer;
  scenario.payload.overlay = Overlay::kCrlfAtCuts;
  const Payload payload = MakePayload(scenario);
  for (const uint64_t cut : {10, 40}) EXPECT_EQ(payload.Bytes(1, cut - 1, 2), "\r\n") << cut;
}

TEST(MakePayload, KnowsTheCutsOfAClientsReplies) {
  Scenario scenario = ScenarioOf({{Kind::kFeed, 1, 40},
                                  {Kind::kReply, 1, 10},
                                  {Kind::kReply, 1, kRest},
                                  {Kind::kFeed, 1, kRest},
                                  {Kind::kReply, 1, 20},
                                  {Kind::kReply, 1, kRest}});
  scenario.payload.overlay = Overlay::kCrlfAtCuts;
  EXPECT_EQ(Connections(scenario), 1u);
  const Payload payload = MakePayload(scenario);
  for (const uint64_t cut : {10, 40, 60}) EXPECT_EQ(payload.Bytes(1, cut - 1, 2), "\r\n") << cut;
  EXPECT_NE(payload.Bytes(1, 98, 2), "\r\n");
}

}  // namespace
}  // namespace verbatim
