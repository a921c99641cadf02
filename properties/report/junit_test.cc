// Tests of JUnit XML: what a CI server sees, and that it can read it whatever a target sent.
#include "properties/report/junit.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "properties/report/test_reports.h"
#include "properties/stage/socket/shell_test.h"

namespace verbatim {
namespace {

TEST(WriteJunit, HasATestcaseForEachRequirement) {
  const std::string xml = WriteJunit(TestReport());
  EXPECT_TRUE(absl::StartsWith(
      xml,
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuite name=\"verbatim check --spawn './server {port}'\" tests=\"7\" failures=\"1\" "
      "errors=\"1\" skipped=\"4\" time=\"1.500\">\n"
      "  <properties>\n"
      "    <property name=\"verbatim\" value=\"0.1.0\"/>\n"))
      << xml;
  EXPECT_TRUE(absl::StrContains(
      xml,
      "  <testcase classname=\"stream.exact\" name=\"stream.exact.a\" time=\"0.250\">\n"
      "  </testcase>\n"))
      << xml;
}

TEST(WriteJunit, AFailureHasTheTextThatAPersonReads) {
  const std::string xml = WriteJunit(TestReport());
  EXPECT_TRUE(absl::StrContains(xml, "    <failure message=\"truncated: connection 1 ended at "))
      << xml;
  EXPECT_TRUE(absl::StrContains(xml, ">FAIL stream.exact.b  (M, derived)\n  required  What is "))
      << xml;
  EXPECT_TRUE(absl::StrContains(xml, "  by        RFC 862; RFC 9293 §3.7\n")) << xml;
  EXPECT_TRUE(absl::StrContains(xml,
                                "  again     verbatim check --only stream.exact.b --seed 7 --cases "
                                "100 --spawn './server {port}'\n"))
      << xml;
}

TEST(WriteJunit, OfADatagramSaysWhichOne) {
  Report report = TestReport();
  report.outcomes = {DatagramOutcome()};
  const std::string xml = WriteJunit(report);
  EXPECT_TRUE(absl::StrContains(
      xml, "  <testcase classname=\"datagram.exact\" name=\"datagram.exact.sizes\" time="))
      << xml;
  EXPECT_TRUE(absl::StrContains(xml,
                                "    <failure message=\"truncated: the answer to datagram 2 of "
                                "connection 1 ended at offset 1024, 1 byte short\">FAIL "))
      << xml;
}

TEST(WriteJunit, WhatIsNotMetOfLevelSIsSkippedUnlessStrict) {
  Report report = TestReport();
  EXPECT_TRUE(absl::StrContains(WriteJunit(report),
                                "<skipped message=\"level S not met: truncated: connection 1 "));
  report.info.strict = true;
  const std::string strict = WriteJunit(report);
  EXPECT_TRUE(absl::StrContains(strict, "failures=\"2\" errors=\"1\" skipped=\"3\"")) << strict;
  EXPECT_TRUE(absl::StrContains(strict, "<failure message=\"level S not met: ")) << strict;
}

TEST(WriteJunit, WhatWasNotRunIsAnErrorAndWhatWasNotJudgedIsSkipped) {
  const std::string xml = WriteJunit(TestReport());
  const std::string reason = "because of &lt;reasons&gt; &amp; &quot;more&quot; # than one\"/>\n";
  EXPECT_TRUE(absl::StrContains(xml, "<error message=\"not run: " + reason)) << xml;
  for (const char* result : {"", "not claimed: ", "observed: "})
    EXPECT_TRUE(absl::StrContains(xml, absl::StrCat("<skipped message=\"", result, reason)));
}

TEST(WriteJunit, AShardIsNamed) {
  Report report = TestReport();
  EXPECT_FALSE(absl::StrContains(WriteJunit(report), "\"shard\""));
  report.info.shard = 2;
  report.info.shards = 3;
  EXPECT_TRUE(absl::StrContains(WriteJunit(report), "<property name=\"shard\" value=\"2/3\"/>"));
}

// A parser of somebody else's reads it: "tag name message|" for each element. Python's is in its
// standard library.
std::string AsPythonReadsIt(const std::string& xml) {
  const std::string path = FreshFolder() + "/report.xml";
  std::ofstream(path) << xml;
  return Shell(
             "python3 -c '\n"
             "import sys, xml.etree.ElementTree as t\n"
             "for e in t.parse(sys.argv[1]).getroot().iter(\"testcase\"):\n"
             "  print(e.get(\"name\"), *[c.tag for c in e], end=\"|\")\n' '" +
             path + "'")
      .output;
}

TEST(WriteJunit, OthersCanReadItWhateverATargetSent) {
  if (std::system("python3 -c pass >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "python3 is not installed";
  const std::string expected =
      "stream.exact.a system-out|stream.exact.b failure|stream.end.c skipped system-out|"
      "stream.end.d skipped system-out|stream.end.e skipped system-out|"
      "stream.end.f error system-out|stream.end.g skipped system-out|";
  EXPECT_EQ(AsPythonReadsIt(WriteJunit(HostileReport())), expected);
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  Report report = HostileReport();
  report.info.target = report.info.version = report.outcomes[1].sentence = all;
  report.outcomes[1].verdict.detail = report.outcomes[3].reason = all;
  EXPECT_EQ(AsPythonReadsIt(WriteJunit(report)), expected);
}

}  // namespace
}  // namespace verbatim
