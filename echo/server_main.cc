// echo-server: arguments in, Serve out.
// Not for: anything else.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "echo/serve.h"
#include "echo/standard_fds.h"

namespace verbatim {
namespace {

int Main(int argc, char** argv) {
  OccupyStandardFds();
  CLI::App app{"Sends back what it receives (RFC 862), until SIGTERM or SIGINT."};
  std::vector<std::string> texts;
  ServeOptions options;
  app.add_option("ENDPOINT", texts,
                 "where to listen: tcp://127.0.0.1:7, tcp://[::]:7, tcp://localhost:echo; "
                 "port 0: any free one, which is printed")
      ->required();
  app.add_flag("--quiet", options.quiet, "No line for each connection");
  app.add_flag("--names", options.names, "Look up the names of those who connect");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::fprintf(stderr, "echo-server: %s (see: echo-server --help)\n", error.what());
    return 2;
  }
  std::vector<Endpoint> endpoints;
  for (const std::string& text : texts) {
    absl::StatusOr<Endpoint> endpoint = Endpoint::Parse(text);
    if (!endpoint.ok()) {
      std::fprintf(stderr, "echo-server: %s\n", std::string(endpoint.status().message()).c_str());
      return 2;
    }
    endpoints.push_back(*std::move(endpoint));
  }
  // The log's reader may go away; the echo goes on.
  std::signal(SIGPIPE, SIG_IGN);
  const absl::Status status = Serve(endpoints, options);
  if (status.ok()) return 0;
  std::fprintf(stderr, "echo-server: %s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace
}  // namespace verbatim

int main(int argc, char** argv) { return verbatim::Main(argc, argv); }
