// The rules of how a connection ended, each of which was seen to go wrong: after a RST, send
// reports ECONNRESET once and clears it, and the next recv says 0, which looks like a FIN. So the
// first error of any call decides, SO_ERROR is never read once connected, and what had come before
// the error is still received.
#include "properties/stage/socket/line.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "core/posix_kernel.h"
#include "core/status.h"

namespace verbatim {
namespace {

absl::Status OurFault(int error, absl::string_view call, const SocketAddress& address) {
  return absl::InternalError(ErrnoStatus(error, call, address.ToString()).message());
}

// Errors of connect that say something about this machine and nothing about the target.
bool IsOurs(int error) {
  return error == EMFILE || error == ENFILE || error == EADDRNOTAVAIL || error == ENOBUFS ||
         error == ENOMEM || error == EAFNOSUPPORT || error == EACCES || error == EPERM;
}

}  // namespace

absl::Status Line::Connect(const SocketAddress& address, int64_t deadline_ms) {
  PosixKernel kernel;
  const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const int fd = kernel.Socket(address.family(), type, 0);
  if (fd < 0) return OurFault(-fd, "socket", address);
  fd_ = UniqueFd(fd);
  const int on = 1;
  kernel.SetOption(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  int error = -kernel.Connect(fd, address.data(), address.size());
  // EINTR: the connection goes on being made (POSIX connect).
  if (error == EINPROGRESS || error == EINTR) {
    pollfd poll = {fd, POLLOUT, 0};
    const int ready =
        RetryEintr([&] { return kernel.Poll(&poll, 1, static_cast<int>(deadline_ms)); });
    error = ready == 0 ? ETIMEDOUT : -PendingError(kernel, fd);
  }
  if (error == 0 && IsSelf()) error = ECONNREFUSED;
  if (error == 0) return absl::OkStatus();
  fd_.Reset();
  ending_ = error == ETIMEDOUT ? Ending::kTimedOut : Ending::kRefused;
  if (IsOurs(error)) return OurFault(error, "connect", address);
  return ErrnoStatus(error, "connect", address.ToString());
}

bool Line::IsSelf() const {
  sockaddr_storage local{}, peer{};
  socklen_t local_length = sizeof(local), peer_length = sizeof(peer);
  if (::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&local), &local_length) != 0 ||
      ::getpeername(fd_.get(), reinterpret_cast<sockaddr*>(&peer), &peer_length) != 0) {
    return false;
  }
  const auto a = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&local), local_length);
  const auto b = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&peer), peer_length);
  return a.ok() && b.ok() && *a == *b;
}

size_t Line::Send(absl::Span<const char> bytes) {
  PosixKernel kernel;
  const ssize_t sent = RetryEintr([&] {
    return kernel.Send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
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
  const ssize_t got = RetryEintr(
      [&] { return kernel.Recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT); });
  if (got > 0) {
    received_bytes += static_cast<size_t>(got);
    return static_cast<size_t>(got);
  }
  if (got == -EAGAIN) {
    // Broken, and nothing more is here: nothing more can come either.
    if (broken_) ending_ = Ending::kReset;
    return 0;
  }
  if (got == 0) {
    ending_ = broken_ || WasReset() ? Ending::kReset : Ending::kFin;
  } else {
    ending_ = got == -ETIMEDOUT ? Ending::kTimedOut : Ending::kReset;
  }
  return 0;
}

// A RST whose error somebody else took looks like a FIN; the state tells, as long as we have not
// sent our FIN (after that a closed state is the regular one).
bool Line::WasReset() const {
  tcp_info info{};
  socklen_t length = sizeof(info);
  if (shut_ || ::getsockopt(fd_.get(), IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return false;
  return info.tcpi_state == TCP_CLOSE;
}

void Line::Shutdown() {
  PosixKernel().Shutdown(fd_.get(), SHUT_WR);
  shut_ = true;
}

void Line::Close() {
  fd_.Reset();
  if (ending_ == Ending::kOpen) ending_ = Ending::kOurs;
}

void Line::Reset() {
  const linger now = {1, 0};
  PosixKernel().SetOption(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  Close();
}

}  // namespace verbatim
