// The engine against servers that are functions: what passes and what fails.
// Not for: how a failure is shown (explain_test.cc).
#include "properties/requirements/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>

#include "absl/strings/match.h"
#include "properties/requirements/engine_test.h"
#include "properties/requirements/peer.h"
#include "properties/requirements/trial.h"
#include "properties/scenario/text.h"

namespace verbatim {
namespace {

TEST(Engine, ASoundEchoPassesEverything) {
  const TestServer server(Echo);
  const std::unique_ptr<Target> target = TargetOf(server);
  Engine engine(target.get(), Small());
  ASSERT_TRUE(engine.Reach().ok());
  for (const Requirement& requirement : Catalogue()) {
    if (requirement.family != Family::kStream) continue;
    const auto outcome = engine.Run(requirement);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    const bool judged = (requirement.needs & kSpawned) == 0;
    const auto expected = requirement.level == Level::kObserved ? Outcome::Result::kObserved
                          : judged                              ? Outcome::Result::kPass
                                                                : Outcome::Result::kSkip;
    EXPECT_EQ(outcome->result, expected)
        << requirement.id << ": " << VerdictSentence(outcome->verdict) << "\n"
        << PrintScenario(outcome->smallest);
    EXPECT_EQ(outcome->distinct_scenarios > 0, judged && requirement.cases != nullptr);
  }
}

std::atomic<bool> wedged{false};

absl::StatusOr<Verdict> Wedges(Trial&) {
  wedged = true;
  return Verdict();
}

// The outcomes of a requirement of this level that wedges its target, and of the next one.
std::pair<Outcome, Outcome> OneThatWedges(Level level) {
  wedged = false;
  const TestServer server([](int fd) {
    char byte = 0;
    while (::recv(fd, &byte, 1, 0) == 1) {
      if (!wedged && ::send(fd, &byte, 1, MSG_NOSIGNAL) != 1) return;
    }
  });
  const std::unique_ptr<Target> target = TargetOf(server);
  Engine engine(target.get(), Small());
  EXPECT_TRUE(engine.Reach().ok());
  Requirement row = *FindRequirement("stream.exact.bulk");
  row.id = "stream.test.wedges";
  row.level = level;
  row.cases = nullptr;
  row.check = Wedges;
  const auto outcome = engine.Run(row);
  const auto later = engine.Run(*FindRequirement("stream.exact.bulk"));
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_TRUE(later.ok()) << later.status();
  return {outcome.value_or(Outcome()), later.value_or(Outcome())};
}

TEST(Engine, ATargetThatAnswersNoMoreFailsTheRequirementThatDidItAndNoLaterOne) {
  const auto [outcome, later] = OneThatWedges(Level::kMust);
  EXPECT_EQ(outcome.result, Outcome::Result::kFail);
  EXPECT_TRUE(absl::StrContains(outcome.verdict.detail, "holds no more"));
  EXPECT_EQ(later.result, Outcome::Result::kNotRun);
  EXPECT_EQ(later.reason, "the target answered no more after stream.test.wedges");
}

TEST(Engine, WhatIsOnlyObservedFailsNothingEvenIfTheTargetAnswersNoMore) {
  const auto [outcome, later] = OneThatWedges(Level::kObserved);
  EXPECT_EQ(outcome.result, Outcome::Result::kObserved);
  EXPECT_TRUE(absl::StrContains(outcome.note, "holds no more")) << outcome.note;
  EXPECT_EQ(later.result, Outcome::Result::kNotRun);
}

// Sends the byte of which the target dies.
absl::StatusOr<Verdict> Kills(Trial& trial) {
  Peer peer(&trial, std::string("\xff"));
  EXPECT_TRUE(peer.Connect() && peer.Send(1));
  EXPECT_TRUE(trial.target().DiedSoon().has_value());
  return trial.Saw("it died");
}

TEST(Engine, WhatIsOnlyObservedFailsNothingEvenIfTheTargetDies) {
  const auto target = Target::Spawned(
      "exec python3 -c 'import os,socket,sys\n"
      "s=socket.create_server((\"127.0.0.1\",int(sys.argv[1])))\n"
      "while True:\n"
      "  c=s.accept()[0]\n"
      "  while d:=c.recv(65536):\n"
      "    if b\"\\xff\" in d: os._exit(3)\n"
      "    c.sendall(d)' {port}");
  ASSERT_TRUE(target.ok());
  Engine engine(target->get(), Small());
  if (const absl::Status status = engine.Reach(); !status.ok()) {
    GTEST_SKIP() << "python3 can't be run: " << status;
  }
  Requirement row = *FindRequirement("stream.exact.bulk");
  row.level = Level::kObserved;
  row.cases = nullptr;
  row.check = Kills;
  const auto outcome = engine.Run(row);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->result, Outcome::Result::kObserved) << VerdictSentence(outcome->verdict);
  EXPECT_TRUE(absl::StrContains(outcome->note, "exited with status 3")) << outcome->note;
  const auto later = engine.Run(*FindRequirement("stream.silent.first"));
  ASSERT_TRUE(later.ok()) << later.status();
  EXPECT_EQ(later->result, Outcome::Result::kPass) << later->reason;
}

absl::StatusOr<Verdict> LosesItsPort(Trial&) {
  return absl::AbortedError("port 7 was taken by another program");
}

TEST(Engine, AnInstanceWhosePortIsTakenCostsItsRowAlone) {
  const TestServer server(Echo);
  const std::unique_ptr<Target> target = TargetOf(server);
  Engine engine(target.get(), Small());
  ASSERT_TRUE(engine.Reach().ok());
  Requirement row = *FindRequirement("stream.exact.bulk");
  row.cases = nullptr;
  row.check = LosesItsPort;
  const auto outcome = engine.Run(row);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->result, Outcome::Result::kNotRun);
  EXPECT_EQ(outcome->reason, "port 7 was taken by another program");
  const auto later = engine.Run(*FindRequirement("stream.exact.fragments-awaited"));
  ASSERT_TRUE(later.ok()) << later.status();
  EXPECT_EQ(later->result, Outcome::Result::kPass);
}

