// The socket stage against servers that are sound, late, rude and silent.
#include "properties/stage/socket/stage.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <functional>
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

Result PlayOn(const Door& door, const std::string& steps, StageOptions options = {},
              Rules rules = {}) {
  const auto scenario = ParseScenario("# verbatim scenario 1\n" + steps);
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  Judge judge(*scenario, rules);
  Transcript transcript;
  const auto played = Play(*scenario, door, options, &judge, &transcript);
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
      PlayOn(Door({closed, server.address()}), "payload coded 5 seed 3\nsend rest\nawait\n");
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

TEST(SocketStage, OverAUnixSocketASoundEchoHolds) {
  const TestServer server(Echo, 16, false, AnyUnix());
  const Result result =
      PlayOn({server.address()},
             "payload coded 3000000 seed 3\nsend 1\nsettle\nsend 999\nawait\n"
             "@2 connect\n@2 drip 60000\n@2 send 300000\n@2 await\nsend rest\nshutdown\nawait\n"
             "expect eof\n@2 reset\n");
  EXPECT_EQ(result.verdict.kind, Verdict::Kind::kHeld) << VerdictSentence(result.verdict);
}

TEST(SocketStage, OverPipesASoundEchoHolds) {
  Door door;
  door.command = "cat";
  const Result result =
      PlayOn(door,
             "payload coded 3000000 seed 3\nsend 1\nsettle\nsend 999\nawait\nstall\n"
             "send rest\nresume\nawait\nshutdown\nexpect eof\n");
  EXPECT_EQ(result.verdict.kind, Verdict::Kind::kHeld) << VerdictSentence(result.verdict);
  EXPECT_NE(result.lines.find("ended: FIN from the target"), std::string::npos) << result.lines;
}

TEST(SocketStage, AProcessThatDiesHalfWayHasCrashed) {
  Door door;
  door.command = "head -c 3; kill -SEGV $$";
  const Result result = PlayOn(door, "payload coded 8 seed 3\nsend rest\nawait\n");
  EXPECT_EQ(result.verdict.kind, Verdict::Kind::kTruncated) << VerdictSentence(result.verdict);
  EXPECT_EQ(result.verdict.ending, Ending::kCrashed);
}

TEST(SocketStage, AProcessThatClosesItsInputTakesNoMore) {
  Door door;
  door.command = "head -c 3; exec <&-; exec sleep 1000";
  const Result result = PlayOn(door, "payload coded 1000000 seed 3\nsend rest\nawait\n", Quick());
  EXPECT_EQ(result.verdict.kind, Verdict::Kind::kStuck) << VerdictSentence(result.verdict);
}

TEST(SocketStage, WhereTheTargetHasReadEachPieceEveryCutIsCertain) {
  std::string steps = "payload coded 64 seed 3\n";
  for (int i = 0; i < 64; ++i) steps += "send 1\nsettle\n";
  for (const bool tcp : {true, false}) {
    size_t pieces = 0;
    const TestServer server([&](int fd) { EchoChanged(fd, [&](std::vector<char>&) { ++pieces; }); },
                            16, false,
                            tcp ? SocketAddress::FromIPv4({127, 0, 0, 1}, 0) : AnyUnix());
    const Result result = PlayOn({server.address()}, steps + "await\n");
    EXPECT_EQ(result.verdict.kind, Verdict::Kind::kHeld) << VerdictSentence(result.verdict);
    EXPECT_EQ(result.played.cuts, 63u);
    if (tcp && result.played.certain_cuts == 0) continue;  // no sock_diag here
    EXPECT_EQ(result.played.certain_cuts, 63u);
    EXPECT_EQ(pieces, 64u);
  }
}

TEST(SocketStage, CutsAreCertainByAwaitsTooAndWithoutEitherAreNot) {
  const TestServer server([](int fd) {
    char data[100];
    ::recv(fd, data, sizeof(data), MSG_WAITALL);  // nothing goes back before all is here
    SendAll(fd, data, sizeof(data));
    Echo(fd);
  });
  const Result result = PlayOn({server.address()},
                               "payload coded 300 seed 3\nsend 50\nsend 50\nawait\nsend 50\n"
                               "await\nsend rest\nawait\n");
  EXPECT_EQ(result.verdict.kind, Verdict::Kind::kHeld) << VerdictSentence(result.verdict);
  EXPECT_EQ(result.played.cuts, 3u);
  EXPECT_EQ(result.played.certain_cuts, 2u);
}

TEST(SocketStage, ASettleIsGivenUpWhereTheTargetDoesNotRead) {
  const TestServer server([](int fd) {
    pollfd poll = {fd, POLLRDHUP, 0};
    ::poll(&poll, 1, -1);
  });
  const Result result =
      PlayOn({server.address()}, "payload coded 8 seed 3\nsend 4\nsettle\nsend rest\n", Quick());
  EXPECT_EQ(result.verdict.kind, Verdict::Kind::kHeld) << "that is no failure by itself";
  EXPECT_EQ(result.played.cuts, 1u);
  EXPECT_EQ(result.played.certain_cuts, 0u);
}

TEST(SocketStage, ADripReadsSoManyBytesEachMillisecondAndNoMore) {
  const TestServer server(Echo);
  const auto start = std::chrono::steady_clock::now();
  const Result result =
      PlayOn({server.address()}, "payload coded 5000 seed 3\ndrip 100\nsend rest\nawait\n");
  EXPECT_EQ(result.verdict.kind, Verdict::Kind::kHeld) << VerdictSentence(result.verdict);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(49));
}

