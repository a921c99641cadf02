// echo-server and echo-client from end to end, as a shell runs them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <array>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/address.h"
#include "echo/peer_test.h"

namespace verbatim {
namespace {

constexpr char kServer[] = VERBATIM_ECHO_SERVER;
constexpr char kClient[] = VERBATIM_ECHO_CLIENT;

struct Setting {
  int closed_fd = -1;            // not open in the program
  rlim_t descriptors_limit = 0;  // 0: as it is
};

// A program that runs, with pipes for its descriptors 0, 1 and 2.
class Program {
 public:
  explicit Program(std::vector<std::string> command, Setting setting = {}) {
    std::array<std::array<int, 2>, 3> pipes;
    for (auto& pipe : pipes) EXPECT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    const std::array<int, 3> theirs = {pipes[0][0], pipes[1][1], pipes[2][1]};
    std::vector<char*> arguments;
    for (std::string& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) Become(arguments.data(), theirs, setting);
    for (const int fd : theirs) ::close(fd);
    input = UniqueFd(pipes[0][1]);
    output = UniqueFd(pipes[1][0]);
    error = UniqueFd(pipes[2][0]);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    if (pid_ < 0) return;
    Signal(SIGKILL);
    Wait();
  }

  void Signal(int signal) const { ::kill(pid_, signal); }

  // Its exit status, or 1000 and the signal that ended it.
  int Wait() {
    int status = 0;
    while (::waitpid(std::exchange(pid_, -1), &status, 0) < 0 && errno == EINTR) {
    }
    return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
  }

  // The next line of its standard error, without the newline.
  std::string ErrorLine() const {
    std::string line;
    while (!absl::EndsWith(line, "\n")) {
      const Reading next = ReadUpTo(error.get(), 1);
      if (next.bytes.empty()) break;
      line += next.bytes;
    }
    return std::string(absl::StripSuffix(line, "\n"));
  }

  // Reads lines until one begins so; empty if none does.
  std::string ErrorLineWith(absl::string_view prefix) const {
    std::string line = ErrorLine();
    while (!line.empty() && !absl::StartsWith(line, prefix)) line = ErrorLine();
    return line;
  }

  UniqueFd input, output, error;

 private:
  // Between fork and exec: system calls alone.
  [[noreturn]] static void Become(char** arguments, const std::array<int, 3>& theirs,
                                  const Setting& setting) {
    for (int fd = 0; fd <= 2; ++fd) ::dup2(theirs[static_cast<size_t>(fd)], fd);
    for (int fd = 3; fd < 1024; ++fd) ::close(fd);  // whatever the test inherited
    if (setting.closed_fd >= 0) ::close(setting.closed_fd);
    if (setting.descriptors_limit > 0) {
      const rlimit limit = {setting.descriptors_limit, setting.descriptors_limit};
      ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    ::signal(SIGPIPE, SIG_DFL);
    ::execv(arguments[0], arguments);
    ::_exit(126);
  }

  pid_t pid_;
};

struct Result {
  int status;
  std::string output, error;
};

// Runs a program to its end.
Result RunToEnd(std::vector<std::string> command, const std::string& input = "",
                Setting setting = {}) {
  ::signal(SIGPIPE, SIG_IGN);
  Program program(std::move(command), setting);
  std::thread writer([&] {
    WriteAll(program.input.get(), input);
    program.input.Reset();
  });
  Result result;
  result.output = ReadToEnd(program.output.get()).bytes;
  result.error = ReadToEnd(program.error.get()).bytes;
  writer.join();
  result.status = program.Wait();
  return result;
}

// A server on a port of the kernel's choice.
struct ServerProgram : Program {
  explicit ServerProgram(const std::vector<std::string>& flags = {},
                         const std::string& where = "127.0.0.1:0", Setting setting = {})
      : Program(Command(flags, where), setting) {
    const std::string line = ErrorLine();
    EXPECT_TRUE(absl::StartsWith(line, "listening on tcp://")) << line;
    endpoint = std::string(absl::StripPrefix(line, "listening on "));
    port = endpoint.substr(endpoint.rfind(':') + 1);
  }

  static std::vector<std::string> Command(const std::vector<std::string>& flags,
                                          const std::string& where) {
    std::vector<std::string> command = {kServer, where};
    command.insert(command.end(), flags.begin(), flags.end());
    return command;
  }

  UniqueFd Connect() const {
    return ConnectTo(*SocketAddress::Parse(absl::StripPrefix(endpoint, "tcp://")));
  }

  std::string endpoint, port;
};

bool IsOneLine(const std::string& text) {
  return absl::EndsWith(text, "\n") && text.find('\n') == text.size() - 1;
}

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
  ServerProgram server({}, "127.0.0.1:0", {.descriptors_limit = 11});
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
  Program probe(ServerProgram::Command({}, "[::1]:0"));
  const std::string line = probe.ErrorLine();
  if (!absl::StartsWith(line, "listening on ")) GTEST_SKIP() << "no IPv6 here: " << line;
  const Result result = RunToEnd({kClient, "::1", line.substr(line.rfind(':') + 1)}, "six");
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_EQ(result.output, "six");
}

TEST(EchoClient, SaysThatItWasRefused) {
  UniqueFd bound(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const SocketAddress any = Loopback4();
  sockaddr_in own{};
  socklen_t length = sizeof(own);
  ASSERT_EQ(::bind(bound.get(), any.data(), any.size()), 0);
  ::getsockname(bound.get(), reinterpret_cast<sockaddr*>(&own), &length);
  const std::string address = absl::StrCat("127.0.0.1:", ntohs(own.sin_port));
  const Result result = RunToEnd({kClient, address});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.error, absl::StrCat("echo-client: connect ", address,
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
  UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in own{};
  socklen_t length = sizeof(own);
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&own), length), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&own), &length);
  const std::string endpoint = absl::StrCat("tcp://127.0.0.1:", ntohs(own.sin_port));
  Program client({kClient, endpoint});
  ASSERT_TRUE(WriteAll(client.input.get(), "12345"));
  ASSERT_TRUE(WaitFor(listener.get(), POLLIN));
  const UniqueFd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
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
