// Choosing a free port, and finding listeners and their owners.
// Not for: connecting to anything.
#include "properties/stage/socket/port.h"

#include <dirent.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "properties/stage/socket/diag.h"

namespace verbatim {
namespace {

constexpr uint16_t kLowestPort = 10'000;  // below are the ports with well-known owners
constexpr int kDrawTries = 200;

// The widest stretch of ports outside the ephemeral range: [first, last].
std::pair<int, int> PortRange() {
  int low = 32'768, high = 60'999;
  std::istringstream(ReadFile("/proc/sys/net/ipv4/ip_local_port_range")) >> low >> high;
  const std::pair<int, int> below = {kLowestPort, low - 1}, above = {high + 1, 65'535};
  return below.second - below.first > above.second - above.first ? below : above;
}

// An abstract name is gone with its last descriptor: a claim can't outlive its process.
UniqueFd ClaimName(uint16_t port) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string text = absl::StrCat("verbatim-port-", port);
  std::memcpy(name.sun_path + 1, text.data(), text.size());
  const socklen_t length =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  if (fd && ::bind(fd.get(), reinterpret_cast<sockaddr*>(&name), length) != 0) fd.Reset();
  return fd;
}

bool CanBind(const SocketAddress& address, int socket_type) {
  UniqueFd fd(::socket(address.family(), socket_type | SOCK_CLOEXEC, 0));
  if (!fd) return errno == EAFNOSUPPORT;  // no IPv6 here: nobody listens there
  const int on = 1;
  if (address.family() == AF_INET6) {
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  }
  return ::bind(fd.get(), address.data(), address.size()) == 0;
}

struct Row {
  std::string address;  // hex, as the kernel prints it
  uint64_t inode = 0;
};

// The listening row of `port` in a file of the form of /proc/net/tcp or udp (proc(5)).
std::optional<Row> ListeningRow(const std::string& file, uint16_t port, int socket_type) {
  const absl::string_view state = socket_type == SOCK_STREAM ? "0A" : "07";
  const std::string suffix = absl::StrFormat(":%04X", port);
  for (absl::string_view line : absl::StrSplit(file, '\n')) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() < 10 || words[3] != state || !absl::EndsWith(words[1], suffix)) continue;
    Row row;
    row.address = std::string(words[1].substr(0, words[1].size() - suffix.size()));
    if (absl::SimpleAtoi(words[9], &row.inode)) return row;
  }
  return std::nullopt;
}

SocketAddress Loopback4(uint16_t port) { return SocketAddress::FromIPv4({127, 0, 0, 1}, port); }
SocketAddress Loopback6(uint16_t port) {
  return SocketAddress::FromIPv6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, port);
}

// 127.0.0.1 reaches a wildcard and itself. Another address of this machine is connected to as is.
Listener Listener4(uint64_t inode, const std::array<uint8_t, 4>& octets, uint16_t port) {
  const bool any = octets == std::array<uint8_t, 4>{};
  return {inode, {any ? Loopback4(port) : SocketAddress::FromIPv4(octets, port)}};
}
// A wildcard may or may not take IPv4: nobody says so.
Listener Listener6(uint64_t inode, uint16_t port) {
  return {inode, {Loopback4(port), Loopback6(port)}};
}

}  // namespace

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  return text.str();
}

absl::StatusOr<PortClaim> PortClaim::Take(int socket_type) {
  const auto [first, last] = PortRange();
  std::random_device device;
  std::uniform_int_distribution<int> pick(first, std::max(first, last));
  for (int i = 0; i < kDrawTries; ++i) {
    const uint16_t port = static_cast<uint16_t>(pick(device));
    UniqueFd claim = ClaimName(port);
    if (claim && CanBind(SocketAddress::FromIPv4({0, 0, 0, 0}, port), socket_type) &&
        CanBind(SocketAddress::FromIPv6({}, port), socket_type)) {
      return PortClaim(port, std::move(claim));
    }
  }
  return absl::ResourceExhaustedError(
      "no free port outside the ephemeral range (see /proc/sys/net/ipv4/ip_local_port_range)");
}

std::optional<Listener> FindListenerIn(const std::string& four, const std::string& six,
                                       uint16_t port, int socket_type) {
  if (const std::optional<Row> row = ListeningRow(four, port, socket_type)) {
    uint32_t raw = 0;
    if (row->address.size() != 8 || std::sscanf(row->address.c_str(), "%x", &raw) != 1) {
      return std::nullopt;
    }
    std::array<uint8_t, 4> octets;
    std::memcpy(octets.data(), &raw, octets.size());  // printed as a number of this machine's order
    return Listener4(row->inode, octets, port);
  }
  if (const std::optional<Row> row = ListeningRow(six, port, socket_type)) {
    return Listener6(row->inode, port);
  }
  return std::nullopt;
}

std::optional<Listener> FindListener(uint16_t port, int socket_type) {
  const auto four = FindDiagListener(AF_INET, port, socket_type);
  const auto six = FindDiagListener(AF_INET6, port, socket_type);
  if (!four.ok() || (!six.ok() && !*four)) {
    const std::string file = socket_type == SOCK_STREAM ? "/proc/net/tcp" : "/proc/net/udp";
    return FindListenerIn(ReadFile(file), ReadFile(file + "6"), port, socket_type);
  }
  if (*four) {
    const std::array<uint8_t, 16>& octets = (*four)->octets;
    return Listener4((*four)->inode, {octets[0], octets[1], octets[2], octets[3]}, port);
  }
  if (*six) return Listener6((*six)->inode, port);
  return std::nullopt;
}

std::optional<bool> OwnsSocket(const std::vector<pid_t>& processes, uint64_t inode) {
  const std::string wanted = absl::StrCat("socket:[", inode, "]");
  bool hidden = false;
  for (const pid_t pid : processes) {
    const std::string folder = absl::StrCat("/proc/", pid, "/fd");
    const std::unique_ptr<DIR, int (*)(DIR*)> fds(::opendir(folder.c_str()), &::closedir);
    if (fds == nullptr) {
      hidden = hidden || errno == EACCES;
      continue;
    }
    while (const dirent* entry = ::readdir(fds.get())) {
      char target[64];
      const std::string path = absl::StrCat(folder, "/", entry->d_name);
      const ssize_t length = ::readlink(path.c_str(), target, sizeof(target));
      if (length > 0 && absl::string_view(target, static_cast<size_t>(length)) == wanted)
        return true;
    }
  }
  if (hidden) return std::nullopt;
  return false;
}

}  // namespace verbatim
