// A fuzz input as a conversation that judges are told, with a server or with a client: what was
// sent, what came and how it ended, with every kind of damage to what came.
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

// Total: any bytes are one. 4 bytes, then 3 for each event: what, of which connection (of a client:
// fed and sent, or replied and printed), how much. What is sent is never more than the payload has.
//     0  128: of a client, then 64: its status is left open; else connections (modulo)
//     1  1 to 16 rules, the rest the payload's seed
//     2  128: a literal payload, of as many numbers as the rest says; else overlay (modulo)
//     3  a quarter of the payload's size
Hearing ReadHearing(absl::string_view input);

// Those that are judged, each by a judge of its own.
std::vector<Way> WaysOf(const Hearing& hearing);

// The judge of `way`, who has heard all of it; of each byte alone if so asked.
Judge JudgeOf(const Hearing& hearing, Way way, bool in_single_bytes = false);

// All that happened, in one transcript.
Transcript TranscriptOf(const Hearing& hearing);

// The rules that hold, and a row for each event (transcript.h).
std::string HearingText(const Hearing& hearing);

}  // namespace verbatim
