// Many connections: sound servers hold, and each defect is named.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "properties/requirements/trial_test.h"

namespace verbatim {
namespace {

using Kind = Verdict::Kind;

TEST(ManyThousand, ASoundServerServesElevenHundredAtOnce) {
  const auto target = PythonTarget("none");
  const Checked checked = RunCheck(ManyThousand, target.get(), Budget());
  if (checked.verdict.kind == Kind::kNotJudged) GTEST_SKIP() << checked.verdict.detail;
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld) << Shown(checked);
  EXPECT_EQ(checked.note, "1100 connections at once");
  EXPECT_EQ(target->starts(), 1) << "its own instance is another";
}

TEST(ManyThousand, SelectBeyondItsSetDies) {
  const auto target = PythonTarget("fd-set");
  const Checked checked = RunCheck(ManyThousand, target.get(), Budget());
  if (checked.verdict.kind == Kind::kNotJudged) GTEST_SKIP() << checked.verdict.detail;
  EXPECT_EQ(checked.verdict.kind, Kind::kDied) << Shown(checked);
}

TEST(ManyThousand, ALimitThatIsTooLowIsSaid) {
  const TestServer server(Echo);
  Budget budget = TrialBudget();
  budget.connections = 1'000'000;
  const Checked checked = RunCheck(ManyThousand, server, budget);
  EXPECT_EQ(checked.verdict.kind, Kind::kNotJudged) << Shown(checked);
  EXPECT_NE(checked.verdict.detail.find("1000000 connections need 1000100"), std::string::npos)
      << Shown(checked);
}

TEST(ManyThousand, OneByteThatChangesIsFound) {
  std::atomic<int> connections{0};
  const TestServer server([&](int fd) {
    const bool changes = ++connections == 30;
    uint64_t received = 0;
    EchoChanged(fd, [&](std::vector<char>& data) {
      if (changes && received > 0) data[10] = static_cast<char>(~data[10]);
      received += data.size();
    });
  });
  const Checked checked = RunCheck(ManyThousand, server);
  EXPECT_EQ(checked.verdict.kind, Kind::kCorrupted) << Shown(checked);
  EXPECT_EQ(checked.verdict.offset, 74u);
}

TEST(ManyThousand, BytesOfAnotherConnectionAreALeak) {
  // Each connection gets the other's bytes.
  std::mutex mutex;
  std::condition_variable both;
  std::vector<int> fds;
  const TestServer server([&](int fd) {
    int other = -1;
    {
      std::unique_lock<std::mutex> lock(mutex);
      fds.push_back(fd);
      both.notify_all();
      both.wait(lock, [&] { return fds.size() == 2; });
      other = fds[0] == fd ? fds[1] : fds[0];
    }
    std::vector<char> data(1024);
    while (true) {
      const ssize_t got = ::recv(fd, data.data(), data.size(), 0);
      if (got <= 0 || !SendAll(other, data.data(), static_cast<size_t>(got))) break;
    }
    ::shutdown(other, SHUT_RDWR);
    std::unique_lock<std::mutex> lock(mutex);
    fds.push_back(fd);
    both.notify_all();
    both.wait(lock, [&] { return fds.size() == 4; });
  });
  Budget budget = TrialBudget();
  budget.connections = 2;
  const Checked checked = RunCheck(ManyThousand, server, budget);
  EXPECT_EQ(checked.verdict.kind, Kind::kLeaked) << Shown(checked);
  EXPECT_EQ(checked.verdict.connection + checked.verdict.from_connection, 3u);
}

TEST(ManyBacklog, ASoundServerTakesTheWholeBurst) {
  const TestServer server(Echo);
  const Checked checked = RunCheck(ManyBacklog, server);
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld) << Shown(checked);
  EXPECT_NE(checked.note.find("of 100 connects"), std::string::npos) << checked.note;
}

TEST(ManyBacklog, OneWhoServesThemInTurnIsNotBlamed) {
  const TestServer server(Echo, 128, true);
  const Checked checked = RunCheck(ManyBacklog, server);
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld) << Shown(checked);
}

// The end that one peer waits for in vain is no silence of the others.
TEST(ManyBacklog, OneWhoNeverEndsDoesNotTakeTheTimeOfTheOthers) {
  constexpr int kDeadlineMs = 2000;
  std::mutex mutex;
  std::condition_variable end;
  bool ended = false;
  std::atomic<int> connections{0};
  const TestServer server([&](int fd) {
    const bool first = ++connections == 1;
    EchoChanged(fd, [&](std::vector<char>&) {
      if (first) return;
      std::unique_lock<std::mutex> lock(mutex);
      end.wait(lock, [&] { return ended; });
      lock.unlock();
      ::poll(nullptr, 0, kDeadlineMs * 9 / 8);
    });
    if (!first) return;
    {
      const std::lock_guard<std::mutex> lock(mutex);
      ended = true;
    }
    end.notify_all();
    ::poll(nullptr, 0, kDeadlineMs * 3 / 2);
  });
  Budget budget = TrialBudget();
  budget.deadline_ms = kDeadlineMs;
  const Checked checked = RunCheck(ManyBacklog, server, budget);
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld) << Shown(checked);
}

// How many connections wait to be accepted: tcpi_unacked of a listening socket (tcp_get_info in
// Linux's tcp.c).
uint32_t Waiting(int listener) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  ::getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &size);
  return info.tcpi_unacked;
}

