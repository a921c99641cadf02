// Process: a command of somebody else's, run through the shell in a process group of its own, with
// everything that it starts, its last words, and how it died.
// Not for: knowing when it serves (target.h).
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "core/unique_fd.h"

namespace verbatim {

class Process {
 public:
  // Runs `command` by /bin/sh -c, its standard input from /dev/null, its output kept (the last 4
  // KiB). This process becomes a "child subreaper" (prctl(2)), so that orphans of the command stay
  // in reach. Returns the failing call and errno's name iff the shell could not be started.
  static absl::StatusOr<std::unique_ptr<Process>> Start(const std::string& command);

  // Ends everything that the command started, also what left its process group, and reaps it.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // How the command itself ended ("exited with status 1", "was killed by SIGPIPE"); nullopt while
  // it runs. What it started may go on.
  std::optional<std::string> Ended();
  // Waits until it has ended, at most `timeout_ms`. True if it has.
  bool WaitUntilEnded(int timeout_ms);
  // Lets `timeout_ms` go by, less if the command ends meanwhile: between two looks at what it
  // started.
  void Linger(int timeout_ms);

  // Whether the command has ended and nothing that it started lives. Takes a few milliseconds to be
  // sure: a process that is just being executed can't be told by its environment.
  bool Gone();

  // The command and everything that it started, as far as it lives.
  std::vector<pid_t> Members() const;

  // What it printed last, on standard output and standard error; all of it once nobody is left.
  std::string Output();

  static constexpr size_t kOutputBytes = 4096;

 private:
  Process(pid_t pid, std::string mark, UniqueFd output);
  void KeepOutput();
  void KillAll();

  const pid_t pid_;
  const std::string mark_;  // in the environment of everything that the command starts
  UniqueFd pidfd_;
  std::optional<int> status_;  // of waitpid(2), once reaped
  UniqueFd output_;
  UniqueFd stop_;
  std::mutex mutex_;  // guards the next three
  std::condition_variable finished_;
  bool at_end_ = false;
  std::string kept_;
  std::thread keeper_;
};

// Kills every descendant of this process: for a program that is being interrupted, and has started
// nothing that is to stay. Waits for nobody.
void KillDescendants();

}  // namespace verbatim
