// Laws of SocketAddress::FromSockaddr, for any bytes of any length, as a kernel might return them:
// - Nothing behind the length is read (each input is a block of its own, so asan sees it).
// - It is refused just where the family is none of ours or the length does not fit it, told by the
//   few lines of Fits() below.
// - What was taken, given back to the kernel's form and taken again, is the same value.
// - An IP address has the port, the octets and the zone of the bytes, and its text is read as the
//   same value.
// Not for: text (address_fuzzer).
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

#include "absl/status/statusor.h"
#include "core/address.h"
#include "fuzz/broken_law.h"

namespace {

using absl::string_view;
using verbatim::BrokenLaw;
using verbatim::SocketAddress;

// ip(7), ipv6(7), unix(7). A path of 108 bytes without a NUL is one that no reader may rely on.
bool Fits(int family, string_view bytes) {
  constexpr size_t kName = offsetof(sockaddr_un, sun_path);
  if (family == AF_INET) return bytes.size() >= sizeof(sockaddr_in);
  if (family == AF_INET6) return bytes.size() >= sizeof(sockaddr_in6);
  if (family != AF_UNIX || bytes.size() > sizeof(sockaddr_un)) return false;
  return bytes.size() < sizeof(sockaddr_un) || bytes.find('\0', kName) != string_view::npos;
}

std::string Text(const absl::StatusOr<SocketAddress>& address) {
  return address.ok() ? address->ToString() : std::string(address.status().message());
}

// The same port, octets and zone.
template <typename Sockaddr>
bool IsOf(const SocketAddress& address, const Sockaddr& bytes) {
  const auto& ours = *reinterpret_cast<const Sockaddr*>(address.data());
  if constexpr (std::is_same_v<Sockaddr, sockaddr_in>) {
    return address.port() == ntohs(bytes.sin_port) && ours.sin_addr.s_addr == bytes.sin_addr.s_addr;
  } else {
    return address.port() == ntohs(bytes.sin6_port) && address.zone() == bytes.sin6_scope_id &&
           std::memcmp(&ours.sin6_addr, &bytes.sin6_addr, sizeof(in6_addr)) == 0;
  }
}

template <typename Sockaddr>
void CheckIp(string_view input, const SocketAddress& address) {
  Sockaddr bytes;
  std::memcpy(&bytes, input.data(), sizeof(bytes));
  const auto again = SocketAddress::Parse(address.ToString());
  if (!IsOf(address, bytes)) BrokenLaw(input, "it is what the bytes say", Text(address), "another");
  if (!again.ok() || !(*again == address)) {
    BrokenLaw(input, "its text is read as the same value", Text(again), Text(address));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // No kernel fills more than this.
  const string_view input(reinterpret_cast<const char*>(data),
                          std::min(size, sizeof(sockaddr_storage)));
  sa_family_t family = AF_UNSPEC;
  if (input.size() >= sizeof(family)) std::memcpy(&family, input.data(), sizeof(family));
  const auto address = SocketAddress::FromSockaddr(reinterpret_cast<const sockaddr*>(input.data()),
                                                   static_cast<socklen_t>(input.size()));
  if (address.ok() != Fits(family, input)) {
    BrokenLaw(input, "it is taken iff its length fits its family", Text(address),
              Fits(family, input) ? "taken" : "refused");
  }
  if (!address.ok()) return 0;
  const auto again = SocketAddress::FromSockaddr(address->data(), address->size());
  if (!again.ok() || !(*again == *address)) {
    BrokenLaw(input, "what is given back is taken as the same value", Text(again), Text(address));
  }
  if (family == AF_INET) CheckIp<sockaddr_in>(input, *address);
  if (family == AF_INET6) CheckIp<sockaddr_in6>(input, *address);
  return 0;
}
