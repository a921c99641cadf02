// Client: a full-duplex pump between two descriptors of ours (standard input and output) and a
// connection, by poll, through the seam. epoll would refuse regular files.
// Not for: datagrams and records (datagram_client.h), connecting (sockets.h), names and arguments
// (client_main.cc).
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/kernel.h"
#include "core/status.h"
#include "echo/session.h"
#include "echo/sockets.h"

namespace verbatim {

template <Kernel K>
class Client {
 public:
  // Reads `input` to its end, sends it, and writes what comes back to `output`; both stay as they
  // are (never non-blocking: others may share them) and open. `kernel` must outlive the client.
  Client(K* kernel, KernelFd<K> socket, int input, int output)
      : kernel_(kernel), socket_(std::move(socket)), input_(input), output_(output) {}

  // At the end of the input sends a FIN, and runs until the server has ended the connection.
  // Returns OK iff the server sent its FIN after it had returned as many bytes as it was sent; else
  // the failing call, or kDataLoss: the server ended early.
  absl::Status Run() {
    while (!(done_ && to_output_.Sendable().empty())) {
      if (absl::Status status = Turn(); !status.ok()) return status;
    }
    if (!end_.ok()) return end_;
    const uint64_t sent = to_socket_.sent_bytes();
    if (input_ended_ && to_socket_.Sendable().empty() && received_ >= sent) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat("the server ended the connection early: ", sent,
                                            " bytes sent, ", received_, " received",
                                            input_ended_ ? "" : ", input left over"));
  }

 private:
  static constexpr size_t kBufferBytes = 64 * 1024;
  // What a pipe takes without blocking once poll has said that it is writable (POSIX PIPE_BUF).
  static constexpr size_t kOutputBytes = 4096;

  absl::Status Turn() {
    const bool sends = !done_ && write_error_ == 0;
    const bool read_input = sends && !input_ended_ && to_socket_.Receivable() > 0;
    const bool read_socket = !done_ && to_output_.Receivable() > 0;
    const bool write_socket = sends && !to_socket_.Sendable().empty();
    const bool write_output = !to_output_.Sendable().empty();
    std::array<pollfd, 3> polls = {
        pollfd{read_input ? input_ : -1, POLLIN, 0},
        pollfd{read_socket || write_socket ? socket_.get() : -1,
               static_cast<short>((read_socket ? POLLIN : 0) | (write_socket ? POLLOUT : 0)), 0},
        pollfd{write_output ? output_ : -1, POLLOUT, 0}};
    // After an error of send, only what is here already is read: nothing is waited for.
    const bool drains = read_socket && write_error_ != 0;
    const int timeout_ms = drains ? 0 : -1;
    const int ready =
        RetryEintr([&] { return kernel_->Poll(polls.data(), polls.size(), timeout_ms); });
    if (ready < 0) return ErrnoStatus(-ready, "poll", "");
    absl::Status status;
    if (polls[0].revents != 0) status.Update(ReadInput());
    if (write_socket && polls[1].revents != 0) status.Update(WriteSocket());
    if (drains || (read_socket && (polls[1].revents & ~POLLOUT) != 0)) status.Update(ReadSocket());
    if (polls[2].revents != 0) status.Update(WriteOutput());
    return status;
  }

  absl::Status ReadInput() {
    const size_t room = std::min(buffer_.size(), to_socket_.Receivable());
    const ssize_t got = RetryEintr([&] { return kernel_->Read(input_, buffer_.data(), room); });
    if (got == -EAGAIN) return absl::OkStatus();
    if (got < 0) return ErrnoStatus(static_cast<int>(-got), "read", "standard input");
    if (got > 0) to_socket_.Receive({buffer_.data(), static_cast<size_t>(got)});
    input_ended_ = got == 0;
    return EndOutputIfDue();
  }

  absl::Status WriteSocket() {
    const absl::string_view due = to_socket_.Sendable();
    const ssize_t sent = RetryEintr([&] {
      return kernel_->Send(socket_.get(), due.data(), due.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    });
    if (sent == -EAGAIN) return absl::OkStatus();
    // The server has gone. What it returned before may still be here: that is read first.
    if (sent < 0) {
      write_error_ = static_cast<int>(-sent);
      return absl::OkStatus();
    }
    to_socket_.Sent(static_cast<size_t>(sent));
    return EndOutputIfDue();
  }

  // Half-close: the server learns that nothing more will come, and we go on reading.
  absl::Status EndOutputIfDue() {
    if (!input_ended_ || shut_ || !to_socket_.Sendable().empty()) return absl::OkStatus();
    shut_ = true;
    const int result = kernel_->Shutdown(socket_.get(), SHUT_WR);
    if (result < 0 && result != -ENOTCONN) return ErrnoStatus(-result, "shutdown", "");
    return absl::OkStatus();
  }

  absl::Status ReadSocket() {
    const size_t room = std::min(buffer_.size(), to_output_.Receivable());
    const ssize_t got = RetryEintr(
        [&] { return kernel_->Recv(socket_.get(), buffer_.data(), room, MSG_DONTWAIT); });
    if (got == -EAGAIN && write_error_ == 0) return absl::OkStatus();
    if (got > 0) {
      received_ += static_cast<uint64_t>(got);
      to_output_.Receive({buffer_.data(), static_cast<size_t>(got)});
      return absl::OkStatus();
    }
    done_ = true;
    const int error = got < 0 && got != -EAGAIN ? static_cast<int>(-got) : write_error_;
    // What came before the error is written out all the same: Run returns it at the end.
    if (error != 0) end_ = ErrnoStatus(error, write_error_ != 0 ? "send" : "recv", "");
    return absl::OkStatus();
  }

  absl::Status WriteOutput() {
    const absl::string_view due = to_output_.Sendable().substr(0, kOutputBytes);
    const ssize_t written =
        RetryEintr([&] { return kernel_->Write(output_, due.data(), due.size()); });
    if (written == -EAGAIN) return absl::OkStatus();
    if (written < 0) return ErrnoStatus(static_cast<int>(-written), "write", "standard output");
    to_output_.Sent(static_cast<size_t>(written));
    return absl::OkStatus();
  }

  K* const kernel_;
  KernelFd<K> socket_;
  const int input_;
  const int output_;
  Session to_socket_{kBufferBytes};
  Session to_output_{kBufferBytes};
  std::array<char, kBufferBytes> buffer_;
  bool input_ended_ = false;
  bool shut_ = false;
  bool done_ = false;  // the server's end was seen
  int write_error_ = 0;
  absl::Status end_;  // the error that ended the connection
  uint64_t received_ = 0;
};

}  // namespace verbatim
