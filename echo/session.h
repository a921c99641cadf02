// Session: the echo of one stream, without I/O: bytes in, the same bytes out, a bounded buffer in
// between, and the end of the input passed on after the last byte.
// Not for: sockets, readiness or time; server.h brings those.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/strings/string_view.h"

namespace verbatim {

class Session {
 public:
  // Keeps at most `limit_bytes` that could not be sent yet (1 or more). Memory is taken only while
  // something is kept.
  explicit Session(size_t limit_bytes);

  // How many bytes may be received now. 0 is back-pressure: wait until some were sent.
  size_t Receivable() const { return ended_ ? 0 : limit_bytes_ - kept_bytes(); }

  // These bytes came in, of which the first `passed_bytes` have been sent on already without being
  // kept: that is allowed only while nothing is kept. The others are at most Receivable().
  void Receive(absl::string_view bytes, size_t passed_bytes = 0);

  // No more will come (the peer's FIN). What is kept is still due.
  void ReceiveEnd() { ended_ = true; }

  // What is to be sent next; empty if nothing is. Valid until the next call.
  absl::string_view Sendable() const { return {kept_.get() + begin_, kept_bytes()}; }

  // The first `bytes` of Sendable() were sent.
  void Sent(size_t bytes);

  // The input has ended and all of it was sent: the connection is to be closed.
  bool Finished() const { return ended_ && kept_bytes() == 0; }
  bool ended() const { return ended_; }

  uint64_t received_bytes() const { return received_bytes_; }
  uint64_t sent_bytes() const { return received_bytes_ - kept_bytes(); }

 private:
  size_t kept_bytes() const { return end_ - begin_; }

  size_t limit_bytes_;
  std::unique_ptr<char[]> kept_;  // of limit_bytes_, or null: [begin_, end_) is due
  size_t begin_ = 0;
  size_t end_ = 0;
  bool ended_ = false;
  uint64_t received_bytes_ = 0;
};

}  // namespace verbatim
