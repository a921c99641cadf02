// What echo-server and echo-client share as programs: descriptors 0 to 2, complaints, arguments.
// Not for: what either of them does.
#pragma once

#include <fcntl.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace verbatim {

// To be called first in main. A closed one of the three would be given to the next socket, and what
// is written to standard output would then go to a peer. Each that is closed is opened so that
// using it fails with EBADF, as if it were closed still. A reader of ours that goes away is an
// error of write, not a death by SIGPIPE.
inline void PrepareProgram() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) (void)!::open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
  }
  std::signal(SIGPIPE, SIG_IGN);
}

// One line on standard error, with the program's name; returns `status`.
inline int Complain(const CLI::App& app, int status, absl::string_view message) {
  std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), std::string(message).c_str());
  return status;
}

// Reads the arguments; the status to end with if that is all there is to do (--help, wrong usage).
inline std::optional<int> ReadArguments(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    return Complain(app, 2, std::string(error.what()) + " (see: " + app.get_name() + " --help)");
  }
}

}  // namespace verbatim
