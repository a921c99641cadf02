// Starting a command, keeping its last words, and ending all that it started, by /proc.
// Not for: anything that could be told without /proc; this is Linux.
#include "properties/stage/socket/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/status.h"
#include "properties/stage/socket/port.h"

extern char** environ;

namespace verbatim {
namespace {

constexpr int kGraceMs = 200;  // between SIGTERM and SIGKILL
constexpr int kReapRounds = 200;
constexpr int kReapPauseMs = 5;
constexpr int kLooks = 4;

struct Parent {
  pid_t parent;
  pid_t group;
};

// Every process that can be seen, with its parent and group (proc(5), stat: the name may hold
// anything, so what counts stands behind the last parenthesis).
std::map<pid_t, Parent> AllProcesses() {
  std::map<pid_t, Parent> all;
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), &::closedir);
  while (const dirent* entry = proc == nullptr ? nullptr : ::readdir(proc.get())) {
    pid_t pid;
    if (!absl::SimpleAtoi(entry->d_name, &pid)) continue;
    const std::string stat = ReadFile(absl::StrCat("/proc/", pid, "/stat"));
    const size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos) continue;
    const std::vector<absl::string_view> words =
        absl::StrSplit(absl::string_view(stat).substr(name_end + 1), ' ', absl::SkipEmpty());
    Parent parent;
    if (words.size() > 2 && words[0] != "Z" && absl::SimpleAtoi(words[1], &parent.parent) &&
        absl::SimpleAtoi(words[2], &parent.group)) {
      all[pid] = parent;
    }
  }
  return all;
}

// In the child, between fork and exec: only what is safe in a signal handler.
[[noreturn]] void BecomeShell(const char* command, char* const* environment, int output) {
  ::setpgid(0, 0);
  // If Verbatim is killed, so is the command.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  const char* const argv[] = {"sh", "-c", command, nullptr};
  ::execve("/bin/sh", const_cast<char* const*>(argv), environment);
  ::_exit(127);
}

std::string DeathText(int status) {
  if (WIFEXITED(status)) return absl::StrCat("exited with status ", WEXITSTATUS(status));
  const int signal = WTERMSIG(status);
  const char* name = ::sigabbrev_np(signal);
  return name == nullptr ? absl::StrCat("was killed by signal ", signal)
                         : absl::StrCat("was killed by SIG", name);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Process>> Process::Start(const std::string& command) {
  static std::atomic<int> count{0};
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return ErrnoStatus(errno, "pipe2", "");
  UniqueFd read_end(pipe[0]), write_end(pipe[1]);

  const std::string mark = absl::StrCat("VERBATIM_TARGET=", ::getpid(), ".", ++count);
  std::vector<char*> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!absl::StartsWith(*entry, "VERBATIM_TARGET=")) environment.push_back(*entry);
  }
  environment.push_back(const_cast<char*>(mark.c_str()));
  environment.push_back(nullptr);

  const pid_t pid = ::fork();
  if (pid < 0) return ErrnoStatus(errno, "fork", "");
  if (pid == 0) BecomeShell(command.c_str(), environment.data(), write_end.get());
  ::setpgid(pid, pid);  // in both, so that the group is there whoever runs first
  return std::unique_ptr<Process>(new Process(pid, mark, std::move(read_end)));
}

Process::Process(pid_t pid, std::string mark, UniqueFd output)
    : pid_(pid),
      mark_(std::move(mark)),
      pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))),
      output_(std::move(output)),
      stop_(::eventfd(0, EFD_CLOEXEC)),
      keeper_([this] { KeepOutput(); }) {}

Process::~Process() {
  KillAll();
  const uint64_t one = 1;
  if (::write(stop_.get(), &one, sizeof(one)) < 0) stop_.Reset();
  keeper_.join();
}

