// Judge: a fold over a transcript's events, in bounded memory, without a socket. It says whether
// what came back is what was sent and, if not, names the difference.
// Not for: waiting, or deciding how long to wait. The stage does that.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "properties/judge/transcript.h"
#include "properties/judge/verdict.h"
#include "properties/scenario/scenario.h"

namespace verbatim {

// What a requirement judges by. Bytes that arrive are judged always.
struct Rules {
  bool complete = true;  // what was sent comes back: truncated, withheld, stuck count
  bool ends = true;      // an end that was expected comes
  bool status = true;    // a client's exit status says whether all came back
  bool prompt = false;   // a client sends what it is fed before its input ends
  bool serves = true;    // a connection is accepted
  bool gaps = true;      // a connection's own bytes are left out, and later ones of it come
  // After our FIN the end is a FIN and not a RST. Other requirements leave open how it ended.
  bool ends_cleanly = false;
  // Of datagrams. Silence is judged up to so many bytes: a larger one's is left open.
  uint64_t answered_to_bytes = ~uint64_t{0};
  bool whole = true;  // it is the datagram; else anything is an answer to the first without one
  bool cut = true;    // so is one that is a datagram's beginning; else that is its answer
  bool once = false;  // the same answer does not come again
  bool same_port = false;     // the answer comes from the port that was asked
  bool same_address = false;  // and from the address
};

class Judge {
 public:
  // `scenario` must be valid.
  Judge(const Scenario& scenario, Rules rules, Way way = Way::kReturned);

  void Observe(const Event& event);

  // Something was found, or was left open by the rules: the rest of the scenario adds nothing.
  // After wrong bytes, more of them may still tell what kind of wrong it is, up to kEvidenceBytes.
  bool Over() const { return differs_ || verdict_.kind != Verdict::Kind::kHeld; }
  // What the scenario sends, for those who play it.
  const Payload& payload() const { return payload_; }
  // How much has come back as it should.
  uint64_t ReceivedBytes(uint32_t connection) const { return lines_[connection - 1].received; }
  // Whether all that was sent on the connection has come back.
  bool CaughtUp(uint32_t connection) const;

  // The first thing that went wrong. To be called once, at the end.
  Verdict Finish();

  static constexpr size_t kEvidenceBytes = 512;

 private:
  struct Line {
    uint64_t sent = 0;
    uint64_t received = 0;
    Ending ending = Ending::kOpen;
    bool differs = false;
    bool shut = false;     // by us
    std::string evidence;  // what came from the first difference on
  };

  void Received(uint32_t connection, absl::string_view data);
  void Differs(uint32_t connection);
  void LookForLeak();
  void Ended(const Event& event);
  void Fail(Verdict::Kind kind, const Event& event);
  void NameDifference();

  Rules rules_;
  const Way way_;
  Payload payload_;
  std::vector<Line> lines_;
  Verdict verdict_;
  bool differs_ = false;
  std::string scratch_;
};

// What kind of difference it is: `seen` came where `payload` has its bytes from `offset` on, of
// which `sent` had been sent in all. Fills kind, length and from_connection. Public for its tests.
void Classify(const Payload& payload, uint32_t connection, uint64_t offset, uint64_t sent,
              absl::string_view seen, Verdict* verdict);

}  // namespace verbatim
