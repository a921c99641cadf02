// echo-server as a daemon that is left running: limits, signals, privileges, sockets and
// descriptors from others. Not for: the transports (endpoints_test.cc), or arguments
// (programs_test.cc).
#include <gtest/gtest.h>
#include <pwd.h>

#include "echo/program_test.h"

namespace verbatim {
namespace {

bool Echoes(const UniqueFd& peer, const std::string& bytes) {
  return peer && WriteAll(peer.get(), bytes) && ReadUpTo(peer.get(), bytes.size()).bytes == bytes;
}

// Whether a new connection is refused or found closed: nobody listens any more.
bool IsClosed(const ServerProgram& server) { return !server.Connect(); }

TEST(Daemon, WhatIsOverTheLimitWaitsUntilOneEnds) {
  const ServerProgram server({"--max-connections", "2", "--workers", "2"});
  UniqueFd first = server.Connect();
  const UniqueFd second = server.Connect();
  ASSERT_TRUE(Echoes(first, "1") && Echoes(second, "2"));
  const UniqueFd third = server.Connect();
  ASSERT_TRUE(WriteAll(third.get(), "3"));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Echoes(second, "still"));
  pollfd poll = {third.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&poll, 1, 0), 0);
  first.Reset();
  EXPECT_EQ(ReadUpTo(third.get(), 1).bytes, "3");
}

TEST(Daemon, IterativeServesOneAfterTheOther) {
  const ServerProgram server({"--iterative"});
  UniqueFd first = server.Connect();
  const UniqueFd second = server.Connect();
  ASSERT_TRUE(WriteAll(second.get(), "later"));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Echoes(first, "now"));
  pollfd poll = {second.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&poll, 1, 0), 0);
  first.Reset();
  EXPECT_EQ(ReadUpTo(second.get(), 5).bytes, "later");
}

TEST(Daemon, OnceEndsAfterTheFirstConnectionOrDatagram) {
  for (const std::string endpoint : {"tcp://127.0.0.1:0", "udp://127.0.0.1:0"}) {
    ServerProgram server({"--once"}, {endpoint});
    EXPECT_EQ(RunToEnd({kClient, server.endpoint}, "only").output, "only");
    EXPECT_EQ(server.Wait(), 0);
  }
}

TEST(Daemon, AnIdleConnectionIsEndedAndABusyOneIsNot) {
  const ServerProgram server({"--idle-timeout", "1"});
  const UniqueFd idle = server.Connect(), busy = server.Connect();
  ASSERT_TRUE(Echoes(idle, "a"));
  pollfd poll = {idle.get(), POLLIN, 0};
  while (::poll(&poll, 1, 20) == 0) ASSERT_TRUE(Echoes(busy, "b"));
  EXPECT_EQ(ReadToEnd(idle.get()).bytes, "");
  EXPECT_TRUE(Echoes(busy, "c"));
  EXPECT_TRUE(absl::EndsWith(server.ErrorLineWith("ended"),
                             ", by ETIMEDOUT: 1 bytes received, 1 returned"));
}

// A peer that has sent much and reads nothing yet.
struct LateReader {
  explicit LateReader(const ServerProgram& server) : fd(server.Connect()) {
    pollfd poll = {fd.get(), POLLOUT, 0};
    while (::poll(&poll, 1, 100) > 0) {
      const absl::string_view rest = absl::string_view(piece).substr(sent % piece.size());
      const ssize_t count = ::send(fd.get(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count > 0) sent += static_cast<size_t>(count);
    }
  }
  // What was sent.
  std::string Payload() const {
    std::string all;
    while (all.size() < sent) all += piece;
    all.resize(sent);
    return all;
  }
  UniqueFd fd;
  size_t sent = 0;
  std::string piece = TestPayload(65521);  // sent over and over; a prime: no buffer is of its size
};

TEST(Daemon, SigtermDrainsAndEnds) {
  ServerProgram server({"--workers", "2"});
  LateReader late(server);
  const UniqueFd idle = server.Connect();
  ASSERT_TRUE(Echoes(idle, "a"));
  server.Signal(SIGTERM);
  EXPECT_EQ(ReadToEnd(idle.get()).error, 0);
  EXPECT_TRUE(Eventually([&] { return IsClosed(server); }));
  ::shutdown(late.fd.get(), SHUT_WR);
  const Reading all = ReadToEnd(late.fd.get());
  EXPECT_EQ(all.error, 0);
  EXPECT_TRUE(all.bytes == late.Payload()) << all.bytes.size() << " of " << late.sent;
  EXPECT_EQ(server.Wait(), 0);
}

TEST(Daemon, DrainingIsGivenUpInTime) {
  ServerProgram server({"--drain-timeout", "0.2"});
  const LateReader late(server);
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0);
}

