// One random trace of socket operations, played on the real kernel and on its model: what both
// players have in common, the comparison, and the search for a trace on which they differ.
// Not for: the operations themselves (simulated_kernel_differential_test.cc and
// simulated_datagram_differential_test.cc).
#pragma once

#include <rapidcheck.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/posix_kernel.h"
#include "core/simulated_kernel.h"
#include "core/status.h"

namespace verbatim {

// An operation means something only to a player that knows what is open: `pick` chooses there.
struct Operation {
  int kind = 0;
  uint32_t pick = 0, amount = 0;
};
using Trace = std::vector<Operation>;

inline std::string ResultText(ssize_t result) {
  return result < 0 ? absl::StrCat("-", ErrnoName(static_cast<int>(-result)))
                    : absl::StrCat(result);
}

inline std::string BytesText(ssize_t result, absl::string_view bytes) {
  if (result < 0) return ResultText(result);
  const size_t count = std::min(static_cast<size_t>(result), bytes.size());
  const size_t shown = std::min(count, size_t{400});
  const size_t hash = std::hash<std::string>()(std::string(bytes.substr(shown, count - shown)));
  return absl::StrCat(result, " '", bytes.substr(0, shown), shown < count ? "…" : "'",
                      shown < count ? absl::StrCat(hash) : "");
}

inline std::string EventsText(uint32_t events) {
  constexpr std::pair<uint32_t, absl::string_view> kNames[] = {
      {EPOLLIN, "IN"},   {EPOLLOUT, "OUT"}, {EPOLLRDHUP, "RDHUP"}, {EPOLLERR, "ERR"},
      {EPOLLHUP, "HUP"}, {EPOLLPRI, "PRI"}, {POLLNVAL, "NVAL"},    {EPOLLET, "ET"}};
  std::string text;
  for (const auto& [bit, name] : kNames) {
    if ((events & bit) != 0) absl::StrAppend(&text, text.empty() ? "" : "|", name);
  }
  return text.empty() ? "none" : text;
}

// What the seam lacks, on either kernel.
inline void MakePair(PosixKernel&, int type, int ends[2]) {
  if (::socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0) std::abort();
}
inline void MakePair(SimulatedKernel& kernel, int type, int ends[2]) {
  kernel.SocketPair(type | SOCK_NONBLOCK, ends);
}
inline void MakePipe(PosixKernel&, int ends[2]) {
  if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) std::abort();
}
inline void MakePipe(SimulatedKernel& kernel, int ends[2]) { kernel.Pipe(ends, O_NONBLOCK); }
inline size_t UnreadBytes(PosixKernel&, int fd) {
  int count = 0;
  return ::ioctl(fd, FIONREAD, &count) < 0 ? 0 : static_cast<size_t>(count);
}
inline size_t UnreadBytes(SimulatedKernel& kernel, int fd) { return kernel.Unread(fd); }
inline std::string Violation(PosixKernel&) { return ""; }
inline std::string Violation(SimulatedKernel& kernel) { return kernel.violation(); }
// The model takes glances for no busy loop as long as this lives.
inline int Aside(PosixKernel&) { return 0; }
inline SimulatedKernel::PeersTurn Aside(SimulatedKernel& kernel) {
  return SimulatedKernel::PeersTurn(&kernel);
}
inline void Begin(PosixKernel&) {}
inline void Begin(SimulatedKernel& kernel) { kernel.Reset({}, nullptr, nullptr); }

// Keeps what a trace has opened. An entry is never used again, so its index is its name.
template <typename K>
class BasicPlayer {
 public:
  struct Entry {
    int fd = -1;
    int peer = -1;  // the entry at the other end, if any
    bool is_listener = false;
    bool is_full = false;  // what it sent fills the buffer
    int variant = 0;
    SocketAddress local;
    std::string sent;  // and not yet received
  };
  BasicPlayer() {
    Begin(kernel_);
    epoll_ = kernel_.EpollCreate();
  }
  ~BasicPlayer() {
    for (const Entry& entry : entries_) {
      if (entry.fd >= 0) kernel_.Close(entry.fd);
    }
    kernel_.Close(epoll_);
  }
  BasicPlayer(const BasicPlayer&) = delete;
  BasicPlayer& operator=(const BasicPlayer&) = delete;

