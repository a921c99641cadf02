// IcmpAsker: a trial's ICMP questions: each is asked again, with a fresh id and nonce, before a
// silence is believed. Not for: which questions, and what their answers show (icmp.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "properties/requirements/icmp_peer.h"
#include "properties/requirements/trial.h"

namespace verbatim {

struct IcmpQuestion {
  std::string data;
  bool marked = true;                                // IcmpPeer::Mark
  std::optional<uint16_t> checksum;                  // IcmpPeer::AimAtChecksum
  std::optional<std::pair<uint16_t, uint16_t>> ids;  // id and sequence, known by the nonce alone
  int tries = kDatagramTries;
  int64_t deadline_ms = 0;  // 0: the trial's
};

class IcmpAsker {
 public:
  // To the first of the target's addresses. The trial must outlive it.
  explicit IcmpAsker(Trial* trial) : trial_(*trial), to_(trial->target().addresses().front()) {}

  const SocketAddress& to() const { return to_; }
  // The data of `bytes` octets that the trial's seed gives.
  std::string Data(uint64_t bytes) const;
  // What fits the path's MTU, as it is known now. False iff the trial is over.
  bool FindRoom(uint64_t* room_bytes);

  // Asks until an answer comes, `tries` times at most. False iff the trial is over: no socket was
  // allowed, nothing could be sent, or its budget is spent.
  bool Ask(const IcmpQuestion& question);

  // Of the last question: what was sent, to whom it belongs, and what came.
  const std::string& sent() const { return sent_; }
  IcmpPeer& peer() { return *peer_; }
  const std::optional<IcmpAnswer>& answer() const { return answer_; }
  uint64_t questions() const { return questions_; }

  // What is wrong with the last answer's data; kHeld if they are those sent. From
  // `may_end_at_bytes` on they may end early.
  Verdict JudgeData(uint64_t may_end_at_bytes = ~uint64_t{0}) const;
  // A verdict on the last question.
  Verdict About(Verdict::Kind kind, std::string detail = "") const;
  // kMisbehaved, with the octets of the reply's header from `offset` on that differ.
  Verdict AboutHeader(uint64_t offset, std::string expected, std::string seen,
                      std::string detail) const;

 private:
  bool AskOnce(const IcmpQuestion& question, bool is_last);

  Trial& trial_;
  const SocketAddress to_;
  std::optional<IcmpPeer> peer_;
  std::string sent_;
  std::optional<IcmpAnswer> answer_;
  uint64_t questions_ = 0;
  int64_t waited_ms_ = 0;
};

}  // namespace verbatim
