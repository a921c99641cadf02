// What echo/daemon.h promises. Not for: anything on the path of a byte.
#include "echo/daemon.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cstdlib>
#include <fstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/status.h"

namespace verbatim {
namespace {

using Sockets = std::vector<Listening<PosixKernel>>;

constexpr int kBacklog = 4096;  // the kernel cuts it to net.core.somaxconn

int Option(int fd, int name) {
  int value = -1;
  socklen_t length = sizeof(value);
  return ::getsockopt(fd, SOL_SOCKET, name, &value, &length) < 0 ? -1 : value;
}

// kStdio stands for what we can't serve.
Transport TransportOf(int fd) {
  for (const Transport one : {Transport::kTcp, Transport::kUdp, Transport::kUnix,
                              Transport::kUnixgram, Transport::kUnixpacket}) {
    if (IsUnix(one) == (Option(fd, SO_DOMAIN) == AF_UNIX) &&
        SocketType(one) == Option(fd, SO_TYPE) &&
        IsConnected(one) == (Option(fd, SO_ACCEPTCONN) == 1)) {
      return one;
    }
  }
  return Transport::kStdio;
}

absl::StatusOr<Listening<PosixKernel>> Inherited(PosixKernel& kernel, int fd) {
  KernelFd<PosixKernel> owner(fd, KernelCloser<PosixKernel>{&kernel});
  const std::string subject = absl::StrCat("descriptor ", fd, " of LISTEN_FDS");
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || ::fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
    return ErrnoStatus(errno, "fcntl", subject);
  }
  const Transport transport = TransportOf(fd);
  absl::StatusOr<SocketAddress> address = LocalAddress(kernel, fd);
  if (transport == Transport::kStdio || !address.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(subject,
                     ": is no listening or datagram socket; where each connection starts "
                     "a server of its own (Accept=yes), serve stdio:"));
  }
  absl::Status set = SetListenOptions(kernel, fd, transport, address->family(), true, subject);
  if (!set.ok()) return set;
  return Listening<PosixKernel>{std::move(owner), *address, transport};
}

absl::Status RefuseIfKernelAnswers(const SocketAddress& address) {
  const char* const path = address.family() == AF_INET ? "/proc/sys/net/ipv4/icmp_echo_ignore_all"
                                                       : "/proc/sys/net/ipv6/icmp/echo_ignore_all";
  char first = '0';
  if (std::ifstream(path) >> first && first != '0') return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(EndpointText(Transport::kIcmp, address),
                   ": the kernel answers echo requests here itself, and each would be answered "
                   "twice; to take its place write 1 to ",
                   path));
}

// Everything that root has must be gone, by the kernel's own word.
absl::Status ProveUnprivileged(uid_t uid) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capget, &header, sets) < 0) return ErrnoStatus(errno, "capget", "");
  const bool has_caps = (sets[0].permitted | sets[1].permitted) != 0;
  if (::getuid() == uid && uid != 0 && !has_caps && ::setresuid(0, 0, 0) < 0) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError("the privileges could not be given up for good");
}

}  // namespace

absl::StatusOr<Sockets> InheritedSockets(PosixKernel& kernel) {
  Sockets sockets;
  int count = 0;
  const char* const pid_text = std::getenv("LISTEN_PID");
  const char* const count_text = std::getenv("LISTEN_FDS");
  const bool ours = pid_text != nullptr && absl::StrCat(::getpid()) == pid_text &&
                    count_text != nullptr && absl::SimpleAtoi(count_text, &count);
  ::unsetenv("LISTEN_PID");
  ::unsetenv("LISTEN_FDS");
  for (int i = 0; ours && i < count; ++i) {
    // 3 is the first (SD_LISTEN_FDS_START).
    absl::StatusOr<Listening<PosixKernel>> socket = Inherited(kernel, 3 + i);
    if (!socket.ok()) return socket.status();
    sockets.push_back(*std::move(socket));
  }
  return sockets;
}

absl::StatusOr<Sockets> ListenAt(PosixKernel& kernel, const Endpoint& endpoint) {
  absl::StatusOr<std::vector<SocketAddress>> addresses = Resolve(endpoint, ResolveFor::kListening);
  if (!addresses.ok()) return addresses.status();
  Sockets sockets;
  for (const SocketAddress& address : *addresses) {
    if (endpoint.transport == Transport::kIcmp) {
      if (absl::Status status = RefuseIfKernelAnswers(address); !status.ok()) return status;
    }
    auto socket = Listen(kernel, endpoint.transport, address, kBacklog);
    if (ErrnoOf(socket.status()) == EADDRINUSE && RemoveIfStale(endpoint.transport, address)) {
      socket = Listen(kernel, endpoint.transport, address, kBacklog);
    }
    if (!socket.ok()) return socket.status();
    sockets.push_back(*std::move(socket));
  }
  return sockets;
}

bool RemoveIfStale(Transport transport, const SocketAddress& address) {
  const std::string path(address.unix_name());
  struct stat file;
  if (path.empty() || address.IsAbstract()) return false;
  if (::lstat(path.c_str(), &file) < 0 || !S_ISSOCK(file.st_mode)) return false;
  const UniqueFd probe(::socket(AF_UNIX, SocketType(transport) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return ::connect(probe.get(), address.data(), address.size()) < 0 && errno == ECONNREFUSED &&
         ::unlink(path.c_str()) == 0;
}

absl::Status BecomeUser(const std::string& user) {
  std::vector<char> buffer(65536);
  passwd entry, *found = nullptr;
  const int error = ::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (error != 0) return ErrnoStatus(error, "getpwnam", user);
  if (found == nullptr) return absl::NotFoundError(absl::StrCat("there is no user \"", user, "\""));
  const auto failed = [&](absl::string_view call) { return ErrnoStatus(errno, call, user); };
  if (::geteuid() != entry.pw_uid) {
    if (::initgroups(entry.pw_name, entry.pw_gid) < 0) return failed("initgroups");
    if (::setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid) < 0) return failed("setresgid");
    if (::setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid) < 0) return failed("setresuid");
  }
  // No program that is started from here gains any.
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return failed("prctl PR_SET_NO_NEW_PRIVS");
  return ProveUnprivileged(entry.pw_uid);
}

}  // namespace verbatim
