// Plays operations on connections, records and pipes, for simulated_kernel_differential_test.cc.
// Not for: datagrams (simulated_datagram_differential_test.cc).
#pragma once

#include <netinet/tcp.h>

#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "core/simulated_differential_test.h"

namespace verbatim::streams {

enum Kind : int {
  kSend,
  kRecv,
  kPeek,
  kFill,
  kDrain,
  kShutdown,
  kClose,
  kError,
  kPoll,
  kAdd,
  kModify,
  kDelete,
  kWait,
  kListen,
  kConnect,
  kAccept,
  kLinger,
};

struct World {
  enum class Ends { kPair, kPipe, kListener } ends;
  int domain = AF_UNIX;
  int type = SOCK_STREAM;
  bool is_tcp() const { return domain != AF_UNIX; }
};

// Full buffers hold other amounts on either kernel, since the real one accounts for its overhead.
// So as long as a direction is full it is only drained, and how much that was is not compared, but
// that it is what was sent, in order, and how it ends.
template <typename K>
class StreamPlayer : public BasicPlayer<K> {
  using Base = BasicPlayer<K>;
  using Entry = typename Base::Entry;
  using Base::At, Base::Pick, Base::Add, Base::kernel_, Base::Poll;

 public:
  explicit StreamPlayer(const World& world) : world_(world) {
    int ends[2];
    if (world.ends == World::Ends::kListener) {
      Listen();
      return;
    }
    world.ends == World::Ends::kPipe ? MakePipe(kernel_, ends)
                                     : MakePair(kernel_, world.type, ends);
    Add(ends[0]);
    Add(ends[1]);
    At(0).peer = 1;
    At(1).peer = 0;
  }

  static bool MayAskAgain(int kind) { return kind == kAccept; }
  std::string Play(const Operation& operation) {
    switch (operation.kind) {
      case kWait:
        return Base::Wait();
      case kListen:
        return Listen();
      case kConnect:
        return Connect();
      case kAccept:
        return Accept();
      default:
        break;
    }
    const int index = Pick(operation.pick);
    if (index < 0) return "nothing is open";
    return absl::StrCat("#", index, " ", PlayOn(index, operation));
  }

 private:
  std::string PlayOn(int index, const Operation& operation) {
    const int fd = At(index).fd;
    const uint32_t amount = operation.amount;
    switch (operation.kind) {
      case kSend:
        return absl::StrCat("send ", amount % 200, " = ", ResultText(Send(index, amount % 200)));
      case kRecv:
        if (IsBehindFull(index)) return Drain(index);
        return absl::StrCat("recv ", amount % 300, " = ", Receive(index, amount % 300, 0));
      case kPeek:
        if (world_.ends == World::Ends::kPipe) return "no peek";
        return absl::StrCat("peek ", amount % 300, " = ", Receive(index, amount % 300, MSG_PEEK));
      case kFill:
        return world_.is_tcp() ? FillAndDrain(index, amount) : Fill(index);
      case kDrain:
        return Drain(index);
      case kShutdown:
        return Shutdown(index, static_cast<int>(amount % 3));
      case kClose:
        return absl::StrCat("close = ", Close(index));
      case kError:
        return absl::StrCat("SO_ERROR = ", Base::PendingErrorText(fd));
      case kPoll:
        return absl::StrCat("poll = ", Poll(static_cast<size_t>(index)));
      case kAdd:
        return absl::StrCat("add ", Base::Control(EPOLL_CTL_ADD, index, amount));
      case kModify:
        return absl::StrCat("modify ", Base::Control(EPOLL_CTL_MOD, index, amount));
      case kDelete:
        return absl::StrCat("delete ", Base::Control(EPOLL_CTL_DEL, index, 0));
      case kLinger:
        return Linger(index);
    }
    return "unknown";
  }

  bool IsPipe() const { return world_.ends == World::Ends::kPipe; }
  bool IsBehindFull(int index) { return At(index).peer >= 0 && At(At(index).peer).is_full; }
  ssize_t Write(int index, absl::string_view bytes) {
    const int fd = At(index).fd;
    const ssize_t sent = IsPipe() ? kernel_.Write(fd, bytes.data(), bytes.size())
                                  : kernel_.Send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) At(index).sent.append(bytes.data(), static_cast<size_t>(sent));
    return sent;
  }
  ssize_t Send(int index, size_t count) { return Write(index, Base::Bytes(count)); }
  ssize_t Read(int index, std::string* bytes, int flags) {
    const int fd = At(index).fd;
    const ssize_t got = IsPipe() ? kernel_.Read(fd, bytes->data(), bytes->size())
                                 : kernel_.Recv(fd, bytes->data(), bytes->size(), flags);
    return got;
  }
  std::string Receive(int index, size_t count, int flags) {
    std::string bytes(count, '\0');
    const ssize_t got = Read(index, &bytes, flags);
    if (got > 0 && (flags & MSG_PEEK) == 0) Forget(index, static_cast<size_t>(got));
    return BytesText(got, bytes);
  }
  // The rest of a cut record is lost; so records are drained before a fill.
  void Forget(int index, size_t count) {
    if (At(index).peer < 0) return;
    std::string& sent = At(At(index).peer).sent;
    sent.erase(0, std::min(count, sent.size()));
  }

