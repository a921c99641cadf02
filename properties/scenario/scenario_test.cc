// Tests of what can be played: Validate's rules, one by one.
#include "properties/scenario/scenario.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"

namespace verbatim {
namespace {

using Kind = Step::Kind;

Scenario Of(std::vector<Step> steps, uint64_t size = 100) {
  Scenario scenario;
  scenario.payload.size_bytes = size;
  scenario.steps = std::move(steps);
  return scenario;
}

void ExpectFine(const Scenario& scenario) {
  const absl::Status status = Validate(scenario);
  EXPECT_TRUE(status.ok()) << status;
}

// `advice`: a part of the message.
void ExpectWrong(const Scenario& scenario, size_t step, absl::string_view advice) {
  size_t index = 99;
  const absl::Status status = Validate(scenario, &index);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << advice;
  EXPECT_TRUE(absl::StrContains(status.message(), advice)) << status;
  EXPECT_EQ(index, step) << advice;
  EXPECT_EQ(Validate(scenario), status) << "the index may be left out";
}

TEST(Validate, NoStepsAtAllAreFine) { ExpectFine(Of({})); }

TEST(Validate, AWholeConversationIsFine) {
  ExpectFine(Of({{Kind::kSend, 1, 3},
                 {Kind::kAwait, 1, 0},
                 {Kind::kConnect, 2, 0},
                 {Kind::kStall, 2, 0},
                 {Kind::kSend, 2, kRest},
                 {Kind::kPause, 2, 10},
                 {Kind::kResume, 2, 0},
                 {Kind::kAwait, 2, 0},
                 {Kind::kReset, 2, 0},
                 {Kind::kSend, 1, 97, 10},
                 {Kind::kShutdown, 1, 0},
                 {Kind::kAwait, 1, 0},
                 {Kind::kExpectEof, 1, 0},
                 {Kind::kClose, 1, 0}}));
}

TEST(Validate, APayloadHasAtMostTwoToTheForty) {
  ExpectFine(Of({}, kMaxPayloadBytes));
  ExpectWrong(Of({}, kMaxPayloadBytes + 1), 0, "2^40");
}

TEST(Validate, ConnectionsAreOneToEight) {
  ExpectFine(Of({{Kind::kConnect, 8, 0}}));
  ExpectWrong(Of({{Kind::kAwait, 1, 0}, {Kind::kConnect, 9, 0}}), 1, "1 to 8");
  ExpectWrong(Of({{Kind::kConnect, 0, 0}}), 0, "1 to 8");
}

TEST(Validate, AConnectionIsConnectedBeforeItIsUsed) {
  for (const Kind kind :
       {Kind::kSend, Kind::kAwait, Kind::kPause, Kind::kStall, Kind::kResume, Kind::kShutdown,
        Kind::kReset, Kind::kClose, Kind::kExpectEof, Kind::kSettle, Kind::kDrip}) {
    ExpectWrong(Of({{kind, 2, 1}}), 0, "connect it first");
  }
}

TEST(Validate, AConnectionIsConnectedOnce) {
  ExpectWrong(Of({{Kind::kConnect, 1, 0}}), 0, "there already");
  ExpectWrong(Of({{Kind::kConnect, 2, 0}, {Kind::kConnect, 2, 0}}), 1, "there already");
  ExpectWrong(Of({{Kind::kClose, 1, 0}, {Kind::kConnect, 1, 0}}), 1, "there already");
}

TEST(Validate, NothingIsDoneOnAConnectionThatHasEnded) {
  for (const Kind end : {Kind::kReset, Kind::kClose}) {
    ExpectWrong(Of({{end, 1, 0}, {Kind::kAwait, 1, 0}}), 1, "has ended");
    ExpectWrong(Of({{end, 1, 0}, {end, 1, 0}}), 1, "has ended");
  }
}

TEST(Validate, ASendIsOfAByteOrMore) {
  ExpectWrong(Of({{Kind::kSend, 1, 0}}), 0, "1 byte or more");
}

TEST(Validate, NothingIsSentBeyondThePayload) {
  ExpectFine(Of({{Kind::kSend, 1, 100}}));
  ExpectWrong(Of({{Kind::kSend, 1, 101}}), 0, "fewer bytes left");
  ExpectWrong(Of({{Kind::kSend, 1, 60}, {Kind::kSend, 1, 41}}), 1, "fewer bytes left");
  ExpectWrong(Of({{Kind::kSend, 1, kRest}, {Kind::kSend, 1, 1}}), 1, "fewer bytes left");
  ExpectWrong(Of({{Kind::kSend, 1, 1}, {Kind::kSend, 1, kRest - 1}}), 1, "fewer bytes left");
}

TEST(Validate, EachConnectionHasThePayloadToItself) {
  ExpectFine(Of({{Kind::kSend, 1, 100}, {Kind::kConnect, 2, 0}, {Kind::kSend, 2, 100}}));
}

TEST(Validate, TheRestMayBeNothing) {
  ExpectFine(Of({{Kind::kSend, 1, kRest}, {Kind::kSend, 1, kRest}}));
  ExpectFine(Of({{Kind::kSend, 1, kRest}}, 0));
}

TEST(Validate, NothingIsSentAfterAShutdown) {
  ExpectWrong(Of({{Kind::kShutdown, 1, 0}, {Kind::kSend, 1, 1}}), 1, "after a shutdown");
  ExpectWrong(Of({{Kind::kShutdown, 1, 0}, {Kind::kSend, 1, kRest}}), 1, "after a shutdown");
}

TEST(Validate, AShutdownIsOnce) {
  ExpectWrong(Of({{Kind::kShutdown, 1, 0}, {Kind::kShutdown, 1, 0}}), 1, "shut down already");
}

TEST(Validate, APauseIsOfOneMillisecondToAMinute) {
  ExpectFine(Of({{Kind::kPause, 1, 1}, {Kind::kPause, 1, kMaxPauseMs}}));
  ExpectWrong(Of({{Kind::kPause, 1, 0}}), 0, "60000");
  ExpectWrong(Of({{Kind::kPause, 1, kMaxPauseMs + 1}}), 0, "60000");
}

TEST(Validate, AStallIsResumedBeforeTheNext) {
  ExpectWrong(Of({{Kind::kStall, 1, 0}, {Kind::kStall, 1, 0}}), 1, "stalled already");
  ExpectWrong(Of({{Kind::kResume, 1, 0}}), 0, "not stalled");
  ExpectFine(Of({{Kind::kStall, 1, 0}, {Kind::kResume, 1, 0}, {Kind::kStall, 1, 0}}));
}

TEST(Validate, NothingIsAwaitedWhileStalled) {
  for (const Kind kind : {Kind::kAwait, Kind::kExpectEof}) {
    ExpectWrong(Of({{Kind::kStall, 1, 0}, {kind, 1, 0}}), 1, "resume it first");
    ExpectFine(Of({{Kind::kStall, 1, 0}, {Kind::kResume, 1, 0}, {kind, 1, 0}}));
  }
}

TEST(Validate, ASettleNeedsAnOpenConnectionAndNothingElse) {
  const Step settle{Kind::kSettle, 1, 0};
  ExpectFine(Of({settle, {Kind::kStall, 1, 0}, {Kind::kSend, 1, 1}, settle, settle}));
  ExpectFine(Of({{Kind::kShutdown, 1, 0}, settle}));
  ExpectWrong(Of({{Kind::kClose, 1, 0}, settle}), 1, "has ended");
}

TEST(Validate, ADripIsOfOneTo65536BytesEachMillisecond) {
  ExpectFine(Of({{Kind::kDrip, 1, 1}, {Kind::kResume, 1, 0}, {Kind::kDrip, 1, kMaxDripBytes}}));
  ExpectWrong(Of({{Kind::kDrip, 1, 0}}), 0, "1 to 65536");
  ExpectWrong(Of({{Kind::kDrip, 1, kMaxDripBytes + 1}}), 0, "1 to 65536");
}

TEST(Validate, ADripEndsWithAStallOrAResume) {
  const Step drip{Kind::kDrip, 1, 5}, stall{Kind::kStall, 1, 0}, resume{Kind::kResume, 1, 0};
  ExpectWrong(Of({drip, drip}), 1, "drips already");
  ExpectWrong(Of({stall, drip}), 1, "resume it first");
  ExpectWrong(Of({drip, resume, resume}), 2, "nor does it drip");
  ExpectWrong(Of({drip, stall, resume, resume}), 3, "nor does it drip");
  ExpectFine(Of({drip, stall, resume, drip, resume, stall}));
}

TEST(Validate, ADrippingConnectionIsSentToAndAwaited) {
  ExpectFine(Of({{Kind::kDrip, 1, 5},
                 {Kind::kSend, 1, 9, 3},
                 {Kind::kAwait, 1, 0},
                 {Kind::kShutdown, 1, 0},
                 {Kind::kExpectEof, 1, 0}}));
}

TEST(Validate, ASendWhileStalledIsNotHeldBack) {
  ExpectFine(Of({{Kind::kStall, 1, 0}, {Kind::kSend, 1, 1}}));
  ExpectWrong(Of({{Kind::kStall, 1, 0}, {Kind::kSend, 1, 1, 1}}), 1, "leave out ahead");
}

TEST(Validate, TheStepIsNamedInTheMessage) {
  ExpectWrong(Of({{Kind::kShutdown, 1, 0}, {Kind::kExpectEof, 2, 0}}), 1, "expect eof: ");
}

TEST(Connections, IsTheHighestNumberAndAtLeastOne) {
  EXPECT_EQ(Connections(Of({})), 1u);
  EXPECT_EQ(Connections(Of({{Kind::kConnect, 5, 0}, {Kind::kConnect, 2, 0}})), 5u);
}

TEST(MakePayload, KnowsTheCutsOfEachConnection) {
  Scenario scenario = Of({{Kind::kConnect, 2, 0},
                          {Kind::kSend, 1, 10},
                          {Kind::kSend, 2, 20},
                          {Kind::kSend, 1, 30},
                          {Kind::kSend, 2, kRest},
                          {Kind::kSend, 1, kRest}});
  scenario.payload.overlay = Overlay::kCrlfAtCuts;
  const Payload payload = MakePayload(scenario);
  EXPECT_EQ(payload.size_bytes(), 100u);
  EXPECT_EQ(payload.Bytes(1, 9, 2), "\r\n");
  EXPECT_EQ(payload.Bytes(1, 39, 2), "\r\n");
  EXPECT_EQ(payload.Bytes(2, 19, 2), "\r\n");
  EXPECT_NE(payload.Bytes(1, 19, 2), "\r\n");
  EXPECT_NE(payload.Bytes(1, 98, 2), "\r\n");
}

}  // namespace
}  // namespace verbatim
