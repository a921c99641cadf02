// ClientDoor: a client under test, as a command: how it is started, and where it is told to
// connect. Not for: serving it (client_wire.h), or its two ends that are ours (client_hands.h).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/address.h"
#include "core/endpoint.h"

namespace verbatim {

class ClientDesk;  // client_desk.h

// Where we listen for one play, as the command is told.
struct ClientPlace {
  uint16_t port = 0;  // of TCP and UDP
  std::string path;   // of a unix socket
};

struct ClientDoor {
  std::string command;  // for the shell, with {port}, {host}, {endpoint} or {path} in it
  Transport over = Transport::kTcp;  // or kUnix, kUdp, kUnixgram
  std::string host = "127.0.0.1";    // what {host} becomes; {endpoint} has it too
  // Where we listen, all on one port of the kernel's choice. Of a unix socket nothing counts.
  std::vector<SocketAddress> addresses = {SocketAddress::FromIPv4({127, 0, 0, 1}, 0)};
  bool refuses = false;  // the place is taken, and nobody listens there
  // Where this is not empty: sockets of who made the door that listen already, at `addresses`.
  std::vector<int> listening;
  std::string strip_prefix;  // what the client prints before what it was replied: it is left out
  bool terminal = false;     // its standard input and output are a pseudo-terminal
  // What plays have learnt of the client, for all that follow: it sends what it is fed only once
  // its input has ended. Shared by the door's copies; never null.
  std::shared_ptr<std::atomic<bool>> sends_at_end = std::make_shared<std::atomic<bool>>(false);
  // Where it is no command: the desk to which somebody comes who starts the client elsewhere. Must
  // outlive the door; may be null.
  ClientDesk* desk = nullptr;

  // The command for a shell.
  std::string FillIn(const ClientPlace& place) const;
  // Whether the command says where to connect in words of ours, so that the host may be another.
  bool NamesHost() const;
  // Returns kInvalidArgument, in words for the user, iff the command has no place for where to
  // connect.
  absl::Status Check() const;
};

}  // namespace verbatim
