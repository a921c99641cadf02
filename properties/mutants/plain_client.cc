// The sound client of streams around the hooks.
#include "properties/mutants/plain_client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/status.h"

namespace verbatim {
namespace {

// What a pipe takes without blocking once poll has said that it is writable (POSIX PIPE_BUF).
constexpr size_t kOutputBytes = 4096;

class Pump {
 public:
  Pump(ClientHooks& hooks, Conversation& talk) : hooks_(hooks), talk_(talk) {}

  // Returns an error iff standard input, standard output or the wait fails.
  absl::Status Run() {
    absl::Status status;
    while (status.ok()) {
      if (!talk_.over && hooks_.MayEnd(talk_)) talk_.over = talk_.left = true;
      if (talk_.over && !std::exchange(ended_, true)) talk_.to_output.Append(hooks_.AtEnd(talk_));
      if (talk_.over && talk_.to_output.empty()) break;
      status = Turn();
    }
    return status;
  }

 private:
  absl::Status Turn() {
    const bool sends = !talk_.over && talk_.error == 0;
    const bool read_input = sends && !talk_.input_ended && hooks_.MayReadInput(talk_);
    const bool send = sends && !talk_.to_socket.empty();
    const bool read = !talk_.over && hooks_.MayRead(talk_);
    std::array<pollfd, 3> polls = {
        pollfd{read_input ? talk_.input : -1, POLLIN, 0},
        pollfd{read || send ? talk_.socket.get() : -1,
               static_cast<short>((read ? POLLIN : 0) | (send ? POLLOUT : 0)), 0},
        pollfd{talk_.to_output.empty() ? -1 : talk_.output, POLLOUT, 0}};
    // After a failed write only what is here already is read: nothing is waited for.
    const bool drains = read && talk_.error != 0;
    const int timeout_ms = drains ? 0 : hooks_.TimeoutMs(talk_);
    const int ready =
        RetryEintr([&] { return Fold(::poll(polls.data(), polls.size(), timeout_ms)); });
    if (ready < 0) return ErrnoStatus(-ready, "poll", "");
    hooks_.Tick(talk_);
    absl::Status status;
    if (polls[2].revents != 0) status.Update(Print());
    if (send && polls[1].revents != 0 && !talk_.over) hooks_.Send(talk_);
    if (polls[0].revents != 0 && !talk_.over) status.Update(ReadInput());
    if (drains || (read && (polls[1].revents & ~POLLOUT) != 0)) Read();
    TellAllSent();
    return status;
  }

  template <typename Result>
  static Result Fold(Result result) {
    return result < 0 ? static_cast<Result>(-errno) : result;
  }

  absl::Status ReadInput() {
    std::string data(hooks_.InputBytes(), '\0');
    const ssize_t got =
        RetryEintr([&] { return Fold(::read(talk_.input, data.data(), data.size())); });
    if (got == -EAGAIN) return absl::OkStatus();
    if (got < 0) return ErrnoStatus(static_cast<int>(-got), "read", "standard input");
    data.resize(static_cast<size_t>(got));
    if (got == 0) {
      talk_.input_ended = true;
    } else {
      talk_.to_socket.Append(hooks_.Input(talk_, std::move(data)));
    }
    if (!talk_.input_ended) return absl::OkStatus();
    talk_.input_ended_at = Conversation::Clock::now();
    hooks_.InputEnds(talk_);
    return absl::OkStatus();
  }

  void TellAllSent() {
    const bool all = talk_.input_ended && talk_.to_socket.empty() && talk_.error == 0;
    if (all && !talk_.over && !std::exchange(talk_.all_sent, true)) hooks_.AllSent(talk_);
  }

  void Read() {
    if (talk_.over || !hooks_.BeforeRead(talk_)) return;
    std::string data(hooks_.ReplyBytes(), '\0');
    const ssize_t got = RetryEintr(
        [&] { return Fold(::recv(talk_.socket.get(), data.data(), data.size(), MSG_DONTWAIT)); });
    if (got == -EAGAIN && talk_.error == 0) return;
    if (got < 0) return hooks_.Broken(talk_, static_cast<int>(-got), false);
    if (got == 0) return hooks_.ServerEnds(talk_);
    talk_.received += static_cast<uint64_t>(got);
    talk_.moved_at = Conversation::Clock::now();
    data.resize(static_cast<size_t>(got));
    talk_.to_output.Append(hooks_.Received(talk_, std::move(data)));
  }

