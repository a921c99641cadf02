// The trials over datagrams: sound servers hold, each defect is named, and what can't be judged is
// left open.
#include "properties/requirements/datagram_trials.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <functional>
#include <set>
#include <string>
#include <thread>

#include "properties/requirements/trial_test.h"

namespace verbatim {
namespace {

using Kind = Verdict::Kind;

// A UDP server on a thread of its own, whose behaviour is a function of each datagram's message,
// with the address that was asked in its control data (IP_PKTINFO).
class UdpServer {
 public:
  using Serve = std::function<void(int fd, msghdr* message)>;

  explicit UdpServer(Serve serve,
                     const SocketAddress& any = SocketAddress::FromIPv4({127, 0, 0, 1}, 0))
      : serve_(std::move(serve)), over_(::eventfd(0, EFD_CLOEXEC)) {
    fd_ = UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(fd_.get(), IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
    ::bind(fd_.get(), any.data(), any.size());
    sockaddr_storage bound{};
    socklen_t length = sizeof(bound);
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&bound), &length);
    port_ = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&bound), length)->port();
    thread_ = std::thread([this] { Loop(); });
  }
  ~UdpServer() {
    const uint64_t one = 1;
    EXPECT_EQ(::write(over_.get(), &one, sizeof(one)), static_cast<ssize_t>(sizeof(one)));
    thread_.join();
  }

  std::unique_ptr<Target> target() const {
    return *Target::Remote(*Endpoint::Parse(absl::StrCat("udp://127.0.0.1:", port_)));
  }

 private:
  void Loop() {
    std::array<pollfd, 2> polls = {{{fd_.get(), POLLIN, 0}, {over_.get(), POLLIN, 0}}};
    while (::poll(polls.data(), polls.size(), -1) > 0 && polls[1].revents == 0) {
      std::array<char, 65'536> data;
      sockaddr_in from{};
      alignas(cmsghdr) char control[CMSG_SPACE(sizeof(in_pktinfo))];
      iovec part{data.data(), data.size()};
      msghdr message{&from, sizeof(from), &part, 1, control, sizeof(control), 0};
      const ssize_t got = ::recvmsg(fd_.get(), &message, MSG_DONTWAIT);
      if (got < 0) continue;
      part.iov_len = static_cast<size_t>(got);
      serve_(fd_.get(), &message);
    }
  }

  const Serve serve_;
  const UniqueFd over_;
  UniqueFd fd_;
  uint16_t port_ = 0;
  std::thread thread_;
};

// As most servers do it: the kernel chooses from which address.
void Answer(int fd, msghdr* message) {
  message->msg_controllen = 0;
  ::sendmsg(fd, message, MSG_NOSIGNAL);
}

// From the address that was asked.
void AnswerFromThere(int fd, msghdr* message) {
  in_pktinfo info;
  std::memcpy(&info, CMSG_DATA(CMSG_FIRSTHDR(message)), sizeof(info));
  info.ipi_ifindex = 0;
  std::memcpy(CMSG_DATA(CMSG_FIRSTHDR(message)), &info, sizeof(info));
  ::sendmsg(fd, message, MSG_NOSIGNAL);
}

uint16_t SenderPort(const msghdr* message) {
  return ntohs(static_cast<const sockaddr_in*>(message->msg_name)->sin_port);
}

const SocketAddress kEverywhere = SocketAddress::FromIPv4({0, 0, 0, 0}, 0);

Checked Try(absl::StatusOr<Verdict> (*check)(Trial&), const UdpServer& server,
            int64_t deadline_ms = 2000) {
  Budget budget;
  budget.deadline_ms = deadline_ms;
  const std::unique_ptr<Target> target = server.target();
  return RunCheck(check, target.get(), budget);
}

TEST(DatagramSourceAddress, OneThatAnswersFromTheAddressThatWasAskedHolds) {
  const UdpServer server(AnswerFromThere, kEverywhere);
  const Checked checked = Try(DatagramSourceAddress, server);
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld) << Shown(checked);
  EXPECT_NE(checked.note.find("answered from 127.0.0.2:"), std::string::npos) << checked.note;
}

TEST(DatagramSourceAddress, AnotherAddressIsNamed) {
  const UdpServer server(Answer, kEverywhere);
  const Checked checked = Try(DatagramSourceAddress, server);
  EXPECT_EQ(checked.verdict.kind, Kind::kMisaddressed) << Shown(checked);
  EXPECT_NE(checked.verdict.detail.find("from 127.0.0.1:"), std::string::npos) << Shown(checked);
  EXPECT_NE(checked.verdict.detail.find("not from 127.0.0.2:"), std::string::npos)
      << Shown(checked);
}

