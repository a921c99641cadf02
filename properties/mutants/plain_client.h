// PlainClient: a sound echo client of streams (one process, one thread, poll (2)) that asks a
// mutant's hooks at each place where a program decides something. A mutant is a class that
// overrides one or two. Not for: users, who have echo/client.h; datagrams
// (plain_datagram_client.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/address.h"
#include "core/endpoint.h"
#include "core/unique_fd.h"
#include "properties/mutants/kept_bytes.h"

namespace verbatim {

// One connection and standard input and output, as their client sees them.
struct Conversation {
  using Clock = std::chrono::steady_clock;

  UniqueFd socket;
  int input = 0;
  int output = 1;
  KeptBytes to_socket;
  KeptBytes to_output;
  uint64_t sent = 0;      // bytes that the kernel took
  uint64_t received = 0;  // bytes; when Received is called, with those
  int error = 0;          // the first errno of the connection
  bool input_ended = false;
  bool all_sent = false;  // AllSent was called
  bool over = false;      // nothing more is read or sent: what came is printed, and that is all
  bool left = false;      // over, because MayEnd said so
  Clock::time_point moved_at = Clock::now();  // when something was last sent or received
  Clock::time_point input_ended_at;
};

// What a client decides. As they are here, they make a sound one.
class ClientHooks {
 public:
  static constexpr size_t kMostKept = 256 * 1024;

  virtual ~ClientHooks() = default;
  // Those to be tried, in turn.
  virtual absl::StatusOr<std::vector<SocketAddress>> Addresses(const Endpoint& endpoint);
  virtual absl::StatusOr<UniqueFd> Connect(const Endpoint& endpoint,
                                           const std::vector<SocketAddress>& addresses);
  // A socket, before it is connected.
  virtual void Prepare(int /*fd*/) {}
  // None of them accepted. Returns what the client ends with.
  virtual absl::Status Refused(absl::Status status) { return status; }
  virtual void Start(Conversation&) {}
  // All that follows, to the end.
  virtual absl::Status Converse(Conversation& talk);
  // Asked before each wait: whether the client ends by itself.
  virtual bool MayEnd(const Conversation&) { return false; }
  virtual bool MayReadInput(const Conversation& talk) { return talk.to_socket.size() < kMostKept; }
  virtual bool MayRead(const Conversation& talk) { return talk.to_output.size() < kMostKept; }
  virtual int TimeoutMs(const Conversation&) { return -1; }
  // After each wait, before anything else.
  virtual void Tick(Conversation&) {}
  virtual size_t InputBytes() const { return 64 * 1024; }
  virtual size_t ReplyBytes() const { return 64 * 1024; }
  // What is sent for what one read of the input returned.
  virtual std::string Input(Conversation&, std::string data) { return data; }
  virtual void InputEnds(Conversation&) {}
  // The socket takes something of to_socket.
  virtual void Send(Conversation& talk);
  // The input has ended, and all of it is sent: half-close.
  virtual void AllSent(Conversation& talk);
  // The socket has something, or its end.
  virtual bool BeforeRead(Conversation&) { return true; }
  // What is printed for what one read of the socket returned.
  virtual std::string Received(Conversation&, std::string data) { return data; }
  virtual void ServerEnds(Conversation& talk) { talk.over = true; }
  // What is printed last, once it is over.
  virtual std::string AtEnd(Conversation&) { return ""; }
  // A call failed. What came before may still be read if it was a write.
  virtual void Broken(Conversation& talk, int error, bool writing);
  // What it ends with. `status` is OK iff all that was sent came back, or it left.
  virtual absl::Status Verdict(const Conversation&, absl::Status status) { return status; }
};

// Connects, and runs until it is over. Returns what the hooks say: as they are here, OK iff as much
// came back as was sent, and was printed.
absl::Status RunPlainClient(ClientHooks& hooks, const Endpoint& endpoint, int input, int output);

// For hooks. A socket that is connected to `address`, or the failing call.
absl::StatusOr<UniqueFd> PlainConnect(ClientHooks& hooks, const Endpoint& endpoint,
                                      const SocketAddress& address);
// For hooks. Counts what send (2) returned, and calls Broken where it failed. `drop`: so much of
// to_socket is done with.
void CountSent(ClientHooks& hooks, Conversation& talk, ssize_t sent, size_t drop);
// For hooks. Offers all of to_socket to the kernel, without waiting.
ssize_t TrySend(Conversation& talk);

}  // namespace verbatim
