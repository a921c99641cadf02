// echo-server and echo-client from end to end, as a shell runs them.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/address.h"
#include "echo/peer_test.h"
#include "echo/program_test.h"

namespace verbatim {
namespace {

TEST(EchoServer, SaysWhereItListensLogsAndEndsWithZeroBySigterm) {
  ServerProgram server;
  EXPECT_TRUE(absl::StartsWith(server.endpoint, "tcp://127.0.0.1:"));
  EXPECT_NE(server.port, "0");
  EXPECT_EQ(RunToEnd({kClient, "127.0.0.1", server.port}, "12345").output, "12345");
  const std::string connected = server.ErrorLine();
  EXPECT_TRUE(absl::StartsWith(connected, "connected 127.0.0.1:")) << connected;
  const std::string peer(absl::StripPrefix(connected, "connected "));
  EXPECT_EQ(server.ErrorLine(), absl::StrCat("ended ", peer, ": 5 bytes received, 5 returned"));
  server.Signal(SIGTERM);
  EXPECT_EQ(ReadToEnd(server.error.get()).bytes, "");
  EXPECT_EQ(server.Wait(), 0);
}

TEST(EchoServer, EndsWithZeroBySigintAndInTheMidstOfAConversation) {
  ServerProgram server;
  const UniqueFd peer = server.Connect();
  ASSERT_TRUE(WriteAll(peer.get(), "a"));
  ASSERT_EQ(ReadUpTo(peer.get(), 1).bytes, "a");
  server.Signal(SIGINT);
  EXPECT_EQ(server.Wait(), 0);
}

TEST(EchoServer, NamesAResetInItsLog) {
  ServerProgram server;
  UniqueFd peer = server.Connect();
  ASSERT_TRUE(WriteAll(peer.get(), "abc"));
  ASSERT_EQ(ReadUpTo(peer.get(), 3).bytes, "abc");
  Reset(std::move(peer));
  const std::string ended = server.ErrorLineWith("ended ");
  EXPECT_TRUE(absl::EndsWith(ended, ", by ECONNRESET: 3 bytes received, 3 returned")) << ended;
}

TEST(EchoServer, QuietSaysOnlyWhereItListens) {
  ServerProgram server({"--quiet"});
  EXPECT_EQ(RunToEnd({kClient, server.endpoint}, "x").status, 0);
  server.Signal(SIGTERM);
  EXPECT_EQ(ReadToEnd(server.error.get()).bytes, "");
  EXPECT_EQ(server.Wait(), 0);
}

TEST(EchoServer, LooksNamesUpWhenAsked) {
  ServerProgram server({"--names", "--quiet"});
  EXPECT_EQ(RunToEnd({kClient, server.endpoint}, "x").status, 0);
  // Which name loopback has, if any, is the machine's business.
  const std::string line = server.ErrorLineWith("127.0.0.1:");
  EXPECT_TRUE(absl::StrContains(line, " is ") || absl::StrContains(line, " has no name: ")) << line;
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0);
}

TEST(EchoServer, OutlivesTheReaderOfItsLog) {
  ServerProgram server;
  server.error.Reset();
  EXPECT_EQ(RunToEnd({kClient, server.endpoint}, "one").output, "one");
  EXPECT_EQ(RunToEnd({kClient, server.endpoint}, "two").output, "two");
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0);
}

TEST(EchoServer, ServesOnWhenItsDescriptorsHaveRunOut) {
  // 3 standard ones, 5 of its own, and 3 connections; a pipe's worth for the sanitizers.
  ServerProgram server({}, {"127.0.0.1:0"}, {.descriptors_limit = 11});
  std::vector<UniqueFd> peers;
  for (int i = 0; i < 4; ++i) {
    peers.push_back(server.Connect());
    ASSERT_TRUE(WriteAll(peers.back().get(), "a"));
    // One by one, so that the sanitizers see the log while there is room for their pipe.
    if (i < 3) ASSERT_EQ(ReadUpTo(peers.back().get(), 1).bytes, "a");
  }
  EXPECT_EQ(server.ErrorLineWith("no more"), "no more connections for now: accept: EMFILE");
  peers[0].Reset();
  EXPECT_EQ(ReadUpTo(peers[3].get(), 1).bytes, "a");
}

TEST(EchoServer, SaysWhatIsWrongInOneLine) {
  const ServerProgram server;
  const Result taken = RunToEnd({kServer, server.endpoint});
  EXPECT_EQ(taken.status, 1);
  EXPECT_EQ(taken.error, absl::StrCat("echo-server: bind 127.0.0.1:", server.port,
                                      ": Address already in use (EADDRINUSE)\n"));
  const std::vector<std::vector<std::string>> wrong = {
      {kServer}, {kServer, "127.0.0.1:x:"}, {kServer, "--nosuch", "127.0.0.1:0"}, {kServer, ""}};
  for (const auto& command : wrong) {
    const Result result = RunToEnd(command);
    EXPECT_EQ(result.status, 2) << command.back();
    EXPECT_TRUE(IsOneLine(result.error)) << result.error;
    EXPECT_TRUE(absl::StartsWith(result.error, "echo-server: ")) << result.error;
  }
}

