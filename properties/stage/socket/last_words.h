// LastWords: what a command printed last, read all along so that it never blocks.
// Not for: what a command says to its peers.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "core/unique_fd.h"

namespace verbatim {

class LastWords {
 public:
  // Returns the failing call and errno's name iff there is no descriptor left.
  static absl::StatusOr<std::unique_ptr<LastWords>> Open();
  ~LastWords();
  LastWords(const LastWords&) = delete;
  LastWords& operator=(const LastWords&) = delete;

  // For the command's standard error (and output); -1 once closed.
  int writer() const { return write_end_.get(); }
  // No other command will get it.
  void CloseWriter() { write_end_.Reset(); }

  // The last kBytes of it, by now.
  std::string Text();
  // Waits until the last writer has gone, at most `timeout_ms`.
  void WaitForEnd(int timeout_ms);

  static constexpr size_t kBytes = 4096;

 private:
  LastWords(UniqueFd read_end, UniqueFd write_end, UniqueFd stop);
  void Keep();

  UniqueFd read_end_;
  UniqueFd write_end_;
  UniqueFd stop_;
  std::mutex mutex_;  // guards the next three
  std::condition_variable finished_;
  bool at_end_ = false;
  std::string kept_;
  std::thread keeper_;
};

}  // namespace verbatim
