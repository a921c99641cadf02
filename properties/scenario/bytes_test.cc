// Tests of the byte form: its layout, which old corpora hold us to, and how what doesn't fit is
// mended. That it is total and inverse is in generate/bytes_properties.cc.
#include "properties/scenario/bytes.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "properties/scenario/text.h"

namespace verbatim {
namespace {

using Kind = Step::Kind;

constexpr char kServerHeader[] = "\2\0\0\0\x64\0\7\0";  // payload coded 100 seed 7
constexpr char kClientHeader[] = "\2\2\0\0\x64\0\7\0";
constexpr char kDatagramHeader[] = "\3\0\0\0\x64\0\7\0";

template <size_t N>
std::string Bytes(const char (&literal)[N]) {
  return std::string(literal, N - 1);
}

template <size_t N>
std::vector<Step> StepsOf(const char (&records)[N]) {
  return DecodeScenario(Bytes(kServerHeader) + Bytes(records)).steps;
}
template <size_t N>
std::vector<Step> ClientStepsOf(const char (&records)[N]) {
  return DecodeScenario(Bytes(kClientHeader) + Bytes(records)).steps;
}
template <size_t N>
std::vector<Step> DatagramStepsOf(const char (&records)[N]) {
  return DecodeScenario(Bytes(kDatagramHeader) + Bytes(records)).steps;
}
template <size_t N>
std::vector<Fault> FaultsOf(const char (&records)[N]) {
  return DecodeScenario(Bytes(kServerHeader) + Bytes(records)).faults;
}

// Changes of this break every corpus: count up the version instead.
TEST(EncodeScenario, HasALayoutThatStays) {
  const auto scenario = ParseScenario(
      "# verbatim scenario 1\nrequirement a.b\npayload coded 1000 seed 7 overlay nul-runs\n"
      "send 259 ahead 20\n@2 connect\n@2 send rest\npause 10ms\nexpect eof\nsettle\n"
      "@2 drip 300\nfault recv short 2 after 258 times 3\nfault epoll_wait delayed 1\n");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  const std::string bytes = Bytes(
      "\2\x8\3\3\xe8\3\7\0"
      "a.b"
      "\1\0\0\0\3\1\x14\0"
      "\0\1\0\0\0\0\0\0"
      "\1\1\1\0\0\0\0\0"
      "\3\0\0\0\xa\0\0\0"
      "\x9\0\0\0\0\0\0\0"
      "\xf\0\0\0\0\0\0\0"
      "\x10\1\0\0\x2c\1\0\0"
      "\x11\x8\5\3\2\0\2\1"
      "\x11\x12\2\1\1\0\0\0");
  EXPECT_EQ(EncodeScenario(*scenario), bytes);
  EXPECT_EQ(DecodeScenario(bytes), *scenario);
  EXPECT_EQ(HeaderBytes(bytes), 11u);
}

TEST(EncodeScenario, OfAClientHasALayoutThatStays) {
  const auto scenario = ParseScenario(
      "# verbatim scenario 1\nrole client\npayload \"abc\"\nfeed 3\nreply 2\nhold 9ms\nstall\n"
      "resume\nreply rest\nfeed eof\nshutdown\nexpect output exact, status not 0\n");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  const std::string bytes = Bytes(
      "\2\3\0\0\3\0\0\0"
      "abc"
      "\xa\0\0\0\3\0\0\0"
      "\xc\0\0\0\2\0\0\0"
      "\xd\0\0\0\x9\0\0\0"
      "\4\0\0\0\0\0\0\0"
      "\5\0\0\0\0\0\0\0"
      "\xc\0\1\0\0\0\0\0"
      "\xb\0\0\0\0\0\0\0"
      "\6\0\0\0\0\0\0\0"
      "\xe\0\0\0\1\0\0\0");
  EXPECT_EQ(EncodeScenario(*scenario), bytes);
  EXPECT_EQ(DecodeScenario(bytes), *scenario);
}

TEST(EncodeScenario, OfDatagramsHasALayoutThatStays) {
  const auto scenario = ParseScenario(
      "# verbatim scenario 1\nrequirement a.b\nrole datagram-server\npayload coded 1000 seed 7\n"
      "send 0\nsend 259\nawait\n@2 connect\n@2 send rest\npause 10ms\n@2 close\n");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  const std::string bytes = Bytes(
      "\3\x8\0\3\xe8\3\7\0"
      "a.b"
      "\1\0\0\0\0\0\0\0"
      "\1\0\0\0\3\1\0\0"
      "\2\0\0\0\0\0\0\0"
      "\0\1\0\0\0\0\0\0"
      "\1\1\1\0\0\0\0\0"
      "\3\0\0\0\xa\0\0\0"
      "\x8\1\0\0\0\0\0\0");
  EXPECT_EQ(EncodeScenario(*scenario), bytes);
  EXPECT_EQ(DecodeScenario(bytes), *scenario);
  EXPECT_EQ(HeaderBytes(bytes), 11u);
}

TEST(EncodeScenario, TheLargestDatagramFits) {
  Scenario scenario;
  scenario.role = Role::kDatagramServer;
  scenario.payload.size_bytes = uint64_t{1} << 20;
  scenario.steps = {{Kind::kSend, 1, kMaxDatagramBytes}, {Kind::kSend, 1, 0}};
  EXPECT_EQ(DecodeScenario(EncodeScenario(scenario)), scenario);
}

TEST(EncodeScenario, WhatIsLargeIsWidened) {
  Scenario scenario;
  scenario.payload.size_bytes = kMaxPayloadBytes;
  scenario.payload.seed = ~uint64_t{0};
  scenario.steps = {{Kind::kSend, 1, kMaxPayloadBytes - 1, ~uint64_t{0}},
                    {Kind::kSend, 1, 1},
                    {Kind::kDrip, 1, kMaxDripBytes}};
  scenario.faults = {{Call::kRecv, Fault::Kind::kShort, 0, 65535, 65535, 65535},
                     {Call::kRecv, Fault::Kind::kError, EINTR, 0, 0, 256}};
  const std::string bytes = EncodeScenario(scenario);
  EXPECT_EQ(HeaderBytes(bytes), 24u);
  EXPECT_EQ(bytes.size(), 24 + (6 + 4) * kRecordBytes);
  EXPECT_EQ(DecodeScenario(bytes), scenario);
}

TEST(EncodeScenario, LongIdsAndLiteralsFit) {
  Scenario scenario;
  scenario.requirement.assign(kMaxRequirementBytes, 'x');
  scenario.payload.literal = true;
  scenario.payload.bytes = std::string(70'000, '\0') + "\xff";
  scenario.steps = {{Kind::kSend, 1, kRest}};
  EXPECT_EQ(DecodeScenario(EncodeScenario(scenario)), scenario);
}

TEST(DecodeScenario, MissingBytesAreZero) {
  EXPECT_EQ(DecodeScenario(""), Scenario{.payload = {.seed = 0}});
  EXPECT_EQ(DecodeScenario(Bytes("\1\0\0\0\x64")).payload.size_bytes, 100u);
  const Scenario literal = DecodeScenario(Bytes("\1\1\0\0\x64\0\0\0ab"));
  EXPECT_EQ(literal.payload.bytes, "ab");
  const Scenario wide = DecodeScenario(Bytes("\1\4\0\0\0\0\0\0\5"));
  EXPECT_EQ(wide.payload.size_bytes, 5u);
  EXPECT_EQ(HeaderBytes(Bytes("\1\4\0\0\0\0\0\0\5")), 9u);
}

TEST(DecodeScenario, ARecordThatIsCutShortIsIgnored) {
  EXPECT_EQ(StepsOf("\1\0\0\0\3\0\0\0\1\0\0\0\3\0\0"), (std::vector<Step>{{Kind::kSend, 1, 3}}));
}

TEST(DecodeScenario, AnotherVersionIsReadAsTwo) {
  std::string bytes = Bytes(kServerHeader) + Bytes("\xf\0\0\0\0\0\0\0");
  const Scenario scenario = DecodeScenario(bytes);
  EXPECT_EQ(scenario.steps, (std::vector<Step>{{Kind::kSettle, 1, 0}}));
  for (const char version : {'\0', '\6', '\x9', '\xff'}) {
    bytes[0] = version;
    EXPECT_EQ(DecodeScenario(bytes), scenario);
  }
}

TEST(DecodeScenario, VersionsFourAndFiveAreTwoAndThreeWithLines) {
  for (const auto& header : {Bytes(kServerHeader), Bytes(kDatagramHeader)}) {
    std::string bytes = header;
    Scenario expected = DecodeScenario(bytes);
    expected.payload.overlay = Overlay::kLines;
    bytes[0] = static_cast<char>(bytes[0] + 2);
    EXPECT_EQ(DecodeScenario(bytes), expected);
    EXPECT_EQ(DecodeScenario(EncodeScenario(expected)), expected);
  }
}

TEST(DecodeScenario, VersionThreeIsOfDatagramsWhateverItsFlags) {
  for (const char flags : {'\0', '\2'}) {
    std::string bytes = Bytes(kDatagramHeader);
    bytes[1] = flags;
    EXPECT_EQ(DecodeScenario(bytes).role, Role::kDatagramServer);
  }
  EXPECT_EQ(DecodeScenario(Bytes(kServerHeader)).role, Role::kServer);
  EXPECT_EQ(DecodeScenario(Bytes(kClientHeader)).role, Role::kClient);
}

// It had 15 kinds of steps: 15 was a fault, 16 and 17 the widenings, 18 was 0 again.
TEST(DecodeScenario, VersionOneKeepsItsMeaning) {
  const Scenario scenario =
      DecodeScenario(Bytes("\1\x8\3\3\xe8\3\7\0"
                           "a.b"
                           "\x13\0\0\0\3\1\x14\0"
                           "\0\1\0\0\0\0\0\0"
                           "\1\1\1\0\0\0\0\0"
                           "\x10\0\1\0\0\0\0\0"
                           "\x15\0\0\0\xa\0\0\0"
                           "\x11\0\1\0\0\0\0\0"
                           "\1\0\0\0\5\0\2\0"
                           "\xe\0\0\0\0\0\0\0"
                           "\xf\x8\5\3\2\0\2\1"
                           "\x21\x12\2\1\1\0\0\0"));
  const auto expected = ParseScenario(
      "# verbatim scenario 1\nrequirement a.b\npayload coded 1000 seed 7 overlay nul-runs\n"
      "send 259 ahead 20\n@2 connect\n@2 send rest\npause 5546ms\nsend 5 ahead 65538\n"
      "expect eof\nfault recv short 2 after 258 times 3\nfault epoll_wait delayed 1\n");
  ASSERT_TRUE(expected.ok()) << expected.status();
  EXPECT_EQ(scenario, *expected);
}

TEST(DecodeScenario, FieldsAreFolded) {
  const Scenario scenario = DecodeScenario(Bytes("\1\x8\x7\2\0\0\0\0A\xff"));
  EXPECT_EQ(scenario.payload.overlay, Overlay::kCrlfAtCuts);
  EXPECT_EQ(RequirementProblem(scenario.requirement), "");
  EXPECT_EQ(scenario.requirement.size(), 2u);
  const Scenario huge = DecodeScenario(Bytes("\1\4\0\0\0\0\0\0\1\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0"));
  EXPECT_EQ(huge.payload.size_bytes, 0u);                                              // 2^40 + 1
  EXPECT_EQ(StepsOf("\x15\0\0\0\3\0\0\0"), (std::vector<Step>{{Kind::kSend, 1, 3}}));  // 20 kinds
  EXPECT_EQ(StepsOf("\3\0\0\0\x61\xea\0\0"), (std::vector<Step>{{Kind::kPause, 1, 1}}));
  EXPECT_EQ(StepsOf("\x10\0\0\0\0\0\0\0"), (std::vector<Step>{{Kind::kDrip, 1, 1}}));
  EXPECT_EQ(StepsOf("\x12\0\1\0\0\0\0\0\x10\0\0\0\1\0\0\0"),
            (std::vector<Step>{{Kind::kDrip, 1, 1}}));
}

TEST(DecodeScenario, MoreThanIsLeftBecomesWhatIsLeftAndNothingBecomesOne) {
  EXPECT_EQ(StepsOf("\1\0\0\0\0\0\0\0"
                    "\1\0\0\0\xc8\0\0\0"
                    "\1\0\0\0\1\0\0\0"
                    "\3\0\0\0\0\0\0\0"),
            (std::vector<Step>{{Kind::kSend, 1, 1}, {Kind::kSend, 1, 99}, {Kind::kPause, 1, 1}}));
  EXPECT_EQ(ClientStepsOf("\xc\0\1\0\0\0\0\0"
                          "\xa\0\0\0\x9\0\0\0"
                          "\xc\0\0\0\xc8\0\0\0"
                          "\xc\0\0\0\1\0\0\0"),
            (std::vector<Step>{{Kind::kFeed, 1, 9}, {Kind::kReply, 1, 9}}));
}

TEST(DecodeScenario, AConnectionThatIsNotOpenBecomesOneThatIs) {
  EXPECT_EQ(StepsOf("\2\5\0\0\0\0\0\0"
                    "\0\0\0\0\0\0\0\0"
                    "\x8\0\0\0\0\0\0\0"
                    "\2\0\0\0\0\0\0\0"),
            (std::vector<Step>{{Kind::kAwait, 1, 0},
                               {Kind::kConnect, 2, 0},
                               {Kind::kClose, 1, 0},
                               {Kind::kAwait, 2, 0}}));
  EXPECT_TRUE(StepsOf("\x7\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0").size() == 1);
}

TEST(DecodeScenario, AStepOfTheOtherRoleBecomesItsLike) {
  EXPECT_EQ(StepsOf("\xa\0\0\0\3\0\0\0"
                    "\xc\0\0\0\4\0\0\0"
                    "\xd\0\0\0\5\0\0\0"
                    "\xb\0\0\0\0\0\0\0"
                    "\xe\0\0\0\0\0\0\0"),
            (std::vector<Step>{{Kind::kSend, 1, 3},
                               {Kind::kSend, 1, 4},
                               {Kind::kPause, 1, 5},
                               {Kind::kShutdown, 1, 0},
                               {Kind::kExpectEof, 1, 0}}));
  EXPECT_EQ(ClientStepsOf("\1\3\0\0\3\0\0\0"
                          "\2\0\0\0\3\0\0\0"
                          "\3\0\0\0\5\0\0\0"
                          "\xf\0\0\0\0\0\0\0"
                          "\x10\0\0\0\7\0\0\0"
                          "\5\0\0\0\0\0\0\0"
                          "\x9\0\0\0\0\0\0\0"),
            (std::vector<Step>{{Kind::kFeed, 1, 3},
                               {Kind::kReply, 1, 3},
                               {Kind::kHold, 1, 5},
                               {Kind::kHold, 1, 1},
                               {Kind::kStall, 1, 0},
                               {Kind::kResume, 1, 0},
                               {Kind::kExpectExit, 1, 0}}));
}

TEST(DecodeScenario, AStepThatDatagramsHaveNotBecomesItsLike) {
  EXPECT_EQ(DatagramStepsOf("\xa\0\0\0\3\0\0\0"
                            "\xc\0\0\0\4\0\0\0"
                            "\xd\0\0\0\5\0\0\0"
                            "\4\0\0\0\0\0\0\0"
                            "\xf\0\0\0\0\0\0\0"
                            "\x10\0\0\0\7\0\0\0"
                            "\6\0\0\0\0\0\0\0"),
            (std::vector<Step>{{Kind::kSend, 1, 3},
                               {Kind::kSend, 1, 4},
                               {Kind::kPause, 1, 5},
                               {Kind::kAwait, 1, 0},
                               {Kind::kAwait, 1, 0},
                               {Kind::kAwait, 1, 0},
                               {Kind::kClose, 1, 0}}));
}

TEST(DecodeScenario, ADatagramMayBeEmptyHasABoundAndIsNotHeldBack) {
  EXPECT_EQ(DatagramStepsOf("\1\0\0\0\0\0\0\0"
                            "\1\0\0\0\xc8\0\x9\0"
                            "\1\0\0\0\5\0\0\0"),
            (std::vector<Step>{{Kind::kSend, 1, 0}, {Kind::kSend, 1, 100}, {Kind::kSend, 1, 0}}));
  std::string wide = Bytes("\3\4\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0");  // 2^16 bytes
  wide += Bytes("\1\0\0\0\xff\xff\0\0");
  EXPECT_EQ(DecodeScenario(wide).steps, (std::vector<Step>{{Kind::kSend, 1, kMaxDatagramBytes}}));
}

TEST(DecodeScenario, WhatIsSentWhileStalledIsNotHeldBack) {
  EXPECT_EQ(StepsOf("\4\0\0\0\0\0\0\0\1\0\0\0\3\0\7\0"),
            (std::vector<Step>{{Kind::kStall, 1, 0}, {Kind::kSend, 1, 3}}));
}

TEST(DecodeScenario, AWideningIsForTheNextRecordAlone) {
  std::string bytes = Bytes("\2\4\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0");  // 2^24 bytes
  bytes += Bytes("\x12\0\1\0\0\0\0\0\x13\0\2\0\0\0\0\0\1\0\0\0\3\0\4\0\1\0\0\0\5\0\6\0");
  EXPECT_EQ(DecodeScenario(bytes).steps,
            (std::vector<Step>{{Kind::kSend, 1, 65539, 131076}, {Kind::kSend, 1, 5, 6}}));
}

TEST(DecodeScenario, AFaultIsAlwaysOneThatCanBe) {
  for (int call = 0; call < 256; ++call) {
    for (int what = 0; what < 256; ++what) {
      std::string record = Bytes("\x11\0\0\0\0\0\0\0");
      record[1] = static_cast<char>(call);
      record[2] = static_cast<char>(what);
      const std::vector<Fault> faults = DecodeScenario(Bytes(kServerHeader) + record).faults;
      ASSERT_EQ(faults.size(), 1u);
      ASSERT_EQ(FaultProblem(faults[0]), "") << FaultText(faults[0]);
      ASSERT_EQ(faults[0].times, 1u);
    }
  }
  EXPECT_EQ(FaultsOf("\x11\x1c\0\2\7\0\1\0"),
            (std::vector<Fault>{{Call::kRecv, Fault::Kind::kError, EINTR, 0, 1, 2}}));
}

TEST(DecodeScenario, StepsAndFaultsHaveABound) {
  std::string bytes = Bytes(kServerHeader);
  for (int i = 0; i < 1000; ++i) bytes += Bytes("\2\0\0\0\0\0\0\0\x11\0\0\0\0\0\0\0");
  const Scenario scenario = DecodeScenario(bytes);
  EXPECT_EQ(scenario.steps.size(), kMaxDecodedSteps);
  EXPECT_EQ(scenario.faults.size(), kMaxFaults);
  EXPECT_TRUE(Validate(scenario).ok());
}

}  // namespace
}  // namespace verbatim
