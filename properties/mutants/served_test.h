// A process of its own that serves a mutant, for tests.
// Not for: asking it.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "properties/mutants/mutants.h"

namespace verbatim {

// On a free port of the loopback; ended with the object.
class Served {
 public:
  Served(const Mutant& mutant, Transport transport) {
    PosixKernel kernel;
    absl::StatusOr<Listening<PosixKernel>> listening =
        Listen(kernel, transport, SocketAddress::FromIPv4({127, 0, 0, 1}, 0), 16);
    EXPECT_TRUE(listening.ok()) << listening.status();
    address_ = listening->address;
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::setpgid(0, 0);
    static_cast<void>(ServeMutant(mutant, *std::move(listening)));
    ::_exit(1);
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;
  ~Served() {
    ::setpgid(pid_, pid_);
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  const SocketAddress& address() const { return address_; }

 private:
  SocketAddress address_;
  pid_t pid_ = -1;
};

// A mutant's name as a test's.
inline std::string TestName(const testing::TestParamInfo<const Mutant*>& info) {
  std::string name(info.param->name);
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}

}  // namespace verbatim
