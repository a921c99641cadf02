// The other side of an echo in tests: descriptors that give up instead of hanging, payloads whose
// bytes know their place, datagrams and records, a folder for unix sockets, and conversations whose
// sends and reads are cut as a test likes.
// Not for: checking other people's servers (properties/), or GoogleTest: failures are values here.
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/address.h"
#include "core/unique_fd.h"

namespace verbatim {

// Far above what any test takes, under a sanitizer and beside other tests; a hang ends here.
constexpr int kGiveUpMs = 30000;

inline SocketAddress Loopback4() { return SocketAddress::FromIPv4({127, 0, 0, 1}, 0); }
inline SocketAddress Loopback6() {
  std::array<uint8_t, 16> octets{};
  octets[15] = 1;
  return SocketAddress::FromIPv6(octets, 0);
}

// Bytes of all values that don't repeat soon; other seeds give others.
inline std::string TestPayload(size_t bytes, uint32_t seed = 1) {
  std::string payload(bytes, '\0');
  uint32_t state = seed * 2654435761u + 1;
  for (char& byte : payload) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<char>(state >> 24);
  }
  return payload;
}

// Whether one of `events` comes for `fd` before kGiveUpMs are over.
inline bool WaitFor(int fd, short events) {
  pollfd poll = {fd, events, 0};
  int ready = 0;
  do ready = ::poll(&poll, 1, kGiveUpMs);
  while (ready < 0 && errno == EINTR);
  return ready > 0;
}

// A folder of its own, of a short name, that goes with all that is in it.
class TempFolder {
 public:
  TempFolder() {
    char name[] = "/tmp/verbatim.XXXXXX";
    if (::mkdtemp(name) != nullptr) path_ = name;
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  // Of a unix socket whose file is to lie here.
  SocketAddress Address(const std::string& name) const {
    return *SocketAddress::FromPath(Path(name));
  }

 private:
  std::string path_;
};

// The address that a socket has.
inline SocketAddress AddressOf(int fd) {
  sockaddr_storage own{};
  socklen_t length = sizeof(own);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&own), &length);
  return SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&own), length)
      .value_or(SocketAddress());
}

// A blocking socket bound there; empty if that can't be.
inline UniqueFd BindTo(const SocketAddress& address, int type) {
  UniqueFd fd(::socket(address.family(), type | SOCK_CLOEXEC, 0));
  if (fd && ::bind(fd.get(), address.data(), address.size()) < 0) fd.Reset();
  return fd;
}