// Listens with a backlog of its own choice, and accepts when it likes. Serves all that it accepted
// until it is destroyed.
class SmallBacklog {
 public:
  explicit SmallBacklog(int backlog) : backlog_(static_cast<uint32_t>(backlog)) {
    const SocketAddress any = SocketAddress::FromIPv4({127, 0, 0, 1}, 0);
    ::bind(listener_.get(), any.data(), any.size());
    ::listen(listener_.get(), backlog);
  }
  ~SmallBacklog() {
    for (std::thread& thread : threads_) thread.join();
  }
  std::unique_ptr<Target> AsTarget() const {
    sockaddr_storage bound{};
    socklen_t length = sizeof(bound);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&bound), &length);
    const auto address = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&bound), length);
    return *Target::Remote(*Endpoint::Parse(absl::StrCat("tcp://", address->ToString())));
  }
  // The next SYN is dropped.
  bool IsFull() const { return Waiting(listener_.get()) > backlog_; }
  // Returns false once there was a Shutdown.
  bool AcceptOne() {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) threads_.emplace_back([owner = UniqueFd(fd)] { Echo(owner.get()); });
    return fd >= 0;
  }
  bool AcceptWaiting() {
    bool accepted = AcceptOne();
    while (accepted && Waiting(listener_.get()) > 0) accepted = AcceptOne();
    return accepted;
  }
  void Shutdown() { ::shutdown(listener_.get(), SHUT_RDWR); }

 private:
  const uint32_t backlog_;
  const UniqueFd listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::vector<std::thread> threads_;
};

TEST(ManyThousand, ABacklogThatDropsSynsIsMetOnceAndTheyGoOnOneByOne) {
  SmallBacklog server(5);
  int full = 0;
  std::thread acceptor([&] {
    // It takes from its queue only when that is full, or when nobody has come for a while.
    bool goes_on = true;
    while (goes_on) {
      for (int i = 0; i < 10 && !server.IsFull(); ++i) ::poll(nullptr, 0, 2);
      const bool was_full = server.IsFull();
      // The others wait for their SYN to be sent again, with the queue still full.
      if (was_full) ::poll(nullptr, 0, 200);
      full += was_full;
      goes_on = server.AcceptWaiting();
    }
  });
  Budget budget = TrialBudget();
  budget.connections = 64;
  const Checked checked = RunCheck(ManyThousand, server.AsTarget().get(), budget);
  server.Shutdown();
  acceptor.join();
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld) << Shown(checked);
  EXPECT_EQ(full, 1);
}

TEST(ManyBacklog, ABacklogThatDropsSynsIsNamed) {
  SmallBacklog server(60);
  std::thread acceptor([&] {
    // A server that is busy with something else: while the queue is full the rest of the burst is
    // dropped.
    while (!server.IsFull()) std::this_thread::yield();
    ::poll(nullptr, 0, 300);
    while (server.AcceptOne()) continue;
  });
  const Checked checked = RunCheck(ManyBacklog, server.AsTarget().get());
  server.Shutdown();
  acceptor.join();
  EXPECT_EQ(checked.verdict.kind, Kind::kMisbehaved) << Shown(checked);
  EXPECT_NE(checked.verdict.detail.find("dropped by a full backlog"), std::string::npos)
      << Shown(checked);
}

TEST(ManyBacklog, OneWhoNeverTakesThemInIsUnserved) {
  const TestServer server(Echo, 1, true);
  Budget budget = TrialBudget();
  budget.connect_deadline_ms = 300;
  const Checked checked = RunCheck(ManyBacklog, server, budget);
  EXPECT_EQ(checked.verdict.kind, Kind::kUnserved) << Shown(checked);
}

TEST(SurviveChurn, ASoundServerKeepsNothing) {
  const auto target = PythonTarget("none");
  const Checked checked = RunCheck(SurviveChurn, target.get());
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld) << Shown(checked);
  EXPECT_NE(checked.note.find("descriptors +0, processes +0"), std::string::npos) << checked.note;
}

TEST(SurviveChurn, DescriptorsThatStayAreCounted) {
  const auto target = PythonTarget("leaks");
  const Checked checked = RunCheck(SurviveChurn, target.get());
  EXPECT_EQ(checked.verdict.kind, Kind::kMisbehaved) << Shown(checked);
  EXPECT_NE(checked.verdict.detail.find("descriptors +1000"), std::string::npos) << Shown(checked);
}

TEST(SurviveChurn, MemoryThatStaysIsMeasured) {
  const auto target = PythonTarget("keeps");
  const Checked checked = RunCheck(SurviveChurn, target.get());
  EXPECT_EQ(checked.verdict.kind, Kind::kMisbehaved) << Shown(checked);
  EXPECT_NE(checked.verdict.detail.find("descriptors +0"), std::string::npos) << Shown(checked);
}

TEST(SurviveChurn, OneThatStopsServingIsUnserved) {
  std::atomic<int> connections{0};
  const TestServer server([&](int fd) {
    if (++connections <= 100) Echo(fd);
  });
  const Checked checked = RunCheck(SurviveChurn, server);
  EXPECT_EQ(checked.verdict.kind, Kind::kTruncated) << Shown(checked);
  EXPECT_EQ(checked.verdict.connection, 101u);
}

}  // namespace
}  // namespace verbatim
