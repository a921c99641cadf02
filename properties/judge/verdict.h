// Verdict: what went wrong in a conversation, and where.
// Not for: finding it out (judge.h), or which requirement it breaks (requirements/).
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "properties/judge/transcript.h"

namespace verbatim {

// A verdict shows kWindowShown bytes, from kWindowBefore bytes before the first difference on.
inline constexpr uint64_t kWindowShown = 64;
inline constexpr uint64_t kWindowBefore = 16;

struct Verdict {
  enum class Kind {
    kHeld,          // nothing went wrong
    kLost,          // `length` bytes at `offset` did not come, later ones did
    kDuplicated,    // `length` bytes that end at `offset` came again
    kReordered,     // bytes at `offset` came after later ones
    kCorrupted,     // the byte at `offset` came as another
    kInserted,      // `length` bytes at `offset` that were never sent (or not yet)
    kTruncated,     // the connection ended `length` bytes short, at `offset`
    kWithheld,      // `length` bytes from `offset` on did not come, the connection stayed open
    kLeaked,        // what came at `offset` belongs to connection `from_connection`
    kStuck,         // the target took no more: nothing was accepted though we read all along
    kNotEnded,      // we sent our FIN, and no end came
    kUnserved,      // a connection was refused, or not accepted in time
    kDied,          // the target died (the engine says so: no stage can see it)
    kMisreported,   // a client's exit status does not say what happened
    kMisbehaved,    // what it does besides returning bytes: `detail` says what was measured
    kMisaddressed,  // a datagram's answer came from elsewhere: `detail` says from where
    kNotJudged,     // the requirement leaves open what happened
  };
  Kind kind = Kind::kHeld;
  uint32_t connection = 1;
  Way way = Way::kReturned;  // which bytes it is about
  bool of_datagrams = false;
  // Which of the datagrams sent on the connection, from 1 on: offsets are within it. 0: an
  // answer to none of them, or a stream.
  uint64_t datagram = 0;
  uint64_t offset = 0;
  uint64_t length = 0;
  bool length_known = true;
  uint32_t from_connection = 0;

  // The bytes around the first difference, both from `window_offset` on.
  uint64_t window_offset = 0;
  std::string expected;
  std::string seen;

  uint64_t sent_bytes = 0;      // on that connection
  uint64_t received_bytes = 0;  // on that connection
  int64_t waited_ms = 0;
  Ending ending = Ending::kOpen;
  std::string detail;  // a call's error, or how the target died

  // The target died, `how`: that comes before whatever else was seen.
  void SayDied(std::string how);

  bool Fails() const { return kind != Kind::kHeld && kind != Kind::kNotJudged; }
  // Whether bytes came that were not due there: nothing but the target makes bytes wrong.
  bool IsOfWrongBytes() const { return kind >= Kind::kLost && kind <= Kind::kInserted; }
  // Whether a chance may have done it: something did not come, or came late. Wrong bytes are no
  // chance, were they seen once.
  bool MayBeChance() const {
    return IsSilence() || kind == Kind::kTruncated || kind == Kind::kUnserved;
  }
  // Whether it was the absence of something: those are judged by a deadline.
  bool IsSilence() const {
    return kind == Kind::kWithheld || kind == Kind::kStuck || kind == Kind::kNotEnded;
  }
};

// "lost", "withheld" …
absl::string_view VerdictName(Verdict::Kind kind);

// One sentence: "lost: 1 byte at offset 52341 of connection 1, later ones came".
std::string VerdictSentence(const Verdict& verdict);

}  // namespace verbatim
