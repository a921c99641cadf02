// Tests of the report for a person: its form, and that nothing of the target's reaches the terminal
// as it is.
#include "properties/report/terminal.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "properties/report/test_reports.h"

namespace verbatim {
namespace {

Outcome Failure() {
  Outcome outcome;
  outcome.id = "stream.exact.fragments-awaited";
  outcome.level = "M";
  outcome.basis = "derived";
  outcome.sentence = "The bytes come back however they are cut.";
  outcome.source = "RFC 862";
  outcome.result = Outcome::Result::kFail;
  outcome.distinct_scenarios = 12;
  outcome.seconds = 0.256;
  outcome.smallest.requirement = outcome.id;
  outcome.smallest.payload.literal = true;
  outcome.smallest.payload.bytes = "GET /\r\n";
  outcome.smallest.steps = {{Step::Kind::kSend, 1, kRest}, {Step::Kind::kAwait, 1, 0}};
  outcome.first = outcome.smallest;
  outcome.first.steps.push_back({Step::Kind::kShutdown, 1, 0});
  outcome.verdict.kind = Verdict::Kind::kLost;
  outcome.verdict.offset = 5;
  outcome.verdict.length = 1;
  outcome.verdict.expected = "GET /\r\n";
  outcome.verdict.seen = "GET /\n";
  outcome.verdict.sent_bytes = 7;
  outcome.verdict.received_bytes = 5;
  outcome.transcript = {"     0.10 ms  connection 1  sent 7 bytes",
                        "     0.20 ms  connection 1  received 6 bytes"};
  outcome.control = Control::kHeld;
  outcome.recurred = 5;
  outcome.replays = 5;
  return outcome;
}

TEST(FailureText, IsAWholeStory) {
  const TerminalOptions options = {.replay_command = "verbatim replay {file} tcp://[::1]:7"};
  EXPECT_EQ(FailureText(Failure(), "out/a.echo", options),
            R"(FAIL stream.exact.fragments-awaited  (M, derived)
  required  The bytes come back however they are cut.
  by        RFC 862
  seen      lost: 1 byte at offset 5 of connection 1 did not come, later ones did
  so far    7 bytes sent, 5 right ones received
  ended     connection 1: still open, when it was judged
  scenario  2 steps, the first that failed had 3:
              requirement stream.exact.fragments-awaited
              payload "GET /\r\n"
              send rest
              await
  bytes     expected, from offset 0 of connection 1 on:
                     0  47 45 54 20 2f 0d 0a                             |GET /..|
            seen:
                     0  47 45 54 20 2f 0a                                |GET /.|
  what went on:
                 0.10 ms  connection 1  sent 7 bytes
                 0.20 ms  connection 1  received 6 bytes
  control   the same bytes in one piece come back: it is the cutting
  recurs    5 of 5
  again     verbatim replay out/a.echo tcp://[::1]:7
  more      verbatim explain stream.exact.fragments-awaited
)");
}

TEST(FailureText, OfDatagramsSaysWhichOne) {
  const TerminalOptions options = {.replay_command = "verbatim replay {file} udp://[::1]:7"};
  EXPECT_EQ(FailureText(DatagramOutcome(), "out/a.echo", options),
            R"(FAIL datagram.exact.sizes  (M, derived)
  required  A datagram comes back whole, at every size.
  by        RFC 862; RFC 768
  seen      truncated: the answer to datagram 2 of connection 1 ended at offset 1024, 1 byte short
  so far    1026 bytes sent, 1 right ones received
  scenario  3 steps, the first that failed had 3:
              requirement datagram.exact.sizes
              role datagram-server
              payload coded 1026 seed 1
              send 1
              send 1025
              await
  bytes     expected, from offset 1008 of datagram 2 of connection 1 on:
                  1008  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  |0123456789abcdef|
                  1024  58                                               |X|
            seen:
                  1008  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  |0123456789abcdef|
  what went on:
                 0.10 ms  connection 1  sent a datagram of 1 byte
                 0.11 ms  connection 1  sent a datagram of 1025 bytes
                 0.20 ms  connection 1  received a datagram of 1 byte
                 0.21 ms  connection 1  received a datagram of 1024 bytes
  control   none: datagrams are not put together
  recurs    4 of 5
  again     verbatim replay out/a.echo udp://[::1]:7
  more      verbatim explain datagram.exact.sizes
)");
}

TEST(FailureText, OfDatagramsTellsAnEndOnlyWhereTheyWereRefused) {
  Outcome outcome = DatagramOutcome();
  outcome.verdict = {.kind = Verdict::Kind::kUnserved, .of_datagrams = true};
  outcome.verdict.ending = Ending::kRefused;
  outcome.verdict.detail = "recvfrom 127.0.0.1:7: ECONNREFUSED";
  const std::string text = FailureText(outcome, "", {});
  EXPECT_TRUE(
      absl::StrContains(text, "  seen      unserved: connection 1 was not served: recvfrom"))
      << text;
  EXPECT_TRUE(absl::StrContains(text, "  ended     connection 1: refused\n")) << text;
}

TEST(FailureText, OfALeakTheWindowIsOfTheConnectionThatItCameOn) {
  Outcome outcome = DatagramOutcome();
  outcome.verdict = {.kind = Verdict::Kind::kLeaked, .of_datagrams = true, .datagram = 7};
  outcome.verdict.from_connection = 3;
  outcome.verdict.seen = "theirs";
  const std::string text = FailureText(outcome, "", {});
  EXPECT_TRUE(absl::StrContains(
      text, "  seen      leaked: what came on connection 1 is datagram 7 of connection 3\n"))
      << text;
  EXPECT_TRUE(absl::StrContains(text,
                                "  bytes     expected, from offset 0 of connection 1 on:\n"
                                "              nothing\n"
                                "            seen:\n"))
      << text;
}

TEST(FailureText, SaysHowToPlayAgainOnlyWhatWasSaved) {
  const TerminalOptions options = {.replay_command = "verbatim replay {file}"};
  EXPECT_FALSE(absl::StrContains(FailureText(Failure(), "", options), "again"));
}

// What is found out by more than a scenario can say.
Outcome Misbehaviour() {
  Outcome outcome;
  outcome.id = "stream.idle.no-cpu";
  outcome.level = "S";
  outcome.basis = "robust";
  outcome.sentence = "It uses no processor time while nothing happens.";
  outcome.source = "RFC 9293 §3.9";
  outcome.result = Outcome::Result::kFail;
  outcome.verdict.kind = Verdict::Kind::kMisbehaved;
  outcome.verdict.detail = "500 ms of processor time in 500 ms";
  outcome.note = "median 499 ms";
  return outcome;
}

TEST(FailureText, WithoutAScenarioSaysHowToCheckItAgain) {
  const TerminalOptions options = {
      .replay_command = "verbatim replay {file} --builtin",
      .recheck_command = "verbatim check --only {id} --seed 1 --builtin",
      .explain_command = "./verbatim explain {id}"};
  const std::string story = R"(FAIL stream.idle.no-cpu  (S, robust)
  required  It uses no processor time while nothing happens.
  by        RFC 9293 §3.9
  seen      misbehaved: 500 ms of processor time in 500 ms
  measured  median 499 ms
  again     verbatim check --only stream.idle.no-cpu --seed 1 --builtin
  more      ./verbatim explain stream.idle.no-cpu
)";
  EXPECT_EQ(FailureText(Misbehaviour(), "", options), story);
  EXPECT_EQ(FailureText(Misbehaviour(), "out/a.echo", options), story);
}

TEST(FailureText, WithoutAScenarioThereMayHaveBeenAConversation) {
  Outcome outcome = Misbehaviour();
  outcome.verdict.sent_bytes = 3;
  outcome.verdict.connection = 7;
  outcome.verdict.ending = Ending::kReset;
  outcome.replays = 5;
  outcome.recurred = 3;
  const std::string text = FailureText(outcome, "", {});
  EXPECT_TRUE(absl::StrContains(text,
                                "  so far    3 bytes sent, 0 right ones received\n"
                                "  ended     connection 7: RST from the target\n"))
      << text;
  EXPECT_TRUE(absl::StrContains(text, "  recurs    3 of 5\n")) << text;
}

TEST(FailureText, OfAScenarioThatWasNotSavedSaysHowToCheckItAgain) {
  const TerminalOptions options = {.replay_command = "verbatim replay {file}",
                                   .recheck_command = "verbatim check --only {id}"};
  EXPECT_TRUE(
      absl::StrContains(FailureText(Failure(), "", options),
                        "  again     verbatim check --only stream.exact.fragments-awaited\n"));
}

TEST(FailureText, HowItEndedIsARowOfItsOwn) {
  Outcome outcome = Failure();
  const auto row = [&outcome](Ending ending) {
    outcome.verdict.ending = ending;
    const std::string text = FailureText(outcome, "", {});
    const size_t at = text.find("  ended     ");
    return text.substr(at, text.find('\n', at) - at);
  };
  EXPECT_EQ(row(Ending::kFin), "  ended     connection 1: FIN from the target");
  EXPECT_EQ(row(Ending::kReset), "  ended     connection 1: RST from the target");
  EXPECT_EQ(row(Ending::kCrashed), "  ended     connection 1: the target died");
}

TEST(FailureText, TellsWhatTheControlTold) {
  Outcome outcome = Failure();
  outcome.control = Control::kFailed;
  outcome.control_verdict.kind = Verdict::Kind::kCorrupted;
  EXPECT_TRUE(absl::StrContains(FailureText(outcome, "", {}),
                                "it is not the cutting: corrupted: the byte at offset 0"));
  outcome.control = Control::kNotApplicable;
  EXPECT_TRUE(absl::StrContains(FailureText(outcome, "", {}), "  control   none: "));
}

TEST(FailureText, ShowsNoWindowWhereThereAreNoBytes) {
  Outcome outcome = Failure();
  outcome.verdict.expected = outcome.verdict.seen = "";
  EXPECT_FALSE(absl::StrContains(FailureText(outcome, "", {}), "expected, from"));
  outcome.verdict.expected = "abc";
  EXPECT_TRUE(absl::StrContains(FailureText(outcome, "", {}), "seen:\n              nothing\n"));
}

TEST(FailureText, OfALongScenarioShowsTheFirstSteps) {
  Outcome outcome = Failure();
  outcome.smallest.steps.assign(1000, {Step::Kind::kAwait, 1, 0});
  const std::string text = FailureText(outcome, "", {});
  EXPECT_TRUE(absl::StrContains(text, "… 962 more lines"));
  EXPECT_LT(text.size(), 4000u);
}

TEST(FailureText, ALongLiteralIsCutShort) {
  Outcome outcome = Failure();
  outcome.smallest.payload.bytes.assign(1 << 20, '\x1b');
  EXPECT_LT(FailureText(outcome, "", {}).size(), 8000u);
}

// Nothing but printable ASCII, newlines and our own ellipsis may reach the terminal.
void ExpectHarmless(std::string text) {
  for (size_t at; (at = text.find("…")) != std::string::npos;) text.erase(at, 3);
  for (const char byte : text) {
    ASSERT_TRUE((byte >= ' ' && byte <= '~') || byte == '\n') << static_cast<int>(byte) << text;
  }
}

const char kHostile[] =
    "\x1b]0;owned\x07\x1b[2J\r\b\x7f\xc3\x28\xff\x9b"
    "31m\tend";

TEST(FailureText, WhatTheTargetSentIsEscaped) {
  Outcome outcome = Failure();
  outcome.verdict.seen = outcome.verdict.expected = outcome.smallest.payload.bytes = kHostile;
  ExpectHarmless(FailureText(outcome, "", {}));
}

TEST(FailureText, WhatTheTargetPrintedIsEscapedAndShownOnlyIfItDied) {
  Outcome outcome = Failure();
  outcome.target_output = std::string("first\n") + kHostile + "\n\n";
  EXPECT_FALSE(absl::StrContains(FailureText(outcome, "", {}), "printed"));
  outcome.verdict.kind = Verdict::Kind::kDied;
  const std::string text = FailureText(outcome, "", {});
  ExpectHarmless(text);
  EXPECT_TRUE(absl::StrContains(text,
                                "  printed   the target's last output:\n"
                                "              first\n"
                                "              \\x1b]0;owned\\x07\\x1b[2J\\r\\x08"));
  outcome.target_output = " \n";
  EXPECT_TRUE(absl::StrContains(FailureText(outcome, "", {}), "  printed   nothing\n"));
}

TEST(FailureText, WordsThatReachTheVerdictAreEscaped) {
  Outcome outcome = Failure();
  outcome.verdict.kind = Verdict::Kind::kDied;
  outcome.verdict.detail = kHostile;
  outcome.transcript = {kHostile};
  ExpectHarmless(FailureText(outcome, "", {}));
}

TEST(FailureText, OfALongOutputTheLastLinesAreShown) {
  Outcome outcome = Failure();
  outcome.verdict.kind = Verdict::Kind::kDied;
  for (int i = 0; i < 100; ++i) outcome.target_output += "line " + std::to_string(i) + "\n";
  outcome.target_output += std::string(100'000, 'x');
  const std::string text = FailureText(outcome, "", {});
  EXPECT_FALSE(absl::StrContains(text, "line 90\n"));
  EXPECT_TRUE(absl::StrContains(text, "line 91\n"));
  EXPECT_LT(text.size(), 4000u);
}

TEST(OutcomeLine, HasTheResultTheRequirementAndTheCost) {
  Outcome outcome = Failure();
  outcome.result = Outcome::Result::kPass;
  EXPECT_EQ(OutcomeLine(outcome, {}),
            "  pass         stream.exact.fragments-awaited   M derived  12 scenarios, 0.26 s\n");
  outcome.distinct_scenarios = 1;
  EXPECT_TRUE(absl::StrContains(OutcomeLine(outcome, {}), "  1 scenario, "));
}

TEST(OutcomeLine, HasTheReasonWhereThereIsOne) {
  Outcome outcome = Failure();
  outcome.result = Outcome::Result::kNotClaimed;
  outcome.reason = "needs halfclose";
  EXPECT_EQ(OutcomeLine(outcome, {}),
            "  not claimed  stream.exact.fragments-awaited   M derived  needs halfclose\n");
  outcome.reason = kHostile;
  ExpectHarmless(OutcomeLine(outcome, {}));
}

TEST(OutcomeLine, EndsWithTheCutsAndWhatWasMeasured) {
  Outcome outcome = Failure();
  outcome.result = Outcome::Result::kPass;
  outcome.cuts = 812;
  outcome.certain_cuts = 640;
  outcome.note = "median 0.1 ms";
  EXPECT_TRUE(absl::EndsWith(OutcomeLine(outcome, {}),
                             "  12 scenarios, 0.26 s, 812 cuts, 640 certain; median 0.1 ms\n"));
  outcome.note = kHostile;
  ExpectHarmless(OutcomeLine(outcome, {}));
  outcome.cuts = 1;
  outcome.note = "";
  EXPECT_TRUE(absl::EndsWith(OutcomeLine(outcome, {}), "0.26 s, 1 cut, 640 certain\n"));
}

TEST(OutcomeLine, WithoutScenariosHasOnlyTheTime) {
  Outcome outcome = Misbehaviour();
  outcome.result = Outcome::Result::kPass;
  outcome.seconds = 0.5;
  EXPECT_TRUE(absl::EndsWith(OutcomeLine(outcome, {}), "  S robust   0.50 s; median 499 ms\n"));
}

TEST(OutcomeLine, WhatWasObservedIsNoPassAndHasWhatWasSeen) {
  Outcome outcome = Misbehaviour();
  outcome.id = "stream.urgent.observed";
  outcome.level = "I";
  outcome.note = "";
  outcome.result = Outcome::Result::kObserved;
  outcome.reason = "the urgent byte came back in line";
  EXPECT_EQ(OutcomeLine(outcome, {}),
            "  observed     stream.urgent.observed           I robust   the urgent byte came back "
            "in line\n");
}

TEST(OutcomeLine, WhatAFileMayHoldIsEscaped) {
  Outcome outcome = Failure();
  outcome.id = outcome.level = outcome.basis = outcome.sentence = outcome.source = kHostile;
  ExpectHarmless(OutcomeLine(outcome, {}));
  ExpectHarmless(FailureText(outcome, "", {.recheck_command = "check {id}"}));
}

TEST(OutcomeLine, IsColoredOnlyIfAsked) {
  EXPECT_FALSE(absl::StrContains(OutcomeLine(Failure(), {}), "\x1b"));
  EXPECT_TRUE(absl::StartsWith(OutcomeLine(Failure(), {.color = true}),
                               "  \x1b[31;1mFAIL       \x1b[0m  stream."));
}

TEST(SummaryLine, NamesOnlyWhatThereIs) {
  Summary summary;
  summary.passed = 13;
  summary.distinct_scenarios = 1;
  summary.plays = 1;
  EXPECT_EQ(SummaryLine(summary, 1.5),
            "13 of 13 hold; 1 distinct scenario, 1 conversation, 1.50 s\n");
  summary.failed_must = 2;
  summary.failed_should = 1;
  summary.skipped = 3;
  summary.observed = 2;
  summary.not_run = 4;
  summary.distinct_scenarios = 7;
  summary.plays = 9;
  EXPECT_EQ(SummaryLine(summary, 1.5),
            "13 of 16 hold, 2 of level M fail, 1 of level S fail, 2 observed, 3 skipped, 4 not "
            "run; 7 distinct "
            "scenarios, 9 conversations, 1.50 s\n");
}

TEST(TimeLine, SaysWhatThereWasNoTimeForAndWhatItTakes) {
  Summary summary;
  summary.passed = 13;
  EXPECT_EQ(TimeLine(summary, 60), "");
  summary.partly = 2;
  summary.seconds_left = 100;
  EXPECT_EQ(
      TimeLine(summary, 60),
      "the time was over (--budget); of the requirements that hold 2 were judged by the first "
      "cases: --budget 180s is about enough for all\n");
  summary.seconds_left = 1;
  summary.no_time = 1;
  EXPECT_EQ(
      TimeLine(summary, 60),
      "the time was over (--budget); of the requirements that hold 2 were judged by the first "
      "cases; 1 was not judged: --budget 120s is about enough for all\n");
}

TEST(OutcomeLine, SaysHowManyCasesThereWasNoTimeFor) {
  Outcome outcome;
  outcome.id = "stream.exact.bulk";
  outcome.result = Outcome::Result::kPass;
  outcome.distinct_scenarios = 3;
  outcome.cases_left = 7;
  EXPECT_NE(OutcomeLine(outcome, {}).find("3 scenarios, 0.00 s, no time for 7 more"),
            std::string::npos)
      << OutcomeLine(outcome, {});
}

TEST(HexDump, HasSixteenBytesALine) {
  EXPECT_EQ(HexDump("0123456789abcdef\r\n\x1b\x7f\xff", 4096, "> "),
            ">     4096  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  |0123456789abcdef|\n"
            ">     4112  0d 0a 1b 7f ff                                   |.....|\n");
  EXPECT_EQ(HexDump("", 0, "> "), "");
  EXPECT_EQ(HexDump(absl::string_view("\0", 1), uint64_t{1} << 40, ""),
            "1099511627776  00                                               |.|\n");
}

TEST(HexDump, ShowsEveryByteHarmlessly) {
  std::string all;
  for (int value = 0; value < 256; ++value) all += static_cast<char>(value);
  ExpectHarmless(HexDump(all, 0, ""));
}

}  // namespace
}  // namespace verbatim
