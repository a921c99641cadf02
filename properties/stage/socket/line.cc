// The rules of how a connection ended, each of which was seen to go wrong: after a RST, send
// reports ECONNRESET once and clears it, and the next recv says 0, which looks like a FIN. So the
// first error of any call decides, SO_ERROR is never read once connected, and what had come before
// the error is still received.
// Not for: making the connection (connect.cc).
#include "properties/stage/socket/line.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>

#include <utility>

#include "core/posix_kernel.h"
#include "core/status.h"

namespace verbatim {
namespace {

// The end of its output comes a moment before its parent hears how it died.
constexpr int kDeathMs = 500;

}  // namespace

// A pipe has no MSG_NOSIGNAL: the signal is kept off this thread, and taken if it came.
ssize_t WriteWithoutSignal(int fd, absl::Span<const char> bytes) {
  sigset_t pipe, before;
  ::sigemptyset(&pipe);
  ::sigaddset(&pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe, &before);
  const ssize_t written =
      RetryEintr([&] { return PosixKernel().Write(fd, bytes.data(), bytes.size()); });
  if (written == -EPIPE && ::sigismember(&before, SIGPIPE) == 0) {
    const timespec now = {};
    RetryEintr([&] { return ::sigtimedwait(&pipe, nullptr, &now) < 0 ? -errno : 0; });
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return written;
}

size_t Line::Send(absl::Span<const char> bytes) {
  if (process_ != nullptr && !send_fd_) return 0;
  const ssize_t sent =
      process_ != nullptr ? WriteWithoutSignal(send_fd_.get(), bytes) : RetryEintr([&] {
        return PosixKernel().Send(fd_.get(), bytes.data(), bytes.size(),
                                  MSG_NOSIGNAL | MSG_DONTWAIT);
      });
  if (sent >= 0) {
    sent_bytes += static_cast<size_t>(sent);
    return static_cast<size_t>(sent);
  }
  // ENOBUFS and ENOMEM pass; everything else is the end of the connection.
  if (sent != -EAGAIN && sent != -ENOBUFS && sent != -ENOMEM) broken_ = true;
  return 0;
}

size_t Line::Recv(absl::Span<char> buffer) {
  PosixKernel kernel;
  const ssize_t got = RetryEintr([&] {
    return process_ != nullptr ? kernel.Read(fd_.get(), buffer.data(), buffer.size())
                               : kernel.Recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  });
  if (got > 0) {
    received_bytes += static_cast<size_t>(got);
    return static_cast<size_t>(got);
  }
  if (got == -EAGAIN) {
    // Broken, and nothing more is here: nothing more can come either. Of two pipes the other may
    // go on.
    if (broken_ && process_ == nullptr) ending_ = Ending::kReset;
    return 0;
  }
  if (process_ != nullptr) {
    EndOfProcess();
  } else if (got == 0) {
    ending_ = broken_ || WasReset() ? Ending::kReset : Ending::kFin;
  } else {
    ending_ = got == -ETIMEDOUT ? Ending::kTimedOut : Ending::kReset;
  }
  return 0;
}

// The end of its output is its FIN, unless it is that of a process that died.
void Line::EndOfProcess() {
  ending_ = Ending::kFin;
  if (!process_->WaitUntilEnded(kDeathMs) || process_->Succeeded()) return;
  ending_ = Ending::kCrashed;
  death_ = *process_->Ended();
}

// A RST whose error somebody else took looks like a FIN; the state tells, as long as we have not
// sent our FIN (after that a closed state is the regular one).
bool Line::WasReset() const {
  tcp_info info{};
  socklen_t length = sizeof(info);
  if (!tcp_ || shut_ || ::getsockopt(fd_.get(), IPPROTO_TCP, TCP_INFO, &info, &length) != 0) {
    return false;
  }
  return info.tcpi_state == TCP_CLOSE;
}

void Line::Shutdown() {
  if (process_ != nullptr) {
    send_fd_.Reset();
  } else {
    PosixKernel().Shutdown(fd_.get(), SHUT_WR);
  }
  shut_ = true;
}

void Line::Close() {
  send_fd_.Reset();
  fd_.Reset();
  if (process_ != nullptr) Process::LetGo(std::exchange(process_, nullptr));
  if (ending_ == Ending::kOpen) ending_ = Ending::kOurs;
}

void Line::Reset() {
  if (tcp_) {
    const linger now = {1, 0};
    PosixKernel().SetOption(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  }
  Close();
}

}  // namespace verbatim