TEST(Engine, HowManyCutsWereCertainIsCounted) {
  const TestServer server(Echo);
  const Outcome outcome = RunOn(server, "stream.exact.fragments-awaited");
  EXPECT_GT(outcome.cuts, 0u);
  EXPECT_EQ(outcome.certain_cuts, outcome.cuts) << "each was awaited";
  const Outcome all = RunOn(server, "stream.exact.all-fragments");
  EXPECT_EQ(all.distinct_scenarios, 128u);
  EXPECT_EQ(all.cuts, 7u * 64) << "each of 7 places is cut in half of all cuttings";
}

TEST(Engine, HowAConnectionEndedIsJudgedByTheRequirementAboutItAlone) {
  const TestServer server([](int fd) {
    Echo(fd);
    const linger now = {1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));  // closed by a RST
  });
  const Outcome ends = RunOn(server, "stream.halfclose.ends");
  EXPECT_EQ(ends.result, Outcome::Result::kPass) << VerdictSentence(ends.verdict);
  const Outcome cleanly = RunOn(server, "stream.halfclose.ends-cleanly");
  ASSERT_EQ(cleanly.result, Outcome::Result::kFail);
  EXPECT_EQ(cleanly.verdict.ending, Ending::kReset);
}

TEST(Engine, ASlowReaderOfAServerThatIgnoresShortWritesMissesBytes) {
  const TestServer server([](int fd) {
    char buffer[65536];
    ssize_t got = 0;
    while ((got = ::recv(fd, buffer, sizeof(buffer), 0)) > 0) {
      ::send(fd, buffer, static_cast<size_t>(got), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
  });
  const Outcome outcome = RunOn(server, "stream.pressure.slow-reader");
  EXPECT_EQ(outcome.result, Outcome::Result::kFail);
  EXPECT_EQ(outcome.verdict.kind, Verdict::Kind::kLost) << VerdictSentence(outcome.verdict);
}

TEST(Engine, AnEndThatLosesTheTailIsNotClean) {
  const TestServer server([](int fd) {
    char buffer[4096];
    while (::recv(fd, buffer, sizeof(buffer), 0) > 0) continue;
    const linger now = {1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  });
  EXPECT_EQ(RunOn(server, "stream.halfclose.ends-cleanly").result, Outcome::Result::kFail);
}

TEST(Engine, AnEndThatDoesNotComeIsNotClean) {
  std::mutex until_the_end;
  until_the_end.lock();
  const TestServer server([&](int fd) {
    Echo(fd);
    const std::lock_guard<std::mutex> wait(until_the_end);
  });
  EXPECT_EQ(RunOn(server, "stream.halfclose.ends-cleanly").result, Outcome::Result::kSkip);
  until_the_end.unlock();
}

TEST(Engine, ADeathBehindTheLastAnswerIsNoPass) {
  const auto target = Target::Spawned(
      "exec python3 -c 'import os,socket,sys\n"
      "s=socket.create_server((\"127.0.0.1\",int(sys.argv[1])))\n"
      "while True:\n"
      "  c=s.accept()[0]\n"
      "  while d:=c.recv(65536):\n"
      "    c.sendall(d)\n"
      "    if b\"\\xff\" in d: os._exit(3)' {port}");
  ASSERT_TRUE(target.ok());
  const auto outcome =
      verbatim::Run(*FindRequirement("stream.exact.every-byte"), target->get(), Small());
  if (!outcome.ok()) GTEST_SKIP() << "python3 can't be run: " << outcome.status();
  EXPECT_EQ(outcome->result, Outcome::Result::kFail);
  EXPECT_EQ(outcome->verdict.kind, Verdict::Kind::kDied) << VerdictSentence(outcome->verdict);
  EXPECT_EQ(outcome->verdict.ending, Ending::kCrashed);
}

TEST(Engine, WhatIsSentBehindTheEchoIsInserted) {
  const TestServer server([](int fd) {
    Echo(fd);
    ::send(fd, "bye", 3, MSG_NOSIGNAL);
  });
  EXPECT_EQ(RunOn(server, "stream.halfclose.ends-cleanly").verdict.kind, Verdict::Kind::kInserted);
  const Outcome outcome = RunOn(server, "stream.silent.after");
  EXPECT_EQ(outcome.result, Outcome::Result::kFail);
  EXPECT_EQ(outcome.verdict.kind, Verdict::Kind::kInserted) << VerdictSentence(outcome.verdict);
}

TEST(Engine, AnIterativeServerIsNotBlamedForLeaks) {
  std::mutex one_at_a_time;
  const TestServer server([&](int fd) {
    const std::lock_guard<std::mutex> lock(one_at_a_time);
    Echo(fd);
  });
  EXPECT_EQ(RunOn(server, "stream.many.isolated").result, Outcome::Result::kSkip);
  const Outcome second = RunOn(server, "stream.many.second-is-served");
  EXPECT_EQ(second.result, Outcome::Result::kFail);
  EXPECT_EQ(second.verdict.kind, Verdict::Kind::kWithheld);
  EXPECT_EQ(second.level, "S");
}

TEST(Engine, WhatIsNotClaimedIsNotPlayedAndNoPass) {
  const TestServer server(Echo);
  const std::unique_ptr<Target> target = TargetOf(server);
  target->Without(kHalfClose);
  const auto outcome =
      verbatim::Run(*FindRequirement("stream.halfclose.drains"), target.get(), Small());
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->result, Outcome::Result::kNotClaimed);
  EXPECT_EQ(outcome->plays, 0u);
}

TEST(Engine, ASpentBudgetIsNoPass) {
  const TestServer server(Echo);
  Budget budget = Small();
  budget.end = std::chrono::steady_clock::now();
  EXPECT_EQ(RunOn(server, "stream.exact.bulk", budget).result, Outcome::Result::kNoTime);
}

// It was blamed for its backlog once: the peers that vanish were all connected before the first
// did.
TEST(Engine, AnIterativeServerWithTheSmallestBacklogSurvivesWhoVanishes) {
  const TestServer server(Echo, 1, true);
  const Outcome outcome = RunOn(server, "stream.survive.vanish");
  EXPECT_EQ(outcome.result, Outcome::Result::kPass) << VerdictSentence(outcome.verdict);
}

TEST(Engine, WhoNeverAnswersIsNotBlamedForSpeakingFirst) {
  const TestServer server(
      [](int fd) { EchoChanged(fd, [](std::vector<char>& data) { data.clear(); }); });
  EXPECT_EQ(RunOn(server, "stream.silent.first").result, Outcome::Result::kSkip);
}

TEST(Engine, TheBudgetEndsWhateverIsUnderWay) {
  const TestServer server(
      [](int fd) { EchoChanged(fd, [](std::vector<char>&) { std::this_thread::yield(); }); });
  Budget budget = Small();
  budget.bulk_bytes = uint64_t{1} << 40;
  budget.end = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
  // Its first case judges it.
  const Outcome outcome = RunOn(server, "stream.exact.bulk", budget);
  EXPECT_EQ(outcome.result, Outcome::Result::kPass);
  EXPECT_EQ(outcome.distinct_scenarios, 1u);
  EXPECT_EQ(outcome.cases_left, 1u);
  EXPECT_GT(outcome.seconds_left, 0);
}

TEST(Engine, AForwarderWhoseBackEndStartsLateIsReadyWhenAnExchangePasses) {
  auto target = Target::Spawned(
      "exec python3 -c 'import socket,sys,time\n"
      "s=socket.socket(); s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1)\n"
      "s.bind((\"127.0.0.1\",int(sys.argv[1]))); s.listen(); start=time.monotonic()\n"
      "while True:\n"
      "  c=s.accept()[0]\n"
      "  if time.monotonic()-start<.3: c.close(); continue\n"
      "  d=c.recv(65536)\n"
      "  while d: c.sendall(d); d=c.recv(65536)\n"
      "  c.close()' {port}");
  ASSERT_TRUE(target.ok());
  const absl::StatusOr<Outcome> outcome =
      ::verbatim::Run(*FindRequirement("stream.exact.buffer-edges"), target->get(), Small());
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->result, Outcome::Result::kPass) << VerdictSentence(outcome->verdict);
  EXPECT_TRUE((*target)->knows_delay()) << "and the next start waits for so long";
}

TEST(Engine, WhatTheBudgetCutsShortIsNoFailure) {
  std::atomic<int> connections{0};
  const TestServer server([&](int fd) {
    const bool first = ++connections == 1;  // the plain exchange, before anything is played
    EchoChanged(fd, [first](std::vector<char>& data) {
      if (!first) data.clear();
    });
  });
  Budget budget = Small();
  budget.deadline_ms = 60'000;
  budget.end = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
  const Outcome outcome = RunOn(server, "stream.exact.every-byte", budget);
  EXPECT_EQ(outcome.result, Outcome::Result::kNoTime);
  EXPECT_NE(outcome.reason.find("--budget"), std::string::npos) << outcome.reason;
  EXPECT_EQ(outcome.distinct_scenarios, 0u);
  EXPECT_GT(outcome.cases_left, 100u);
}

TEST(Engine, WhatIsPlayedInPartsIsPlayedOnceEach) {
  const TestServer server(Echo);
  const auto target = TargetOf(server);
  Engine engine(target.get(), Small());
  const Requirement& requirement = *FindRequirement("stream.exact.all-fragments");
  const absl::StatusOr<Outcome> whole = engine.Run(requirement);
  ASSERT_TRUE(whole.ok()) << whole.status();
  // Without time no part has more than what is essential.
  Progress progress(requirement);
  size_t parts = 0;
  for (; !progress.over && parts < 1000; ++parts) {
    const auto at_once =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(parts == 0 ? 0 : 5);
    ASSERT_TRUE(engine.Continue(&progress, at_once).ok());
    if (parts == 0) EXPECT_EQ(progress.played.size(), requirement.essential);
  }
  const Outcome outcome = progress.Conclude();
  EXPECT_GT(parts, 1u);
  EXPECT_EQ(outcome.result, Outcome::Result::kPass);
  EXPECT_EQ(outcome.distinct_scenarios, whole->distinct_scenarios);
  EXPECT_EQ(outcome.cases_left, 0u);
  EXPECT_EQ(outcome.cuts, whole->cuts);
}

TEST(Engine, OneThatDiesAfterItsAnswerDiesOfThatCase) {
  auto target = Target::Spawned(
      "python3 -c 'import os,socket,sys\ns=socket.socket(); "
      "s.bind((\"127.0.0.1\",int(sys.argv[1]))); "
      "s.listen()\nwhile True:\n  c=s.accept()[0]\n  while True:\n    d=c.recv(65536)\n    if not "
      "d: break\n"
      "    c.sendall(d)\n    if len(d)==1: os._exit(6)' {port}");
  ASSERT_TRUE(target.ok());
  Engine engine(target->get(), Small());
  ASSERT_TRUE(engine.Reach().ok());
  const auto outcome = engine.Run(*FindRequirement("stream.prompt.single-byte"));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->verdict.kind, Verdict::Kind::kDied) << VerdictSentence(outcome->verdict);
  EXPECT_NE(outcome->verdict.detail.find("status 6"), std::string::npos);
}

