// The fields of a report in JSON, once for both ways: `Archive` is a Writer or a Reader (json.cc),
// which is called with each field's name and value.
// Not for: how a value of some type looks.
#pragma once

#include <string>
#include <vector>

#include "properties/report/report.h"

namespace verbatim {

// The words of an enum, in its order.
inline const std::vector<std::string>& Words(Outcome::Result) {
  static const auto* const words = new std::vector<std::string>{
      "pass", "fail", "skip", "not-claimed", "not-run", "observed", "no-time", "seen-once"};
  return *words;
}
inline const std::vector<std::string>& Words(Control) {
  static const auto* const words = new std::vector<std::string>{"none", "held", "failed"};
  return *words;
}
inline const std::vector<std::string>& Words(Ending) {
  static const auto* const words = new std::vector<std::string>{
      "open", "fin", "reset", "refused", "timed-out", "ours", "crashed"};
  return *words;
}
inline const std::vector<std::string>& Words(Way) {
  static const auto* const words = new std::vector<std::string>{"returned", "sent", "printed"};
  return *words;
}
inline const std::vector<std::string>& Words(Verdict::Kind) {
  static const auto* const words = new std::vector<std::string>{
      "held",      "lost",        "duplicated", "reordered",    "corrupted", "inserted",
      "truncated", "withheld",    "leaked",     "stuck",        "not-ended", "unserved",
      "died",      "misreported", "misbehaved", "misaddressed", "not-judged"};
  return *words;
}

template <class Archive, class T>
void VerdictFields(Archive& at, T& verdict) {
  at("kind", verdict.kind);
  at("connection", verdict.connection);
  at("way", verdict.way);
  at("of_datagrams", verdict.of_datagrams);
  at("datagram", verdict.datagram);
  at("offset", verdict.offset);
  at("length", verdict.length);
  at("length_known", verdict.length_known);
  at("from_connection", verdict.from_connection);
  at("window_offset", verdict.window_offset);
  at.Hex("expected", verdict.expected);
  at.Hex("seen", verdict.seen);
  at("sent_bytes", verdict.sent_bytes);
  at("received_bytes", verdict.received_bytes);
  at("waited_ms", verdict.waited_ms);
  at("ending", verdict.ending);
  at("detail", verdict.detail);
}

// What an outcome has of a failure.
template <class Archive, class T>
void FailureFields(Archive& at, T& outcome) {
  at.Object("verdict", outcome.verdict, [](auto& in, auto& v) { VerdictFields(in, v); });
  at("first", outcome.first);
  at("smallest", outcome.smallest);
  at("transcript", outcome.transcript);
  at("control", outcome.control);
  at.Optional("control_verdict", outcome.control_verdict,
              [](auto& in, auto& v) { VerdictFields(in, v); });
  at("recurred", outcome.recurred);
  at("replays", outcome.replays);
  at("first_failure_seconds", outcome.first_failure_seconds);
  at("target_output", outcome.target_output);
}

template <class Archive, class T>
void OutcomeFields(Archive& at, T& outcome) {
  at("id", outcome.id);
  at("level", outcome.level);
  at("basis", outcome.basis);
  at("sentence", outcome.sentence);
  at("source", outcome.source);
  at("result", outcome.result);
  at("reason", outcome.reason);
  at("note", outcome.note);
  at("plays", outcome.plays);
  at("distinct_scenarios", outcome.distinct_scenarios);
  at("cases_left", outcome.cases_left);
  at("seconds_left", outcome.seconds_left);
  at("seconds", outcome.seconds);
  at("cuts", outcome.cuts);
  at("certain_cuts", outcome.certain_cuts);
  at.Optional("failure", outcome, [](auto& in, auto& o) { FailureFields(in, o); });
}

template <class Archive, class T>
void RunFields(Archive& at, T& info) {
  at("version", info.version);
  at("target", info.target);
  at("transport", info.transport);
  at("seed", info.seed);
  at("cases", info.cases);
  at("profile", info.profile);
  at("strict", info.strict);
  at("shard", info.shard);
  at("shards", info.shards);
  at("chosen", info.chosen);
  at("seconds", info.seconds);
  at("starts", info.starts);
  at("notes", info.notes);
}

template <class Archive, class T>
void ReportFields(Archive& at, T& report) {
  at.Object("run", report.info, [](auto& in, auto& v) { RunFields(in, v); });
  at.List("outcomes", report.outcomes, [](auto& in, auto& v) { OutcomeFields(in, v); });
}

}  // namespace verbatim
