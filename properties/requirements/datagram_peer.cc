// A plain socket, not connected, and what it is told of refusals.
#include "properties/requirements/datagram_peer.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <random>
#include <utility>

#include "absl/strings/str_format.h"
#include "core/status.h"
#include "properties/stage/socket/datagram_socket.h"

namespace verbatim {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kLargestBytes = 65'536;

// 11 digits that are this process's, 8 that are the request's.
std::string FreshRequest() {
  static const uint64_t process = std::random_device()() % 100'000'000'000;
  static std::atomic<uint64_t> count{0};
  return absl::StrFormat("%011d%08d\n", process, ++count % 100'000'000);
}

}  // namespace

absl::Status DatagramPeer::Open(const SocketAddress& asked,
                                const std::optional<SocketAddress>& from) {
  asked_ = asked;
  refused_ = false;
  trial_->CountConversation();
  absl::StatusOr<UniqueFd> fd = OpenDatagramSocket(asked, from);
  if (!fd.ok()) return fd.status();
  fd_ = *std::move(fd);
  return absl::OkStatus();
}

// Whether it says that nobody is there.
bool DatagramPeer::Fails(int error) {
  refused_ = refused_ || IsRefusal(error);
  return refused_;
}

DatagramPeer::Sent DatagramPeer::Send(absl::string_view datagram) {
  const ssize_t sent = RetryEintr([&] {
    const ssize_t bytes = ::sendto(fd_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL,
                                   asked_.data(), asked_.size());
    return bytes < 0 ? -errno : bytes;
  });
  if (sent >= 0) return Sent::kSent;
  return Fails(static_cast<int>(-sent)) ? Sent::kRefused : Sent::kFull;
}

std::optional<DatagramPeer::Answer> DatagramPeer::Receive(int64_t wait_ms) {
  pollfd poll = {fd_.get(), POLLIN, 0};
  const int64_t limit_ms = trial_->budget().Within(wait_ms);
  if (limit_ms > 0) ::poll(&poll, 1, static_cast<int>(limit_ms));
  if (buffer_.empty()) buffer_.resize(kLargestBytes);
  sockaddr_storage from{};
  socklen_t length = sizeof(from);
  const ssize_t got = RetryEintr([&] {
    const ssize_t bytes = ::recvfrom(fd_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT,
                                     reinterpret_cast<sockaddr*>(&from), &length);
    return bytes < 0 ? -errno : bytes;
  });
  if (got < 0) {
    Fails(static_cast<int>(-got));
    return std::nullopt;
  }
  const auto source = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&from), length);
  return Answer{buffer_.substr(0, static_cast<size_t>(got)),
                source.ok() ? *source : SocketAddress()};
}

std::optional<DatagramPeer::Answer> DatagramPeer::Ask(int64_t wait_ms) {
  const std::string request = FreshRequest();
  const auto end = steady_clock::now() + milliseconds(wait_ms);
  Sent sent = Send(request);
  while (!refused_ && !trial_->Spent()) {
    const auto now = steady_clock::now();
    if (now >= end) return std::nullopt;
    const int64_t left_ms = std::chrono::ceil<milliseconds>(end - now).count();
    // Where it could not be sent yet, it is tried again.
    const bool full = sent == Sent::kFull;
    std::optional<Answer> answer = Receive(full ? 1 : left_ms);
    if (answer && answer->data == request) return answer;
    if (full) sent = Send(request);
  }
  return std::nullopt;
}

std::optional<DatagramPeer::Answer> DatagramPeer::AskAgain(int times, int64_t wait_ms) {
  std::optional<Answer> answer;
  for (int i = 0; i < times && !answer && !refused_ && !trial_->Spent(); ++i) answer = Ask(wait_ms);
  return answer;
}

bool AnswersPlainly(Trial& trial, DatagramPeer& peer) {
  if (const absl::Status status = peer.Open(AskedAddress(trial)); !status.ok())
    return trial.Error(status);
  if (peer.AskAgain(kDatagramTries, trial.budget().deadline_ms)) return true;
  trial.CannotJudge(kNoPlainAnswer).IgnoreError();
  return false;
}

}  // namespace verbatim
