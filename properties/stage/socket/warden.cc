// Starting the shell, waiting for orders and for deaths, and ending everything. All of it runs
// after fork and without exec, so every call here is safe in a signal handler: no memory is
// allocated.
// Not for: anything that could be done in Verbatim's own process.
#include "properties/stage/socket/warden.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace verbatim {
namespace {

constexpr int kWardenReapMs = 1;

int64_t NowMs() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

[[noreturn]] void BecomeShell(const WardenPlan& plan, pid_t warden) {
  ::setpgid(0, 0);
  // If the warden is killed, so is the command.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != warden) ::_exit(127);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const rlimit descriptors = {plan.soft_descriptors, plan.hard_descriptors};
  ::setrlimit(RLIMIT_NOFILE, &descriptors);
  ::dup2(plan.input, STDIN_FILENO);
  ::dup2(plan.output, STDOUT_FILENO);
  ::dup2(plan.error, STDERR_FILENO);
  const char* const argv[] = {"sh", "-c", plan.command, nullptr};
  ::execve("/bin/sh", const_cast<char* const*>(argv), plan.environment);
  ::_exit(127);
}

// Closes all but `kept`: Verbatim's connections must end when it closes them, and not here.
void CloseOthers(std::array<int, 4> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned first = 0;
  for (const int fd : kept) {
    const unsigned last = static_cast<unsigned>(fd);
    if (last > first) ::syscall(SYS_close_range, first, last - 1, 0u);
    first = std::max(first, last + 1);
  }
  if (::syscall(SYS_close_range, first, ~0u, 0u) == 0) return;
  // Before Linux 5.9.
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  for (int fd = 0; fd < static_cast<int>(limit.rlim_cur); ++fd) {
    if (std::find(kept.begin(), kept.end(), fd) == kept.end()) ::close(fd);
  }
}

class Warden {
 public:
  explicit Warden(const WardenPlan& plan) : plan_(plan) {}

  [[noreturn]] void Run() {
    ::setpgid(0, 0);
    ::prctl(PR_SET_NAME, "verbatim-warden");
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    // Where they are ignored the command would inherit it, and no death would be told.
    ::signal(SIGPIPE, SIG_DFL);
    ::signal(SIGCHLD, SIG_DFL);
    CloseOthers({plan_.input, plan_.output, plan_.error, plan_.control});
    sigset_t children;
    ::sigemptyset(&children);
    ::sigaddset(&children, SIGCHLD);
    children_ = ::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    const pid_t self = ::getpid();
    shell_ = ::fork();
    if (shell_ == 0) BecomeShell(plan_, self);
    if (shell_ < 0) {
      Tell(WardenReport::kEnded, 127 << 8);  // as a shell says that there is no such command
      ::_exit(0);
    }
    ::setpgid(shell_, shell_);  // in both, so that the group is there whoever runs first
    ::close(plan_.input);
    ::close(plan_.output);
    ::close(plan_.error);
    Tell(WardenReport::kStarted, shell_);
    Serve();
    EndAll();
    ::_exit(0);
  }

 private:
  void Tell(WardenReport::Kind kind, int32_t value) {
    const WardenReport report = {kind, value};
    ::send(plan_.control, &report, sizeof(report), MSG_NOSIGNAL);
  }

  // Until the orders end. Ends this process once nobody is left.
  void Serve() {
    while (true) {
      Reap();
      // One that made itself a daemon has left the group, and the signal did not reach it.
      if (terminated_ && shell_ended_) SignalChildren(SIGTERM, shell_);
      if (shell_ended_) terminated_ = false;
      pollfd polls[2] = {{plan_.control, POLLIN, 0}, {children_, POLLIN, 0}};
      ::poll(polls, 2, -1);
      char order = 0;
      const ssize_t got = ::recv(plan_.control, &order, 1, MSG_DONTWAIT);
      if (got == 1 && order == kOrderTerminate) {
        terminated_ = !shell_ended_;
        Signal(SIGTERM);
      }
      if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return;
    }
  }

  // Takes in who has died. Ends this process once nobody is left.
  void Reap() {
    signalfd_siginfo info;
    while (::read(children_, &info, sizeof(info)) > 0) continue;
    while (true) {
      int status = 0;
      const pid_t pid = ::waitpid(-1, &status, WNOHANG | __WALL);
      if (pid < 0 && errno == ECHILD) ::_exit(0);
      if (pid <= 0) return;
      if (pid != shell_) continue;
      shell_ended_ = true;
      Tell(WardenReport::kEnded, status);
    }
  }

  // Until the command itself has ended, or the time is over.
  void WaitForShell(int limit_ms) {
    const int64_t end_ms = NowMs() + limit_ms;
    for (Reap(); !shell_ended_ && NowMs() < end_ms; Reap()) {
      pollfd poll = {children_, POLLIN, 0};
      ::poll(&poll, 1, static_cast<int>(std::max<int64_t>(end_ms - NowMs(), 0)));
    }
  }

  // Some may fork while they are being killed, and the children of who is killed come to us: again,
  // until nobody is left.
  [[noreturn]] void EndAll() {
    if (plan_.may_end_by_itself) WaitForShell(kOwnEndMs);
    if (!shell_ended_) {
      ::kill(-shell_, SIGTERM);
      WaitForShell(kSigtermMs);
    }
    while (true) {
      Signal(SIGKILL);
      Reap();
      pollfd poll = {children_, POLLIN, 0};
      ::poll(&poll, 1, kWardenReapMs);
      Reap();
    }
  }

  // To the command's process group; once the shell has gone (its number may be another's by then),
  // to everything that is left.
  void Signal(int signal) {
    if (!shell_ended_) ::kill(-shell_, signal);
    if (shell_ended_ || signal == SIGKILL) SignalChildren(signal);
  }

  // A whole group at a time where that can be: no fork slips through (fork(2) looks for signals
  // first). Where the kernel has no such file, Verbatim itself looks for them (process.cc).
  // Those of the group `but` have had it.
  void SignalChildren(int signal, pid_t but = 0) {
    const int file = ::open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    pid_t pid = 0;
    ssize_t got = 0;
    while ((got = ::read(file, buffer_.data(), buffer_.size())) > 0) {
      for (ssize_t i = 0; i < got; ++i) {
        const char c = buffer_[static_cast<size_t>(i)];
        if (c >= '0' && c <= '9') {
          pid = pid * 10 + (c - '0');
        } else if (pid > 1) {
          const pid_t group = ::getpgid(pid);
          if (but == 0 || group != but) ::kill(group == pid ? -pid : pid, signal);
          pid = 0;
        }
      }
    }
    ::close(file);
  }

  const WardenPlan& plan_;
  int children_ = -1;
  pid_t shell_ = 0;
  bool shell_ended_ = false;
  bool terminated_ = false;  // by an order, and not all may have heard of it
  std::array<char, 4096> buffer_{};
};

}  // namespace

void BeWarden(const WardenPlan& plan) { Warden(plan).Run(); }

}  // namespace verbatim
