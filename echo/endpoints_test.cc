// echo-server and echo-client on every transport, and other people's clients, from end to end.
// Not for: the daemon around the echo (daemon_programs_test.cc), or arguments (programs_test.cc).
#include <gtest/gtest.h>

#include "echo/program_test.h"

namespace verbatim {
namespace {

std::vector<std::string> EveryEndpoint(const TempFolder& folder) {
  std::vector<std::string> all = {"tcp://127.0.0.1:0",
                                  "udp://127.0.0.1:0",
                                  "unix://" + folder.Path("stream"),
                                  "unix-abstract://" + folder.Path("name"),
                                  "unixgram://" + folder.Path("gram"),
                                  "unixpacket://" + folder.Path("packet")};
  if (HasIPv6()) all.insert(all.end(), {"tcp://[::1]:0", "udp://[::1]:0"});
  return all;
}

TEST(Endpoints, OneServerAnswersOnAllOfThemAtOnce) {
  const TempFolder folder;
  const ServerProgram server({"--quiet"}, EveryEndpoint(folder));
  const std::string payload = TestPayload(200000);
  for (const std::string& endpoint : server.endpoints) {
    const Result binary = RunToEnd({kClient, endpoint}, payload);
    EXPECT_EQ(binary.status, 0) << endpoint << ": " << binary.error;
    EXPECT_TRUE(binary.output == payload) << endpoint << " " << binary.output.size();
    const Result empty = RunToEnd({kClient, endpoint});
    EXPECT_EQ(empty.status, 0) << endpoint << ": " << empty.error;
    EXPECT_EQ(empty.output, "");
  }
}

TEST(Endpoints, WorkersShareThem) {
  const TempFolder folder;
  ServerProgram server({"--quiet", "--workers", "3"}, EveryEndpoint(folder));
  const std::string payload = TestPayload(70000);
  for (int round = 0; round < 3; ++round) {
    for (const std::string& endpoint : server.endpoints) {
      const Result result = RunToEnd({kClient, "--datagram-bytes", "1000", endpoint}, payload);
      EXPECT_EQ(result.status, 0) << endpoint << ": " << result.error;
      EXPECT_TRUE(result.output == payload) << endpoint;
    }
  }
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0);
}

// The socat address of what our endpoint says; `own` is a path for socat's own end.
std::string ForSocat(const std::string& endpoint, const std::string& own) {
  const std::vector<std::string> parts = absl::StrSplit(endpoint, absl::MaxSplits("://", 1));
  if (parts[0] == "tcp") return "TCP:" + parts[1];
  if (parts[0] == "udp") return "UDP:" + parts[1];
  if (parts[0] == "unix") return "UNIX-CONNECT:" + parts[1];
  if (parts[0] == "unix-abstract") return "ABSTRACT-CONNECT:" + parts[1];
  if (parts[0] == "unixgram") return "UNIX-SENDTO:" + parts[1] + ",bind=" + own;
  return "UNIX-CONNECT:" + parts[1] + ",type=5";
}

TEST(Endpoints, SocatIsAnsweredOnEachOfThem) {
  if (FindProgram("socat").empty()) GTEST_SKIP() << "socat is not installed";
  const TempFolder folder;
  const ServerProgram server({"--quiet"}, EveryEndpoint(folder));
  const std::string payload = TestPayload(4000);
  for (const std::string& endpoint : server.endpoints) {
    Program socat({"socat", "-t", "30", "-", ForSocat(endpoint, folder.Path("own"))});
    ASSERT_TRUE(WriteAll(socat.input.get(), payload));
    EXPECT_TRUE(ReadUpTo(socat.output.get(), payload.size()).bytes == payload) << endpoint;
  }
}

// Asks at (host, port) from the arguments and prints what came and whence.
constexpr char kAskByUdp[] = R"(
import socket, sys
family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
s.settimeout(30)
s.sendto(b'asked', (sys.argv[1], int(sys.argv[2])))
data, sender = s.recvfrom(100)
print(data.decode(), sender[0], sender[1])
)";

constexpr char kAskByUnix[] = R"(
import socket, sys
kind = {'unix': socket.SOCK_STREAM, 'unixpacket': socket.SOCK_SEQPACKET, 'unixgram': socket.SOCK_DGRAM}
s = socket.socket(socket.AF_UNIX, kind[sys.argv[1]])
s.settimeout(30)
if sys.argv[1] == 'unixgram': s.bind('')
s.connect(sys.argv[2])
for data in (b'\x00\xff one', b'two'):
    s.send(data)
    assert s.recv(100) == data
print('well')
)";

