// Tests of expectations: what is read, what is news, and what is written.
#include "properties/cli/expect.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "properties/requirements/requirement.h"

namespace verbatim {
namespace {

using Expected = Expectation::Result;
using Result = Outcome::Result;

// One of each level, whatever the catalogue has.
std::string IdOf(Level level, size_t index = 0) {
  for (const Requirement& requirement : Catalogue()) {
    if (requirement.level == level && index-- == 0) return std::string(requirement.id);
  }
  return "";
}
const std::string kMust = IdOf(Level::kMust);
const std::string kMust2 = IdOf(Level::kMust, 1);
const std::string kShould = IdOf(Level::kShould);

Expectations Read(absl::string_view text) {
  const auto expectations = ParseExpectations(text);
  EXPECT_TRUE(expectations.ok()) << expectations.status();
  return expectations.ok() ? *expectations : Expectations();
}

void ExpectRefused(absl::string_view text, size_t line, absl::string_view advice) {
  const auto expectations = ParseExpectations(text);
  ASSERT_FALSE(expectations.ok()) << text;
  EXPECT_EQ(expectations.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string start = absl::StrCat("line ", line, ": ");
  EXPECT_TRUE(absl::StartsWith(expectations.status().message(), start)) << expectations.status();
  EXPECT_TRUE(absl::StrContains(expectations.status().message(), advice)) << expectations.status();
}

Outcome Of(const std::string& id, Result result) {
  Outcome outcome;
  outcome.id = id;
  outcome.result = result;
  if (result == Result::kFail) outcome.verdict.kind = Verdict::Kind::kReordered;
  return outcome;
}

TEST(ParseExpectations, ALineIsAnIdAResultAndAReason) {
  const Expectations all =
      Read(absl::StrCat("# socat 1.7.4.4\r\n\n  ", kMust, "\tfail # see #3, -t \r\n", kMust2,
                        " skip#\n", kShould, " flaky"));
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all.at(kMust).result, Expected::kFail);
  EXPECT_EQ(all.at(kMust).reason, "see #3, -t");
  EXPECT_EQ(all.at(kMust2).result, Expected::kSkip);
  EXPECT_EQ(all.at(kMust2).reason, "");
  EXPECT_EQ(all.at(kShould).result, Expected::kFlaky);
  EXPECT_TRUE(Read("").empty());
  EXPECT_EQ(Read(kMust + " pass").at(kMust).result, Expected::kPass);
}

TEST(ParseExpectations, AMalformedLineIsRefused) {
  for (const std::string& rest : {"", " FAIL", " fails", " fail pass", " # fail"}) {
    ExpectRefused(absl::StrCat("\n", kMust, rest), 2, "a line is: ID pass|fail|skip|flaky");
  }
}

TEST(ParseExpectations, AnUnknownIdIsRefused) {
  ExpectRefused("stream.nothing fail", 1, "stream.nothing is not in the catalogue");
}

TEST(ParseExpectations, ASecondLineOfAnIdIsRefused) {
  ExpectRefused(absl::StrCat(kMust, " fail\n", kMust, " fail\n"), 2, "a second time");
}

TEST(ParseExpectations, FlakyIsForLevelS) { ExpectRefused(kMust + " flaky", 1, "level S"); }

// Whether `outcome` is news where `expected` was said.
bool News(const std::string& expected, const Outcome& outcome) {
  return !Changes(Read(expected), {outcome}).empty();
}

TEST(Changes, AreInEitherDirection) {
  const struct {
    const char* expected;
    Result result;
    bool news;
  } kRows[] = {
      {"", Result::kPass, false},       {"", Result::kFail, true},
      {"", Result::kSkip, true},        {"", Result::kNotClaimed, true},
      {"", Result::kNoTime, false},     {" fail", Result::kNoTime, false},
      {"", Result::kNotRun, true},      {" pass", Result::kPass, false},
      {" fail", Result::kFail, false},  {" fail", Result::kPass, true},
      {" fail", Result::kSkip, true},   {" fail", Result::kNotRun, true},
      {" skip", Result::kSkip, false},  {" skip", Result::kNotClaimed, false},
      {" skip", Result::kPass, true},   {" skip", Result::kFail, true},
      {" flaky", Result::kPass, false}, {" flaky", Result::kFail, false},
      {" flaky", Result::kSkip, false}, {" flaky", Result::kNotRun, true},
  };
  for (const auto& row : kRows) {
    const std::string line = *row.expected == 0 ? "" : kShould + row.expected;
    EXPECT_EQ(News(line, Of(kShould, row.result)), row.news)
        << line << ": " << ResultName(row.result);
  }
}

TEST(Changes, SayWhatWasExpectedAndWhatIs) {
  EXPECT_EQ(Changes(Read(kMust + " skip # no FIN"), {Of(kMust, Result::kFail)}),
            std::vector<std::string>{
                kMust + ": skip was expected (no FIN), it is: FAIL (reordered: bytes at offset 0 "
                        "of connection 1 came after later ones)"});
  EXPECT_EQ(Changes({}, {Of(kMust, Result::kNotRun)}),
            std::vector<std::string>{kMust + ": pass was expected, it is: not run"});
}

TEST(Changes, WhatWasNotCheckedIsNoNews) {
  EXPECT_TRUE(Changes(Read(kMust + " fail"), {Of(kMust2, Result::kPass)}).empty());
}

TEST(PrintExpectations, SaysWhatIsNotAPass) {
  EXPECT_EQ(PrintExpectations("socat", {},
                              {Of(kMust, Result::kPass), Of(kMust2, Result::kFail),
                               Of(kShould, Result::kNotClaimed)}),
            absl::StrCat("# socat\n", kMust2,
                         " fail # reordered: bytes at offset 0 of connection 1 came after "
                         "later ones\n",
                         kShould, " skip\n"));
}

TEST(PrintExpectations, WhatWasCheckedIsThenAsExpected) {
  const std::vector<Outcome> outcomes = {Of(kMust, Result::kFail), Of(kMust2, Result::kPass),
                                         Of(kShould, Result::kSkip)};
  const std::string text = PrintExpectations("x", Read(kMust2 + " fail # once"), outcomes);
  EXPECT_TRUE(Changes(Read(text), outcomes).empty()) << text;
  EXPECT_EQ(PrintExpectations("x", Read(text), outcomes), text) << "a second time changes nothing";
}

TEST(PrintExpectations, ReasonsStayAndSoDoesWhatWasNotChecked) {
  const Expectations old = Read(absl::StrCat(kMust, " fail # see #3\n", kMust2, " skip # old\n",
                                             kShould, " flaky # 1 of 9\n"));
  const Expectations now =
      Read(PrintExpectations("x", old, {Of(kMust, Result::kFail), Of(kShould, Result::kFail)}));
  EXPECT_EQ(now.at(kMust).reason, "see #3");
  EXPECT_EQ(now.at(kMust2).result, Expected::kSkip);
  EXPECT_EQ(now.at(kMust2).reason, "old");
  EXPECT_EQ(now.at(kShould).result, Expected::kFlaky);
  EXPECT_EQ(now.at(kShould).reason, "1 of 9");
}

TEST(PrintExpectations, AReasonForAnotherResultGoes) {
  const Expectations old = Read(kMust + " skip # the kernel has no such option\n");
  const Expectations now = Read(PrintExpectations("x", old, {Of(kMust, Result::kFail)}));
  EXPECT_TRUE(absl::StartsWith(now.at(kMust).reason, "reordered: "));
}

TEST(PrintExpectations, WhatDidNotRunStaysAsItWas) {
  const Expectations old = Read(kMust + " fail # see #3\n");
  const Expectations now = Read(PrintExpectations("x", old, {Of(kMust, Result::kNotRun)}));
  EXPECT_EQ(now.at(kMust).result, Expected::kFail);
}

TEST(PrintExpectations, AReasonOfSeveralLinesStaysOnItsLine) {
  Outcome outcome = Of(kMust, Result::kFail);
  outcome.verdict.kind = Verdict::Kind::kDied;
  outcome.verdict.detail = "printed\nthis # and\r\nthat";
  const Expectations now = Read(PrintExpectations("x", {}, {outcome}));
  EXPECT_EQ(now.size(), 1u);
  EXPECT_EQ(now.at(kMust).result, Expected::kFail);
}

}  // namespace
}  // namespace verbatim
