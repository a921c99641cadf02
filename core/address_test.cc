// Tests of SocketAddress by tables: what is read and how it prints, what is refused and where.
#include "core/address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace verbatim {
namespace {

SocketAddress Read(absl::string_view text) {
  const auto address = SocketAddress::Parse(text);
  EXPECT_TRUE(address.ok()) << address.status();
  return address.ok() ? *address : SocketAddress();
}

struct Printed {
  const char* read;
  const char* printed;
};

void ExpectPrinted(const std::vector<Printed>& rows) {
  for (const Printed& row : rows) EXPECT_EQ(Read(row.read).ToString(), row.printed) << row.read;
}

struct Refused {
  const char* text;
  size_t character;    // from 1
  const char* advice;  // a part of the message
};

void ExpectRefused(const std::vector<Refused>& rows) {
  for (const Refused& row : rows) {
    const auto address = SocketAddress::Parse(row.text);
    ASSERT_FALSE(address.ok()) << row.text;
    EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument);
    const std::string message(address.status().message());
    EXPECT_TRUE(absl::StrContains(message, absl::StrCat("\": character ", row.character, ": ")))
        << message;
    EXPECT_TRUE(absl::StrContains(message, row.advice)) << message << "\nshould say " << row.advice;
  }
}

TEST(SocketAddress, IPv4PrintsAsItIsRead) {
  ExpectPrinted({{"127.0.0.1:7", "127.0.0.1:7"},
                 {"0.0.0.0:0", "0.0.0.0:0"},
                 {"255.255.255.255:65535", "255.255.255.255:65535"},
                 {"1.20.100.9:80", "1.20.100.9:80"}});
}

TEST(SocketAddress, APortIsOneToFiveDigitsAndNothingElse) {
  ExpectPrinted({{"127.0.0.1:00007", "127.0.0.1:7"}, {"127.0.0.1:65535", "127.0.0.1:65535"}});
  ExpectRefused({{"127.0.0.1:", 11, "1 to 5 digits"},
                 {"127.0.0.1:x", 11, "1 to 5 digits"},
                 {"127.0.0.1:7x", 12, "1 to 5 digits"},
                 {"127.0.0.1:+7", 11, "1 to 5 digits"},
                 {"127.0.0.1:-7", 11, "1 to 5 digits"},
                 {"127.0.0.1: 7", 11, "1 to 5 digits"},
                 {"127.0.0.1:7 ", 12, "1 to 5 digits"},
                 {"127.0.0.1:7\n", 12, "1 to 5 digits"},
                 {"127.0.0.1:0x7", 12, "1 to 5 digits"},
                 {"127.0.0.1:7:7", 12, "1 to 5 digits"},
                 {"127.0.0.1:65536", 11, "at most 65535"},
                 {"127.0.0.1:99999", 11, "at most 65535"},
                 {"127.0.0.1:000007", 16, "5 digits at most"},
                 {"127.0.0.1:4294967303", 16, "5 digits at most"},
                 {"[::1]:65536", 7, "at most 65535"},
                 {"[::1]:x", 7, "1 to 5 digits"},
                 {"[::1]:", 7, "1 to 5 digits"}});
}

TEST(SocketAddress, IPv4IsFourDecimalNumbersWithoutLeadingZeros) {
  ExpectRefused({{"", 1, "like 127.0.0.1"},
                 {":7", 1, "like 127.0.0.1"},
                 {"localhost:7", 1, "like 127.0.0.1"},
                 {" 127.0.0.1:7", 1, "like 127.0.0.1"},
                 {"127.0.0.1 :7", 10, "end the IPv4 address here"},
                 {"127:7", 4, "write '.' and a number"},
                 {"127.0.1:7", 8, "write '.' and a number"},
                 {"127.0.0.:7", 9, "write a number of 0 to 255"},
                 {"127..0.1:7", 5, "write a number of 0 to 255"},
                 {"127.0.0.1.:7", 10, "end the IPv4 address here"},
                 {"127.0.0.1.1:7", 10, "end the IPv4 address here"},
                 {"256.0.0.1:7", 1, "at most 255"},
                 {"127.0.0.1000:7", 9, "at most 255"},
                 {"127.0.0.99999999999:7", 9, "at most 255"},
                 {"127.0.0.01:7", 9, "without its leading zero"},
                 {"127.00.0.1:7", 5, "without its leading zero"},
                 {"0177.0.0.1:7", 1, "without its leading zero"},
                 {"0x7f.0.0.1:7", 2, "write '.' and a number"},
                 {"127.0.0.-1:7", 9, "write a number of 0 to 255"},
                 {"127.0.0.1/8:7", 10, "end the IPv4 address here"},
                 {"127.0.0.1", 10, "write ':' and a port"},
                 {"\xd9\xa1.0.0.1:7", 1, "like 127.0.0.1"}});  // ARABIC-INDIC DIGIT ONE
}