// A blocking connected socket; empty if it can't be made. TCP_NODELAY, so that cuts reach the peer.
// A unix socket of datagrams has an abstract name of the kernel's choice, so that it can be
// answered.
inline UniqueFd ConnectTo(const SocketAddress& address, int type = SOCK_STREAM) {
  const bool is_ip = address.family() != AF_UNIX;
  UniqueFd fd = !is_ip && type == SOCK_DGRAM
                    ? BindTo(*SocketAddress::FromPath(""), type)
                    : UniqueFd(::socket(address.family(), type | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (!fd || ::connect(fd.get(), address.data(), address.size()) < 0 ||
      (is_ip && type == SOCK_STREAM &&
       ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)) {
    return UniqueFd();
  }
  return fd;
}

// Whether `bytes` went as one datagram or record.
inline bool SendWhole(int fd, absl::string_view bytes) {
  if (!WaitFor(fd, POLLOUT)) return false;
  return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

// The next datagram or record, of up to 1 MiB; nothing if none comes for kGiveUpMs, or an error.
inline std::optional<std::string> ReceiveWhole(int fd) {
  std::string bytes(1 << 20, '\0');
  if (!WaitFor(fd, POLLIN)) return std::nullopt;
  const ssize_t count = ::recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (count < 0) return std::nullopt;
  bytes.resize(static_cast<size_t>(count));
  return bytes;
}

// Whether nothing has come. Of use where what comes is known to have come before.
inline bool NothingToReceive(int fd) {
  char byte;
  return ::recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

// Whether all of `bytes` was written; sockets raise no SIGPIPE.
inline bool WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    if (!WaitFor(fd, POLLOUT)) return false;
    ssize_t count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == ENOTSOCK) {
      count = ::write(fd, bytes.data(), std::min<size_t>(bytes.size(), 4096));
    }
    if (count < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (count > 0) bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

// What a descriptor gave, and why it gave no more: 0 is an end of file, or that it was enough.
struct Reading {
  std::string bytes;
  int error = 0;  // ETIME: nothing came for kGiveUpMs
};

// Reads `most` bytes, or to the end.
inline Reading ReadUpTo(int fd, size_t most) {
  Reading reading;
  std::vector<char> buffer(std::min<size_t>(most, 65536));
  while (reading.bytes.size() < most) {
    if (!WaitFor(fd, POLLIN)) {
      reading.error = ETIME;
      break;
    }
    const size_t room = std::min(buffer.size(), most - reading.bytes.size());
    const ssize_t count = ::read(fd, buffer.data(), room);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) reading.error = errno;
    if (count <= 0) break;
    reading.bytes.append(buffer.data(), static_cast<size_t>(count));
  }
  return reading;
}

inline Reading ReadToEnd(int fd) { return ReadUpTo(fd, SIZE_MAX); }

// Ends a connection by RST: what closing does when asked not to linger.
inline void Reset(UniqueFd fd) {
  const linger now = {1, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

// One connection's part in Converse(): `payload` is sent in pieces of `send_bytes`, and what comes
// back is read in pieces of at most `read_bytes`. Sizes are used in turn, over and over.
struct Conversation {
  UniqueFd fd;
  std::string payload;
  std::vector<size_t> send_bytes = {65536};
  std::vector<size_t> read_bytes = {65536};
  // What became of it: exact iff `received` is `payload` and error is 0.
  std::string received;
  int error = 0;
  bool over = false;

  bool Exact() const { return over && error == 0 && received == payload; }

  // The next piece; sends the FIN after the last.
  void SendPiece() {
    if (sent_ < payload.size()) {
      const size_t piece = send_bytes[sends_++ % send_bytes.size()];
      const ssize_t count =
          ::send(fd.get(), payload.data() + sent_, std::min(piece, payload.size() - sent_),
                 MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count < 0 && errno != EAGAIN) return Over(errno);
      if (count > 0) sent_ += static_cast<size_t>(count);
    }
    if (sent_ < payload.size()) return;
    sending_ = false;
    ::shutdown(fd.get(), SHUT_WR);
  }

  void ReadPiece() {
    std::vector<char> piece(read_bytes[reads_++ % read_bytes.size()]);
    const ssize_t count = ::recv(fd.get(), piece.data(), piece.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return Over(count < 0 ? errno : 0);
    received.append(piece.data(), static_cast<size_t>(count));
  }

  short Wanted() const { return static_cast<short>(POLLIN | (sending_ ? POLLOUT : 0)); }

 private:
  void Over(int reason) {
    error = reason;
    over = true;
  }

  bool sending_ = true;
  size_t sent_ = 0, sends_ = 0, reads_ = 0;
};

// Carries all of them on at once, until each has ended. Returns whether each was exact.
inline bool Converse(std::vector<Conversation>& all) {
  const auto over = [](const Conversation& c) { return c.over; };
  while (!std::all_of(all.begin(), all.end(), over)) {
    std::vector<pollfd> polls;
    for (const Conversation& c : all) polls.push_back({c.over ? -1 : c.fd.get(), c.Wanted(), 0});
    const int ready = ::poll(polls.data(), polls.size(), kGiveUpMs);
    if (ready == 0) return false;
    for (size_t i = 0; i < all.size(); ++i) {
      if ((polls[i].revents & POLLOUT) != 0) all[i].SendPiece();
      if (!all[i].over && (polls[i].revents & ~POLLOUT) != 0) all[i].ReadPiece();
    }
  }
  return std::all_of(all.begin(), all.end(), [](const Conversation& c) { return c.Exact(); });
}

}  // namespace verbatim
