// Sockets of our own for each connection, the steps in order, reading all along, with every wait
// bounded.
#include "properties/stage/socket/datagrams.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "core/address.h"
#include "core/status.h"
#include "core/unique_fd.h"
#include "properties/stage/socket/datagram_socket.h"
#include "properties/stage/socket/lines.h"

namespace verbatim {
namespace {

// More than any datagram has, so that what is larger than it may be is seen to be so.
constexpr size_t kReceiveBytes = 256 * 1024;

// One scenario being played.
class Exchange {
 public:
  Exchange(const Scenario& scenario, const SocketAddress& asked, const StageOptions& options,
           DatagramJudge* judge, Transcript* transcript)
      : scenario_(scenario),
        asked_(asked),
        options_(options),
        judge_(judge),
        transcript_(transcript),
        start_us_(NowUs()),
        buffer_(kReceiveBytes, '\0') {}

  absl::StatusOr<Played> Run() {
    Connect(1);
    for (const Step& step : scenario_.steps) {
      if (Over() || !error_.ok()) break;
      Do(step);
    }
    if (!error_.ok()) return error_;
    if (!Over()) PollOnce(0);
    played_.cut_short = cut_short_;
    return played_;
  }

 private:
  struct Channel {
    UniqueFd fd;
    uint64_t sent_bytes = 0;
  };

  Channel& At(uint32_t connection) { return channels_[connection - 1]; }

  void Do(const Step& step) {
    switch (step.kind) {
      case Step::Kind::kConnect:
        return Connect(step.connection);
      case Step::Kind::kSend:
        return Send(step);
      case Step::Kind::kAwait:
        return Await(step.connection);
      case Step::Kind::kPause:
        return Pause(static_cast<int64_t>(step.amount));
      case Step::Kind::kClose:
        return End(step.connection, Ending::kOurs, "");
      default:
        return;  // of streams
    }
  }

  void Connect(uint32_t connection) {
    absl::StatusOr<UniqueFd> fd = OpenDatagramSocket(asked_);
    if (!fd.ok()) {
      error_ = fd.status();
      return;
    }
    At(connection).fd = *std::move(fd);
    Emit({.kind = Event::Kind::kConnected, .connection = connection});
  }

  void End(uint32_t connection, Ending ending, std::string how) {
    At(connection).fd.Reset();
    Emit({.kind = Event::Kind::kEnded,
          .connection = connection,
          .ending = ending,
          .text = std::move(how)});
  }

  void Refused(uint32_t connection, absl::string_view call, int error) {
    const absl::Status status = ErrnoStatus(error, call, asked_.ToString());
    End(connection, Ending::kRefused, std::string(status.message()));
  }

  // Where the target's queue is full (unix) until the deadline, the datagram counts as sent, and as
  // lost: that nothing answers it will be seen.
  void Send(const Step& step) {
    Channel& channel = At(step.connection);
    const uint64_t left = judge_->payload().size_bytes() - channel.sent_bytes;
    const uint64_t bytes = step.amount == kRest ? left : step.amount;
    const std::string datagram =
        judge_->payload().Bytes(step.connection, channel.sent_bytes, static_cast<size_t>(bytes));
    channel.sent_bytes += bytes;
    const int64_t end_us = NowUs() + options_.deadline_ms * 1000;
    while (channel.fd && !Over()) {
      const ssize_t sent = ::sendto(channel.fd.get(), datagram.data(), datagram.size(),
                                    MSG_NOSIGNAL, asked_.data(), asked_.size());
      const int error = sent < 0 ? errno : 0;
      if (error == EINTR) continue;
      // A refusal that an earlier datagram met.
      if (IsRefusal(error)) return Refused(step.connection, "sendto", error);
      if (error != 0 && error != EAGAIN && error != ENOBUFS) {
        error_ = absl::InternalError(ErrnoStatus(error, "sendto", asked_.ToString()).message());
        return;
      }
      if (error == 0 || NowUs() > end_us) {
        return Emit({.kind = Event::Kind::kSent,
                     .connection = step.connection,
                     .bytes = bytes,
                     .datagram = true});
      }
      PollOnce(1);
    }
  }

