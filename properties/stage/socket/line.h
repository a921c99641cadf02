// Line: our end of one connection to the target, with what is known of how it ended.
// Not for: scripts or deadlines of a conversation (stage.h).
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/address.h"
#include "core/unique_fd.h"
#include "properties/judge/transcript.h"

namespace verbatim {

class Line {
 public:
  // Connects, waiting for at most `deadline_ms`; Nagle's algorithm is off, so that a piece that is
  // sent alone leaves alone. On failure ending() says how: kRefused or kTimedOut. A connection to
  // itself (both ends equal, a simultaneous open, RFC 9293 §3.5) counts as refused: it would echo
  // perfectly. Returns the failing call, the address and the errno's name; kInternal iff our own
  // side is at fault (no descriptor or port left).
  absl::Status Connect(const SocketAddress& address, int64_t deadline_ms);

  // How many of the bytes were accepted; 0 if none can be now, or if the connection has failed:
  // then what has come can still be received.
  size_t Send(absl::Span<const char> bytes);

  // How many bytes came; 0 if none are there, or if the connection has ended: ending() tells.
  size_t Recv(absl::Span<char> buffer);

  void Shutdown();
  void Close();
  void Reset();  // RST

  int fd() const { return fd_.get(); }
  bool open() const { return static_cast<bool>(fd_) && ending_ == Ending::kOpen; }
  // A send has failed; there may still be bytes to receive.
  bool broken() const { return broken_; }
  Ending ending() const { return ending_; }
  bool shut() const { return shut_; }

  bool stalled = false;
  uint64_t sent_bytes = 0;
  uint64_t received_bytes = 0;

 private:
  bool IsSelf() const;
  bool WasReset() const;

  UniqueFd fd_;
  Ending ending_ = Ending::kOpen;
  bool broken_ = false;
  bool shut_ = false;
};

}  // namespace verbatim
