// Whether the other side has read, out of its kernel, all that was sent: on this machine the kernel
// can tell.
// Not for: what has come back, which proves as much and needs no kernel.
#pragma once

#include <cstdint>
#include <optional>

#include "core/unique_fd.h"

namespace verbatim {

class PeerQueue {
 public:
  // `fd` is our end of a connection, or the end of a pipe that is written to; it must outlive this.
  explicit PeerQueue(int fd);

  // How much of what was sent, `sent_bytes` in all, is unread by now, in bytes or what the kernel
  // has in their place: 0 iff nothing is. nullopt iff it can't be told: the other side is on
  // another machine or in another network namespace, or the kernel has no sock_diag(7) for TCP.
  std::optional<uint64_t> Unread(uint64_t sent_bytes);

  // How much the other side has read and not yet written, in bytes, if it writes what it reads.
  // nullopt where Unread says nullopt, and of all that is not TCP.
  std::optional<uint64_t> KeptByTcp();

 private:
  // The other end of a TCP connection, as the kernel has it.
  struct Peer {
    uint64_t delivered_bytes = 0;  // in all, in order: read or in its queue
    uint64_t queued_bytes = 0;
    uint64_t written_bytes = 0;  // in all, into its kernel
  };
  std::optional<Peer> LookUp();
  std::optional<uint64_t> UnreadOfTcp(uint64_t sent_bytes);

  enum class Kind { kUnknown, kTcp, kUnix, kPipe };
  const int fd_;
  Kind kind_ = Kind::kUnknown;
  UniqueFd diag_;
  uint64_t delivered_bytes_ = 0;  // as the last look-up had it
};

}  // namespace verbatim
