// Scenario: what Verbatim's side of a conversation does, and what the implementation's system calls
// meet, as a plain value.
// Not for: its forms (text.h, bytes.h), playing it (stage/), or what it proves (judge/).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/fault.h"
#include "properties/scenario/payload.h"

namespace verbatim {

// Whom a scenario is for. kClient: we are the server of a client under test, on connection 1.
// kDatagramServer: it answers datagrams; a connection is a socket of its own of ours, and each send
// is one datagram.
enum class Role : uint8_t { kServer, kClient, kDatagramServer };
absl::string_view RoleName(Role role);  // "server", "client", "datagram-server"

// One thing that our side does on one connection. The stage reads all along, except between kStall
// and kResume, and slowly from kDrip on. For a server of datagrams there are kConnect, kSend (of 0
// bytes too), kAwait (until each has its answer), kPause and kClose alone.
struct Step {
  enum class Kind {
    // Role server.
    kConnect,  // opens connection N; connection 1 is open from the start
    kSend,   // the next `amount` bytes of the connection's payload, or all that is left. While the
             // connection is stalled it ends when nothing was accepted for 500 ms: what was not
             // accepted stays for a later send
    kAwait,  // until all that was sent on the connection so far has come back
    kPause,  // `amount` milliseconds go by
    // Both roles.
    kStall,     // stop reading
    kResume,    // read again
    kShutdown,  // FIN: nothing more will be sent
    kReset,     // RST (SO_LINGER 0)
    kClose,     // close(2), with whatever is unread: a peer that vanishes
    // Role server again.
    kExpectEof,  // until the other side has ended the connection
    // Role client.
    kFeed,     // its standard input gets the next `amount` bytes of the payload, or all the rest
    kFeedEof,  // its standard input ends
    kReply,    // waits until the next `amount` bytes that were not replied yet have come from it,
               // and sends them back; kRest: all that was fed so far and not replied
    kHold,     // `amount` milliseconds go by
    kExpectExit,  // until it has ended; what it printed is exactly what was replied, and its status
                  // is 0 (`amount` 0) or is not 0 (`amount` 1)
    // Role server. They stand last: the byte form numbers the kinds in this order.
    kSettle,  // until the target has read, out of its kernel, all that was sent on the connection
              // so far; where the kernel can't tell, it goes on at once
    kDrip,    // from here on at most `amount` bytes are read each millisecond, until a stall or a
              // resume. A connection that ever drips has a small receive buffer from its connect on
  };
  Kind kind = Kind::kSend;
  uint32_t connection = 1;
  uint64_t amount = 0;
  // Of kSend: wait where more than so many bytes have not come back yet; 0: send on. A peer that is
  // never far ahead shows what a target does to the bytes, and not how it bears a backlog.
  uint64_t ahead = 0;

  friend bool operator==(const Step&, const Step&) = default;
};

inline constexpr size_t kStepKinds = 17;

// As an amount of kSend, kFeed or kReply: all that is left.
inline constexpr uint64_t kRest = ~uint64_t{0};
inline constexpr uint64_t kMaxPayloadBytes = uint64_t{1} << 40;
inline constexpr uint64_t kMaxPauseMs = 60'000;  // of kHold too
inline constexpr uint64_t kMaxDripBytes = 65'536;
// RFC 768 counts in 16 bits, with the 8 of its own header; IPv4's header takes 20 more of them.
inline constexpr uint64_t kMaxDatagramBytes = 65'527;
inline constexpr size_t kMaxRequirementBytes = 255;
inline constexpr size_t kMaxFaults = 64;
inline constexpr uint32_t kMaxFaultNumber = 65535;  // after, times and amount

struct Scenario {
  // By which requirement it is judged; empty: by every byte rule.
  std::string requirement;
  PayloadSpec payload;
  std::vector<Step> steps;
  Role role = Role::kServer;
  // What the implementation's calls meet; of several that a call could meet, the first.
  std::vector<Fault> faults = {};

  friend bool operator==(const Scenario&, const Scenario&) = default;
};

// "send", "expect eof", "expect output" …
absl::string_view StepName(Step::Kind kind);

// What is wrong with it as a requirement's ID, in words for the author; empty if nothing is.
absl::string_view RequirementProblem(absl::string_view id);

// What can be played: each step is one that Checker (checker.h) takes, each fault one that
// FaultProblem passes. `*index` (may be null) gets the place of the first thing that is wrong: a
// step's own, or steps.size() + a fault's.
// Returns kInvalidArgument, in words for the author of the scenario, iff it can't be played.
absl::Status Validate(const Scenario& scenario, size_t* index = nullptr);

// The highest connection number; at least 1.
uint32_t Connections(const Scenario& scenario);

// The payload as the scenario cuts it. `scenario` must be valid.
Payload MakePayload(const Scenario& scenario);

}  // namespace verbatim
