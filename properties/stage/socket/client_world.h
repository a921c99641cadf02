// ClientWorld: a client under test with all that is around it: its connection, its input, its
// output, and the two judges, to whom everything is told as it comes.
// Not for: a scenario's steps (client_stage.cc).
#pragma once

#include <poll.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "properties/judge/judge.h"
#include "properties/judge/transcript.h"
#include "properties/stage/socket/client_door.h"
#include "properties/stage/socket/client_hands.h"
#include "properties/stage/socket/client_output.h"
#include "properties/stage/socket/client_wire.h"
#include "properties/stage/socket/quiet.h"
#include "properties/stage/socket/stage.h"

namespace verbatim {

// How often a wait for a client looks whether what it waits for is over.
inline constexpr int64_t kLookMs = 20;

class ClientWorld {
 public:
  // All must outlive it; `transcript` may be null. The judges have the same payload.
  ClientWorld(const ClientDoor& door, const StageOptions& options, Judge* forward, Judge* back,
              Transcript* transcript);

  // `input_bytes`: of all that will be fed. Returns kInternal iff our own side failed.
  absl::Status Start(uint64_t input_bytes);

  // What is there is taken in; if nothing is, waits for it, or for room to feed or reply, for at
  // most `timeout_ms`. True iff bytes came or somebody connected.
  enum class Wants { kNothing, kToFeed, kToReply };
  bool Turn(int64_t timeout_ms, Wants wants = Wants::kNothing);

  // Feeds up to `fed_bytes() == end`, and replies up to `replied_bytes() == end`, as much as can be
  // now. True iff something could be.
  bool Feed(uint64_t end);
  bool Reply(uint64_t end);
  void EndInput() { hands_->EndInput(); }

  void Emit(Judge* judge, Event event);
  // How it is judged that something did not come: where it never connected, it is that.
  void SaySilent(Judge* judge, Event::Kind kind, std::string text = "");
  bool Over();
  bool cut_short() const { return cut_short_; }

  // A step begins: what it waits for, it waits for from now on.
  void MakeProgress();
  // How long nothing has come and nothing gone.
  int64_t QuietMs() const { return quiet_.PassedMs(); }
  int64_t DeadlineMs() const;
  // So long, and what patience adds to it.
  bool IsSilent() { return quiet_.LeftMs(DeadlineMs()) <= 0; }
  int64_t slowest_us() const { return slowest_us_; }

  ClientWire& wire() { return *wire_; }
  ClientHands& hands() { return *hands_; }
  Judge* forward() { return forward_; }
  Judge* back() { return back_; }
  uint64_t fed_bytes() const { return fed_bytes_; }
  uint64_t taken_bytes() const { return taken_bytes_; }
  uint64_t replied_bytes() const { return replied_bytes_; }
  uint64_t printed_bytes() const { return printed_bytes_; }
  // It sends no more; it prints no more.
  bool theirs_ended() const { return theirs_ended_; }
  bool output_ended() const { return output_ended_; }

  bool stalled = false;
  bool ours_ended = false;  // by a step of ours: shut down, reset or closed
  // We left while replies were unread there: a RST may take them (RFC 9293 §3.10.7.4), so they may
  // be printed and need not.
  bool may_lose_replies = false;

 private:
  bool TakeIn();
  bool TakeFromWire();
  bool TakeFromOutput();
  void Print(absl::string_view printed, bool ends);

  const ClientDoor& door_;
  const StageOptions& options_;
  Judge* const forward_;
  Judge* const back_;
  Transcript* const transcript_;
  const int64_t start_us_;
  std::unique_ptr<ClientWire> wire_;
  std::unique_ptr<ClientHands> hands_;
  ClientOutput output_;
  std::string buffer_;
  std::vector<pollfd> polls_;
  uint64_t fed_bytes_ = 0;
  uint64_t taken_bytes_ = 0;
  uint64_t replied_bytes_ = 0;
  uint64_t printed_bytes_ = 0;
  bool theirs_ended_ = false;
  bool output_ended_ = false;
  bool holds_back_ = false;  // a reply waits for room: no more is taken in than an echo would
  bool cut_short_ = false;
  Quiet quiet_;
  int64_t slowest_us_ = 0;
};

}  // namespace verbatim
