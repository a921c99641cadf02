// Programs as a shell runs them, for tests: started, fed, read, signalled and looked at in /proc.
// Not for: what a peer of theirs does (peer_test.h).
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/address.h"
#include "echo/peer_test.h"

namespace verbatim {

constexpr char kServer[] = VERBATIM_ECHO_SERVER;
constexpr char kClient[] = VERBATIM_ECHO_CLIENT;

struct Setting {
  int closed_fd = -1;                // not open in the program
  rlim_t descriptors_limit = 0;      // 0: as it is
  int standard_fd = -1;              // is its descriptors 0 and 1, in place of pipes
  int third_fd = -1;                 // is its descriptor 3
  std::vector<std::string> by = {};  // a command that runs it in its own place ("nsenter", ...)
};

// Where a program is; empty if it is not installed. Some live where only root looks.
inline std::string FindProgram(const std::string& name) {
  const char* const path = std::getenv("PATH");
  if (absl::StrContains(name, "/")) return name;
  for (const auto part : absl::StrSplit(absl::StrCat(path ? path : "", ":/usr/sbin:/sbin"), ':')) {
    const std::string file = absl::StrCat(part, "/", name);
    if (::access(file.c_str(), X_OK) == 0) return file;
  }
  return "";
}

// A program that runs, with pipes for its descriptors 0, 1 and 2.
class Program {
 public:
  explicit Program(std::vector<std::string> command, Setting setting = {}) {
    command.insert(command.begin(), setting.by.begin(), setting.by.end());
    std::array<std::array<int, 2>, 3> pipes;
    for (auto& pipe : pipes) EXPECT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    const std::array<int, 3> theirs = {pipes[0][0], pipes[1][1], pipes[2][1]};
    const std::string file = FindProgram(command[0]);
    std::vector<char*> arguments;
    for (std::string& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) Become(file.c_str(), arguments.data(), theirs, setting);
    for (const int fd : theirs) ::close(fd);
    input = UniqueFd(pipes[0][1]);
    output = UniqueFd(pipes[1][0]);
    error = UniqueFd(pipes[2][0]);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    if (pid_ < 0) return;
    Signal(SIGKILL);
    Wait();
  }

  pid_t pid() const { return pid_; }
  void Signal(int signal) const { ::kill(pid_, signal); }

  // Its exit status, or 1000 and the signal that ended it.
  int Wait() {
    int status = 0;
    while (::waitpid(std::exchange(pid_, -1), &status, 0) < 0 && errno == EINTR) {
    }
    return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
  }

  // The next line of its standard error, without the newline.
  std::string ErrorLine() const {
    std::string line;
    while (!absl::EndsWith(line, "\n")) {
      const Reading next = ReadUpTo(error.get(), 1);
      if (next.bytes.empty()) break;
      line += next.bytes;
    }
    return std::string(absl::StripSuffix(line, "\n"));
  }

  // Reads lines until one has this in it; empty if none does.
  std::string ErrorLineWith(absl::string_view text) const {
    std::string line = ErrorLine();
    while (!line.empty() && !absl::StrContains(line, text)) line = ErrorLine();
    return line;
  }

  UniqueFd input, output, error;

