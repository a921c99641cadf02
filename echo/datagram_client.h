// DatagramClient: the input as datagrams, records or ICMP echo requests, one at a time: each is
// sent, its answer awaited, compared and written out. Not for: streams (client.h), names and
// arguments (client_main.cc).
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/endpoint.h"
#include "core/kernel.h"
#include "core/status.h"
#include "echo/icmp.h"
#include "echo/sockets.h"
#include "echo/stdio.h"

namespace verbatim {

struct DatagramOptions {
  size_t datagram_bytes = 65507;  // the largest of UDP and ICMP on IPv4
  int tries = 3;                  // of a request that gets no answer: UDP and ICMP may lose
  int wait_ms = 1000;             // for an answer, each time
  uint16_t icmp_id = 0;           // a ping socket has its own, of the kernel's choice
};

template <Kernel K>
class DatagramClient {
 public:
  // Reads `input` to its end and writes what comes back to `output`; both stay open. An empty input
  // is one empty datagram, but no record: that could not be told from an end. `kernel` must outlive
  // the client.
  DatagramClient(K* kernel, Connected<K> connected, Transport transport, int input, int output,
                 DatagramOptions options = {})
      : kernel_(kernel),
        connected_(std::move(connected)),
        transport_(transport),
        input_(input),
        output_(output),
        options_(options) {}

  // Returns OK iff each datagram came back as it was sent; kDataLoss iff one came back otherwise or
  // the server ended the connection, kDeadlineExceeded iff none came; else the failing call.
  absl::Status Run() {
    bool ended = false;
    while (!ended) {
      const absl::StatusOr<std::string> data = ReadDatagram(&ended);
      if (!data.ok()) return data.status();
      if (data->empty() && (count_ > 0 || transport_ == Transport::kUnixpacket)) break;
      if (absl::Status status = Ask(*data); !status.ok()) return status;
      ++count_;
    }
    return absl::OkStatus();
  }

 private:
  bool MayLose() const { return !IsUnix(transport_); }
  int family() const { return connected_.peer.family(); }

  // The next datagram_bytes; less at the end of the input, and at the end of a terminal's line.
  absl::StatusOr<std::string> ReadDatagram(bool* ended) {
    std::string data(options_.datagram_bytes, '\0');
    size_t filled = 0;
    do {
      const ssize_t got = RetryEintr(
          [&] { return kernel_->Read(input_, data.data() + filled, data.size() - filled); });
      absl::Status status;
      if (got == -EAGAIN) status = WaitFor(*kernel_, input_, POLLIN, -1);
      if (got < 0 && got != -EAGAIN)
        status = ErrnoStatus(-static_cast<int>(got), "read", "standard input");
      if (!status.ok()) return status;
      *ended = got == 0;
      if (got > 0) filled += static_cast<size_t>(got);
    } while (filled < data.size() && !*ended && (filled == 0 || ::isatty(input_) != 1));
    data.resize(filled);
    return data;
  }

  absl::Status Ask(const std::string& data) {
    const std::string request =
        transport_ == Transport::kIcmp
            ? IcmpText({false, options_.icmp_id, static_cast<uint16_t>(count_), data}, family())
            : data;
    absl::Status status;
    for (int i = 0; i < (MayLose() ? options_.tries : 1); ++i) {
      const ssize_t sent = RetryEintr([&] {
        return kernel_->Send(connected_.fd.get(), request.data(), request.size(), MSG_NOSIGNAL);
      });
      if (sent < 0) return Failed(static_cast<int>(-sent), "send");
      status = AwaitAnswer(data);
      if (!absl::IsDeadlineExceeded(status)) return status;
    }
    return absl::DeadlineExceededError(
        absl::StrCat("no answer to datagram ", count_ + 1, " of ", data.size(), " bytes within ",
                     options_.wait_ms, " ms",
                     MayLose() ? absl::StrCat(", ", options_.tries, " times") : "", note_));
  }

  absl::Status AwaitAnswer(const std::string& data) {
    const int64_t until_ms = kernel_->NowMs() + options_.wait_ms;
    while (true) {
      const int64_t left_ms = std::max<int64_t>(0, until_ms - kernel_->NowMs());
      absl::Status status =
          WaitFor(*kernel_, connected_.fd.get(), POLLIN, static_cast<int>(left_ms));
      if (!status.ok()) return status;
      const ssize_t got = RetryEintr([&] {
        return kernel_->Recv(connected_.fd.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
      });
      if (got == -EAGAIN) continue;
      if (got < 0) return Failed(static_cast<int>(-got), "recv");
      if (got == 0 && transport_ == Transport::kUnixpacket) {
        return absl::DataLossError("the server ended the connection early");
      }
      const absl::string_view packet(buffer_.data(), static_cast<size_t>(got));
      const std::optional<absl::string_view> answer = AnswerIn(packet);
      // A late answer to an earlier try of the datagram before is nobody's fault.
      if (!answer.has_value() || (count_ > 0 && MayLose() && *answer == before_ && *answer != data))
        continue;
      if (*answer != data) return Differs(*answer, data);
      before_ = data;
      return WriteAll(*kernel_, output_, *answer, "standard output");
    }
  }

  // What is ours of a packet; of ICMP a raw socket sees all that comes, and our own requests.
  std::optional<absl::string_view> AnswerIn(absl::string_view packet) {
    if (transport_ != Transport::kIcmp) return packet;
    const bool is_raw = connected_.type == SOCK_RAW;
    if (is_raw && family() == AF_INET) packet = WithoutIpHeader(packet);
    const std::optional<IcmpEcho> echo = ReadIcmp(packet, family());
    const bool ours = echo.has_value() && echo->is_reply &&
                      echo->sequence == static_cast<uint16_t>(count_) &&
                      (!is_raw || echo->id == options_.icmp_id);
    if (ours) return echo->data;
    if (!echo.has_value() && family() == AF_INET && InternetChecksum(packet) != 0) {
      note_ = ", but a message with a wrong checksum came";
    } else if (echo.has_value() && echo->is_reply) {
      note_ = ", but a reply of another id or sequence came";
    }
    return std::nullopt;
  }

  absl::Status Differs(absl::string_view answer, const std::string& data) const {
    const auto at = std::mismatch(data.begin(), data.end(), answer.begin(), answer.end()).first;
    return absl::DataLossError(
        absl::StrCat("datagram ", count_ + 1, " of ", data.size(), " bytes came back as ",
                     answer.size(), ", different from byte ", at - data.begin() + 1, " on"));
  }

  absl::Status Failed(int error, absl::string_view call) const {
    return ErrnoStatus(error, call, connected_.peer.ToString());
  }

  K* const kernel_;
  Connected<K> connected_;
  const Transport transport_;
  const int input_;
  const int output_;
  const DatagramOptions options_;
  uint64_t count_ = 0;  // answered so far
  std::string before_;
  std::string note_;  // what came instead of an answer
  std::string buffer_ = std::string(1 << 20, '\0');
};

}  // namespace verbatim
