// Processes that end, die, print, fork and hide.
#include "properties/stage/socket/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "properties/stage/socket/family.h"
#include "properties/stage/socket/last_words.h"
#include "properties/stage/socket/long_test.h"
#include "properties/stage/socket/port.h"

namespace verbatim {
namespace {

// A process and what it printed.
struct Running {
  explicit Running(const std::string& command) {
    auto opened = LastWords::Open();
    EXPECT_TRUE(opened.ok()) << opened.status();
    words = *std::move(opened);
    Process::Options options;
    options.words = words->writer();
    auto started = Process::Start(command, options);
    EXPECT_TRUE(started.ok()) << started.status();
    process = *std::move(started);
    words->CloseWriter();
  }
  Process* operator->() { return process.get(); }
  std::string Output() {
    if (process->Gone()) words->WaitForEnd(kLongMs);
    return words->Text();
  }

  std::unique_ptr<LastWords> words;
  std::unique_ptr<Process> process;
};
Running Start(const std::string& command) { return Running(command); }

// Waits until the process has printed a whole line that begins with `key`, and returns what is
// behind it.
std::string Printed(Running& process, const std::string& key) {
  for (int i = 0; i < kLongMs / 5; ++i) {
    // Asked before the look: what it printed between that look and its end would be passed by.
    const bool gone = process->Gone();
    const std::vector<std::string> lines = absl::StrSplit(process.Output(), '\n');
    for (size_t line = 0; line + 1 < lines.size(); ++line) {
      if (lines[line].rfind(key, 0) == 0) return lines[line].substr(key.size());
    }
    if (gone) break;
    process->Linger(5);
  }
  return "";
}

bool Lives(const std::string& pid_text) {
  pid_t pid = 0;
  EXPECT_TRUE(absl::SimpleAtoi(pid_text, &pid)) << pid_text;
  const std::string stat = ReadFile(absl::StrCat("/proc/", pid, "/stat"));
  return !stat.empty() && stat.find(") Z ") == std::string::npos;
}

TEST(Process, AnExitIsToldWithItsStatus) {
  auto process = Start("exit 7");
  ASSERT_TRUE(process->WaitUntilEnded(kLongMs));
  EXPECT_EQ(process->Ended(), "exited with status 7");
}

TEST(Process, ADeathIsToldWithItsSignal) {
  auto process = Start("kill -SEGV $$");
  ASSERT_TRUE(process->WaitUntilEnded(kLongMs));
  EXPECT_EQ(process->Ended(), "was killed by SIGSEGV");
}

TEST(Process, BothOutputsAreKeptAndItsInputIsEmpty) {
  auto process = Start("cat; echo out; echo err >&2");
  ASSERT_TRUE(process->WaitUntilEnded(kLongMs));
  EXPECT_EQ(process.Output(), "out\nerr\n");
}

TEST(Process, OfMuchOutputTheLastIsKeptAndNothingBlocks) {
  auto process =
      Start("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; echo the end");
  ASSERT_TRUE(process->WaitUntilEnded(kLongMs));
  const std::string output = process.Output();
  EXPECT_LE(output.size(), LastWords::kBytes);
  EXPECT_EQ(output.substr(output.size() - 8), "the end\n");
}

TEST(Process, SigpipeIsAtItsDefaultInTheChild) {
  ::signal(SIGPIPE, SIG_IGN);
  auto process = Start("kill -PIPE $$; echo survived");
  ASSERT_TRUE(process->WaitUntilEnded(kLongMs));
  EXPECT_EQ(process->Ended(), "was killed by SIGPIPE");
  ::signal(SIGPIPE, SIG_DFL);
}

TEST(Process, EverythingThatItStartedIsEndedWithIt) {
  auto process = Start("sleep 1000 & echo child $!; sleep 1000");
  const std::string child = Printed(process, "child ");
  ASSERT_TRUE(Lives(child));
  process.process.reset();
  EXPECT_FALSE(Lives(child));
}

TEST(Process, ADaemonThatLeftTheGroupAndItsParentIsStillAMemberAndIsEnded) {
  auto process = Start("(setsid sh -c 'echo daemon $$; exec sleep 1000' &) ; exit 0");
  const std::string daemon = Printed(process, "daemon ");
  ASSERT_TRUE(process->WaitUntilEnded(kLongMs));
  ASSERT_TRUE(Lives(daemon));
  EXPECT_FALSE(process->Members().empty());
  process.process.reset();
  EXPECT_FALSE(Lives(daemon));
}

TEST(Process, OneThatIgnoresSigtermIsEndedAllTheSame) {
  auto process = Start("trap '' TERM; echo pid $$; while :; do sleep 1000; done");
  const std::string pid = Printed(process, "pid ");
  ASSERT_TRUE(Lives(pid));
  process.process.reset();
  EXPECT_FALSE(Lives(pid));
}

TEST(Process, OneThatHidesInASessionOfItsOwnWithAnEmptyEnvironmentIsEndedAllTheSame) {
  auto process = Start("(env -i setsid sh -c 'echo hidden $$; exec sleep 1000' &) ; exit 0");
  const std::string hidden = Printed(process, "hidden ");
  ASSERT_TRUE(Lives(hidden));
  process.process.reset();
  EXPECT_FALSE(Lives(hidden));
}

TEST(Process, OneThatForksAllTheTimeAndIgnoresSigtermIsEndedWithinASecond) {
  // Each leaves its child behind in a session of its own, and the child goes on likewise.
  auto process = Start(
      "trap '' TERM; echo started\n"
      "python3 -c 'import os,time\n"
      "while True:\n"
      "  if os.fork() == 0:\n    os.setsid()\n  else:\n    os._exit(0)\n' &\n"
      "while :; do sleep 1000 & sleep 0.001; done");
  Printed(process, "started");
  process->Linger(300);
  const std::vector<pid_t> some = process->Members();
  EXPECT_GT(some.size(), 2u);
  const auto start = std::chrono::steady_clock::now();
  process.process.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(1000));
  for (const pid_t pid : some) EXPECT_FALSE(Lives(absl::StrCat(pid)));
  EXPECT_TRUE(DescendantsOf(::getpid(), false).empty());
}

TEST(Process, MembersAreItsOwnAndNotAnothers) {
  auto one = Start("sleep 1000 & echo child $!; sleep 1000");
  auto other = Start("sleep 1000 & echo child $!; sleep 1000");
  const std::string ones = Printed(one, "child "), others = Printed(other, "child ");
  for (const pid_t pid : one->Members()) EXPECT_NE(absl::StrCat(pid), others);
  EXPECT_GE(one->Members().size(), 2u);
  one.process.reset();
  EXPECT_FALSE(Lives(ones));
  EXPECT_TRUE(Lives(others));
}

TEST(Process, ZombiesCountAsMembersWhereTheyAreAskedFor) {
  // Its child ends, and it never waits for it.
  auto process = Start(
      "exec python3 -c 'import os,time\nif os.fork() == 0: os._exit(0)\n"
      "print(\"forked\", flush=True)\ntime.sleep(1000)'");
  Printed(process, "forked");
  for (int i = 0; i < kLongMs / 5; ++i) {
    if (process->Members().size() == 1) break;  // the child has ended
    process->Linger(5);
  }
  EXPECT_EQ(process->Members(Process::Zombies::kNo).size(), 1u);
  EXPECT_EQ(process->Members(Process::Zombies::kYes).size(), 2u);
}

TEST(Process, TerminateReachesItsGroup) {
  auto process = Start("exec sleep 1000");
  process->Terminate();
  ASSERT_TRUE(process->WaitUntilEnded(kLongMs));
  EXPECT_EQ(process->Ended(), "was killed by SIGTERM");
}

TEST(Process, TerminateReachesWhoHasLeftItsGroupToo) {
  auto process = Start("setsid sleep 1000 & wait");
  while (process->Members(Process::Zombies::kNo).size() < 2) process->Linger(5);
  process->Terminate();
  EXPECT_TRUE(process->WaitUntilGone(kLongMs));
}

TEST(Process, ItsDescriptorLimitIsTheGivenOneAndOursIsRaised) {
  rlimit before{}, after{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  auto unlimited = Start("ulimit -Sn");
  RaiseDescriptorLimit();
  ::getrlimit(RLIMIT_NOFILE, &after);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  EXPECT_EQ(Printed(unlimited, ""), absl::StrCat(before.rlim_cur));
  Process::Options options;
  options.descriptor_limit = 32;
  options.piped = true;
  auto limited = Process::Start("ulimit -Sn; ulimit -Hn", options);
  ASSERT_TRUE(limited.ok());
  ASSERT_TRUE((*limited)->WaitUntilEnded(kLongMs));
  char text[100];
  const ssize_t length = ::read((*limited)->output.get(), text, sizeof(text));
  EXPECT_EQ(std::string(text, static_cast<size_t>(std::max<ssize_t>(length, 0))), "32\n32\n");
}

TEST(Process, IfItsStarterIsKilledAllOfItEnds) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  UniqueFd read_end(fds[0]), write_end(fds[1]);
  const pid_t starter = ::fork();
  if (starter == 0) {
    Process::Options options;
    options.words = write_end.get();
    auto process = Process::Start("(setsid sleep 1000 &); echo up; exec sleep 1000", options);
    while (process.ok()) ::pause();
    ::_exit(1);
  }
  write_end.Reset();
  char text[3];
  ASSERT_EQ(::read(read_end.get(), text, sizeof(text)), 3);
  ::kill(starter, SIGKILL);
  ::waitpid(starter, nullptr, 0);
  // The end of the pipe says that nobody is left who could write.
  pollfd poll = {read_end.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&poll, 1, kLongMs), 1);
  EXPECT_EQ(::read(read_end.get(), text, sizeof(text)), 0);
}

