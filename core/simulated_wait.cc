// Readiness, and the waits: the only places where the peers act and time passes. The events are
// those of Linux's tcp_poll, unix_poll, udp_poll and pipe_poll.
#include <algorithm>
#include <cerrno>

#include "core/simulated_kernel.h"

namespace verbatim {
namespace {

constexpr uint32_t kAlways = EPOLLERR | EPOLLHUP;  // told to everybody (epoll_ctl(2))

// Data wakes who asked for input, room who asked for output: not who asked for EPOLLRDHUP alone
// (ep_poll_callback, sock_def_readable, sock_def_write_space).
bool IsWoken(const EpollItem& item, const Wakes& now) {
  return item.seen.all != now.all ||
         ((item.event.events & EPOLLIN) != 0 && item.seen.input != now.input) ||
         ((item.event.events & EPOLLOUT) != 0 && item.seen.room != now.room);
}

}  // namespace

int SimulatedKernel::Event() {
  Node* node = Make(Node::Kind::kEvent, AF_UNSPEC, 0);
  node->is_lent = true;
  return node->fd;
}

void SimulatedKernel::Signal(int event) {
  At(event)->signalled = true;
  ++At(event)->wakes.input;
}

uint32_t SimulatedKernel::ReadyEvents(const Node& node) const {
  uint32_t events = node.error != 0 ? EPOLLERR : 0;
  const bool has_data = node.in.size() > 0 || !node.records.empty();
  switch (node.kind) {
    case Node::Kind::kEvent:
      return node.signalled ? EPOLLIN : 0;
    case Node::Kind::kEpoll:
      return 0;
    case Node::Kind::kPipe:
      if (node.out_ended) return (has_data ? EPOLLIN : 0u) | (node.in_ended ? EPOLLHUP : 0u);
      return (node.dead ? EPOLLERR : 0u) | (IsWritable(node) ? EPOLLOUT : 0u);
    case Node::Kind::kDatagram:
      return events | (node.datagrams.empty() ? 0u : EPOLLIN) | (CanSendOn(node) ? EPOLLOUT : 0u);
    case Node::Kind::kStream:
    case Node::Kind::kRecord:
      break;
  }
  if (node.state == Node::State::kListening) return node.queue.empty() ? 0 : EPOLLIN;
  if (node.state == Node::State::kConnecting) return 0;
  if (node.state == Node::State::kNew) events |= EPOLLHUP;
  if (node.dead || node.in_ended) events |= EPOLLIN | EPOLLRDHUP;
  if (node.dead || (node.in_ended && node.out_ended)) events |= EPOLLHUP;
  if (has_data) events |= EPOLLIN;
  const bool never_blocks = !node.is_unix() && (node.dead || node.out_ended);
  return events | (never_blocks || IsWritable(node) ? EPOLLOUT : 0u);
}

// The implementation waits: whoever else there is goes on.
bool SimulatedKernel::RunPeers() {
  if (peers_ == nullptr) return false;
  const PeersTurn turn(this);
  if (!peers_->Step()) return false;
  Progress();
  return true;
}

int SimulatedKernel::EpollCreate() {
  if (const int error = Enter(Call::kEpollCreate, -1); error != 0) return error;
  if (IsFull()) return -EMFILE;
  return Make(Node::Kind::kEpoll, AF_UNSPEC, 0)->fd;
}

int SimulatedKernel::EpollControl(int epoll, int operation, int fd, epoll_event* event) {
  const int error = Enter(Call::kEpollControl, fd, static_cast<size_t>(operation));
  if (error != 0) return error;
  if (const int bad = CheckDescriptor(epoll); bad != 0) return bad;
  std::vector<EpollItem>& items = At(epoll)->items;
  const auto item = std::find_if(items.begin(), items.end(),
                                 [fd](const EpollItem& each) { return each.fd == fd; });
  if (operation == EPOLL_CTL_ADD && item != items.end()) return -EEXIST;
  if (operation != EPOLL_CTL_ADD && item == items.end()) return -ENOENT;
  uint32_t known = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLERR | EPOLLHUP | EPOLLET;
  if (operation == EPOLL_CTL_ADD) known |= EPOLLEXCLUSIVE;
  if (operation != EPOLL_CTL_DEL && (event->events & ~known) != 0) {
    return Unknown("these events of epoll_ctl");
  }
  Wakes unseen = At(fd)->wakes;
  if (operation != EPOLL_CTL_DEL && (ReadyEvents(*At(fd)) & (event->events | kAlways)) != 0) {
    --unseen.all;  // whatever is ready now is told
  }
  if (operation == EPOLL_CTL_ADD) items.push_back({fd, *event, unseen});
  if (operation == EPOLL_CTL_MOD) item->event = *event, item->seen = unseen;
  if (operation == EPOLL_CTL_DEL) items.erase(item);
  return 0;
}

int SimulatedKernel::CollectEpoll(Node* epoll, epoll_event* events, int count) {
  std::vector<EpollItem>& items = epoll->items;
  int ready = 0;
  for (size_t i = 0; i < items.size() && ready < count; ++i) {
    EpollItem& item = items[(epoll->first_item + i) % items.size()];
    const Node& node = *At(item.fd);
    if ((item.event.events & EPOLLET) != 0 && !IsWoken(item, node.wakes)) continue;
    const uint32_t now = ReadyEvents(node) & (item.event.events | kAlways);
    item.seen = node.wakes;
    if (now == 0) continue;
    events[ready] = item.event;
    events[ready++].events = now;
  }
  if (ready > 0) ++epoll->first_item;  // so that none is always the last
  return ready;
}

int SimulatedKernel::CollectPoll(pollfd* polls, nfds_t count) {
  int ready = 0;
  for (nfds_t i = 0; i < count; ++i) {
    polls[i].revents = 0;
    if (polls[i].fd < 0) continue;
    const uint32_t asked = static_cast<uint16_t>(polls[i].events) | EPOLLERR | EPOLLHUP;
    const uint32_t now =
        CheckDescriptor(polls[i].fd) != 0 ? POLLNVAL : ReadyEvents(*At(polls[i].fd)) & asked;
    polls[i].revents = static_cast<short>(now);
    ready += now != 0 ? 1 : 0;
  }
  return ready;
}

// A socket may be reported and then have nothing after all (select(2), BUGS); other descriptors
// are not.
int SimulatedKernel::SpuriousEpoll(Node* epoll, epoll_event* events) {
  const std::vector<EpollItem>& items = epoll->items;
  for (size_t i = 0; i < items.size(); ++i) {
    const EpollItem& item = items[(epoll->first_item + i) % items.size()];
    const Node& node = *At(item.fd);
    if (!node.connects() && node.kind != Node::Kind::kDatagram) continue;
    const uint32_t asked = item.event.events & (EPOLLIN | EPOLLOUT);
    if ((ReadyEvents(node) & asked) == asked) continue;
    Meet(*pending_, item.fd);
    events[0] = item.event;
    events[0].events = asked;
    return 1;
  }
  return 0;
}

int SimulatedKernel::SpuriousPoll(pollfd* polls, nfds_t count) {
  for (nfds_t i = 0; i < count; ++i) {
    if (polls[i].fd < 0 || CheckDescriptor(polls[i].fd) != 0) continue;
    const Node& node = *At(polls[i].fd);
    if (!node.connects() && node.kind != Node::Kind::kDatagram) continue;
    const uint32_t asked = static_cast<uint16_t>(polls[i].events);
    if ((ReadyEvents(node) & asked) == asked) continue;
    Meet(*pending_, polls[i].fd);
    polls[i].revents = static_cast<short>(asked);
    return 1;
  }
  return 0;
}

// `collect` counts what is ready; `spurious` reports what is not.
template <typename Collect, typename Spurious>
int SimulatedKernel::Wait(int timeout_ms, Collect collect, Spurious spurious) {
  if (is_peers_turn_) return collect();
  const int64_t until_ms = timeout_ms < 0 ? SimulatedPeers::kNever : now_ms_ + timeout_ms;
  uint32_t more_steps = 0;
  if (pending_.has_value() && pending_->kind == Fault::Kind::kSpurious) {
    if (const int told = spurious(); told > 0) return told;
  }
  if (pending_.has_value() && pending_->kind == Fault::Kind::kDelayed)
    more_steps = pending_->amount;
  while (violation_.empty()) {
    const bool stepped = RunPeers();
    const bool is_late = more_steps > 0 && stepped;
    if (is_late && more_steps-- == pending_->amount) Meet(*pending_, -1);
    if (const int ready = is_late ? 0 : collect(); ready > 0) return ready;
    if (now_ms_ >= until_ms) return 0;
    if (stepped) continue;
    const int64_t next_ms =
        std::min(until_ms, peers_ == nullptr ? SimulatedPeers::kNever : peers_->DueMs());
    if (next_ms == SimulatedPeers::kNever) return Violate("a wait for what can never come");
    if (next_ms > progressed_ms_ + kMostQuietMs) return Violate("nothing happens but time passing");
    if (next_ms > now_ms_) idle_calls_ = 0;
    now_ms_ = std::max(now_ms_, next_ms);
  }
  return -EDEADLK;
}

int SimulatedKernel::EpollWait(int epoll, epoll_event* events, int count, int timeout_ms) {
  if (const int error = Enter(Call::kEpollWait, epoll); error != 0) return error;
  Node* node = At(epoll);
  return Wait(
      timeout_ms, [&] { return CollectEpoll(node, events, count); },
      [&] { return SpuriousEpoll(node, events); });
}

int SimulatedKernel::Poll(pollfd* polls, nfds_t count, int timeout_ms) {
  if (const int error = Enter(Call::kPoll, -1); error != 0) {
    for (nfds_t i = 0; i < count && error != -EINTR; ++i) {
      if (polls[i].fd >= 0) At(polls[i].fd)->is_hurt = true;
    }
    return error;
  }
  return Wait(
      timeout_ms, [&] { return CollectPoll(polls, count); },
      [&] { return SpuriousPoll(polls, count); });
}

}  // namespace verbatim
