// The seam: every socket call that echo makes, as a C++20 concept. The real kernel is PosixKernel
// (posix_kernel.h); a model of it can stand in its place and let each call fail.
// Not for: retries, short counts or the meaning of errors. They are handled above the seam, so that
// faults injected below exercise them.
#pragma once

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "core/unique_fd.h"

namespace verbatim {

// A call returns what the system call of its name returns, or -errno. None of them owns anything:
// a descriptor that a call returns belongs to the caller. Waits take milliseconds, -1 for ever.
template <typename K>
concept Kernel = requires(K k, int i, void* out, const void* in, size_t n, sockaddr* address,
                          const sockaddr* to, socklen_t length, socklen_t* length_out,
                          epoll_event* events, pollfd* polls, msghdr* message) {
  { k.Socket(i, i, i) } -> std::same_as<int>;
  { k.Bind(i, to, length) } -> std::same_as<int>;
  { k.Listen(i, i) } -> std::same_as<int>;
  { k.Accept(i, address, length_out, i) } -> std::same_as<int>;
  { k.Connect(i, to, length) } -> std::same_as<int>;
  { k.GetOption(i, i, i, out, length_out) } -> std::same_as<int>;
  { k.SetOption(i, i, i, in, length) } -> std::same_as<int>;
  { k.LocalAddress(i, address, length_out) } -> std::same_as<int>;
  { k.Recv(i, out, n, i) } -> std::same_as<ssize_t>;
  { k.Send(i, in, n, i) } -> std::same_as<ssize_t>;
  { k.RecvMessage(i, message, i) } -> std::same_as<ssize_t>;
  { k.SendMessage(i, message, i) } -> std::same_as<ssize_t>;
  { k.Read(i, out, n) } -> std::same_as<ssize_t>;
  { k.Write(i, in, n) } -> std::same_as<ssize_t>;
  { k.Shutdown(i, i) } -> std::same_as<int>;
  { k.Close(i) } -> std::same_as<int>;
  { k.EpollCreate() } -> std::same_as<int>;
  { k.EpollControl(i, i, i, events) } -> std::same_as<int>;
  { k.EpollWait(i, events, i, i) } -> std::same_as<int>;
  { k.Poll(polls, nfds_t{}, i) } -> std::same_as<int>;
  { k.NowMs() } -> std::same_as<int64_t>;  // since some fixed time, never backwards
};

// How a connect that was under way ended, or what an earlier call left: 0 or -errno (SO_ERROR;
// reading it clears it).
template <Kernel K>
int PendingError(K& kernel, int fd) {
  int error = 0;
  socklen_t length = sizeof(error);
  const int result = kernel.GetOption(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  return result < 0 ? result : -error;
}

// Closes through the seam. The kernel must outlive every descriptor that it closes.
template <typename K>
struct KernelCloser {
  K* kernel = nullptr;
  void operator()(int fd) const { kernel->Close(fd); }
};

// The owner of a descriptor of kernel K.
template <typename K>
using KernelFd = BasicUniqueFd<KernelCloser<K>>;

}  // namespace verbatim
