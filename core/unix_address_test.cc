// Addresses of unix sockets, and the endpoints that are not tcp.
// Not for: IPv4 and IPv6 (address_test.cc), or hosts and services (endpoint_test.cc).
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <sys/un.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/endpoint.h"

namespace verbatim {
namespace {

TEST(UnixAddress, APathIsTerminatedAndCounted) {
  const auto address = SocketAddress::FromPath("/run/echo");
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(address->family(), AF_UNIX);
  EXPECT_EQ(address->size(), offsetof(sockaddr_un, sun_path) + 10);
  EXPECT_STREQ(reinterpret_cast<const sockaddr_un*>(address->data())->sun_path, "/run/echo");
  EXPECT_EQ(address->ToString(), "/run/echo");
  EXPECT_EQ(address->port(), 0);
  EXPECT_FALSE(address->IsAbstract());
}

TEST(UnixAddress, AnAbstractNameIsCountedAndMayHoldAnything) {
  const std::string name("a\0b\0", 4);
  const auto address = SocketAddress::FromAbstract(name);
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(address->size(), offsetof(sockaddr_un, sun_path) + 5);
  EXPECT_TRUE(address->IsAbstract());
  EXPECT_TRUE(address->unix_name() == absl::string_view(name));
  EXPECT_FALSE(*address == *SocketAddress::FromAbstract(absl::string_view(name).substr(0, 3)));
  EXPECT_FALSE(*SocketAddress::FromAbstract("a") == *SocketAddress::FromPath("a"));
}

TEST(UnixAddress, OneOf107BytesIsWholeAndOneOf108Refused) {
  const std::string longest(107, 'x');
  for (const auto make : {&SocketAddress::FromPath, &SocketAddress::FromAbstract}) {
    const auto address = make(longest);
    ASSERT_TRUE(address.ok());
    EXPECT_EQ(address->size(), sizeof(sockaddr_un));
    EXPECT_TRUE(address->unix_name() == absl::string_view(longest));
    const auto longer = make(longest + "y");
    EXPECT_EQ(longer.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_TRUE(absl::StrContains(longer.status().message(), "character 108: ")) << longer.status();
  }
  EXPECT_FALSE(SocketAddress::FromPath(absl::string_view("a\0b", 3)).ok());
}

TEST(UnixAddress, OneWithoutANameIsUnnamed) {
  sockaddr_un none{};
  none.sun_family = AF_UNIX;
  const auto address = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&none),
                                                   offsetof(sockaddr_un, sun_path));
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(address->ToString(), "unnamed");
  EXPECT_TRUE(address->unix_name().empty());
  EXPECT_TRUE(*address == *SocketAddress::FromPath(""));
}

TEST(UnixAddress, APathThatTheKernelLeftUnterminatedIsRefusedAndNotReadBeyond) {
  sockaddr_un full{};
  full.sun_family = AF_UNIX;
  std::fill(std::begin(full.sun_path), std::end(full.sun_path), 'x');
  const auto* const address = reinterpret_cast<const sockaddr*>(&full);
  EXPECT_FALSE(SocketAddress::FromSockaddr(address, sizeof(full)).ok());
}

RC_GTEST_PROP(UnixAddressProperties, WhatTheKernelIsToldIsReadBackTheSame, ()) {
  auto name = *rc::gen::resize(300, rc::gen::arbitrary<std::string>());
  const bool is_abstract = *rc::gen::arbitrary<bool>();
  const auto address =
      is_abstract ? SocketAddress::FromAbstract(name) : SocketAddress::FromPath(name);
  const bool fits = name.size() <= 107 && (is_abstract || name.find('\0') == name.npos);
  RC_ASSERT(address.ok() == fits);
  if (!fits) return;
  RC_ASSERT(address->unix_name() == absl::string_view(name));
  const auto again = SocketAddress::FromSockaddr(address->data(), address->size());
  RC_ASSERT(again.ok());
  RC_ASSERT(*again == *address);
  RC_ASSERT(again->IsAbstract() == is_abstract);
}

TEST(EndpointSchemes, AreReadAndPrintedAsTheyAre) {
  const std::string nul("unix-abstract://a\0b", 19);
  const std::vector<std::tuple<std::string, Transport, std::string, std::string>> rows = {
      {"udp://[::1]:echo", Transport::kUdp, "::1", "echo"},
      {"unix:///run/echo.sock", Transport::kUnix, "/run/echo.sock", ""},
      {"unix://relative path:7", Transport::kUnix, "relative path:7", ""},
      {"unix:///a://b", Transport::kUnix, "/a://b", ""},
      {nul, Transport::kUnixAbstract, nul.substr(16), ""},
      {"unixgram:///g", Transport::kUnixgram, "/g", ""},
      {"unixpacket:///p", Transport::kUnixpacket, "/p", ""},
      {"icmp://127.0.0.1", Transport::kIcmp, "127.0.0.1", ""},
      {"icmp://[fe80::1%lo]", Transport::kIcmp, "fe80::1%lo", ""},
      {"icmp://localhost", Transport::kIcmp, "localhost", ""},
      {"stdio:", Transport::kStdio, "", ""}};
  for (const auto& [text, transport, host, service] : rows) {
    const auto endpoint = Endpoint::Parse(text);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    EXPECT_TRUE((*endpoint == Endpoint{transport, host, service})) << text;
    EXPECT_EQ(endpoint->ToString(), text);
  }
}

TEST(EndpointSchemes, AreRefusedWhereTheyGoWrong) {
  const std::vector<std::tuple<std::string, size_t, std::string>> rows = {
      {"unix://", 8, "name of a unix socket"},
      {"unixgram://", 12, "name of a unix socket"},
      {"unix://" + std::string(108, 'x'), 115, "107 bytes at most"},
      {"unix-abstract://" + std::string(108, 'x'), 124, "107 bytes at most"},
      {std::string("unix://a\0", 9), 9, "NUL"},
      {"icmp://127.0.0.1:7", 17, "no ports"},
      {"icmp://", 8, "host's name or address"},
      {"icmp://::1", 8, "in brackets"},
      {"udp://127.0.0.1", 16, "':' and a port"}};
  for (const auto& [text, character, advice] : rows) {
    const auto endpoint = Endpoint::Parse(text);
    ASSERT_FALSE(endpoint.ok()) << text;
    const std::string message(endpoint.status().message());
    EXPECT_TRUE(absl::StrContains(message, absl::StrCat(": character ", character, ": ")))
        << message;
    EXPECT_TRUE(absl::StrContains(message, advice)) << message;
  }
}

TEST(EndpointSchemes, ResolveToTheirAddresses) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"udp://127.0.0.1:echo", "127.0.0.1:7"},
      {"unix:///run/echo", "/run/echo"},
      {"unix-abstract://name", "@name"},
      {"unixgram:///g", "/g"},
      {"unixpacket:///p", "/p"},
      {"icmp://[::1]", "[::1]:0"}};
  for (const auto& [text, address] : rows) {
    const auto addresses = Resolve(*Endpoint::Parse(text), ResolveFor::kConnecting);
    ASSERT_TRUE(addresses.ok()) << addresses.status();
    ASSERT_EQ(addresses->size(), 1u);
    EXPECT_EQ(addresses->front().ToString(), address);
  }
  EXPECT_EQ(Resolve(*Endpoint::Parse("stdio:"), ResolveFor::kConnecting).status().code(),
            absl::StatusCode::kUnimplemented);
}

TEST(EndpointSchemes, AreSaidOfAnAddress) {
  const auto path = *SocketAddress::FromPath("/run/echo");
  EXPECT_EQ(EndpointText(Transport::kUnix, path), "unix:///run/echo");
  EXPECT_EQ(EndpointText(Transport::kUnixgram, path), "unixgram:///run/echo");
  EXPECT_EQ(EndpointText(Transport::kUnix, *SocketAddress::FromAbstract("x")), "unix-abstract://x");
  EXPECT_EQ(EndpointText(Transport::kIcmp, *SocketAddress::Parse("[::1]:0")), "icmp://[::1]");
  EXPECT_EQ(EndpointText(Transport::kUdp, *SocketAddress::Parse("127.0.0.1:7")),
            "udp://127.0.0.1:7");
}

}  // namespace
}  // namespace verbatim
