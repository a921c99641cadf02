// Trials in general, stalls and urgent data.
#include "properties/requirements/trial_test.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "properties/requirements/peer.h"

namespace verbatim {
namespace {

using Kind = Verdict::Kind;

void SendAtOnce(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

TEST(Trial, KeepsWhatWentWrongFirst) {
  const TestServer server(Echo);
  const auto target = TargetOf(server);
  const Budget budget;
  Trial trial(target.get(), budget);
  EXPECT_EQ(trial.Result()->kind, Kind::kHeld);
  EXPECT_EQ(trial.Saw("nothing")->detail, "nothing");
  EXPECT_EQ(trial.Misbehaves("first")->detail, "first");
  EXPECT_EQ(trial.CannotJudge("second")->kind, Kind::kMisbehaved);
  EXPECT_EQ(trial.Result()->detail, "first");
  EXPECT_EQ(trial.Forgive().detail, "first");
  EXPECT_EQ(trial.Result()->kind, Kind::kHeld);
}

TEST(Trial, ASpentBudgetIsNoVerdict) {
  const TestServer server([](int fd) {
    char byte = 0;
    while (::recv(fd, &byte, 1, 0) > 0) continue;
  });
  Budget budget = TrialBudget();
  budget.deadline_ms = 60'000;
  budget.end = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
  for (const auto check : {PromptNoStall, ManyThousand, ManyBacklog, SurviveChurn, PressureBounded,
                           UrgentObserved, UrgentOthersIntact}) {
    const Checked checked = RunCheck(check, server, budget);
    EXPECT_EQ(checked.verdict.kind, Kind::kNotJudged) << Shown(checked);
    EXPECT_NE(checked.verdict.detail.find("--budget"), std::string::npos) << Shown(checked);
  }
}

TEST(Trial, WithoutHalfCloseNoFinIsSentBeforeTheEnd) {
  std::atomic<int> ends{0};
  const TestServer server([&](int fd) {
    Echo(fd);
    // The peer's close and its FIN look alike, but after the one a byte meets a RST.
    char byte = 'x';
    ::send(fd, &byte, 1, MSG_NOSIGNAL);
    ends += ::recv(fd, &byte, 1, 0) < 0 ? 1 : 0;
  });
  const auto target = TargetOf(server);
  Budget budget;
  budget.half_close = false;
  Trial trial(target.get(), budget);
  Peer peer(&trial);
  ASSERT_TRUE(peer.Connect() && peer.Greet());
  peer.End();
  EXPECT_EQ(peer.line().ending(), Ending::kOurs);
  EXPECT_EQ(trial.Result()->kind, Kind::kHeld);
}

TEST(Trial, AnEndThatDoesNotComeIsWaitedForOnce) {
  std::vector<UniqueFd> kept;
  std::mutex mutex;
  const TestServer server([&](int fd) {
    Echo(fd);
    const std::lock_guard<std::mutex> lock(mutex);
    kept.emplace_back(::dup(fd));
  });
  const auto target = TargetOf(server);
  Budget budget;
  budget.deadline_ms = 100;
  Trial trial(target.get(), budget);
  for (int i = 0; i < 20; ++i) {
    Peer peer(&trial);
    ASSERT_TRUE(peer.Connect() && peer.Greet());
    peer.End();
  }
  EXPECT_FALSE(trial.awaits_ends);
  EXPECT_EQ(trial.Result()->kind, Kind::kHeld) << "that is for other requirements";
}

TEST(Trial, ATargetThatDiesUnderItIsSaid) {
  auto target = Target::Spawned(
      "exec python3 -c 'import socket,sys\ns=socket.socket()\n"
      "s.bind((\"127.0.0.1\",int(sys.argv[1])))\ns.listen()\nc=s.accept()[0]\nc.recv(9)\n"
      "print(\"bye\")\nsys.exit(7)' {port}");
  ASSERT_TRUE((*target)->Prepare(kStartMs).ok());
  const Budget budget;
  Trial trial(target->get(), budget);
  EXPECT_FALSE(SurviveChurn(trial)->kind != Kind::kDied) << VerdictSentence(*trial.Result());
  EXPECT_NE(trial.Result()->detail.find("status 7"), std::string::npos);
  EXPECT_EQ(trial.target_output(), "bye\n");
}

TEST(Trial, LooksThatTakeLongAreFewer) {
  // A look at thousands of threads takes half a second on a busy machine: the limit is of time, and
  // not of looks, and it ends with the budget.
  auto target = Target::Spawned(
      "exec python3 -c 'import socket,sys\ns=socket.socket()\n"
      "s.bind((\"127.0.0.1\",int(sys.argv[1])))\ns.listen()\ns.accept()' {port}");
  ASSERT_TRUE((*target)->Prepare(kStartMs).ok());
  const Budget unlimited;
  Trial waiting(target->get(), unlimited);
  Budget budget;
  int looks = 0;
  const auto never = [&](const Usage&, const Usage&) {
    ++looks;
    waiting.Pause(300);
    return false;
  };
  EXPECT_TRUE(Trial(target->get(), budget).UseOnce(never).ok());
  EXPECT_GT(looks, 0);
  EXPECT_LE(looks, 2);
  looks = 0;
  budget.end = std::chrono::steady_clock::now();
  EXPECT_TRUE(Trial(target->get(), budget).UseOnce(never).ok());
  EXPECT_EQ(looks, 0);
}

TEST(PromptNoStall, ASoundServerAnswersAtOnce) {
  const TestServer server([](int fd) {
    SendAtOnce(fd);
    Echo(fd);
  });
  const Checked checked = RunCheck(PromptNoStall, server);
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld) << Shown(checked);
  EXPECT_NE(checked.note.find("median "), std::string::npos) << checked.note;
}

TEST(PromptNoStall, NagleAgainstADelayedAckIsFound) {
  // Each answer in two writes, Nagle's algorithm on: the second waits for the first one's ACK.
  const TestServer server([](int fd) {
    char data[64];
    while (true) {
      const ssize_t got = ::recv(fd, data, sizeof(data), 0);
      if (got <= 0 || !SendAll(fd, data, 1)) return;
      if (!SendAll(fd, data + 1, static_cast<size_t>(got) - 1)) return;
    }
  });
  const Checked checked = RunCheck(PromptNoStall, server);
  EXPECT_EQ(checked.verdict.kind, Kind::kMisbehaved) << Shown(checked);
  EXPECT_NE(checked.verdict.detail.find("that is a stall"), std::string::npos) << Shown(checked);
}

TEST(PromptNoStall, OneWhoTakesItsTimeForEachAnswerStallsNothing) {
  const TestServer server([](int fd) {
    SendAtOnce(fd);
    char data[64];
    while (true) {
      const ssize_t got = ::recv(fd, data, sizeof(data), 0);
      ::poll(nullptr, 0, 45);
      if (got <= 0 || !SendAll(fd, data, static_cast<size_t>(got))) return;
    }
  });
  const Checked checked = RunCheck(PromptNoStall, server);
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld) << Shown(checked);
}

TEST(Urgent, WithoutOobinlineTheUrgentByteLeavesTheStreamAndTheOthersAreIntact) {
  const TestServer server(Echo);
  const Checked checked = RunCheck(UrgentObserved, server);
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld);
  EXPECT_EQ(checked.verdict.detail.rfind("an urgent byte: it left the stream; two in a row: ", 0),
            0u)
      << Shown(checked);
  const Checked others = RunCheck(UrgentOthersIntact, server);
  EXPECT_EQ(others.verdict.kind, Kind::kHeld) << Shown(others);
}

TEST(Urgent, WithOobinlineItComesBackInLine) {
  const TestServer server([](int fd) {
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
    Echo(fd);
  });
  const Checked checked = RunCheck(UrgentObserved, server);
  EXPECT_EQ(checked.verdict.detail,
            "an urgent byte: it came back in line; two in a row: both came back in line");
  const Checked others = RunCheck(UrgentOthersIntact, server);
  EXPECT_EQ(others.verdict.kind, Kind::kHeld) << Shown(others);
}

TEST(Urgent, OneThatEndsOnItIsToldAndFails) {
  const TestServer server([](int fd) {
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
    bool urgent = false;
    EchoChanged(fd, [&](std::vector<char>& data) {
      const auto found = std::find(data.begin(), data.end(), '!');
      urgent = found != data.end();
      if (urgent) ::shutdown(fd, SHUT_RDWR);
    });
  });
  const Checked checked = RunCheck(UrgentObserved, server);
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld) << Shown(checked);
  EXPECT_NE(checked.verdict.detail.find("the connection ended"), std::string::npos)
      << Shown(checked);
  EXPECT_EQ(RunCheck(UrgentOthersIntact, server).verdict.kind, Kind::kTruncated);
}

}  // namespace
}  // namespace verbatim
