// The echo on descriptors that somebody else opened: inetd's, systemd's with Accept=yes, or a
// pipe's. Not for: more than one peer at a time (server.h).
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
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
  while (!bytes.empty()) {
    const ssize_t written =
        RetryEintr([&] { return kernel.Write(fd, bytes.data(), bytes.size()); });
    if (written == -EAGAIN) {
      if (absl::Status status = WaitFor(kernel, fd, POLLOUT, timeout_ms); !status.ok())
        return status;
    } else if (written < 0) {
      return ErrnoStatus(static_cast<int>(-written), "write", subject);
    } else {
      bytes.remove_prefix(static_cast<size_t>(written));
    }
  }
  return absl::OkStatus();
}

// Writes to `output` what `input` gives, until its end; neither is closed. Returns the failing
// call, or kDeadlineExceeded once nothing has come for `idle_timeout_ms` (-1: never).
template <Kernel K>
absl::Status EchoStandardIo(K& kernel, int input, int output, int idle_timeout_ms) {
  constexpr size_t kBufferBytes = 64 * 1024;
  const auto buffer = std::make_unique<char[]>(kBufferBytes);
  while (true) {
    if (absl::Status status = WaitFor(kernel, input, POLLIN, idle_timeout_ms); !status.ok()) {
      return status;
    }
    const ssize_t got = RetryEintr([&] { return kernel.Read(input, buffer.get(), kBufferBytes); });
    if (got == 0) return absl::OkStatus();
    if (got == -EAGAIN) continue;
    if (got < 0) return ErrnoStatus(static_cast<int>(-got), "read", "standard input");
    const absl::string_view bytes(buffer.get(), static_cast<size_t>(got));
    if (absl::Status status = WriteAll(kernel, output, bytes, "standard output", idle_timeout_ms);
        !status.ok()) {
      return status;
    }
  }
}

}  // namespace verbatim