TEST(Daemon, TwoSignalsInARowAreOneAndALaterOneEndsAtOnce) {
  ServerProgram server({"--drain-timeout", "1000"});
  const LateReader late(server);
  server.Signal(SIGTERM);
  server.Signal(SIGTERM);
  server.Signal(SIGINT);
  EXPECT_TRUE(Eventually([&] { return IsClosed(server); }));
  // Sent until it is no longer blocked: what comes early belongs to the first.
  EXPECT_TRUE(Eventually([&] {
    const std::string blocked = ProcStatus(server.pid(), "SigBlk");
    return !blocked.empty() && (std::stoull(blocked, nullptr, 16) >> (SIGTERM - 1) & 1) == 0;
  }));
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 1000 + SIGTERM);
}

TEST(Daemon, BecomesAUserThatOwnsNothingOfRoots) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may bind port 7 and become another";
  const passwd* const nobody = ::getpwnam("nobody");
  if (nobody == nullptr) GTEST_SKIP() << "there is no user nobody here";
  Program server({kServer, "--quiet", "--user", "nobody", "tcp://127.93.11.8:7"});
  const std::string line = server.ErrorLine();
  if (absl::StrContains(line, "EADDRINUSE")) GTEST_SKIP() << "port 7 is taken: " << line;
  ASSERT_EQ(line, "listening on tcp://127.93.11.8:7");
  EXPECT_EQ(RunToEnd({kClient, "127.93.11.8", "echo"}, "unprivileged").output, "unprivileged");
  const std::string uid = absl::StrCat(nobody->pw_uid), none = "0000000000000000";
  EXPECT_EQ(ProcStatus(server.pid(), "Uid"), absl::StrJoin({uid, uid, uid, uid}, " "));
  for (const char* set : {"CapPrm", "CapEff", "CapAmb"}) {
    EXPECT_EQ(ProcStatus(server.pid(), set), none) << set;
  }
  EXPECT_EQ(ProcStatus(server.pid(), "NoNewPrivs"), "1");
  EXPECT_EQ(ProcStatus(server.pid(), "Groups"), absl::StrCat(nobody->pw_gid));
}

TEST(Daemon, AnUnknownUserIsOneLine) {
  const Result result = RunToEnd({kServer, "--user", "no-such-user", "127.0.0.1:0"});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.error, "echo-server: there is no user \"no-such-user\"\n");
}

TEST(Daemon, IsInetdsServerOnStandardInputAndOutput) {
  const std::string payload = TestPayload(300000);
  const Result pipes = RunToEnd({kServer, "stdio:"}, payload);
  EXPECT_EQ(pipes.status, 0) << pipes.error;
  EXPECT_TRUE(pipes.output == payload);
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  Program server({kServer, "stdio:"}, {.standard_fd = theirs.get()});
  theirs.Reset();
  EXPECT_TRUE(Echoes(ours, "one") && Echoes(ours, std::string("\0two", 4)));
  ::shutdown(ours.get(), SHUT_WR);
  EXPECT_EQ(ReadToEnd(ours.get()).bytes, "");
  EXPECT_EQ(server.Wait(), 0);
}

TEST(Daemon, IsStartedBySocatForEachConnection) {
  if (FindProgram("socat").empty()) GTEST_SKIP() << "socat is not installed";
  const TempFolder folder;
  // socat splits its words at some characters, which may stand in the path of the build.
  std::filesystem::create_symlink(kServer, folder.Path("echo-server"));
  const Program socat({"socat", "-d", "-d", "TCP-LISTEN:0,bind=127.0.0.1,fork",
                       absl::StrCat("EXEC:", folder.Path("echo-server"), " stdio\\:")});
  const std::string line = socat.ErrorLineWith("listening on");
  const std::string port = line.substr(line.rfind(':') + 1);
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    const std::string payload = TestPayload(200'000, seed);
    EXPECT_TRUE(RunToEnd({kClient, "127.0.0.1", port}, payload).output == payload) << line;
  }
}

