// Targets: what is filled in, what is waited for, and how they die.
#include "properties/stage/socket/target.h"

#include <gtest/gtest.h>

#include <string>

namespace verbatim {
namespace {

// A server in the shell would need another program; python3 is what the tests have.
constexpr char kPython[] =
    "python3 -c 'import socket,sys,time\n"
    "s=socket.socket(); s.bind((\"127.0.0.1\",int(sys.argv[1]))); s.listen()\n"
    "while True:\n  c=s.accept()[0]; print(\"served\",flush=True); c.close()' {port}";

TEST(Target, ACommandWithoutAPlaceForThePortIsRefused) {
  const auto target = Target::Spawned("socat TCP-LISTEN:7 PIPE");
  EXPECT_TRUE(absl::IsInvalidArgument(target.status()));
  EXPECT_NE(target.status().message().find("{port}"), absl::string_view::npos) << target.status();
}

TEST(Target, OneThatEndsBeforeItListensIsSaidAtOnceWithItsLastWords) {
  auto target = Target::Spawned("echo no luck with {port} {x} >&2; exit 3");
  ASSERT_TRUE(target.ok());
  const absl::Status status = (*target)->Prepare(60'000);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_NE(status.message().find("exited with status 3"), absl::string_view::npos) << status;
  EXPECT_NE(status.message().find("no luck with"), absl::string_view::npos) << status;
  EXPECT_NE(status.message().find("{x}"), absl::string_view::npos) << status;
}

TEST(Target, OneThatNeverListensIsGivenUp) {
  auto target = Target::Spawned("exec sleep 1000 # {port}");
  ASSERT_TRUE(target.ok());
  const absl::Status status = (*target)->Prepare(50);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_NE(status.message().find("did not listen on port"), absl::string_view::npos) << status;
}

TEST(Target, IsReadyOnceItListensAndNobodyHasConnectedToIt) {
  auto target = Target::Spawned(kPython);
  ASSERT_TRUE(target.ok());
  ASSERT_TRUE((*target)->Prepare(60'000).ok());
  EXPECT_EQ((*target)->addresses().size(), 1u);
  EXPECT_EQ((*target)->Output(), "");
  EXPECT_FALSE((*target)->Died().has_value());
  EXPECT_EQ((*target)->starts(), 1);
  EXPECT_TRUE((*target)->Prepare(60'000).ok());
  EXPECT_EQ((*target)->starts(), 1) << "it was running";
}

TEST(Target, ADaemonThatLeavesItsParentIsWaitedForAndAlive) {
  auto target = Target::Spawned(std::string("setsid ") + kPython + " & exit 0");
  ASSERT_TRUE(target.ok());
  ASSERT_TRUE((*target)->Prepare(60'000).ok());
  EXPECT_FALSE((*target)->DiedWithin(50).has_value());
}

TEST(Target, ADeathIsSeenAndTheNextPrepareStartsItAgain) {
  auto target = Target::Spawned(
      "python3 -c 'import socket,sys\ns=socket.socket(); s.bind((\"127.0.0.1\",int(sys.argv[1]))); "
      "s.listen(); s.accept(); sys.exit(5)' {port}");
  ASSERT_TRUE(target.ok());
  ASSERT_TRUE((*target)->Prepare(60'000).ok());
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM, 0));
  const SocketAddress address = (*target)->addresses().front();
  ASSERT_EQ(::connect(fd.get(), address.data(), address.size()), 0);
  EXPECT_EQ((*target)->DiedWithin(20'000), "exited with status 5");
  ASSERT_TRUE((*target)->Prepare(60'000).ok());
  EXPECT_EQ((*target)->starts(), 2);
  EXPECT_FALSE((*target)->Died().has_value());
}

TEST(Target, ARemoteOneIsResolvedAndHasNoProcess) {
  const auto endpoint = Endpoint::Parse("127.0.0.1:7");
  ASSERT_TRUE(endpoint.ok());
  auto target = Target::Remote(*endpoint);
  ASSERT_TRUE(target.ok());
  EXPECT_EQ((*target)->name(), "tcp://127.0.0.1:7");
  EXPECT_EQ((*target)->capabilities() & kSpawned, 0u);
  EXPECT_TRUE((*target)->Prepare(1).ok());
  EXPECT_FALSE((*target)->Died().has_value());
}

TEST(ShellQuote, SurvivesQuotes) { EXPECT_EQ(ShellQuote("it's {port}"), "'it'\\''s {port}'"); }

}  // namespace
}  // namespace verbatim
