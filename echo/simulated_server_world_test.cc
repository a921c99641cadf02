// What each peer does, and what is checked.
#include "echo/simulated_server_world_test.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"

namespace verbatim {

// ---- What the peers do

void ServerWorld::Connect(size_t slot, Transport transport) {
  auto line = std::make_unique<Line>();
  line->id = lines_.size() + 1;
  const bool is_unix = IsUnix(transport);
  const SocketAddress server = ServerAddress(transport);
  line->fd = kernel_.Socket(server.family(), SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (is_unix) {  // so that the log can tell it from others
    line->address = *SocketAddress::FromAbstract(absl::StrCat("peer", line->id));
    RC_ASSERT(kernel_.Bind(line->fd, line->address.data(), line->address.size()) == 0);
  }
  const int result = kernel_.Connect(line->fd, server.data(), server.size());
  RC_ASSERT(result == 0 || drains_);
  line->is_open = result == 0;
  if (result != 0) kernel_.Close(line->fd);
  if (!is_unix && line->is_open) line->address = *LocalAddress(kernel_, line->fd);
  line->left = !line->is_open;
  line->acted_ms = now_ms_;
  slots_[slot] = lines_.size();
  lines_.push_back(std::move(line));
}

void ServerWorld::Send(size_t slot, size_t count) {
  Line& line = At(slot);
  if (!line.is_open) return;
  const std::string bytes = CodedBytes(line.id, line.sent, count);
  const ssize_t sent = kernel_.Send(line.fd, bytes.data(), count, MSG_NOSIGNAL);
  if (sent < 0) {
    RC_ASSERT(sent == -EAGAIN || line.ended || (drains_ && !line.accepted));
    return;
  }
  line.acted_ms = now_ms_;
  // What is sent to a server that has ended the connection reaches nobody.
  if (!line.ended) line.sent += static_cast<uint64_t>(sent);
  const uint64_t room = 2 * setup_.kernel.buffer_bytes + setup_.options.session_bytes;
  RC_ASSERT(line.sent - line.read <= room);  // back-pressure
}

void ServerWorld::Read(size_t slot, size_t count) {
  Line& line = At(slot);
  if (line.is_open && !line.is_over) ReadSome(line, count);
}

// False iff nothing was there, no end either.
bool ServerWorld::ReadSome(Line& line, size_t count) {
  std::string bytes(count, '\0');
  const ssize_t got = kernel_.Recv(line.fd, bytes.data(), count, MSG_DONTWAIT);
  if (got == -EAGAIN) return false;
  line.acted_ms = now_ms_;
  if (got <= 0) {
    line.is_over = true;
    if (got < 0) RC_ASSERT(line.ended || drains_);
    CheckEnd(line);
    return true;
  }
  bytes.resize(static_cast<size_t>(got));
  RC_ASSERT(line.read + bytes.size() <= line.sent);
  RC_ASSERT(bytes == CodedBytes(line.id, line.read, bytes.size()));
  line.read += bytes.size();
  return true;
}

// All that came was read, and then an end.
void ServerWorld::CheckEnd(const Line& line) {
  if (!line.accepted) return RC_ASSERT(drains_);
  RC_ASSERT(line.ended);
  if (line.error == ETIMEDOUT) return;
  RC_ASSERT(line.error == 0);
  RC_ASSERT(line.finned || drains_);
  RC_ASSERT(line.read >= (drains_ ? line.due : line.sent));
}

void ServerWorld::End(size_t slot) {
  Line& line = At(slot);
  if (!line.is_open) return;
  const int result = kernel_.Shutdown(line.fd, SHUT_WR);
  RC_ASSERT(result == 0 || line.ended || drains_);
  line.finned = true;
  line.acted_ms = now_ms_;
}

void ServerWorld::Leave(size_t slot, bool by_reset) {
  Line& line = At(slot);
  if (!line.is_open) return;
  const linger now{1, 0};
  if (by_reset) kernel_.SetOption(line.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  kernel_.Close(line.fd);
  line.is_open = false;
  line.left = true;
}

void ServerWorld::HoldUp(int64_t ms) {
  Note();
  kernel_.AdvanceMs(ms);
  for (const auto& line : lines_) {
    // What the server was about to serve it serves after that.
    if (Held(*line) > 0 || line->finned) line->acted_ms = now_ms_ + ms;
  }
}

void ServerWorld::Drain() {
  kernel_.Signal(drain_);
  DrainBegins();
}

void ServerWorld::DrainBegins() {
  if (drains_) return;
  drains_ = true;
  for (const auto& line : lines_) line->due = line->sent;
}

// ---- What the server tells

ServerWorld::Line& ServerWorld::Find(const SocketAddress& address) {
  for (const auto& line : lines_) {
    if (line->address == address && !line->ended) return *line;
  }
  RC_FAIL("a peer that never was");
}

void ServerWorld::Connected(const SocketAddress& peer) {
  Line& line = Find(peer);
  RC_ASSERT(!line.accepted);
  line.accepted = true;
  const SimulatedKernel::PeersTurn turn(&kernel_);
  line.acted_ms = line.moved_ms = kernel_.NowMs();
  RC_ASSERT(++live_ <= setup_.limit);
}

void ServerWorld::Ended(const SocketAddress& peer, uint64_t received_bytes, uint64_t sent_bytes,
                        int error) {
  const SimulatedKernel::PeersTurn turn(&kernel_);
  Line& line = Find(peer);
  RC_ASSERT(IsLive(line));
  --live_;
  line.ended = true;
  line.error = error;
  RC_ASSERT(received_bytes <= line.sent);
  RC_ASSERT(sent_bytes <= received_bytes);
  if (error == 0) RC_ASSERT(sent_bytes == received_bytes);
  if (error == 0 && line.finned && !line.left) RC_ASSERT(received_bytes == line.sent);
  const bool timed_out = error == ETIMEDOUT && setup_.options.idle_timeout_ms > 0;
  if (timed_out) {
    RC_ASSERT(kernel_.NowMs() - line.moved_ms >= setup_.options.idle_timeout_ms);
    // What had come was looked at, and what could be sent was sent.
    RC_ASSERT(line.left || Held(line) == 0u || IsFull(line));
  }
  if (error == 0) RC_ASSERT(line.finned || line.left || drains_);
  if (error != 0) RC_ASSERT(timed_out || line.left);
  if (setup_.options.once) DrainBegins();
}

// ---- What must be true when the server is quiet

// Time passes only after this has been called.
void ServerWorld::Note() {
  for (const auto& line : lines_) {
    const uint64_t echoed = line->read + Unread(*line);
    if (echoed > line->echoed) line->moved_ms = now_ms_;
    line->echoed = std::max(line->echoed, echoed);
  }
}

// Faults may keep the server from accepting for a while.
bool ServerWorld::IsPatient() const {
  if (setup_.faults.empty() || drains_ || live_ == setup_.limit) return false;
  const bool one_waits = std::any_of(lines_.begin(), lines_.end(), [](const auto& line) {
    return !line->accepted && line->address.family() != AF_UNSPEC;
  });
  return one_waits && now_ms_ < since_ms_ + 60000;
}

void ServerWorld::CheckQuiet() {
  size_t live = 0;
  for (const auto& line : lines_) {
    if (line->address.family() == AF_UNSPEC) continue;  // it was refused
    if (!line->accepted) RC_ASSERT(drains_ || live_ == setup_.limit);
    live += IsLive(*line) ? 1 : 0;
    if (IsLive(*line)) CheckLive(*line);
    if (!line->ended || !line->is_open || line->is_over || Unread(*line) > 0) continue;
    char byte;  // its end has come
    RC_ASSERT(kernel_.Recv(line->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0);
    CheckEnd(*line);
  }
  RC_ASSERT(live == live_);
}

void ServerWorld::CheckLive(const Line& line) {
  RC_ASSERT(!line.left);
  RC_ASSERT(Held(line) == 0u || IsFull(line));
  if (line.finned) RC_ASSERT(Held(line) > 0u);
  const int64_t idle_ms = setup_.options.idle_timeout_ms;
  if (idle_ms == 0 || drains_ || !setup_.faults.empty()) return;
  RC_ASSERT(now_ms_ - line.acted_ms <= idle_ms + idle_ms / 8 + 1);
}

bool ServerWorld::Act() {
  if (settled_) return false;
  if (NeedsQuiet()) {
    Note();
    if (IsPatient()) return due_ms_ = now_ms_ + 10, false;
    CheckQuiet();
    if (resume_ms_ > now_ms_) return due_ms_ = resume_ms_, false;
  }
  to_check_ = false;
  since_ms_ = now_ms_;
  if (next_(&to_check_)) return true;
  to_check_ = true;
  return std::exchange(is_last_, true) ? Settle() : true;
}

// After the last command everybody reads all, then ends, then the server is drained.
bool ServerWorld::Settle() {
  bool did = false;
  for (const auto& line : lines_) {
    while (line->is_open && !line->is_over && ReadSome(*line, 4096)) did = true;
  }
  if (did) return true;
  for (const auto& line : lines_) {
    if (!line->is_open || line->finned || line->is_over || !line->accepted) continue;
    RC_ASSERT(line->read == line->sent);
    kernel_.Shutdown(line->fd, SHUT_WR);
    line->finned = did = true;
  }
  if (did) return true;
  if (!drains_) RC_ASSERT(live_ == 0u);
  Drain();
  return settled_ = true;
}

void ServerWorld::Finish() {
  const SimulatedKernel::PeersTurn turn(&kernel_);
  for (const auto& line : lines_) {
    while (line->is_open && !line->is_over && ReadSome(*line, 4096)) {
    }
    RC_ASSERT(line->is_over || !line->is_open);
    if (line->is_open) kernel_.Close(line->fd);
  }
  RC_ASSERT(live_ == 0u);
}

}  // namespace verbatim