  void Await(uint32_t connection) {
    const int64_t start_us = NowUs();
    int64_t progress_us = start_us;
    while (At(connection).fd && !judge_->CaughtUp(connection) && !Over()) {
      const int64_t left_us = progress_us + options_.deadline_ms * 1000 - NowUs();
      if (left_us <= 0) {
        return Emit({.kind = Event::Kind::kSilence,
                     .connection = connection,
                     .waited_ms = options_.deadline_ms});
      }
      const uint64_t received = received_;
      PollOnce((left_us + 999) / 1000);
      if (received_ > received) progress_us = NowUs();
    }
    if (!Over())
      played_.slowest_answer_us = std::max(played_.slowest_answer_us, NowUs() - start_us);
  }

  void Pause(int64_t duration_ms) {
    const int64_t end_us = NowUs() + duration_ms * 1000;
    while (!Over() && NowUs() < end_us) PollOnce((end_us - NowUs() + 999) / 1000);
  }

  // Waits for datagrams on any connection, and takes in what is there.
  void PollOnce(int64_t timeout_ms) {
    std::array<pollfd, kMaxConnections> polls;
    for (uint32_t i = 0; i < kMaxConnections; ++i) polls[i] = {channels_[i].fd.get(), POLLIN, 0};
    const int wait_ms = static_cast<int>(options_.Within(timeout_ms));
    const int ready = RetryEintr([&] {
      const int count = ::poll(polls.data(), polls.size(), wait_ms);
      return count < 0 ? -errno : count;
    });
    for (uint32_t i = 0; ready > 0 && i < kMaxConnections; ++i) {
      if (polls[i].revents != 0) Receive(i + 1);
    }
  }

  // Everything that has come on one connection.
  void Receive(uint32_t connection) {
    Channel& channel = At(connection);
    while (channel.fd && !Over()) {
      sockaddr_storage from{};
      socklen_t length = sizeof(from);
      const ssize_t got = ::recvfrom(channel.fd.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT,
                                     reinterpret_cast<sockaddr*>(&from), &length);
      const int error = got < 0 ? errno : 0;
      if (error == EINTR) continue;
      if (IsRefusal(error)) return Refused(connection, "recvfrom", error);
      if (error != 0) return DropErrors(channel.fd.get());
      Event event{.kind = Event::Kind::kReceived,
                  .connection = connection,
                  .bytes = static_cast<uint64_t>(got),
                  .data = absl::string_view(buffer_.data(), static_cast<size_t>(got)),
                  .datagram = true};
      SetSource(reinterpret_cast<sockaddr*>(&from), length, &event);
      ++received_;
      Emit(std::move(event));
    }
  }

  // What is in the error queue keeps poll awake (ip(7), IP_RECVERR).
  static void DropErrors(int fd) {
    char message[512], control[512];
    iovec part = {message, sizeof(message)};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
    while (::recvmsg(fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0) {
      header.msg_controllen = sizeof(control);
    }
  }

  void SetSource(const sockaddr* from, socklen_t length, Event* event) const {
    const absl::StatusOr<SocketAddress> source = SocketAddress::FromSockaddr(from, length);
    if (source.ok() && *source == asked_) return;
    event->from = source.ok() ? source->ToString() : "an address of another family";
    event->text = asked_.ToString();
    event->from_other_port =
        !source.ok() || asked_.family() == AF_UNIX || source->port() != asked_.port();
  }

  void Emit(Event event) {
    event.time_us = static_cast<uint64_t>(NowUs() - start_us_);
    judge_->Observe(event);
    if (transcript_ != nullptr) transcript_->Add(event);
  }

  bool Over() {
    cut_short_ = cut_short_ || std::chrono::steady_clock::now() >= options_.end;
    return cut_short_ || judge_->Over();
  }

  const Scenario& scenario_;
  const SocketAddress& asked_;
  const StageOptions& options_;
  DatagramJudge* const judge_;
  Transcript* const transcript_;
  const int64_t start_us_;
  std::string buffer_;
  std::array<Channel, kMaxConnections> channels_;
  uint64_t received_ = 0;  // datagrams
  Played played_;
  absl::Status error_;
  bool cut_short_ = false;
};

}  // namespace

absl::StatusOr<Played> PlayDatagrams(const Scenario& scenario, const Door& door,
                                     const StageOptions& options, DatagramJudge* judge,
                                     Transcript* transcript) {
  if (door.addresses.empty()) return absl::InternalError("datagrams need an address");
  RaiseDescriptorLimit();
  return Exchange(scenario, door.addresses.front(), options, judge, transcript).Run();
}

}  // namespace verbatim
