// Connections over TCP, unix sockets and pipes: how they begin and how they end.
#include "properties/stage/socket/line.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <chrono>
#include <string>

#include "properties/stage/socket/long_test.h"
#include "properties/stage/socket/path.h"
#include "properties/stage/socket/test_server.h"

namespace verbatim {
namespace {

void SendText(Line& line, const std::string& text) {
  ASSERT_EQ(line.Send(absl::MakeConstSpan(text.data(), text.size())), text.size());
}

// What comes, until so much is here or the line has ended.
std::string Receive(Line& line, size_t count) {
  std::string all;
  while (line.open() && all.size() < count) {
    pollfd poll = {line.fd(), POLLIN, 0};
    if (::poll(&poll, 1, kLongMs) != 1) break;
    char buffer[4096];
    all.append(buffer, line.Recv(absl::MakeSpan(buffer)));
  }
  return all;
}

Door Command(const std::string& command) {
  Door door;
  door.command = command;
  return door;
}

TEST(Line, OverAUnixSocketItEchoesAndEndsWithAFin) {
  const TestServer server(Echo, 16, false, AnyUnix());
  Line line;
  ASSERT_TRUE(line.Connect(server.address(), kLongMs).ok());
  SendText(line, "hello");
  EXPECT_EQ(Receive(line, 5), "hello");
  line.Shutdown();
  EXPECT_EQ(Receive(line, 1), "");
  EXPECT_EQ(line.ending(), Ending::kFin);
}

TEST(Line, AUnixPeerThatLeavesWhatWeSentUnreadIsAReset) {
  const TestServer server(
      [](int fd) {
        pollfd poll = {fd, POLLIN, 0};
        ::poll(&poll, 1, -1);  // something is here, and stays
      },
      16, false, AnyUnix());
  Line line;
  ASSERT_TRUE(line.Connect(server.address(), kLongMs).ok());
  SendText(line, "hello");
  EXPECT_EQ(Receive(line, 1), "");
  EXPECT_EQ(line.ending(), Ending::kReset);
}

TEST(Line, AFileThatIsLeftOfAUnixSocketIsARefusal) {
  const auto claim = PathClaim::Take();
  ASSERT_TRUE(claim.ok()) << claim.status();
  const SocketAddress address = *SocketAddress::FromPath(claim->path());
  {
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    ASSERT_EQ(::bind(fd.get(), address.data(), address.size()), 0);
  }
  Line line;
  const absl::Status status = line.Connect(address, kLongMs);
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(absl::IsInternal(status)) << status;
  EXPECT_EQ(line.ending(), Ending::kRefused);
}

TEST(Line, AFullUnixBacklogIsWaitedForUntilTheDeadline) {
  const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM, 0));
  const SocketAddress any = AnyUnix();
  ASSERT_EQ(::bind(listener.get(), any.data(), any.size()), 0);
  ASSERT_EQ(::listen(listener.get(), 0), 0);
  sockaddr_storage bound{};
  socklen_t length = sizeof(bound);
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&bound), &length);
  const auto address = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&bound), length);
  ASSERT_TRUE(address.ok());
  Line first, second;
  ASSERT_TRUE(first.Connect(*address, kLongMs).ok());
  EXPECT_FALSE(second.Connect(*address, 20).ok());
  EXPECT_EQ(second.ending(), Ending::kTimedOut);
  // Once there is room it gets in.
  std::thread acceptor([&] { const UniqueFd fd(::accept(listener.get(), nullptr, nullptr)); });
  EXPECT_TRUE(second.Connect(*address, kLongMs).ok());
  acceptor.join();
}

TEST(Line, ASecondAddressIsTriedWithinTheSameDeadline) {
  const TestServer server(Echo);
  const UniqueFd bound(::socket(AF_INET, SOCK_STREAM, 0));
  const SocketAddress any = SocketAddress::FromIPv4({127, 0, 0, 1}, 0);
  ASSERT_EQ(::bind(bound.get(), any.data(), any.size()), 0);
  sockaddr_storage name{};
  socklen_t length = sizeof(name);
  ::getsockname(bound.get(), reinterpret_cast<sockaddr*>(&name), &length);
  const auto closed = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&name), length);
  Line line;
  EXPECT_TRUE(line.Connect(Door({*closed, server.address()}), kLongMs).ok());
}

TEST(Line, OverPipesItEchoesAndEndsWhereTheOutputEnds) {
  Line line;
  ASSERT_TRUE(line.Connect(Command("cat"), kLongMs).ok());
  SendText(line, "hello");
  EXPECT_EQ(Receive(line, 5), "hello");
  EXPECT_TRUE(line.open());
  line.Shutdown();
  EXPECT_EQ(Receive(line, 1), "");
  EXPECT_EQ(line.ending(), Ending::kFin);
}

TEST(Line, AProcessThatDiesIsToldWithHow) {
  Line killed, failed;
  ASSERT_TRUE(killed.Connect(Command("kill -SEGV $$"), kLongMs).ok());
  ASSERT_TRUE(failed.Connect(Command("exit 3"), kLongMs).ok());
  EXPECT_EQ(Receive(killed, 1) + Receive(failed, 1), "");
  EXPECT_EQ(killed.ending(), Ending::kCrashed);
  EXPECT_EQ(killed.death(), "was killed by SIGSEGV");
  EXPECT_EQ(failed.ending(), Ending::kCrashed);
  EXPECT_EQ(failed.death(), "exited with status 3");
}

TEST(Line, APipeWithoutAReaderBreaksTheLineAndRaisesNoSignal) {
  ASSERT_EQ(::signal(SIGPIPE, SIG_DFL), SIG_DFL);
  Line line;
  ASSERT_TRUE(line.Connect(Command("exec <&-; echo x; exec sleep 1000"), kLongMs).ok());
  EXPECT_EQ(Receive(line, 2), "x\n");
  pollfd poll = {line.send_fd(), 0, 0};
  ASSERT_EQ(::poll(&poll, 1, kLongMs), 1) << "POLLERR: the warden too has closed its copy";
  const char byte = 'y';
  EXPECT_EQ(line.Send(absl::MakeConstSpan(&byte, 1)), 0u);
  EXPECT_TRUE(line.broken());
  EXPECT_TRUE(line.open()) << "its output goes on";
}

TEST(Line, WhatAProcessPrintsAsErrorsIsKeptApart) {
  auto words = LastWords::Open();
  ASSERT_TRUE(words.ok());
  Door door = Command("echo complaint >&2; cat");
  door.words = *std::move(words);
  Line line;
  ASSERT_TRUE(line.Connect(door, kLongMs).ok());
  SendText(line, "hello");
  EXPECT_EQ(Receive(line, 5), "hello");
  line.Close();
  Process::AwaitLeavers();
  door.words->CloseWriter();
  door.words->WaitForEnd(static_cast<int>(kLongMs));
  EXPECT_EQ(door.words->Text(), "complaint\n");
}

}  // namespace
}  // namespace verbatim
