// Reports made by hand for the tests of report/: one outcome of each kind, and the words of a
// hostile target.
// Not for: anything but tests.
#pragma once

#include <string>
#include <vector>

#include "properties/report/report.h"

namespace verbatim {

// What a target may send or print: escape sequences, what is no UTF-8, markup of any kind.
inline std::string Hostile() {
  constexpr char kWords[] =
      "\x1b]0;owned\x07\x1b[2J\r\b\x7f\xc3\x28\xff\x9b\xc2\x9b\xef\xbf\xbe\t\0end]]></failure>"
      "<a b='\">&amp;&#27;\n...\n  ...\nnot ok 9 # SKIP \\ \" {id} {file}\n";
  return std::string(kWords, sizeof(kWords) - 1);
}

inline Outcome TestOutcome(const std::string& id, Outcome::Result result,
                           const std::string& level = "M") {
  Outcome outcome;
  outcome.id = id;
  outcome.level = level;
  outcome.basis = "derived";
  outcome.sentence = "What is sent comes back, byte for byte.";
  outcome.source = "RFC 862; RFC 9293 §3.7";
  outcome.result = result;
  outcome.seconds = 0.25;
  if (result == Outcome::Result::kPass || result == Outcome::Result::kFail) {
    outcome.plays = outcome.distinct_scenarios = 12;
    outcome.cuts = 40;
    outcome.certain_cuts = 30;
  } else {
    outcome.reason = "because of <reasons> & \"more\" # than one";
  }
  if (result != Outcome::Result::kFail) return outcome;
  outcome.smallest.payload.literal = true;
  outcome.smallest.payload.bytes = "GET /\r\n";
  outcome.smallest.requirement = id;
  outcome.smallest.steps = {{Step::Kind::kSend, 1, kRest}, {Step::Kind::kAwait, 1, 0}};
  outcome.first = outcome.smallest;
  outcome.first.steps.push_back({Step::Kind::kShutdown, 1, 0});
  outcome.verdict.kind = Verdict::Kind::kTruncated;
  outcome.verdict.offset = outcome.verdict.received_bytes = 5;
  outcome.verdict.length = 2;
  outcome.verdict.sent_bytes = 7;
  outcome.verdict.ending = Ending::kReset;
  outcome.verdict.expected = "GET /\r\n";
  outcome.verdict.seen = "GET /";
  outcome.transcript = {"     0.10 ms  connection 1  sent 7 bytes"};
  outcome.control = Control::kFailed;
  outcome.control_verdict = outcome.verdict;
  outcome.recurred = 4;
  outcome.replays = 5;
  outcome.first_failure_seconds = 0.125;
  return outcome;
}

// Of datagrams: the second of two, of 1025 bytes, came back cut to 1024.
inline Outcome DatagramOutcome() {
  Outcome outcome = TestOutcome("datagram.exact.sizes", Outcome::Result::kFail);
  outcome.sentence = "A datagram comes back whole, at every size.";
  outcome.source = "RFC 862; RFC 768";
  outcome.cuts = outcome.certain_cuts = 0;
  outcome.smallest.role = Role::kDatagramServer;
  outcome.smallest.payload = {.size_bytes = 1026};
  outcome.smallest.steps = {
      {Step::Kind::kSend, 1, 1}, {Step::Kind::kSend, 1, 1025}, {Step::Kind::kAwait, 1, 0}};
  outcome.first = outcome.smallest;
  Verdict& verdict = outcome.verdict;
  verdict = {.kind = Verdict::Kind::kTruncated, .of_datagrams = true, .datagram = 2};
  verdict.offset = 1024;
  verdict.length = 1;
  verdict.window_offset = 1008;
  verdict.expected = "0123456789abcdefX";
  verdict.seen = "0123456789abcdef";
  verdict.sent_bytes = 1026;
  verdict.received_bytes = 1;
  outcome.transcript = {"     0.10 ms  connection 1  sent a datagram of 1 byte",
                        "     0.11 ms  connection 1  sent a datagram of 1025 bytes",
                        "     0.20 ms  connection 1  received a datagram of 1 byte",
                        "     0.21 ms  connection 1  received a datagram of 1024 bytes"};
  outcome.control = Control::kNotApplicable;
  return outcome;
}

// TestOutcome with the target's words wherever there can be some.
inline Outcome HostileOutcome(const std::string& id, Outcome::Result result,
                              const std::string& level = "M") {
  Outcome outcome = TestOutcome(id, result, level);
  outcome.reason = outcome.note = outcome.target_output = Hostile();
  outcome.transcript = {Hostile(), Hostile()};
  outcome.verdict.kind = Verdict::Kind::kDied;
  outcome.verdict.detail = outcome.verdict.expected = outcome.verdict.seen = Hostile();
  outcome.smallest.payload.bytes = outcome.first.payload.bytes = Hostile();
  return outcome;
}

// One outcome of each kind: two M, then S, then what is neither.
inline Report TestReport() {
  Report report;
  report.info.version = "0.1.0";
  report.info.target = "--spawn './server {port}'";
  report.info.transport = "tcp";
  report.info.seed = 7;
  report.info.cases = 100;
  report.info.profile = "robust";
  report.info.seconds = 1.5;
  report.info.starts = 2;
  report.info.notes = {"the target was started again after stream.b"};
  report.outcomes = {TestOutcome("stream.exact.a", Outcome::Result::kPass),
                     TestOutcome("stream.exact.b", Outcome::Result::kFail),
                     TestOutcome("stream.end.c", Outcome::Result::kFail, "S"),
                     TestOutcome("stream.end.d", Outcome::Result::kSkip),
                     TestOutcome("stream.end.e", Outcome::Result::kNotClaimed),
                     TestOutcome("stream.end.f", Outcome::Result::kNotRun),
                     TestOutcome("stream.end.g", Outcome::Result::kObserved, "I")};
  for (const Outcome& outcome : report.outcomes) report.info.chosen.push_back(outcome.id);
  return report;
}

// Every kind of outcome with a hostile target's words.
inline Report HostileReport() {
  Report report = TestReport();
  report.info.target = Hostile();
  report.info.notes = {Hostile()};
  for (Outcome& outcome : report.outcomes)
    outcome = HostileOutcome(outcome.id, outcome.result, outcome.level);
  return report;
}

}  // namespace verbatim
