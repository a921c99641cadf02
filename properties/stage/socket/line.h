// Line: our end of one connection to the target, with what is known of how it ended.
// Not for: scripts or deadlines of a conversation (stage.h).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/address.h"
#include "core/unique_fd.h"
#include "properties/judge/transcript.h"
#include "properties/stage/socket/last_words.h"
#include "properties/stage/socket/process.h"

namespace verbatim {

struct ClientDoor;  // client_door.h

// Where a connection leads: to one of the addresses, or to a process of its own; or how a client
// under test is started, which connects to us.
struct Door {
  Door() = default;
  Door(std::vector<SocketAddress> all) : addresses(std::move(all)) {}  // NOLINT: meant
  Door(const SocketAddress& address) : addresses({address}) {}         // NOLINT: meant

  std::vector<SocketAddress> addresses;  // streams, in the order to try
  std::string command;  // for the shell; without addresses. Each connection starts it anew: its
                        // standard input and output, two pipes, are the connection
  uint64_t descriptor_limit = 0;             // Process::Options
  std::shared_ptr<LastWords> words;          // for its standard error; may be null
  std::shared_ptr<const ClientDoor> client;  // then nothing of the above counts
};

class Line {
 public:
  Line() = default;
  Line(Line&&) = default;
  Line& operator=(Line&&) = default;
  ~Line() { Close(); }

  // Connects to the first address that accepts, waiting for at most `deadline_ms` in all. TCP:
  // Nagle's algorithm is off, so that a piece that is sent alone leaves alone. `small_buffer`: the
  // kernel takes in little that is not read (TCP and pipes; of a unix socket the sender's side
  // decides). On failure ending() says how: kRefused or kTimedOut. A connection to itself (both
  // ends equal, a simultaneous open, RFC 9293 §3.5) counts as refused: it would echo perfectly.
  // Returns the failing call, the address and the errno's name; kInternal iff our own side is at
  // fault (no descriptor or port left).
  absl::Status Connect(const Door& door, int64_t deadline_ms, bool small_buffer = false);

  // Takes over a connection that was accepted, of TCP or a unix socket, with Nagle's algorithm off.
  void Adopt(UniqueFd fd);

  // How many of the bytes were accepted; 0 if none can be now, or if the connection has failed:
  // then what has come can still be received.
  size_t Send(absl::Span<const char> bytes);

  // How many bytes came; 0 if none are there, or if the connection has ended: ending() tells.
  size_t Recv(absl::Span<char> buffer);

  void Shutdown();
  void Close();
  // RST. A unix socket's close, and a pipe's, are all that there is: the other side of a unix
  // socket sees ECONNRESET iff it had sent what was not read, and no option can make it so.
  void Reset();

  // Undoes `small_buffer` for what is still to come: read through little room, many small segments
  // would be dropped by our own kernel, and come again after time-outs.
  void WidenBuffer();

  // To be polled for what comes, and for room to send.
  int fd() const { return fd_.get(); }
  int send_fd() const { return process_ == nullptr ? fd_.get() : send_fd_.get(); }
  bool open() const { return static_cast<bool>(fd_) && ending_ == Ending::kOpen; }
  // A send has failed; there may still be bytes to receive.
  bool broken() const { return broken_; }
  Ending ending() const { return ending_; }
  // Of Ending::kCrashed: how the connection's own process died.
  const std::string& death() const { return death_; }
  bool shut() const { return shut_; }

  bool stalled = false;
  uint64_t sent_bytes = 0;
  uint64_t received_bytes = 0;

 private:
  absl::Status ConnectTo(const SocketAddress& address, int64_t deadline_ms, bool small_buffer);
  absl::Status StartProcess(const Door& door, bool small_buffer);
  void EndOfProcess();
  bool IsSelf() const;
  bool WasReset() const;

  UniqueFd fd_;
  UniqueFd send_fd_;  // of a process; of a socket it is the same descriptor
  std::unique_ptr<Process> process_;
  std::string death_;
  Ending ending_ = Ending::kOpen;
  bool tcp_ = false;
  bool broken_ = false;
  bool shut_ = false;
};

// write(2) to a pipe, of which no SIGPIPE is left to this thread: -EPIPE says as much.
ssize_t WriteWithoutSignal(int fd, absl::Span<const char> bytes);

}  // namespace verbatim
