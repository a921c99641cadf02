// Tests of the report as JSON: what a program finds in it, and what is refused.
#include "properties/report/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "properties/report/json_fields.h"
#include "properties/report/test_reports.h"

namespace verbatim {
namespace {

using nlohmann::json;

json Parsed(const Report& report) { return json::parse(WriteJson(report)); }

TEST(WriteJson, TellsHowTheCheckWasCalled) {
  const json parsed = Parsed(TestReport());
  EXPECT_EQ(parsed["schema"], "verbatim report 1");
  EXPECT_EQ(parsed["run"]["target"], "--spawn './server {port}'");
  EXPECT_EQ(parsed["run"]["seed"], 7);
  EXPECT_EQ(parsed["run"]["strict"], false);
  EXPECT_EQ(parsed["run"]["chosen"].size(), 7u);
}

TEST(WriteJson, HasTypedObjectsForWhatWentWrong) {
  const json parsed = Parsed(TestReport());
  const json& failure = parsed["outcomes"][1]["failure"];
  EXPECT_EQ(parsed["outcomes"][1]["result"], "fail");
  EXPECT_EQ(failure["verdict"]["kind"], "truncated");
  EXPECT_EQ(failure["verdict"]["ending"], "reset");
  EXPECT_EQ(failure["verdict"]["offset"], 5);
  EXPECT_EQ(failure["verdict"]["seen"], "474554202f");
  EXPECT_EQ(failure["control"], "failed");
  EXPECT_EQ(failure["control_verdict"]["kind"], "truncated");
  EXPECT_EQ(failure["smallest"],
            "# verbatim scenario 1\nrequirement stream.exact.b\npayload \"GET /\\r\\n\"\nsend "
            "rest\nawait\n");
}

TEST(WriteJson, OfDatagramsSaysWhichOne) {
  Report report = TestReport();
  report.outcomes[1] = DatagramOutcome();
  const json parsed = Parsed(report);
  const json& failure = parsed["outcomes"][1]["failure"];
  EXPECT_EQ(failure["verdict"]["of_datagrams"], true);
  EXPECT_EQ(failure["verdict"]["datagram"], 2);
  EXPECT_EQ(failure["verdict"]["offset"], 1024);
  EXPECT_EQ(failure["smallest"],
            "# verbatim scenario 1\nrequirement datagram.exact.sizes\nrole datagram-server\n"
            "payload coded 1026 seed 1\nsend 1\nsend 1025\nawait\n");
  EXPECT_EQ(parsed["outcomes"][2]["failure"]["verdict"]["of_datagrams"], false);
  EXPECT_EQ(parsed["outcomes"][2]["failure"]["verdict"]["datagram"], 0);
  report.outcomes[1].verdict.kind = Verdict::Kind::kMisaddressed;
  EXPECT_EQ(Parsed(report)["outcomes"][1]["failure"]["verdict"]["kind"], "misaddressed");
}

TEST(WriteJson, SaysNothingOfAFailureWhereThereIsNone) {
  const json parsed = Parsed(TestReport());
  EXPECT_TRUE(parsed["outcomes"][0]["failure"].is_null());
  EXPECT_EQ(parsed["outcomes"][3]["result"], "skip");
  EXPECT_TRUE(parsed["outcomes"][3]["failure"].is_null());
}

TEST(WriteJson, ARequirementThatNoScenarioCanSayHasNone) {
  Report report = TestReport();
  report.outcomes[1].first = report.outcomes[1].smallest = Scenario{};
  EXPECT_TRUE(Parsed(report)["outcomes"][1]["failure"]["smallest"].is_null());
}

TEST(WriteJson, IsAsciiWhateverATargetSent) {
  for (const char byte : WriteJson(HostileReport())) {
    ASSERT_TRUE(byte == '\n' || absl::ascii_isprint(static_cast<unsigned char>(byte)));
  }
}

TEST(WriteJson, WhatIsNoUtf8IsEscaped) {
  Report report = TestReport();
  report.outcomes[1].target_output = "caf\xc3\xa9\n";
  EXPECT_EQ(Parsed(report)["outcomes"][1]["failure"]["target_output"], "café\n");
  report.outcomes[1].target_output = "caf\xe9\n";
  EXPECT_EQ(Parsed(report)["outcomes"][1]["failure"]["target_output"],
            json({{"escaped", "caf\\xe9\\n"}}));
}

std::string JsonErrorOf(absl::string_view text) {
  const absl::StatusOr<Report> report = ReadJson(text);
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(absl::StrContains(report.status().message(), "\n"));
  return std::string(report.status().message());
}

TEST(ReadJson, RefusesWhatIsNoReport) {
  EXPECT_EQ(JsonErrorOf(""), "it is not JSON");
  EXPECT_EQ(JsonErrorOf("{\"schema\": \"verbatim report 1\""), "it is not JSON");
  EXPECT_EQ(JsonErrorOf("\xff"), "it is not JSON");
  EXPECT_EQ(JsonErrorOf("1e999"), "it is not JSON");
  EXPECT_EQ(JsonErrorOf(std::string(1 << 16, '[')), "it is not JSON");
  for (const char* text : {"[]", "7", "null", "{}", "{\"schema\": 1}"}) {
    EXPECT_EQ(JsonErrorOf(text), "it is no report of Verbatim's: it has no field \"schema\"")
        << text;
  }
}

TEST(ReadJson, RefusesOtherVersionsWithOneLine) {
  EXPECT_EQ(JsonErrorOf("{\"schema\": \"verbatim report 2\\n\"}"),
            "its schema is \"verbatim report 2\\n\"; this program reads \"verbatim report 1\"");
}

TEST(ReadJson, ADeepTreeIsNoDanger) {
  const std::string deep = std::string(1 << 16, '[') + std::string(1 << 16, ']');
  EXPECT_EQ(JsonErrorOf("{\"schema\": \"verbatim report 1\", \"run\": " + deep + "}"),
            "run is not an object");
}

// WriteJson's text of TestReport with one thing changed.
std::string ErrorWith(absl::string_view what, absl::string_view instead) {
  const std::string text = WriteJson(TestReport());
  EXPECT_TRUE(absl::StrContains(text, what)) << what;
  return JsonErrorOf(absl::StrReplaceAll(text, {{what, instead}}));
}

TEST(ReadJson, NamesTheField) {
  EXPECT_EQ(ErrorWith("\"seed\": 7", "\"sed\": 7"), "run.seed is missing");
  EXPECT_EQ(ErrorWith("\"seed\": 7", "\"seed\": -7"),
            "run.seed is not a whole number of at most 18446744073709551615");
  EXPECT_EQ(ErrorWith("\"starts\": 2", "\"starts\": 2147483648"),
            "run.starts is not a whole number of at most 2147483647");
  EXPECT_EQ(ErrorWith("\"strict\": false", "\"strict\": 0"), "run.strict is not true or false");
  EXPECT_EQ(ErrorWith("\"result\": \"fail\"", "\"result\": \"FAIL\""),
            "outcomes[1].result is not one of pass, fail, skip, not-claimed, not-run, observed, "
            "no-time, seen-once");
  EXPECT_EQ(ErrorWith("\"seen\": \"474554202f\"", "\"seen\": \"47455\""),
            "outcomes[1].failure.verdict.seen is not bytes, two hex digits each");
  EXPECT_EQ(ErrorWith("\"sent_bytes\": 7", "\"sent_bytes\": 7.5"),
            "outcomes[1].failure.verdict.sent_bytes is not a whole number of at most "
            "18446744073709551615");
  EXPECT_EQ(ErrorWith("\"version\": \"0.1.0\"", "\"version\": {\"escaped\": \"\\\\x\"}"),
            "run.version is not a text");
  EXPECT_TRUE(absl::StartsWith(ErrorWith("send rest", "sendrest"),
                               "outcomes[1].failure.first is not a scenario: line 4"));
}

TEST(ReadJson, IgnoresFieldsThatItDoesNotKnow) {
  const std::string text = WriteJson(TestReport());
  const absl::StatusOr<Report> read = ReadJson(
      absl::StrReplaceAll(text, {{"\"seed\": 7", "\"later\": [{\"a\": null}], \"seed\": 7"}}));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(WriteJson(*read), text);
}

// Each word of an enum is there, and in its place.
TEST(Words, AreTheNamesThatPeopleReadToo) {
  const auto same = [](absl::string_view shown, const std::string& word) {
    return absl::AsciiStrToLower(absl::StrReplaceAll(shown, {{" ", "-"}})) == word;
  };
  const std::vector<std::string>& kinds = Words(Verdict::Kind());
  ASSERT_EQ(kinds.size(), static_cast<size_t>(Verdict::Kind::kNotJudged) + 1);
  for (size_t i = 0; i < kinds.size(); ++i) {
    const auto kind = static_cast<Verdict::Kind>(i);
    if (kind != Verdict::Kind::kDied) EXPECT_TRUE(same(VerdictName(kind), kinds[i])) << kinds[i];
  }
  const std::vector<std::string>& results = Words(Outcome::Result());
  ASSERT_EQ(results.size(), static_cast<size_t>(Outcome::Result::kOnce) + 1);
  for (size_t i = 0; i < results.size(); ++i)
    EXPECT_TRUE(same(ResultName(static_cast<Outcome::Result>(i)), results[i])) << results[i];
  EXPECT_EQ(Words(Ending()).size(), static_cast<size_t>(Ending::kCrashed) + 1);
  EXPECT_EQ(Words(Ending())[static_cast<size_t>(Ending::kTimedOut)], "timed-out");
  EXPECT_EQ(Words(Control()).size(), static_cast<size_t>(Control::kFailed) + 1);
}

}  // namespace
}  // namespace verbatim
