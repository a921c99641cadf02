// Tests of the text of scenarios: what is read, how it prints, and what is said of each mistake.
#include "properties/scenario/text.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace verbatim {
namespace {

using Kind = Step::Kind;

const std::string kHead = "# verbatim scenario 1\npayload coded 100 seed 7\n";

Scenario Read(absl::string_view text) {
  const auto scenario = ParseScenario(text);
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return scenario.ok() ? *scenario : Scenario();
}

// `advice`: a part of the message.
void ExpectRefused(absl::string_view text, size_t line, absl::string_view advice) {
  const auto scenario = ParseScenario(text);
  ASSERT_FALSE(scenario.ok()) << text;
  EXPECT_EQ(scenario.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string start = absl::StrCat("line ", line, ": ");
  EXPECT_TRUE(absl::StartsWith(scenario.status().message(), start)) << scenario.status();
  EXPECT_TRUE(absl::StrContains(scenario.status().message(), advice)) << scenario.status();
}

TEST(ScenarioText, HasALineForEachStep) {
  const std::string text =
      "# verbatim scenario 1\n"
      "requirement stream.exact.fragments-awaited\n"
      "payload coded 8192 seed 7 overlay crlf-at-cuts\n"
      "send 3\n"
      "await\n"
      "@2 connect\n"
      "@2 send rest ahead 65536\n"
      "pause 10ms\n"
      "stall\n"
      "resume\n"
      "settle\n"
      "@2 drip 65536\n"
      "shutdown\n"
      "expect eof\n"
      "@2 reset\n"
      "close\n";
  Scenario scenario;
  scenario.requirement = "stream.exact.fragments-awaited";
  scenario.payload.size_bytes = 8192;
  scenario.payload.seed = 7;
  scenario.payload.overlay = Overlay::kCrlfAtCuts;
  scenario.steps = {{Kind::kSend, 1, 3},      {Kind::kAwait, 1, 0},
                    {Kind::kConnect, 2, 0},   {Kind::kSend, 2, kRest, 65536},
                    {Kind::kPause, 1, 10},    {Kind::kStall, 1, 0},
                    {Kind::kResume, 1, 0},    {Kind::kSettle, 1, 0},
                    {Kind::kDrip, 2, 65536},  {Kind::kShutdown, 1, 0},
                    {Kind::kExpectEof, 1, 0}, {Kind::kReset, 2, 0},
                    {Kind::kClose, 1, 0}};
  EXPECT_EQ(Read(text), scenario);
  EXPECT_EQ(PrintScenario(scenario), text);
}

TEST(ScenarioText, OfAClientHasALineForEachStep) {
  const std::string text =
      "# verbatim scenario 1\n"
      "requirement client.exact\n"
      "role client\n"
      "payload coded 4096 seed 9\n"
      "feed 100\n"
      "reply 7\n"
      "hold 20ms\n"
      "stall\n"
      "feed rest\n"
      "resume\n"
      "reply rest\n"
      "feed eof\n"
      "shutdown\n"
      "expect output exact, status 0\n";
  Scenario scenario;
  scenario.requirement = "client.exact";
  scenario.role = Role::kClient;
  scenario.payload.size_bytes = 4096;
  scenario.payload.seed = 9;
  scenario.steps = {{Kind::kFeed, 1, 100},    {Kind::kReply, 1, 7},    {Kind::kHold, 1, 20},
                    {Kind::kStall},           {Kind::kFeed, 1, kRest}, {Kind::kResume},
                    {Kind::kReply, 1, kRest}, {Kind::kFeedEof},        {Kind::kShutdown},
                    {Kind::kExpectExit, 1, 0}};
  for (Step& step : scenario.steps) step.connection = 1;
  EXPECT_EQ(Read(text), scenario);
  EXPECT_EQ(PrintScenario(scenario), text);
  scenario.steps.back().amount = 1;
  EXPECT_TRUE(absl::StrContains(PrintScenario(scenario), "\nexpect output exact, status not 0\n"));
  EXPECT_EQ(Read(PrintScenario(scenario)), scenario);
}

TEST(ScenarioText, OfAServerOfDatagramsHasALineForEachStep) {
  const std::string text =
      "# verbatim scenario 1\n"
      "requirement datagram.exact.empty\n"
      "role datagram-server\n"
      "payload coded 2000 seed 7\n"
      "send 0\n"
      "send 1472\n"
      "await\n"
      "@2 connect\n"
      "@2 send rest\n"
      "pause 10ms\n"
      "close\n"
      "@2 send 0\n";
  Scenario scenario;
  scenario.requirement = "datagram.exact.empty";
  scenario.role = Role::kDatagramServer;
  scenario.payload.size_bytes = 2000;
  scenario.payload.seed = 7;
  scenario.steps = {{Kind::kSend, 1, 0},    {Kind::kSend, 1, 1472},  {Kind::kAwait, 1, 0},
                    {Kind::kConnect, 2, 0}, {Kind::kSend, 2, kRest}, {Kind::kPause, 1, 10},
                    {Kind::kClose, 1, 0},   {Kind::kSend, 2, 0}};
  EXPECT_EQ(Read(text), scenario);
  EXPECT_EQ(PrintScenario(scenario), text);
}

TEST(ScenarioText, OfAServerOfDatagramsKnowsItsSteps) {
  const std::string head = kHead + "role datagram-server\n";
  ExpectRefused(head + "await\nshutdown", 5, "connect, send, await, pause, close");
  ExpectRefused(head + "send 5 ahead 3", 4, "leave out ahead");
  ExpectRefused(head + "send 60\nsend 41", 5, "fewer bytes left");
  ExpectRefused(
      "# verbatim scenario 1\npayload coded 70000 seed 1\nrole datagram-server\nsend rest", 4,
      "at most 65527");
  ExpectRefused(kHead + "send 0", 3, "1 byte or more");
}

TEST(ScenarioText, FaultsStandLastAndMayStandAnywhere) {
  const std::string last =
      "send 1\n"
      "fault recv short 1 after 2\n"
      "fault accept EMFILE times 3\n"
      "fault epoll_wait delayed 2 after 1 times 2\n"
      "fault epoll_wait spurious\n"
      "fault recv EINTR\n";
  EXPECT_EQ(PrintScenario(Read(kHead + last)), kHead + last);
  EXPECT_EQ(PrintScenario(Read("# verbatim scenario 1\n"
                               "fault  recv  short  1 after 2\n"
                               "fault accept EMFILE times 3 after 0  # as the default is\n"
                               "payload coded 100 seed 7\n"
                               "\tfault\tepoll_wait delayed 2 times 2 after 1\n"
                               "fault epoll_wait spurious times 1\n"
                               "send 1\n"
                               "fault recv EINTR\n"
                               "role server\n")),
            kHead + last);
}

TEST(ScenarioText, AFaultHasItsForm) {
  for (const char* fault : {"", " # recv"}) {
    ExpectRefused(absl::StrCat(kHead, "fault", fault), 3, "a fault is: fault CALL WHAT");
  }
  ExpectRefused(kHead + "fault receive EINTR", 3, "one of: socket, bind, listen, accept, connect,");
  ExpectRefused(kHead + "fault EINTR recv", 3, "epoll_wait, poll");
  for (const char* what : {"", " EPIPE", " spurious", " 5", " eintr", " after 2"}) {
    ExpectRefused(absl::StrCat(kHead, "fault recv", what), 3,
                  "recv may meet: EINTR, EAGAIN, ECONNRESET, ETIMEDOUT, ENOMEM, short N");
  }
  ExpectRefused(kHead + "fault poll short 1", 3,
                "poll may meet: EINTR, ENOMEM, spurious, delayed N");
  for (const char* rest : {"short", "short x", "short -1", "EINTR after", "EINTR 2",
                           "EINTR before 2", "EINTR after 1 after 1", "EINTR short 1", "short 1 2",
                           "short 1 short 2", "EINTR EINTR", "EINTR times 1 2"}) {
    ExpectRefused(absl::StrCat(kHead, "fault recv ", rest), 3, "[after N] [times N]");
  }
  for (const char* rest :
       {"short 65536", "EINTR after 65536", "EINTR times 18446744073709551615"}) {
    ExpectRefused(absl::StrCat(kHead, "fault recv ", rest), 3, "at most 65535");
  }
  ExpectRefused(kHead + "fault recv short 0", 3, "1 or more");
  ExpectRefused(kHead + "fault recv EINTR times 0", 3, "1 time or more");
}

TEST(ScenarioText, ThereAreAtMostSixtyFourFaults) {
  std::string text = kHead;
  for (size_t i = 0; i < kMaxFaults; ++i) text += "fault recv EINTR\n";
  EXPECT_EQ(Read(text + "send 1").faults.size(), kMaxFaults);
  ExpectRefused(text + "send 1\nfault recv EINTR\nsend 1", 3 + kMaxFaults + 1, "64");
}

TEST(ScenarioText, ARoleIsOneOfThreeAndGivenOnce) {
  for (const char* role : {"role", "role none", "role client server", "role # client",
                           "role datagrams", "role Server"}) {
    ExpectRefused(kHead + role, 3, "role server, role client, or: role datagram-server");
  }
  ExpectRefused(kHead + "role client\nrole client", 4, "one role");
  ExpectRefused(kHead + "feed 1", 3, "role client");
  ExpectRefused(kHead + "stall\nsend 1\nrole client", 4, "for a client there are");
}

TEST(ScenarioText, FeedsAndRepliesHaveTheirForm) {
  const std::string head = kHead + "role client\n";
  for (const char* feed : {"feed", "feed x", "feed 1 2", "feed eof 1", "feed -1", "feed EOF"}) {
    ExpectRefused(head + feed, 4, "a feed is: feed N, feed rest, or: feed eof");
  }
  for (const char* reply :
       {"reply", "reply eof", "reply 1 ahead 2", "reply 18446744073709551615"}) {
    ExpectRefused(head + reply, 4, "a reply is: reply N, or: reply rest");
  }
  ExpectRefused(head + "feed 5\nreply 6", 5, "fewer bytes are due");
}

TEST(ScenarioText, SpacesCommentsEmptyLinesAndCarriageReturnsSayNothing) {
  const std::string text =
      "# verbatim scenario 1\r\n"
      "\r\n"
      "  # a comment\n"
      "\tpayload   coded 100\tseed 7   # as \"it\" comes\r\n"
      "requirement  x.y # by this\n"
      "   @1   send   3 # three\n"
      " expect\teof#end";
  EXPECT_EQ(PrintScenario(Read(text)),
            "# verbatim scenario 1\nrequirement x.y\npayload coded 100 seed 7\nsend 3\n"
            "expect eof\n");
}

TEST(ScenarioText, ATabPartsWordsBehindPayloadAndRequirementToo) {
  const Scenario scenario =
      Read("# verbatim scenario 1\npayload\tcoded 1 seed 2\nrequirement\tx\nsend 1\n");
  EXPECT_EQ(scenario.payload.size_bytes, 1u);
  EXPECT_EQ(scenario.requirement, "x");
}

TEST(ScenarioText, AStringKeepsEveryByte) {
  Scenario scenario;
  scenario.payload.literal = true;
  for (int value = 0; value < 256; ++value) scenario.payload.bytes += static_cast<char>(value);
  scenario.payload.bytes +=
      "\x01"
      "1";  // a digit behind an escape
  const std::string text = PrintScenario(scenario);
  EXPECT_EQ(Read(text), scenario);
  for (const char byte : text) EXPECT_TRUE((byte >= ' ' && byte <= '~') || byte == '\n');
}

TEST(ScenarioText, AStringMayHoldWhatElsewhereBeginsACommentOrEndsALine) {
  const Scenario scenario =
      Read("# verbatim scenario 1\npayload \"# \\\" \\\\ \\n\\r\\t \\x0A\" # yes\n");
  EXPECT_EQ(scenario.payload.bytes, "# \" \\ \n\r\t \n");
  EXPECT_EQ(Read("# verbatim scenario 1\npayload \"\"").payload.Size(), 0u);
  EXPECT_EQ(Read("# verbatim scenario 1\npayload \"\xff\"").payload.bytes, "\xff");
}

TEST(ScenarioText, NumbersReachAsFarAsTheirFields) {
  Scenario scenario;
  scenario.payload.size_bytes = kMaxPayloadBytes;
  scenario.payload.seed = ~uint64_t{0};
  scenario.steps = {{Kind::kSend, 1, kMaxPayloadBytes, ~uint64_t{0}}};
  EXPECT_EQ(Read(PrintScenario(scenario)), scenario);
}

TEST(ScenarioText, TheFirstLineIsItsVersion) {
  for (const char* text : {"", "\n", "# verbatim scenario 2\n", "payload coded 1 seed 1\n"}) {
    ExpectRefused(text, 1, "the first line is: # verbatim scenario 1");
  }
}

TEST(ScenarioText, APayloadIsNeeded) {
  ExpectRefused("# verbatim scenario 1\n", 2, "payload coded SIZE seed N");
  ExpectRefused("# verbatim scenario 1\nshutdown\n\n", 4, "payload coded SIZE seed N");
}

TEST(ScenarioText, APayloadHasItsForm) {
  for (const char* payload :
       {"payload", "payload coded", "payload coded 1", "payload coded 1 seed",
        "payload coded x seed 1", "payload coded 1 seed -1", "payload coded +1 seed 1",
        "payload coded 1 sed 1", "payload raw 1 seed 1", "payload coded 1 seed 1 overlay",
        "payload coded 1 seed 0x1", "payload coded 18446744073709551616 seed 1",
        "payload coded 1 seed 99999999999999999999", "payload \"a\" b", "payload \"a\"b",
        "payload coded 1 seed 1 overlay none x"}) {
    ExpectRefused(absl::StrCat("# verbatim scenario 1\n", payload, "\n"), 2, "a payload is:");
  }
  ExpectRefused("# verbatim scenario 1\npayload coded 1 seed 1 overlay x", 2, "overlays are:");
  ExpectRefused("# verbatim scenario 1\npayload coded 1 seed 1 under none", 2, "overlays are:");
}

TEST(ScenarioText, AStringHasItsEscapesAndItsEnd) {
  for (const char* bytes : {"\"", "\"a", "\"\\", "\"\\x", "\"\\x1\"", "\"\\xg0\"", "\"\\x0",
                            "\"\\q\"", "\"\\0\"", "\"a\\\""}) {
    ExpectRefused(absl::StrCat("# verbatim scenario 1\npayload ", bytes), 2, "a string ends with");
  }
}

TEST(ScenarioText, OnePayloadAndOneRequirement) {
  ExpectRefused(kHead + "payload \"x\"\n", 3, "one payload");
  ExpectRefused(kHead + "requirement a\nrequirement a\n", 4, "one requirement");
}

TEST(ScenarioText, ARequirementIsAnId) {
  for (const char* words : {" ", " # x", " a b", ""}) {
    ExpectRefused(absl::StrCat(kHead, "requirement", words), 3, "requirement ID");
  }
  for (const char* id : {"A", "a_b", "a/b", "\xc3\xa4"}) {
    ExpectRefused(absl::StrCat(kHead, "requirement ", id), 3, "lower-case");
  }
}

TEST(ScenarioText, ASendHasItsForm) {
  for (const char* send :
       {"send", "send x", "send 1 2", "send -1", "send +1", "send 1.5", "send rest ahead",
        "send 1 ahead 0", "send 1 ahead x", "send 1 behind 2", "send 1 ahead 2 3", "send REST",
        "send 18446744073709551615", "send 18446744073709551616", "@1 send"}) {
    ExpectRefused(kHead + send, 3, "a send is: send N");
  }
}

TEST(ScenarioText, APauseIsInMilliseconds) {
  for (const char* pause :
       {"pause 10", "pause 10s", "pause ms", "pause -1ms", "pause xms", "pause", "pause 1ms 2ms"}) {
    ExpectRefused(kHead + pause, 3, "a pause is: pause Nms");
  }
  for (const char* hold : {"hold", "hold 1", "hold 1s", "hold 1ms 1ms"}) {
    ExpectRefused(kHead + hold, 3, "a hold is: hold Nms");
  }
}

TEST(ScenarioText, ADripIsOfSoManyBytes) {
  for (const char* drip : {"drip", "drip x", "drip 1 2", "drip rest", "drip 5ms", "drip -1"}) {
    ExpectRefused(kHead + drip, 3, "a drip is: drip N");
  }
  ExpectRefused(kHead + "drip 65537", 3, "1 to 65536");
}

TEST(ScenarioText, AStepIsOneOfThese) {
  for (const char* step : {"sned 3", "SEND 3", "await 3", "connect 2", "\"", "payloadx", "feeds 1",
                           "faults", "roles", "stall 1", "settle 1"}) {
    ExpectRefused(kHead + step, 3, "a step is one of: connect, send N,");
  }
}

TEST(ScenarioText, WhatIsExpectedHasItsForm) {
  for (const char* step :
       {"expect", "expect eof eof", "expect  fin", "expect output", "expect output exact",
        "expect output exact, status", "expect output exact, status 1",
        "expect output exact status 0", "expect output exact, status not 1"}) {
    ExpectRefused(kHead + step, 3, "expect eof; of a client: expect output exact, status 0");
  }
}

TEST(ScenarioText, AConnectionPrefixHasItsForm) {
  for (const char* step : {"@", "@2", "@0 connect", "@9 connect", "@ 2 connect", "@-1 send 1",
                           "@x send 1", "@2@3 connect", "@18446744073709551617 await"}) {
    ExpectRefused(kHead + step, 3, "a connection is: @N STEP");
  }
}

TEST(ScenarioText, WhatCannotBePlayedIsRefusedAtItsLine) {
  ExpectRefused(kHead + "send 1\n# comment\n\nsend 100\nsend 1", 6, "fewer bytes left");
  ExpectRefused(kHead + "@2 send 1\n", 3, "connect it first");
  ExpectRefused("# verbatim scenario 1\nshutdown\nsend 1\npayload coded 9 seed 1\n", 3, "shutdown");
  ExpectRefused("# verbatim scenario 1\npayload coded 1099511627777 seed 1\nsend 1\n", 2, "2^40");
}

TEST(ScenarioText, HostileTextIsOnlyRefused) {
  std::string hostile[] = {std::string(1 << 20, '@'), std::string(1 << 20, '\n'),
                           std::string(1 << 20, '\0'), kHead + std::string(1 << 20, '\\'),
                           kHead + std::string("\0\0 @\0", 5)};
  for (const std::string& text : hostile) EXPECT_FALSE(ParseScenario(text).ok());
  std::string many = kHead;
  for (int i = 0; i < 100'000; ++i) many += "await\n";
  EXPECT_TRUE(ParseScenario(many).ok());
}

TEST(ScenarioText, EveryPrefixOfATextIsReadOrRefused) {
  const std::string text = kHead + "@2 connect\n@2 send 3 ahead 7\npause 5ms\nexpect eof\n";
  for (size_t size = 0; size <= text.size(); ++size) {
    const auto scenario = ParseScenario(absl::string_view(text).substr(0, size));
    if (scenario.ok()) EXPECT_EQ(Read(PrintScenario(*scenario)), *scenario);
  }
}

}  // namespace
}  // namespace verbatim
