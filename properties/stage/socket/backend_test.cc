// Targets before a back end: what is filled in, who is waited for, and whose death is whose.
#include "properties/stage/socket/backend.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "properties/stage/socket/target.h"

namespace verbatim {
namespace {

// An echo that ends, with status 7, once it gets a '!'.
constexpr char kEcho[] =
    "exec python3 -c 'import socket,sys,threading,os\n"
    "def serve(c):\n"
    "  while True:\n    d=c.recv(4096)\n    if b\"!\" in d: os._exit(7)\n"
    "    if not d: return c.close()\n    c.sendall(d)\n"
    "s=socket.socket(); s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1)\n"
    "s.bind((\"127.0.0.1\",int(sys.argv[1]))); s.listen()\n"
    "while True: threading.Thread(target=serve,args=(s.accept()[0],),daemon=True).start()' {port}";

// A relay, a thread for each way. The first `argv[4]` connections are closed at once.
constexpr char kRelay[] =
    "exec python3 -c 'import socket,sys,threading\n"
    "def pump(a,b):\n"
    "  while True:\n    d=a.recv(4096)\n    if not d: return b.shutdown(socket.SHUT_WR)\n"
    "    b.sendall(d)\n"
    "s=socket.socket(); s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1)\n"
    "s.bind((\"127.0.0.1\",int(sys.argv[1]))); s.listen()\n"
    "for i in range(int(sys.argv[4])): s.accept()[0].close()\n"
    "while True:\n"
    "  c=s.accept()[0]; b=socket.create_connection((sys.argv[2],int(sys.argv[3])))\n"
    "  for x,y in ((c,b),(b,c)): threading.Thread(target=pump,args=(x,y),daemon=True).start()' "
    "{port} {backend_host} {backend_port} ";

std::unique_ptr<Target> RelayBefore(const std::string& echo, int deaf) {
  auto target = Target::Spawned(absl::StrCat(kRelay, deaf));
  auto backend = Backend::Spawned(echo, Transport::kTcp);
  if (!target.ok() || !backend.ok()) return nullptr;
  (*target)->PutBefore(*std::move(backend), "--behind X");
  return *std::move(target);
}

// Whether `byte` comes back.
bool Echoes(const Target& target, char byte) {
  Line line;
  if (!line.Connect(target.door(), 20'000).ok()) return false;
  if (line.Send(absl::MakeConstSpan(&byte, 1)) != 1) return false;
  pollfd poll = {line.fd(), POLLIN, 0};
  char back = 0;
  return ::poll(&poll, 1, 20'000) == 1 && line.Recv(absl::MakeSpan(&back, 1)) == 1 && back == byte;
}

TEST(Backend, ARelayBeforeItIsAnEcho) {
  const auto target = RelayBefore(kEcho, 0);
  ASSERT_NE(target, nullptr);
  EXPECT_TRUE(absl::EndsWith(target->argument(), " --behind X")) << target->argument();
  ASSERT_TRUE(target->Prepare(60'000).ok());
  EXPECT_TRUE(Echoes(*target, 'x'));
}

TEST(Backend, ATargetThatListensBeforeItReachesItIsWaitedFor) {
  const auto target = RelayBefore(kEcho, 3);
  ASSERT_NE(target, nullptr);
  ASSERT_TRUE(target->Prepare(60'000).ok());
  EXPECT_TRUE(Echoes(*target, 'x')) << "three lines were lost before";
  EXPECT_EQ(target->starts(), 1);
}

TEST(Backend, ACopyHasOneOfItsOwn) {
  const auto target = RelayBefore(kEcho, 0);
  ASSERT_NE(target, nullptr);
  ASSERT_TRUE(target->Prepare(60'000).ok());
  const auto copy = target->Clone();
  ASSERT_TRUE(copy->Prepare(60'000).ok());
  EXPECT_EQ(copy->argument(), target->argument());
  EXPECT_TRUE(Echoes(*copy, 'x'));
  EXPECT_FALSE(Echoes(*copy, '!')) << "which ends the copy's";
  EXPECT_TRUE(Echoes(*target, 'x'));
  EXPECT_FALSE(target->TakeBackendDeath(0).has_value());
}

TEST(Backend, ItsDeathIsNotTheTargetsAndIsToldOnceAndMended) {
  const auto target = RelayBefore(kEcho, 0);
  ASSERT_NE(target, nullptr);
  ASSERT_TRUE(target->Prepare(60'000).ok());
  EXPECT_FALSE(Echoes(*target, '!'));
  EXPECT_EQ(target->TakeBackendDeath(20'000), "exited with status 7");
  EXPECT_EQ(target->TakeBackendDeath(0), std::nullopt);
  EXPECT_FALSE(target->Died().has_value());
  ASSERT_TRUE(target->Prepare(60'000).ok());
  EXPECT_TRUE(Echoes(*target, 'x'));
}

// A target that died of it is started again at once, and the back end with it.
TEST(Backend, OneThatListensNoMoreIsLeftToEndByItself) {
  const std::string slow =
      "exec python3 -c 'import socket,sys,time\n"
      "s=socket.create_server((\"127.0.0.1\",int(sys.argv[1])))\n"
      "c=s.accept()[0]\nwhile True:\n  d=c.recv(4096)\n  if b\"!\" in d: break\n"
      "  if d: c.sendall(d)\n  else: c.close(); c=s.accept()[0]\n"
      "s.close(); c.close(); time.sleep(.2); sys.exit(7)' {port}";
  const auto target = RelayBefore(slow, 0);
  ASSERT_NE(target, nullptr);
  ASSERT_TRUE(target->Prepare(60'000).ok());
  EXPECT_FALSE(Echoes(*target, '!'));
  target->Stop();
  EXPECT_EQ(target->TakeBackendDeath(0), "exited with status 7");
}

TEST(Backend, OneThatNeverListensIsSaidAsSuch) {
  const auto target = RelayBefore("echo no luck >&2; exit 3 # {port}", 0);
  ASSERT_NE(target, nullptr);
  const absl::Status status = target->Prepare(60'000);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "the back end")) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "no luck")) << status;
}

TEST(Backend, ATargetThatPassesNothingOnIsLeftToTheRequirements) {
  const auto target = RelayBefore(kEcho, 1'000'000);
  ASSERT_NE(target, nullptr);
  EXPECT_TRUE(target->Prepare(4'000).ok());
  EXPECT_FALSE(Echoes(*target, 'x'));
}

TEST(Backend, EveryWayToNameItIsFilledIn) {
  auto target = Target::Spawned("echo {backend} {backend_endpoint} >&2; exit 3 # {port}");
  auto backend = Backend::Spawned(kEcho, Transport::kTcp);
  ASSERT_TRUE(target.ok() && backend.ok());
  (*target)->PutBefore(*std::move(backend), "--behind X");
  const absl::Status status = (*target)->Prepare(60'000);
  EXPECT_TRUE(absl::StrContains(status.message(), "it printed: 127.0.0.1:")) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), " tcp://127.0.0.1:")) << status;
  EXPECT_TRUE(Backend::IsNamedIn("a {backend}"));
  EXPECT_TRUE(Backend::IsNamedIn("a {backend_port}"));
  EXPECT_FALSE(Backend::IsNamedIn("a {port}"));
}

}  // namespace
}  // namespace verbatim