TEST(SocketAddress, ANulIsACharacterLikeAnother) {
  const std::string text("127.0.0.1:7\0", 12);
  EXPECT_FALSE(SocketAddress::Parse(text).ok());
  EXPECT_FALSE(SocketAddress::Parse(absl::string_view("127.0.0.1\0:7", 12)).ok());
  EXPECT_FALSE(SocketAddress::Parse(absl::string_view("[::1\0]:7", 8)).ok());
}

TEST(SocketAddress, TheFormsOfRfc4291AreRead) {  // §2.2
  ExpectPrinted({{"[ABCD:EF01:2345:6789:ABCD:EF01:2345:6789]:7",
                  "[abcd:ef01:2345:6789:abcd:ef01:2345:6789]:7"},
                 {"[2001:DB8:0:0:8:800:200C:417A]:7", "[2001:db8::8:800:200c:417a]:7"},
                 {"[2001:DB8::8:800:200C:417A]:7", "[2001:db8::8:800:200c:417a]:7"},
                 {"[FF01::101]:7", "[ff01::101]:7"},
                 {"[0:0:0:0:0:0:0:1]:7", "[::1]:7"},
                 {"[::]:7", "[::]:7"},
                 {"[0:0:0:0:0:0:13.1.68.3]:7", "[::d01:4403]:7"},
                 {"[::13.1.68.3]:7", "[::d01:4403]:7"},
                 {"[::FFFF:129.144.52.38]:7", "[::ffff:129.144.52.38]:7"},
                 {"[1:2:3:4:5:6:1.2.3.4]:7", "[1:2:3:4:5:6:102:304]:7"},
                 {"[1::1.2.3.4]:7", "[1::102:304]:7"}});
}

TEST(SocketAddress, TheExamplesOfRfc5952PrintAsItRecommends) {
  ExpectPrinted({// §4.1 no leading zeros
                 {"[2001:0db8::0001]:7", "[2001:db8::1]:7"},
                 // §4.2.1 as short as possible
                 {"[2001:db8:0:0:0:0:2:1]:7", "[2001:db8::2:1]:7"},
                 {"[2001:db8::0:1]:7", "[2001:db8::1]:7"},
                 // §4.2.2 not for one group alone
                 {"[2001:db8::1:1:1:1:1]:7", "[2001:db8:0:1:1:1:1:1]:7"},
                 {"[2001:db8:0:1:1:1:1:1]:7", "[2001:db8:0:1:1:1:1:1]:7"},
                 // §4.2.3 the longest run, and of equal ones the first
                 {"[2001:0:0:1:0:0:0:1]:7", "[2001:0:0:1::1]:7"},
                 {"[2001:db8:0:0:1:0:0:1]:7", "[2001:db8::1:0:0:1]:7"},
                 // §4.3 lower case
                 {"[2001:DB8::AAAA]:7", "[2001:db8::aaaa]:7"},
                 // §5 mixed form behind a well-known prefix
                 {"[0:0:0:0:0:ffff:192.0.2.1]:7", "[::ffff:192.0.2.1]:7"},
                 {"[::ffff:c000:0201]:7", "[::ffff:192.0.2.1]:7"},
                 {"[::ffff:0:0]:7", "[::ffff:0.0.0.0]:7"},
                 // §6 brackets before a port
                 {"[2001:db8::1]:80", "[2001:db8::1]:80"}});
}

TEST(SocketAddress, ARunOfZerosMayStandAtEitherEnd) {
  ExpectPrinted({{"[1::]:7", "[1::]:7"},
                 {"[1:2:3:4:5:6:7::]:7", "[1:2:3:4:5:6:7:0]:7"},
                 {"[::2:3:4:5:6:7:8]:7", "[0:2:3:4:5:6:7:8]:7"},
                 {"[1:2:3:4:5:6::]:7", "[1:2:3:4:5:6::]:7"},
                 {"[::3:4:5:6:7:8]:7", "[::3:4:5:6:7:8]:7"},
                 {"[0:0:1::]:7", "[0:0:1::]:7"}});
}

TEST(SocketAddress, OnlyMappedAddressesPrintInMixedForm) {
  ExpectPrinted({{"[::192.0.2.1]:7", "[::c000:201]:7"},  // inet_ntop: ::192.0.2.1
                 {"[64:ff9b::192.0.2.33]:7", "[64:ff9b::c000:221]:7"},
                 {"[::ffff:0:192.0.2.1]:7", "[::ffff:0:c000:201]:7"},
                 {"[1::ffff:192.0.2.1]:7", "[1::ffff:c000:201]:7"}});
}

