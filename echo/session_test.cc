// Session by example: what is kept, what is due, and when it is finished.
#include "echo/session.h"

#include <gtest/gtest.h>

#include <string>

namespace verbatim {
namespace {

TEST(Session, ReturnsWhatItReceived) {
  Session session(16);
  session.Receive("verbatim");
  EXPECT_EQ(session.Sendable(), "verbatim");
  session.Sent(5);
  EXPECT_EQ(session.Sendable(), "tim");
  session.Sent(3);
  EXPECT_TRUE(session.Sendable().empty());
  EXPECT_EQ(session.received_bytes(), 8u);
  EXPECT_EQ(session.sent_bytes(), 8u);
}

TEST(Session, KeepsOnlyWhatWasNotPassedOn) {
  Session session(16);
  session.Receive("verbatim", 8);
  EXPECT_TRUE(session.Sendable().empty());
  session.Receive("again", 2);
  EXPECT_EQ(session.Sendable(), "ain");
  EXPECT_EQ(session.received_bytes(), 13u);
  EXPECT_EQ(session.sent_bytes(), 10u);
}

TEST(Session, ReceivesNothingMoreWhileItsLimitIsKept) {
  Session session(4);
  session.Receive("echo");
  EXPECT_EQ(session.Receivable(), 0u);
  session.Sent(1);
  EXPECT_EQ(session.Receivable(), 1u);
}

TEST(Session, UsesTheRoomBeforeWhatIsKept) {
  Session session(4);
  session.Receive("abcd");
  session.Sent(3);
  session.Receive("efg");
  EXPECT_EQ(session.Sendable(), "defg");
  EXPECT_EQ(session.Receivable(), 0u);
}

TEST(Session, EveryByteValueIsABytesValue) {
  std::string all(256, '\0');
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>(i);
  Session session(256);
  session.Receive(all);
  EXPECT_EQ(session.Sendable(), all);
}

TEST(Session, IsFinishedOnceTheInputHasEndedAndAllWasSent) {
  Session session(4);
  EXPECT_FALSE(session.Finished());
  session.Receive("a");
  session.ReceiveEnd();
  EXPECT_TRUE(session.ended());
  EXPECT_FALSE(session.Finished());
  EXPECT_EQ(session.Receivable(), 0u);
  session.Sent(1);
  EXPECT_TRUE(session.Finished());
}

TEST(Session, AnEmptyInputIsFinishedAtItsEnd) {
  Session session(1);
  session.ReceiveEnd();
  EXPECT_TRUE(session.Finished());
  EXPECT_EQ(session.received_bytes(), 0u);
}

TEST(Session, SendingOrReceivingNothingChangesNothing) {
  Session session(4);
  session.Sent(0);
  session.Receive("");
  EXPECT_TRUE(session.Sendable().empty());
  session.Receive("ab");
  session.Sent(0);
  session.Receive("");
  EXPECT_EQ(session.Sendable(), "ab");
}

}  // namespace
}  // namespace verbatim
