// Tests of Endpoint: its text by tables, and Resolve with what every machine has (loopback, the
// interface lo, service echo of services(5)). Whether localhost has ::1 too is left open.
#include "core/endpoint.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace verbatim {
namespace {

struct Parsed {
  const char* text;
  const char* host;
  const char* service;
  const char* printed;
};

struct RefusedEndpoint {
  std::string text;
  size_t character;    // from 1
  const char* advice;  // a part of the message
};

void ExpectEndpointRefused(const std::vector<RefusedEndpoint>& rows) {
  for (const RefusedEndpoint& row : rows) {
    const auto endpoint = Endpoint::Parse(row.text);
    ASSERT_FALSE(endpoint.ok()) << row.text;
    EXPECT_EQ(endpoint.status().code(), absl::StatusCode::kInvalidArgument);
    const std::string message(endpoint.status().message());
    EXPECT_TRUE(absl::StrContains(message, absl::StrCat("\": character ", row.character, ": ")))
        << message;
    EXPECT_TRUE(absl::StrContains(message, row.advice)) << message << "\nshould say " << row.advice;
  }
}

absl::StatusOr<std::vector<SocketAddress>> ResolveText(absl::string_view text, ResolveFor purpose) {
  const auto endpoint = Endpoint::Parse(text);
  if (!endpoint.ok()) return endpoint.status();
  return Resolve(*endpoint, purpose);
}

// The only address of `text`, as text; else the error.
std::string ResolvedText(absl::string_view text, ResolveFor purpose = ResolveFor::kConnecting) {
  const auto addresses = ResolveText(text, purpose);
  if (!addresses.ok()) return addresses.status().ToString();
  return addresses->size() == 1 ? addresses->front().ToString() : "not one address";
}

TEST(Endpoint, IsReadInItsPartsAndPrintsCanonically) {
  const std::vector<Parsed> rows = {
      {"tcp://127.0.0.1:7", "127.0.0.1", "7", "tcp://127.0.0.1:7"},
      {"127.0.0.1:7", "127.0.0.1", "7", "tcp://127.0.0.1:7"},
      {"localhost:7", "localhost", "7", "tcp://localhost:7"},
      {"tcp://localhost:echo", "localhost", "echo", "tcp://localhost:echo"},
      {"tcp://[::1]:7", "::1", "7", "tcp://[::1]:7"},
      {"[2001:DB8:0::A]:00007", "2001:db8::a", "7", "tcp://[2001:db8::a]:7"},
      {"tcp://[FE80::1%eth0]:7", "fe80::1%eth0", "7", "tcp://[fe80::1%eth0]:7"},
      {"tcp://[fe80::1%02]:7", "fe80::1%2", "7", "tcp://[fe80::1%2]:7"},
      {"tcp://[fe80::1%0]:echo", "fe80::1", "echo", "tcp://[fe80::1]:echo"},
      {"Echo-1.Example.ORG:7", "Echo-1.Example.ORG", "7", "tcp://Echo-1.Example.ORG:7"},
      {"echo.example.:7", "echo.example.", "7", "tcp://echo.example.:7"},
      {"1.example:7", "1.example", "7", "tcp://1.example:7"},
      {"3com:914c-g", "3com", "914c-g", "tcp://3com:914c-g"},
      {"tcp:7", "tcp", "7", "tcp://tcp:7"},
      {"127.0.0.1:0", "127.0.0.1", "0", "tcp://127.0.0.1:0"},
  };
  for (const Parsed& row : rows) {
    const auto endpoint = Endpoint::Parse(row.text);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    EXPECT_EQ(endpoint->transport, Transport::kTcp);
    EXPECT_EQ(endpoint->host, row.host);
    EXPECT_EQ(endpoint->service, row.service);
    EXPECT_EQ(endpoint->ToString(), row.printed);
    EXPECT_EQ(*Endpoint::Parse(row.printed), *endpoint);
  }
}

TEST(Endpoint, OtherSchemesAreRefusedAndTheExistingOnesNamed) {
  ExpectEndpointRefused({{"sctp://127.0.0.1:7", 1, "tcp://, udp://, unix://"},
                         {"stdio://", 1, "stdio:"},
                         {"TCP://127.0.0.1:7", 1, "tcp://"},
                         {"://127.0.0.1:7", 1, "tcp://"},
                         {" tcp://127.0.0.1:7", 1, "tcp://"},
                         {"http://localhost:7/", 1, "tcp://"},
                         {"tcp:/127.0.0.1:7", 5, "1 to 5 digits"},
                         {"tcp://tcp://127.0.0.1:7", 11, "1 to 5 digits"}});
}

TEST(Endpoint, AHostIsANameOrAnAddress) {
  const std::string label(63, 'a');
  const std::string longest = absl::StrCat(label, ".", label, ".", label, ".", label.substr(2));
  EXPECT_EQ(longest.size(), 253u);
  EXPECT_TRUE(Endpoint::Parse(longest + ":7").ok());
  EXPECT_TRUE(Endpoint::Parse(longest + ".:7").ok());
  ExpectEndpointRefused({{longest + "a:7", 254, "253 characters"},
                         {label + "a:7", 64, "63 characters"},
                         {"x." + label + "a:7", 66, "63 characters"},
                         {"", 1, "a host's name or address"},
                         {":7", 1, "a host's name or address"},
                         {"tcp://:7", 7, "a host's name or address"},
                         {"tcp://.:7", 7, "a host's name or address"},
                         {"a..b:7", 3, "a host's name or address"},
                         {"a.b..:7", 5, "a host's name or address"},
                         {"-a.b:7", 1, "begin with '-'"},
                         {"a-.b:7", 2, "end with '-'"},
                         {"b.-:7", 3, "begin with '-'"},
                         {"a_b:7", 2, "letters, digits"},
                         {"a b:7", 2, "letters, digits"},
                         {"user@host:7", 5, "letters, digits"},
                         {"b\xc3\xbc.example:7", 2, "letters, digits"},
                         {"*:7", 1, "letters, digits"}});
}

TEST(Endpoint, WhatAResolverMayTakeForAnIPv4AddressMustBeOne) {
  ExpectEndpointRefused({{"7", 2, "write '.' and a number"},
                         {"127.1:7", 6, "write '.' and a number"},
                         {"2130706433:7", 1, "at most 255"},
                         {"0x7f000001:7", 2, "write '.' and a number"},
                         {"0x:7", 2, "write '.' and a number"},
                         {"127.0.0.0X1:7", 10, "end the IPv4 address here"},
                         {"tcp://127.0.0.01:7", 15, "leading zero"},
                         {"127.0.0.256:7", 9, "at most 255"},
                         {"127.0.0.1.:7", 10, "end the IPv4 address here"},
                         {"example.7:7", 1, "write a number of 0 to 255"}});
  EXPECT_TRUE(Endpoint::Parse("0xyz:7").ok());
  EXPECT_TRUE(Endpoint::Parse("127.0.0.1a:7").ok());
}

TEST(Endpoint, IPv6StandsInBracketsWithItsZone) {
  ExpectEndpointRefused({{"::1:7", 1, "in brackets"},
                         {"tcp://fe80::1%lo:7", 7, "in brackets"},
                         {"tcp://[::1", 11, "write ']'"},
                         {"tcp://[::1]", 12, "write ':' and a port"},
                         {"tcp://[::1]7", 12, "write ':' and a port"},
                         {"tcp://[]:7", 8, "has 8 groups"},
                         {"tcp://[localhost]:7", 8, "a group of 1 to 4"},
                         {"tcp://[127.0.0.1]:7", 17, "has 8 groups"},
                         {"tcp://[::g]:7", 10, "a group of 1 to 4"},
                         {"[fe80::1%]:7", 10, "%eth0"},
                         {"[fe80::1%a/b]:7", 11, "%eth0"},
                         {"[fe80::1%a b]:7", 11, "%eth0"},
                         {"[fe80::1%25%eth0]:7", 12, "%eth0"},
                         {"[fe80::1%4294967296]:7", 10, "at most 4294967295"},
                         {"[fe80::1%abcdefghijklmnop]:7", 25, "15 characters"},
                         {"lo%1:7", 3, "letters, digits"}});
}

TEST(Endpoint, AServiceIsAPortOrAName) {
  ExpectEndpointRefused({{"localhost", 10, "write ':' and a port"},
                         {"localhost:", 11, "a port or a service's name"},
                         {"[::1]:", 7, "a port or a service's name"},
                         {"localhost:65536", 11, "at most 65535"},
                         {"localhost:99999", 11, "at most 65535"},
                         {"localhost:000007", 16, "5 digits at most"},
                         {"localhost:+7", 11, "1 to 5 digits"},
                         {"localhost:-7", 11, "1 to 5 digits"},
                         {"localhost: 7", 11, "1 to 5 digits"},
                         {"localhost:7 ", 12, "1 to 5 digits"},
                         {"localhost:7/", 12, "1 to 5 digits"},
                         {"localhost:7:7", 12, "1 to 5 digits"},
                         {"localhost:7-", 12, "1 to 5 digits"},
                         {"localhost:a--b", 13, "1 to 5 digits"},
                         {"localhost:1-2", 11, "has a letter"},
                         {"localhost:abcdefghijklmnop", 26, "15 characters"}});
}

TEST(Endpoint, ANulIsACharacterLikeAnother) {
  ExpectEndpointRefused({{std::string("localhost\0:7", 12), 10, "letters, digits"},
                         {std::string("localhost:7\0", 12), 12, "1 to 5 digits"},
                         {std::string("[fe80::1%l\0]:7", 14), 11, "%eth0"}});
}

// Pieces of a host and of a service; joined they are an endpoint about as often as not.
rc::Gen<std::string> AlmostEndpoint() {
  using Strings = std::vector<std::string>;
  const auto scheme = rc::gen::elementOf(Strings{"", "tcp://"});
  const auto host = rc::gen::elementOf(Strings{"localhost", "127.0.0.1", "[::1]", "[FE80::0:A%lo]",
                                               "[fe80::1%007]", "[::%0]", "[::ffff:7f00:1]", "a"});
  const auto more = rc::gen::weightedElement<std::string>({{12, ""},
                                                           {3, ".b"},
                                                           {1, "."},
                                                           {1, "-"},
                                                           {1, ".0"},
                                                           {1, ".0x1"},
                                                           {1, "%lo"},
                                                           {1, ":"},
                                                           {1, " "}});
  const auto service =
      rc::gen::elementOf(Strings{"7", "echo", "00070", "0", "65535", "a-1", "1-a"});
  return rc::gen::map(rc::gen::tuple(scheme, host, more, service, more), [](const auto& from) {
    return absl::StrCat(std::get<0>(from), std::get<1>(from), std::get<2>(from), ":",
                        std::get<3>(from), std::get<4>(from));
  });
}

RC_GTEST_PROP(EndpointProperties, WhatIsReadPrintsAsTextThatIsReadTheSame, ()) {
  const auto endpoint = Endpoint::Parse(*AlmostEndpoint());
  RC_TAG(endpoint.ok());
  if (!endpoint.ok()) return;
  const std::string text = endpoint->ToString();
  const auto again = Endpoint::Parse(text);
  RC_ASSERT(again.ok());
  RC_ASSERT(*again == *endpoint);
  RC_ASSERT(again->ToString() == text);
}

TEST(EndpointText, IsTheEndpointOfAnAddress) {
  EXPECT_EQ(EndpointText(Transport::kTcp, SocketAddress::FromIPv4({127, 0, 0, 1}, 7)),
            "tcp://127.0.0.1:7");
  EXPECT_EQ(EndpointText(Transport::kTcp, *SocketAddress::Parse("[::1]:7")), "tcp://[::1]:7");
}

TEST(Resolve, NumericHostsAreThemselves) {
  EXPECT_EQ(ResolvedText("127.0.0.1:7"), "127.0.0.1:7");
  EXPECT_EQ(ResolvedText("tcp://[2001:db8::1]:7"), "[2001:db8::1]:7");
  EXPECT_EQ(ResolvedText("0.0.0.0:0", ResolveFor::kListening), "0.0.0.0:0");
  EXPECT_EQ(ResolvedText("[::]:7", ResolveFor::kListening), "[::]:7");
}

TEST(Resolve, ServicesAreFoundByName) {
  EXPECT_EQ(ResolvedText("127.0.0.1:echo"), "127.0.0.1:7");
  EXPECT_EQ(ResolvedText("[::1]:echo", ResolveFor::kListening), "[::1]:7");
}

TEST(Resolve, LocalhostIsLoopbackWithoutDoubles) {
  for (const auto purpose : {ResolveFor::kConnecting, ResolveFor::kListening}) {
    const auto addresses = ResolveText("localhost:echo", purpose);
    ASSERT_TRUE(addresses.ok()) << addresses.status();
    ASSERT_FALSE(addresses->empty());
    for (const SocketAddress& address : *addresses) {
      EXPECT_TRUE(address.ToString() == "[::1]:7" || absl::StartsWith(address.ToString(), "127."))
          << address.ToString();
      EXPECT_EQ(address.port(), 7);
      EXPECT_EQ(std::count(addresses->begin(), addresses->end(), address), 1);
    }
  }
}

TEST(Resolve, PortZeroIsForListeningAlone) {
  EXPECT_EQ(ResolvedText("127.0.0.1:0", ResolveFor::kListening), "127.0.0.1:0");
  for (const char* text : {"127.0.0.1:0", "tcp://localhost:00000"}) {
    const auto addresses = ResolveText(text, ResolveFor::kConnecting);
    EXPECT_EQ(addresses.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_TRUE(absl::StrContains(addresses.status().message(), "port 0")) << addresses.status();
  }
}

TEST(Resolve, UnknownNamesAreNotFoundAndSaidByKind) {
  const auto service = ResolveText("127.0.0.1:no-such", ResolveFor::kConnecting).status();
  EXPECT_EQ(service.code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(absl::StrContains(service.message(), "service no-such: ")) << service;
  // RFC 6761 §6.4: never exists. Without any name server the resolver can't tell that, and says so.
  const auto host = ResolveText("nosuch.invalid:7", ResolveFor::kConnecting).status();
  EXPECT_TRUE(absl::IsNotFound(host) || absl::IsUnavailable(host)) << host;
  EXPECT_TRUE(absl::StrContains(host.message(), "host nosuch.invalid: ")) << host;
}

TEST(Resolve, AZoneIsAnInterfaceOfThisMachine) {
  char name[IF_NAMESIZE];
  const struct if_nameindex* all = ::if_nameindex();
  ASSERT_NE(all, nullptr);
  const uint32_t number = all[0].if_index;
  std::copy_n(all[0].if_name, std::char_traits<char>::length(all[0].if_name) + 1, name);
  ::if_freenameindex(const_cast<struct if_nameindex*>(all));
  const std::string resolved = absl::StrCat("[fe80::1%", number, "]:7");
  EXPECT_EQ(ResolvedText(absl::StrCat("tcp://[fe80::1%", name, "]:7")), resolved);
  EXPECT_EQ(ResolvedText(absl::StrCat("tcp://[fe80::1%", number, "]:7")), resolved);
  for (const char* text : {"[fe80::1%nosuch0]:7", "[fe80::1%4294967295]:7"}) {
    const auto addresses = ResolveText(text, ResolveFor::kConnecting);
    EXPECT_EQ(addresses.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_TRUE(absl::StrContains(addresses.status().message(), "character 16: no interface"))
        << addresses.status();
  }
}

TEST(Resolve, AnEndpointMadeByHandIsCheckedToo) {
  for (const char* host : {"0x7f.1", "127.1", "a b", "", "1.2.3.4:5"}) {
    const auto addresses = Resolve({Transport::kTcp, host, "7"}, ResolveFor::kConnecting);
    EXPECT_EQ(addresses.status().code(), absl::StatusCode::kInvalidArgument) << host;
  }
}

}  // namespace
}  // namespace verbatim