TEST(SocketAddress, IPv6IsRefusedWhereItGoesWrong) {
  ExpectRefused({{"::1:7", 1, "in brackets"},
                 {"::1", 1, "in brackets"},
                 {"fe80::1%2:7", 1, "in brackets"},
                 {"[::1", 5, "write ']'"},
                 {"[::1:7", 7, "write ']'"},
                 {"[", 2, "write ']'"},
                 {"[::1]", 6, "write ':' and a port after ']'"},
                 {"[::1]7", 6, "write ':' and a port after ']'"},
                 {"[::1] :7", 6, "write ':' and a port after ']'"},
                 {"[[::1]]:7", 2, "a group of 1 to 4"},
                 {"[]:7", 2, "has 8 groups"},
                 {"[127.0.0.1]:7", 11, "has 8 groups"},
                 {"[1:2:3:4:5:6:7]:7", 15, "has 8 groups"},
                 {"[1:2:3:4:5:6:7:8:9]:7", 17, "end the IPv6 address here"},
                 {"[1:2:3:4:5:6:7:8:]:7", 17, "end the IPv6 address here"},
                 {"[1:2:3:4:5:6:7:8::]:7", 17, "end the IPv6 address here"},
                 {"[1:2:3:4::5:6:7:8]:7", 9, "leave '::' out"},
                 {"[::1:2:3:4:5:6:7:8]:7", 2, "leave '::' out"},
                 {"[1::2::3]:7", 6, "'::' stands once"},
                 {"[:::]:7", 4, "a group of 1 to 4"},
                 {"[1:::2]:7", 5, "a group of 1 to 4"},
                 {"[:1::2]:7", 2, "a group of 1 to 4"},
                 {"[:]:7", 2, "a group of 1 to 4"},
                 {"[1:]:7", 4, "another group after ':'"},
                 {"[12345::]:7", 6, "at most 4 digits"},
                 {"[::g]:7", 4, "a group of 1 to 4"},
                 {"[::1g]:7", 5, "write ':' or nothing"},
                 {"[::1 ]:7", 5, "write ':' or nothing"},
                 {"[ ::1]:7", 2, "a group of 1 to 4"},
                 {"[::-1]:7", 4, "a group of 1 to 4"},
                 {"[::0x1]:7", 5, "write ':' or nothing"},
                 {"[::1/64]:7", 5, "write ':' or nothing"}});
}

TEST(SocketAddress, AnEmbeddedIPv4AddressIsAsStrictAndStandsLast) {
  ExpectRefused({{"[::1.2.3]:7", 9, "write '.' and a number"},
                 {"[::1.2.3.256]:7", 10, "at most 255"},
                 {"[::1.2.3.04]:7", 10, "leading zero"},
                 {"[::1.2.3.4:5]:7", 11, "end the IPv4 address here"},
                 {"[::a.2.3.4]:7", 4, "write a number of 0 to 255"},
                 {"[1:2:3:4:5:6:7:1.2.3.4]:7", 16, "no room"},
                 {"[1:2:3:4:5:1.2.3.4]:7", 19, "has 8 groups"},
                 {"[1:2:3:4:5:6::1.2.3.4]:7", 13, "leave '::' out"}});
}

TEST(SocketAddress, AZoneIsAnInterfacesNumber) {
  ExpectPrinted({{"[fe80::1%2]:7", "[fe80::1%2]:7"},
                 {"[fe80::1%02]:7", "[fe80::1%2]:7"},
                 {"[fe80::1%0]:7", "[fe80::1]:7"},
                 {"[fe80::1%4294967295]:7", "[fe80::1%4294967295]:7"}});
  ExpectRefused({{"[fe80::1%]:7", 10, "after '%'"},
                 {"[fe80::1%eth0]:7", 10, "in digits"},
                 {"[fe80::1%2x]:7", 11, "in digits"},
                 {"[fe80::1%-1]:7", 10, "in digits"},
                 {"[fe80::1%4294967296]:7", 10, "at most 4294967295"},
                 {"[fe80::1%99999999999999999999999]:7", 10, "at most 4294967295"},
                 {"[fe80::g%2]:7", 8, "a group of 1 to 4"},
                 {"127.0.0.1%2:7", 10, "end the IPv4 address here"}});
}

TEST(SocketAddress, TheLongestTextFits) {
  std::array<uint8_t, 16> octets;
  octets.fill(0xff);
  const auto address = SocketAddress::FromIPv6(octets, 65535, 4294967295);
  EXPECT_EQ(address.ToString(), "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535");
}

