// Tests of --report: what the flag may say, and that a report is whole or not there.
#include "properties/cli/reports.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "properties/report/json.h"
#include "properties/report/junit.h"
#include "properties/report/tap.h"
#include "properties/report/test_reports.h"
#include "properties/stage/socket/shell_test.h"

namespace verbatim {
namespace {

namespace fs = std::filesystem;

std::string Content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

size_t Files(const std::string& folder) {
  return static_cast<size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(ParseReportFlag, IsAKindAndAPath) {
  const absl::StatusOr<ReportFlag> flag = ParseReportFlag("junit:a:b.xml");
  ASSERT_TRUE(flag.ok());
  EXPECT_EQ(flag->kind, ReportFlag::Kind::kJunit);
  EXPECT_EQ(flag->path, "a:b.xml");
  EXPECT_EQ(ParseReportFlag("tap:-")->path, "-");
  EXPECT_EQ(ParseReportFlag("json:x")->kind, ReportFlag::Kind::kJson);
}

TEST(ParseReportFlag, ListsTheKindsForWhatIsNone) {
  for (const char* text : {"", ":", "json", "json:", "xml:a", "JSON:a", "json.xml", "a.json"}) {
    const absl::StatusOr<ReportFlag> flag = ParseReportFlag(text);
    ASSERT_EQ(flag.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_TRUE(absl::EndsWith(flag.status().message(),
                               ": write json:PATH, junit:PATH or tap:PATH (- is standard output)"))
        << flag.status();
  }
  EXPECT_EQ(ParseReportFlag("html:out.html").status().message(),
            "--report html:out.html: there is no html yet: write json:PATH, junit:PATH or tap:PATH "
            "(- is standard output)");
}

TEST(ParseReportFlags, OnePlaceHoldsOneReport) {
  EXPECT_EQ(ParseReportFlags({"json:a", "tap:b"})->size(), 2u);
  EXPECT_TRUE(ParseReportFlags({})->empty());
  EXPECT_EQ(ParseReportFlags({"json:-", "tap:-"}).status().message(),
            "--report tap:-: json is to be written there already");
  EXPECT_FALSE(ParseReportFlags({"json:a", "html:b"}).ok());
}

TEST(TakesStandardOutput, IffOneIsForIt) {
  EXPECT_TRUE(TakesStandardOutput(*ParseReportFlags({"json:a", "tap:-"})));
  EXPECT_FALSE(TakesStandardOutput(*ParseReportFlags({"json:a", "tap:b-"})));
}

TEST(WriteReports, EachKindIsWrittenToItsPlaceAndNothingElseIsLeftThere) {
  const std::string folder = FreshFolder();
  const Report report = TestReport();
  std::ofstream(folder + "/a.json") << "of a run before";
  const absl::Status status =
      WriteReports(report, *ParseReportFlags({"json:" + folder + "/a.json",
                                              "junit:" + folder + "/b", "tap:" + folder + "/c"}));
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(Content(folder + "/a.json"), WriteJson(report));
  EXPECT_EQ(Content(folder + "/b"), WriteJunit(report));
  EXPECT_EQ(Content(folder + "/c"), WriteTap(report));
  EXPECT_EQ(Files(folder), 3u);
  fs::remove_all(folder);
}

TEST(WriteReports, ALinkStaysOneAndItsFileIsReplaced) {
  const std::string folder = FreshFolder();
  std::ofstream(folder + "/real") << "old";
  fs::create_symlink("real", folder + "/link");
  ASSERT_TRUE(WriteReports(TestReport(), *ParseReportFlags({"tap:" + folder + "/link"})).ok());
  EXPECT_TRUE(fs::is_symlink(folder + "/link"));
  EXPECT_EQ(Content(folder + "/real"), WriteTap(TestReport()));
  EXPECT_EQ(Files(folder), 2u);
  fs::remove_all(folder);
}

TEST(WriteReports, ADeviceStaysOne) {
  ASSERT_TRUE(WriteReports(TestReport(), *ParseReportFlags({"tap:/dev/null"})).ok());
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST(WriteReports, WhatCanNotBeWrittenIsSaidAndTheOthersAreWritten) {
  const std::string folder = FreshFolder();
  const absl::Status status =
      WriteReports(TestReport(), *ParseReportFlags({"json:" + folder + "/none/a.json",
                                                    "junit:" + folder, "tap:" + folder + "/c"}));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StartsWith(status.message(), "--report json: open ")) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "ENOENT")) << status;
  EXPECT_EQ(Files(folder), 1u);
  EXPECT_TRUE(absl::StrContains(
      WriteReports(TestReport(), *ParseReportFlags({"junit:" + folder})).message(), "EISDIR"));
  fs::remove_all(folder);
}

TEST(WriteReports, ADeviceThatIsFullIsSaid) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "there is no /dev/full";
  const absl::Status status = WriteReports(TestReport(), *ParseReportFlags({"tap:/dev/full"}));
  EXPECT_TRUE(absl::StrContains(status.message(), "ENOSPC")) << status;
}

TEST(WriteReports, WhereThereIsNoRoomTheOldReportStays) {
  const std::string folder = FreshFolder();
  std::ofstream(folder + "/a") << "old";
  // The kernel takes ten bytes and refuses the rest, as a full disk does.
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small = {10, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status status =
      WriteReports(TestReport(), *ParseReportFlags({"tap:" + folder + "/a"}));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, SIG_DFL);
  EXPECT_TRUE(absl::StrContains(status.message(), "EFBIG")) << status;
  EXPECT_EQ(Content(folder + "/a"), "old");
  EXPECT_EQ(Files(folder), 1u);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace verbatim
