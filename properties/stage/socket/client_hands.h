// ClientHands: who holds the two ends of a client under test that are no socket: feeds its standard
// input, takes what it prints, hears how it ended.
// Not for: its connection (client_wire.h), or what to feed and when (client_stage.cc).
#pragma once

#include <poll.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "properties/stage/socket/client_door.h"

namespace verbatim {

// How a client ended.
struct ClientEnd {
  int status = 0;      // its exit status; 128 and the signal's number where that killed it
  bool fault = false;  // killed by a signal that says that it is broken: SIGSEGV, SIGABRT …
  std::string text;    // "exited with status 1"
};

class ClientHands {
 public:
  virtual ~ClientHands() = default;

  // How many bytes its input took; 0 if none can be now, or if it has closed its input.
  virtual size_t Feed(absl::Span<const char> bytes) = 0;
  virtual void EndInput() = 0;
  // Neither ended by us nor closed by it.
  virtual bool input_open() const = 0;

  // How many bytes it had printed; 0 if none are there, or at the end of its output.
  virtual size_t Read(absl::Span<char> buffer) = 0;
  virtual bool output_open() const = 0;

  // What is to be polled: for output and news, and for room in its input if `feeds`.
  virtual void AddPolls(bool feeds, std::vector<pollfd>* polls) const = 0;

  // nullopt while it runs.
  virtual std::optional<ClientEnd> Ended() = 0;
  // What it said last on its standard error, so far.
  virtual std::string Words() = 0;
};

// Starts the command, with standard input and output that are ours. Returns kInternal iff the shell
// could not be started.
absl::StatusOr<std::unique_ptr<ClientHands>> StartClient(const ClientDoor& door,
                                                         const ClientPlace& place);

// Waits at the door's desk for who starts the client, and gives out `input`, all that it will be
// fed: what Feed is given counts as fed, and how it ended, and what it printed, is told at the
// desk.
std::unique_ptr<ClientHands> AwaitClient(const ClientDoor& door, std::string input);

}  // namespace verbatim
