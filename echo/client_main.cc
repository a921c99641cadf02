// echo-client: standard input to an echo server, what comes back to standard output.
// Not for: anything else. Exit: 0 all came back; 1 it did not; 2 wrong usage.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/endpoint.h"
#include "core/posix_kernel.h"
#include "echo/client.h"
#include "echo/standard_fds.h"

namespace verbatim {
namespace {

int Fail(int status, absl::string_view message) {
  std::fprintf(stderr, "echo-client: %s\n", std::string(message).c_str());
  return status;
}

// "HOST PORT" as an endpoint: an IPv6 address needs no brackets there.
std::string Joined(const std::string& host, const std::string& port) {
  const bool bare_ipv6 = absl::StrContains(host, ":") && !absl::StartsWith(host, "[");
  return bare_ipv6 ? absl::StrCat("tcp://[", host, "]:", port)
                   : absl::StrCat("tcp://", host, ":", port);
}

absl::Status Pump(const Endpoint& endpoint, const std::vector<SocketAddress>& addresses) {
  PosixKernel kernel;
  absl::StatusOr<KernelFd<PosixKernel>> socket = ConnectToAny(kernel, addresses);
  if (!socket.ok()) return socket.status();
  absl::Status status =
      Client<PosixKernel>(&kernel, *std::move(socket), STDIN_FILENO, STDOUT_FILENO).Run();
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(endpoint.ToString(), ": ", status.message()));
}

int Main(int argc, char** argv) {
  OccupyStandardFds();
  CLI::App app{"Sends standard input to an echo server and prints what comes back."};
  std::string host, port;
  app.add_option("HOST", host,
                 "a name or an address; or a whole endpoint, such as tcp://localhost:echo")
      ->required();
  app.add_option("PORT", port, "a port or a service's name (unless an endpoint was given)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    return Fail(2, absl::StrCat(error.what(), " (see: echo-client --help)"));
  }
  const absl::StatusOr<Endpoint> endpoint =
      Endpoint::Parse(port.empty() ? host : Joined(host, port));
  if (!endpoint.ok()) return Fail(2, endpoint.status().message());
  const auto addresses = Resolve(*endpoint, ResolveFor::kConnecting);
  // Port 0, or a zone that is not here, is wrong usage too.
  if (absl::IsInvalidArgument(addresses.status())) return Fail(2, addresses.status().message());
  if (!addresses.ok()) return Fail(1, addresses.status().message());
  // A reader of our output that goes away is an error of write, not a death.
  std::signal(SIGPIPE, SIG_IGN);
  const absl::Status status = Pump(*endpoint, *addresses);
  return status.ok() ? 0 : Fail(1, status.message());
}

}  // namespace
}  // namespace verbatim

int main(int argc, char** argv) { return verbatim::Main(argc, argv); }