  std::string Fill(int index) {
    const std::string chunk(499, 'f');
    ssize_t result = 0;
    uint32_t round = 0;
    const int peer = At(index).peer;
    if (world_.type == SOCK_SEQPACKET && peer >= 0 && At(peer).fd >= 0) Drain(peer);
    do {
      std::string bytes = chunk;
      for (char& byte : bytes) byte = static_cast<char>('A' + round++ % 26);
      result = Write(index, bytes);
    } while (result > 0);
    // A pipe takes these whole; there may be room for less.
    while (result == -EAGAIN && IsPipe() && Write(index, "z") == 1) {
    }
    if (result == -EAGAIN) At(index).is_full = true;
    return absl::StrCat("fill = ", ResultText(result));
  }

  std::string Drain(int index) {
    std::string all, bytes(16384, '\0');
    const bool was_full = IsBehindFull(index);
    ssize_t got = 0;
    PosixKernel clock;
    const int64_t until_ms = clock.NowMs() + 5000;
    std::string errors;
    for (int zeros = 0;
         zeros < (world_.type == SOCK_SEQPACKET ? 12 : 1);) {  // an empty record is no end
      got = Read(index, &bytes, 0);
      if (got == -EAGAIN && was_full && world_.is_tcp() && clock.NowMs() < until_ms &&
          all.size() < At(At(index).peer).sent.size()) {
        sched_yield();
        continue;
      }
      if (got == -EAGAIN || errors.size() > 100) break;
      if (got < 0) {  // told once, and there may be more behind
        absl::StrAppend(&errors, ResultText(got), " ");
        continue;
      }
      zeros = got > 0 ? 0 : zeros + 1;
      all.append(bytes.data(), static_cast<size_t>(got));
    }
    const std::string end = absl::StrCat(errors, ResultText(got));
    const std::string plain = absl::StrCat("drain = ", BytesText(all.size(), all), ", ", end);
    if (At(index).peer < 0) return plain;
    Entry& sender = At(At(index).peer);
    const std::string sent = std::exchange(sender.sent, "");
    sender.is_full = false;
    if (!was_full) return plain;
    // After a RST what was still on its way is lost, and how much that is is TCP's business.
    const bool may_lose = world_.is_tcp() && !errors.empty();
    const bool is_right = all == sent || (may_lose && sent.compare(0, all.size(), all) == 0);
    return absl::StrCat("drain = ", is_right ? "all that was sent" : "NOT what was sent", ", ",
                        end);
  }

  // A full TCP connection is played in one go: how full it is, and when, is not the model's.
  std::string FillAndDrain(int index, uint32_t amount) {
    const int peer = At(index).peer;
    if (peer < 0 || At(peer).fd < 0) return "no fill";
    std::string text = Fill(index);
    if (!At(index).is_full) return text;
    switch (amount % 4) {
      case 0:
        absl::StrAppend(&text, " close = ", Close(index));
        break;
      case 1:
        absl::StrAppend(&text, " ", Shutdown(index, SHUT_WR));
        break;
      case 2:
        At(index).is_full = false;
        return absl::StrCat(text, " the other's close = ", Close(peer));
      default:
        break;
    }
    return absl::StrCat(text, " #", peer, " ", Drain(peer));
  }

  // TCP's SHUT_RD is not modelled (the server never does it), nor is the shutdown of a listener.
  std::string Shutdown(int index, int how) {
    if (IsPipe() || At(index).is_listener) return "no shutdown";
    if (world_.is_tcp()) how = SHUT_WR;
    return absl::StrCat("shutdown ", how, " = ", ResultText(kernel_.Shutdown(At(index).fd, how)));
  }
  std::string Close(int index) {
    if (At(index).is_listener) queue_.clear();
    // Whether an empty record counts as unread differs between real kernels (unix_release_sock,
    // since 6.11 the first does not).
    if (world_.type == SOCK_SEQPACKET && Receive(index, 1, MSG_PEEK) == "0 ''") Drain(index);
    return Base::Close(index);
  }
  std::string Linger(int index) {
    const linger how{1, 0};
    return absl::StrCat("linger = ", ResultText(kernel_.SetOption(At(index).fd, SOL_SOCKET,
                                                                  SO_LINGER, &how, sizeof(how))));
  }

