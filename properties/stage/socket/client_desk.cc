// One visitor at a time, whose request is read to its end.
#include "properties/stage/socket/client_desk.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/posix_kernel.h"
#include "core/status.h"
#include "echo/daemon.h"
#include "echo/sockets.h"
#include "properties/stage/socket/lines.h"

namespace verbatim {
namespace {

constexpr int kDeskBacklog = 16;
constexpr size_t kMostBytes = size_t{64} << 20;  // of an output
constexpr int kTransferMs = 10'000;              // without anything taken of an answer
constexpr char kHelp[] = "write: next, or: done STATUS BYTES and then so many bytes\n";

absl::StatusOr<Listening<PosixKernel>> ListenAt(const Endpoint& endpoint) {
  static PosixKernel kernel;
  absl::StatusOr<std::vector<SocketAddress>> addresses = Resolve(endpoint, ResolveFor::kListening);
  if (!addresses.ok()) return addresses.status();
  RemoveIfStale(endpoint.transport, addresses->front());
  return Listen(kernel, endpoint.transport, addresses->front(), kDeskBacklog);
}

std::optional<uint64_t> Number(absl::string_view text) {
  uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ClientDesk>> ClientDesk::Open(const Endpoint& data,
                                                             const Endpoint& control) {
  const Transport over = data.transport;
  if (over != Transport::kTcp && over != Transport::kUdp && over != Transport::kUnix) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--listen ", data.ToString(), ": write tcp://ADDRESS:PORT, udp:// or unix://PATH"));
  }
  if (control.transport != Transport::kTcp) {
    return absl::InvalidArgumentError(
        absl::StrCat("--control ", control.ToString(), ": write tcp://ADDRESS:PORT"));
  }
  std::unique_ptr<ClientDesk> desk(new ClientDesk());
  absl::StatusOr<Listening<PosixKernel>> door = ListenAt(data);
  if (!door.ok()) return door.status();
  absl::StatusOr<Listening<PosixKernel>> listener = ListenAt(control);
  if (!listener.ok()) return listener.status();
  desk->over_ = over;
  desk->data_ = door->address;
  desk->control_ = listener->address;
  desk->door_fd_ = UniqueFd(door->fd.Release());
  desk->listener_ = UniqueFd(listener->fd.Release());
  return desk;
}

ClientDesk::~ClientDesk() {
  const int64_t end_us = NowUs() + kLastMs * 1000;
  while (NowUs() < end_us) {
    if (const std::optional<Request> request = Hear()) {
      Answer(request->kind == Request::Kind::kNext ? "" : "ok\n");
      if (request->kind == Request::Kind::kNext) return;
    }
    pollfd poll = {fd(), POLLIN, 0};
    const auto left_ms = static_cast<int>((end_us - NowUs()) / 1000);
    RetryEintr([&] { return ::poll(&poll, 1, std::max(left_ms, 0)) < 0 ? -errno : 0; });
  }
}

ClientDoor ClientDesk::door() {
  ClientDoor door;
  door.over = over_;
  door.addresses = {data_};
  door.listening = {door_fd_.get()};
  door.desk = this;
  return door;
}

std::optional<ClientDesk::Request> ClientDesk::Hear() {
  if (std::exchange(put_back_, false)) return Request();
  if (!visitor_) {
    visitor_ = UniqueFd(
        PosixKernel().Accept(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    heard_.clear();
  }
  if (!visitor_) return std::nullopt;
  char buffer[65536];
  while (true) {
    const ssize_t got = RetryEintr(
        [&] { return PosixKernel().Recv(visitor_.get(), buffer, sizeof(buffer), MSG_DONTWAIT); });
    if (got > 0) heard_.append(buffer, static_cast<size_t>(got));
    std::optional<Request> request = Read();
    if (request || !visitor_ || got == -EAGAIN) return request;
    if (got > 0) continue;
    visitor_.Reset();  // it has left
    return std::nullopt;
  }
}

// What is in heard_, if that is whole.
std::optional<ClientDesk::Request> ClientDesk::Read() {
  const size_t line_end = heard_.find('\n');
  if (line_end == std::string::npos) {
    if (heard_.size() > sizeof(kHelp)) Answer(kHelp);
    return std::nullopt;
  }
  const absl::string_view line =
      absl::StripAsciiWhitespace(absl::string_view(heard_).substr(0, line_end));
  if (line == "next") return Request();
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
  const bool done = words.size() == 3 && words[0] == "done";
  const std::optional<uint64_t> status = done ? Number(words[1]) : std::nullopt;
  const std::optional<uint64_t> bytes = done ? Number(words[2]) : std::nullopt;
  if (!status || !bytes || *status > 255 || *bytes > kMostBytes) {
    Answer(kHelp);
    return std::nullopt;
  }
  if (heard_.size() - line_end - 1 < *bytes) return std::nullopt;
  Request request;
  request.kind = Request::Kind::kDone;
  request.status = static_cast<int>(*status);
  request.output = heard_.substr(line_end + 1, *bytes);
  return request;
}

void ClientDesk::Answer(absl::string_view text) {
  while (visitor_ && !text.empty()) {
    const ssize_t sent = RetryEintr([&] {
      return PosixKernel().Send(visitor_.get(), text.data(), text.size(),
                                MSG_NOSIGNAL | MSG_DONTWAIT);
    });
    if (sent > 0) {
      text.remove_prefix(static_cast<size_t>(sent));
      continue;
    }
    pollfd poll = {visitor_.get(), POLLOUT, 0};
    if (sent != -EAGAIN || RetryEintr([&] {
                             return ::poll(&poll, 1, kTransferMs) < 0 ? -errno : poll.revents;
                           }) <= 0) {
      break;
    }
  }
  heard_.clear();
  visitor_.Reset();
}

void ClientDesk::PutBack() { put_back_ = true; }

}  // namespace verbatim
