// echo-client: standard input to an echo server, what comes back to standard output.
// Not for: anything else. Exit: 0 all came back; 1 it did not; 2 wrong usage.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/endpoint.h"
#include "core/posix_kernel.h"
#include "echo/client.h"
#include "echo/datagram_client.h"
#include "echo/standard_fds.h"

namespace verbatim {
namespace {

struct Flags {
  std::string host, port;
  bool ends = false;
  DatagramOptions datagrams;
};

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

// The socket pair of the lecture: what tells this connection from all others.
void PrintEnds(PosixKernel& kernel, const Connected<PosixKernel>& connected) {
  const auto local = LocalAddress(kernel, connected.fd.get());
  const std::string text =
      absl::StrCat(local.ok() ? local->ToString() : "?", " -> ", connected.peer.ToString());
  std::fprintf(stderr, "%s\n", absl::Utf8SafeCHexEscape(text).c_str());
}

absl::Status Pump(const Endpoint& endpoint, const std::vector<SocketAddress>& addresses,
                  const Flags& flags) {
  PosixKernel kernel;
  absl::StatusOr<Connected<PosixKernel>> connected =
      ConnectToAny(kernel, endpoint.transport, addresses);
  if (!connected.ok()) return connected.status();
  if (flags.ends) PrintEnds(kernel, *connected);
  const absl::Status status =
      SocketType(endpoint.transport) == SOCK_STREAM
          ? Client<PosixKernel>(&kernel, std::move(connected->fd), STDIN_FILENO, STDOUT_FILENO)
                .Run()
          : DatagramClient<PosixKernel>(&kernel, *std::move(connected), endpoint.transport,
                                        STDIN_FILENO, STDOUT_FILENO, flags.datagrams)
                .Run();
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(endpoint.ToString(), ": ", status.message()));
}

int Run(const Flags& flags) {
  const absl::StatusOr<Endpoint> endpoint =
      Endpoint::Parse(flags.port.empty() ? flags.host : Joined(flags.host, flags.port));
  if (!endpoint.ok()) return Fail(2, endpoint.status().message());
  const auto addresses = Resolve(*endpoint, ResolveFor::kConnecting);
  // Port 0, a zone that is not here, and stdio: are wrong usage too.
  if (absl::IsInvalidArgument(addresses.status()) || absl::IsUnimplemented(addresses.status())) {
    return Fail(2, addresses.status().message());
  }
  if (!addresses.ok()) return Fail(1, addresses.status().message());
  const absl::Status status = Pump(*endpoint, *addresses, flags);
  return status.ok() ? 0 : Fail(1, status.message());
}

int Main(int argc, char** argv) {
  OccupyStandardFds();
  // A reader of our output that goes away is an error of write, not a death.
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app{"Sends standard input to an echo server and prints what comes back."};
  Flags flags;
  flags.datagrams.icmp_id = static_cast<uint16_t>(::getpid());
  app.add_option("HOST", flags.host,
                 "a name or an address; or a whole endpoint: tcp://localhost:echo, "
                 "udp://127.0.0.1:7, unix:///run/echo, unix-abstract://NAME, unixgram://PATH, "
                 "unixpacket://PATH, icmp://127.0.0.1")
      ->required();
  app.add_option("PORT", flags.port, "a port or a service's name (unless an endpoint was given)");
  app.add_flag("--ends", flags.ends, "Print both ends of the connection on standard error");
  app.add_option("--datagram-bytes", flags.datagrams.datagram_bytes,
                 "Where there are datagrams or records, cut the input into such of this size")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app.add_option("--tries", flags.datagrams.tries, "How often to send a datagram that may be lost")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--wait-ms", flags.datagrams.wait_ms, "How long to wait for a datagram's answer")
      ->check(CLI::Range(1, 3600000))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    return Fail(2, absl::StrCat(error.what(), " (see: echo-client --help)"));
  }
  return Run(flags);
}

}  // namespace
}  // namespace verbatim

int main(int argc, char** argv) { return verbatim::Main(argc, argv); }