TEST(Daemon, TakesTheSocketsOfASuperServer) {
  if (FindProgram("systemd-socket-activate").empty()) {
    GTEST_SKIP() << "systemd-socket-activate is not installed";
  }
  const TempFolder folder;
  for (const std::string type : {"", "--datagram", "--seqpacket"}) {
    const std::string path = folder.Path("s" + type);
    std::vector<std::string> command = {"systemd-socket-activate", "-l", path};
    if (!type.empty()) command.push_back(type);
    command.insert(command.end(), {kServer, "--quiet"});
    Program activator(command);
    ASSERT_FALSE(activator.ErrorLineWith("Listening on").empty()) << type;
    const std::string scheme = type.empty()           ? "unix"
                               : type == "--datagram" ? "unixgram"
                                                      : "unixpacket";
    EXPECT_EQ(RunToEnd({kClient, scheme + "://" + path}, "activated").output, "activated") << type;
    activator.Signal(SIGTERM);
    EXPECT_EQ(activator.Wait(), 0) << type;
    EXPECT_TRUE(std::filesystem::exists(path)) << "the file is the super-server's";
  }
}

// The port is free a moment before; somebody may take it, so it is tried again.
TEST(Daemon, TakesTheTcpAndUdpPortsOfASuperServer) {
  if (FindProgram("systemd-socket-activate").empty()) {
    GTEST_SKIP() << "systemd-socket-activate is not installed";
  }
  for (const bool is_udp : {false, true}) {
    std::string listening;
    for (int i = 0; i < 20 && listening.empty(); ++i) {
      const std::string where = DeafSocket(is_udp ? SOCK_DGRAM : SOCK_STREAM).text;
      std::vector<std::string> command = {"systemd-socket-activate", "-l", where};
      if (is_udp) command.emplace_back("--datagram");
      command.emplace_back(kServer);
      Program activator(command);
      listening = activator.ErrorLineWith("Listening on");
      if (listening.empty()) continue;
      const std::string endpoint = absl::StrCat(is_udp ? "udp://" : "tcp://", where);
      EXPECT_EQ(RunToEnd({kClient, endpoint}, "activated").output, "activated") << endpoint;
      EXPECT_EQ(activator.ErrorLineWith("listening on"), "listening on " + endpoint);
      activator.Signal(SIGTERM);
      EXPECT_EQ(activator.Wait(), 0);
    }
    EXPECT_FALSE(listening.empty()) << "no port was free";
  }
}

TEST(Daemon, WhatIsNoListeningSocketIsRefusedInOneLine) {
  const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Result result = RunToEnd({"sh", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\"", kServer},
                                 "", {.third_fd = file.get()});
  EXPECT_EQ(result.status, 2);
  EXPECT_TRUE(IsOneLine(result.error)) << result.error;
  EXPECT_TRUE(absl::StrContains(result.error, "descriptor 3")) << result.error;
}

TEST(Daemon, CallsWrongUsageWrongInOneLine) {
  const std::vector<std::vector<std::string>> wrong = {{"--workers", "0"},
                                                       {"--workers", "many"},
                                                       {"--max-connections", "0"},
                                                       {"--idle-timeout", "-1"},
                                                       {"--idle-timeout", "soon"},
                                                       {"--idle-timeout", "nan"},
                                                       {"--drain-timeout", "-1"},
                                                       {"--user"},
                                                       {"stdio:"},
                                                       {"sctp://127.0.0.1:7"},
                                                       {"icmp://127.0.0.1:7"},
                                                       {"unix://"},
                                                       {"tcp://127.0.0.1:70000"},
                                                       {"unixpacket://a", "udp:"}};
  for (const auto& flags : wrong) {
    const Result result = RunToEnd(ServerProgram::Command(flags, {"tcp://127.0.0.1:0"}));
    EXPECT_EQ(result.status, 2) << flags[0] << ": " << result.error;
    EXPECT_TRUE(IsOneLine(result.error)) << result.error;
    EXPECT_TRUE(absl::StartsWith(result.error, "echo-server: ")) << result.error;
  }
}

TEST(Daemon, ManyWorkersServeManyAndAllEndByOneSignal) {
  ServerProgram server({"--quiet", "--workers", "3"}, {"tcp://127.0.0.1:0", "udp://127.0.0.1:0"});
  // They start after the line that says where it listens.
  EXPECT_TRUE(Eventually([&] { return std::stoi(ProcStatus(server.pid(), "Threads")) >= 4; }));
  std::vector<Conversation> all(24);
  for (size_t i = 0; i < all.size(); ++i) {
    all[i].fd = server.Connect();
    all[i].payload = TestPayload(100'000, static_cast<uint32_t>(i));
  }
  EXPECT_TRUE(Converse(all));
  EXPECT_EQ(RunToEnd({kClient, server.endpoints[1]}, "datagram").output, "datagram");
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0);
}

