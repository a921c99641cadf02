// A scenario as a short Python script that plays it and says whether it went well, for people who
// have Python 3 and a server or a client, and nothing of ours.
// Not for: finding out what is wrong (judge/); a script only compares, and names the offset.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/endpoint.h"
#include "properties/judge/judge.h"
#include "properties/scenario/scenario.h"

namespace verbatim {

struct PythonOptions {
  Rules rules;                // of the requirement that the scenario names
  std::string sentence = {};  // what is required, and who says so; empty: nothing is said
  std::string source = {};
  std::vector<std::string> seen = {};  // what was seen, a line each
  // Where to connect, unless the script's arguments say it: tcp (HOST PORT), unix or unix-abstract
  // (PATH); of datagrams udp (HOST PORT) or unixgram (PATH). With an empty host the arguments are
  // needed, and tcp stands for udp where the scenario is of datagrams. For a client: tcp, udp, unix
  // or unixgram, and on which host to listen unless the arguments say it; empty: 127.0.0.1.
  Endpoint endpoint = {};
  std::string command = {};  // how to start a client, unless the arguments say it
  int64_t deadline_ms = 2000;
  int64_t connect_deadline_ms = 15'000;
};

// So many bytes of a connection a script can compute and hold, in some 20 s.
inline constexpr uint64_t kMaxScriptBytes = 256 << 20;

// A script for Python 3.8 and later, of the standard library alone. It sends the bytes that the
// scenario sends, reads when it reads, and exits with 0 and "ok", with 1 and what is wrong, or with
// 2 for wrong usage. Of role client it listens, starts the client, feeds it, serves it, holds what
// it sends and prints to what it was given, and ends it with all of its process group. Every wait
// is bounded. The same scenario and options give the same text. `scenario` must be valid. Returns
// kInvalidArgument, in words for the user, iff a connection sends (a client is fed) more than
// kMaxScriptBytes, or the endpoint is not of its kind (stream, datagram).
absl::StatusOr<std::string> EmitPython(const Scenario& scenario, const PythonOptions& options);

// What the comments at the head of a saved scenario's text say, without "# " and without the first
// line: the target, the seed and the verdict.
struct SavedComments {
  std::string target;             // as it was named: "tcp://127.0.0.1:7", "--spawn '…'"; or empty
  std::vector<std::string> seen;  // the other lines
};
SavedComments CommentsOf(absl::string_view text);

}  // namespace verbatim
