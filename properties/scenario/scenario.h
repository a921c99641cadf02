// Scenario: what Verbatim's side of a conversation does, as a plain value.
// Not for: its text (text.h), playing it (stage/), or what it proves (judge/).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "properties/scenario/payload.h"

namespace verbatim {

// One thing that our side does on one connection. The stage reads all along, except between kStall
// and kResume.
struct Step {
  enum class Kind {
    kConnect,  // opens connection N; connection 1 is open from the start
    kSend,    // the next `amount` bytes of the connection's payload, or all that is left. While the
              // connection is stalled it ends when nothing was accepted for 500 ms: what was not
              // accepted stays for a later send
    kAwait,   // until all that was sent on the connection so far has come back
    kPause,   // `amount` milliseconds go by
    kStall,   // stop reading
    kResume,  // read again
    kShutdown,   // FIN: nothing more will be sent
    kReset,      // RST (SO_LINGER 0)
    kClose,      // close(2), with whatever is unread: a peer that vanishes
    kExpectEof,  // until the other side has ended the connection
  };
  Kind kind = Kind::kSend;
  uint32_t connection = 1;
  uint64_t amount = 0;
  // Of kSend: wait where more than so many bytes have not come back yet; 0: send on. A peer that is
  // never far ahead shows what a target does to the bytes, and not how it bears a backlog.
  uint64_t ahead = 0;

  friend bool operator==(const Step&, const Step&) = default;
};

// As an amount of kSend: all that is left of the payload.
inline constexpr uint64_t kRest = ~uint64_t{0};
inline constexpr uint64_t kMaxPayloadBytes = uint64_t{1} << 40;
inline constexpr uint64_t kMaxPauseMs = 60'000;

struct Scenario {
  // By which requirement it is judged; empty: by every byte rule.
  std::string requirement;
  PayloadSpec payload;
  std::vector<Step> steps;

  friend bool operator==(const Scenario&, const Scenario&) = default;
};

// "send", "expect eof" …
absl::string_view StepName(Step::Kind kind);

// What can be played: a connection is used only between its connect and its end; nothing is sent
// after a shutdown, nor beyond the payload; nothing is awaited of a connection that is stalled.
// `*step` (may be null) gets the index of the first step that is wrong.
// Returns kInvalidArgument, in words for the author of the scenario, iff it can't be played.
absl::Status Validate(const Scenario& scenario, size_t* step = nullptr);

// The highest connection number; at least 1.
uint32_t Connections(const Scenario& scenario);

// The payload as the scenario cuts it. `scenario` must be valid.
Payload MakePayload(const Scenario& scenario);

}  // namespace verbatim
