// A client mutant run as a process of its own, and servers for it, for tests.
// Not for: what it is to print.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>

#include "core/unique_fd.h"
#include "properties/mutants/mutants.h"

namespace verbatim {

// Values in turn, and otherwise from the 256th on.
inline std::string AllValues(size_t count) {
  std::string data(count, '\0');
  for (size_t i = 0; i < count; ++i) data[i] = static_cast<char>(i * 7 + i / 256);
  return data;
}

inline Endpoint EndpointAt(Transport transport, const SocketAddress& address) {
  return *Endpoint::Parse(EndpointText(transport, address));
}

inline constexpr int kHangs = -1;

struct ClientRan {
  int status = kHangs;  // nothing more came for kSilenceMs, and it did not end
  std::string output;
};

enum class InputEnds { kAtOnce, kNever };

inline constexpr int kSilenceMs = 2000;
// Of one that is to give up after 3 s.
inline constexpr int kDatagramSilenceMs = 8000;

// What is read from `output` until it ends, or until nothing comes any more.
inline bool ReadToEnd(int output, int silence_ms, std::string* data) {
  pollfd poll = {output, POLLIN, 0};
  while (::poll(&poll, 1, silence_ms) == 1) {
    char buffer[64 * 1024];
    const ssize_t got = ::read(output, buffer, sizeof(buffer));
    if (got <= 0) return true;
    data->append(buffer, static_cast<size_t>(got));
  }
  return false;
}

inline ClientRan RunClient(const Mutant& mutant, const Endpoint& endpoint, const std::string& input,
                           InputEnds ends = InputEnds::kAtOnce) {
  ::signal(SIGPIPE, SIG_IGN);
  int in[2], out[2];
  EXPECT_EQ(::pipe2(in, O_CLOEXEC) + ::pipe2(out, O_CLOEXEC), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(in[1]);
    ::close(out[0]);
    ::dup2(out[1], STDOUT_FILENO);
    ::close(STDERR_FILENO);
    ::_exit(RunClientMutant(mutant, endpoint, in[0], STDOUT_FILENO).ok() ? 0 : 1);
  }
  ::close(in[0]);
  ::close(out[1]);
  std::thread feeder([&] {
    size_t at = 0;
    while (at < input.size()) {
      const ssize_t written = ::write(in[1], input.data() + at, input.size() - at);
      if (written <= 0) break;
      at += static_cast<size_t>(written);
    }
    if (ends == InputEnds::kAtOnce) ::close(in[1]);
  });
  ClientRan ran;
  const bool streams = mutant.family == Family::kClient;
  const bool ended = ReadToEnd(out[0], streams ? kSilenceMs : kDatagramSilenceMs, &ran.output);
  if (!ended) ::kill(pid, SIGKILL);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (ended && WIFEXITED(status)) ran.status = WEXITSTATUS(status);
  feeder.join();
  if (ends == InputEnds::kNever) ::close(in[1]);
  ::close(out[0]);
  return ran;
}

// Serves one connection on a free port of the loopback, and closes it: in a process of its own,
// since a client that is forked beside a thread may have a lock of that thread's for ever.
class OneShotServer {
 public:
  explicit OneShotServer(const std::function<void(int fd)>& serve, int buffer_bytes = 0) {
    const SocketAddress any = SocketAddress::FromIPv4({127, 0, 0, 1}, 0);
    if (buffer_bytes > 0) {
      for (const int name : {SO_RCVBUF, SO_SNDBUF}) {
        ::setsockopt(fd_.get(), SOL_SOCKET, name, &buffer_bytes, sizeof(buffer_bytes));
      }
    }
    EXPECT_EQ(::bind(fd_.get(), any.data(), any.size()), 0);
    EXPECT_EQ(::listen(fd_.get(), 1), 0);
    sockaddr_storage local{};
    socklen_t bytes = sizeof(local);
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&local), &bytes);
    address_ = *SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&local), bytes);
    pid_ = ::fork();
    if (pid_ != 0) return;
    UniqueFd peer(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (peer) serve(peer.get());
    peer.Reset();
    ::_exit(0);
  }
  OneShotServer(const OneShotServer&) = delete;
  OneShotServer& operator=(const OneShotServer&) = delete;
  ~OneShotServer() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  Endpoint endpoint() const { return *Endpoint::Parse(EndpointText(Transport::kTcp, address_)); }

 private:
  const UniqueFd fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  SocketAddress address_;
  pid_t pid_ = -1;
};

// An echo that takes nothing for a while at first, with small buffers.
class SlowServer : public OneShotServer {
 public:
  SlowServer() : OneShotServer(&Serve, 16 * 1024) {}

 private:
  static void Serve(int fd) {
    ::poll(nullptr, 0, 500);
    std::string buffer(64 * 1024, '\0');
    ssize_t got = 0;
    while ((got = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0) {
      for (ssize_t at = 0; at < got;) {
        const auto left = static_cast<size_t>(got - at);
        const ssize_t sent = ::send(fd, buffer.data() + at, left, MSG_NOSIGNAL);
        if (sent <= 0) return;
        at += sent;
      }
    }
  }
};

}  // namespace verbatim
