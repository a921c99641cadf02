// Processes that end, die, print, fork and hide.
#include "properties/stage/socket/process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "properties/stage/socket/port.h"

namespace verbatim {
namespace {

constexpr int kLongMs = 20'000;

std::unique_ptr<Process> Start(const std::string& command) {
  auto process = Process::Start(command);
  EXPECT_TRUE(process.ok()) << process.status();
  return *std::move(process);
}

// Waits until the process has printed a whole line that begins with `key`, and returns what is
// behind it.
std::string Printed(Process& process, const std::string& key) {
  for (int i = 0; i < kLongMs / 5; ++i) {
    const std::vector<std::string> lines = absl::StrSplit(process.Output(), '\n');
    for (size_t line = 0; line + 1 < lines.size(); ++line) {
      if (lines[line].rfind(key, 0) == 0) return lines[line].substr(key.size());
    }
    if (process.Gone()) break;
    process.Linger(5);
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
  EXPECT_EQ(process->Output(), "out\nerr\n");
}

TEST(Process, OfMuchOutputTheLastIsKeptAndNothingBlocks) {
  auto process =
      Start("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; echo the end");
  ASSERT_TRUE(process->WaitUntilEnded(kLongMs));
  const std::string output = process->Output();
  EXPECT_LE(output.size(), Process::kOutputBytes);
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
  const std::string child = Printed(*process, "child ");
  ASSERT_TRUE(Lives(child));
  process.reset();
  EXPECT_FALSE(Lives(child));
}

TEST(Process, ADaemonThatLeftTheGroupAndItsParentIsStillAMemberAndIsEnded) {
  auto process = Start("(setsid sh -c 'echo daemon $$; exec sleep 1000' &) ; exit 0");
  const std::string daemon = Printed(*process, "daemon ");
  ASSERT_TRUE(process->WaitUntilEnded(kLongMs));
  ASSERT_TRUE(Lives(daemon));
  EXPECT_FALSE(process->Members().empty());
  process.reset();
  EXPECT_FALSE(Lives(daemon));
}

TEST(Process, OneThatIgnoresSigtermIsEndedAllTheSame) {
  auto process = Start("trap '' TERM; echo pid $$; while :; do sleep 1000; done");
  const std::string pid = Printed(*process, "pid ");
  ASSERT_TRUE(Lives(pid));
  process.reset();
  EXPECT_FALSE(Lives(pid));
}

}  // namespace
}  // namespace verbatim
