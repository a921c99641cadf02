// What makes a daemon: inherited sockets and lost privileges, each tried in a child process, and
// the files of unix sockets in a folder of their own.
// Not for: the programs as a whole (programs_test.cc).
#include "echo/daemon.h"

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "echo/peer_test.h"

namespace verbatim {
namespace {

// Out of the way of the descriptors from 3 on, which a child puts in their place.
constexpr int kHighFd = 500;

// Runs `part` in a child process, which may change itself for good; returns what it returned: empty
// for success.
std::string InChild(const std::function<std::string()>& part) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return "no pipe";
  UniqueFd from(ends[0]), to(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    const int result = ::fcntl(to.get(), F_DUPFD_CLOEXEC, kHighFd);
    const std::string said = part();
    ::_exit(::write(result, said.data(), said.size()) < 0 ? 1 : 0);
  }
  to.Reset();
  std::string said = ReadToEnd(from.get()).bytes;
  int status = 0;
  ::waitpid(child, &status, 0);
  return status == 0 ? said : absl::StrCat("the child ended with status ", status, ": ", said);
}

// In a child: descriptors as a service manager passes them, from 3 on.
void PassAsInherited(const std::vector<int>& fds) {
  std::vector<int> high;
  for (const int fd : fds) high.push_back(::fcntl(fd, F_DUPFD, kHighFd));
  for (size_t i = 0; i < high.size(); ++i) ::dup2(high[i], static_cast<int>(3 + i));
  ::setenv("LISTEN_PID", absl::StrCat(::getpid()).c_str(), 1);
  ::setenv("LISTEN_FDS", absl::StrCat(fds.size()).c_str(), 1);
}

std::string WhatIsInherited() {
  PosixKernel kernel;
  const auto sockets = InheritedSockets(kernel);
  if (!sockets.ok()) return std::string(sockets.status().message());
  std::string text;
  for (const auto& one : *sockets) {
    const bool is_set = (::fcntl(one.fd.get(), F_GETFD) & FD_CLOEXEC) != 0 &&
                        (::fcntl(one.fd.get(), F_GETFL) & O_NONBLOCK) != 0;
    absl::StrAppend(&text, one.fd.get(), " ", EndpointText(one.transport, one.address),
                    is_set ? "" : " without its flags", "\n");
  }
  const bool is_clean =
      std::getenv("LISTEN_PID") == nullptr && std::getenv("LISTEN_FDS") == nullptr;
  return text + (is_clean ? "" : "the environment still has them");
}

TEST(InheritedSockets, AreThoseFromDescriptor3OnWithTheirTransports) {
  const TempFolder folder;
  const UniqueFd tcp = BindTo(Loopback4(), SOCK_STREAM), udp = BindTo(Loopback4(), SOCK_DGRAM);
  const UniqueFd stream = BindTo(folder.Address("stream"), SOCK_STREAM);
  const UniqueFd abstract = BindTo(*SocketAddress::FromAbstract(folder.Path("name")), SOCK_STREAM);
  const UniqueFd gram = BindTo(folder.Address("gram"), SOCK_DGRAM);
  const UniqueFd packet = BindTo(folder.Address("packet"), SOCK_SEQPACKET);
  for (const UniqueFd* one : {&tcp, &stream, &abstract, &packet}) {
    ASSERT_EQ(::listen(one->get(), 1), 0);
  }
  const std::string expected = absl::StrCat(
      "3 tcp://", AddressOf(tcp.get()).ToString(), "\n4 udp://", AddressOf(udp.get()).ToString(),
      "\n5 unix://", folder.Path("stream"), "\n6 unix-abstract://", folder.Path("name"),
      "\n7 unixgram://", folder.Path("gram"), "\n8 unixpacket://", folder.Path("packet"), "\n");
  EXPECT_EQ(InChild([&] {
              PassAsInherited(
                  {tcp.get(), udp.get(), stream.get(), abstract.get(), gram.get(), packet.get()});
              const std::string first = WhatIsInherited();
              return first + WhatIsInherited();  // once taken, there are none
            }),
            expected);
  EXPECT_EQ(std::getenv("LISTEN_FDS"), nullptr);
}

// Else answers could come from another address than was asked.
TEST(InheritedSockets, UdpTellsWhichAddressWasAsked) {
  const UniqueFd udp = BindTo(Loopback4(), SOCK_DGRAM);
  EXPECT_EQ(InChild([&]() -> std::string {
              PassAsInherited({udp.get()});
              PosixKernel kernel;
              const auto sockets = InheritedSockets(kernel);
              int value = 0;
              socklen_t length = sizeof(value);
              ::getsockopt(3, IPPROTO_IP, IP_PKTINFO, &value, &length);
              return sockets.ok() && value == 1 ? "" : "IP_PKTINFO is off";
            }),
            "");
}

TEST(InheritedSockets, AreNoneIfTheyAreForAnotherProcessOrNotForAny) {
  const UniqueFd udp = BindTo(Loopback4(), SOCK_DGRAM);
  const std::string parent = absl::StrCat(::getpid());
  for (const char* pid : {parent.c_str(), "", "x", "0", "-1", static_cast<const char*>(nullptr)}) {
    EXPECT_EQ(InChild([&] {
                PassAsInherited({udp.get()});
                pid == nullptr ? ::unsetenv("LISTEN_PID") : ::setenv("LISTEN_PID", pid, 1);
                return WhatIsInherited();
              }),
              "")
        << (pid == nullptr ? "none" : pid);
  }
  for (const char* count : {"", "0", "-1", "x", static_cast<const char*>(nullptr)}) {
    EXPECT_EQ(InChild([&] {
                PassAsInherited({udp.get()});
                count == nullptr ? ::unsetenv("LISTEN_FDS") : ::setenv("LISTEN_FDS", count, 1);
                return WhatIsInherited();
              }),
              "")
        << (count == nullptr ? "none" : count);
  }
}

TEST(InheritedSockets, WhatCannotBeServedIsRefusedByItsDescriptor) {
  const UniqueFd udp = BindTo(Loopback4(), SOCK_DGRAM), tcp = BindTo(Loopback4(), SOCK_STREAM);
  int pair[2], ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd connected(pair[0]), other(pair[1]), pipe_from(ends[0]), pipe_to(ends[1]);
  const UniqueFd file(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {connected.get(), tcp.get(), pipe_from.get(), file.get()}) {
    const std::string said = InChild([&] {
      PassAsInherited({udp.get(), fd});
      return WhatIsInherited();
    });
    EXPECT_TRUE(absl::StrContains(said, "descriptor 4 of LISTEN_FDS: is no listening or datagram"))
        << said;
  }
  const std::string said = InChild([&] {
    PassAsInherited({udp.get()});
    ::close(3);
    return WhatIsInherited();
  });
  EXPECT_TRUE(absl::StrContains(said, "descriptor 3 of LISTEN_FDS: Bad file descriptor")) << said;
}

constexpr Transport kWithFiles[] = {Transport::kUnix, Transport::kUnixgram, Transport::kUnixpacket};

absl::StatusOr<std::vector<Listening<PosixKernel>>> ListenAtPath(PosixKernel& kernel,
                                                                 Transport transport,
                                                                 const std::string& path) {
  return ListenAt(kernel, {transport, path, ""});
}

TEST(ListenAt, AStaleSocketFileIsReplaced) {
  PosixKernel kernel;
  const TempFolder folder;
  for (const Transport transport : kWithFiles) {
    BindTo(folder.Address("echo"), SocketType(transport));  // nobody has it open any more
    const auto sockets = ListenAtPath(kernel, transport, folder.Path("echo"));
    ASSERT_TRUE(sockets.ok()) << TransportName(transport) << ": " << sockets.status();
    EXPECT_TRUE(ConnectTo((*sockets)[0].address, SocketType(transport)));
  }
}

TEST(ListenAt, ALiveSocketIsLeftAloneAndNamed) {
  PosixKernel kernel;
  const TempFolder folder;
  for (const Transport live : kWithFiles) {
    const std::string name(TransportName(live));
    const auto first = ListenAtPath(kernel, live, folder.Path(name));
    ASSERT_TRUE(first.ok()) << first.status();
    for (const Transport transport : kWithFiles) {
      const auto second = ListenAtPath(kernel, transport, folder.Path(name));
      EXPECT_EQ(ErrnoOf(second.status()), EADDRINUSE);
      EXPECT_EQ(second.status().message(),
                absl::StrCat("bind ", folder.Path(name), ": Address already in use (EADDRINUSE)"));
    }
    EXPECT_TRUE(ConnectTo((*first)[0].address, SocketType(live))) << name;
  }
}

TEST(ListenAt, WhatIsNoSocketIsNeverRemoved) {
  PosixKernel kernel;
  const TempFolder folder;
  std::ofstream(folder.Path("file")) << "precious";
  ASSERT_EQ(::mkdir(folder.Path("folder").c_str(), 0700), 0);
  BindTo(folder.Address("stale"), SOCK_STREAM);
  ASSERT_EQ(::symlink("stale", folder.Path("link").c_str()), 0);
  for (const char* name : {"file", "folder", "link"}) {
    const auto sockets = ListenAtPath(kernel, Transport::kUnix, folder.Path(name));
    EXPECT_EQ(ErrnoOf(sockets.status()), EADDRINUSE) << sockets.status();
    EXPECT_TRUE(std::filesystem::exists(folder.Path(name))) << name;
  }
  std::string text;
  std::ifstream(folder.Path("file")) >> text;
  EXPECT_EQ(text, "precious");
}

TEST(ListenAt, SaysWhereItCouldNotListen) {
  PosixKernel kernel;
  const TempFolder folder;
  const auto none = ListenAtPath(kernel, Transport::kUnix, folder.Path("no-such/echo"));
  EXPECT_EQ(ErrnoOf(none.status()), ENOENT);
  EXPECT_TRUE(absl::StrContains(none.status().message(), folder.Path("no-such/echo")))
      << none.status();
}

TEST(ListenAt, AnAbstractNameInUseIsLeftAlone) {
  PosixKernel kernel;
  const TempFolder folder;  // its name is nobody else's
  const Endpoint endpoint = {Transport::kUnixAbstract, folder.Path("name"), ""};
  const auto first = ListenAt(kernel, endpoint);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(ErrnoOf(ListenAt(kernel, endpoint).status()), EADDRINUSE);
  EXPECT_TRUE(ConnectTo((*first)[0].address));
}

TEST(ListenAt, TellsTheRealPort) {
  PosixKernel kernel;
  for (const Transport transport : {Transport::kTcp, Transport::kUdp}) {
    const auto sockets = ListenAt(kernel, {transport, "127.0.0.1", "0"});
    ASSERT_TRUE(sockets.ok()) << sockets.status();
    ASSERT_EQ(sockets->size(), 1u);
    EXPECT_NE((*sockets)[0].address.port(), 0);
    EXPECT_EQ((*sockets)[0].transport, transport);
  }
}

// Whether the kernel answers echo requests, by the file that says so.
bool KernelAnswers(const std::string& path) {
  char first = '1';
  std::ifstream(path) >> first;
  return first == '0';
}

TEST(ListenAt, IcmpIsRefusedWhileTheKernelAnswers) {
  PosixKernel kernel;
  for (const auto& [host, path] : std::vector<std::pair<std::string, std::string>>{
           {"127.0.0.1", "/proc/sys/net/ipv4/icmp_echo_ignore_all"},
           {"::1", "/proc/sys/net/ipv6/icmp/echo_ignore_all"}}) {
    if (!KernelAnswers(path)) GTEST_SKIP() << "here the kernel leaves it to others: " << path;
    const auto sockets = ListenAt(kernel, {Transport::kIcmp, host, ""});
    EXPECT_EQ(sockets.status().code(), absl::StatusCode::kFailedPrecondition) << sockets.status();
    EXPECT_TRUE(absl::StrContains(sockets.status().message(), path)) << sockets.status();
  }
}

TEST(RemoveIfStale, TakesTheFileOfASocketThatNobodyHasOpen) {
  const TempFolder folder;
  UniqueFd fd = BindTo(folder.Address("echo"), SOCK_STREAM);
  ASSERT_EQ(::listen(fd.get(), 1), 0);
  EXPECT_FALSE(RemoveIfStale(Transport::kUnix, folder.Address("echo"))) << "it was live";
  fd.Reset();
  EXPECT_TRUE(RemoveIfStale(Transport::kUnix, folder.Address("echo")));
  EXPECT_FALSE(std::filesystem::exists(folder.Path("echo")));
  EXPECT_FALSE(RemoveIfStale(Transport::kUnix, folder.Address("echo"))) << "there was nothing";
}

TEST(RemoveIfStale, AddressesWithoutASocketsFileHaveNothingToRemove) {
  const TempFolder folder;
  std::ofstream(folder.Path("echo")) << "a file";
  EXPECT_FALSE(RemoveIfStale(Transport::kUnix, folder.Address("echo")));
  EXPECT_FALSE(
      RemoveIfStale(Transport::kUnixAbstract, *SocketAddress::FromAbstract(folder.Path("echo"))));
  EXPECT_FALSE(RemoveIfStale(Transport::kUnixgram, *SocketAddress::FromPath("")));
  EXPECT_FALSE(RemoveIfStale(Transport::kTcp, Loopback4()));
  EXPECT_TRUE(std::filesystem::exists(folder.Path("echo")));
}

TEST(BecomeUser, AnUnknownUserIsNotFound) {
  const absl::Status status = BecomeUser("no-such-user");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(absl::StrContains(status.message(), "no-such-user")) << status;
}

bool HasNoCapability() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capget, &header, sets) < 0) return false;
  return (sets[0].effective | sets[0].permitted | sets[1].effective | sets[1].permitted) == 0;
}

