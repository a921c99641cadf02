// verbatim mutants as its users meet it: exit statuses, and what it prints.
// Not for: the whole matrix, which is a test of its own (properties/CMakeLists.txt).
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "properties/cli/test_program.h"

namespace verbatim {
namespace {

TEST(Mutants, AFilterThatMatchesNothingIsWrongUsage) {
  for (const char* const only : {"nosuch", "eintr-fatal", "banner --only nosuch"}) {
    const Ran ran = Verbatim(absl::StrCat("mutants --only ", only));
    EXPECT_EQ(ran.status, 2) << ran.output;
    EXPECT_EQ(Lines(ran.output), 1u) << ran.output;
    EXPECT_TRUE(absl::StrContains(ran.output, "no mutant that can be served matches"))
        << ran.output;
  }
  for (const char* const wrong : {"--seeds 0", "--jobs 0", "--deadline 2", "word"}) {
    EXPECT_EQ(Verbatim(absl::StrCat("mutants ", wrong)).status, 2) << wrong;
  }
}

TEST(Mutants, OneThatIsCaughtWithEverySeedIsAPass) {
  const Ran ran = Verbatim("mutants --named --seeds 3 --only 'nul-t*' --only banner --why");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "\n 20 nul-truncation           #")) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "\n 30 banner ")) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "  3 of 3\n")) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "stream.silent.first: inserted: ")) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "2 of 2 mutants are caught; 0 of 0 sound ones"))
      << ran.output;
}

// Without descriptors of its own the one requirement that it names can't be judged.
TEST(Mutants, OneThatIsNotCaughtIsAFailure) {
  const rlimit few = {512, 512};
  // In a child, since a hard limit can't be raised again.
  const auto grade = [&] {
    if (::setrlimit(RLIMIT_NOFILE, &few) != 0) ::_exit(100);
    const Ran ran = Verbatim("mutants --named --only fd-set-overflow");
    std::fputs(ran.output.c_str(), stderr);
    ::_exit(absl::StrContains(ran.output, "0 of 1  NOT JUDGED") ? ran.status : 101);
  };
  EXPECT_EXIT(grade(), testing::ExitedWithCode(1), "0 of 1 mutants are caught");
}

TEST(Mutants, OneThatWaitsForFaultsIsListedAndNotServed) {
  const Ran ran = Verbatim("check --mutant eintr-fatal");
  EXPECT_EQ(ran.status, 2) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "waits for injected faults")) << ran.output;
  EXPECT_TRUE(absl::StrContains(Verbatim("list").output, "(waits for injected faults)"));
}

}  // namespace
}  // namespace verbatim