  SocketAddress AnyAddress() const {
    static int names = 0;
    if (world_.domain == AF_INET) return SocketAddress::FromIPv4({127, 0, 0, 1}, 0);
    if (world_.domain == AF_INET6) {
      return SocketAddress::FromIPv6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 0);
    }
    return *SocketAddress::FromAbstract(absl::StrCat("verbatim-", ::getpid(), "-", names++));
  }
  int NewSocket() {
    const int fd = kernel_.Socket(world_.domain, world_.type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;  // else small sends wait for the delayed ACK of those before
    if (world_.is_tcp()) kernel_.SetOption(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
  }
  std::string Listen() {
    if (world_.ends != World::Ends::kListener || (listener_ >= 0 && At(listener_).fd >= 0)) {
      return "no second listener";
    }
    const int fd = NewSocket();
    const SocketAddress address = AnyAddress();
    const int bound = kernel_.Bind(fd, address.data(), address.size());
    const int listens = kernel_.Listen(fd, kBacklog);
    listener_ = Add(fd);
    At(listener_).is_listener = true;
    listening_ = At(listener_).local;
    queue_.clear();
    return absl::StrCat("listen = ", ResultText(bound), ResultText(listens));
  }
  // "Made or under way": real connects over loopback say EINPROGRESS before they are made or
  // refused; the model's peers, which never wait, learn it at once. Either must be handled by
  // whoever connects.
  std::string Connect() {
    if (world_.ends != World::Ends::kListener) return "no connect";
    const bool was_full = queue_.size() > kBacklog;
    const int fd = NewSocket();
    const int result = kernel_.Connect(fd, listening_.data(), listening_.size());
    const int index = Add(fd);
    const bool is_made = result == 0 || result == -EINPROGRESS;
    std::string text =
        absl::StrCat("#", index, " connect = ", is_made ? "made or under way" : ResultText(result));
    if (At(listener_).fd < 0 || !is_made) return text;
    if (!was_full) return queue_.push_back(index), text;
    // A full TCP queue drops the SYN, which comes again after a second: that is not waited for.
    absl::StrAppend(&text, " poll = ", Poll(static_cast<size_t>(index)));
    return absl::StrCat(text, " close = ", Close(index));
  }
  std::string Accept() {
    const int listener = Pick(0, [](const Entry& entry) { return entry.is_listener; });
    if (listener < 0) return "no listener";
    sockaddr_storage from{};
    socklen_t size = sizeof(from);
    const int fd =
        kernel_.Accept(At(listener).fd, reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK);
    if (fd < 0) return absl::StrCat("accept = ", ResultText(fd));
    const std::string name = Base::NameOf(&from, size);
    const int index = Add(fd);
    if (!queue_.empty()) {
      At(index).peer = queue_.front();
      At(queue_.front()).peer = index;
      queue_.erase(queue_.begin());
    }
    return absl::StrCat("#", index, " accept = ", name);
  }

  static constexpr int kBacklog = 1;
  const World world_;
  int listener_ = -1;
  SocketAddress listening_;
  std::vector<int> queue_;  // the clients that wait to be accepted
};

inline std::vector<int> Kinds(const World& world) {
  std::vector<int> kinds = {kSend,  kSend,     kSend,   kRecv,  kRecv, kPeek,
                            kDrain, kShutdown, kClose,  kError, kPoll, kAdd,
                            kAdd,   kModify,   kDelete, kWait,  kWait};
  if (world.ends != World::Ends::kListener) return kinds.push_back(kFill), kinds;
  kinds.insert(kinds.end(), kinds.begin(), kinds.end());
  kinds.insert(kinds.end(), {kFill, kListen});
  for (int i = 0; i < 5; ++i) kinds.insert(kinds.end(), {kConnect, kAccept});
  if (world.is_tcp()) kinds.push_back(kLinger);
  return kinds;
}

template <typename Model>
std::optional<Found> Find(const World& world, int traces, int patience_ms, Counts* counts) {
  std::signal(SIGPIPE, SIG_IGN);
  return Search<StreamPlayer<PosixKernel>, StreamPlayer<Model>>(
      world, Kinds(world), traces, {world.is_tcp(), patience_ms}, counts,
      FromEnvironment("VERBATIM_SEED"));
}

}  // namespace verbatim::streams
