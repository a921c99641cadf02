// Tests of what a client under test can be given, and of the checker's own promises. A server's
// rules are in scenario_test.cc.
#include "properties/scenario/checker.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "absl/strings/match.h"

namespace verbatim {
namespace {

using Kind = Step::Kind;

// Of role client, over 100 bytes.
Scenario Of(std::vector<Step> steps) {
  Scenario scenario;
  scenario.role = Role::kClient;
  scenario.payload.size_bytes = 100;
  scenario.steps = std::move(steps);
  return scenario;
}

void ExpectFine(std::vector<Step> steps) {
  const absl::Status status = Validate(Of(std::move(steps)));
  EXPECT_TRUE(status.ok()) << status;
}

// The last step is the one that is wrong. `advice`: a part of the message.
void ExpectWrong(std::vector<Step> steps, absl::string_view advice) {
  const size_t last = steps.size() - 1;
  size_t index = 99;
  const absl::Status status = Validate(Of(std::move(steps)), &index);
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
  Scenario scenario = Of({{Kind::kFeedEof}});
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

TEST(MakePayload, KnowsTheCutsOfAClientsReplies) {
  Scenario scenario = Of({{Kind::kFeed, 1, 40},
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
