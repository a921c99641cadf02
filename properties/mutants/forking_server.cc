// Accepts in the parent, echoes in a child.
#include "properties/mutants/forking_server.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "core/status.h"
#include "core/unique_fd.h"

namespace verbatim {
namespace {

constexpr int kPauseMs = 20;

// Blocking, to the end: a child has nobody else to serve.
void EchoToEnd(PosixKernel kernel, int fd) {
  char buffer[64 * 1024];
  ssize_t got = 0;
  while ((got = RetryEintr([&] { return kernel.Recv(fd, buffer, sizeof(buffer), 0); })) > 0) {
    for (ssize_t done = 0; done < got;) {
      const size_t left = static_cast<size_t>(got - done);
      const ssize_t sent =
          RetryEintr([&] { return kernel.Send(fd, buffer + done, left, MSG_NOSIGNAL); });
      if (sent < 0) return;
      done += sent;
    }
  }
}

// As often as the signal comes; but it is not queued (UNP, Stevens, §5.10).
void WaitOnce(int) {
  const int before = errno;
  ::waitpid(-1, nullptr, WNOHANG);
  errno = before;
}

}  // namespace

absl::Status ServeForking(Defect defect, Listening<PosixKernel> listening) {
  // Where it is ignored, the kernel waits for the children (waitpid (2)).
  ::signal(SIGCHLD, defect == Defect::kZombies          ? SIG_DFL
                    : defect == Defect::kOneWaitForEach ? WaitOnce
                                                        : SIG_IGN);
  PosixKernel kernel;
  while (true) {
    pollfd poll = {listening.fd.get(), POLLIN, 0};
    const int ready = RetryEintr([&] { return kernel.Poll(&poll, 1, -1); });
    if (ready < 0) return ErrnoStatus(-ready, "poll", "");
    UniqueFd accepted(kernel.Accept(listening.fd.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const pid_t child = accepted.get() < 0 ? -1 : ::fork();
    if (child == 0) {
      listening.fd.Reset();
      EchoToEnd(kernel, accepted.get());
      ::_exit(0);
    }
    // No descriptor or no process is left: until some end.
    if (child < 0) kernel.Poll(nullptr, 0, kPauseMs);
    // The connection ends when all who have it have closed it.
    if (defect == Defect::kForkLeaksDescriptor) static_cast<void>(accepted.Release());
  }
}

}  // namespace verbatim
