// echo-client: standard input to an echo server, what comes back to standard output.
// Not for: anything else. Exit: 0 all came back; 1 it did not; 2 wrong usage.
#include <unistd.h>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/endpoint.h"
#include "core/posix_kernel.h"
#include "echo/client.h"
#include "echo/datagram_client.h"
#include "echo/program.h"

namespace verbatim {
namespace {

struct Flags {
  std::string host, port;
  bool ends = false;
  DatagramOptions datagrams;
};

void AddFlags(CLI::App& app, Flags& flags) {
  app.add_option("HOST", flags.host,
                 "a name or an address; or a whole endpoint: tcp://localhost:echo, "
                 "udp://127.0.0.1:7, unix:///run/echo, unix-abstract://NAME, unixgram://PATH, "
                 "unixpacket://PATH, icmp://127.0.0.1")
      ->required();
  app.add_option("PORT", flags.port, "a port or a service's name (unless an endpoint was given)");
  app.add_flag("--ends", flags.ends, "Print both ends of the connection on standard error");
  const auto number = [&](const char* name, auto& value, int most, const char* what) {
    app.add_option(name, value, what)->check(CLI::Range(1, most))->capture_default_str();
  };
  number("--datagram-bytes", flags.datagrams.datagram_bytes, 1 << 20,
         "Where there are datagrams or records, cut the input into such of this size");
  number("--tries", flags.datagrams.tries, 1000, "How often to send a datagram that may be lost");
  number("--wait-ms", flags.datagrams.wait_ms, 3600000, "How long to wait for a datagram's answer");
}

// "HOST PORT" as an endpoint: an IPv6 address needs no brackets there.
std::string EndpointOf(const Flags& flags) {
  if (flags.port.empty()) return flags.host;
  const bool bare_ipv6 = absl::StrContains(flags.host, ":") && flags.host[0] != '[';
  return absl::StrCat("tcp://", bare_ipv6 ? "[" : "", flags.host, bare_ipv6 ? "]" : "", ":",
                      flags.port);
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
  auto connected = ConnectToAny(kernel, endpoint.transport, addresses);
  if (!connected.ok()) return connected.status();
  if (flags.ends) PrintEnds(kernel, *connected);
  absl::Status status =
      SocketType(endpoint.transport) == SOCK_STREAM
          ? Client(&kernel, std::move(connected->fd), STDIN_FILENO, STDOUT_FILENO).Run()
          : DatagramClient(&kernel, *std::move(connected), endpoint.transport, STDIN_FILENO,
                           STDOUT_FILENO, flags.datagrams)
                .Run();
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(absl::Utf8SafeCHexEscape(endpoint.ToString()),
                                                  ": ", status.message()));
}

int Main(int argc, char** argv) {
  PrepareProgram();
  CLI::App app{"Sends standard input to an echo server and prints what comes back.", "echo-client"};
  Flags flags;
  AddFlags(app, flags);
  flags.datagrams.icmp_id = static_cast<uint16_t>(::getpid());
  if (const auto status = ReadArguments(app, argc, argv)) return *status;
  const absl::StatusOr<Endpoint> endpoint = Endpoint::Parse(EndpointOf(flags));
  if (!endpoint.ok()) return Complain(app, 2, endpoint.status().message());
  const auto addresses = Resolve(*endpoint, ResolveFor::kConnecting);
  absl::Status status = addresses.status();
  // Port 0, a zone that is not here, and stdio: are wrong usage too.
  const bool is_usage = absl::IsInvalidArgument(status) || absl::IsUnimplemented(status);
  if (status.ok()) status = Pump(*endpoint, *addresses, flags);
  return status.ok() ? 0 : Complain(app, is_usage ? 2 : 1, status.message());
}

}  // namespace
}  // namespace verbatim

// What could be thrown is no memory, or flags of ours that CLI11 finds to be wrong: to end is
// right. NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) { return verbatim::Main(argc, argv); }
