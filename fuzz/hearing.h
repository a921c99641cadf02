// A fuzz input as a conversation that a judge is told: what was sent, what came and how it ended,
// with every kind of damage to what came.
// Not for: what is wrong with it (judge_fuzzer.cc).
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "properties/judge/judge.h"
#include "properties/scenario/scenario.h"

namespace verbatim {

struct Hearing {
  Scenario scenario;  // of as many connections, with the payload
  Rules rules;
  std::vector<Event> events;      // without their data
  std::vector<std::string> data;  // of each event
};

// Total: any bytes are one. 4 bytes (connections, rules, overlay, size), then 3 for each event:
// what, of which connection, how much. What is sent is never more than the payload has.
Hearing ReadHearing(absl::string_view input);

// The rules that hold, and a row for each event (transcript.h).
std::string HearingText(const Hearing& hearing);

}  // namespace verbatim
