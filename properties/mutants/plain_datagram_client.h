// PlainDatagramClient: a sound echo client of datagrams (one process, one thread, poll (2)) that
// asks a mutant's hooks at each place where a program decides something.
// Not for: users, who have echo/datagram_client.h; streams (plain_client.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "core/address.h"
#include "core/endpoint.h"
#include "core/unique_fd.h"

namespace verbatim {

// One socket and standard input and output, as their client sees them.
struct DatagramTalk {
  using Clock = std::chrono::steady_clock;

  UniqueFd socket;
  SocketAddress server;
  int input = 0;
  int output = 1;
  uint64_t sent_bytes = 0;
  uint64_t received_bytes = 0;
  uint64_t due = 0;  // datagrams that may still be answered
  bool input_ended = false;
  bool over = false;
  bool left = false;                          // over, because MayEnd said so
  Clock::time_point moved_at = Clock::now();  // when something was last read, sent or received
};

// What a client decides. As they are here, they make a sound one.
class DatagramClientHooks {
 public:
  // So many may be unanswered before it waits for answers: what comes all at once would be lost.
  static constexpr uint64_t kMostDue = 8;
  // After this long without an answer those that are due count as lost.
  static constexpr auto kLostAfter = std::chrono::milliseconds(400);
  static constexpr auto kGiveUpAfter = std::chrono::seconds(3);

  virtual ~DatagramClientHooks() = default;
  // Whether the kernel drops what others than the server send (connect(2)).
  virtual bool Connects() const { return true; }
  virtual bool MayReadInput(const DatagramTalk& talk) { return talk.due < kMostDue; }
  // What is sent for what one read of the input returned: a datagram, unless it is empty.
  virtual std::string Input(DatagramTalk&, std::string data) { return data; }
  virtual void Send(DatagramTalk& talk, const std::string& data);
  virtual size_t AnswerBytes() const { return 65'536; }
  // What is printed for an answer.
  virtual std::string Received(DatagramTalk&, std::string data) { return data; }
  // No answer came for kLostAfter.
  virtual void Lost(DatagramTalk& talk) { talk.due = 0; }
  // Asked before each wait: whether the client ends by itself, and with status 0.
  virtual bool MayEnd(const DatagramTalk& talk) {
    return talk.input_ended && talk.received_bytes >= talk.sent_bytes;
  }
};

// Runs until as much has come back as was sent, once the input has ended. Returns kDeadlineExceeded
// after kGiveUpAfter without an answer; else the failing call.
absl::Status RunPlainDatagramClient(DatagramClientHooks& hooks, const Endpoint& endpoint, int input,
                                    int output);

}  // namespace verbatim
