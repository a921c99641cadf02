// Making a connection: TCP, a unix socket, or a process with two pipes.
// Not for: what is said over it (line.cc).
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/posix_kernel.h"
#include "core/status.h"
#include "properties/stage/socket/left.h"
#include "properties/stage/socket/line.h"

namespace verbatim {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kSmallBufferBytes = 4096;

absl::Status OurFault(int error, absl::string_view call, const SocketAddress& address) {
  return absl::InternalError(ErrnoStatus(error, call, address.ToString()).message());
}

// Errors of connect that say something about this machine and nothing about the target. A unix
// socket's file that may not be opened is the target's matter.
bool IsOurs(int error, int family) {
  return error == EMFILE || error == ENFILE || error == EADDRNOTAVAIL || error == ENOBUFS ||
         error == ENOMEM || error == EAFNOSUPPORT ||
         (family != AF_UNIX && (error == EACCES || error == EPERM));
}

// Of an address of IPv6 the same errors may say that there is none here: then it is a target that
// can't be reached.
bool LacksIpv6(int error, int family) {
  if (family != AF_INET6 || (error != EADDRNOTAVAIL && error != EAFNOSUPPORT)) return false;
  const UniqueFd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 loopback{};
  loopback.sin6_family = AF_INET6;
  loopback.sin6_addr = IN6ADDR_LOOPBACK_INIT;
  return !fd || ::bind(fd.get(), reinterpret_cast<sockaddr*>(&loopback), sizeof(loopback)) != 0;
}

absl::Status NoIpv6(int error, absl::string_view call, const SocketAddress& address) {
  return ErrnoStatus(error, call, absl::StrCat(address.ToString(), " (this machine has no IPv6)"));
}

// Returns the errno, 0 for none.
int ConnectTcp(int fd, const SocketAddress& address, int64_t deadline_ms) {
  PosixKernel kernel;
  const int error = -kernel.Connect(fd, address.data(), address.size());
  // EINTR: the connection goes on being made (POSIX connect).
  if (error != EINPROGRESS && error != EINTR) return error;
  pollfd poll = {fd, POLLOUT, 0};
  const int ready =
      RetryEintr([&] { return kernel.Poll(&poll, 1, static_cast<int>(deadline_ms)); });
  return ready == 0 ? ETIMEDOUT : -PendingError(kernel, fd);
}

// While the backlog is full, a unix socket's connect that must not block says EAGAIN and leaves
// nothing behind that poll could wait for. So it blocks, with a limit (SO_SNDTIMEO, unix(7)).
// Returns the errno, 0 for none.
int ConnectUnix(int fd, const SocketAddress& address, int64_t deadline_ms) {
  PosixKernel kernel;
  const auto end = steady_clock::now() + milliseconds(deadline_ms);
  int error = EINTR;
  while (error == EINTR) {
    const int64_t left_ms = std::max<int64_t>(LeftMs(end), 1);  // 0 would be no limit
    const timeval limit = {left_ms / 1000, (left_ms % 1000) * 1000};
    kernel.SetOption(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    error = -kernel.Connect(fd, address.data(), address.size());
  }
  return error == EAGAIN ? ETIMEDOUT : error;
}

}  // namespace

absl::Status Line::Connect(const Door& door, int64_t deadline_ms, bool small_buffer) {
  Close();
  *this = Line();
  if (!door.command.empty()) return StartProcess(door, small_buffer);
  const auto end = steady_clock::now() + milliseconds(deadline_ms);
  absl::Status status = absl::InternalError("a door without an address");
  for (size_t i = 0; i < door.addresses.size(); ++i) {
    *this = Line();
    // Of the time that is left its share: one that does not answer leaves some to the others.
    const int64_t share_ms = LeftMs(end) / static_cast<int64_t>(door.addresses.size() - i);
    status = ConnectTo(door.addresses[i], share_ms, small_buffer);
    if (status.ok()) break;
  }
  return status;
}

void Line::WidenBuffer() {
  constexpr int kWideBytes = 1 << 20;
  if (process_ == nullptr && fd_) {
    PosixKernel().SetOption(fd_.get(), SOL_SOCKET, SO_RCVBUF, &kWideBytes, sizeof(kWideBytes));
  }
}

void Line::Adopt(UniqueFd fd) {
  *this = Line();
  sockaddr_storage local{};
  socklen_t length = sizeof(local);
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&local), &length);
  tcp_ = local.ss_family != AF_UNIX;
  const int on = 1;
  if (tcp_) PosixKernel().SetOption(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  fd_ = std::move(fd);
}

absl::Status Line::ConnectTo(const SocketAddress& address, int64_t deadline_ms, bool small_buffer) {
  PosixKernel kernel;
  const int family = address.family();
  tcp_ = family != AF_UNIX;
  const int type = SOCK_STREAM | SOCK_CLOEXEC | (tcp_ ? SOCK_NONBLOCK : 0);
  const int fd = kernel.Socket(family, type, 0);
  if (fd < 0 && LacksIpv6(-fd, family)) {
    ending_ = Ending::kRefused;
    return NoIpv6(-fd, "socket", address);
  }
  if (fd < 0) return OurFault(-fd, "socket", address);
  fd_ = UniqueFd(fd);
  if (tcp_) {
    const int on = 1;
    kernel.SetOption(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  if (small_buffer) {
    // Before connect: the window that is offered at first depends on it (tcp(7)).
    kernel.SetOption(fd, SOL_SOCKET, SO_RCVBUF, &kSmallBufferBytes, sizeof(kSmallBufferBytes));
  }
  int error = tcp_ ? ConnectTcp(fd, address, deadline_ms) : ConnectUnix(fd, address, deadline_ms);
  if (error == 0 && IsSelf()) error = ECONNREFUSED;
  if (error == 0) return absl::OkStatus();
  fd_.Reset();
  ending_ = error == ETIMEDOUT ? Ending::kTimedOut : Ending::kRefused;
  if (LacksIpv6(error, family)) return NoIpv6(error, "connect", address);
  if (IsOurs(error, family)) return OurFault(error, "connect", address);
  return ErrnoStatus(error, "connect", address.ToString());
}

absl::Status Line::StartProcess(const Door& door, bool small_buffer) {
  Process::Options options;
  options.descriptor_limit = door.descriptor_limit;
  options.words = door.words == nullptr ? -1 : door.words->writer();
  options.piped = true;
  absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(door.command, options);
  if (!process.ok()) {
    ending_ = Ending::kRefused;
    return absl::InternalError(process.status().message());
  }
  process_ = *std::move(process);
  fd_ = std::move(process_->output);
  send_fd_ = std::move(process_->input);
  // The ends of the pipes that are the process's own stay as they are: those flags are each end's.
  for (const int fd : {fd_.get(), send_fd_.get()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
  if (small_buffer) ::fcntl(fd_.get(), F_SETPIPE_SZ, kSmallBufferBytes);
  return absl::OkStatus();
}

bool Line::IsSelf() const {
  if (!tcp_) return false;
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

}  // namespace verbatim
