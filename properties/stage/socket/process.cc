// Starting a command under a warden, hearing from it, and ending all that it started.
// Not for: what happens on the warden's side (warden.cc); or anything but Linux.
#include "properties/stage/socket/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "core/status.h"
#include "properties/stage/socket/family.h"
#include "properties/stage/socket/left.h"
#include "properties/stage/socket/warden.h"

extern char** environ;

namespace verbatim {
namespace {

using std::chrono::steady_clock;

// So long the warden is given alone, before this process looks for the rest too.
constexpr int kWardenMs = 700;
constexpr int kReapPauseMs = 5;
// After the command's end, for the warden to see that nothing else is left.
constexpr int kGoneMs = 20;

// As this program was given it, before it raised its own.
rlimit GivenDescriptors() {
  static const rlimit given = [] {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return limit;
  }();
  return given;
}

std::string DeathText(int status) {
  if (WIFEXITED(status)) return absl::StrCat("exited with status ", WEXITSTATUS(status));
  const int signal = WTERMSIG(status);
  const char* name = ::sigabbrev_np(signal);
  return name == nullptr ? absl::StrCat("was killed by signal ", signal)
                         : absl::StrCat("was killed by SIG", name);
}

// Above the standard descriptors, which the child puts others in the place of.
UniqueFd Above(UniqueFd fd) {
  if (!fd || fd.get() > STDERR_FILENO) return fd;
  return UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

struct Pipe {
  UniqueFd read_end, write_end;
  // False, with errno, iff there is none to be had.
  bool Open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    read_end = Above(UniqueFd(ends[0]));
    write_end = Above(UniqueFd(ends[1]));
    return read_end && write_end;
  }
};

// What the command gets, and what we keep of it. Whatever is missing is /dev/null.
struct Plumbing {
  Pipe to, from;
  // Opens both over one pseudo-terminal. Returns the name of the call that failed; or nullptr.
  const char* OpenTerminal() {
    char name[64];
    to.write_end = Above(UniqueFd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)));
    const int master = to.write_end.get();
    if (::grantpt(master) != 0 || ::unlockpt(master) != 0) return "posix_openpt";
    if (::ptsname_r(master, name, sizeof(name)) != 0) return "ptsname_r";
    to.read_end = Above(UniqueFd(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)));
    termios modes{};
    if (::tcgetattr(to.read_end.get(), &modes) != 0) return "tcgetattr";
    modes.c_iflag = 0;
    modes.c_oflag = 0;
    modes.c_lflag = ICANON;
    for (const int key : {VERASE, VKILL, VEOL}) modes.c_cc[key] = _POSIX_VDISABLE;
    if (::tcsetattr(to.read_end.get(), TCSANOW, &modes) != 0) return "tcsetattr";
    from.read_end = UniqueFd(::fcntl(to.write_end.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    from.write_end = UniqueFd(::fcntl(to.read_end.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    return from.read_end && from.write_end ? nullptr : "fcntl";
  }
  UniqueFd null;
  UniqueFd words;
  UniqueFd ours, wardens;

  // Returns the name of the call that failed; nullptr if none did.
  const char* Open(const Process::Options& options) {
    null = Above(UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)));
    if (!null) return "open /dev/null";
    if (options.words >= 0) {
      words = UniqueFd(::fcntl(options.words, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
      if (!words) return "fcntl";
    }
    if (options.terminal) {
      if (const char* call = OpenTerminal()) return call;
    } else if (options.piped && !(to.Open() && from.Open())) {
      return "pipe2";
    }
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return "socketpair";
    ours = UniqueFd(ends[0]);
    wardens = Above(UniqueFd(ends[1]));
    return wardens ? nullptr : "fcntl";
  }
};

}  // namespace

uint64_t GivenDescriptorLimit() { return GivenDescriptors().rlim_cur; }

void RaiseDescriptorLimit() {
  static const bool raised = [] {
    rlimit limit = GivenDescriptors();
    limit.rlim_cur = limit.rlim_max;
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
  }();
  static_cast<void>(raised);
}

absl::StatusOr<std::unique_ptr<Process>> Process::Start(const std::string& command,
                                                        const Options& options) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  Plumbing plumbing;
  if (const char* call = plumbing.Open(options)) return ErrnoStatus(errno, call, "");
  const rlimit given = GivenDescriptors();
  const uint64_t limit = std::min<uint64_t>(options.descriptor_limit, given.rlim_max);
  const int null = plumbing.null.get();
  WardenPlan plan;
  plan.command = command.c_str();
  plan.environment = environ;
  const bool piped = options.piped || options.terminal;
  plan.input = piped ? plumbing.to.read_end.get() : null;
  plan.error = plumbing.words ? plumbing.words.get() : null;
  plan.output = piped ? plumbing.from.write_end.get() : plan.error;
  plan.control = plumbing.wardens.get();
  plan.soft_descriptors = limit == 0 ? given.rlim_cur : limit;
  plan.hard_descriptors = limit == 0 ? given.rlim_max : limit;
  plan.may_end_by_itself = piped;
  const pid_t warden = ::fork();
  if (warden < 0) return ErrnoStatus(errno, "fork", "");
  if (warden == 0) BeWarden(plan);
  std::unique_ptr<Process> process(new Process(warden, std::move(plumbing.ours)));
  process->input = std::move(plumbing.to.write_end);
  process->output = std::move(plumbing.from.read_end);
  return process;
}

Process::~Process() {
  input.Reset();
  output.Reset();
  AskToEnd();
  if (!WaitUntilGone(kWardenMs)) KillMembers();
  // A warden that is not done by now goes on alone; its zombie is init's once this program ends.
  ReapWarden();
}

void Process::AskToEnd() { ::shutdown(control_.get(), SHUT_WR); }

bool Process::ReapWarden() { return ::waitpid(warden_, nullptr, gone_ ? 0 : WNOHANG) == warden_; }

// Takes in what the warden tells, waiting for it for at most `timeout_ms`.
void Process::Hear(int timeout_ms) {
  const auto end = steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (!gone_) {
    WardenReport report;
    const ssize_t got = RetryEintr([&]() -> ssize_t {
      const ssize_t bytes = ::recv(control_.get(), &report, sizeof(report), MSG_DONTWAIT);
      return bytes < 0 ? -errno : bytes;
    });
    if (got == sizeof(report)) {
      if (report.kind == WardenReport::kStarted) pid_ = report.value;
      if (report.kind == WardenReport::kEnded) status_ = report.value;
      timeout_ms = 0;  // what is here already is taken in, and no more waited for
      continue;
    }
    if (got != -EAGAIN) {
      gone_ = true;
      // Somebody killed the warden, and so the shell (PR_SET_PDEATHSIG).
      if (!status_) status_ = SIGKILL;
      return;
    }
    if (timeout_ms <= 0 || steady_clock::now() >= end) return;
    pollfd poll = {control_.get(), POLLIN, 0};
    RetryEintr([&] { return ::poll(&poll, 1, LeftMs(end)) < 0 ? -errno : 0; });
  }
}

std::optional<std::string> Process::Ended() {
  Hear(0);
  if (!status_) return std::nullopt;
  return DeathText(*status_);
}

bool Process::WaitUntilEnded(int timeout_ms) {
  const auto end = steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (!Ended() && steady_clock::now() < end) Hear(LeftMs(end));
  return status_.has_value();
}

void Process::Linger(int timeout_ms) {
  if (gone_) {
    ::poll(nullptr, 0, timeout_ms);
  } else {
    Hear(timeout_ms);
  }
}

bool Process::Gone() {
  Hear(0);
  if (status_ && !waited_) {
    waited_ = true;
    WaitUntilGone(kGoneMs);
  }
  return gone_;
}

bool Process::WaitUntilGone(int timeout_ms) {
  const auto end = steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  for (Hear(0); !gone_ && steady_clock::now() < end;) Hear(LeftMs(end));
  return gone_;
}

void Process::Terminate() { ::send(control_.get(), &kOrderTerminate, 1, MSG_NOSIGNAL); }

std::vector<pid_t> Process::Members(Zombies zombies) const {
  return DescendantsOf(warden_, zombies == Zombies::kYes);
}

// Where the warden can't find them, or there are very many.
void Process::KillMembers() {
  const auto end = steady_clock::now() + std::chrono::milliseconds(kEndMs - kWardenMs);
  while (!gone_ && steady_clock::now() < end) {
    for (const pid_t pid : Members()) ::kill(pid, SIGKILL);
    Hear(kReapPauseMs);
  }
}

}  // namespace verbatim
