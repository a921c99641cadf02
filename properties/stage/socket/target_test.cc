// Targets: what is filled in, what is waited for, and how they die.
#include "properties/stage/socket/target.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "properties/stage/socket/family.h"

namespace verbatim {
namespace {

// A server in the shell would need another program; python3 is what the tests have.
constexpr char kPython[] =
    "python3 -c 'import socket,sys,time\n"
    "s=socket.socket(); s.bind((\"127.0.0.1\",int(sys.argv[1]))); s.listen()\n"
    "while True:\n  c=s.accept()[0]; print(\"served\",flush=True); c.close()' {port}";

TEST(Target, ACommandWithoutAPlaceForThePortIsRefused) {
  const auto target = Target::Spawned("socat TCP-LISTEN:7 PIPE");
  EXPECT_TRUE(absl::IsInvalidArgument(target.status()));
  EXPECT_NE(target.status().message().find("{port}"), absl::string_view::npos) << target.status();
}

TEST(Target, OneThatEndsBeforeItListensIsSaidAtOnceWithItsLastWords) {
  auto target = Target::Spawned("echo no luck with {port} {x} >&2; exit 3");
  ASSERT_TRUE(target.ok());
  const absl::Status status = (*target)->Prepare(60'000);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_NE(status.message().find("exited with status 3"), absl::string_view::npos) << status;
  EXPECT_NE(status.message().find("no luck with"), absl::string_view::npos) << status;
  EXPECT_NE(status.message().find("{x}"), absl::string_view::npos) << status;
}

TEST(Target, OneThatNeverListensIsGivenUp) {
  auto target = Target::Spawned("exec sleep 1000 # {port}");
  ASSERT_TRUE(target.ok());
  const absl::Status status = (*target)->Prepare(50);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_NE(status.message().find("did not listen on port"), absl::string_view::npos) << status;
}

TEST(Target, IsReadyOnceItListensAndNobodyHasConnectedToIt) {
  auto target = Target::Spawned(kPython);
  ASSERT_TRUE(target.ok());
  ASSERT_TRUE((*target)->Prepare(60'000).ok());
  EXPECT_EQ((*target)->addresses().size(), 1u);
  EXPECT_EQ((*target)->Output(), "");
  EXPECT_FALSE((*target)->Died().has_value());
  EXPECT_EQ((*target)->starts(), 1);
  EXPECT_TRUE((*target)->Prepare(60'000).ok());
  EXPECT_EQ((*target)->starts(), 1) << "it was running";
}

TEST(Target, ADaemonThatLeavesItsParentIsWaitedForAndAlive) {
  auto target = Target::Spawned(std::string("setsid ") + kPython + " & exit 0");
  ASSERT_TRUE(target.ok());
  ASSERT_TRUE((*target)->Prepare(60'000).ok());
  EXPECT_FALSE((*target)->DiedWithin(50).has_value());
}

TEST(Target, ADeathIsSeenAndTheNextPrepareStartsItAgain) {
  auto target = Target::Spawned(
      "python3 -c 'import socket,sys\ns=socket.socket(); s.bind((\"127.0.0.1\",int(sys.argv[1]))); "
      "s.listen(); s.accept(); sys.exit(5)' {port}");
  ASSERT_TRUE(target.ok());
  ASSERT_TRUE((*target)->Prepare(60'000).ok());
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM, 0));
  const SocketAddress address = (*target)->addresses().front();
  ASSERT_EQ(::connect(fd.get(), address.data(), address.size()), 0);
  EXPECT_EQ((*target)->DiedWithin(20'000), "exited with status 5");
  ASSERT_TRUE((*target)->Prepare(60'000).ok());
  EXPECT_EQ((*target)->starts(), 2);
  EXPECT_FALSE((*target)->Died().has_value());
}

TEST(Target, ARemoteOneIsResolvedAndHasNoProcess) {
  const auto endpoint = Endpoint::Parse("127.0.0.1:7");
  ASSERT_TRUE(endpoint.ok());
  auto target = Target::Remote(*endpoint);
  ASSERT_TRUE(target.ok());
  EXPECT_EQ((*target)->name(), "tcp://127.0.0.1:7");
  EXPECT_EQ((*target)->capabilities() & kSpawned, 0u);
  EXPECT_TRUE((*target)->Prepare(1).ok());
  EXPECT_FALSE((*target)->Died().has_value());
}

// A unix echo that forgets its file, and one over TCP that can be started again at once.
constexpr char kUnixPython[] =
    "exec python3 -c 'import socket,sys\n"
    "s=socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()\n"
    "while True:\n  c=s.accept()[0]\n  while True:\n    d=c.recv(4096)\n"
    "    if not d: break\n    c.sendall(d)' {path}";
constexpr char kTcpPython[] =
    "exec python3 -c 'import socket,sys\n"
    "s=socket.socket(); s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1)\n"
    "s.bind((\"127.0.0.1\",int(sys.argv[1]))); s.listen()\n"
    "while True:\n  c=s.accept()[0]\n  while True:\n    d=c.recv(4096)\n"
    "    if not d: break\n    c.sendall(d)' {port}";

// Whether what is sent comes back.
bool Echoes(Line& line) {
  const char byte = 'x';
  if (line.Send(absl::MakeConstSpan(&byte, 1)) != 1) return false;
  pollfd poll = {line.fd(), POLLIN, 0};
  char back = 0;
  return ::poll(&poll, 1, 20'000) == 1 && line.Recv(absl::MakeSpan(&back, 1)) == 1 && back == byte;
}

TEST(Target, AUnixOneIsGivenAPathOfItsOwnThatGoesWithIt) {
  auto target = Target::Spawned(kUnixPython, Target::Over::kUnix);
  ASSERT_TRUE(target.ok());
  EXPECT_EQ((*target)->capabilities(), uint32_t{kSpawned | kHalfClose | kServer | kLocal});
  EXPECT_NE((*target)->argument().find("--over unix"), std::string::npos);
  ASSERT_TRUE((*target)->Prepare(60'000).ok());
  ASSERT_EQ((*target)->addresses().size(), 1u);
  const std::string path((*target)->addresses()[0].unix_name());
  EXPECT_LE(path.size(), 107u);
  Line line;
  ASSERT_TRUE(line.Connect((*target)->door(), 20'000).ok());
  EXPECT_TRUE(Echoes(line));
  EXPECT_EQ(::access(path.c_str(), F_OK), 0);
  target->reset();
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

TEST(Target, AUnixCommandWithoutAPlaceForThePathIsRefused) {
  const auto target = Target::Spawned("server {port}", Target::Over::kUnix);
  EXPECT_TRUE(absl::IsInvalidArgument(target.status()));
  EXPECT_NE(target.status().message().find("{path}"), absl::string_view::npos) << target.status();
  EXPECT_TRUE(Target::Spawned("server {endpoint}", Target::Over::kUnix).ok());
}

TEST(Target, IsTerminatedAndStartedAgainWhereItWas) {
  auto target = Target::Spawned(kTcpPython);
  ASSERT_TRUE(target.ok());
  ASSERT_TRUE((*target)->Prepare(60'000).ok());
  const SocketAddress address = (*target)->addresses().front();
  Line line;
  ASSERT_TRUE(line.Connect((*target)->door(), 20'000).ok());
  EXPECT_TRUE(Echoes(line));
  (*target)->Terminate();
  EXPECT_EQ((*target)->DiedWithin(20'000), "was killed by SIGTERM");
  ASSERT_TRUE((*target)->StartAgain(60'000).ok());
  EXPECT_EQ((*target)->addresses().front(), address);
  EXPECT_EQ((*target)->starts(), 1);
  ASSERT_TRUE(line.Connect((*target)->door(), 20'000).ok());
  EXPECT_TRUE(Echoes(line));
}

TEST(Target, AFileThatIsLeftKeepsAForgetfulUnixServerFromStartingAgain) {
  auto target = Target::Spawned(kUnixPython, Target::Over::kUnix);
  ASSERT_TRUE(target.ok());
  ASSERT_TRUE((*target)->Prepare(60'000).ok());
  (*target)->Terminate();
  ASSERT_TRUE((*target)->DiedWithin(20'000).has_value());
  const absl::Status status = (*target)->StartAgain(60'000);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_TRUE((*target)->Prepare(60'000).ok()) << "a fresh path has no such file";
}

TEST(Target, ACloneIsAnInstanceOfItsOwnWithTheSameLimits) {
  auto target = Target::Spawned(kTcpPython);
  ASSERT_TRUE(target.ok());
  (*target)->Without(kHalfClose);
  ASSERT_TRUE((*target)->Prepare(60'000).ok());
  const auto clone = (*target)->Clone();
  EXPECT_TRUE(clone->addresses().empty());
  EXPECT_EQ(clone->capabilities(), (*target)->capabilities());
  EXPECT_EQ(clone->argument(), (*target)->argument());
  ASSERT_TRUE(clone->Prepare(60'000).ok());
  EXPECT_FALSE(clone->addresses().front() == (*target)->addresses().front());
  clone->Stop();
  Line line;
  ASSERT_TRUE(line.Connect((*target)->door(), 20'000).ok());
  EXPECT_TRUE(Echoes(line)) << "its clone's end is not its own";
}

TEST(Target, ItsUseGrowsWithItsConnectionsAndItsDescriptorsAreLimited) {
  auto target = Target::Spawned(kTcpPython);
  ASSERT_TRUE(target.ok());
  EXPECT_TRUE(absl::IsUnavailable((*target)->Use().status()));
  (*target)->LimitDescriptors(20);
  ASSERT_TRUE((*target)->Prepare(60'000).ok());
  const auto before = (*target)->Use();
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(before->processes, 1u);
  EXPECT_GT(before->cpu_us, 0u);
  EXPECT_GT(before->resident_bytes, uint64_t{1} << 20);
  Line line;
  ASSERT_TRUE(line.Connect((*target)->door(), 20'000).ok());
  ASSERT_TRUE(Echoes(line));
  EXPECT_EQ((*target)->Use()->descriptors, before->descriptors + 1);
}

TEST(Target, AStdioOneNeedsNoPreparationAndEachConnectionIsAProcess) {
  EXPECT_TRUE(absl::IsInvalidArgument(Target::Stdio(" ").status()));
  auto target = Target::Stdio("echo started >&2; exec cat");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ((*target)->capabilities(), uint32_t{kHalfClose | kLocal});
  EXPECT_EQ((*target)->argument(), "--stdio 'echo started >&2; exec cat'");
  ASSERT_TRUE((*target)->Prepare(1).ok());
  {
    Line one, other;
    ASSERT_TRUE(one.Connect((*target)->door(), 20'000).ok());
    ASSERT_TRUE(other.Connect((*target)->Clone()->door(), 20'000).ok());
    EXPECT_TRUE(Echoes(one));
    EXPECT_TRUE(Echoes(other));
  }
  // The second one's word may be on its way still.
  const std::string both = "started\nstarted\n";
  while ((*target)->Output().size() < both.size()) std::this_thread::yield();
  EXPECT_EQ((*target)->Output(), both);
  (*target)->Stop();
  EXPECT_TRUE(DescendantsOf(::getpid(), false).empty());
}

TEST(Target, ARemoteOneHasWhatItsTransportHas) {
  const struct {
    const char* endpoint;
    Transport transport;
    uint32_t capabilities;
  } kRows[] = {
      {"tcp://127.0.0.1:7", Transport::kTcp, kHalfClose | kServer | kTcp | kLocal},
      {"tcp://192.0.2.1:7", Transport::kTcp, kHalfClose | kServer | kTcp},
      {"unix:///x", Transport::kUnix, kHalfClose | kServer | kLocal},
      {"unix-abstract://name", Transport::kUnix, kHalfClose | kServer | kLocal},
      {"udp://127.9.9.9:7", Transport::kUdp, kServer | kLocal},
      {"udp://[::1]:7", Transport::kUdp, kServer | kLocal},
      {"udp://[2001:db8::1]:7", Transport::kUdp, kServer},
      {"udp://192.0.2.1:7", Transport::kUdp, kServer},
      {"unixgram:///x", Transport::kUnixgram, kServer | kLocal},
      {"icmp://127.0.0.1", Transport::kIcmp, kServer | kLocal},
      {"icmp://192.0.2.1", Transport::kIcmp, kServer},
  };
  for (const auto& row : kRows) {
    auto target = Target::Remote(*Endpoint::Parse(row.endpoint));
    ASSERT_TRUE(target.ok()) << target.status();
    EXPECT_EQ((*target)->transport(), row.transport) << row.endpoint;
    EXPECT_EQ((*target)->capabilities(), row.capabilities) << row.endpoint;
    EXPECT_EQ((*target)->name(), row.endpoint);
    EXPECT_EQ((*target)->addresses().size(), 1u) << row.endpoint;
  }
}

TEST(Target, ARemoteOneOfPacketsIsRefusedWithWhatCanBeChecked) {
  const auto target = Target::Remote(*Endpoint::Parse("unixpacket:///x"));
  EXPECT_TRUE(absl::IsInvalidArgument(target.status()));
  EXPECT_NE(target.status().message().find("can't be checked"), absl::string_view::npos);
  EXPECT_NE(target.status().message().find("unixgram://"), absl::string_view::npos);
}

// An echo of datagrams that says where it is.
constexpr char kUdpPython[] =
    "exec python3 -c 'import socket,sys\n"
    "s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.bind((\"127.0.0.1\",int(sys.argv[1])))\n"
    "print(sys.argv[2],flush=True)\n"
    "while True: s.sendto(*s.recvfrom(65536))' {port} {endpoint}";
constexpr char kUnixgramPython[] =
    "exec python3 -c 'import socket,sys\n"
    "s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.bind(sys.argv[1])\n"
    "print(sys.argv[2],flush=True)\n"
    "while True: s.sendto(*s.recvfrom(65536))' {path} {endpoint}";

// Whether a datagram to the target's first address comes back.
bool EchoesDatagrams(const Target& target) {
  const SocketAddress address = target.addresses().front();
  const UniqueFd fd(::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  // A unix socket has a name, and so an answer, only once it is bound: the kernel chooses one.
  const sa_family_t family = AF_UNIX;
  if (address.family() == AF_UNIX &&
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&family), sizeof(family)) != 0) {
    return false;
  }
  if (::sendto(fd.get(), "abc", 3, 0, address.data(), address.size()) != 3) return false;
  pollfd poll = {fd.get(), POLLIN, 0};
  char back[8] = {};
  return ::poll(&poll, 1, 20'000) == 1 && ::recv(fd.get(), back, sizeof(back), 0) == 3 &&
         std::string(back) == "abc";
}

// What a running target writes is read a moment later; once it has ended, all of it is there.
std::string LastOutput(Target& target) {
  target.Stop();
  return target.Output();
}

TEST(Target, AUdpOneIsReadyOnceItIsBoundWithoutADatagram) {
  auto target = Target::Spawned(kUdpPython, Target::Over::kUdp);
  ASSERT_TRUE(target.ok());
  EXPECT_EQ((*target)->transport(), Transport::kUdp);
  EXPECT_EQ((*target)->capabilities(), uint32_t{kSpawned | kServer | kLocal});
  EXPECT_NE((*target)->argument().find(" --over udp"), std::string::npos);
  ASSERT_TRUE((*target)->Prepare(60'000).ok());
  ASSERT_EQ((*target)->addresses().size(), 1u);
  EXPECT_TRUE(EchoesDatagrams(**target));
  EXPECT_EQ(LastOutput(**target), "udp://" + (*target)->addresses()[0].ToString() + "\n");
}

TEST(Target, AUnixgramOneIsReadyOnceItIsBound) {
  auto target = Target::Spawned(kUnixgramPython, Target::Over::kUnixgram);
  ASSERT_TRUE(target.ok());
  EXPECT_EQ((*target)->transport(), Transport::kUnixgram);
  EXPECT_EQ((*target)->capabilities(), uint32_t{kSpawned | kServer | kLocal});
  EXPECT_NE((*target)->argument().find(" --over unixgram"), std::string::npos);
  ASSERT_TRUE((*target)->Prepare(60'000).ok());
  EXPECT_TRUE(EchoesDatagrams(**target));
  const std::string path((*target)->addresses()[0].unix_name());
  EXPECT_EQ(LastOutput(**target), "unixgram://" + path + "\n");
}

TEST(Target, AStreamOnTheSamePortIsNoUdpServer) {
  auto target = Target::Spawned(kPython, Target::Over::kUdp);
  ASSERT_TRUE(target.ok());
  EXPECT_TRUE(absl::IsUnavailable((*target)->Prepare(500)));
}

TEST(Target, OverAUnixSocketThereIsAPathAndOverUdpAPort) {
  const auto port = Target::Spawned("server {path}", Target::Over::kUdp);
  EXPECT_TRUE(absl::IsInvalidArgument(port.status()));
  EXPECT_NE(port.status().message().find("--over unix or unixgram"), absl::string_view::npos);
  const auto path = Target::Spawned("server {port}", Target::Over::kUnixgram);
  EXPECT_TRUE(absl::IsInvalidArgument(path.status()));
  EXPECT_NE(path.status().message().find("{path}"), absl::string_view::npos);
}

TEST(Target, AnotherOfItsAddressesMayBePreferred) {
  auto target = Target::Remote(*Endpoint::Parse("udp://localhost:7"));
  ASSERT_TRUE(target.ok());
  const size_t last = (*target)->addresses().size() - 1;
  const SocketAddress address = (*target)->addresses()[last];
  (*target)->Prefer(last);
  EXPECT_EQ((*target)->addresses().front(), address);
  EXPECT_EQ((*target)->addresses().size(), last + 1);
}

TEST(Target, AfterANewStartTheSameOneIsPreferred) {
  const SocketAddress loopback =
      SocketAddress::FromIPv6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 0);
  const UniqueFd probe(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!probe || ::bind(probe.get(), loopback.data(), loopback.size()) != 0) {
    GTEST_SKIP() << "no IPv6 here";
  }
  auto target = Target::Spawned(
      "exec python3 -c 'import socket,sys\n"
      "s=socket.socket(socket.AF_INET6,socket.SOCK_DGRAM)\n"
      "s.setsockopt(socket.IPPROTO_IPV6,socket.IPV6_V6ONLY,1); s.bind((\"::\",int(sys.argv[1])))\n"
      "while True: s.sendto(*s.recvfrom(65536))' {port}",
      Target::Over::kUdp);
  ASSERT_TRUE(target.ok());
  ASSERT_TRUE((*target)->Prepare(60'000).ok());
  ASSERT_EQ((*target)->addresses().size(), 2u)
      << "a wildcard's table does not say that it is v6 alone";
  (*target)->Prefer(1);
  (*target)->Stop();
  ASSERT_TRUE((*target)->Prepare(60'000).ok());
  EXPECT_EQ((*target)->addresses().front().family(), AF_INET6);
  EXPECT_TRUE(EchoesDatagrams(**target));
}

TEST(Target, AListenerThatNobodyOwnsAnyMoreIsWaitedFor) {
  // Sent to itself and closed, the first listener is in the kernel's hands alone, as io_uring's is
  // for a moment after its process has ended.
  auto target = Target::Spawned(
      "exec python3 -c 'import socket,sys,time\n"
      "def listener():\n"
      "  s=socket.socket(); s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1)\n"
      "  s.bind((\"127.0.0.1\",int(sys.argv[1]))); s.listen(); return s\n"
      "a,b=socket.socketpair(); s=listener(); socket.send_fds(a,[b\"x\"],[s.fileno()]); s.close()\n"
      "time.sleep(.3); a.close(); b.close(); s=listener()\n"
      "while True: s.accept()[0].close()' {port}");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ((*target)->Prepare(60'000), absl::OkStatus());
}

TEST(ShellQuote, SurvivesQuotes) { EXPECT_EQ(ShellQuote("it's {port}"), "'it'\\''s {port}'"); }

}  // namespace
}  // namespace verbatim
