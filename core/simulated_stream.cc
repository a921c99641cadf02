// Bytes and records: who may send and receive what on connections and pipes. The rules are those of
// Linux's net/ipv4/tcp.c and net/unix/af_unix.c.
// Not for: how connections begin and end (simulated_connect.cc).
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/simulated_kernel.h"

namespace verbatim {

bool SimulatedKernel::IsWritable(const Node& node) const {
  const Node* other = node.other < 0 ? nullptr : At(node.other);
  if (other == nullptr) return true;
  const size_t unread = other->in.size(), limit = other->limit_bytes;
  if (node.kind == Node::Kind::kPipe) return limit - unread >= std::min(limit, kPipeBuf);
  const size_t used = other->closed ? 0 : unread;
  if (node.is_unix()) return 4 * used <= limit;        // unix_writable
  return 2 * (limit - std::min(used, limit)) >= used;  // sk_stream_is_writeable
}

// What sending comes to though there may be room: an error, or 0 to go on.
int SimulatedKernel::CannotSend(Node* node) {
  if (node->kind == Node::Kind::kPipe) {
    if (node->in_ended && !node->out_ended && !node->dead) return 0;
    return node->dead ? -EPIPE : -EBADF;
  }
  if (node->state == Node::State::kConnecting) return -EAGAIN;
  const bool tells_error = !node->is_unix() || node->kind == Node::Kind::kRecord;
  if (node->error != 0 && tells_error) return TakeError(node);
  if (node->state != Node::State::kConnected) return node->is_unix() ? -ENOTCONN : -EPIPE;
  if (node->is_unix()) return node->out_ended ? -EPIPE : 0;
  return node->out_ended || node->dead ? -EPIPE : 0;
}

// What receiving comes to when nothing is there.
int SimulatedKernel::CannotReceive(Node* node) {
  if (node->kind == Node::Kind::kPipe) {
    if (node->out_ended) return node->in_ended ? 0 : -EAGAIN;
    return -EBADF;
  }
  if (node->state != Node::State::kConnected && !node->dead) {
    return node->is_unix() && node->kind == Node::Kind::kStream ? -EINVAL : -ENOTCONN;
  }
  if (!node->is_unix() && node->in_ended) return 0;  // SOCK_DONE
  if (node->error != 0) return TakeError(node);
  return node->in_ended || node->dead ? 0 : -EAGAIN;
}

// `bytes` were read from `node`: the other end may be waiting for room.
void SimulatedKernel::Taken(Node* node, size_t bytes) {
  node->in.Drop(bytes);
  if (bytes > 0) Progress();
  bool gives_room = node->kind == Node::Kind::kRecord;
  if (node->kind == Node::Kind::kStream) {
    // A unix socket has its room back when all of what one send gave is read (sock_wfree).
    size_t read = bytes, whole = 0;
    while (whole < node->records.size() && node->records[whole] <= read) {
      read -= node->records[whole++];
    }
    if (whole < node->records.size()) node->records[whole] -= read;
    node->records.erase(node->records.begin(), node->records.begin() + whole);
    gives_room = whole > 0;
  }
  Node* other = Other(node);
  if (other == nullptr || !IsWritable(*other)) return;
  if (node->is_unix() ? gives_room : std::exchange(other->wants_room, false)) ++other->wakes.room;
}

void SimulatedKernel::CheckHeld(Node* node) {
  const uint64_t held = node->taken_bytes - std::min(node->taken_bytes, node->given_bytes);
  if (is_peers_turn_ || options_.most_held_bytes == SIZE_MAX || node->is_hurt) return;
  if (node->kind == Node::Kind::kRecord) return;  // one at a time, however long
  if (held <= options_.most_held_bytes) return;
  Violate(absl::StrCat(held, " bytes are held of one connection, the bound is ",
                       options_.most_held_bytes));
}

ssize_t SimulatedKernel::ReceiveStream(Node* node, char* data, size_t n, int flags) {
  if (node->in.size() == 0 && Waits(*node, flags)) {
    int end = -EAGAIN;
    if (!SleepUntil(
            [&] { return node->in.size() > 0 || (end = CannotReceive(node)) != -EAGAIN; })) {
      return -EDEADLK;
    }
    if (node->in.size() == 0) return end;
  }
  if (node->in.size() == 0) return CannotReceive(node);
  const size_t count = Shorten(node->fd, std::min(n, node->in.size()));
  std::memcpy(data, node->in.data(), count);
  if ((flags & MSG_PEEK) != 0) return static_cast<ssize_t>(count);
  Taken(node, count);
  if (!is_peers_turn_) node->taken_bytes += count;
  CheckHeld(node);
  return static_cast<ssize_t>(count);
}

ssize_t SimulatedKernel::ReceiveRecord(Node* node, char* data, size_t n, int flags) {
  if (node->records.empty() && Waits(*node, flags)) return Unknown("a blocking wait for a record");
  // An error is told before the records that came earlier (__skb_try_recv_datagram).
  if (node->records.empty() || node->error != 0) return CannotReceive(node);
  const size_t length = node->records.front(), count = std::min(n, length);
  if (count > 0) std::memcpy(data, node->in.data(), count);
  if ((flags & MSG_PEEK) == 0) {
    node->records.erase(node->records.begin());
    Taken(node, length);
    Progress();
    if (!is_peers_turn_) node->taken_bytes += length;
    CheckHeld(node);
  }
  return static_cast<ssize_t>((flags & MSG_TRUNC) != 0 ? length : count);
}

ssize_t SimulatedKernel::SendStream(Node* node, const char* data, size_t n) {
  if (const int error = CannotSend(node); error != 0) return error;
  Node* other = Other(node);
  if (!other->is_open && other->closed) {
    if (n > 0) TellReset(node);  // nobody is there any more: this comes back as a RST
    if (!is_peers_turn_) node->given_bytes += n;
    return static_cast<ssize_t>(n);
  }
  const size_t room = other->limit_bytes - std::min(other->limit_bytes, other->in.size());
  const bool whole =
      node->kind == Node::Kind::kRecord || (node->kind == Node::Kind::kPipe && n <= kPipeBuf);
  if (whole && n > other->limit_bytes) return -EMSGSIZE;
  // Records go as long as there is any room; what a pipe takes whole needs room for all of it.
  const size_t needed = node->kind == Node::Kind::kPipe && whole ? n : std::min(n, size_t{1});
  if (room < (node->kind == Node::Kind::kRecord ? 1 : needed)) {
    node->wants_room = true;
    if (node->kind == Node::Kind::kPipe) ++other->wakes.input;  // even so (pipe_write)
    return -EAGAIN;
  }
  // What was meant to be a pipe may be a terminal or a file, which may take less (write(2)).
  const size_t count = node->kind == Node::Kind::kRecord ? n : Shorten(node->fd, std::min(n, room));
  node->wants_room = node->wants_room || count < n;
  other->in.Append(data, count);
  const bool is_told = count > 0 || node->kind == Node::Kind::kRecord;
  if (is_told && node->is_unix()) other->records.push_back(count);
  if (is_told) ++other->wakes.input, Progress();
  if (!is_peers_turn_) node->given_bytes += count;
  return static_cast<ssize_t>(count);
}

ssize_t SimulatedKernel::Recv(int fd, void* data, size_t n, int flags) {
  if (const int error = Enter(Call::kRecv, fd, n, flags); error != 0) return error;
  Node* node = At(fd);
  char* bytes = static_cast<char*>(data);
  if (node->kind == Node::Kind::kDatagram) return ReceiveDatagram(node, bytes, n, flags, nullptr);
  if (node->kind == Node::Kind::kRecord) return ReceiveRecord(node, bytes, n, flags);
  if (node->kind != Node::Kind::kStream) return -ENOTSOCK;
  if ((flags & ~(MSG_PEEK | MSG_DONTWAIT)) != 0) return Unknown("these flags of recv");
  return ReceiveStream(node, bytes, n, flags);
}

ssize_t SimulatedKernel::Send(int fd, const void* data, size_t n, int flags) {
  if ((flags & ~(MSG_NOSIGNAL | MSG_DONTWAIT)) != 0) return Unknown("these flags of send");
  if (const int error = Enter(Call::kSend, fd, n, flags); error != 0) return error;
  Node* node = At(fd);
  if (node->kind == Node::Kind::kDatagram) {
    iovec piece{const_cast<void*>(data), n};
    return SendDatagram(node, node->remote, std::nullopt, piece, flags);
  }
  if (!node->connects()) return -ENOTSOCK;
  const auto send = [&] { return SendStream(node, static_cast<const char*>(data), n); };
  ssize_t sent = send();
  if (sent == -EAGAIN && Waits(*node, flags)) {
    if (!SleepUntil([&] { return (sent = send()) != -EAGAIN; })) return -EDEADLK;
  }
  CheckSignal(Call::kSend, sent, flags);
  return sent;
}

ssize_t SimulatedKernel::Read(int fd, void* data, size_t n) {
  if (const int error = Enter(Call::kRead, fd, n); error != 0) return error;
  if (At(fd)->kind != Node::Kind::kPipe) return Unknown("read from what is no pipe");
  if (!At(fd)->out_ended) return -EBADF;
  if (n == 0) return 0;  // whatever is there (pipe_read; pipe_write below)
  return ReceiveStream(At(fd), static_cast<char*>(data), n, 0);
}

// A pipe that blocks takes all of it, however long that takes (pipe(7)).
ssize_t SimulatedKernel::Write(int fd, const void* data, size_t n) {
  if (const int error = Enter(Call::kWrite, fd, n); error != 0) return error;
  Node* node = At(fd);
  if (node->kind != Node::Kind::kPipe) return Unknown("write to what is no pipe");
  const char* bytes = static_cast<const char*>(data);
  size_t written = 0;
  if (n == 0) return node->out_ended ? -EBADF : 0;
  ssize_t last = SendStream(node, bytes, n);
  if (last < 0 && (last != -EAGAIN || !Waits(*node, 0))) return last;
  if (last > 0) written = static_cast<size_t>(last);
  if (!Waits(*node, 0) || pending_.has_value()) return static_cast<ssize_t>(written);
  while (written < n) {
    if (!SleepUntil([&] {
          last = SendStream(node, bytes + written, n - written);
          return last != -EAGAIN;
        })) {
      return -EDEADLK;
    }
    if (last < 0) return written > 0 ? static_cast<ssize_t>(written) : last;
    written += static_cast<size_t>(last);
  }
  return static_cast<ssize_t>(written);
}

}  // namespace verbatim
