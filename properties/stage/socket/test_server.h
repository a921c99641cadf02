// For tests: a server on loopback whose behaviour is a function, a thread a connection.
// Not for: anything but tests.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "core/address.h"
#include "core/unique_fd.h"

namespace verbatim {

class TestServer {
 public:
  // `serve` gets each accepted connection (blocking) and may do with it what it likes; it is closed
  // after. `iterative`: the next is accepted only then. `any`: where to listen.
  explicit TestServer(std::function<void(int)> serve, int backlog = 128, bool iterative = false,
                      const SocketAddress& any = SocketAddress::FromIPv4({127, 0, 0, 1}, 0))
      : serve_(std::move(serve)), iterative_(iterative) {
    listener_ = UniqueFd(::socket(any.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    ::bind(listener_.get(), any.data(), any.size());
    ::listen(listener_.get(), backlog);
    sockaddr_storage bound{};
    socklen_t length = sizeof(bound);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&bound), &length);
    address_ = *SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&bound), length);
    acceptor_ = std::thread([this] { Accept(); });
  }

  // Every client of it must have closed by then.
  ~TestServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);  // wakes accept
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
  }

  const SocketAddress& address() const { return address_; }

 private:
  void Accept() {
    while (true) {
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      if (iterative_) {
        const UniqueFd owner(fd);
        serve_(fd);
        continue;
      }
      threads_.emplace_back([this, fd] {
        const UniqueFd owner(fd);
        serve_(fd);
      });
    }
  }

  std::function<void(int)> serve_;
  const bool iterative_;
  UniqueFd listener_;
  SocketAddress address_;
  std::thread acceptor_;
  std::vector<std::thread> threads_;
};

// For a TestServer: a unix socket whose abstract name the kernel chooses.
inline SocketAddress AnyUnix() { return *SocketAddress::FromPath(""); }

// Sends all of it. False if the peer has gone.
inline bool SendAll(int fd, const char* data, size_t count) {
  while (count > 0) {
    const ssize_t sent = ::send(fd, data, count, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    count -= static_cast<size_t>(sent);
  }
  return true;
}

// A sound echo, with what comes changed by `change` before it goes back.
inline void EchoChanged(int fd, const std::function<void(std::vector<char>&)>& change) {
  // Else the second buffer of a large piece would wait for the peer's delayed ACK (a unix socket
  // has no such option, and no such wait).
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  std::vector<char> data;
  while (true) {
    data.resize(16 * 1024);
    const ssize_t got = ::recv(fd, data.data(), data.size(), 0);
    if (got <= 0) return;
    data.resize(static_cast<size_t>(got));
    change(data);
    if (!SendAll(fd, data.data(), data.size())) return;
  }
}
inline void Echo(int fd) {
  EchoChanged(fd, [](std::vector<char>&) {});
}

}  // namespace verbatim
