// Process: a command of somebody else's, run through the shell in a process group of its own, with
// everything that it starts, and how it died.
// Not for: knowing when it serves (target.h).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/unique_fd.h"

namespace verbatim {

// Any thread may start, look at and end a Process, each its own; many may be there at once.
class Process {
 public:
  struct Options {
    // RLIMIT_NOFILE, soft and hard; 0: as this program was given it.
    uint64_t descriptor_limit = 0;
    // For its standard error and, unless piped, its standard output; -1: nobody keeps it.
    int words = -1;
    // Its standard input and output are pipes to us. Otherwise its input is empty.
    bool piped = false;
    // Piped, but over a pseudo-terminal (pty(7)) that neither echoes nor changes a byte: lines are
    // edited (at most 4,095 bytes each), and 0x04 at a line's begin is the input's end. `input` and
    // `output` are two descriptors of its one master.
    bool terminal = false;
  };

  // Runs `command` by /bin/sh -c, as the child of a warden (warden.h). This process becomes a
  // "child subreaper" (prctl(2)) for the case that somebody kills the warden. Returns the failing
  // call and errno's name iff the shell could not be started.
  static absl::StatusOr<std::unique_ptr<Process>> Start(const std::string& command,
                                                        const Options& options);

  // Ends everything that the command started, also what left its process group and hides, and waits
  // for it, for at most kEndMs; the warden goes on where that was not enough.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Ends it likewise, without waiting: one that is piped gets a moment to end by itself, since its
  // input has ended. AwaitLeavers waits until all those are gone, at most kEndMs.
  static void LetGo(std::unique_ptr<Process> process);
  static void AwaitLeavers();

  // How the command itself ended ("exited with status 1", "was killed by SIGPIPE"); nullopt while
  // it runs. What it started may go on.
  std::optional<std::string> Ended();
  // Whether it ended with status 0.
  bool Succeeded() { return Ended() && status_ == 0; }
  // Of waitpid(2); nullopt while it runs.
  std::optional<int> Status() { return Ended() ? status_ : std::nullopt; }
  // To be polled for reading: something may be known of its end.
  int news_fd() const { return control_.get(); }
  // Waits until it has ended, at most `timeout_ms`. True if it has.
  bool WaitUntilEnded(int timeout_ms);
  // Lets `timeout_ms` go by, less if the command ends meanwhile: between two looks at what it
  // started.
  void Linger(int timeout_ms);

  // Whether the command has ended and nothing that it started lives.
  bool Gone();
  // Waits for that, at most `timeout_ms`. True if it is so.
  bool WaitUntilGone(int timeout_ms);

  // SIGTERM to the command's process group; where the command itself has ended, to what it left.
  void Terminate();

  // The command and everything that it started: as far as it lives, or with its zombies.
  enum class Zombies { kNo, kYes };
  std::vector<pid_t> Members(Zombies zombies = Zombies::kNo) const;

  // Our ends of the pipes to its input and from its output, if piped: to be taken once.
  UniqueFd input;
  UniqueFd output;

  static constexpr int kEndMs = 900;

 private:
  Process(pid_t warden, UniqueFd control) : warden_(warden), control_(std::move(control)) {}
  void Hear(int timeout_ms);
  void AskToEnd();
  void KillMembers();
  bool ReapWarden();

  const pid_t warden_;
  UniqueFd control_;
  pid_t pid_ = 0;              // the shell's; 0: not told yet
  std::optional<int> status_;  // of waitpid(2), once it has ended
  bool gone_ = false;
  bool waited_ = false;  // for the warden's word that nobody is left
};

// Kills every descendant of this process: for a program that is being interrupted, and has started
// nothing that is to stay. Waits for nobody.
void KillDescendants();

// Raises this program's soft limit of descriptors to the hard one, once: a thousand connections
// need them. What is started gets the original one.
void RaiseDescriptorLimit();
// The soft limit that it was given: what it starts has that, unless told otherwise.
uint64_t GivenDescriptorLimit();

}  // namespace verbatim