TEST(SocketAddress, TheDefaultIsNone) {
  const SocketAddress none;
  EXPECT_EQ(none.family(), AF_UNSPEC);
  EXPECT_EQ(none.ToString(), "none");
  EXPECT_EQ(none.size(), 0u);
  EXPECT_EQ(none.port(), 0);
  EXPECT_EQ(none, none.WithPort(7));
}

TEST(SocketAddress, TheKernelSeesWhatWasWritten) {
  const SocketAddress four = SocketAddress::FromIPv4({192, 0, 2, 1}, 7);
  ASSERT_EQ(four.size(), sizeof(sockaddr_in));
  const auto* in4 = reinterpret_cast<const sockaddr_in*>(four.data());
  EXPECT_EQ(in4->sin_port, htons(7));
  EXPECT_EQ(in4->sin_addr.s_addr, htonl(0xc0000201));
  const SocketAddress six = Read("[fe80::1%3]:7");
  ASSERT_EQ(six.size(), sizeof(sockaddr_in6));
  const auto* in6 = reinterpret_cast<const sockaddr_in6*>(six.data());
  EXPECT_EQ(in6->sin6_port, htons(7));
  EXPECT_EQ(in6->sin6_scope_id, 3u);
  EXPECT_EQ(in6->sin6_addr.s6_addr[0], 0xfe);
}

TEST(SocketAddress, ValuesAreEqualIffAllTheirPartsAre) {
  EXPECT_EQ(Read("127.0.0.1:7"), SocketAddress::FromIPv4({127, 0, 0, 1}, 7));
  const std::vector<const char*> different = {
      "127.0.0.1:7", "127.0.0.2:7", "127.0.0.1:8",         "[::1]:7",
      "[::2]:7",     "[::1]:8",     "[::1%2]:7",           "[::1%3]:7",
      "[::]:0",      "0.0.0.0:0",   "[::ffff:127.0.0.1]:7"};
  for (const char* a : different) {
    for (const char* b : different) EXPECT_EQ(Read(a) == Read(b), a == b) << a << " " << b;
    EXPECT_FALSE(Read(a) == SocketAddress());
  }
}

TEST(SocketAddress, WithPortChangesThePortAlone) {
  EXPECT_EQ(Read("127.0.0.1:7").WithPort(9), Read("127.0.0.1:9"));
  EXPECT_EQ(Read("[fe80::1%2]:7").WithPort(9), Read("[fe80::1%2]:9"));
}

TEST(SocketAddress, FromSockaddrDropsFlowLabelAndPadding) {
  sockaddr_in6 in6{};
  in6.sin6_family = AF_INET6;
  in6.sin6_port = htons(7);
  in6.sin6_flowinfo = 0x12345;
  in6.sin6_scope_id = 2;
  in6.sin6_addr = in6addr_loopback;
  const auto six = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&in6), sizeof(in6));
  ASSERT_TRUE(six.ok());
  EXPECT_EQ(*six, Read("[::1%2]:7"));
  EXPECT_EQ(reinterpret_cast<const sockaddr_in6*>(six->data())->sin6_flowinfo, 0u);
  sockaddr_in in4;
  std::memset(&in4, 0xaa, sizeof(in4));
  in4.sin_family = AF_INET;
  in4.sin_port = htons(7);
  in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto four = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&in4), sizeof(in4));
  ASSERT_TRUE(four.ok());
  EXPECT_EQ(*four, Read("127.0.0.1:7"));
  EXPECT_EQ(reinterpret_cast<const sockaddr_in*>(four->data())->sin_zero[0], 0);
}

TEST(SocketAddress, FromSockaddrRefusesOtherFamiliesAndShortLengths) {
  sockaddr_storage storage{};
  const auto* any = reinterpret_cast<const sockaddr*>(&storage);
  for (const auto& [family, length] :
       std::vector<std::pair<int, size_t>>{{AF_UNIX, sizeof(storage)},
                                           {AF_UNSPEC, sizeof(storage)},
                                           {AF_INET, sizeof(sockaddr_in) - 1},
                                           {AF_INET, 1},
                                           {AF_INET6, sizeof(sockaddr_in)},
                                           {AF_INET6, sizeof(sockaddr_in6) - 1}}) {
    storage.ss_family = static_cast<sa_family_t>(family);
    const auto address = SocketAddress::FromSockaddr(any, static_cast<socklen_t>(length));
    EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument) << family;
  }
  EXPECT_FALSE(SocketAddress::FromSockaddr(nullptr, 0).ok());
}

}  // namespace
}  // namespace verbatim
