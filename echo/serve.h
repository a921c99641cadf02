// Serve: the echo server as a program runs it: endpoints in, signals obeyed, connections logged.
// Not for: arguments (server_main.cc), or the echo itself (server.h).
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "core/endpoint.h"

namespace verbatim {

struct ServeOptions {
  bool quiet = false;  // no line for each connection
  bool names = false;  // look up the peers' names; on a thread of its own, never on the event path
};

// Listens on every address of every endpoint, prints "listening on ENDPOINT" with the real port on
// standard error once it does, and echoes until SIGTERM or SIGINT. Those two are blocked in this
// thread. Returns the failing call, the address and the errno's name iff it can't listen or wait.
absl::Status Serve(const std::vector<Endpoint>& endpoints, const ServeOptions& options);

}  // namespace verbatim