  // How everything that is open stands, for others to wait until it stands so.
  std::string Glance() {
    [[maybe_unused]] const auto aside = Aside(kernel_);
    std::string text;
    for (size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].fd < 0) continue;
      absl::StrAppend(&text, "#", i, " ", Poll(i), " ");
      if (!entries_[i].is_listener && counts_unread_)
        absl::StrAppend(&text, UnreadBytes(kernel_, entries_[i].fd), " ");
    }
    return text;
  }
  std::string BrokenRule() { return Violation(kernel_); }

 protected:
  int Add(int fd) {
    entries_.emplace_back();
    entries_.back().fd = fd;
    entries_.back().local = LocalOf(fd);
    return static_cast<int>(entries_.size()) - 1;
  }
  // -1 iff nothing (of that sort) is open.
  template <typename Wanted>
  int Pick(uint32_t pick, Wanted wanted) {
    std::vector<int> found;
    for (size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].fd >= 0 && wanted(entries_[i])) found.push_back(static_cast<int>(i));
    }
    return found.empty() ? -1 : found[pick % found.size()];
  }
  int Pick(uint32_t pick) {
    return Pick(pick, [](const Entry&) { return true; });
  }
  Entry& At(int index) { return entries_[static_cast<size_t>(index)]; }
  std::string Bytes(size_t count) {
    std::string bytes(count, '\0');
    for (char& byte : bytes) byte = static_cast<char>('a' + next_byte_++ % 26);
    return bytes;
  }
  SocketAddress LocalOf(int fd) {
    sockaddr_storage storage{};
    socklen_t size = sizeof(storage);
    auto* any = reinterpret_cast<sockaddr*>(&storage);
    if (kernel_.LocalAddress(fd, any, &size) < 0) return {};
    return SocketAddress::FromSockaddr(any, size).value_or(SocketAddress());
  }
  // Ports are the kernel's choice: an address is told by who has it.
  std::string NameOf(const void* address, socklen_t size) {
    const auto from = SocketAddress::FromSockaddr(static_cast<const sockaddr*>(address), size);
    if (!from.ok()) return absl::StrCat("no address of ", size, " bytes");
    if (from->family() == AF_UNIX && from->unix_name().empty()) return "nobody";
    for (size_t i = entries_.size(); i-- > 0;) {
      if (from->port() == entries_[i].local.port() &&
          (from->family() != AF_UNIX || *from == entries_[i].local)) {
        return from->family() == AF_UNIX ? absl::StrCat("#", i)
                                         : absl::StrCat("#", i, " ", from->WithPort(0).ToString());
      }
    }
    return absl::StrCat("a stranger");
  }

  std::string Poll(size_t index) {
    pollfd poll{entries_[index].fd, POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0};
    kernel_.Poll(&poll, 1, 0);
    return EventsText(static_cast<uint16_t>(poll.revents));
  }
  std::string PendingErrorText(int fd) { return ResultText(PendingError(kernel_, fd)); }
  std::string Control(int operation, int index, uint32_t amount) {
    constexpr uint32_t kBits[] = {EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLET};
    epoll_event event{};
    for (uint32_t i = 0; i < 4; ++i) event.events |= (amount >> i & 1) != 0 ? kBits[i] : 0u;
    event.data.u32 = static_cast<uint32_t>(index);
    const int result = kernel_.EpollControl(epoll_, operation, At(index).fd, &event);
    return absl::StrCat(EventsText(event.events), " = ", ResultText(result));
  }
  // The order is no promise of epoll's.
  std::string Wait() {
    epoll_event events[64];
    const int count = kernel_.EpollWait(epoll_, events, 64, 0);
    std::vector<std::string> told;
    for (int i = 0; i < count; ++i) {
      told.push_back(absl::StrCat(" #", events[i].data.u32, ":", EventsText(events[i].events)));
    }
    std::sort(told.begin(), told.end());
    std::string text = absl::StrCat("epoll_wait = ", ResultText(count));
    for (const std::string& each : told) text += each;
    return text;
  }
  std::string Close(int index) {
    return ResultText(kernel_.Close(std::exchange(At(index).fd, -1)));
  }

  K kernel_;
  std::vector<Entry> entries_;
  int epoll_ = -1;
  uint32_t next_byte_ = 0;
  bool counts_unread_ = true;
};

struct Counts {
  uint64_t traces = 0, operations = 0;
  uint64_t late = 0;  // times that the real kernel's answer was waited for
  void Print() const {
    std::cout << traces << " traces, " << operations << " operations compared, " << late
              << " waited for\n";
  }
};

