// SocketAddress, the value: how it is made from octets and from what the kernel says, and its
// parts. Not for: its text (core/address_text.cc).
#include "core/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/status.h"

namespace verbatim {
namespace {

constexpr size_t kUnixName = offsetof(sockaddr_un, sun_path);

}  // namespace

SocketAddress SocketAddress::FromIPv4(const std::array<uint8_t, 4>& octets, uint16_t port) {
  SocketAddress result;
  result.storage_.in4 = sockaddr_in{AF_INET, htons(port), std::bit_cast<in_addr>(octets), {}};
  return result;
}

SocketAddress SocketAddress::FromIPv6(const std::array<uint8_t, 16>& octets, uint16_t port,
                                      uint32_t zone) {
  SocketAddress result;
  result.storage_.in6 = {AF_INET6, htons(port), 0, std::bit_cast<in6_addr>(octets), zone};
  return result;
}

absl::StatusOr<SocketAddress> SocketAddress::FromSockaddr(const sockaddr* address,
                                                          socklen_t length) {
  // Copied before it is read: the caller's buffer may be of any alignment.
  const char* from = reinterpret_cast<const char*>(address);
  Storage storage{};
  if (length > 0) std::memcpy(&storage, from, std::min<size_t>(length, sizeof(storage)));
  const sa_family_t family = length >= sizeof(sa_family_t) ? storage.any.sa_family : AF_UNSPEC;
  if (family == AF_INET && length >= sizeof(sockaddr_in)) {
    return FromIPv4(std::bit_cast<std::array<uint8_t, 4>>(storage.in4.sin_addr),
                    ntohs(storage.in4.sin_port));
  }
  if (family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    return FromIPv6(std::bit_cast<std::array<uint8_t, 16>>(storage.in6.sin6_addr),
                    ntohs(storage.in6.sin6_port), storage.in6.sin6_scope_id);
  }
  if (family == AF_UNIX && length <= sizeof(sockaddr_un)) {
    const absl::string_view name(from + kUnixName, length - kUnixName);
    const bool is_abstract = !name.empty() && name[0] == '\0';
    return is_abstract ? FromAbstract(name.substr(1)) : FromPath(name.substr(0, name.find('\0')));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("a socket address of family ", family, " in ", length,
                   " bytes; only whole IPv4, IPv6 and unix addresses are known here"));
}

absl::StatusOr<SocketAddress> SocketAddress::FromPath(absl::string_view path) {
  return FromUnix(path, false);
}

absl::StatusOr<SocketAddress> SocketAddress::FromAbstract(absl::string_view name) {
  return FromUnix(name, true);
}

absl::StatusOr<SocketAddress> SocketAddress::FromUnix(absl::string_view name, bool is_abstract) {
  TextError error;
  if (!CheckUnixName(name, is_abstract, &error)) return BadText(name, error.position, error.what);
  SocketAddress result;
  result.storage_.un = sockaddr_un{};
  result.storage_.un.sun_family = AF_UNIX;
  std::copy(name.begin(), name.end(), result.storage_.un.sun_path + (is_abstract ? 1 : 0));
  const bool has_nul = is_abstract || !name.empty();  // before the name or behind it
  result.unix_bytes_ = static_cast<uint8_t>(kUnixName + name.size() + (has_nul ? 1 : 0));
  return result;
}

absl::string_view SocketAddress::unix_name() const {
  if (family() != AF_UNIX || unix_bytes_ == kUnixName) return "";
  return {storage_.un.sun_path + (IsAbstract() ? 1 : 0), unix_bytes_ - kUnixName - 1};
}

bool SocketAddress::IsAbstract() const {
  return family() == AF_UNIX && unix_bytes_ > kUnixName && storage_.un.sun_path[0] == '\0';
}

socklen_t SocketAddress::size() const {
  if (family() == AF_INET) return sizeof(sockaddr_in);
  if (family() == AF_INET6) return sizeof(sockaddr_in6);
  return unix_bytes_;
}

uint16_t SocketAddress::port() const {
  if (family() == AF_INET) return ntohs(storage_.in4.sin_port);
  if (family() == AF_INET6) return ntohs(storage_.in6.sin6_port);
  return 0;
}

SocketAddress SocketAddress::WithPort(uint16_t port) const {
  SocketAddress result = *this;
  if (family() == AF_INET) result.storage_.in4.sin_port = htons(port);
  if (family() == AF_INET6) result.storage_.in6.sin6_port = htons(port);
  return result;
}

bool operator==(const SocketAddress& a, const SocketAddress& b) {
  // Every byte that is not part of the value is zero: the makers above see to that.
  return a.size() == b.size() && std::memcmp(&a.storage_, &b.storage_, a.size()) == 0;
}

}  // namespace verbatim
