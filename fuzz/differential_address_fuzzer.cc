// Law, for any text: SocketAddress::Parse and others who read numeric addresses, getaddrinfo(3) and
// Boost.Asio's make_address (where it was found), agree on the octets, the zone and the port of
// what both read; what it reads they read; and what they alone read is one of these, where they are
// laxer by design:
// - IPv4 as inet_aton(3) has it: 127.1, 0x7f000001, 010.0.0.1. One text, several readings.
// - A port that is signed, has a space before it, is empty, has more than 5 digits or is above
//   65,535, which getaddrinfo takes modulo 65,536: strtoul(3).
// - A zone of another form than a number up to 4,294,967,295: an interface's name is for endpoints
//   (core/endpoint.h); Asio takes whatever atoi(3) makes of it.
// Not for: inet_pton, to the letter (address_fuzzer).
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/address.h"
#include "fuzz/broken_law.h"
#include "fuzz/second_opinion.h"
#if __has_include(<boost/asio/ip/address.hpp>)
#define VERBATIM_HAS_ASIO
#include <boost/asio/ip/address.hpp>
#endif

namespace {

using absl::string_view;
using verbatim::BrokenLaw;
using verbatim::DecimalNumber;
using verbatim::SocketAddress;

// "HOST:PORT" or "[HOST]:PORT", whatever they are; without NULs, which C can't be told of.
struct Pieces {
  std::string host, port;
  bool in_brackets = false;
};

std::optional<Pieces> TakeApart(string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == string_view::npos || text.find('\0') != string_view::npos) return std::nullopt;
  Pieces pieces{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
  const std::string& host = pieces.host;
  pieces.in_brackets = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (pieces.in_brackets) pieces.host = host.substr(1, host.size() - 2);
  return pieces;
}

// Where others are laxer by design.
bool IsLaxPort(const std::string& port) {
  return port.size() > 5 || !DecimalNumber(port, 65535).has_value();
}
bool IsLaxHost(const Pieces& pieces) {
  const size_t percent = pieces.host.find('%');
  const std::string digits = pieces.host.substr(0, percent);
  std::array<uint8_t, 16> octets6;
  std::array<uint8_t, 4> octets4;
  // Brackets are IPv6's: without them its last group can't be told from a port.
  if (!pieces.in_brackets) return !verbatim::Pton(AF_INET, pieces.host, &octets4);
  return !verbatim::Pton(AF_INET6, digits, &octets6) ||
         (percent != std::string::npos &&
          !DecimalNumber(string_view(pieces.host).substr(percent + 1), UINT32_MAX));
}

std::string Text(const absl::StatusOr<SocketAddress>& address) {
  return address.ok() ? address->ToString() : std::string(address.status().message());
}

void Compare(string_view input, const char* who, const absl::StatusOr<SocketAddress>& ours,
             const absl::StatusOr<SocketAddress>& theirs, bool is_lax) {
  const bool same = ours.ok() && theirs.ok() && *ours == *theirs;
  if (same || (!ours.ok() && (!theirs.ok() || is_lax))) return;
  BrokenLaw(input, who, Text(ours), Text(theirs));
}

absl::StatusOr<SocketAddress> AskGetaddrinfo(const Pieces& pieces) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(pieces.host.c_str(), pieces.port.c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, freeaddrinfo);
  if (error != 0) return absl::InvalidArgumentError(gai_strerror(error));
  return SocketAddress::FromSockaddr(found->ai_addr, found->ai_addrlen);
}

#ifdef VERBATIM_HAS_ASIO
absl::StatusOr<SocketAddress> AskAsio(const Pieces& pieces) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(pieces.host, error);
  const auto port = DecimalNumber(pieces.port, 65535);
  if (error) return absl::InvalidArgumentError(error.message());
  if (!port) return absl::InvalidArgumentError("no port");
  if (address.is_v4()) {
    return SocketAddress::FromIPv4(address.to_v4().to_bytes(), static_cast<uint16_t>(*port));
  }
  return SocketAddress::FromIPv6(address.to_v6().to_bytes(), static_cast<uint16_t>(*port),
                                 static_cast<uint32_t>(address.to_v6().scope_id()));
}
#endif

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const string_view input(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<SocketAddress> ours = SocketAddress::Parse(input);
  const std::optional<Pieces> pieces = TakeApart(input);
  if (!pieces) {
    if (ours.ok()) BrokenLaw(input, "there is a ':' and no NUL", Text(ours), "refused");
    return 0;
  }
  const bool is_lax = IsLaxPort(pieces->port) || IsLaxHost(*pieces);
  Compare(input, "it agrees with getaddrinfo", ours, AskGetaddrinfo(*pieces), is_lax);
#ifdef VERBATIM_HAS_ASIO
  Compare(input, "it agrees with Boost.Asio", ours, AskAsio(*pieces), is_lax);
#endif
  return 0;
}
