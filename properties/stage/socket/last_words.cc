// A pipe, and a thread that reads it.
// Not for: anything that needs all of it.
#include "properties/stage/socket/last_words.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>

#include "core/status.h"

namespace verbatim {

absl::StatusOr<std::unique_ptr<LastWords>> LastWords::Open() {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return ErrnoStatus(errno, "pipe2", "");
  UniqueFd read_end(pipe[0]), write_end(pipe[1]);
  UniqueFd stop(::eventfd(0, EFD_CLOEXEC));
  if (!stop) return ErrnoStatus(errno, "eventfd", "");
  return std::unique_ptr<LastWords>(
      new LastWords(std::move(read_end), std::move(write_end), std::move(stop)));
}

LastWords::LastWords(UniqueFd read_end, UniqueFd write_end, UniqueFd stop)
    : read_end_(std::move(read_end)),
      write_end_(std::move(write_end)),
      stop_(std::move(stop)),
      keeper_([this] { Keep(); }) {}

LastWords::~LastWords() {
  const uint64_t one = 1;
  RetryEintr([&] { return ::write(stop_.get(), &one, sizeof(one)) < 0 ? -errno : 0; });
  keeper_.join();
}

void LastWords::Keep() {
  char buffer[4096];
  bool stop = false;
  while (!stop) {
    pollfd polls[2] = {{read_end_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    RetryEintr([&] { return ::poll(polls, 2, -1) < 0 ? -errno : 0; });
    const ssize_t got =
        polls[0].revents == 0 ? -1 : ::read(read_end_.get(), buffer, sizeof(buffer));
    stop = got == 0 || polls[1].revents != 0;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (got > 0) kept_.append(buffer, static_cast<size_t>(got));
    if (kept_.size() > 2 * kBytes) kept_.erase(0, kept_.size() - kBytes);
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  at_end_ = true;
  finished_.notify_all();
}

std::string LastWords::Text() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return kept_.size() > kBytes ? kept_.substr(kept_.size() - kBytes) : kept_;
}

void LastWords::WaitForEnd(int timeout_ms) {
  std::unique_lock<std::mutex> lock(mutex_);
  finished_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [this] { return at_end_; });
}

}  // namespace verbatim
