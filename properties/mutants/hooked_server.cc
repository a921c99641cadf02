// The sound server around the hooks.
#include "properties/mutants/hooked_server.h"

#include <poll.h>
#include <sys/socket.h>

#include <csignal>
#include <utility>

#include "core/status.h"

namespace verbatim {

HookedServer::HookedServer(std::unique_ptr<StreamHooks> hooks, Listening<PosixKernel> listening)
    : hooks_(std::move(hooks)), listening_(std::move(listening)) {
  std::signal(SIGPIPE, SIG_IGN);
  wait_for_ = hooks_->Start(listening_.fd.get());
}

absl::Status HookedServer::Run() {
  while (!finished_) {
    const absl::Status status = Wait();
    if (!status.ok()) return status;
    hooks_->Tick(*this);
    if (accepts_) Accept();
    for (size_t i = 0; i < peers_.size(); ++i) Serve(*peers_[i]);
    DropGone();
  }
  return absl::OkStatus();
}

HookedPeer* HookedServer::FindPeer(int number) const {
  for (const auto& peer : peers_) {
    if (peer->number == number) return peer.get();
  }
  return nullptr;
}

absl::Status HookedServer::Wait() {
  const bool accepting = !full_ && hooks_->MayAccept(*this);
  std::vector<pollfd> polls = {{accepting ? wait_for_ : -1, POLLIN, 0}};
  for (const auto& peer : peers_) {
    const short interest = Interest(*peer);
    // Without an interest poll would still tell of a hang-up, without end.
    polls.push_back({interest == 0 ? -1 : peer->fd.get(), interest, 0});
  }
  const int ready = kernel_.Poll(polls.data(), polls.size(), hooks_->TimeoutMs(*this));
  if (ready < 0 && ready != -EINTR) return ErrnoStatus(-ready, "poll", "");
  accepts_ = ready > 0 && polls[0].revents != 0;
  for (size_t i = 1; i < polls.size(); ++i) {
    peers_[i - 1]->ready = ready > 0 ? polls[i].revents : 0;
  }
  return absl::OkStatus();
}

short HookedServer::Interest(HookedPeer& peer) {
  const bool reads = !peer.ended && hooks_->MayRead(*this, peer);
  return static_cast<short>((reads ? POLLIN : 0) | (hooks_->MayWrite(peer) ? POLLOUT : 0) |
                            hooks_->MoreInterest(peer));
}

void HookedServer::Accept() {
  hooks_->BeforeAccept();
  do {
    const int fd =
        kernel_.Accept(listening_.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    full_ = fd == -EMFILE || fd == -ENFILE;
    if (full_) hooks_->OutOfDescriptors(*this);
    if (fd < 0) return;
    peers_.push_back(std::make_unique<HookedPeer>());
    HookedPeer& peer = *peers_.back();
    peer.fd = UniqueFd(fd);
    peer.number = accepted_++;
    hooks_->Welcome(*this, peer);
  } while (hooks_->AcceptsAllThatWait() && hooks_->MayAccept(*this));
}

void HookedServer::Serve(HookedPeer& peer) {
  // Bytes that were to be sent at once were tried at once: here it is the rest.
  if (!peer.gone && hooks_->MayWrite(peer) && !peer.kept.empty()) Write(peer);
  const bool reads = (peer.ready & (POLLIN | POLLPRI | POLLHUP | POLLERR)) != 0 && !peer.ended;
  if (!peer.gone && reads && hooks_->MayRead(*this, peer)) Read(peer);
  if (peer.gone || !peer.ended || !peer.kept.empty()) return;
  peer.gone = hooks_->MayClose(peer);
}

void HookedServer::Read(HookedPeer& peer) {
  char buffer[64 * 1024];
  hooks_->BeforeRead(peer);
  const ssize_t got =
      RetryEintr([&] { return kernel_.Recv(peer.fd.get(), buffer, hooks_->BufferBytes(), 0); });
  if (got == -EAGAIN) return;
  if (got < 0) return Break(peer, false);
  if (got == 0) {
    peer.ended = true;
    peer.ended_at = Clock::now();
    return Keep(peer, hooks_->AtEnd(peer));
  }
  const size_t size = static_cast<size_t>(got);
  peer.read_at = Clock::now();
  const std::string answer = hooks_->Received(*this, peer, std::string(buffer, size));
  peer.received += size;
  peer.last_byte = static_cast<unsigned char>(buffer[size - 1]);
  Keep(peer, answer);
}

void HookedServer::Keep(HookedPeer& peer, const std::string& bytes) {
  peer.kept.Append(bytes);
  if (!peer.gone && !peer.kept.empty() && hooks_->MayWrite(peer)) Write(peer);
}

void HookedServer::Write(HookedPeer& peer) {
  hooks_->BeforeWrite(peer);
  const ssize_t sent = RetryEintr([&] {
    return kernel_.Send(peer.fd.get(), peer.kept.data(), peer.kept.size(), MSG_NOSIGNAL);
  });
  if (sent < 0 && sent != -EAGAIN) return Break(peer, true);
  if (sent > 0) peer.kept.Drop(static_cast<size_t>(sent));
  hooks_->AfterWrite(peer);
}

void HookedServer::Break(HookedPeer& peer, bool writing) {
  peer.gone = true;
  hooks_->Broken(peer, writing);
}

void HookedServer::DropGone() {
  // A hook may send away others.
  for (size_t i = 0; i < peers_.size(); ++i) {
    if (peers_[i]->gone) hooks_->Leaves(*this, *peers_[i]);
  }
  const size_t gone = std::erase_if(peers_, [](const auto& peer) { return peer->gone; });
  if (gone > 0 && hooks_->RecoversFromEmfile()) full_ = false;
}

}  // namespace verbatim
