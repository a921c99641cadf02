// UniqueFd: the one owner of a file descriptor, so that no error path can lose one.
// Not for: reading, writing or any other call on it. It opens nothing itself.
#pragma once

#include <unistd.h>

#include <utility>

namespace verbatim {

// Closes with close(2). EINTR is not retried: on Linux the descriptor is gone by then (close(2),
// NOTES).
struct PosixCloser {
  void operator()(int fd) const { ::close(fd); }
};

// Move-only owner of a descriptor; -1 stands for "none". The closer is a parameter so that a
// descriptor of a simulated kernel is owned in the same way.
template <typename Closer>
class BasicUniqueFd {
 public:
  BasicUniqueFd() = default;
  explicit BasicUniqueFd(int fd, Closer closer = Closer()) : closer_(closer), fd_(fd) {}
  BasicUniqueFd(BasicUniqueFd&& other) noexcept
      : closer_(other.closer_), fd_(std::exchange(other.fd_, -1)) {}
  BasicUniqueFd& operator=(BasicUniqueFd&& other) noexcept {
    if (this != &other) {
      Reset();
      closer_ = other.closer_;
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  BasicUniqueFd(const BasicUniqueFd&) = delete;
  BasicUniqueFd& operator=(const BasicUniqueFd&) = delete;
  ~BasicUniqueFd() { Reset(); }

  // The descriptor, still owned here; -1 if there is none.
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  // Gives the descriptor up: the caller closes it.
  [[nodiscard]] int Release() { return std::exchange(fd_, -1); }
  // Closes now. Does nothing if there is no descriptor.
  void Reset() {
    if (fd_ >= 0) closer_(std::exchange(fd_, -1));
  }

 private:
  [[no_unique_address]] Closer closer_{};
  int fd_ = -1;
};

using UniqueFd = BasicUniqueFd<PosixCloser>;

}  // namespace verbatim
