// Scenarios in lines of text: whole lines are fed, nothing is fed twice, replies stay as they were.
#include "properties/scenario/in_lines.h"

#include <gtest/gtest.h>

#include "properties/scenario/bytes.h"
#include "properties/scenario/text.h"

namespace verbatim {
namespace {

Scenario ReadLines(const std::string& text) {
  const absl::StatusOr<Scenario> scenario = ParseScenario("# verbatim scenario 1\n" + text);
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return scenario.value_or(Scenario());
}

TEST(InLines, FeedsAreRoundedUpToLinesEnds) {
  const Scenario scenario = InLines(ReadLines(
      "role client\npayload \"some bytes of no line, but more than 32\"\nfeed 1\nreply 1\n"
      "feed 5\nfeed rest\nreply rest\nfeed eof\n"));
  EXPECT_EQ(PrintScenario(scenario),
            "# verbatim scenario 1\nrole client\npayload coded 64 seed 1 overlay lines\nfeed 32\n"
            "reply 32\nfeed rest\nreply rest\nfeed eof\n");
  EXPECT_TRUE(Validate(scenario).ok());
  EXPECT_EQ(InLines(scenario), scenario);
  EXPECT_EQ(DecodeScenario(EncodeScenario(scenario)), scenario);
}

TEST(InLines, RepliesCatchUpWhereTheyDidAndTheLastOneEndsWithALine) {
  EXPECT_EQ(PrintScenario(InLines(ReadLines("role client\npayload coded 3 seed 2\nfeed 1\nreply 1\n"
                                            "feed 1\nreply 1\nfeed 1\nreply rest\nfeed eof\n"))),
            "# verbatim scenario 1\nrole client\npayload coded 32 seed 2 overlay lines\nfeed 32\n"
            "reply 32\nfeed eof\n");
  EXPECT_EQ(
      PrintScenario(InLines(ReadLines("role client\npayload coded 1000 seed 2\nfeed rest\n"
                                      "reply 100\nreply 400\nclose\nfeed eof\n"))),
      "# verbatim scenario 1\nrole client\npayload coded 1024 seed 2 overlay lines\nfeed rest\n"
      "reply 100\nreply 412\nclose\nfeed eof\n");
}

// What was replied ahead, up to a line's end, is not counted twice.
TEST(InLines, NoMoreIsRepliedThanWasFedInLines) {
  const Scenario scenario =
      InLines(ReadLines("role client\npayload coded 64 seed 2\nfeed 1\nreply 1\nfeed 31\nreply 20\n"
                        "feed rest\nreply 43\nfeed eof\n"));
  EXPECT_EQ(PrintScenario(scenario),
            "# verbatim scenario 1\nrole client\npayload coded 64 seed 2 overlay lines\nfeed 32\n"
            "reply 32\nfeed rest\nreply 32\nfeed eof\n");
  EXPECT_EQ(InLines(scenario), scenario);
}

TEST(InLines, ThePayloadIsLinesOfPrintableText) {
  const Scenario scenario =
      InLines(ReadLines("role client\npayload coded 1000 seed 7\nfeed rest\n"));
  const Payload payload = MakePayload(scenario);
  ASSERT_EQ(payload.size_bytes(), 1024u);
  const std::string bytes = payload.Bytes(1, 0, 1024);
  for (size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_EQ(bytes[i] == '\n', i % 32 == 31) << i;
    EXPECT_TRUE(bytes[i] == '\n' || (bytes[i] > ' ' && bytes[i] < 0x7f)) << i;
  }
  EXPECT_EQ(bytes.substr(100, 50), payload.Bytes(1, 100, 50));
}

TEST(InLines, AServersScenarioStaysAsItIs) {
  const Scenario scenario = ReadLines("payload coded 5 seed 7\nsend rest\nawait\n");
  EXPECT_EQ(InLines(scenario), scenario);
}

}  // namespace
}  // namespace verbatim