std::optional<std::string> Process::Ended() {
  int status = 0;
  if (!status_ && ::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  if (!status_) return std::nullopt;
  return DeathText(*status_);
}

bool Process::WaitUntilEnded(int timeout_ms) {
  if (!Ended()) Linger(timeout_ms);
  return Ended().has_value();
}

void Process::Linger(int timeout_ms) {
  pollfd poll = {pidfd_.get(), POLLIN, 0};
  // The descriptor of a process that has ended is always ready, so it is left out then.
  RetryEintr([&] { return ::poll(&poll, status_ ? 0 : 1, timeout_ms) < 0 ? -errno : 0; });
}

bool Process::Gone() {
  if (!Ended()) return false;
  for (int look = 0; look < kLooks; ++look) {
    if (!Members().empty()) return false;
    Linger(kReapPauseMs);
  }
  return true;
}

std::vector<pid_t> Process::Members() const {
  const std::map<pid_t, Parent> all = AllProcesses();
  std::set<pid_t> members;
  for (const auto& [pid, process] : all) {
    if (pid == pid_ || process.group == pid_) members.insert(pid);
    // An orphan has come to us: its environment tells whose it was.
    if (process.parent == ::getpid() && pid != pid_) {
      const std::string environment = ReadFile(absl::StrCat("/proc/", pid, "/environ"));
      for (absl::string_view entry : absl::StrSplit(environment, '\0')) {
        if (entry == mark_) members.insert(pid);
      }
    }
  }
  for (size_t before = 0; before != members.size();) {
    before = members.size();
    for (const auto& [pid, process] : all) {
      if (members.count(process.parent) != 0) members.insert(pid);
    }
  }
  return {members.begin(), members.end()};
}

void KillDescendants() {
  // Some may fork meanwhile: look again until there is none.
  for (int round = 0; round < kReapRounds; ++round) {
    const std::map<pid_t, Parent> all = AllProcesses();
    std::set<pid_t> ours = {::getpid()};
    for (size_t before = 0; before != ours.size();) {
      before = ours.size();
      for (const auto& [pid, process] : all) {
        if (ours.count(process.parent) != 0) ours.insert(pid);
      }
    }
    ours.erase(::getpid());
    if (ours.empty()) return;
    for (const pid_t pid : ours) ::kill(pid, SIGKILL);
  }
}

void Process::KillAll() {
  ::kill(-pid_, SIGTERM);
  WaitUntilEnded(kGraceMs);
  // A process may fork while it is being killed: again, until nobody is left.
  for (int round = 0; round < kReapRounds; ++round) {
    const std::vector<pid_t> members = Members();
    for (const pid_t pid : members) ::kill(pid, SIGKILL);
    if (!members.empty() || !status_) Linger(kReapPauseMs);
    for (const pid_t pid : members) {
      if (pid != pid_) ::waitpid(pid, nullptr, WNOHANG);
    }
    if (members.empty() && Ended()) break;
  }
  // Zombies of the group that had come to us before.
  while (::waitpid(-pid_, nullptr, WNOHANG) > 0) continue;
}

void Process::KeepOutput() {
  char buffer[4096];
  bool stop = false;
  while (!stop) {
    pollfd polls[2] = {{output_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    RetryEintr([&] { return ::poll(polls, 2, -1) < 0 ? -errno : 0; });
    const ssize_t got = polls[0].revents == 0 ? -1 : ::read(output_.get(), buffer, sizeof(buffer));
    stop = got == 0 || polls[1].revents != 0;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (got > 0) kept_.append(buffer, static_cast<size_t>(got));
    if (kept_.size() > 2 * kOutputBytes) kept_.erase(0, kept_.size() - kOutputBytes);
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  at_end_ = true;
  finished_.notify_all();
}

std::string Process::Output() {
  const bool over = Gone();
  std::unique_lock<std::mutex> lock(mutex_);
  // The writers are gone, so the end of the pipe is only a moment away.
  if (over) finished_.wait_for(lock, std::chrono::seconds(1), [this] { return at_end_; });
  return kept_.size() > kOutputBytes ? kept_.substr(kept_.size() - kOutputBytes) : kept_;
}

}  // namespace verbatim