TEST(EchoClient, PrintsExactlyWhatItWasGiven) {
  const ServerProgram server({"--quiet"});
  const std::string payload = TestPayload(1 << 20);
  for (const auto& where : std::vector<std::vector<std::string>>{
           {server.endpoint}, {"127.0.0.1", server.port}, {"127.0.0.1:" + server.port}}) {
    std::vector<std::string> command = {kClient};
    command.insert(command.end(), where.begin(), where.end());
    const Result result = RunToEnd(command, payload);
    EXPECT_EQ(result.status, 0);
    EXPECT_TRUE(result.output == payload) << result.output.size();
    EXPECT_EQ(result.error, "");
  }
  EXPECT_EQ(RunToEnd({kClient, server.endpoint}).output, "");
}

// localhost may have an IPv6 address too, where nobody listens: the next one is tried.
TEST(EchoClient, ResolvesTheNameOfAHost) {
  const ServerProgram server({"--quiet"});
  const Result result = RunToEnd({kClient, "localhost", server.port}, "named");
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_EQ(result.output, "named");
}

TEST(EchoClient, ResolvesTheNameOfAService) {
  // An address of loopback's where nobody is expected; the message shows the number.
  const Result result = RunToEnd({kClient, "127.93.11.7", "echo"});
  if (result.status == 0) GTEST_SKIP() << "an echo service runs on this machine";
  EXPECT_EQ(result.status, 1);
  EXPECT_TRUE(absl::StrContains(result.error, "connect 127.93.11.7:7: ")) << result.error;
}

TEST(EchoClient, ReachesAnIPv6AddressWithoutBrackets) {
  if (!HasIPv6()) GTEST_SKIP() << "no IPv6 here";
  const ServerProgram server({}, {"[::1]:0"});
  const Result result = RunToEnd({kClient, "::1", server.port}, "six");
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_EQ(result.output, "six");
}

TEST(EchoClient, SaysThatItWasRefused) {
  const DeafSocket nobody(SOCK_STREAM);
  const Result result = RunToEnd({kClient, nobody.text});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.error, absl::StrCat("echo-client: connect ", nobody.text,
                                       ": Connection refused (ECONNREFUSED)\n"));
}

TEST(EchoClient, SaysThatAHostIsUnknown) {
  const Result result = RunToEnd({kClient, "nobody.invalid", "7"});  // RFC 6761 §6.4
  EXPECT_EQ(result.status, 1);
  EXPECT_TRUE(IsOneLine(result.error)) << result.error;
  EXPECT_TRUE(absl::StrContains(result.error, "nobody.invalid")) << result.error;
}

TEST(EchoClient, CallsWrongUsageWrongInOneLine) {
  const std::vector<std::vector<std::string>> wrong = {{kClient},
                                                       {kClient, "127.0.0.1"},
                                                       {kClient, "127.0.0.1:70000"},
                                                       {kClient, "127.0.0.1:0"},
                                                       {kClient, "sctp://127.0.0.1:7"},
                                                       {kClient, "tcp://127.0.0.1:7", "7"},
                                                       {kClient, "127.0.0.1", "7", "8"},
                                                       {kClient, "--nosuch", "127.0.0.1", "7"}};
  for (const auto& command : wrong) {
    const Result result = RunToEnd(command);
    EXPECT_EQ(result.status, 2) << command.back() << ": " << result.error;
    EXPECT_TRUE(IsOneLine(result.error)) << result.error;
    EXPECT_TRUE(absl::StartsWith(result.error, "echo-client: ")) << result.error;
  }
}

TEST(EchoClient, SaysThatTheServerEndedEarly) {
  const DeafSocket listener(SOCK_STREAM);
  ASSERT_EQ(::listen(listener.fd.get(), 1), 0);
  const std::string endpoint = absl::StrCat("tcp://", listener.text);
  Program client({kClient, endpoint});
  ASSERT_TRUE(WriteAll(client.input.get(), "12345"));
  ASSERT_TRUE(WaitFor(listener.fd.get(), POLLIN));
  const UniqueFd server(::accept4(listener.fd.get(), nullptr, nullptr, SOCK_CLOEXEC));
  ASSERT_EQ(ReadUpTo(server.get(), 5).bytes, "12345");
  ASSERT_TRUE(WriteAll(server.get(), "123"));
  ::shutdown(server.get(), SHUT_WR);
  EXPECT_EQ(ReadToEnd(client.output.get()).bytes, "123");
  EXPECT_EQ(ReadToEnd(client.error.get()).bytes,
            absl::StrCat("echo-client: ", endpoint, ": the server ended the connection early: ",
                         "5 bytes sent, 3 received, input left over\n"));
  EXPECT_EQ(client.Wait(), 1);
}

TEST(EchoClient, AClosedStandardDescriptorIsAnErrorAndNeverTheSocket) {
  const ServerProgram server({"--quiet"});
  const Result no_output = RunToEnd({kClient, server.endpoint}, "x", {.closed_fd = 1});
  EXPECT_EQ(no_output.status, 1);
  EXPECT_TRUE(absl::StrContains(no_output.error, "standard output: Bad file")) << no_output.error;
  const Result no_input = RunToEnd({kClient, server.endpoint}, "", {.closed_fd = 0});
  EXPECT_EQ(no_input.status, 1);
  EXPECT_TRUE(absl::StrContains(no_input.error, "standard input: Bad file")) << no_input.error;
}

}  // namespace
}  // namespace verbatim