TEST(Process, ManyMayBeLetGoAtOnceAndNoneIsLeftBehind) {
  const size_t before = DescendantsOf(::getpid(), true).size();
  for (int i = 0; i < 40; ++i) {
    Process::Options options;
    options.piped = true;
    auto process = Process::Start(i % 2 == 0 ? "cat" : "exec sleep 1000", options);
    ASSERT_TRUE(process.ok()) << process.status();
    Process::LetGo(*std::move(process));
  }
  Process::AwaitLeavers();
  EXPECT_LE(DescendantsOf(::getpid(), true).size(), before);
}

TEST(Process, AWardenThatIsKilledTakesTheCommandWithIt) {
  auto process = Start("echo pid $$; exec sleep 1000");
  const std::string pid = Printed(process, "pid ");
  const std::string stat = ReadFile(absl::StrCat("/proc/", pid, "/stat"));
  const std::vector<std::string> words = absl::StrSplit(stat, ' ');
  pid_t warden = 0;
  ASSERT_TRUE(words.size() > 3 && absl::SimpleAtoi(words[3], &warden));
  ::kill(warden, SIGKILL);
  ASSERT_TRUE(process->WaitUntilEnded(kLongMs));
  EXPECT_EQ(process->Ended(), "was killed by SIGKILL");
  EXPECT_TRUE(process->Gone());
}

}  // namespace
}  // namespace verbatim
