// The readable text of a scenario (.echo): Print and Parse are inverse.
//
//     # verbatim scenario 1
//     requirement stream.exact.fragments-awaited
//     payload coded 8192 seed 7 overlay crlf-at-cuts    # or: payload "\x00\xff GET\r\n"
//     send 3
//     @2 connect
//     @2 send rest ahead 65536       # never with more than 65536 bytes still to come back
//     settle                         # until the target has read all that was sent so far
//     drip 100                       # from here on 100 bytes are read each millisecond
//     pause 10ms
//     fault recv short 1 after 2     # the implementation's third recv returns 1 byte
//
//     role client                    # behind the requirement: for a client under test
//     feed 100
//     reply rest
//     hold 20ms
//     feed eof
//     expect output exact, status 0  # or: status not 0
//
// One step or fault a line; "@N " names the connection, 1 if there is none; "#" begins a comment.
// The first line carries the version; the others are read in any order, steps in theirs. Strings
// have C's escapes \x00, \n, \r, \t, \", \\. Not for: any other form, or for running it.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "properties/scenario/scenario.h"

namespace verbatim {

// One form for each value: equal scenarios have equal text.
std::string PrintScenario(const Scenario& scenario);

// Never crashes, whatever `text` holds. Returns kInvalidArgument, with the line and what to write
// instead, iff the text is not a scenario that can be played (Validate).
absl::StatusOr<Scenario> ParseScenario(absl::string_view text);

}  // namespace verbatim
