// One echo-server on every kind of endpoint, asked by echo-client, by socat and by Python; ICMP and
// servers with several addresses in a network namespace of the test's own.
// Not for: what makes it a daemon (daemon_programs_test.cc).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/address.h"
#include "echo/peer_test.h"
#include "echo/program_test.h"

namespace verbatim {
namespace {

using Words = std::vector<std::string>;

// One server on all that needs no privileges.
struct EverySocket {
  TempFolder folder;
  Words where = {"tcp://127.0.0.1:0",
                 "udp://127.0.0.1:0",
                 "unix://" + folder.Path("stream"),
                 "unix-abstract://" + folder.Path("abstract"),
                 "unixgram://" + folder.Path("datagrams"),
                 "unixpacket://" + folder.Path("records")};
  std::unique_ptr<ServerProgram> server;

  EverySocket() {
    if (HasIPv6()) where.insert(where.end(), {"tcp://[::1]:0", "udp://[::1]:0"});
    server = std::make_unique<ServerProgram>(Words{"--quiet"}, where);
  }
};

// "127.0.0.1:7" of "tcp://127.0.0.1:7".
std::string AfterScheme(const std::string& endpoint) {
  return endpoint.substr(endpoint.find("://") + 3);
}

bool KeepsBoundaries(const std::string& endpoint) {
  return absl::StartsWith(endpoint, "udp:") || absl::StartsWith(endpoint, "unixgram:") ||
         absl::StartsWith(endpoint, "unixpacket:");
}

void ExpectEcho(const Words& command, const std::string& payload, const Setting& setting = {}) {
  const Result result = RunToEnd(command, payload, setting);
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_TRUE(result.output == payload) << result.output.size() << " of " << payload.size();
  EXPECT_EQ(result.error, "");
}

TEST(EveryEndpoint, IsEchoedToTheClientBytesOfAllValuesAndNone) {
  const EverySocket sockets;
  for (const std::string& endpoint : sockets.server->endpoints) {
    SCOPED_TRACE(endpoint);
    ExpectEcho({kClient, endpoint}, TestPayload(200'000));
    ExpectEcho({kClient, endpoint}, "");
  }
}

TEST(EveryEndpoint, ReturnsEachDatagramInItsOwnSize) {
  const EverySocket sockets;
  for (const std::string& endpoint : sockets.server->endpoints) {
    SCOPED_TRACE(endpoint);
    ExpectEcho({kClient, endpoint, "--datagram-bytes", "1"}, TestPayload(20));
    ExpectEcho({kClient, endpoint, "--datagram-bytes", "1473"}, TestPayload(3 * 1473));
    if (!absl::StartsWith(endpoint, "unix")) continue;
    // Larger than UDP has any.
    ExpectEcho({kClient, endpoint, "--datagram-bytes", "100000"}, TestPayload(100'000));
  }
}

// The address as socat writes it; `own` is a path for those that must have one to be answered.
std::string SocatAddress(const std::string& endpoint, const std::string& own) {
  const std::string where = AfterScheme(endpoint);
  const bool is_ipv6 = absl::StartsWith(where, "[");
  if (absl::StartsWith(endpoint, "tcp:")) return (is_ipv6 ? "TCP6:" : "TCP:") + where;
  if (absl::StartsWith(endpoint, "udp:")) return (is_ipv6 ? "UDP6:" : "UDP:") + where;
  if (absl::StartsWith(endpoint, "unix:")) return "UNIX-CONNECT:" + where;
  if (absl::StartsWith(endpoint, "unix-abstract:")) return "ABSTRACT-CONNECT:" + where;
  if (absl::StartsWith(endpoint, "unixpacket:")) return "UNIX-CONNECT:" + where + ",type=5";
  return absl::StrCat("UNIX-SENDTO:", where, ",bind=", own);
}

TEST(EveryEndpoint, IsEchoedThroughSocat) {
  if (FindProgram("socat").empty()) GTEST_SKIP() << "socat is not installed";
  const EverySocket sockets;
  for (const std::string& endpoint : sockets.server->endpoints) {
    SCOPED_TRACE(endpoint);
    const Words command = {"socat", "-t30", "-",
                           SocatAddress(endpoint, sockets.folder.Path("socat"))};
    if (!KeepsBoundaries(endpoint)) {
      ExpectEcho(command, TestPayload(200'000));
      ExpectEcho(command, "");
      continue;
    }
    // Datagrams have no end to wait for: its input stays open until they are back.
    const Program socat(command);
    const std::string payload = TestPayload(4000);
    ASSERT_TRUE(WriteAll(socat.input.get(), payload));
    EXPECT_TRUE(ReadUpTo(socat.output.get(), payload.size()).bytes == payload);
  }
}

// Arguments: the scheme, the host and port or the path, and how many bytes.
constexpr char kPython[] = R"(
import os, socket, sys
scheme, where, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
payload = os.urandom(count)
kind = {'udp': socket.SOCK_DGRAM, 'unixgram': socket.SOCK_DGRAM,
        'unixpacket': socket.SOCK_SEQPACKET}.get(scheme, socket.SOCK_STREAM)
if scheme in ('tcp', 'udp'):
    host, port = where.rsplit(':', 1)
    family = socket.AF_INET6 if host[0] == '[' else socket.AF_INET
    address = (host.strip('[]'), int(port))
else:
    family = socket.AF_UNIX
    address = '\0' + where if scheme == 'unix-abstract' else where
s = socket.socket(family, kind)
s.settimeout(30)
if scheme == 'unixgram':
    s.bind('')
s.connect(address)
s.sendall(payload)
if kind == socket.SOCK_STREAM:
    s.shutdown(socket.SHUT_WR)
    back = b''
    while True:
        piece = s.recv(65536)
        if not piece:
            break
        back += piece
else:
    back = s.recv(1 << 20)
assert back == payload, (len(back), len(payload))
print('verbatim')
)";

TEST(EveryEndpoint, IsEchoedToPython) {
  if (FindProgram("python3").empty()) GTEST_SKIP() << "python3 is not installed";
  const EverySocket sockets;
  for (const std::string& endpoint : sockets.server->endpoints) {
    for (const char* const bytes : {"50000", "0"}) {
      SCOPED_TRACE(absl::StrCat(endpoint, ", bytes: ", bytes));
      const std::string scheme = endpoint.substr(0, endpoint.find(':'));
      // An empty record can't be told from the end.
      if (scheme == "unixpacket" && bytes[0] == '0') continue;
      const Result result =
          RunToEnd({"python3", "-c", kPython, scheme, AfterScheme(endpoint), bytes});
      EXPECT_EQ(result.output, "verbatim\n") << result.error;
    }
  }
}

TEST(EveryEndpoint, EndsPrintsTheTwoEndsOfTheConnection) {
  const EverySocket sockets;
  for (const std::string& endpoint : sockets.server->endpoints) {
    const Result result = RunToEnd({kClient, endpoint, "--ends"}, "x");
    EXPECT_EQ(result.status, 0) << result.error;
    EXPECT_TRUE(IsOneLine(result.error)) << result.error;
    const std::string at = absl::StrContains(endpoint, "abstract") ? "@" : "";
    EXPECT_TRUE(absl::EndsWith(result.error, absl::StrCat(" -> ", at, AfterScheme(endpoint), "\n")))
        << result.error;
    if (absl::StartsWith(endpoint, "unix:")) EXPECT_EQ(result.error.rfind("unnamed -> ", 0), 0u);
  }
}

TEST(EveryEndpoint, EndsNamesTheSamePeerAsTheServersLog) {
  const ServerProgram server;
  const Result result = RunToEnd({kClient, server.endpoint, "--ends"}, "x");
  const std::string own = result.error.substr(0, result.error.find(" -> "));
  EXPECT_EQ(server.ErrorLine(), absl::StrCat("connected ", own));
}

TEST(EveryEndpoint, WhereNobodyIsTheClientSaysRefused) {
  const TempFolder folder;
  const DeafSocket tcp(SOCK_STREAM), udp(SOCK_DGRAM);
  for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
    ASSERT_TRUE(BindTo(folder.Address(absl::StrCat("stale", type)), type));  // and closed again
  }
  const Words refused = {"tcp://" + tcp.text,
                         "udp://" + udp.text,
                         absl::StrCat("unix://", folder.Path("stale"), int{SOCK_STREAM}),
                         absl::StrCat("unixgram://", folder.Path("stale"), int{SOCK_DGRAM}),
                         absl::StrCat("unixpacket://", folder.Path("stale"), int{SOCK_SEQPACKET}),
                         "unix-abstract://" + folder.Path("nobody")};
  for (const std::string& endpoint : refused) {
    const Result result = RunToEnd({kClient, endpoint}, "x");
    EXPECT_EQ(result.status, 1) << endpoint;
    EXPECT_TRUE(IsOneLine(result.error)) << result.error;
    EXPECT_TRUE(absl::StrContains(result.error, "Connection refused (ECONNREFUSED)"))
        << result.error;
  }
  const Result absent = RunToEnd({kClient, "unix://" + folder.Path("absent")}, "x");
  EXPECT_EQ(absent.error, absl::StrCat("echo-client: connect ", folder.Path("absent"),
                                       ": No such file or directory (ENOENT)\n"));
  EXPECT_EQ(absent.status, 1);
}

TEST(UnixEndpoint, APathOf108BytesIsWrongUsageAndNeverCut) {
  const TempFolder folder;
  const std::string start = folder.Path("");
  const std::string longest = start + std::string(107 - start.size(), 'p');
  for (const char* const scheme : {"unix://", "unixgram://", "unixpacket://"}) {
    for (const char* const program : {kServer, kClient}) {
      const Result result = RunToEnd({program, absl::StrCat(scheme, longest, "q")});
      EXPECT_EQ(result.status, 2) << result.error;
      EXPECT_TRUE(IsOneLine(result.error)) << result.error;
    }
    const ServerProgram server({"--quiet"}, {scheme + longest});
    ExpectEcho({kClient, scheme + longest}, "107");
    EXPECT_TRUE(std::filesystem::exists(longest));
  }
}

TEST(UnixEndpoint, AStaleFileIsReplacedALiveOneIsInUseAndItGoesWithTheServer) {
  const TempFolder folder;
  const struct {
    const char* scheme;
    int type;
  } kinds[] = {
      {"unix://", SOCK_STREAM}, {"unixgram://", SOCK_DGRAM}, {"unixpacket://", SOCK_SEQPACKET}};
  for (const auto& [scheme, type] : kinds) {
    SCOPED_TRACE(scheme);
    const std::string path = folder.Path(absl::StrCat("at", type)), endpoint = scheme + path;
    ASSERT_TRUE(BindTo(folder.Address(absl::StrCat("at", type)), type));
    ServerProgram server({"--quiet"}, {endpoint});
    const Result second = RunToEnd({kServer, endpoint});
    EXPECT_EQ(second.status, 1);
    EXPECT_EQ(second.error,
              absl::StrCat("echo-server: bind ", path, ": Address already in use (EADDRINUSE)\n"));
    ExpectEcho({kClient, endpoint}, "still the first");
    server.Signal(SIGTERM);
    EXPECT_EQ(server.Wait(), 0);
    EXPECT_FALSE(std::filesystem::exists(path));
  }
}

TEST(UnixEndpoint, AFileThatIsNoSocketIsLeftAsItIs) {
  const TempFolder folder;
  const std::string path = folder.Path("notes");
  std::ofstream(path) << "precious";
  const Result result = RunToEnd({kServer, "unix://" + path});
  EXPECT_EQ(result.status, 1);
  EXPECT_TRUE(absl::EndsWith(result.error, "(EADDRINUSE)\n")) << result.error;
  EXPECT_EQ(FileText(path), "precious");
}

// A name that would clear a terminal's screen and forge a line of the log.
TEST(UnixEndpoint, ControlCharactersOfNamesAreEscapedInTheLog) {
  const TempFolder folder;
  const std::string evil = "\x1b[2J\nended forged: ";
  const std::string escaped = R"(\x1b[2J\nended forged: )";
  const std::string name = evil + folder.Path("server");
  const ServerProgram server({}, {"unix-abstract://" + name});
  EXPECT_EQ(server.endpoint, absl::StrCat("unix-abstract://", escaped, folder.Path("server")));
  const UniqueFd peer =
      BindTo(*SocketAddress::FromAbstract(evil + folder.Path("peer")), SOCK_STREAM);
  const SocketAddress address = *SocketAddress::FromAbstract(name);
  ASSERT_EQ(::connect(peer.get(), address.data(), address.size()), 0);
  ASSERT_TRUE(WriteAll(peer.get(), "abc"));
  ASSERT_EQ(ReadUpTo(peer.get(), 3).bytes, "abc");
  ::shutdown(peer.get(), SHUT_WR);
  const std::string peer_name = absl::StrCat("@", escaped, folder.Path("peer"));
  EXPECT_EQ(server.ErrorLine(), absl::StrCat("connected ", peer_name));
  EXPECT_EQ(server.ErrorLine(),
            absl::StrCat("ended ", peer_name, ": 3 bytes received, 3 returned"));
  const Result ends = RunToEnd({kClient, "--ends", "unix-abstract://" + name}, "x");
  EXPECT_TRUE(IsOneLine(ends.error)) << ends.error;
}

TEST(UnixEndpoint, ControlCharactersOfNamesAreEscapedInComplaints) {
  const TempFolder folder;
  const std::string endpoint = absl::StrCat("unix://", folder.Path("no/\x1b[2J\nforged"));
  for (const char* const program : {kServer, kClient}) {
    const Result result = RunToEnd({program, endpoint});
    EXPECT_EQ(result.status, 1);
    EXPECT_TRUE(IsOneLine(result.error)) << result.error;
    EXPECT_FALSE(absl::StrContains(result.error, "\x1b")) << result.error;
  }
}

// A network of its own: its loopback has the addresses, and none but its root is needed.
class Network {
 public:
  // `setup` is shell, run inside, with ip(8) as $ip.
  explicit Network(const std::string& setup)
      : is_root_(::geteuid() == 0), holder_(Holder(is_root_, setup)) {
    is_there_ = holder_ != nullptr && ReadUpTo(holder_->output.get(), 6).bytes == "ready\n";
    if (is_there_) return;
    why_ = holder_ == nullptr ? "unshare, nsenter or ip is not installed"
                              : absl::StrCat("no namespace: ", holder_->ErrorLine());
  }
  bool IsThere() const { return is_there_; }
  const std::string& why() const { return why_; }

  // What runs a program inside.
  Words By() const {
    const std::string ns = absl::StrCat("/proc/", holder_->pid(), "/ns/");
    if (is_root_) return {"nsenter", "--net=" + ns + "net", "--"};
    return {"nsenter", "--user=" + ns + "user", "--net=" + ns + "net", "--preserve-credentials",
            "--"};
  }
  Setting Inside() const { return {.by = By()}; }

 private:
  static std::unique_ptr<Program> Holder(bool is_root, const std::string& setup) {
    const std::string ip = FindProgram("ip");
    if (ip.empty() || FindProgram("unshare").empty() || FindProgram("nsenter").empty()) {
      return nullptr;
    }
    const std::string script =
        absl::StrCat("set -e; ip=$0; $ip link set lo up; ", setup, "; echo ready; exec cat");
    Words command = {"unshare", is_root ? "-n" : "-rn", "sh", "-c", script, ip};
    return std::make_unique<Program>(command);
  }

  const bool is_root_;
  std::unique_ptr<Program> holder_;
  bool is_there_ = false;
  std::string why_;
};

constexpr char kAnswers4[] = "/proc/sys/net/ipv4/icmp_echo_ignore_all";
constexpr char kAnswers6[] = "/proc/sys/net/ipv6/icmp/echo_ignore_all";

constexpr size_t kIcmpSizes[] = {0, 1, 1473, 65507};

TEST(IcmpEndpoint, TheKernelAnswersTheClientInEverySize) {
  for (const std::string host : {"127.0.0.1", "[::1]"}) {
    const bool is_ipv6 = host == "[::1]";
    if (is_ipv6 && !HasIPv6()) continue;
    if (FileText(is_ipv6 ? kAnswers6 : kAnswers4) == "1\n") {
      GTEST_SKIP() << "the kernel does not answer at " << host;
    }
    for (const size_t bytes : kIcmpSizes) {
      SCOPED_TRACE(absl::StrCat(host, ", ", bytes, " bytes"));
      const std::string payload = TestPayload(bytes);
      const Result result = RunToEnd({kClient, "icmp://" + host}, payload);
      if (absl::EndsWith(result.error, "(EPERM)\n") || absl::EndsWith(result.error, "(EACCES)\n")) {
        GTEST_SKIP() << result.error;
      }
      EXPECT_EQ(result.status, 0) << result.error;
      EXPECT_TRUE(result.output == payload) << result.output.size();
    }
  }
}

TEST(IcmpEndpoint, TheServerRefusesWhileTheKernelAnswers) {
  if (FileText(kAnswers4) != "0\n") GTEST_SKIP() << "the kernel does not answer echo requests";
  const Result result = RunToEnd({kServer, "icmp://127.0.0.1"});
  EXPECT_EQ(result.status, 1);
  EXPECT_TRUE(IsOneLine(result.error)) << result.error;
  EXPECT_TRUE(absl::StrContains(result.error, kAnswers4)) << result.error;
}

TEST(IcmpEndpoint, TheServerAnswersWhereTheKernelDoesNot) {
  const bool ipv6 = HasIPv6();
  const Network network(
      absl::StrCat("echo 1 > ", kAnswers4, ipv6 ? absl::StrCat("; echo 1 > ", kAnswers6) : ""));
  if (!network.IsThere()) GTEST_SKIP() << network.why();
  Words where = {"icmp://127.0.0.1"};
  if (ipv6) where.emplace_back("icmp://[::1]");
  const Result silence =
      RunToEnd({kClient, where[0], "--tries", "1", "--wait-ms", "100"}, "x", network.Inside());
  ASSERT_EQ(silence.status, 1) << "somebody answers already";
  const ServerProgram server({}, where, network.Inside());
  EXPECT_EQ(server.endpoints, where);
  for (const std::string& endpoint : where) {
    for (const size_t bytes : kIcmpSizes) {
      SCOPED_TRACE(absl::StrCat(endpoint, ", ", bytes, " bytes"));
      ExpectEcho({kClient, endpoint}, TestPayload(bytes), network.Inside());
    }
  }
}

// Prints from where each was answered. Arguments: the port, and hosts.
constexpr char kAskEach[] = R"(
import socket, sys
for host in sys.argv[2:]:
    s = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(30)
    s.sendto(b'where', (host, int(sys.argv[1])))
    data, source = s.recvfrom(100)
    assert data == b'where'
    print(source[0])
)";

const Words kManyHosts4 = {"127.0.0.1", "127.9.9.9", "10.9.8.7", "10.9.8.6", "192.168.77.1"};
const Words kManyHosts6 = {"::1", "fd09::7", "fd09::8"};

std::string ManyAddresses(bool ipv6) {
  std::string setup = "true";
  for (const std::string& host : kManyHosts4) {
    if (!absl::StartsWith(host, "127.")) {
      absl::StrAppend(&setup, "; $ip addr add ", host, "/32 dev lo");
    }
  }
  if (!ipv6) return setup;
  for (const std::string& host : kManyHosts6) {
    if (host != "::1") absl::StrAppend(&setup, "; $ip addr add ", host, "/128 dev lo nodad");
  }
  return setup;
}

// echo-client hears only the address that it asked; Python says from where the answer came.
void ExpectAnswersFrom(const Network& network, const Words& hosts, const std::string& port) {
  std::string each;
  for (const std::string& host : hosts) {
    SCOPED_TRACE(host);
    const std::string shown = absl::StrContains(host, ":") ? absl::StrCat("[", host, "]") : host;
    ExpectEcho({kClient, absl::StrCat("udp://", shown, ":", port)}, TestPayload(70'000),
               network.Inside());
    absl::StrAppend(&each, host, "\n");
  }
  if (FindProgram("python3").empty()) return;
  Words command = {"python3", "-c", kAskEach, port};
  command.insert(command.end(), hosts.begin(), hosts.end());
  const Result python = RunToEnd(command, "", network.Inside());
  EXPECT_EQ(python.output, each) << python.error;
}

TEST(UdpEndpoint, AWildcardAnswersFromTheAddressThatWasAsked) {
  const bool ipv6 = HasIPv6();
  const Network network(ManyAddresses(ipv6));
  if (!network.IsThere()) GTEST_SKIP() << network.why();
  Words where = {"udp://0.0.0.0:0"};
  if (ipv6) where.emplace_back("udp://[::]:0");
  const ServerProgram server({"--quiet"}, where, network.Inside());
  const auto port = [&](size_t i) {
    return server.endpoints[i].substr(server.endpoints[i].rfind(':') + 1);
  };
  ExpectAnswersFrom(network, kManyHosts4, port(0));
  if (ipv6) ExpectAnswersFrom(network, kManyHosts6, port(1));
}

// One socket for both families, as a service manager makes it (ListenDatagram=7).
TEST(UdpEndpoint, AnInheritedSocketOfBothFamiliesAnswersFromTheAddressThatWasAsked) {
  if (!HasIPv6()) GTEST_SKIP() << "no IPv6 here";
  if (FindProgram("systemd-socket-activate").empty()) {
    GTEST_SKIP() << "systemd-socket-activate is not installed";
  }
  const Network network(ManyAddresses(true));
  if (!network.IsThere()) GTEST_SKIP() << network.why();
  // A namespace of our own has every port free.
  const Program activated({"systemd-socket-activate", "--datagram", "-l", "[::]:7", kServer},
                          network.Inside());
  ASSERT_NE(activated.ErrorLineWith("Listening on"), "");
  ExpectAnswersFrom(network, kManyHosts6, "7");
  for (const std::string& host : kManyHosts4) {
    ExpectEcho({kClient, absl::StrCat("udp://", host, ":7")}, "four", network.Inside());
  }
}

TEST(EveryEndpoint, ANameMayStandForItsHostAndAServiceForItsPort) {
  const Network network("true");
  if (!network.IsThere()) GTEST_SKIP() << network.why();
  // Port 7 of a network of our own.
  const ServerProgram server({"--quiet"}, {"tcp://127.0.0.1:echo", "udp://127.0.0.1:echo"},
                             network.Inside());
  EXPECT_EQ(server.endpoints, (Words{"tcp://127.0.0.1:7", "udp://127.0.0.1:7"}));
  ExpectEcho({kClient, "localhost", "echo"}, "by name", network.Inside());
  ExpectEcho({kClient, "udp://127.0.0.1:echo"}, "by name", network.Inside());
}

}  // namespace
}  // namespace verbatim
