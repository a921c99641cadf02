// How they ask and read.
#include "echo/simulated_askers_test.h"

#include <rapidcheck.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"

namespace verbatim {
namespace {

constexpr size_t kNeverReads = kPeers - 1;
// What a unix socket's queue holds (net.unix.max_dgram_qlen and one more).
constexpr size_t kMostQueued = 11;
constexpr int64_t kGiveUpMs = 60000;

// A message of one piece.
msghdr MessageOf(iovec* data, const void* name, socklen_t size) {
  msghdr message{};
  message.msg_iov = data;
  message.msg_iovlen = 1;
  message.msg_name = const_cast<void*>(name);
  message.msg_namelen = size;
  return message;
}

}  // namespace

bool Askers::IsLate(size_t peer) const {
  return peer == kNeverReads && setting_.transport == Transport::kUnixgram;
}

void Askers::Come(Peer& peer, uint16_t port) {
  if (peer.fd >= 0) kernel_.Close(peer.fd);
  peer = Peer();
  const SocketAddress& server = setting_.server;
  const int family = server.family();
  peer.fd = kernel_.Socket(family, SocketType(setting_.transport) | SOCK_NONBLOCK, 0);
  const int large = 1 << 18;
  kernel_.SetOption(peer.fd, SOL_SOCKET, SO_SNDBUF, &large, sizeof(large));
  const SocketAddress own = family == AF_UNIX   ? *SocketAddress::FromAbstract(absl::StrCat(port))
                            : family == AF_INET ? Local4(1, port)
                                                : Loopback6(port);
  RC_ASSERT(kernel_.Bind(peer.fd, own.data(), own.size()) == 0);
  if (!setting_.IsConnected()) return;
  RC_ASSERT(kernel_.Connect(peer.fd, server.data(), server.size()) == 0);
}

void Askers::Send(Peer& peer, const Turn& turn) {
  // An empty record can't be told from the end.
  if (setting_.IsConnected() && turn.bytes == 0) return;
  Sent sent{CodedBytes(++count_, 0, turn.bytes), setting_.asked[turn.asked]};
  iovec data{sent.bytes.data(), sent.bytes.size()};
  const bool names = !setting_.IsConnected();
  const msghdr message =
      MessageOf(&data, names ? sent.asked.data() : nullptr, names ? sent.asked.size() : 0);
  const ssize_t count = kernel_.SendMessage(peer.fd, &message, MSG_NOSIGNAL);
  if (count == -EAGAIN) return;
  RC_ASSERT(count == static_cast<ssize_t>(sent.bytes.size()));
  peer.sent.push_back(std::move(sent));
}

void Askers::SendNameless(const Turn& turn) {
  if (setting_.transport != Transport::kUnixgram) return;
  const int fd = kernel_.Socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  std::string bytes = CodedBytes(++count_, 0, turn.bytes % 4000);
  iovec data{bytes.data(), bytes.size()};
  const msghdr message = MessageOf(&data, setting_.server.data(), setting_.server.size());
  kernel_.SendMessage(fd, &message, MSG_NOSIGNAL);
  kernel_.Close(fd);
}

// False iff nothing is there.
bool Askers::ReadOne(Peer& peer) {
  sockaddr_storage from{};
  iovec data{buffer_.data(), buffer_.size()};
  msghdr message = MessageOf(&data, &from, sizeof(from));
  const ssize_t got = kernel_.RecvMessage(peer.fd, &message, MSG_DONTWAIT);
  if (got == -EAGAIN || (got == 0 && setting_.IsConnected())) return false;
  RC_ASSERT(got >= 0);
  const absl::string_view answer(buffer_.data(), static_cast<size_t>(got));
  SocketAddress source = setting_.server;
  if (!setting_.IsConnected()) {
    source = *SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&from), message.msg_namelen);
  }
  const auto is_answered = [&](const Sent& sent) {
    return sent.bytes == answer && sent.asked == source;
  };
  const auto found = std::find_if(peer.sent.begin() + static_cast<ptrdiff_t>(peer.next),
                                  peer.sent.end(), is_answered);
  RC_ASSERT(found != peer.sent.end());
  peer.next = static_cast<size_t>(found - peer.sent.begin()) + 1;
  ++peer.answered;
  return true;
}

bool Askers::ReadAll() {
  bool did = false;
  for (size_t i = 0; i < kPeers; ++i) {
    while (!IsLate(i) && ReadOne(peers_[i])) did = true;
  }
  read_ms_ = now_ms_;
  return did;
}

// Of those that do read.
size_t Askers::Missing() const {
  size_t missing = 0;
  for (size_t i = 0; i < kPeers; ++i) {
    if (!IsLate(i)) missing += peers_[i].sent.size() - peers_[i].answered;
  }
  return missing;
}

void Askers::Do(const Turn& turn) {
  if (turn.reads || now_ms_ - read_ms_ >= kMostLateMs / 2) ReadAll();
  if (turn.is_nameless) return SendNameless(turn);
  Peer& peer = peers_[turn.peer];
  one_went_ = one_went_ || turn.goes;
  if (turn.goes) Come(peer, static_cast<uint16_t>(6000 + at_));
  for (size_t i = 0; i < turn.count; ++i) Send(peer, turn);
  is_hurried_ = turn.is_hurried;
  resume_ms_ = now_ms_ + turn.pause_ms;
}

bool Askers::Act() {
  if (settled_) return false;
  if (resume_ms_ > now_ms_) return due_ms_ = resume_ms_, false;
  if (peers_[0].fd < 0) {
    for (size_t i = 0; i < kPeers; ++i) Come(peers_[i], static_cast<uint16_t>(5000 + i));
  } else if (at_ < turns_.size()) {
    Do(turns_[at_++]);
  } else {
    return Settle();
  }
  return true;
}

// A unix datagram may take its time behind others that are held.
bool Askers::Settle() {
  if (is_hurried_) return is_hurried_ = false, true;
  if (ReadAll()) return true;
  if (give_up_ms_ == 0) give_up_ms_ = now_ms_ + kGiveUpMs;
  if (setting_.transport == Transport::kUnixgram && Missing() > 0 && now_ms_ < give_up_ms_) {
    return due_ms_ = now_ms_ + kMostLateMs / 2, false;
  }
  kernel_.Signal(drain_);
  return settled_ = true;
}

void Askers::Finish(size_t lost) {
  const SimulatedKernel::PeersTurn turn(&kernel_);
  ReadAll();
  RC_ASSERT(Missing() <= lost);
  Peer& late = peers_[kNeverReads];
  const size_t kept = std::min(late.sent.size(), kMostQueued);
  while (IsLate(kNeverReads) && ReadOne(late)) {
  }
  RC_ASSERT(late.answered + lost >= kept);
  if (!one_went_ && (!IsLate(kNeverReads) || late.sent.size() <= kMostQueued)) {
    const size_t missing_late = IsLate(kNeverReads) ? late.sent.size() - late.answered : 0;
    RC_ASSERT(Missing() + missing_late == lost);
  }
}

}  // namespace verbatim