TEST(DatagramSourceAddress, OneThatListensAtOneAddressIsLeftOpen) {
  const UdpServer server(Answer);
  const Checked checked = Try(DatagramSourceAddress, server);
  EXPECT_EQ(checked.verdict.kind, Kind::kNotJudged) << Shown(checked);
  EXPECT_NE(checked.verdict.detail.find("does not listen at 127.0.0.2:"), std::string::npos);
}

TEST(DatagramFlood, ASoundServerAnswersAgain) {
  const UdpServer server(Answer);
  const Checked checked = Try(DatagramFlood, server);
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld) << Shown(checked);
  EXPECT_NE(checked.note.find("it answered again after"), std::string::npos) << checked.note;
}

TEST(DatagramFlood, OneThatServesOnlySoManyFails) {
  std::atomic<int> count{0};
  const UdpServer server([&](int fd, msghdr* message) {
    if (++count <= 50) Answer(fd, message);
  });
  const Checked checked = Try(DatagramFlood, server, 100);
  EXPECT_EQ(checked.verdict.kind, Kind::kMisbehaved) << Shown(checked);
  EXPECT_NE(checked.verdict.detail.find("no request was answered for 300 ms"), std::string::npos)
      << Shown(checked);
}

TEST(DatagramFlood, OneThatAnswersNothingAtAllIsLeftOpen) {
  const UdpServer server([](int, msghdr*) {});
  for (const auto check : {DatagramFlood, DatagramNoLoop, DatagramLoss}) {
    const Checked checked = Try(check, server, 50);
    EXPECT_EQ(checked.verdict.kind, Kind::kNotJudged) << Shown(checked);
  }
}

TEST(DatagramNoLoop, OneThatPassesSmallServicesByHolds) {
  const UdpServer server([](int fd, msghdr* message) {
    const std::set<uint16_t> small(std::begin(kSmallServices), std::end(kSmallServices));
    if (small.count(SenderPort(message)) == 0) Answer(fd, message);
  });
  const Checked checked = Try(DatagramNoLoop, server);
  if (checked.verdict.kind == Kind::kNotJudged) GTEST_SKIP() << checked.verdict.detail;
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld) << Shown(checked);
  EXPECT_EQ(checked.note, "asked 3 times from each of the ports 7, 13, 17, 19, 37");
}

TEST(DatagramNoLoop, ThePortsThatWereAnsweredAreNamed) {
  const UdpServer server([](int fd, msghdr* message) {
    const uint16_t port = SenderPort(message);
    if (port == 13 || port == 37 || port >= 1024) Answer(fd, message);
  });
  const Checked checked = Try(DatagramNoLoop, server);
  if (checked.verdict.kind == Kind::kNotJudged) GTEST_SKIP() << checked.verdict.detail;
  EXPECT_EQ(checked.verdict.kind, Kind::kMisbehaved) << Shown(checked);
  EXPECT_NE(checked.verdict.detail.find("from the ports 13, 37 were answered;"), std::string::npos)
      << Shown(checked);
}

TEST(DatagramNoLoop, WhereNoneOfThePortsCanBeHadThatIsSaid) {
  const auto target = *Target::Remote(*Endpoint::Parse("unixgram:///nowhere"));
  const Checked checked = RunCheck(DatagramNoLoop, target.get());
  EXPECT_EQ(checked.verdict.kind, Kind::kNotJudged) << Shown(checked);
  EXPECT_EQ(checked.verdict.detail, "a unix socket has no ports");
}

TEST(DatagramLoss, TellsTheShareAtEachRate) {
  std::atomic<int> count{0};
  const UdpServer server([&](int fd, msghdr* message) {
    if (++count % 2 == 1) Answer(fd, message);
  });
  const Checked checked = Try(DatagramLoss, server);
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld) << Shown(checked);
  double share = 0;
  ASSERT_EQ(std::sscanf(checked.verdict.detail.c_str(), "answered: %lf%% of", &share), 1)
      << Shown(checked);
  EXPECT_NEAR(share, 50, 5);
  EXPECT_NE(checked.verdict.detail.find("(as fast as could be sent)"), std::string::npos);
}

TEST(DatagramTrials, ASpentBudgetIsNoVerdict) {
  const UdpServer server([](int, msghdr*) {});
  Budget budget;
  budget.deadline_ms = 60'000;
  budget.end = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
  for (const auto check : {DatagramFlood, DatagramNoLoop, DatagramLoss}) {
    const std::unique_ptr<Target> target = server.target();
    const Checked checked = RunCheck(check, target.get(), budget);
    EXPECT_EQ(checked.verdict.kind, Kind::kNotJudged) << Shown(checked);
  }
}

}  // namespace
}  // namespace verbatim