TEST(Endpoints, PythonIsAnsweredOnEachOfThem) {
  if (FindProgram("python3").empty()) GTEST_SKIP() << "python3 is not installed";
  const TempFolder folder;
  const ServerProgram server({"--quiet"}, EveryEndpoint(folder));
  for (const std::string& endpoint : server.endpoints) {
    const std::vector<std::string> parts = absl::StrSplit(endpoint, absl::MaxSplits("://", 1));
    if (parts[0] == "udp") {
      const auto address = SocketAddress::Parse(parts[1]);
      const std::string host = address->family() == AF_INET ? "127.0.0.1" : "::1";
      const std::string port = absl::StrCat(address->port());
      const Result result = RunToEnd({"python3", "-c", kAskByUdp, host, port});
      EXPECT_EQ(result.output, absl::StrCat("asked ", host, " ", port, "\n")) << result.error;
    } else if (absl::StartsWith(parts[0], "unix") && parts[0] != "unix-abstract") {
      const Result result = RunToEnd({"python3", "-c", kAskByUnix, parts[0], parts[1]});
      EXPECT_EQ(result.output, "well\n") << endpoint << result.error;
    }
  }
}

bool MayPing() {
  return UniqueFd(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP)) ||
         UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_ICMP));
}

TEST(Endpoints, TheKernelsOwnEchoReturnsEverySize) {
  if (!MayPing()) GTEST_SKIP() << "neither raw nor ping sockets may be opened";
  std::vector<std::string> endpoints = {"icmp://127.0.0.1"};
  if (HasIPv6()) endpoints.push_back("icmp://[::1]");
  for (const std::string& endpoint : endpoints) {
    for (const size_t size : {0, 1, 2, 1473, 65507}) {
      const std::string payload = TestPayload(size);
      const Result result = RunToEnd({kClient, endpoint}, payload);
      EXPECT_EQ(result.status, 0) << endpoint << " " << size << ": " << result.error;
      EXPECT_TRUE(result.output == payload) << endpoint << " " << size;
    }
  }
}

// A network of the test's own: commands in it run by `by`.
struct OwnNetwork {
  OwnNetwork() : holder({"unshare", "-rn", "sh", "-c", "ip link set lo up && echo up && cat"}) {
    works = ReadUpTo(holder.output.get(), 3).bytes == "up\n";
    by = {"nsenter", "-U", "-n", "--preserve-credentials", "-t", absl::StrCat(holder.pid())};
  }
  // Whether the shell command succeeded.
  bool Run(const std::string& command) const {
    return RunToEnd({"sh", "-c", command}, "", {.by = by}).status == 0;
  }
  Program holder;
  std::vector<std::string> by;
  bool works = false;
};

TEST(Endpoints, UdpIsAnsweredFromTheAddressThatWasAsked) {
  const OwnNetwork network;
  if (!network.works) GTEST_SKIP() << "no network namespace may be made here";
  std::vector<std::string> hosts = {"127.0.0.1", "127.8.9.10"};
  for (const std::string host : {"192.0.2.1", "198.51.100.7"}) {
    if (network.Run("ip addr add " + host + "/32 dev lo")) hosts.push_back(host);
  }
  std::vector<std::string> endpoints = {"udp://0.0.0.0:7777"};
  if (network.Run("ip -6 addr add 2001:db8::1/128 dev lo nodad && "
                  "ip -6 addr add 2001:db8::2/128 dev lo nodad")) {
    endpoints.push_back("udp://[::]:7777");
    hosts.insert(hosts.end(), {"::1", "2001:db8::1", "2001:db8::2"});
  }
  ASSERT_GE(hosts.size(), 4u);
  const ServerProgram server({"--quiet"}, endpoints, {.by = network.by});
  for (const std::string& host : hosts) {
    const std::string endpoint =
        absl::StrContains(host, ":") ? "udp://[" + host + "]:7777" : "udp://" + host + ":7777";
    // The client's socket is connected: an answer from elsewhere would be none.
    const Result ours = RunToEnd({kClient, endpoint}, "who is there", {.by = network.by});
    EXPECT_EQ(ours.output, "who is there") << host << ": " << ours.error;
    if (FindProgram("python3").empty()) continue;
    const Result other =
        RunToEnd({"python3", "-c", kAskByUdp, host, "7777"}, "", {.by = network.by});
    EXPECT_EQ(other.output, "asked " + host + " 7777\n") << other.error;
  }
}

TEST(Endpoints, AnIcmpServerTakesTheKernelsPlaceAndNothingLess) {
  const OwnNetwork network;
  if (!network.works) GTEST_SKIP() << "no network namespace may be made here";
  const Result refused = RunToEnd({kServer, "icmp://127.0.0.1"}, "", {.by = network.by});
  EXPECT_EQ(refused.status, 1);
  EXPECT_TRUE(IsOneLine(refused.error)) << refused.error;
  EXPECT_TRUE(absl::StrContains(refused.error, "icmp_echo_ignore_all")) << refused.error;
  if (!network.Run("echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all")) {
    GTEST_SKIP() << "the kernel's own echo can't be turned off here";
  }
  const Result silent = RunToEnd({kClient, "--tries", "1", "--wait-ms", "50", "icmp://127.0.0.1"},
                                 "x", {.by = network.by});
  EXPECT_EQ(silent.status, 1);
  EXPECT_TRUE(absl::StrContains(silent.error, "no answer to datagram 1")) << silent.error;
  const ServerProgram server({"--quiet"}, {"icmp://127.0.0.1"}, {.by = network.by});
  for (const size_t size : {0, 1, 1473, 65507}) {
    const std::string payload = TestPayload(size);
    const Result result = RunToEnd({kClient, "icmp://127.0.0.1"}, payload, {.by = network.by});
    EXPECT_EQ(result.status, 0) << size << ": " << result.error;
    EXPECT_TRUE(result.output == payload) << size;
  }
}

