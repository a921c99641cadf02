// What each outcome becomes as a GoogleTest test: seen from outside, by a program that uses the
// adapter (conformance_test.cc) on servers with known defects.
// Not for: what the outcomes are; the engine's tests say so.
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "properties/stage/socket/shell_test.h"
#include "properties/stage/socket/target.h"

namespace verbatim {
namespace {

// With `mutant` as the server; empty: the sound one.
Ran Conformance(const std::string& mutant, const std::string& arguments) {
  const std::string server = absl::StrCat("exec ", ShellQuote(VERBATIM_PROGRAM), " serve --mutant ",
                                          mutant, " {endpoint}");
  return Shell(absl::StrCat(
      mutant.empty() ? "" : absl::StrCat("VERBATIM_CONFORMANCE_COMMAND=", ShellQuote(server), " "),
      ShellQuote(VERBATIM_CONFORMANCE_TEST), " ", arguments));
}

TEST(Adapter, EveryRequirementIsATestWhoseNameFiltersCanTake) {
  const Ran ran = Conformance("", "--gtest_list_tests");
  EXPECT_EQ(ran.status, 0);
  EXPECT_TRUE(absl::StrContains(ran.output, "EchoServerOnTcp.\n  stream_exact_every_byte\n"))
      << ran.output;
  EXPECT_EQ(ran.output.find('-'), std::string::npos) << ran.output;
}

TEST(Adapter, ADefectOfLevelMFailsItsTestAndNoOther) {
  const Ran ran = Conformance(
      "nul-truncation",
      "--gtest_filter='EchoServerOnTcp.stream_exact_every_byte:*Tcp.stream_prompt_no_stall'");
  EXPECT_EQ(ran.status, 1) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "[  FAILED  ] EchoServerOnTcp.stream_exact_every_byte"))
      << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "FAIL stream.exact.every-byte  (M, quoted)"));
  EXPECT_TRUE(absl::StrContains(ran.output, "[       OK ] EchoServerOnTcp.stream_prompt_no_stall"))
      << ran.output;
}

TEST(Adapter, WhatIsNotMetOfLevelSIsSkippedAndSaysSo) {
  const Ran ran = Conformance("no-back-pressure", "--gtest_filter='*Tcp.stream_pressure_bounded'");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "[  SKIPPED ]")) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "level S, not met")) << ran.output;
}

TEST(Adapter, WhatIsObservedOrCantBeJudgedIsSkippedWithTheReason) {
  const Ran ran = Conformance("", "--gtest_filter='*.stream_urgent_observed'");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "observed: an urgent byte")) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "skip: needs TCP")) << ran.output;
}

TEST(Adapter, AServerThatDoesNotStartFailsEveryTest) {
  const Ran ran = Conformance("no-such-mutant", "--gtest_filter='*Tcp.stream_exact_bulk'");
  EXPECT_EQ(ran.status, 1) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "before it listened")) << ran.output;
}

}  // namespace
}  // namespace verbatim
