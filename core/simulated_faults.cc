// What a call of the implementation meets: counting, which faults apply, what they do to a
// connection, and in which state they met it.
// Not for: what the calls do otherwise.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "core/simulated_kernel.h"

namespace verbatim {

absl::string_view ConnectionStateName(ConnectionState state) {
  constexpr absl::string_view kNames[kConnectionStates] = {"none",       "listening", "open",
                                                           "peer ended", "ended",     "both ended",
                                                           "broken",     "datagram",  "pipe"};
  return kNames[static_cast<size_t>(state)];
}

size_t FaultCoverage::Column(const Fault& fault) {
  if (fault.kind != Fault::Kind::kError) {
    return kErrors - 1 + static_cast<size_t>(fault.kind);
  }
  const absl::Span<const int> errors = ErrorsOf(fault.call);
  return static_cast<size_t>(std::find(errors.begin(), errors.end(), fault.error) - errors.begin());
}
void SimulatedKernel::CountCall() {
  ++all_calls_;
  if (++idle_calls_ < kMostIdleCalls) return;
  Violate(absl::StrCat("a busy loop: ", kMostIdleCalls, " calls in a row moved nothing"));
  // A wait ends the loop by its error. One that never waits can only be ended with the program.
  if (idle_calls_ < 100 * kMostIdleCalls) return;
  std::fprintf(stderr, "simulated kernel: %s, and none of them waits\n", violation_.c_str());
  std::abort();
}

int SimulatedKernel::Enter(Call call, int fd, size_t bytes, int flags) {
  if (call != Call::kSocket && call != Call::kEpollCreate && call != Call::kPoll) {
    if (const int error = CheckDescriptor(fd); error != 0) return error;
  }
  if (is_peers_turn_) return 0;
  CountCall();
  pending_.reset();
  const uint32_t index = counts_[static_cast<size_t>(call)]++;
  if (faults_ == nullptr) return 0;
  std::optional<Fault> fault = faults_->Next(call, index, fd, WouldMove(call, fd, bytes, flags));
  if (!fault.has_value()) return 0;
  Node* node = fd < 0 ? nullptr : At(fd);
  if (!Applies(*fault, node, bytes, flags)) return 0;
  fault->call = call;
  fault->after = index;
  fault->times = 1;
  if (fault->kind != Fault::Kind::kError) {
    pending_ = fault;
    return 0;
  }
  Meet(*fault, fd);
  Hurt(*fault, node);
  CheckSignal(call, -fault->error, flags);
  return call == Call::kAccept ? AcceptFailed(-fault->error) : -fault->error;
}

// A send to a peer that has gone raises SIGPIPE unless it is told not to (send(2)).
void SimulatedKernel::CheckSignal(Call call, ssize_t result, int flags) {
  const bool sends = call == Call::kSend || call == Call::kSendMessage;
  if (!sends || result != -EPIPE || (flags & MSG_NOSIGNAL) != 0 || is_peers_turn_) return;
  Violate("a send without MSG_NOSIGNAL to a peer that has gone: SIGPIPE");
}

// Without descriptors or memory an accept fails until one is given back: who tries on and on
// meanwhile eats the processor (libuv#690).
int SimulatedKernel::AcceptFailed(int error) {
  const bool lacks = error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM;
  if (!lacks) return error;
  futile_accepts_ = futile_ms_ == now_ms_ ? futile_accepts_ + 1 : 1;
  futile_ms_ = now_ms_;
  if (futile_accepts_ > kMostFutileAccepts) {
    Violate(absl::StrCat("a busy loop: accept failed ", futile_accepts_,
                         " times in no time for want of descriptors or memory"));
  }
  return error;
}

size_t SimulatedKernel::WouldMove(Call call, int fd, size_t bytes, int flags) const {
  if (!CanBeShort(call) || (flags & MSG_PEEK) != 0) return 0;
  const Node* node = At(fd);
  const bool receives = call == Call::kRecv || call == Call::kRead;
  if (receives) return std::min(bytes, node->in.size());
  if (node->other < 0) return bytes;
  const Node* other = At(node->other);
  return std::min(bytes, other->limit_bytes - std::min(other->limit_bytes, other->in.size()));
}

// What can't happen on Linux would prove nothing.
bool SimulatedKernel::Applies(const Fault& fault, const Node* node, size_t bytes, int flags) const {
  if (fault.kind != Fault::Kind::kError) {
    return IsWait(fault.call) || node->kind == Node::Kind::kStream ||
           node->kind == Node::Kind::kPipe;
  }
  const bool is_pipe = node != nullptr && node->kind == Node::Kind::kPipe;
  // A record that was peeked at is taken at once. It is there, and nobody else takes it.
  if (fault.call == Call::kRecv && bytes == 0 && fault.error != EINTR) return false;
  switch (fault.error) {
    case EAGAIN:  // of a pipe: another program that has it open may have made it non-blocking
      return is_pipe || !node->blocks || (flags & MSG_DONTWAIT) != 0;
    case ECONNRESET:
    case ETIMEDOUT:
    case EPIPE:
    case ENOTCONN:
      if (fault.call == Call::kConnect) return node->connects() && !node->is_unix();
      if (fault.call == Call::kAccept || is_pipe) return true;
      return node->connects() && node->state == Node::State::kConnected && !node->dead;
    case ECONNREFUSED:
      if (fault.call == Call::kConnect) return node->connects();
      return node->kind == Node::Kind::kDatagram && !node->is_unix();
    case ENETUNREACH:
      return !node->is_unix();
    case EADDRINUSE:
      return true;
    case EINTR:  // connecting a datagram socket never sleeps, nor does a unix one with room
      return fault.call != Call::kConnect ||
             (node->kind == Node::Kind::kStream && !node->is_unix());
    default:
      // Only an addition needs memory (epoll_ctl(2)).
      return fault.call != Call::kEpollControl || bytes == EPOLL_CTL_ADD;
  }
}

void SimulatedKernel::Meet(const Fault& fault, int fd) {
  met_.push_back(fault);
  last_met_ms_ = now_ms_;
  Progress();  // faults come to an end, so what they cause does
  if (coverage_ == nullptr) return;
  const size_t state = static_cast<size_t>(StateOf(fd));
  ++coverage_->hits[static_cast<size_t>(fault.call)][FaultCoverage::Column(fault)][state];
}

// An error that the network or the machine gives is true of the connection from then on.
void SimulatedKernel::Hurt(const Fault& fault, Node* node) {
  // These end no connection: if the program does for them, it says so by giving up.
  constexpr Call kHarmless[] = {Call::kAccept,      Call::kClose,     Call::kBind,
                                Call::kListen,      Call::kSetOption, Call::kGetOption,
                                Call::kLocalAddress};
  const bool harms =
      std::find(std::begin(kHarmless), std::end(kHarmless), fault.call) == std::end(kHarmless);
  if (node == nullptr || !harms) return;
  switch (fault.error) {
    case EINTR:
      return;
    case EAGAIN:
      ++node->wakes.all;  // an edge that was told in vain is told again (epoll(7))
      return;
    case ECONNRESET:
    case ETIMEDOUT:
    case EPIPE:
    case ENOTCONN:
      node->is_hurt = true;
      if (node->connects()) Break(node);
      if (fault.error == ENOTCONN) node->error = ECONNRESET;  // the RST is still to be told
      return;
    default:
      node->is_hurt = true;
  }
}

// A short count is met only where it changes something.
size_t SimulatedKernel::Shorten(int fd, size_t would_move) {
  const bool is_due = !is_peers_turn_ && pending_.has_value() &&
                      pending_->kind == Fault::Kind::kShort && would_move > pending_->amount;
  if (!is_due) return would_move;
  Meet(*pending_, fd);
  ++At(fd)->wakes.all;
  return pending_->amount;
}

ConnectionState SimulatedKernel::StateOf(int fd) const {
  if (fd < 0) return ConnectionState::kNone;
  const Node& node = *At(fd);
  if (node.kind == Node::Kind::kPipe) return ConnectionState::kPipe;
  if (node.kind == Node::Kind::kDatagram) return ConnectionState::kDatagram;
  if (node.state == Node::State::kListening) return ConnectionState::kListening;
  if (node.state != Node::State::kConnected) return ConnectionState::kNone;
  if (node.dead) return ConnectionState::kBroken;
  if (node.in_ended && node.out_ended) return ConnectionState::kBoth;
  if (node.in_ended) return ConnectionState::kPeerEnded;
  return node.out_ended ? ConnectionState::kEnded : ConnectionState::kOpen;
}

bool SimulatedKernel::WasHurt(int fd) const {
  const Node* node = At(fd);
  return node->is_hurt || (node->other >= 0 && At(node->other)->is_hurt);
}

}  // namespace verbatim