TEST(Endpoints, NobodyThereIsAnErrorWithItsNameOnEachTransport) {
  const TempFolder folder;
  const DeafSocket tcp(SOCK_STREAM);
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"tcp://" + tcp.text, "ECONNREFUSED"},
      {"unix://" + folder.Path("none"), "ENOENT"},
      {"unix-abstract://" + folder.Path("none"), "ECONNREFUSED"},
      {"unixgram://" + folder.Path("none"), "ENOENT"},
      {"unixpacket://" + folder.Path("none"), "ENOENT"}};
  for (const auto& [endpoint, name] : rows) {
    const Result result = RunToEnd({kClient, endpoint}, "x");
    EXPECT_EQ(result.status, 1) << endpoint;
    EXPECT_TRUE(IsOneLine(result.error)) << result.error;
    EXPECT_TRUE(absl::StrContains(result.error, name)) << result.error;
  }
}

TEST(Endpoints, AClosedUdpPortIsARefusal) {
  uint16_t port = 0;
  {
    const ServerProgram server({"--quiet"}, {"udp://127.0.0.1:0"});
    port = SocketAddress::Parse(absl::StripPrefix(server.endpoint, "udp://"))->port();
  }
  const Result result = RunToEnd({kClient, absl::StrCat("udp://127.0.0.1:", port)}, "x");
  EXPECT_EQ(result.status, 1);
  EXPECT_TRUE(absl::StrContains(result.error, "ECONNREFUSED")) << result.error;
}

TEST(Endpoints, AUnixPathOf108BytesIsWrongUsageAndNeverCut) {
  const TempFolder folder;
  const std::string prefix = folder.Path("");
  const std::string longest = prefix + std::string(107 - prefix.size(), 'x');
  ServerProgram server({"--quiet"}, {"unix://" + longest});
  EXPECT_EQ(RunToEnd({kClient, "unix://" + longest}, "whole").output, "whole");
  for (const char* program : {kServer, kClient}) {
    const Result result = RunToEnd({program, "unix://" + longest + "y"});
    EXPECT_EQ(result.status, 2);
    EXPECT_TRUE(IsOneLine(result.error)) << result.error;
    EXPECT_TRUE(absl::StrContains(result.error, "107 bytes at most")) << result.error;
  }
}

TEST(Endpoints, AStaleSocketFileIsReplacedALiveOneIsNotAndNoneIsLeftBehind) {
  const TempFolder folder;
  for (const std::string scheme : {"unix", "unixgram", "unixpacket"}) {
    const std::string path = folder.Path(scheme), endpoint = scheme + "://" + path;
    {
      ServerProgram killed({"--quiet"}, {endpoint});
      const Result second = RunToEnd({kServer, endpoint});
      EXPECT_EQ(second.status, 1);
      EXPECT_TRUE(absl::StrContains(second.error, "EADDRINUSE")) << second.error;
      EXPECT_EQ(RunToEnd({kClient, endpoint}, "still there").output, "still there");
      killed.Signal(SIGKILL);
    }
    EXPECT_TRUE(std::filesystem::exists(path));
    ServerProgram server({"--quiet"}, {endpoint});
    EXPECT_EQ(RunToEnd({kClient, endpoint}, "again").output, "again");
    server.Signal(SIGTERM);
    EXPECT_EQ(server.Wait(), 0);
    EXPECT_FALSE(std::filesystem::exists(path));
  }
}

TEST(Endpoints, NamesInTheLogCannotWriteOnATerminalAsTheyLike) {
  const TempFolder folder;
  const std::string name = folder.Path("\x1b[2J\nforged");
  Program server({kServer, "unix-abstract://" + name});
  EXPECT_EQ(server.ErrorLine(),
            absl::StrCat("listening on unix-abstract://", folder.Path(""), "\\x1b[2J\\nforged"));
  // A peer's name too.
  const UniqueFd peer(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const SocketAddress own = *SocketAddress::FromAbstract(name + "peer");
  const SocketAddress to = *SocketAddress::FromAbstract(name);
  ASSERT_EQ(::bind(peer.get(), own.data(), own.size()), 0);
  ASSERT_EQ(::connect(peer.get(), to.data(), to.size()), 0);
  EXPECT_EQ(server.ErrorLine(),
            absl::StrCat("connected @", folder.Path(""), "\\x1b[2J\\nforgedpeer"));
}

TEST(Endpoints, TheClientShowsBothEnds) {
  const ServerProgram server({"--quiet"});
  const Result result = RunToEnd({kClient, "--ends", server.endpoint}, "x");
  EXPECT_TRUE(IsOneLine(result.error)) << result.error;
  EXPECT_TRUE(absl::StartsWith(result.error, "127.0.0.1:")) << result.error;
  EXPECT_TRUE(absl::EndsWith(result.error, " -> 127.0.0.1:" + server.port + "\n")) << result.error;
}

}  // namespace
}  // namespace verbatim