// Empty iff this process is that user and nothing more, and can't be anything else.
std::string WhatIsLeftOfRoot(const passwd& user) {
  std::vector<gid_t> groups(1000), expected(1000);
  int expected_count = static_cast<int>(expected.size());
  groups.resize(static_cast<size_t>(std::max(0, ::getgroups(1000, groups.data()))));
  ::getgrouplist(user.pw_name, user.pw_gid, expected.data(), &expected_count);
  expected.resize(static_cast<size_t>(expected_count));
  std::sort(groups.begin(), groups.end());
  std::sort(expected.begin(), expected.end());
  if (::getuid() != user.pw_uid || ::getgid() != user.pw_gid) return "the identity";
  if (groups != expected) return "groups";
  if (!HasNoCapability()) return "capabilities";
  if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return "what a set-user-ID program gives";
  if (::setuid(0) == 0 || ::seteuid(0) == 0 || ::setgid(0) == 0) return "the way back";
  return "";
}

TEST(BecomeUser, RootBecomesNobodyForGood) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another";
  const passwd* const nobody = ::getpwnam("nobody");
  if (nobody == nullptr) GTEST_SKIP() << "there is no user nobody here";
  const std::string left = InChild([&] {
    const absl::Status status = BecomeUser("nobody");
    return status.ok() ? WhatIsLeftOfRoot(*nobody) : status.ToString();
  });
  EXPECT_EQ(left, "");
}

TEST(BecomeUser, WhoIsNotRootCanOnlyStayWhoHeIs) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another first";
  if (::getpwnam("nobody") == nullptr) GTEST_SKIP() << "there is no user nobody here";
  const std::string said = InChild([&]() -> std::string {
    if (absl::Status status = BecomeUser("nobody"); !status.ok()) return status.ToString();
    if (absl::Status status = BecomeUser("nobody"); !status.ok()) return status.ToString();
    const absl::Status status = BecomeUser("root");
    return ErrnoOf(status) == EPERM ? "" : status.ToString();
  });
  EXPECT_EQ(said, "");
}

// What was asked for could not be proved of root.
TEST(BecomeUser, RootIsNoUserToBecome) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root is root already";
  EXPECT_EQ(InChild([] { return BecomeUser("root").ok() ? "it was believed" : ""; }), "");
}

}  // namespace
}  // namespace verbatim
