// How connections and pipes begin and end, and how each end learns of the other's end. The rules
// are those of Linux's net/ipv4/tcp.c, net/ipv4/tcp_input.c and net/unix/af_unix.c. Not for: what
// goes through them (simulated_stream.cc).
#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "core/simulated_kernel.h"

namespace verbatim {

void SimulatedKernel::SocketPair(int type, int ends[2]) {
  const bool is_stream = (type & SOCK_SEQPACKET) != SOCK_SEQPACKET;
  for (int i = 0; i < 2; ++i) {
    Node* node = Make(is_stream ? Node::Kind::kStream : Node::Kind::kRecord, AF_UNIX, type);
    node->state = Node::State::kConnected;
    ends[i] = node->fd;
  }
  At(ends[0])->other = ends[1];
  At(ends[1])->other = ends[0];
}

void SimulatedKernel::Pipe(int ends[2], int flags) {
  for (int i = 0; i < 2; ++i) {
    ends[i] = Make(Node::Kind::kPipe, AF_UNSPEC, (flags & O_NONBLOCK) != 0 ? SOCK_NONBLOCK : 0)->fd;
    At(ends[i])->state = Node::State::kConnected;
    At(ends[i])->limit_bytes = std::max(options_.buffer_bytes, kPipeBuf);
  }
  At(ends[0])->other = ends[1];
  At(ends[1])->other = ends[0];
  At(ends[0])->out_ended = At(ends[1])->in_ended = true;
}
SimulatedKernel::Node* SimulatedKernel::FindListener(const SocketAddress& to, Node::Kind kind) {
  for (size_t i = 0; i < used_; ++i) {
    Node* node = nodes_[i].get();
    if (!node->is_open || node->kind != kind || node->state != Node::State::kListening) continue;
    if (Reaches(to, node->local)) return node;
  }
  return nullptr;
}

int SimulatedKernel::ConnectStream(Node* node, const SocketAddress& to) {
  if (node->state == Node::State::kConnecting) return -EALREADY;
  if (node->state == Node::State::kConnected) return -EISCONN;
  if (node->state == Node::State::kListening) return node->is_unix() ? -EINVAL : -EISCONN;
  Node* listener = FindListener(to, node->kind);
  if (listener == nullptr && node->is_unix()) return NoReceiver(to);
  // A TCP connect that does not block is under way even if its end is known (inet_stream_connect).
  const bool is_told_later = !node->is_unix() && !node->blocks && !is_peers_turn_;
  if (listener == nullptr && !is_told_later) return -ECONNREFUSED;
  node->remote = to;
  if (!node->is_unix() && !node->is_bound) {
    node->local = WithFreePort(SourceFor(to));
    node->is_bound = true;
  }
  if (listener == nullptr) return Refuse(node), -EINPROGRESS;
  if (listener->queue.size() <= listener->backlog) {
    Establish(node, listener);
    return is_told_later ? -EINPROGRESS : 0;
  }
  if (node->is_unix() && !Waits(*node, 0)) return -EAGAIN;
  // A full queue drops the SYN; it is sent again.
  node->state = Node::State::kConnecting;
  listener->waiting.push_back(node->fd);
  if (!Waits(*node, 0)) return -EINPROGRESS;
  if (!SleepUntil([node] { return node->state != Node::State::kConnecting; })) return -EDEADLK;
  return TakeError(node);
}

// A connect that was under way ends so.
void SimulatedKernel::Refuse(Node* client) {
  client->state = Node::State::kNew;
  client->dead = true;
  client->error = ECONNREFUSED;
  ++client->wakes.all;
}

void SimulatedKernel::Establish(Node* client, Node* listener) {
  Node* server = Make(client->kind, client->domain, 0);
  if (!is_peers_turn_) --open_;  // nobody's before it is accepted
  server->is_open = false;
  server->is_peers = listener->is_peers;
  server->resets_on_close = listener->resets_on_close;
  server->local = client->is_unix() ? listener->local : client->remote;
  server->remote = client->local;
  server->is_bound = true;
  server->other = client->fd;
  client->other = server->fd;
  client->state = server->state = Node::State::kConnected;
  listener->queue.push_back(server->fd);
  ++listener->wakes.input;
  ++client->wakes.all;
}

void SimulatedKernel::AdmitWaiting(Node* listener) {
  while (!listener->waiting.empty() && listener->queue.size() <= listener->backlog) {
    Node* client = At(listener->waiting.front());
    listener->waiting.erase(listener->waiting.begin());
    if (client->is_open) Establish(client, listener);
  }
}

int SimulatedKernel::Accept(int fd, sockaddr* from, socklen_t* size, int flags) {
  if (const int error = Enter(Call::kAccept, fd); error != 0) return error;
  Node* listener = At(fd);
  if (listener->state != Node::State::kListening) return -EINVAL;
  if (IsFull()) return AcceptFailed(-EMFILE);
  if (listener->queue.empty() && Waits(*listener, 0) &&
      !SleepUntil([listener] { return !listener->queue.empty(); })) {
    return -EDEADLK;
  }
  if (listener->queue.empty()) return -EAGAIN;
  Node* node = At(listener->queue.front());
  listener->queue.erase(listener->queue.begin());
  AdmitWaiting(listener);
  node->is_open = true;
  node->blocks = (flags & SOCK_NONBLOCK) == 0;
  if (!node->is_peers) ++open_;
  Progress();
  if (from != nullptr) GiveAddress(node->remote, node->domain, from, size);
  return node->fd;
}
int SimulatedKernel::Shutdown(int fd, int how) {
  if (const int error = Enter(Call::kShutdown, fd); error != 0) return error;
  Node* node = At(fd);
  if (!node->connects()) return Unknown("shutdown of what is no connection");
  if (node->state == Node::State::kListening) return Unknown("shutdown of a listener");
  if (!node->is_unix()) {
    const bool is_over = node->dead || (node->in_ended && node->out_ended);
    if (node->state != Node::State::kConnected || is_over) {
      ++node->wakes.all;  // even so (inet_shutdown)
      return -ENOTCONN;
    }
    if (how != SHUT_WR) return Unknown("shutdown of the receiving side on TCP");
  }
  Node* other = Other(node);
  const bool sends_fin = how != SHUT_RD && !node->out_ended;
  if (sends_fin) {
    node->out_ended = true;
    if (other != nullptr) other->in_ended = true;
    Progress();
  }
  if (how != SHUT_WR && !node->in_ended) {
    node->in_ended = true;
    if (other != nullptr) other->out_ended = true;
  }
  // unix_shutdown wakes both, whatever it changed; TCP's peer is woken by the FIN.
  if (other != nullptr && (node->is_unix() || sends_fin)) ++other->wakes.all;
  ++node->wakes.all;
  return 0;
}

// A RST comes to `node` (tcp_reset).
void SimulatedKernel::TellReset(Node* node) {
  if (node->dead || (node->in_ended && node->out_ended)) return;
  node->error = node->in_ended ? EPIPE : ECONNRESET;
  node->dead = true;
  ++node->wakes.all;
}

// Both ends are told that the connection is gone; `node`, by the call under way.
void SimulatedKernel::Break(Node* node) {
  Node* other = Other(node);
  node->error = 0;
  node->dead = true;
  ++node->wakes.all;
  if (other == nullptr) return;
  if (!node->is_unix()) return TellReset(other);
  node->in_ended = node->out_ended = other->in_ended = other->out_ended = true;
  other->error = ECONNRESET;
  ++other->wakes.all;
}

void SimulatedKernel::CloseStream(Node* node) {
  Node* other = Other(node);
  node->closed = true;
  if (other == nullptr || node->state != Node::State::kConnected) return;
  const bool leaves_unread = node->in.size() > 0 || !node->records.empty();
  if (!is_peers_turn_ && options_.most_held_bytes != SIZE_MAX && !WasHurt(node->fd) &&
      !node->dead && !node->out_ended && node->taken_bytes > node->given_bytes) {
    Violate(absl::StrCat("a connection is closed with ", node->taken_bytes - node->given_bytes,
                         " bytes received and not sent back"));
  }
  ++other->wakes.all;
  if (node->kind == Node::Kind::kPipe) {
    (node->in_ended && !node->out_ended) ? void(other->in_ended = true) : void(other->dead = true);
  } else if (node->is_unix()) {
    if (leaves_unread) other->error = ECONNRESET;
    other->in_ended = other->out_ended = true;
  } else if (leaves_unread || node->resets_on_close) {
    if (!node->dead) TellReset(other);
  } else if (!node->dead) {
    other->in_ended = true;
  }
}

// Who waited to be accepted is told.
void SimulatedKernel::CloseListener(Node* node) {
  for (const int fd : node->queue) {
    Node* client = Other(At(fd));
    At(fd)->closed = true;
    if (client->is_unix()) {
      client->error = ECONNRESET;
      client->in_ended = client->out_ended = true;
      ++client->wakes.all;
    } else {
      TellReset(client);
    }
  }
  for (const int fd : node->waiting) {
    if (At(fd)->is_open) Refuse(At(fd));
  }
  node->queue.clear();
  node->waiting.clear();
}

}  // namespace verbatim