TEST(SocketStage, AConnectionThatDripsLeavesTheTargetItsBacklog) {
  // What it could not send at once while we took 16 bytes a millisecond.
  size_t blocked_at = 0;
  const TestServer server([&](int fd) {
    const int small = 4096;
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    char data[4096];
    while (::recv(fd, data, sizeof(data), 0) > 0) {
      ssize_t sent = 0;
      while ((sent = ::send(fd, data, sizeof(data), MSG_DONTWAIT | MSG_NOSIGNAL)) > 0) {
        blocked_at += static_cast<size_t>(sent);
      }
      return;
    }
  });
  PlayOn({server.address()}, "payload coded 1000 seed 3\ndrip 16\nsend rest\npause 20ms\nclose\n",
         Quick());
  EXPECT_LT(blocked_at, 200'000u) << "an ordinary receive buffer takes megabytes";
}

// A flood of right bytes: it guesses the payload. No wrong byte ever ends it.
TEST(SocketStage, WhateverATargetDoesItIsOverSoonAfterItsEnd) {
  const auto flood = [](int fd) {
    const std::vector<char> data(1 << 16, 'a');
    while (SendAll(fd, data.data(), data.size())) continue;
  };
  const auto drip = [](int fd) {
    char byte = 0;
    while (::recv(fd, &byte, 1, 0) == 1 && SendAll(fd, &byte, 1)) {
      pollfd poll = {fd, POLLRDHUP, 0};
      if (::poll(&poll, 1, 30) != 0) return;
    }
  };
  const auto nothing = [](int fd) {
    pollfd poll = {fd, POLLRDHUP, 0};
    ::poll(&poll, 1, -1);
  };
  for (const std::function<void(int)>& serve :
       {std::function<void(int)>(flood), std::function<void(int)>(drip),
        std::function<void(int)>(nothing), std::function<void(int)>([](int) {})}) {
    for (const std::string& steps :
         {"payload \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\nsend rest\nawait\n"
          "pause 60000ms\n",
          "payload coded 100000000 seed 3\nstall\nsend rest\nresume\nawait\nshutdown\nexpect eof\n",
          "payload coded 50000 seed 3\ndrip 1\nsend rest\nsettle\nawait\n"}) {
      const TestServer server(serve);
      StageOptions options;
      const auto start = std::chrono::steady_clock::now();
      options.end = start + std::chrono::milliseconds(150);
      PlayOn({server.address()}, steps, options);
      EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(900)) << steps;
    }
  }
}

}  // namespace
}  // namespace verbatim
