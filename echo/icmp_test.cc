// ICMP echo messages as tables and properties: the checksum, what is read and what is refused.
// Not for: sockets (datagram_client_test.cc).
#include "echo/icmp.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "echo/peer_test.h"

namespace verbatim {
namespace {

TEST(InternetChecksum, IsThatOfTheExampleInRfc1071) {
  // §3: the sum of these is ddf2 with its carries added.
  EXPECT_EQ(InternetChecksum(absl::string_view("\x00\x01\xf2\x03\xf4\xf5\xf6\xf7", 8)), 0x220d);
}

TEST(InternetChecksum, AnOddByteStandsBeforeAZero) {
  EXPECT_EQ(InternetChecksum(""), 0xffff);
  EXPECT_EQ(InternetChecksum("\x12"), 0xedff);
  EXPECT_EQ(InternetChecksum("\x12\x34\x56"),
            InternetChecksum(absl::string_view("\x12\x34\x56\0", 4)));
}

TEST(InternetChecksum, CarriesOfLongTextAreAllAdded) {
  EXPECT_EQ(InternetChecksum(std::string(65535, '\xff')), 0x00ff);
  EXPECT_EQ(InternetChecksum(std::string(1 << 20, '\xff')), 0);
}

struct Message {
  bool is_reply;
  uint16_t id, sequence;
  std::string data;
};

rc::Gen<Message> AnyMessage() {
  return rc::gen::construct<Message>(rc::gen::arbitrary<bool>(), rc::gen::arbitrary<uint16_t>(),
                                     rc::gen::arbitrary<uint16_t>(),
                                     rc::gen::container<std::string>(rc::gen::arbitrary<char>()));
}

RC_GTEST_PROP(IcmpProperties, WhatIsWrittenIsReadTheSameInBothFamilies, ()) {
  const Message message = *AnyMessage();
  for (const int family : {AF_INET, AF_INET6}) {
    const std::string text =
        IcmpText({message.is_reply, message.id, message.sequence, message.data}, family);
    RC_ASSERT(text.size() == 8 + message.data.size());
    const auto echo = ReadIcmp(text, family);
    RC_ASSERT(echo.has_value());
    RC_ASSERT(echo->is_reply == message.is_reply);
    RC_ASSERT(echo->id == message.id && echo->sequence == message.sequence);
    RC_ASSERT(echo->data == message.data);
  }
}

RC_GTEST_PROP(IcmpProperties, AnIPv4MessageWithOneBitTurnedIsRefused, ()) {
  const Message message = *AnyMessage();
  const std::string text =
      IcmpText({message.is_reply, message.id, message.sequence, message.data}, AF_INET);
  for (size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string turned = text;
    turned[bit / 8] = static_cast<char>(turned[bit / 8] ^ 1 << bit % 8);
    RC_ASSERT(!ReadIcmp(turned, AF_INET).has_value());
  }
}

TEST(Icmp, IsWrittenAsTheRfcsSay) {
  // RFC 792: type 8, code 0; the checksum of 0800 0000 1234 0001 6162.
  EXPECT_EQ(IcmpText({false, 0x1234, 1, "ab"}, AF_INET),
            std::string("\x08\x00\x84\x68\x12\x34\x00\x01"
                        "ab",
                        10));
  EXPECT_EQ(IcmpText({true, 0, 0, ""}, AF_INET), std::string("\0\0\xff\xff\0\0\0\0", 8));
  // RFC 4443 §4: types 128 and 129; the kernel fills the checksum in.
  EXPECT_EQ(IcmpText({false, 0x1234, 0xfffe, "x"}, AF_INET6),
            std::string("\x80\0\0\0\x12\x34\xff\xfex", 9));
  EXPECT_EQ(IcmpText({true, 1, 2, ""}, AF_INET6), std::string("\x81\0\0\0\0\1\0\2", 8));
}

TEST(Icmp, ShortPacketsAreRefused) {
  for (const int family : {AF_INET, AF_INET6}) {
    const std::string text = IcmpText({true, 0, 0, ""}, family);
    for (size_t bytes = 0; bytes < 8; ++bytes) {
      EXPECT_FALSE(ReadIcmp(absl::string_view(text).substr(0, bytes), family).has_value());
      EXPECT_FALSE(ReadIcmp(std::string(bytes, '\0'), family).has_value());
    }
    EXPECT_TRUE(ReadIcmp(text, family).has_value());
  }
}

// `first` two bytes, type and code, of a message that is right in all else.
std::string WithTypeAndCode(uint8_t type, uint8_t code) {
  std::string text(16, '\x5a');
  text[0] = static_cast<char>(type);
  text[1] = static_cast<char>(code);
  text[2] = text[3] = '\0';
  const uint16_t sum = InternetChecksum(text);
  text[2] = static_cast<char>(sum >> 8);
  text[3] = static_cast<char>(sum & 0xff);
  return text;
}

TEST(Icmp, OtherTypesAndCodesAreRefused) {
  for (int type = 0; type < 256; ++type) {
    const std::string text = WithTypeAndCode(static_cast<uint8_t>(type), 0);
    const auto four = ReadIcmp(text, AF_INET), six = ReadIcmp(text, AF_INET6);
    EXPECT_EQ(four.has_value(), type == 0 || type == 8) << type;
    EXPECT_EQ(six.has_value(), type == 128 || type == 129) << type;
    if (four.has_value()) EXPECT_EQ(four->is_reply, type == 0);
    if (six.has_value()) EXPECT_EQ(six->is_reply, type == 129);
  }
  for (const int code : {1, 3, 128, 255}) {
    EXPECT_FALSE(ReadIcmp(WithTypeAndCode(8, static_cast<uint8_t>(code)), AF_INET).has_value());
    EXPECT_FALSE(ReadIcmp(WithTypeAndCode(128, static_cast<uint8_t>(code)), AF_INET6).has_value());
  }
}

TEST(Icmp, TheLargestIsReadWhole) {
  const std::string data = TestPayload(65507);
  for (const int family : {AF_INET, AF_INET6}) {
    const std::string text = IcmpText({false, 1, 2, data}, family);
    const auto echo = ReadIcmp(text, family);
    ASSERT_TRUE(echo.has_value());
    EXPECT_TRUE(echo->data == data);
  }
}

TEST(WithoutIpHeader, TakesTheHeaderAndItsOptionsAway) {
  for (const size_t words : {5, 6, 15}) {
    std::string header(4 * words, '\x77');
    header[0] = static_cast<char>(0x40 | words);
    EXPECT_EQ(WithoutIpHeader(header + "rest"), "rest") << words;
    EXPECT_EQ(WithoutIpHeader(header), "") << words;
  }
}

TEST(WithoutIpHeader, LeavesWhatIsShorterThanItClaims) {
  EXPECT_EQ(WithoutIpHeader(""), "");
  const std::string text = "\x4f" + std::string(58, 'x');
  EXPECT_EQ(WithoutIpHeader(text), text);
}

}  // namespace
}  // namespace verbatim
