// The socket stage against servers that are sound, late, rude and silent.
#include "properties/stage/socket/stage.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "properties/scenario/text.h"
#include "properties/stage/socket/test_server.h"

namespace verbatim {
namespace {

struct Result {
  Verdict verdict;
  std::string lines;
  Played played;
};

Result PlayOn(const std::vector<SocketAddress>& addresses, const std::string& steps,
              StageOptions options = {}, Rules rules = {}) {
  const auto scenario = ParseScenario("# verbatim scenario 1\n" + steps);
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  Judge judge(*scenario, rules);
  Transcript transcript;
  const auto played = Play(*scenario, addresses, options, &judge, &transcript);
  EXPECT_TRUE(played.ok()) << played.status();
  Result result{judge.Finish(), "", *played};
  for (const std::string& line : transcript.Lines()) result.lines += line + "\n";
  return result;
}

StageOptions Quick() {
  StageOptions options;
  options.deadline_ms = 100;
  return options;
}

void ResetNow(int fd) {
  const linger now = {1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

TEST(SocketStage, ASoundEchoHolds) {
  const TestServer server(Echo);
  const Result result =
      PlayOn({server.address()},
             "payload coded 300000 seed 3\nsend 1\nawait\nsend 999\nawait\n"
             "@2 connect\n@2 send rest\n@2 await\nsend rest\nshutdown\nawait\nexpect eof\n");
  EXPECT_EQ(result.verdict.kind, Verdict::Kind::kHeld) << VerdictSentence(result.verdict);
  EXPECT_GT(result.played.slowest_answer_us, 0);
  EXPECT_NE(result.lines.find("ended: FIN from the target"), std::string::npos) << result.lines;
}

TEST(SocketStage, MoreThanEveryBufferHoldsWhileItReadsAllAlong) {
  const TestServer server(Echo);
  const Result result =
      PlayOn({server.address()}, "payload coded 30000000 seed 3\nsend rest\nawait\n");
  EXPECT_EQ(result.verdict.kind, Verdict::Kind::kHeld) << VerdictSentence(result.verdict);
}

TEST(SocketStage, AStalledSendEndsWhereTheTargetTakesNoMoreAndAllOfItIsAwaited) {
  const TestServer server(Echo);
  const Result result = PlayOn({server.address()},
                               "payload coded 67108864 seed 3\nstall\nsend rest\nresume\nawait\n");
  EXPECT_EQ(result.verdict.kind, Verdict::Kind::kHeld) << VerdictSentence(result.verdict);
}

TEST(SocketStage, SendAheadKeepsNoMoreThanThatOnTheWay) {
  size_t most = 0;
  const TestServer server([&](int fd) {
    EchoChanged(fd, [&](std::vector<char>& data) { most = std::max(most, data.size()); });
  });
  const Result result =
      PlayOn({server.address()}, "payload coded 100000 seed 3\nsend rest ahead 1000\nawait\n");
  EXPECT_EQ(result.verdict.kind, Verdict::Kind::kHeld) << VerdictSentence(result.verdict);
  EXPECT_LE(most, 1000u);
}

TEST(SocketStage, SilenceIsWithheld) {
  const TestServer server(
      [](int fd) { EchoChanged(fd, [](std::vector<char>& data) { data.clear(); }); });
  const Result result =
      PlayOn({server.address()}, "payload coded 5 seed 3\nsend rest\nawait\n", Quick());
  EXPECT_EQ(result.verdict.kind, Verdict::Kind::kWithheld);
  EXPECT_EQ(result.verdict.length, 5u);
  EXPECT_EQ(result.verdict.waited_ms, 100);
  EXPECT_EQ(result.verdict.ending, Ending::kOpen);
}

TEST(SocketStage, ATargetThatTakesNoMoreIsStuck) {
  const TestServer server([](int fd) {
    pollfd poll = {fd, POLLRDHUP, 0};
    ::poll(&poll, 1, -1);  // holds the connection without reading, until the peer has gone
  });
  const Result result =
      PlayOn({server.address()}, "payload coded 67108864 seed 3\nsend rest\nawait\n", Quick());
  EXPECT_EQ(result.verdict.kind, Verdict::Kind::kStuck) << VerdictSentence(result.verdict);
}

TEST(SocketStage, AFinBeforeAllHasComeIsTruncated) {
  const TestServer server([](int fd) {
    char data[100];
    const ssize_t got = ::recv(fd, data, sizeof(data), MSG_WAITALL);
    SendAll(fd, data, static_cast<size_t>(got) - 1);
  });
  const Result result = PlayOn({server.address()}, "payload coded 100 seed 3\nsend rest\nawait\n");
  EXPECT_EQ(result.verdict.kind, Verdict::Kind::kTruncated);
  EXPECT_EQ(result.verdict.offset, 99u);
  EXPECT_EQ(result.verdict.ending, Ending::kFin);
}

TEST(SocketStage, AResetIsToldFromAFin) {
  const TestServer server([](int fd) {
    char data[100];
    ::recv(fd, data, sizeof(data), MSG_WAITALL);
    ResetNow(fd);
  });
  const Result result = PlayOn({server.address()}, "payload coded 100 seed 3\nsend rest\nawait\n");
  EXPECT_EQ(result.verdict.kind, Verdict::Kind::kTruncated);
  EXPECT_EQ(result.verdict.ending, Ending::kReset);
}

TEST(SocketStage, WhatCameBeforeAResetIsCounted) {
  const TestServer server([](int fd) {
    char data[100];
    ::recv(fd, data, sizeof(data), MSG_WAITALL);
    SendAll(fd, data, 60);
    char byte;
    ::recv(fd, &byte, 1, MSG_WAITALL);  // the peer has taken the 60 in by then
    ResetNow(fd);
  });
  const Result result =
      PlayOn({server.address()},
             "payload coded 300 seed 3\nsend 100\npause 50ms\nsend 1\npause 50ms\n"
             "send 100\nsend 99\nawait\n");
  EXPECT_EQ(result.verdict.kind, Verdict::Kind::kTruncated) << VerdictSentence(result.verdict);
  EXPECT_EQ(result.verdict.offset, 60u);
  EXPECT_EQ(result.verdict.ending, Ending::kReset);
}

TEST(SocketStage, AConnectionThatDoesNotEndIsSaid) {
  const TestServer server([](int fd) {
    Echo(fd);
    pollfd poll = {fd, 0, 0};
    ::poll(&poll, 1, -1);  // until both sides are closed
  });
  const Result result = PlayOn(
      {server.address()}, "payload coded 5 seed 3\nsend rest\nshutdown\nexpect eof\n", Quick());
  EXPECT_EQ(result.verdict.kind, Verdict::Kind::kNotEnded) << VerdictSentence(result.verdict);
}

TEST(SocketStage, ABannerIsInsertedAndWrongBytesFailAtOnce) {
  const TestServer server([](int fd) {
    SendAll(fd, "hello\n", 6);
    Echo(fd);
  });
  const Result result =
      PlayOn({server.address()}, "payload coded 5 seed 3\npause 5000ms\nsend rest\nawait\n");
  EXPECT_EQ(result.verdict.kind, Verdict::Kind::kInserted);
  EXPECT_EQ(result.verdict.seen, "hello\n");
  EXPECT_EQ(result.lines.find("sent 5"), std::string::npos) << result.lines;
}

// A port on which nobody listens: it is bound, so that nobody else takes it, and never listened on.
TEST(SocketStage, ARefusedConnectionIsUnserved) {
  const UniqueFd bound(::socket(AF_INET, SOCK_STREAM, 0));
  const SocketAddress any = SocketAddress::FromIPv4({127, 0, 0, 1}, 0);
  ASSERT_EQ(::bind(bound.get(), any.data(), any.size()), 0);
  sockaddr_storage name{};
  socklen_t length = sizeof(name);
  ::getsockname(bound.get(), reinterpret_cast<sockaddr*>(&name), &length);
  const SocketAddress address =
      *SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&name), length);
  const Result result = PlayOn({address}, "payload coded 5 seed 3\nsend rest\nawait\n");
  EXPECT_EQ(result.verdict.kind, Verdict::Kind::kUnserved);
  EXPECT_NE(result.verdict.detail.find("ECONNREFUSED"), std::string::npos) << result.verdict.detail;
}

TEST(SocketStage, TheSecondAddressIsTriedWhereTheFirstRefuses) {
  const TestServer server(Echo);
  const UniqueFd bound(::socket(AF_INET, SOCK_STREAM, 0));
  const SocketAddress any = SocketAddress::FromIPv4({127, 0, 0, 1}, 0);
  ASSERT_EQ(::bind(bound.get(), any.data(), any.size()), 0);
  sockaddr_storage name{};
  socklen_t length = sizeof(name);
  ::getsockname(bound.get(), reinterpret_cast<sockaddr*>(&name), &length);
  const SocketAddress closed =
      *SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&name), length);
  const Result result =
      PlayOn({closed, server.address()}, "payload coded 5 seed 3\nsend rest\nawait\n");
  EXPECT_EQ(result.verdict.kind, Verdict::Kind::kHeld);
}

TEST(SocketStage, APeerThatVanishesSendsAReset) {
  int error = 0;
  {
    const TestServer server([&](int fd) {
      char data[100];
      ::recv(fd, data, sizeof(data), MSG_WAITALL);
      SendAll(fd, data, sizeof(data));
      pollfd poll = {fd, POLLIN, 0};
      ::poll(&poll, 1, -1);
      error = ::recv(fd, data, sizeof(data), 0) < 0 ? errno : 0;
    });
    PlayOn({server.address()}, "payload coded 100 seed 3\nstall\nsend rest\npause 50ms\nclose\n");
  }
  EXPECT_EQ(error, ECONNRESET);
}

TEST(SocketStage, OnAnOrderlyEndWeCloseWithAFinAndNotWithAReset) {
  ssize_t last = -1;
  {
    const TestServer server([&](int fd) {
      char data[100];
      ::recv(fd, data, sizeof(data), MSG_WAITALL);
      SendAll(fd, data, sizeof(data));
      last = ::recv(fd, data, sizeof(data), 0);
    });
    PlayOn({server.address()}, "payload coded 100 seed 3\nsend rest\nawait\n");
  }
  EXPECT_EQ(last, 0);
}

}  // namespace
}  // namespace verbatim
