// What the kernel says of the other side's queue: TCP in its families, unix sockets and pipes.
#include "properties/stage/socket/queue.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>

#include "core/address.h"
#include "properties/stage/socket/long_test.h"

namespace verbatim {
namespace {

struct Pair {
  UniqueFd ours, listener, theirs;
};

// A TCP connection: a listener on `bound`, to which one connects over `target`. Nothing if this
// machine has no such addresses.
std::optional<Pair> Tcp(const SocketAddress& bound, const SocketAddress& target, bool accepted) {
  Pair pair;
  pair.listener = UniqueFd(::socket(bound.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int off = 0;
  if (bound.family() == AF_INET6) {
    ::setsockopt(pair.listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  }
  if (::bind(pair.listener.get(), bound.data(), bound.size()) != 0) return std::nullopt;
  EXPECT_EQ(::listen(pair.listener.get(), 1), 0);
  sockaddr_storage name{};
  socklen_t length = sizeof(name);
  ::getsockname(pair.listener.get(), reinterpret_cast<sockaddr*>(&name), &length);
  const auto at = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&name), length);
  const SocketAddress to = target.WithPort(at->port());
  pair.ours = UniqueFd(::socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(pair.ours.get(), to.data(), to.size()) != 0) return std::nullopt;
  if (accepted) pair.theirs = UniqueFd(::accept(pair.listener.get(), nullptr, nullptr));
  return pair;
}

// Sends, sees it unread, reads it in two parts at the other side, and sees that.
void SeesWhatIsRead(int ours, int theirs) {
  PeerQueue queue(ours);
  EXPECT_EQ(queue.Unread(0), 0u);
  ASSERT_EQ(::write(ours, "hello", 5), 5);
  pollfd poll = {theirs, POLLIN, 0};
  ASSERT_EQ(::poll(&poll, 1, kLongMs), 1);
  EXPECT_GT(queue.Unread(5).value_or(0), 0u);
  char data[5];
  ASSERT_EQ(::read(theirs, data, 4), 4);
  EXPECT_GT(queue.Unread(5).value_or(0), 0u);
  ASSERT_EQ(::read(theirs, data, 1), 1);
  EXPECT_EQ(queue.Unread(5), 0u);
}

const SocketAddress kLoopback4 = SocketAddress::FromIPv4({127, 0, 0, 1}, 0);
const SocketAddress kLoopback6 =
    SocketAddress::FromIPv6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 0);
const SocketAddress kAny6 = SocketAddress::FromIPv6({}, 0);

TEST(PeerQueue, SeesWhatATcpPeerHasRead) {
  const auto pair = Tcp(kLoopback4, kLoopback4, true);
  ASSERT_TRUE(pair.has_value());
  if (!PeerQueue(pair->ours.get()).Unread(0)) GTEST_SKIP() << "no sock_diag for TCP here";
  SeesWhatIsRead(pair->ours.get(), pair->theirs.get());
}

TEST(PeerQueue, SeesWhatATcpPeerHasReadAndNotWritten) {
  const auto pair = Tcp(kLoopback4, kLoopback4, true);
  ASSERT_TRUE(pair.has_value());
  PeerQueue queue(pair->ours.get());
  if (!queue.KeptByTcp()) GTEST_SKIP() << "no sock_diag for TCP here";
  EXPECT_EQ(queue.KeptByTcp(), 0u);
  char data[5];
  ASSERT_EQ(::write(pair->ours.get(), "hello", 5), 5);
  ASSERT_EQ(::recv(pair->theirs.get(), data, 5, MSG_WAITALL), 5);
  EXPECT_EQ(queue.KeptByTcp(), 5u);
  ASSERT_EQ(::write(pair->theirs.get(), data, 4), 4);
  EXPECT_EQ(queue.KeptByTcp(), 1u);
  ASSERT_EQ(::write(pair->theirs.get(), data + 4, 1), 1);
  EXPECT_EQ(queue.KeptByTcp(), 0u);
  EXPECT_EQ(PeerQueue(-1).KeptByTcp(), std::nullopt);
}

TEST(PeerQueue, SeesItOverIPv6AndOverAWildcardOfBothFamilies) {
  for (const SocketAddress& target : {kLoopback4, kLoopback6}) {
    const auto pair = Tcp(kAny6, target, true);
    if (!pair) GTEST_SKIP() << "no IPv6 here";
    if (!PeerQueue(pair->ours.get()).Unread(0)) GTEST_SKIP() << "no sock_diag for TCP here";
    SeesWhatIsRead(pair->ours.get(), pair->theirs.get());
  }
}

TEST(PeerQueue, WhatWaitsForAcceptIsUnread) {
  const auto pair = Tcp(kLoopback4, kLoopback4, false);
  ASSERT_TRUE(pair.has_value());
  PeerQueue queue(pair->ours.get());
  if (!queue.Unread(0)) GTEST_SKIP() << "no sock_diag for TCP here";
  ASSERT_EQ(::write(pair->ours.get(), "x", 1), 1);
  EXPECT_GT(queue.Unread(1).value_or(0), 0u);
}

TEST(PeerQueue, OfAPeerThatIsGoneNothingCanBeTold) {
  auto pair = Tcp(kLoopback4, kLoopback4, true);
  ASSERT_TRUE(pair.has_value());
  PeerQueue queue(pair->ours.get());
  const linger now = {1, 0};
  ::setsockopt(pair->theirs.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  pair->theirs.Reset();
  EXPECT_EQ(queue.Unread(0), std::nullopt) << "and its listener is not taken for it";
}

TEST(PeerQueue, SeesWhatAUnixPeerHasRead) {
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  const UniqueFd ours(fds[0]), theirs(fds[1]);
  SeesWhatIsRead(ours.get(), theirs.get());
}

TEST(PeerQueue, SeesWhatIsReadFromAPipe) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  const UniqueFd theirs(fds[0]), ours(fds[1]);
  SeesWhatIsRead(ours.get(), theirs.get());
}

TEST(PeerQueue, OfAnythingElseNothingCanBeTold) {
  EXPECT_EQ(PeerQueue(-1).Unread(0), std::nullopt);
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  EXPECT_EQ(PeerQueue(null.get()).Unread(0), std::nullopt);
}

}  // namespace
}  // namespace verbatim