TEST(Engine, AnUnreachableTargetIsUnavailable) {
  std::unique_ptr<Target> target;
  {
    const TestServer server(Echo);
    target = TargetOf(server);
  }
  Engine engine(target.get(), Small());
  const absl::Status status = engine.Reach();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_NE(status.message().find("ECONNREFUSED"), absl::string_view::npos) << status;
}

TEST(Engine, AOneShotServerIsStartedAgainSoOftenAndNoMore) {
  auto target = Target::Spawned(
      "python3 -c 'import socket,sys\ns=socket.socket(); s.bind((\"127.0.0.1\",int(sys.argv[1]))); "
      "s.listen(); "
      "c=s.accept()[0]\nwhile True:\n  d=c.recv(65536)\n  if not d: sys.exit(9)\n  c.sendall(d)' "
      "{port}");
  ASSERT_TRUE(target.ok());
  Engine engine(target->get(), Small());
  ASSERT_TRUE(engine.Reach().ok());
  std::vector<Outcome::Result> results;
  for (int i = 0; i < Engine::kRestarts + 2; ++i) {
    const auto outcome = engine.Run(*FindRequirement("stream.exact.fragments-awaited"));
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    results.push_back(outcome->result);
    if (outcome->result != Outcome::Result::kFail) continue;
    EXPECT_EQ(outcome->verdict.kind, Verdict::Kind::kDied);
    EXPECT_NE(outcome->verdict.detail.find("status 9"), std::string::npos)
        << outcome->verdict.detail;
  }
  EXPECT_EQ(results.front(), Outcome::Result::kFail);
  EXPECT_EQ(results.back(), Outcome::Result::kNotRun);
  EXPECT_EQ(results[Engine::kRestarts], Outcome::Result::kFail);
  EXPECT_LE((*target)->starts(), (1 + Engine::kRestarts) * (1 + Engine::kReplays));
}

}  // namespace
}  // namespace verbatim
