// Ports and listeners: from text, and of this very process.
#include "properties/stage/socket/port.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sstream>

#include "properties/stage/socket/test_server.h"

namespace verbatim {
namespace {

constexpr char kTcpHeading[] =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n";

std::string Row(const std::string& local, const std::string& state, int inode) {
  return "   0: " + local + " 00000000:0000 " + state +
         " 00000000:00000000 00:00000000 00000000     0        0 " + std::to_string(inode) +
         " 1 0000000000000000 100 0 0 10 0\n";
}

TEST(FindListener, AListenerOnTheWildcardIsReachedOverLoopback) {
  const auto listener = FindListenerIn(kTcpHeading + Row("00000000:1F90", "0A", 4711), "", 8080);
  ASSERT_TRUE(listener.has_value());
  EXPECT_EQ(listener->inode, 4711u);
  ASSERT_EQ(listener->addresses.size(), 1u);
  EXPECT_EQ(listener->addresses[0].ToString(), "127.0.0.1:8080");
}

TEST(FindListener, OneOnAnAddressOfItsOwnIsReachedThere) {
  const auto listener = FindListenerIn(kTcpHeading + Row("0200007F:1F90", "0A", 1), "", 8080);
  ASSERT_TRUE(listener.has_value());
  EXPECT_EQ(listener->addresses[0].ToString(), "127.0.0.2:8080");
}

TEST(FindListener, OneOnIPv6AloneIsTriedByBothFamilies) {
  const auto listener = FindListenerIn(
      kTcpHeading, kTcpHeading + Row("00000000000000000000000000000000:1F90", "0A", 1), 8080);
  ASSERT_TRUE(listener.has_value());
  ASSERT_EQ(listener->addresses.size(), 2u);
  EXPECT_EQ(listener->addresses[1].ToString(), "[::1]:8080");
}

TEST(FindListener, AnOpenConnectionOrAnotherPortIsNoListener) {
  const std::string file =
      kTcpHeading + Row("0100007F:1F90", "01", 1) + Row("0100007F:1F91", "0A", 2);
  EXPECT_FALSE(FindListenerIn(file, "", 8080).has_value());
  EXPECT_FALSE(FindListenerIn("", "", 8080).has_value());
  EXPECT_FALSE(FindListenerIn("nonsense\n:1F90 0A\n", "\n\n", 8080).has_value());
}

TEST(FindListener, ABoundUdpSocketThatIsNotConnectedIsOne) {
  const std::string file = kTcpHeading + Row("0100007F:1F90", "01", 1) +  // connected
                           Row("0100007F:1F91", "07", 2) + Row("0200007F:1F90", "07", 3);
  const auto listener = FindListenerIn(file, "", 8080, SOCK_DGRAM);
  ASSERT_TRUE(listener.has_value());
  EXPECT_EQ(listener->inode, 3u);
  EXPECT_EQ(listener->addresses[0].ToString(), "127.0.0.2:8080");
  EXPECT_FALSE(FindListenerIn(file, "", 8080).has_value());
  EXPECT_FALSE(FindListenerIn(kTcpHeading + Row("0100007F:1F90", "0A", 1), "", 8080, SOCK_DGRAM));
}

// A UDP socket bound to `address`, and the port that it has.
UniqueFd BoundUdp(const SocketAddress& address, uint16_t* port) {
  UniqueFd fd(::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (::bind(fd.get(), address.data(), address.size()) != 0) return UniqueFd();
  sockaddr_storage bound{};
  socklen_t length = sizeof(bound);
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &length);
  *port = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&bound), length)->port();
  return fd;
}

TEST(FindListener, ARealUdpSocketIsSeenWithItsOwnerUntilItIsConnectedOrClosed) {
  uint16_t port = 0;
  UniqueFd fd = BoundUdp(SocketAddress::FromIPv4({0, 0, 0, 0}, 0), &port);
  ASSERT_TRUE(fd);
  const auto listener = FindListener(port, SOCK_DGRAM);
  ASSERT_TRUE(listener.has_value());
  EXPECT_EQ(OwnsSocket({::getpid()}, listener->inode), true);
  ASSERT_EQ(listener->addresses.size(), 1u);
  EXPECT_EQ(listener->addresses[0], SocketAddress::FromIPv4({127, 0, 0, 1}, port));
  const SocketAddress peer = SocketAddress::FromIPv4({127, 0, 0, 1}, 9);
  ASSERT_EQ(::connect(fd.get(), peer.data(), peer.size()), 0);
  EXPECT_FALSE(FindListener(port, SOCK_DGRAM).has_value());
}

TEST(FindListener, ARealUdpSocketOnIPv6IsReachedThere) {
  uint16_t port = 0;
  std::array<uint8_t, 16> loopback{};
  loopback[15] = 1;
  const UniqueFd fd = BoundUdp(SocketAddress::FromIPv6(loopback, 0), &port);
  if (!fd) GTEST_SKIP() << "no IPv6 here";
  const auto listener = FindListener(port, SOCK_DGRAM);
  ASSERT_TRUE(listener.has_value());
  EXPECT_NE(std::count(listener->addresses.begin(), listener->addresses.end(),
                       SocketAddress::FromIPv6(loopback, port)),
            0);
}

TEST(FindListener, ARealListenerIsSeenWithItsOwner) {
  const TestServer server(Echo);
  const auto listener = FindListener(server.address().port());
  ASSERT_TRUE(listener.has_value());
  EXPECT_EQ(OwnsSocket({::getpid()}, listener->inode), true);
  EXPECT_EQ(OwnsSocket({}, listener->inode), false);
}

TEST(PortClaim, IsOutsideTheEphemeralRangeFreeAndHeldByOneAtATime) {
  int low = 0, high = 0;
  std::istringstream(ReadFile("/proc/sys/net/ipv4/ip_local_port_range")) >> low >> high;
  std::vector<PortClaim> claims;
  std::vector<uint16_t> ports;
  for (int i = 0; i < 50; ++i) {
    auto claim = PortClaim::Take();
    ASSERT_TRUE(claim.ok()) << claim.status();
    const uint16_t port = claim->port();
    EXPECT_TRUE(port < low || port > high) << port;
    EXPECT_EQ(std::count(ports.begin(), ports.end(), port), 0) << port;
    EXPECT_FALSE(FindListener(port).has_value()) << port;
    ports.push_back(port);
    claims.push_back(*std::move(claim));
  }
}

TEST(PortClaim, OfUdpIsFreeForUdp) {
  const auto claim = PortClaim::Take(SOCK_DGRAM);
  ASSERT_TRUE(claim.ok()) << claim.status();
  EXPECT_FALSE(FindListener(claim->port(), SOCK_DGRAM).has_value());
  uint16_t port = 0;
  EXPECT_TRUE(BoundUdp(SocketAddress::FromIPv4({0, 0, 0, 0}, claim->port()), &port));
  EXPECT_EQ(port, claim->port());
}

}  // namespace
}  // namespace verbatim
