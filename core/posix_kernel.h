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
  int Bind(int fd, const sockaddr* address, socklen_t length) {
    return Fold(::bind(fd, address, length));
  }
  int Listen(int fd, int backlog) { return Fold(::listen(fd, backlog)); }
  int Accept(int fd, sockaddr* address, socklen_t* length, int flags) {
    return Fold(::accept4(fd, address, length, flags));
  }
  int Connect(int fd, const sockaddr* address, socklen_t length) {
    return Fold(::connect(fd, address, length));
  }
  int GetOption(int fd, int level, int name, void* value, socklen_t* length) {
    return Fold(::getsockopt(fd, level, name, value, length));
  }
  int SetOption(int fd, int level, int name, const void* value, socklen_t length) {
    return Fold(::setsockopt(fd, level, name, value, length));
  }
  int LocalAddress(int fd, sockaddr* address, socklen_t* length) {
    return Fold(::getsockname(fd, address, length));
  }
  ssize_t Recv(int fd, void* data, size_t bytes, int flags) {
    return Fold(::recv(fd, data, bytes, flags));
  }
  ssize_t Send(int fd, const void* data, size_t bytes, int flags) {
    return Fold(::send(fd, data, bytes, flags));
  }
  ssize_t RecvMessage(int fd, msghdr* message, int flags) {
    return Fold(::recvmsg(fd, message, flags));
  }
  ssize_t SendMessage(int fd, const msghdr* message, int flags) {
    return Fold(::sendmsg(fd, message, flags));
  }
  ssize_t Read(int fd, void* data, size_t bytes) { return Fold(::read(fd, data, bytes)); }
  ssize_t Write(int fd, const void* data, size_t bytes) { return Fold(::write(fd, data, bytes)); }
  int Shutdown(int fd, int how) { return Fold(::shutdown(fd, how)); }
  int Close(int fd) { return Fold(::close(fd)); }
  int EpollCreate() { return Fold(::epoll_create1(EPOLL_CLOEXEC)); }
  int EpollControl(int epoll, int operation, int fd, epoll_event* event) {
    return Fold(::epoll_ctl(epoll, operation, fd, event));
  }
  int EpollWait(int epoll, epoll_event* events, int count, int timeout_ms) {
    return Fold(::epoll_wait(epoll, events, count, timeout_ms));
  }
  int Poll(pollfd* polls, nfds_t count, int timeout_ms) {
    return Fold(::poll(polls, count, timeout_ms));
  }
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
