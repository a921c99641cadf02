// Laws, for any text:
// - SocketAddress::Parse reads just what the C library's inet_pton reads, split by the few lines of
//   Ask() below, with the same octets, zone and port.
// - What was read, printed and read again, is the same value. The octets print as inet_ntop prints
//   them, except the deprecated IPv4-compatible ::/96 (core/address_print.cc).
// - Endpoint::Parse reads all that SocketAddress::Parse reads, as the same address.
// Not for: what else an endpoint may be (endpoint_fuzzer).
#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/address.h"
#include "core/endpoint.h"
#include "fuzz/broken_law.h"
#include "fuzz/second_opinion.h"

namespace {

using verbatim::BrokenLaw;
using verbatim::DecimalNumber;
using verbatim::Endpoint;
using verbatim::EndpointText;
using verbatim::Pton;
using verbatim::SocketAddress;
using verbatim::Transport;

// The printed value, or why there is none.
template <typename Value>
std::string Text(const absl::StatusOr<Value>& result) {
  return result.ok() ? result->ToString() : std::string(result.status().message());
}

// The second opinion.
std::optional<SocketAddress> Ask(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos || text.size() - colon > 6) return std::nullopt;
  const auto port = DecimalNumber(text.substr(colon + 1), 65535);
  absl::string_view host = text.substr(0, colon);
  if (!port || host.empty()) return std::nullopt;
  if (host.front() != '[') {
    std::array<uint8_t, 4> octets;
    if (!Pton(AF_INET, host, &octets)) return std::nullopt;
    return SocketAddress::FromIPv4(octets, static_cast<uint16_t>(*port));
  }
  if (host.back() != ']') return std::nullopt;
  host = host.substr(1, host.size() - 2);
  const size_t percent = host.find('%');
  const bool has_zone = percent != absl::string_view::npos;
  const auto zone = has_zone ? DecimalNumber(host.substr(percent + 1), UINT32_MAX) : 0;
  std::array<uint8_t, 16> octets;
  if (!zone || !Pton(AF_INET6, host.substr(0, percent), &octets)) return std::nullopt;
  return SocketAddress::FromIPv6(octets, static_cast<uint16_t>(*port), *zone);
}

// How inet_ntop would have it; empty for IPv4-compatible addresses.
std::string Expected(const SocketAddress& address) {
  char text[INET6_ADDRSTRLEN];
  const std::string port = ":" + std::to_string(address.port());
  if (address.family() == AF_INET) {
    const auto* in4 = reinterpret_cast<const sockaddr_in*>(address.data());
    return inet_ntop(AF_INET, &in4->sin_addr, text, sizeof(text)) + port;
  }
  const auto* in6 = reinterpret_cast<const sockaddr_in6*>(address.data());
  if (IN6_IS_ADDR_V4COMPAT(&in6->sin6_addr)) return "";
  const std::string zone = address.zone() == 0 ? "" : "%" + std::to_string(address.zone());
  inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
  return std::string("[") + text + zone + "]" + port;
}

void CheckAddress(absl::string_view input) {
  const auto ours = SocketAddress::Parse(input);
  const auto expected = Ask(input);
  if (ours.ok() != expected.has_value() || (ours.ok() && !(*ours == *expected))) {
    BrokenLaw(input, "it reads what inet_pton reads", Text(ours),
              expected ? expected->ToString() : "refused");
  }
  if (!ours.ok()) return;
  const std::string text = ours->ToString();
  const auto again = SocketAddress::Parse(text);
  if (!again.ok() || !(*again == *ours)) {
    BrokenLaw(input, "what is printed is read as the same value", Text(again), text);
  }
  const std::string canonical = Expected(*ours);
  if (!canonical.empty() && text != canonical) {
    BrokenLaw(input, "it prints what inet_ntop prints", text, canonical);
  }
  const auto endpoint = Endpoint::Parse(input);
  const std::string endpoint_text = EndpointText(Transport::kTcp, *ours);
  if (!endpoint.ok() || endpoint->ToString() != endpoint_text) {
    BrokenLaw(input, "an address is an endpoint", Text(endpoint), endpoint_text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  CheckAddress(input);
  return 0;
}
