// Tests of TAP: its plan and its points, and that no word of a target's becomes one.
#include "properties/report/tap.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "properties/report/test_reports.h"
#include "properties/stage/socket/shell_test.h"

namespace verbatim {
namespace {

TEST(WriteTap, HasAPlanAndAPointForEachRequirement) {
  EXPECT_EQ(WriteTap(TestReport()), R"tap(TAP version 13
1..7
# verbatim 0.1.0 check --spawn './server {port}' (seed 7, 100 cases)
ok 1 - stream.exact.a
not ok 2 - stream.exact.b
  ---
  message: "truncated: connection 1 ended at offset 5, 2 bytes short (RST from the target)"
  severity: fail
  requirement: "What is sent comes back, byte for byte."
  source: "RFC 862; RFC 9293 §3.7"
  recurs: "4 of 5"
  scenario: |
    # verbatim scenario 1
    requirement stream.exact.b
    payload "GET /\r\n"
    send rest
    await
  ...
ok 3 - stream.end.c # SKIP level S not met: truncated: connection 1 ended at offset 5, 2 bytes short (RST from the target)
ok 4 - stream.end.d # SKIP because of <reasons> & "more" # than one
ok 5 - stream.end.e # SKIP not claimed: because of <reasons> & "more" # than one
not ok 6 - stream.end.f
  ---
  message: "not run: because of <reasons> & \"more\" # than one"
  severity: error
  requirement: "What is sent comes back, byte for byte."
  source: "RFC 862; RFC 9293 §3.7"
  ...
ok 7 - stream.end.g # SKIP observed: because of <reasons> & "more" # than one
# the target was started again after stream.b
)tap");
}

TEST(WriteTap, OfADatagramSaysWhichOne) {
  Report report = TestReport();
  report.outcomes = {DatagramOutcome()};
  EXPECT_TRUE(absl::StrContains(WriteTap(report), R"tap(not ok 1 - datagram.exact.sizes
  ---
  message: "truncated: the answer to datagram 2 of connection 1 ended at offset 1024, 1 byte short"
  severity: fail
  requirement: "A datagram comes back whole, at every size."
  source: "RFC 862; RFC 768"
  recurs: "4 of 5"
  scenario: |
    # verbatim scenario 1
    requirement datagram.exact.sizes
    role datagram-server
    payload coded 1026 seed 1
    send 1
    send 1025
    await
  ...
)tap"));
}

TEST(WriteTap, InAStrictRunLevelSIsNotOk) {
  Report report = TestReport();
  report.info.strict = true;
  EXPECT_TRUE(absl::StrContains(WriteTap(report),
                                "not ok 3 - stream.end.c\n  ---\n  message: \"level S not met: "));
}

TEST(WriteTap, ARequirementThatNoScenarioCanSayHasNone) {
  Report report = TestReport();
  report.outcomes[1].smallest = Scenario{};
  EXPECT_FALSE(absl::StrContains(WriteTap(report), "scenario:"));
}

TEST(WriteTap, NoOutcomesAreAPlanOfNone) {
  EXPECT_TRUE(absl::StrContains(WriteTap(Report{}), "\n1..0 # SKIP nothing was chosen\n"));
}

TEST(WriteTap, NoWordOfATargetsIsALineOfItsOwn) {
  const std::string text = WriteTap(HostileReport());
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  const auto points = std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
    return absl::StartsWith(line, "ok ") || absl::StartsWith(line, "not ok ");
  });
  EXPECT_EQ(points, 7) << text;
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "  ..."), 2) << text;
  for (const char byte : text) ASSERT_TRUE(byte == '\n' || (byte & 0x80) != 0 || byte >= ' ');
  EXPECT_FALSE(absl::StrContains(text, "\x7f"));
  EXPECT_FALSE(absl::StrContains(text, "\xc2\x9b"));
}

// Perl's own harness, which reads the blocks too.
std::string AsProveReadsIt(const std::string& tap) {
  const std::string path = FreshFolder() + "/report.tap";
  std::ofstream(path) << tap;
  return Shell("prove --norc -e cat '" + path + "'").output;
}

TEST(WriteTap, OthersCanReadItWhateverATargetSent) {
  if (std::system("prove --version >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "prove (perl) is not installed";
  for (const Report& report : {TestReport(), HostileReport()}) {
    const std::string output = AsProveReadsIt(WriteTap(report));
    EXPECT_FALSE(absl::StrContains(output, "Parse errors")) << output;
    EXPECT_TRUE(absl::StrContains(output, "Tests: 7 Failed: 2")) << output;
    EXPECT_TRUE(absl::StrContains(output, "Failed tests:  2, 6")) << output;
  }
}

}  // namespace
}  // namespace verbatim
