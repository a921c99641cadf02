// PosixKernel: the real kernel behind the seam of core/kernel.h. It costs nothing: each call is the
// system call, with -1 and errno folded into -errno.
// Not for: any decision. A rule about a call belongs above the seam.
#pragma once

#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "core/kernel.h"

namespace verbatim {

class PosixKernel {
 public:
  int Socket(int domain, int type, int protocol) { return Fold(::socket(domain, type, protocol)); }
  int Bind(int fd, const sockaddr* to, socklen_t size) { return Fold(::bind(fd, to, size)); }
  int Listen(int fd, int backlog) { return Fold(::listen(fd, backlog)); }
  int Accept(int fd, sockaddr* from, socklen_t* size, int flags) {
    return Fold(::accept4(fd, from, size, flags));
  }
  int Connect(int fd, const sockaddr* to, socklen_t size) { return Fold(::connect(fd, to, size)); }
  int GetOption(int fd, int level, int name, void* value, socklen_t* size) {
    return Fold(::getsockopt(fd, level, name, value, size));
  }
  int SetOption(int fd, int level, int name, const void* value, socklen_t size) {
    return Fold(::setsockopt(fd, level, name, value, size));
  }
  int LocalAddress(int fd, sockaddr* at, socklen_t* size) {
    return Fold(::getsockname(fd, at, size));
  }
  ssize_t Recv(int fd, void* data, size_t n, int flags) { return Fold(::recv(fd, data, n, flags)); }
  ssize_t Send(int fd, const void* data, size_t n, int flags) {
    return Fold(::send(fd, data, n, flags));
  }
  ssize_t RecvMessage(int fd, msghdr* m, int flags) { return Fold(::recvmsg(fd, m, flags)); }
  ssize_t SendMessage(int fd, const msghdr* m, int flags) { return Fold(::sendmsg(fd, m, flags)); }
  ssize_t Read(int fd, void* data, size_t n) { return Fold(::read(fd, data, n)); }
  ssize_t Write(int fd, const void* data, size_t n) { return Fold(::write(fd, data, n)); }
  int Shutdown(int fd, int how) { return Fold(::shutdown(fd, how)); }
  int Close(int fd) { return Fold(::close(fd)); }
  int EpollCreate() { return Fold(::epoll_create1(EPOLL_CLOEXEC)); }
  int EpollControl(int epoll, int operation, int fd, epoll_event* event) {
    return Fold(::epoll_ctl(epoll, operation, fd, event));
  }
  int EpollWait(int epoll, epoll_event* events, int count, int timeout_ms) {
    return Fold(::epoll_wait(epoll, events, count, timeout_ms));
  }
  int Poll(pollfd* polls, nfds_t n, int timeout_ms) { return Fold(::poll(polls, n, timeout_ms)); }
  int64_t NowMs() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
  }

 private:
  template <typename Result>
  static Result Fold(Result result) {
    return result < 0 ? static_cast<Result>(-errno) : result;
  }
};

static_assert(Kernel<PosixKernel>);

}  // namespace verbatim
