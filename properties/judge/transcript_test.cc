// Tests of the transcript: its rows, and that they stay few.
#include "properties/judge/transcript.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"

namespace verbatim {
namespace {

Event Of(Event::Kind kind, uint64_t bytes = 0, uint32_t connection = 1, uint64_t time_us = 0) {
  Event event;
  event.kind = kind;
  event.connection = connection;
  event.bytes = bytes;
  event.time_us = time_us;
  return event;
}

// The only row of a transcript with the only event `event`.
std::string RowOf(const Event& event) {
  Transcript transcript;
  transcript.Add(event);
  EXPECT_EQ(transcript.Lines().size(), 1u);
  return transcript.Lines()[0];
}

TEST(Transcript, ARowHasTheTimeTheConnectionAndWhatHappened) {
  EXPECT_EQ(RowOf(Of(Event::Kind::kSent, 3, 2, 1230)), "     1.23 ms  connection 2  sent 3 bytes");
}

TEST(Transcript, EachKindHasItsWords) {
  const auto ends_with = [](const Event& event, absl::string_view words) {
    EXPECT_TRUE(absl::EndsWith(RowOf(event), words)) << RowOf(event);
  };
  Event event = Of(Event::Kind::kNotConnected);
  event.text = "connect: ECONNREFUSED";
  event.ending = Ending::kReset;
  event.waited_ms = 20;
  ends_with(Of(Event::Kind::kConnected), "  connected");
  ends_with(event, "  not connected: connect: ECONNREFUSED");
  ends_with(Of(Event::Kind::kSent, 1), "  sent 1 byte");
  ends_with(Of(Event::Kind::kReceived, 1), "  received 1 byte");
  ends_with(Of(Event::Kind::kReceived, 2), "  received 2 bytes");
  ends_with(Of(Event::Kind::kShutdown), "  sent FIN");
  event.kind = Event::Kind::kEnded;
  ends_with(event, "  ended: RST from the target");
  event.kind = Event::Kind::kSilence;
  ends_with(event, "  nothing came for 20 ms");
  event.kind = Event::Kind::kBlocked;
  ends_with(event, "  nothing was accepted for 20 ms");
  event.kind = Event::Kind::kNoEof;
  ends_with(event, "  no end came for 20 ms");
  event.kind = Event::Kind::kSkipped;
  event.text = "send 3";
  ends_with(event, "  not done, the connection had ended: send 3");
  event.kind = Event::Kind::kExited;
  event.bytes = 1;
  event.text = "expected status 0";
  ends_with(event, "  exited with status 1: expected status 0");
  event.text = "";
  ends_with(event, "  exited with status 1");
}

TEST(Transcript, NeighboursOfOneKindAreOneRow) {
  Transcript transcript;
  for (int i = 0; i < 1000; ++i) transcript.Add(Of(Event::Kind::kSent, 10, 1, 1000 + i));
  transcript.Add(Of(Event::Kind::kSent, 1, 2));
  transcript.Add(Of(Event::Kind::kReceived, 5, 2));
  transcript.Add(Of(Event::Kind::kReceived, 5, 2));
  transcript.Add(Of(Event::Kind::kShutdown, 0, 2));
  transcript.Add(Of(Event::Kind::kShutdown, 0, 2));
  const std::vector<std::string> lines = transcript.Lines();
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines[0], "     1.00 ms  connection 1  sent 10000 bytes");
  EXPECT_TRUE(absl::EndsWith(lines[1], "connection 2  sent 1 byte"));
  EXPECT_TRUE(absl::EndsWith(lines[2], "received 10 bytes"));
}

TEST(Transcript, ADatagramIsARowOfItsOwnWithItsSourceIfThatIsAnother) {
  Transcript transcript;
  Event sent = Of(Event::Kind::kSent);
  sent.datagram = true;
  transcript.Add(sent);
  transcript.Add(sent);
  Event received = Of(Event::Kind::kReceived, 1);
  received.datagram = true;
  transcript.Add(received);
  received.bytes = 1472;
  received.from = "127.0.0.2:7";
  transcript.Add(received);
  const std::vector<std::string> lines = transcript.Lines();
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[1], "     0.00 ms  connection 1  sent a datagram of 0 bytes");
  EXPECT_TRUE(absl::EndsWith(lines[2], "  received a datagram of 1 byte"));
  EXPECT_TRUE(absl::EndsWith(lines[3], "  received a datagram of 1472 bytes from 127.0.0.2:7"));
}

TEST(Transcript, OfALongOneTheFirstAndTheLastRowsAreKept) {
  Transcript transcript;
  for (uint64_t i = 1; i <= 100; ++i) {
    transcript.Add(Of(i % 2 ? Event::Kind::kSent : Event::Kind::kReceived, i));
  }
  const std::vector<std::string> lines = transcript.Lines();
  ASSERT_EQ(lines.size(), 25u);
  EXPECT_TRUE(absl::EndsWith(lines[0], "sent 1 byte"));
  EXPECT_TRUE(absl::EndsWith(lines[11], "received 12 bytes"));
  EXPECT_EQ(lines[12], "… 76 rows left out …");
  EXPECT_TRUE(absl::EndsWith(lines[13], "sent 89 bytes"));
  EXPECT_TRUE(absl::EndsWith(lines[24], "received 100 bytes"));
}

TEST(Transcript, RowsThatJustFitAreAllShown) {
  Transcript transcript;
  for (int i = 0; i < 24; ++i) transcript.Add(Of(Event::Kind::kConnected));
  EXPECT_EQ(transcript.Lines().size(), 24u);
}

TEST(Transcript, BytesRunTogetherAcrossTheFirstRowsToo) {
  Transcript transcript;
  for (int i = 0; i < 11; ++i) transcript.Add(Of(Event::Kind::kConnected));
  for (int i = 0; i < 3; ++i) transcript.Add(Of(Event::Kind::kSent, 1));
  ASSERT_EQ(transcript.Lines().size(), 12u);
  EXPECT_TRUE(absl::EndsWith(transcript.Lines()[11], "sent 3 bytes"));
}

TEST(Transcript, WhatWasReceivedNeedNotOutliveTheCall) {
  Transcript transcript;
  for (int i = 0; i < 40; ++i) {
    const std::string data(1000, 'x');
    Event event = Of(Event::Kind::kReceived, data.size(), 1 + i % 2);
    event.data = data;
    transcript.Add(event);
  }
  EXPECT_TRUE(absl::EndsWith(transcript.Lines()[0], "received 1000 bytes"));
}

TEST(Ending, HasANameForEach) {
  for (const Ending ending : {Ending::kOpen, Ending::kFin, Ending::kReset, Ending::kRefused,
                              Ending::kTimedOut, Ending::kOurs}) {
    EXPECT_FALSE(EndingName(ending).empty());
  }
}

}  // namespace
}  // namespace verbatim