TEST(Daemon, ItsUnitsAreRight) {
  if (FindProgram("systemd-analyze").empty()) GTEST_SKIP() << "systemd-analyze is not installed";
  const TempFolder folder;
  // The program is wherever this test's is.
  for (const std::string name : {"verbatim-echo.service", "verbatim-echo.socket"}) {
    std::string text = FileText(absl::StrCat(VERBATIM_UNITS, "/", name));
    ASSERT_FALSE(text.empty()) << name;
    const std::string installed = "/usr/local/bin/echo-server";
    if (const size_t at = text.find(installed); at != text.npos) {
      text.replace(at, installed.size(), kServer);
    }
    std::ofstream(folder.Path(name)) << text;
  }
  const Result result = RunToEnd({"systemd-analyze", "verify", folder.Path("verbatim-echo.socket"),
                                  folder.Path("verbatim-echo.service")});
  EXPECT_FALSE(absl::StrContains(result.error, "verbatim-echo")) << result.error;
}

// The processor time that it has used, in clock ticks.
long TicksOf(pid_t pid) {
  const std::string stat = FileText(absl::StrCat("/proc/", pid, "/stat"));
  const std::vector<std::string> words =
      absl::StrSplit(stat.substr(std::min(stat.rfind(')'), stat.size())), ' ');
  return words.size() > 13 ? std::stol(words[12]) + std::stol(words[13]) : -1;
}

TEST(Daemon, With32DescriptorsAnd100ClientsItRestsAndServesTheOthersLater) {
  const ServerProgram server({"--quiet"}, {"127.0.0.1:0"}, {.descriptors_limit = 32});
  std::vector<UniqueFd> peers;
  for (int i = 0; i < 100; ++i) {
    peers.push_back(server.Connect());
    ASSERT_TRUE(WriteAll(peers.back().get(), "a"));
  }
  ASSERT_EQ(ReadUpTo(peers[0].get(), 1).bytes, "a");
  EXPECT_EQ(server.ErrorLineWith("no more"), "no more connections for now: accept: EMFILE");
  // For half a second of nothing: a server that spins would use 50 ticks of them.
  const long before = TicksOf(server.pid());
  ::poll(nullptr, 0, 500);
  EXPECT_LE(TicksOf(server.pid()) - before, 10);
  for (size_t i = 1; i < peers.size(); ++i) {
    peers[i - 1].Reset();
    ASSERT_EQ(ReadUpTo(peers[i].get(), 1).bytes, "a") << i;
  }
}

size_t DescriptorsOf(pid_t pid) {
  return static_cast<size_t>(
      std::distance(std::filesystem::directory_iterator(absl::StrCat("/proc/", pid, "/fd")), {}));
}

TEST(Daemon, ManyConnectionsLeaveNoDescriptorBehind) {
  const ServerProgram server({"--quiet"});
  ASSERT_TRUE(Echoes(server.Connect(), "a"));
  ASSERT_TRUE(Eventually([&] { return DescriptorsOf(server.pid()) <= 9; }));
  const size_t before = DescriptorsOf(server.pid());
  for (int i = 0; i < 5000; ++i) {
    UniqueFd peer = server.Connect();
    ASSERT_TRUE(peer) << i;
    if (i % 2 == 0) ASSERT_TRUE(Echoes(peer, "a")) << i;
    if (i % 5 == 0) Reset(std::move(peer));
  }
  EXPECT_TRUE(Eventually([&] { return DescriptorsOf(server.pid()) <= before; }));
}

TEST(Daemon, APeerThatNeverReadsCostsBoundedMemory) {
  const ServerProgram server({"--quiet"});
  ASSERT_TRUE(Echoes(server.Connect(), "a"));
  const auto kilobytes = [&] { return std::stol(ProcStatus(server.pid(), "VmRSS")); };
  const long before = kilobytes();
  std::vector<LateReader> deaf;
  for (int i = 0; i < 8; ++i) deaf.emplace_back(server);
  size_t sent = 0;
  for (const LateReader& one : deaf) sent += one.sent;
  EXPECT_GT(sent, 8u << 20);  // which the kernel holds
  EXPECT_LE(kilobytes() - before, 8 * 256);
}

}  // namespace
}  // namespace verbatim
