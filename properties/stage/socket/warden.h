// Warden: the process that stands between Verbatim and a command. Whatever the command starts and
// leaves behind becomes the warden's child (PR_SET_CHILD_SUBREAPER, prctl(2)), however it hides: so
// it is known whose it is, when nobody is left, and all of it is ended, even where Verbatim itself
// is killed.
// Not for: the side of Verbatim (process.h).
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace verbatim {

// What a warden tells. The end of its messages says that nobody is left.
struct WardenReport {
  enum Kind : int32_t { kStarted, kEnded };
  int32_t kind = kStarted;
  int32_t value = 0;  // kStarted: the shell's process id; kEnded: its status, of waitpid(2)
};

// What a warden is told, a byte each. The end of the orders means that all is to end.
inline constexpr char kOrderTerminate =
    'T';  // SIGTERM to the command's process group, then to those that have left it

// How long each way of ending gets before the next. After the last it is SIGKILL.
inline constexpr int kOwnEndMs = 100;  // its standard input has ended: it may end by itself
inline constexpr int kSigtermMs = 200;

struct WardenPlan {
  const char* command = nullptr;  // for /bin/sh -c
  char* const* environment = nullptr;
  int input = -1;                 // the command's standard input
  int output = -1;                // … standard output
  int error = -1;                 // … standard error
  int control = -1;               // the warden's end of a pair of SOCK_SEQPACKET
  uint64_t soft_descriptors = 0;  // its RLIMIT_NOFILE
  uint64_t hard_descriptors = 0;
  bool may_end_by_itself = false;  // kOwnEndMs before SIGTERM
};

// To be called between fork and exec, in the child of a program with threads: does only what is
// safe in a signal handler.
[[noreturn]] void BeWarden(const WardenPlan& plan);

}  // namespace verbatim
