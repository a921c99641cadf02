// How a failure is shown: the smallest scenario, the control, how often it recurs.
// Not for: what fails (engine_test.cc), or which candidates there are (generate/shrinks_test.cc).
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <string>

#include "properties/requirements/engine_test.h"
#include "properties/scenario/text.h"

namespace verbatim {
namespace {

TEST(Explain, AMagicByteIsFoundAndTheSmallestScenarioIsThatByte) {
  const TestServer server([](int fd) {
    EchoChanged(
        fd, [](std::vector<char>& data) { std::replace(data.begin(), data.end(), '\x51', ' '); });
  });
  const Outcome outcome = RunOn(server, "stream.exact.every-byte");
  ASSERT_EQ(outcome.result, Outcome::Result::kFail);
  EXPECT_EQ(outcome.verdict.kind, Verdict::Kind::kCorrupted);
  EXPECT_EQ(outcome.smallest.payload.bytes, "Q") << PrintScenario(outcome.smallest);
  EXPECT_LE(outcome.smallest.steps.size(), 2u);
  EXPECT_EQ(outcome.recurred, Engine::kReplays);
  EXPECT_FALSE(outcome.transcript.empty());
}

TEST(Explain, ACutThatLosesAByteShrinksToTwoPiecesAndTheControlHolds) {
  // Loses the first byte of every read but a connection's first.
  const TestServer server([](int fd) {
    bool first = true;
    EchoChanged(fd, [&](std::vector<char>& data) {
      if (!first) data.erase(data.begin());
      first = false;
    });
  });
  const Outcome outcome = RunOn(server, "stream.exact.fragments-awaited");
  ASSERT_EQ(outcome.result, Outcome::Result::kFail);
  EXPECT_LE(outcome.smallest.steps.size(), 4u) << PrintScenario(outcome.smallest);
  EXPECT_EQ(outcome.control, Control::kHeld);
}

TEST(Explain, TheControlIsOfTheSmallestScenarioAndThereIsNoneOfOnePiece) {
  // Takes a NUL at the end of a read for padding: cuts make it show, and one byte alone does too.
  const TestServer server([](int fd) {
    EchoChanged(fd, [](std::vector<char>& data) {
      while (!data.empty() && data.back() == '\0') data.pop_back();
    });
  });
  const Outcome outcome = RunOn(server, "stream.exact.fragments-awaited");
  ASSERT_EQ(outcome.result, Outcome::Result::kFail);
  ASSERT_FALSE(ControlOf(outcome.smallest).has_value()) << PrintScenario(outcome.smallest);
  EXPECT_EQ(outcome.control, Control::kNotApplicable);
}

TEST(Explain, ASilenceIsConfirmedAtTheWholeDeadline) {
  const TestServer server([](int fd) {
    std::string line;
    EchoChanged(fd, [&](std::vector<char>& data) {
      line.append(data.begin(), data.end());
      data.clear();
      if (line.find('\n') == std::string::npos) return;
      data.assign(line.begin(), line.end());
      line.clear();
    });
  });
  const Outcome outcome = RunOn(server, "stream.prompt.single-byte");
  ASSERT_EQ(outcome.result, Outcome::Result::kFail);
  EXPECT_EQ(outcome.verdict.kind, Verdict::Kind::kWithheld);
  EXPECT_GE(outcome.verdict.waited_ms, 500);  // more on a busy machine
  EXPECT_EQ(outcome.smallest.payload.Size(), 1u);
}

TEST(Explain, AFailureThatDoesNotRecurIsStillShownAsItWasSeen) {
  bool failed = false;
  const TestServer server([&](int fd) {
    EchoChanged(fd, [&](std::vector<char>& data) {
      if (data.size() < 100 || failed) return;
      failed = true;
      data[50] = static_cast<char>(~data[50]);
    });
  });
  const Outcome outcome = RunOn(server, "stream.exact.buffer-edges");
  ASSERT_EQ(outcome.result, Outcome::Result::kFail);
  EXPECT_EQ(outcome.verdict.kind, Verdict::Kind::kCorrupted);
  EXPECT_EQ(outcome.verdict.offset, 50u);
  EXPECT_EQ(outcome.recurred, 0);
  EXPECT_EQ(outcome.smallest, outcome.first);
  EXPECT_FALSE(outcome.transcript.empty());
}

// Wrong bytes are proof; what did not come once is none.
TEST(Explain, ASilenceThatDoesNotRecurIsNoFailure) {
  bool failed = false;
  const TestServer server([&](int fd) {
    EchoChanged(fd, [&](std::vector<char>& data) {
      if (data.size() < 1000 || failed) return;
      failed = true;
      data.clear();
    });
  });
  const Outcome outcome = RunOn(server, "stream.exact.buffer-edges");
  EXPECT_EQ(outcome.result, Outcome::Result::kOnce);
  EXPECT_EQ(outcome.verdict.kind, Verdict::Kind::kWithheld);
  EXPECT_EQ(outcome.recurred, 0);
  EXPECT_EQ(outcome.replays, Engine::kReplays);
  EXPECT_FALSE(outcome.transcript.empty());
}

Scenario Parsed(const std::string& steps) {
  return *ParseScenario("# verbatim scenario 1\npayload coded 100 seed 1\n" + steps);
}

TEST(ControlOf, PutsAllPiecesIntoOneAndKeepsWhatComesAfter) {
  EXPECT_EQ(ControlOf(Parsed("send 3\nawait\nsend 5\nshutdown\nawait\n")),
            Parsed("send 8\nshutdown\nawait\n"));
  EXPECT_EQ(ControlOf(Parsed("send 3\nsend rest\nawait\n")), Parsed("send 100\nawait\n"));
}

TEST(ControlOf, ThereIsNoneForOnePieceOrForSeveralConnections) {
  EXPECT_FALSE(ControlOf(Parsed("send rest\nawait\n")).has_value());
  EXPECT_FALSE(ControlOf(Parsed("send 1\nsend 2\n@2 connect\n@2 send 1\n")).has_value());
}

}  // namespace
}  // namespace verbatim