  absl::Status Print() {
    const size_t most = std::min(talk_.to_output.size(), kOutputBytes);
    const ssize_t written =
        RetryEintr([&] { return Fold(::write(talk_.output, talk_.to_output.data(), most)); });
    if (written == -EAGAIN) return absl::OkStatus();
    if (written < 0) return ErrnoStatus(static_cast<int>(-written), "write", "standard output");
    talk_.to_output.Drop(static_cast<size_t>(written));
    return absl::OkStatus();
  }

  ClientHooks& hooks_;
  Conversation& talk_;
  bool ended_ = false;
};

absl::Status Judge(const Conversation& talk) {
  if (talk.error != 0) return ErrnoStatus(talk.error, "the connection", "");
  const bool all = talk.input_ended && talk.to_socket.empty() && talk.received == talk.sent;
  if (all || talk.left) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the server ended early: ", talk.sent, " bytes sent, ",
                                          talk.received, " received",
                                          talk.input_ended ? "" : ", input left over"));
}

}  // namespace

absl::StatusOr<std::vector<SocketAddress>> ClientHooks::Addresses(const Endpoint& endpoint) {
  return Resolve(endpoint, ResolveFor::kConnecting);
}

absl::StatusOr<UniqueFd> PlainConnect(ClientHooks& hooks, const Endpoint& endpoint,
                                      const SocketAddress& address) {
  UniqueFd fd(::socket(address.family(), SocketType(endpoint.transport) | SOCK_CLOEXEC, 0));
  if (!fd) return ErrnoStatus(errno, "socket", address.ToString());
  hooks.Prepare(fd.get());
  if (::connect(fd.get(), address.data(), address.size()) < 0) {
    return ErrnoStatus(errno, "connect", address.ToString());
  }
  const int on = 1;
  if (!IsUnix(endpoint.transport)) {
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  return fd;
}

absl::StatusOr<UniqueFd> ClientHooks::Connect(const Endpoint& endpoint,
                                              const std::vector<SocketAddress>& addresses) {
  absl::StatusOr<UniqueFd> fd = absl::NotFoundError("no address to connect to");
  for (const SocketAddress& address : addresses) {
    fd = PlainConnect(*this, endpoint, address);
    if (fd.ok()) break;
  }
  return fd;
}

absl::Status ClientHooks::Converse(Conversation& talk) {
  absl::Status status = Pump(*this, talk).Run();
  return status.ok() ? Judge(talk) : status;
}

ssize_t TrySend(Conversation& talk) {
  return RetryEintr([&] {
    const ssize_t sent = ::send(talk.socket.get(), talk.to_socket.data(), talk.to_socket.size(),
                                MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent < 0 ? -static_cast<ssize_t>(errno) : sent;
  });
}

void CountSent(ClientHooks& hooks, Conversation& talk, ssize_t sent, size_t drop) {
  if (sent < 0 && sent != -EAGAIN) return hooks.Broken(talk, static_cast<int>(-sent), true);
  talk.to_socket.Drop(drop);
  if (sent <= 0) return;
  talk.sent += static_cast<uint64_t>(sent);
  talk.moved_at = Conversation::Clock::now();
}

void ClientHooks::Send(Conversation& talk) {
  const ssize_t sent = TrySend(talk);
  CountSent(*this, talk, sent, static_cast<size_t>(std::max<ssize_t>(sent, 0)));
}

void ClientHooks::AllSent(Conversation& talk) { ::shutdown(talk.socket.get(), SHUT_WR); }

void ClientHooks::Broken(Conversation& talk, int error, bool writing) {
  if (talk.error == 0) talk.error = error;
  if (!writing) talk.over = true;
}

absl::Status RunPlainClient(ClientHooks& hooks, const Endpoint& endpoint, int input, int output) {
  const absl::StatusOr<std::vector<SocketAddress>> addresses = hooks.Addresses(endpoint);
  if (!addresses.ok()) return addresses.status();
  absl::StatusOr<UniqueFd> fd = hooks.Connect(endpoint, *addresses);
  if (!fd.ok()) return hooks.Refused(fd.status());
  Conversation talk;
  talk.socket = *std::move(fd);
  talk.input = input;
  talk.output = output;
  hooks.Start(talk);
  absl::Status status = hooks.Converse(talk);
  return hooks.Verdict(talk, std::move(status));
}

}  // namespace verbatim
