// Transcript: what happened while a scenario was played, event by event.
// Not for: what it means. That is the judge's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace verbatim {

// How a connection ended, as seen from our side.
enum class Ending {
  kOpen,      // it has not
  kFin,       // the other side's FIN
  kReset,     // RST (ECONNRESET or EPIPE of any call)
  kRefused,   // it never began
  kTimedOut,  // ETIMEDOUT, or no answer to the connect within its deadline
  kOurs,      // we closed or reset it
  kCrashed,   // the target's process died (only its parent can tell: the engine says so)
};
absl::string_view EndingName(Ending ending);

// Which way bytes take that are held against each other. Of a client under test there are two: what
// it was fed against what it sent, and what was replied against what it printed.
enum class Way {
  kReturned,  // by a server, to us
  kSent,      // by a client, to our server
  kPrinted,   // by a client, on its standard output
};

struct Event {
  enum class Kind {
    kConnected,
    kNotConnected,  // `ending` says why, `text` has the operation, the address and the errno's name
    kSent,          // `bytes` more of the payload were accepted by our kernel
    kReceived,      // `data`, valid only during Observe; `bytes` is its size
    kShutdown,      // our FIN
    kEnded,         // `ending`
    kSilence,       // an await had no progress for `waited_ms`
    kBlocked,       // a send had no progress for `waited_ms`
    kNoEof,         // the end was expected and did not come for `waited_ms`
    kSkipped,       // a step on a connection that had ended: `text` names it
    kExited,  // a client, with status `bytes`; `text` says what is wrong with it, if anything.
              // `ending`: kOpen where only the status is wrong, kFin where it left early,
              // kCrashed where it was killed
  };
  Kind kind = Kind::kConnected;
  uint32_t connection = 1;
  Way way = Way::kReturned;
  uint64_t time_us = 0;  // since the scenario's first step
  uint64_t bytes = 0;
  int64_t waited_ms = 0;
  Ending ending = Ending::kOpen;
  absl::string_view data;
  std::string text;
  // Of a kSent or kReceived: it is one whole datagram, of `bytes` bytes, 0 too.
  bool datagram = false;
  // Of a datagram received from another address than was asked: that address; and whether its port
  // differs, too (a unix socket's path is like a port).
  std::string from = {};
  bool from_other_port = false;
};

// The rows of a transcript, without the bytes, in bounded memory: neighbours of one kind are one
// row, and of a long transcript the first and the last rows are kept.
class Transcript {
 public:
  void Add(const Event& event);
  // "0.1 ms  connection 1  sent 3 bytes", a line each.
  std::vector<std::string> Lines() const;

 private:
  std::vector<Event> first_;
  std::vector<Event> last_;
  uint64_t left_out_ = 0;
};

}  // namespace verbatim
