// The echo on descriptors that somebody else opened: inetd's, systemd's with Accept=yes, or a
// pipe's. Not for: more than one peer at a time (server.h).
#pragma once

#include <poll.h>

#include <memory>

#include "absl/status/status.h"
#include "core/kernel.h"
#include "core/status.h"

namespace verbatim {

// Waits until `events` come for fd. Returns the failing call, or kDeadlineExceeded after
// `timeout_ms` (-1: never).
template <Kernel K>
absl::Status WaitFor(K& kernel, int fd, short events, int timeout_ms) {
  pollfd poll = {fd, events, 0};
  const int ready = RetryEintr([&] { return kernel.Poll(&poll, 1, timeout_ms); });
  if (ready < 0) return ErrnoStatus(-ready, "poll", "");
  return ready > 0 ? absl::OkStatus() : absl::DeadlineExceededError("nothing came in time");
}

// Writes all of it, whether the descriptor blocks or not. Returns the failing call.
template <Kernel K>
absl::Status WriteAll(K& kernel, int fd, absl::string_view bytes, absl::string_view subject,
                      int timeout_ms = -1) {
  absl::Status status;
  while (status.ok() && !bytes.empty()) {
    const ssize_t written =
        RetryEintr([&] { return kernel.Write(fd, bytes.data(), bytes.size()); });
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else {
      status = written == -EAGAIN ? WaitFor(kernel, fd, POLLOUT, timeout_ms)
                                  : ErrnoStatus(static_cast<int>(-written), "write", subject);
    }
  }
  return status;
}

// Writes to `output` what `input` gives, until its end; neither is closed. Returns the failing
// call, or kDeadlineExceeded once nothing has come for `idle_timeout_ms` (-1: never).
template <Kernel K>
absl::Status EchoStandardIo(K& kernel, int input, int output, int idle_timeout_ms) {
  constexpr size_t kBufferBytes = 64 * 1024;
  const auto buffer = std::make_unique<char[]>(kBufferBytes);
  absl::Status status;
  while (status.ok() && (status = WaitFor(kernel, input, POLLIN, idle_timeout_ms)).ok()) {
    const ssize_t got = RetryEintr([&] { return kernel.Read(input, buffer.get(), kBufferBytes); });
    if (got == 0) break;
    if (got == -EAGAIN) continue;
    if (got < 0) return ErrnoStatus(static_cast<int>(-got), "read", "standard input");
    status = WriteAll(kernel, output, {buffer.get(), static_cast<size_t>(got)}, "standard output",
                      idle_timeout_ms);
  }
  return status;
}

}  // namespace verbatim
