// Several engines side by side: each thread has a target of its own.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "properties/scenario/text.h"
#include "properties/stage/socket/family.h"
#include "properties/stage/socket/stage.h"
#include "properties/stage/socket/target.h"

namespace verbatim {
namespace {

constexpr char kServer[] =
    "exec python3 -c 'import socket,sys,os\n"
    "s=socket.socket(); s.bind((\"127.0.0.1\",int(sys.argv[1]))); s.listen()\n"
    "while True:\n  c=s.accept()[0]\n  if os.fork() == 0:\n    while True:\n"
    "      d=c.recv(4096)\n      if not d: os._exit(0)\n      c.sendall(d)\n  c.close()' {port}";

bool Holds(const Target& target) {
  const auto scenario = ParseScenario(
      "# verbatim scenario 1\npayload coded 5000 seed 3\nsend 10\nawait\nsend rest\nawait\n"
      "shutdown\nexpect eof\n");
  Judge judge(*scenario, {});
  const auto played = Play(*scenario, target.door(), {}, &judge, nullptr);
  return played.ok() && judge.Finish().kind == Verdict::Kind::kHeld;
}

TEST(Threads, EachHasATargetOfItsOwnAndNobodysEndIsAnothers) {
  std::atomic<int> held = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&held] {
      for (int round = 0; round < 3; ++round) {
        auto target = Target::Spawned(kServer);
        if (!target.ok() || !(*target)->Prepare(60'000).ok()) return;
        held += Holds(**target) && !(*target)->Died() ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(held, 12);
}

TEST(Threads, ATargetLivesOnWhereTheThreadThatStartedItEnds) {
  auto target = Target::Spawned(kServer);
  ASSERT_TRUE(target.ok());
  std::thread([&] { ASSERT_TRUE((*target)->Prepare(60'000).ok()); }).join();
  EXPECT_FALSE((*target)->DiedWithin(50).has_value());
  EXPECT_TRUE(Holds(**target));
}

TEST(Threads, StdioTargetsSideBySideLeaveNothingBehind) {
  std::atomic<int> held = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&held] {
      auto target = Target::Stdio("cat");
      for (int round = 0; target.ok() && round < 10; ++round) held += Holds(**target) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(held, 40);
  EXPECT_TRUE(DescendantsOf(::getpid(), false).empty());
}

}  // namespace
}  // namespace verbatim
