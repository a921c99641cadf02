// Peer: one connection of a trial, with bytes that are to come back on it.
// Not for: scripts (scenario/) or what a target does besides (trial.h).
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "absl/types/span.h"
#include "properties/judge/judge.h"
#include "properties/requirements/trial.h"
#include "properties/stage/socket/line.h"

namespace verbatim {

class PeerQueue;

class Peer {
 public:
  // It has one line of text to send (Greet), which a server that works in lines or in capitals
  // returns as well: for trials that are about something else. The trial must outlive it.
  explicit Peer(Trial* trial);
  // It has this text.
  Peer(Trial* trial, std::string text);
  // It has so many coded bytes, which are no other peer's.
  Peer(Trial* trial, uint64_t coded_bytes);
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // These hold, or else are the trial's result. All deadlines are those of its budget.
  bool Connect() { return Connected(Dial()); }
  // So that the kernel takes in little that is not read (Line::Connect).
  bool ConnectSmall() { return Connected(Dial(true)); }
  // The two halves of it: the first may be called by a thread of its own.
  absl::Status Dial(bool small_buffer = false) {
    return trial_->Connect(&line_, trial_->budget().connect_deadline_ms, small_buffer);
  }
  bool Connected(const absl::Status& status);
  bool Send(uint64_t bytes);  // reading all along
  bool Await();               // until all that was sent has come back
  bool Greet() { return Send(payload().size_bytes()) && Await(); }
  // A '!' by MSG_OOB. From then on any '!' that comes back is none of the payload's bytes.
  bool SendUrgent();

  // FIN, the target's end, close. Without half-close, or where ends don't come: close alone, which
  // is a FIN too, since everything that came was read.
  void End();
  void Close();
  void Reset();  // RST

  // These look on, and blame nobody.
  // Whether a connection that is made now is served, by the first `bytes` of the payload; waits for
  // at most `limit_ms` (and what patience adds).
  bool IsServedWithin(int64_t limit_ms, uint64_t bytes);
  // Sends without reading until nothing was accepted for `block_ms`, `limit_bytes` were, or the
  // connection failed. Returns how many were accepted. What comes back is not judged any more.
  uint64_t Push(uint64_t limit_bytes, int64_t block_ms);
  // Reads until all that was pushed is back, nothing came for `quiet_ms`, or 5 s are over.
  void Drain(int64_t quiet_ms);
  // Sends little pieces of the payload without reading until the target has read one and can't
  // write all of it. False where that is not seen: only of TCP on this machine it is. Connect by
  // ConnectSmall. Await judges what comes back.
  bool SendUntilKept();
  // Sends the next `bytes` of the payload without reading, until nothing was accepted for 200 ms.
  // Returns how many the kernel took.
  uint64_t SendUnread(uint64_t bytes);
  // The same. Whether the target was seen to read them
  // within 200 ms.
  bool SendAndSeeItTaken(uint64_t bytes);
  // FIN. Whether the target was seen to read it within 200 ms.
  bool EndAndSeeItTaken();

  Line& line() { return line_; }
  const Line& line() const { return line_; }
  uint64_t number() const { return number_; }
  const Payload& payload() const { return judge_.payload(); }
  // How many '!' came back.
  uint64_t urgent_back() const { return urgent_back_; }
  bool CaughtUp() const { return judge_.CaughtUp(1); }

  // For those that wait for several (AwaitAll): takes in what is there.
  bool Receive();
  // Nothing has come for `waited_ms`, and something was due.
  bool Silent(int64_t waited_ms);

 private:
  Peer(Trial* trial, uint64_t number, PayloadSpec payload);
  bool Observe(const Event& event);
  bool IsTaken(PeerQueue* queue);
  size_t KeepPlain(absl::Span<char> received);
  enum class Wait { kToReceive, kToSend, kForEither };
  void WaitFor(Wait wait, int64_t limit_ms);

  Trial* const trial_;
  const uint64_t number_;  // of all peers of the trial, from 1
  Judge judge_;
  Line line_;
  bool urgent_ = false;
  uint64_t urgent_back_ = 0;
};

// Until all that was sent on all of them has come back, in whatever order. `end_each`: each is
// ended as soon as it has. A silence is when nothing comes on any. Wrong bytes that are another
// peer's are a leak.
bool AwaitAll(Trial& trial, std::deque<Peer>* peers, bool end_each = false);

// Connects until there are `count` peers, each served, or one is not: the last then. Whether one
// was not. `coded_bytes`: of each one's payload, the first 16 of which are sent; 0: a line of text.
bool FillUp(Trial& trial, size_t count, std::deque<Peer>* peers, uint64_t coded_bytes = 0);

// Ends them; the last one, with `full`, once it was served, or was not within the deadline.
void EndAll(Trial& trial, bool full, std::deque<Peer>* peers);

}  // namespace verbatim