// THE SET THAT THE MODEL ALLOWS, where the real kernel's answer is not equal at once. Loopback may
// be late: softirqs and pacing (bbr) deliver when they will, so before each operation the real
// sockets are given `patience_ms` to stand (poll, unread bytes) as the model's do, and an operation
// that finds nothing yet (EAGAIN) is asked again that long. Nothing else is allowed here; what the
// players leave out of their answers is said there.
struct Comparison {
  bool may_be_late = false;
  int patience_ms = 5000;
};

// Where the two first differ, with everything that went before; nullopt iff nowhere.
template <typename Real, typename Model, typename World>
std::optional<std::string> Difference(const World& world, const Trace& trace,
                                      const Comparison& comparison, Counts* counts) {
  Real real(world);
  Model model(world);
  std::string history;
  PosixKernel clock;
  ++counts->traces;
  const auto agree = [&](auto ask, const std::string& wanted) {
    std::string answer = ask();
    if (answer == wanted || !comparison.may_be_late) return answer;
    ++counts->late;
    const int64_t until_ms = clock.NowMs() + comparison.patience_ms;
    while (answer != wanted && clock.NowMs() < until_ms) {
      sched_yield();
      answer = ask();
    }
    return answer;
  };
  for (const Operation& operation : trace) {
    if (comparison.may_be_late) {
      const std::string wanted = model.Glance();
      const std::string seen = agree([&] { return real.Glance(); }, wanted);
      if (seen != wanted) {
        return absl::StrCat(history, "    then\n  real:  ", seen, "\n  model: ", wanted, "\n");
      }
    }
    ++counts->operations;
    const std::string wanted = model.Play(operation);
    std::string answer = real.Play(operation);
    if (Real::MayAskAgain(operation.kind) && absl::EndsWith(answer, "-EAGAIN")) {
      answer = agree([&] { return real.Play(operation); }, wanted);
    }
    if (answer != wanted || !model.BrokenRule().empty()) {
      return absl::StrCat(history, "    then\n  real:  ", answer, "\n  model: ", wanted, "\n",
                          model.BrokenRule());
    }
    absl::StrAppend(&history, "  ", answer, "\n");
  }
  return std::nullopt;
}

// For a longer or another search than ctest's.
inline uint64_t FromEnvironment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

struct Found {
  int after = 0;  // so many traces
  std::string text;
};

// Plays `traces` random traces of `kinds` (a kind that is named twice comes twice as often), and
// makes the first on which the kernels differ small. What does not differ twice is a disturbance of
// this machine (a port that somebody else took, say) and does not count.
template <typename Real, typename Model, typename World>
std::optional<Found> Search(const World& world, const std::vector<int>& kinds, int traces,
                            Comparison comparison, Counts* counts, uint64_t seed = 1) {
  const auto operation = rc::gen::build<Operation>(
      rc::gen::set(&Operation::kind, rc::gen::elementOf(kinds)),
      rc::gen::set(&Operation::pick, rc::gen::inRange<uint32_t>(0, 1000)),
      rc::gen::set(&Operation::amount, rc::gen::inRange<uint32_t>(0, 1000)));
  const auto gen = rc::gen::container<Trace>(operation);
  const auto differs = [&](const Trace& trace) {
    auto text = Difference<Real, Model>(world, trace, comparison, counts);
    return text ? Difference<Real, Model>(world, trace, comparison, counts) : text;
  };
  rc::Random random(seed);
  for (int i = 0; i < traces; ++i) {
    auto tree = gen(random.split(), 10 + i % 60);
    auto text = differs(tree.value());
    if (!text) continue;
    comparison.patience_ms = std::clamp(comparison.patience_ms / 10, 2, 100);
    for (bool smaller = true; smaller;) {
      smaller = false;
      auto candidates = tree.shrinks();
      while (auto candidate = candidates.next()) {
        auto again = differs(candidate->value());
        if (!again) continue;
        text = std::move(again);
        tree = *candidate;
        smaller = true;
        break;
      }
    }
    return Found{i + 1, *text};
  }
  return std::nullopt;
}

inline bool HasIPv6() {
  const SocketAddress at = *SocketAddress::Parse("[::1]:0");
  PosixKernel kernel;
  const int fd = kernel.Socket(AF_INET6, SOCK_STREAM, 0);
  const bool has = fd >= 0 && kernel.Bind(fd, at.data(), at.size()) == 0;
  if (fd >= 0) kernel.Close(fd);
  return has;
}

}  // namespace verbatim
