// When a started target is ready: by its output, after a time, and what is said where it never is.
#include "properties/stage/socket/readiness.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "properties/stage/socket/long_test.h"
#include "properties/stage/socket/quiet.h"
#include "properties/stage/socket/target.h"

namespace verbatim {
namespace {

constexpr char kListensThenPrints[] =
    "exec python3 -uc 'import socket,sys,time\n"
    "s=socket.socket(); s.bind((\"127.0.0.1\",int(sys.argv[1]))); s.listen()\n"
    "time.sleep(.2); print(\"now ready, really\"); s.accept()' {port}";

Readiness When(const std::string& text) {
  Readiness readiness;
  readiness.when = *OutputPattern::Compile(text);
  return readiness;
}

TEST(OutputPattern, IsAnExtendedRegularExpressionOfALine) {
  const auto pattern = *OutputPattern::Compile("^(listening|ready)$");
  EXPECT_TRUE(pattern->Matches("starting\nready\n"));
  EXPECT_FALSE(pattern->Matches("starting\nnot ready\n"));
  EXPECT_FALSE(pattern->Matches(""));
  EXPECT_TRUE(absl::IsInvalidArgument(OutputPattern::Compile("(").status()));
}

TEST(Readiness, ATargetIsWaitedForUntilItHasPrintedIt) {
  auto target = *Target::Spawned(kListensThenPrints);
  target->IsReadyWhen(When("ready, +really"), " --ready-when x");
  ASSERT_EQ(target->Prepare(kLongMs), absl::OkStatus());
  EXPECT_TRUE(absl::StrContains(target->Output(), "now ready"));
  EXPECT_TRUE(absl::EndsWith(target->argument(), " --ready-when x")) << target->argument();
}

TEST(Readiness, OneThatNeverPrintsItIsUnavailable) {
  auto target = *Target::Spawned(kListensThenPrints);
  target->IsReadyWhen(When("never"), "");
  const absl::Status late = target->Clone()->Prepare(5000);
  EXPECT_TRUE(absl::IsUnavailable(late));
  EXPECT_TRUE(absl::StrContains(late.message(), "--ready-when 'never'")) << late;
  auto gone = *Target::Spawned(
      "exec python3 -c 'import socket,sys\n"
      "s=socket.socket(); s.bind((\"127.0.0.1\",int(sys.argv[1]))); s.listen(); sys.exit(3)' "
      "{port}");
  gone->IsReadyWhen(When("never"), "");
  EXPECT_TRUE(absl::IsUnavailable(gone->Prepare(kLongMs)));
}

TEST(Readiness, ATimeAfterItListensIsWaitedEachTime) {
  auto target = *Target::Spawned(kListensThenPrints);
  Readiness readiness;
  readiness.after_ms = 150;
  target->IsReadyWhen(readiness, "");
  target->LearnDelay(100);
  const std::unique_ptr<Target> copy = target->Clone();
  Quiet whole;
  ASSERT_EQ(copy->Prepare(kLongMs), absl::OkStatus());
  EXPECT_GE(whole.PassedMs(), 250);
}

}  // namespace
}  // namespace verbatim
