// The socket stage: plays a scenario over real sockets, as a peer of a server.
// Not for: starting the target (target.h), or saying what its answers mean (judge/).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "properties/judge/judge.h"
#include "properties/judge/transcript.h"
#include "properties/scenario/scenario.h"
#include "properties/stage/socket/line.h"

namespace verbatim {

class Patience;  // patience.h

// Every deadline but the connect's means "no progress for".
struct StageOptions {
  int64_t deadline_ms = 2000;
  // A full backlog drops SYNs, which are sent again after 1, 3 and 7 s.
  int64_t connect_deadline_ms = 15'000;
  // A stalled peer's send is over when nothing was accepted for so long.
  int64_t block_ms = 500;
  // A client that is silent may be given all of its input and the end of it before it is said to
  // be.
  bool may_end_input = true;
  // When to stop whatever is under way.
  std::chrono::steady_clock::time_point end = std::chrono::steady_clock::time_point::max();
  // Of streams: asked when the judge has said that it is over, before anything is closed or reset:
  // whether the target lives. Empty: it is not known.
  std::function<bool()> lives;
  // For streams and clients on a busy machine; must outlive the play. (Datagrams are asked again.)
  Patience* patience = nullptr;

  // `limit_ms`, or less where the end is near.
  int64_t Within(int64_t limit_ms) const;
};

// What the stage itself learnt.
struct Played {
  int64_t slowest_answer_us = 0;  // the longest time that an await that succeeded took
  // Boundaries between two sends on a connection; certain: the target had read up to there before
  // more was sent, as the kernel's queues or the echo told.
  uint64_t cuts = 0;
  uint64_t certain_cuts = 0;
  bool lived = false;      // the target did when it was judged, before our end of the connections
  bool cut_short = false;  // StageOptions::end came first: there is nothing to judge
  std::string words;       // of a client: what it said last on its standard error
};

// Plays `scenario` (valid) against what is behind `door`. Every event goes to
// `judge` and, unless it is null, to `transcript`. Stops early once the judge says that it is over.
// Returns kInternal iff our own side failed (no descriptors, no ports).
absl::StatusOr<Played> Play(const Scenario& scenario, const Door& door, const StageOptions& options,
                            Judge* judge, Transcript* transcript);

}  // namespace verbatim
