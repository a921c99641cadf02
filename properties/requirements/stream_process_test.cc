// The target's processes: sound servers hold, and each defect is named with its measure.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "properties/requirements/trial_test.h"

namespace verbatim {
namespace {

using Kind = Verdict::Kind;

TEST(PressureBounded, ASoundServerStopsReading) { ExpectHeld(PressureBounded); }

TEST(PressureBounded, AServerOfAnotherIsJudgedByWhatItTakes) {
  const TestServer server(Echo);
  const Checked checked = RunCheck(PressureBounded, server);
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld) << Shown(checked);
  EXPECT_NE(checked.note.find("MiB were accepted"), std::string::npos) << checked.note;
}

TEST(PressureBounded, OneThatIsSlowToGoOnIsNotBlamedForWhatIsStillOnTheWay) {
  const TestServer server([](int fd) {
    std::vector<char> data(64 * 1024);
    for (ssize_t got = 1; got > 0;) {
      got = ::recv(fd, data.data(), data.size(), 0);
      for (ssize_t sent = 0; sent < got;) {
        const ssize_t more = ::send(fd, data.data() + sent, static_cast<size_t>(got - sent),
                                    MSG_DONTWAIT | MSG_NOSIGNAL);
        if (more < 0 && errno != EAGAIN) return;
        if (more < 0) ::poll(nullptr, 0, 300);
        sent += std::max<ssize_t>(more, 0);
      }
    }
  });
  const Checked checked = RunCheck(PressureBounded, server);
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld) << Shown(checked);
}

TEST(PressureBounded, OneThatTakesEverythingIsFound) {
  const TestServer server([](int fd) {
    std::vector<char> data(1 << 20);
    while (::recv(fd, data.data(), data.size(), 0) > 0) continue;
  });
  const Checked checked = RunCheck(PressureBounded, server);
  EXPECT_EQ(checked.verdict.kind, Kind::kMisbehaved) << Shown(checked);
  EXPECT_NE(checked.verdict.detail.find("more than 64.0 MiB were accepted"), std::string::npos)
      << Shown(checked);
}

TEST(PressureBounded, WhoEndsTheConnectionHasABoundToo) {
  const TestServer server([](int fd) {
    char byte = 0;
    ::recv(fd, &byte, 1, 0);
  });
  const Checked checked = RunCheck(PressureBounded, server);
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld) << Shown(checked);
}

TEST(SurviveFdExhaustion, OneThatWaitsForADescriptorRecovers) {
  const auto target = PythonTarget("none");
  const Checked checked = RunCheck(SurviveFdExhaustion, target.get());
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld) << Shown(checked);
  EXPECT_NE(checked.note.find("with 32 descriptors it served 2"), std::string::npos)
      << checked.note;
}

TEST(SurviveFdExhaustion, AProcessForEachConnectionIsNotExhausted) {
  auto target = Target::Spawned(
      "exec python3 -c 'import os,signal,socket,sys\n"
      "signal.signal(signal.SIGCHLD,signal.SIG_IGN)\n"
      "s=socket.socket(); s.bind((\"127.0.0.1\",int(sys.argv[1]))); s.listen(128)\n"
      "while True:\n  c=s.accept()[0]\n  if os.fork(): c.close(); continue\n"
      "  d=c.recv(999)\n  while d: c.sendall(d); d=c.recv(999)\n  os._exit(0)' {port}");
  const Checked checked = RunCheck(SurviveFdExhaustion, target->get());
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld) << Shown(checked);
  EXPECT_NE(checked.note.find("served 64 connections at once and was not exhausted"),
            std::string::npos)
      << checked.note;
}

TEST(SurviveFdExhaustion, ABusyLoopIsMeasured) {
  ExpectMisbehaved(SurviveFdExhaustion, "spins", "% of a processor, while no more could be had");
}

TEST(SurviveFdExhaustion, OneThatNeverAcceptsAgainIsUnserved) {
  const auto target = PythonTarget("never-again");
  Budget budget = TrialBudget();
  budget.deadline_ms = 500;
  const Checked checked = RunCheck(SurviveFdExhaustion, target.get(), budget);
  EXPECT_EQ(checked.verdict.kind, Kind::kWithheld) << Shown(checked);
}

TEST(SurviveFdExhaustion, OneThatCantStartWithSoFewIsNotJudged) {
  auto target = Target::Spawned(absl::StrCat("test $(ulimit -n) -gt 100 && exec python3 -c ",
                                             ShellQuote(kPythonServer), " {port} none"));
  const Checked checked = RunCheck(SurviveFdExhaustion, target->get());
  EXPECT_EQ(checked.verdict.kind, Kind::kNotJudged) << Shown(checked);
  EXPECT_NE(checked.verdict.detail.find("with 32 descriptors"), std::string::npos);
}

TEST(StopSigterm, ASoundServerEndsAndCanBeStartedAgain) {
  const auto target = PythonTarget("none");
  const Checked checked = RunCheck(StopSigterm, target.get());
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld) << Shown(checked);
  EXPECT_NE(checked.note.find("it was killed by SIGTERM"), std::string::npos) << checked.note;
  EXPECT_FALSE(target->Died().has_value()) << "its own instance is another";
}

TEST(StopSigterm, WithoutReuseaddrThePortIsTaken) {
  ExpectMisbehaved(StopSigterm, "no-reuse", "Address already in use");
}

TEST(StopSigterm, OneThatIgnoresItIsFound) {
  ExpectMisbehaved(StopSigterm, "ignores-sigterm", "it still runs 5000 ms after SIGTERM");
}

}  // namespace
}  // namespace verbatim
