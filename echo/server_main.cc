// echo-server: arguments in, Serve out.
// Not for: anything else. Exit: 0 after a signal; 1 it could not serve; 2 wrong usage.
#include <unistd.h>

#include <algorithm>

#include "core/posix_kernel.h"
#include "echo/number_flag.h"
#include "echo/program.h"
#include "echo/serve.h"
#include "echo/stdio.h"

namespace verbatim {
namespace {

struct Flags {
  std::vector<std::string> texts;
  double idle_timeout_s = 0, drain_s = 10;
  bool iterative = false;
  ServeOptions serve;
};

void AddFlags(CLI::App& app, Flags& flags) {
  ServeOptions& serve = flags.serve;
  app.add_option("ENDPOINT", flags.texts,
                 "where to listen: tcp://127.0.0.1:7, udp://[::]:7, tcp://localhost:echo, "
                 "unix:///run/echo, unix-abstract://NAME, unixgram://PATH, unixpacket://PATH, "
                 "icmp://127.0.0.1; stdio: alone is standard input and output, for inetd; port 0: "
                 "any free one, which is printed; may be left out where LISTEN_FDS names sockets");
  app.add_flag("--quiet", serve.quiet, "No line for each connection");
  app.add_flag("--names", serve.names, "Look up the names of those who connect");
  app.add_option("--workers", serve.workers, "Threads that serve")->check(CLI::Range(1, 1024));
  app.add_option("--max-connections", serve.server.max_connections, "More wait until one ends")
      ->check(CLI::PositiveNumber);
  app.add_option("--idle-timeout", flags.idle_timeout_s,
                 "Seconds without a byte after which a connection is ended; 0, as usual: never")
      ->check(NumberBetween(0, 1e6));
  app.add_option("--drain-timeout", flags.drain_s,
                 "Seconds, usually 10, that returning what has come may take after SIGTERM or "
                 "SIGINT; a second signal ends at once")
      ->check(NumberBetween(0, 1e6));
  app.add_option("--user", serve.user, "Become this user once all is bound, and prove it");
  app.add_flag("--iterative", flags.iterative, "One connection at a time, as --max-connections 1");
  app.add_flag("--once", serve.server.once, "End after the first connection or datagram");
  app.add_flag("--answer-all", serve.server.answers_all,
               "Answer datagrams of small services' ports too (7, 13, 17, 19, 37): two servers "
               "may then never stop");
}

int Main(int argc, char** argv) {
  PrepareProgram();
  CLI::App app{"Sends back what it receives (RFC 862), until SIGTERM or SIGINT.", "echo-server"};
  Flags flags;
  AddFlags(app, flags);
  if (const auto status = ReadArguments(app, argc, argv)) return *status;
  std::vector<Endpoint> endpoints;
  bool stdio = false;
  for (const std::string& text : flags.texts) {
    absl::StatusOr<Endpoint> endpoint = Endpoint::Parse(text);
    if (!endpoint.ok()) return Complain(app, 2, endpoint.status().message());
    stdio = stdio || endpoint->transport == Transport::kStdio;
    endpoints.push_back(*std::move(endpoint));
  }
  if (stdio && endpoints.size() > 1) {
    return Complain(app, 2, "stdio: is served alone; leave the others out");
  }
  ServeOptions& serve = flags.serve;
  if (flags.iterative || serve.server.once) serve.server.max_connections = serve.workers = 1;
  serve.server.idle_timeout_ms = static_cast<int64_t>(flags.idle_timeout_s * 1000);
  serve.server.drain_ms = static_cast<int64_t>(flags.drain_s * 1000);
  serve.inherits = true;
  PosixKernel kernel;
  const int idle_ms =
      flags.idle_timeout_s > 0 ? static_cast<int>(serve.server.idle_timeout_ms) : -1;
  const absl::Status status = stdio ? EchoStandardIo(kernel, STDIN_FILENO, STDOUT_FILENO, idle_ms)
                                    : Serve(endpoints, serve);
  if (status.ok()) return 0;
  return Complain(app, absl::IsInvalidArgument(status) ? 2 : 1, status.message());
}

}  // namespace
}  // namespace verbatim

// What could be thrown is no memory, or flags of ours that CLI11 finds to be wrong: to end is
// right. NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) { return verbatim::Main(argc, argv); }