 private:
  // Between fork and exec: system calls alone.
  [[noreturn]] static void Become(const char* file, char** arguments,
                                  const std::array<int, 3>& theirs, const Setting& setting) {
    for (int fd = 0; fd <= 2; ++fd) {
      const bool replaced = setting.standard_fd >= 0 && fd <= 1;
      ::dup2(replaced ? setting.standard_fd : theirs[static_cast<size_t>(fd)], fd);
    }
    if (setting.third_fd == 3) ::fcntl(3, F_SETFD, 0);
    if (setting.third_fd > 3) ::dup2(setting.third_fd, 3);
    // Whatever the test inherited.
    for (int fd = setting.third_fd >= 0 ? 4 : 3; fd < 1024; ++fd) ::close(fd);
    if (setting.closed_fd >= 0) ::close(setting.closed_fd);
    if (setting.descriptors_limit > 0) {
      const rlimit limit = {setting.descriptors_limit, setting.descriptors_limit};
      ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    ::signal(SIGPIPE, SIG_DFL);
    ::execv(file, arguments);
    ::_exit(126);
  }

  pid_t pid_;
};

struct Result {
  int status;
  std::string output, error;
};

// Runs a program to its end.
inline Result RunToEnd(std::vector<std::string> command, const std::string& input = "",
                       Setting setting = {}) {
  ::signal(SIGPIPE, SIG_IGN);
  Program program(std::move(command), std::move(setting));
  std::thread writer([&] {
    WriteAll(program.input.get(), input);
    program.input.Reset();
  });
  Result result;
  result.output = ReadToEnd(program.output.get()).bytes;
  result.error = ReadToEnd(program.error.get()).bytes;
  writer.join();
  result.status = program.Wait();
  return result;
}

// A server at endpoints, which may leave the port to the kernel.
struct ServerProgram : Program {
  explicit ServerProgram(const std::vector<std::string>& flags = {},
                         const std::vector<std::string>& where = {"127.0.0.1:0"},
                         Setting setting = {})
      : Program(Command(flags, where), std::move(setting)) {
    for (size_t i = 0; i < where.size(); ++i) {
      const std::string line = ErrorLine();
      EXPECT_TRUE(absl::StartsWith(line, "listening on ")) << line;
      endpoints.emplace_back(absl::StripPrefix(line, "listening on "));
    }
    endpoint = endpoints[0];
    port = endpoint.substr(endpoint.rfind(':') + 1);
  }

  static std::vector<std::string> Command(const std::vector<std::string>& flags,
                                          const std::vector<std::string>& where) {
    std::vector<std::string> command = {kServer};
    command.insert(command.end(), where.begin(), where.end());
    command.insert(command.end(), flags.begin(), flags.end());
    return command;
  }

  // By TCP, to the first endpoint.
  UniqueFd Connect() const {
    const auto address = SocketAddress::Parse(absl::StripPrefix(endpoint, "tcp://"));
    return address.ok() ? ConnectTo(*address) : UniqueFd();
  }

  std::vector<std::string> endpoints;  // as they were listened on
  std::string endpoint, port;          // the first one's
};

inline bool IsOneLine(const std::string& text) {
  return absl::EndsWith(text, "\n") && text.find('\n') == text.size() - 1;
}

// A socket bound to an address where nobody is reached: it does not listen, and takes datagrams
// from itself alone. `text` is HOST:PORT.
struct DeafSocket {
  explicit DeafSocket(int type) : fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(own);
    auto* const address = reinterpret_cast<sockaddr*>(&own);
    EXPECT_EQ(::bind(fd.get(), address, length), 0);
    ::getsockname(fd.get(), address, &length);
    if (type == SOCK_DGRAM) EXPECT_EQ(::connect(fd.get(), address, length), 0);
    port = ntohs(own.sin_port);
    text = absl::StrCat("127.0.0.1:", port);
  }
  UniqueFd fd;
  int port = 0;
  std::string text;
};

inline bool HasIPv6() {
  const UniqueFd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const SocketAddress loopback = Loopback6();
  return fd && ::bind(fd.get(), loopback.data(), loopback.size()) == 0;
}

inline std::string FileText(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// "Uid" of /proc/PID/status: its words, by single spaces.
inline std::string ProcStatus(pid_t pid, absl::string_view field) {
  const std::string text = FileText(absl::StrCat("/proc/", pid, "/status"));
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits(":\t", 1));
    if (parts.first != field) continue;
    return absl::StrJoin(absl::StrSplit(parts.second, absl::ByAnyChar(" \t"), absl::SkipEmpty()),
                         " ");
  }
  return "";
}

// Looks again and again, until it holds or kGiveUpMs are over.
template <typename Condition>
bool Eventually(Condition holds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(kGiveUpMs);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    ::poll(nullptr, 0, 5);
  }
  return true;
}

}  // namespace verbatim
