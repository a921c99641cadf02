// What makes a daemon of a server: sockets from a service manager, files of unix sockets,
// privileges that are given up. Not for: serving (server.h), or signals and threads (serve.cc).
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/endpoint.h"
#include "core/posix_kernel.h"
#include "echo/sockets.h"

namespace verbatim {

// The sockets that LISTEN_FDS and LISTEN_PID say are open from descriptor 3 on (sd_listen_fds(3));
// none if they say nothing to this process. Both are taken from the environment. Returns
// kInvalidArgument iff one of them is no listening or datagram socket of a transport of ours.
absl::StatusOr<std::vector<Listening<PosixKernel>>> InheritedSockets(PosixKernel& kernel);

// Listens at every address of the endpoint. A unix socket's file that nobody listens on any more is
// replaced; a live one is EADDRINUSE. Refuses icmp while the kernel itself answers there, since
// there would be two answers to each request. Returns the failing call, the address and the errno's
// name.
absl::StatusOr<std::vector<Listening<PosixKernel>>> ListenAt(PosixKernel& kernel,
                                                             const Endpoint& endpoint);

// Removes the file of a unix socket that nobody has open. Returns whether it did: not if the file
// is no socket, or a live one.
bool RemoveIfStale(Transport transport, const SocketAddress& address);

// Becomes `user`, with that user's groups and no others, for good, and proves it: neither is root's
// identity to be had again nor a capability left (capabilities(7)). Returns kNotFound iff there is
// no such user; else the failing call and the errno's name.
absl::Status BecomeUser(const std::string& user);

}  // namespace verbatim
