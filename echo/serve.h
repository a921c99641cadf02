// Serve: the echo server as a program runs it: endpoints in, signals obeyed, connections logged.
// Not for: arguments (server_main.cc), or the echo itself (server.h).
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/endpoint.h"
#include "echo/server.h"

namespace verbatim {

struct ServeOptions {
  bool quiet = false;     // no line for each connection
  bool names = false;     // look up the peers' names; on a thread of its own
  bool inherits = false;  // serve the sockets of LISTEN_FDS too
  int workers = 1;        // threads, each with an event loop of its own
  std::string user;       // to become once all is bound; empty: stay who we are
  ServerOptions server;
};

// Listens on every address of every endpoint, prints "listening on ENDPOINT" with the real port on
// standard error once it does, and echoes until SIGTERM or SIGINT; then drains (Server::Run). A
// second signal ends the process at once, as if nobody had asked for it. Both are blocked in this
// thread. Files of unix sockets are removed at the end. Returns the failing call, the address and
// the errno's name iff it can't listen, become the user or wait.
absl::Status Serve(const std::vector<Endpoint>& endpoints, const ServeOptions& options);

}  // namespace verbatim
