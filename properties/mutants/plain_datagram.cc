// The sound server of datagrams around the hooks.
#include "properties/mutants/plain_datagram.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/un.h>

#include <cstring>
#include <utility>

#include "core/status.h"
#include "echo/datagram.h"

namespace verbatim {
namespace {

constexpr size_t kMostAtOnce = 1024;
constexpr timeval kPatience = {0, 20'000};  // for a unix socket that is not read

}  // namespace

std::string Datagram::Sender() const {
  if (from.ss_family == AF_UNIX && from_bytes <= offsetof(sockaddr_un, sun_path)) return "";
  return std::string(reinterpret_cast<const char*>(&from), from_bytes);
}

uint16_t Datagram::port() const {
  const absl::StatusOr<SocketAddress> address =
      SocketAddress::FromSockaddr(reinterpret_cast<const sockaddr*>(&from), from_bytes);
  return address.ok() ? address->port() : uint16_t{0};
}

bool DatagramHooks::IsToBeAnswered(const Datagram& datagram) {
  return !IsSmallService(datagram.port());
}

void DatagramHooks::AnswerAll(PlainDatagramServer& server, std::vector<Datagram>& waiting) {
  for (Datagram& datagram : waiting) Answer(server, datagram);
}

void DatagramHooks::Answer(PlainDatagramServer& server, Datagram& datagram) {
  server.Send(datagram);
}

// Receiving never waits (MSG_DONTWAIT), sending does for a while.
PlainDatagramServer::PlainDatagramServer(std::unique_ptr<DatagramHooks> hooks,
                                         Listening<PosixKernel> listening)
    : hooks_(std::move(hooks)), listening_(std::move(listening)), buffer_(hooks_->BufferBytes()) {
  ::fcntl(fd(), F_SETFL, ::fcntl(fd(), F_GETFL) & ~O_NONBLOCK);
  const int most = 1 << 20;
  kernel_.SetOption(fd(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  kernel_.SetOption(fd(), SOL_SOCKET, SO_SNDBUF, &most, sizeof(most));
  hooks_->Start(*this);
}

absl::Status PlainDatagramServer::Run() {
  while (!finished_) {
    pollfd poll = {fd(), POLLIN, 0};
    const int ready = kernel_.Poll(&poll, 1, hooks_->TimeoutMs());
    if (ready < 0 && ready != -EINTR) return ErrnoStatus(-ready, "poll", "");
    if (ready > 0 && hooks_->PauseMs() > 0) kernel_.Poll(nullptr, 0, hooks_->PauseMs());
    hooks_->Tick(*this);
    std::vector<Datagram> waiting = Receive();
    std::erase_if(waiting, [&](const Datagram& one) { return !hooks_->IsToBeAnswered(one); });
    if (!waiting.empty()) hooks_->AnswerAll(*this, waiting);
  }
  return absl::OkStatus();
}

std::vector<Datagram> PlainDatagramServer::Receive() {
  std::vector<Datagram> waiting;
  while (waiting.size() < kMostAtOnce && !finished_) {
    Datagram next;
    iovec data{buffer_.data(), buffer_.size()};
    const size_t control_bytes = IsUnix(listening_.transport) ? 0 : sizeof(next.control);
    msghdr message{&next.from, sizeof(next.from), &data, 1, next.control, control_bytes, 0};
    const ssize_t got =
        RetryEintr([&] { return kernel_.RecvMessage(fd(), &message, MSG_DONTWAIT); });
    if (got == -EAGAIN) break;
    if (got < 0) {
      hooks_->Failed(*this, static_cast<int>(-got));
      continue;
    }
    AnswerFromAsked(&message);
    next.from_bytes = message.msg_namelen;
    next.control_bytes = message.msg_controllen;
    next.data.assign(buffer_.data(), static_cast<size_t>(got));
    waiting.push_back(std::move(next));
  }
  return waiting;
}

void PlainDatagramServer::Send(Datagram& datagram, int other_fd) {
  iovec data{datagram.data.data(), datagram.data.size()};
  msghdr message{&datagram.from,   datagram.from_bytes,    &data, 1,
                 datagram.control, datagram.control_bytes, 0};
  const int from = other_fd < 0 ? fd() : other_fd;
  const ssize_t sent =
      RetryEintr([&] { return kernel_.SendMessage(from, &message, MSG_NOSIGNAL); });
  if (sent < 0) hooks_->Failed(*this, static_cast<int>(-sent));
}

}  // namespace verbatim
