// The sound client of datagrams around the hooks.
#include "properties/mutants/plain_datagram_client.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/posix_kernel.h"
#include "core/status.h"
#include "echo/stdio.h"

namespace verbatim {
namespace {

constexpr size_t kInputBytes = 8192;
constexpr int kTickMs = 20;

template <typename Result>
Result Fold(Result result) {
  return result < 0 ? static_cast<Result>(-errno) : result;
}

absl::Status Open(const DatagramClientHooks& hooks, const Endpoint& endpoint, DatagramTalk* talk) {
  const absl::StatusOr<std::vector<SocketAddress>> addresses =
      Resolve(endpoint, ResolveFor::kConnecting);
  if (!addresses.ok()) return addresses.status();
  talk->server = addresses->front();
  UniqueFd fd(::socket(talk->server.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return ErrnoStatus(errno, "socket", "");
  if (IsUnix(endpoint.transport)) {
    // Who has no name gets no answer; the kernel chooses one (unix(7), autobind).
    const SocketAddress any = *SocketAddress::FromPath("");
    if (::bind(fd.get(), any.data(), any.size()) < 0) return ErrnoStatus(errno, "bind", "");
  }
  if (hooks.Connects() && ::connect(fd.get(), talk->server.data(), talk->server.size()) < 0) {
    return ErrnoStatus(errno, "connect", endpoint.ToString());
  }
  talk->socket = std::move(fd);
  return absl::OkStatus();
}

class DatagramPump {
 public:
  DatagramPump(DatagramClientHooks& hooks, DatagramTalk& talk) : hooks_(hooks), talk_(talk) {}

  absl::Status Run() {
    absl::Status status;
    while (status.ok() && !talk_.over) {
      talk_.over = talk_.left = hooks_.MayEnd(talk_);
      if (!talk_.over) status = Turn();
    }
    if (!status.ok() || talk_.left) return status;
    return absl::DeadlineExceededError(absl::StrCat(
        "no answer: ", talk_.sent_bytes, " bytes sent, ", talk_.received_bytes, " received"));
  }

 private:
  absl::Status Turn() {
    const bool read_input = !talk_.input_ended && hooks_.MayReadInput(talk_);
    std::array<pollfd, 2> polls = {pollfd{read_input ? talk_.input : -1, POLLIN, 0},
                                   pollfd{talk_.socket.get(), POLLIN, 0}};
    const int ready = RetryEintr([&] { return Fold(::poll(polls.data(), polls.size(), kTickMs)); });
    if (ready < 0) return ErrnoStatus(-ready, "poll", "");
    absl::Status status;
    if (polls[1].revents != 0) status.Update(Receive());
    if (polls[0].revents != 0 && !talk_.over) status.Update(ReadInput());
    const auto silent = DatagramTalk::Clock::now() - talk_.moved_at;
    if (talk_.due > 0 && silent >= DatagramClientHooks::kLostAfter) hooks_.Lost(talk_);
    talk_.over |= talk_.input_ended && silent >= DatagramClientHooks::kGiveUpAfter;
    return status;
  }

  absl::Status ReadInput() {
    std::string data(kInputBytes, '\0');
    const ssize_t got =
        RetryEintr([&] { return Fold(::read(talk_.input, data.data(), data.size())); });
    if (got == -EAGAIN) return absl::OkStatus();
    if (got < 0) return ErrnoStatus(static_cast<int>(-got), "read", "standard input");
    talk_.moved_at = DatagramTalk::Clock::now();
    talk_.input_ended = got == 0;
    data.resize(static_cast<size_t>(got));
    if (got > 0) data = hooks_.Input(talk_, std::move(data));
    if (!data.empty()) hooks_.Send(talk_, data);
    return absl::OkStatus();
  }

  // A refusal is what became of an earlier one: no answer, like any loss.
  absl::Status Receive() {
    std::string data(hooks_.AnswerBytes(), '\0');
    const ssize_t got = RetryEintr(
        [&] { return Fold(::recv(talk_.socket.get(), data.data(), data.size(), MSG_DONTWAIT)); });
    if (got < 0) return absl::OkStatus();
    talk_.moved_at = DatagramTalk::Clock::now();
    talk_.received_bytes += static_cast<uint64_t>(got);
    if (got > 0 && talk_.due > 0) --talk_.due;
    data.resize(static_cast<size_t>(got));
    data = hooks_.Received(talk_, std::move(data));
    PosixKernel kernel;
    return WriteAll(kernel, talk_.output, data, "standard output");
  }

  DatagramClientHooks& hooks_;
  DatagramTalk& talk_;
};

}  // namespace

void DatagramClientHooks::Send(DatagramTalk& talk, const std::string& data) {
  const bool connected = Connects();
  const sockaddr* const to = connected ? nullptr : talk.server.data();
  // The first try may tell of an earlier one's refusal.
  for (int i = 0; i < 2; ++i) {
    const ssize_t sent = RetryEintr([&] {
      return Fold(::sendto(talk.socket.get(), data.data(), data.size(), MSG_NOSIGNAL, to,
                           connected ? 0 : talk.server.size()));
    });
    if (sent >= 0) break;
  }
  talk.sent_bytes += data.size();
  ++talk.due;
}

absl::Status RunPlainDatagramClient(DatagramClientHooks& hooks, const Endpoint& endpoint, int input,
                                    int output) {
  DatagramTalk talk;
  talk.input = input;
  talk.output = output;
  absl::Status status = Open(hooks, endpoint, &talk);
  return status.ok() ? DatagramPump(hooks, talk).Run() : status;
}

}  // namespace verbatim
