// The property of JSON: what is written is read back, whatever the report holds; and no text makes
// the reader fall.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <string>
#include <tuple>

#include "properties/generate/scenarios.h"
#include "properties/report/json.h"
#include "properties/report/json_fields.h"

namespace verbatim {
namespace {

// All members of a value. These don't compile when one is added: then it wants its place in
// json_fields.h, report.schema.json and Arbitrary… below.
auto Members(const Verdict& verdict) {
  const auto& [kind, connection, way, of_datagrams, datagram, offset, length, length_known, from,
               window_offset, expected, seen, sent, received, waited_ms, ending, detail] = verdict;
  return std::make_tuple(kind, connection, way, of_datagrams, datagram, offset, length,
                         length_known, from, window_offset, expected, seen, sent, received,
                         waited_ms, ending, detail);
}
auto Members(const Outcome& outcome) {
  const auto& [id, level, basis, sentence, source, result, reason, note, plays, distinct,
               cases_left, seconds_left, seconds, cuts, certain_cuts, verdict, first, smallest,
               transcript, control, control_verdict, recurred, replays, first_failure_seconds,
               target_output] = outcome;
  return std::make_tuple(id, level, basis, sentence, source, result, reason, note, plays, distinct,
                         cases_left, seconds_left, seconds, cuts, certain_cuts, Members(verdict),
                         first, smallest, transcript, control, Members(control_verdict), recurred,
                         replays, first_failure_seconds, target_output);
}
auto Members(const RunInfo& info) {
  const auto& [version, target, transport, seed, cases, profile, strict, shard, shards, chosen,
               seconds, starts, notes] = info;
  return std::make_tuple(version, target, transport, seed, cases, profile, strict, shard, shards,
                         chosen, seconds, starts, notes);
}

// Fills every field that json_fields.h names; no other value is drawn.
class Drawer {
 public:
  template <class T>
  void operator()(const char*, T& value) {
    if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(*rc::gen::inRange<size_t>(0, Words(value).size()));
    } else if constexpr (std::is_same_v<T, std::string>) {
      value = Text();
    } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      value.resize(*rc::gen::inRange<size_t>(0, 4));
      for (std::string& text : value) text = Text();
    } else if constexpr (std::is_same_v<T, Scenario>) {
      value = *rc::gen::oneOf(rc::gen::just(Scenario{}), ArbitraryScenario());
    } else if constexpr (std::is_same_v<T, double>) {
      value = *rc::gen::suchThat(rc::gen::arbitrary<double>(),
                                 [](double number) { return std::isfinite(number); });
    } else {
      value = *rc::gen::oneOf(
          rc::gen::arbitrary<T>(),
          rc::gen::element(std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
    }
  }
  void Hex(const char*, std::string& bytes) { bytes = Text(); }
  template <class T, class Fields>
  void Object(const char*, T& value, Fields fields) {
    fields(*this, value);
  }
  template <class T, class Fields>
  void Optional(const char*, T& value, Fields fields) {
    if (*rc::gen::arbitrary<bool>()) fields(*this, value);
  }
  template <class T, class Fields>
  void List(const char*, std::vector<T>& values, Fields fields) {
    values.resize(*rc::gen::inRange<size_t>(0, 4));
    for (T& value : values) fields(*this, value);
  }

 private:
  static std::string Text() {
    const auto bytes =
        rc::gen::container<std::string>(rc::gen::cast<char>(rc::gen::inRange<int>(0, 256)));
    const auto letters = rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~'));
    return *rc::gen::oneOf(letters, bytes, rc::gen::just(std::string("café … \xf4\x8f\xbf\xbf")));
  }
};

Report AnyReport() {
  Report report;
  Drawer drawer;
  ReportFields(drawer, report);
  return report;
}

RC_GTEST_PROP(Json, WhatIsWrittenIsReadBack, ()) {
  const Report report = AnyReport();
  const absl::StatusOr<Report> read = ReadJson(WriteJson(report));
  if (!read.ok()) RC_FAIL(std::string(read.status().message()));
  RC_ASSERT(Members(read->info) == Members(report.info));
  RC_ASSERT(read->outcomes.size() == report.outcomes.size());
  for (size_t i = 0; i < report.outcomes.size(); ++i)
    RC_ASSERT(Members(read->outcomes[i]) == Members(report.outcomes[i]));
}

RC_GTEST_PROP(Json, ADamagedReportIsReadOrRefused, ()) {
  std::string text = WriteJson(AnyReport());
  const int changes = *rc::gen::inRange(1, 5);
  for (int i = 0; i < changes; ++i) {
    const size_t at = *rc::gen::inRange<size_t>(0, text.size());
    text[at] = static_cast<char>(*rc::gen::oneOf(
        rc::gen::element<int>('"', '{', '}', '[', ']', ',', ':', '0', '-', '\\', 'n'),
        rc::gen::inRange<int>(0, 256)));
    if (*rc::gen::inRange(0, 4) == 0) text.erase(at, *rc::gen::inRange<size_t>(1, 40));
    if (text.empty()) break;
  }
  const absl::StatusOr<Report> read = ReadJson(text);
  RC_CLASSIFY(read.ok(), "read");
  if (!read.ok()) RC_ASSERT(absl::IsInvalidArgument(read.status()));
}

}  // namespace
}  // namespace verbatim
