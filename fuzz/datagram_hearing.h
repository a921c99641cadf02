// A fuzz input as what a judge of datagrams is told: what was sent, and answers with every kind of
// damage. Not for: what is wrong with it (datagram_judge_fuzzer.cc).
#pragma once

#include "absl/strings/string_view.h"
#include "fuzz/hearing.h"

namespace verbatim {

// Total: any bytes are one. 4 bytes (connections, rules, overlay, size), then 3 for each event:
// what, on which connection, how much. An answer from elsewhere is a right one.
Hearing ReadDatagramHearing(absl::string_view input);

}  // namespace verbatim
