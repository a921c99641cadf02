// DatagramPeer: a socket of our own over which a trial asks, by requests that are nobody else's.
// Not for: scripts (scenario/), streams (peer.h), or judging what came.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/address.h"
#include "core/unique_fd.h"
#include "properties/requirements/trial.h"

namespace verbatim {

class DatagramPeer {
 public:
  // The trial must outlive it.
  explicit DatagramPeer(Trial* trial) : trial_(trial) {}

  // A fresh socket that sends to `asked`, from any port or (unix) an abstract name, and takes
  // answers from everybody. With `from` it is bound to that address. Returns the failing call's
  // errno (ErrnoOf) if it can't be bound; kInternal iff there is no socket to be had.
  absl::Status Open(const SocketAddress& asked,
                    const std::optional<SocketAddress>& from = std::nullopt);

  // kFull: it was not sent, since the target's queue is full or ours is. kRefused: nobody is there.
  enum class Sent { kSent, kFull, kRefused };
  // Does not wait. A refusal that an earlier datagram met is told by the next Send or Receive.
  Sent Send(absl::string_view datagram);

  struct Answer {
    std::string data;
    SocketAddress from;
  };
  // What came next, waiting for at most `wait_ms`; nullopt if nothing did, or refused() is true.
  std::optional<Answer> Receive(int64_t wait_ms);

  // Sends a request of digits and a newline that nobody else sends, which a server that works in
  // lines or in capitals returns as well, and waits for its answer for at most `wait_ms`, passing
  // others by.
  std::optional<Answer> Ask(int64_t wait_ms);
  // The same up to `times` times, until one is answered, it is refused or the budget is spent.
  std::optional<Answer> AskAgain(int times, int64_t wait_ms);

  // Some datagram met nobody: nothing more comes of this socket.
  bool refused() const { return refused_; }
  int fd() const { return fd_.get(); }

 private:
  bool Fails(int error);

  Trial* const trial_;
  SocketAddress asked_;
  UniqueFd fd_;
  std::string buffer_;
  bool refused_ = false;
};

// Where a trial's target is to be asked.
inline const SocketAddress& AskedAddress(Trial& trial) {
  return trial.target().addresses().front();
}

inline constexpr char kNoPlainAnswer[] =
    "a plain request had no answer: that is for other requirements, and leaves nothing to judge "
    "here";

// Opens `peer`, and asks plainly with it. False iff nothing answers, or our own side failed: the
// trial's result says so.
bool AnswersPlainly(Trial& trial, DatagramPeer& peer);

}  // namespace verbatim
