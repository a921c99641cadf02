// ClientTalk: a client under test that is served by hand: for trials, where no scenario can say
// what is done. Not for: scenarios (stage/socket/client_stage.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "properties/requirements/trial.h"
#include "properties/stage/socket/client_door.h"
#include "properties/stage/socket/client_hands.h"
#include "properties/stage/socket/client_wire.h"

namespace verbatim {

class ClientTalk {
 public:
  // Both must outlive it.
  ClientTalk(Trial* trial, const ClientDoor& door) : trial_(trial), door_(door) {}

  // False iff our own side failed: the trial has been told.
  bool Start();
  // All of it into the client's input. False iff that takes no more for a deadline.
  bool Feed(absl::string_view text);
  void EndInput() { hands_->EndInput(); }
  // Until it has connected. False iff it does not.
  bool AwaitBegin();
  // Until so many bytes have come from it in all. False iff they don't for `limit_ms`, or for a
  // deadline if that is longer.
  bool AwaitSent(uint64_t bytes, int64_t limit_ms = 0);
  // The datagrams that have come get no answer.
  void Forget();
  // Answers all datagrams that have come, as they came.
  void Answer();
  // Until it has printed so many bytes in all, it has ended, or nothing was printed for a deadline.
  void AwaitPrinted(uint64_t bytes);
  // Lets the time go by, less if it ends.
  void Linger(int64_t duration_ms);
  // Until it has ended. If it does not within `limit_ms` (and what patience adds), how long that
  // was; else 0.
  int64_t AwaitEnd(int64_t limit_ms);
  // Takes in what there is, or waits for it.
  bool Turn(int64_t timeout_ms, bool feeds = false);

  ClientWire& wire() { return *wire_; }
  ClientHands& hands() { return *hands_; }
  // Without prompts.
  std::string printed() const;

 private:
  template <typename Done>
  bool Wait(Done done, int64_t limit_ms);

  Trial* const trial_;
  const ClientDoor& door_;
  std::unique_ptr<ClientWire> wire_;
  std::unique_ptr<ClientHands> hands_;
  std::string sent_;     // by it, and not answered
  std::string printed_;  // at most kMostKept
  uint64_t sent_bytes_ = 0;
};

}  // namespace verbatim
