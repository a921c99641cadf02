// Resolve: from an endpoint to socket addresses. Numeric hosts and ports are read here, names asked
// of the system's resolver and services(5), zones of the interfaces.
// Not for: the text of endpoints (core/endpoint.cc).
#include <net/if.h>
#include <netdb.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "absl/strings/str_cat.h"
#include "core/endpoint.h"
#include "core/status.h"

namespace verbatim {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

absl::StatusCode CodeOf(int eai) {
  switch (eai) {
    case EAI_NONAME:
    case EAI_SERVICE:
    case EAI_ADDRFAMILY:  // the name exists, but has no address
    case EAI_NODATA:
      return absl::StatusCode::kNotFound;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

// `what` is the name that was asked for. `eai` is what getaddrinfo returned, `error_number` errno.
absl::Status ResolverStatus(int eai, int error_number, absl::string_view what) {
  const std::string why = eai == EAI_SYSTEM
                              ? std::string(ErrnoStatus(error_number, "getaddrinfo", "").message())
                              : std::string(::gai_strerror(eai));
  return absl::Status(CodeOf(eai), absl::StrCat(what, ": ", why));
}

// getaddrinfo; null stands for "none". `what` names the question in an error.
absl::StatusOr<AddressList> Ask(const char* host, const char* service, int socket_type,
                                ResolveFor purpose, absl::string_view what) {
  addrinfo hints{};
  hints.ai_socktype = socket_type;
  hints.ai_flags = purpose == ResolveFor::kListening ? AI_PASSIVE : 0;
  addrinfo* list = nullptr;
  const int eai = ::getaddrinfo(host, service, &hints, &list);
  if (eai != 0) return ResolverStatus(eai, errno, what);
  return AddressList(list, &::freeaddrinfo);
}

absl::StatusOr<uint16_t> ResolvePort(const Endpoint& endpoint, ResolveFor purpose) {
  uint16_t port = 0;
  TextError ignored;
  if (endpoint.transport == Transport::kIcmp) return port;
  if (ParsePortText(endpoint.service, &port, &ignored)) {
    if (port != 0 || purpose == ResolveFor::kListening) return port;
    const std::string text = endpoint.ToString();
    return BadText(text, text.size() - 1,
                   "nothing can be connected to at port 0; write 1 to 65535");
  }
  absl::StatusOr<AddressList> list =
      Ask(nullptr, endpoint.service.c_str(), SocketType(endpoint.transport), purpose,
          absl::StrCat("service ", endpoint.service));
  if (!list.ok()) return list.status();
  absl::StatusOr<SocketAddress> first =
      SocketAddress::FromSockaddr((*list)->ai_addr, (*list)->ai_addrlen);
  if (!first.ok()) return first.status();
  return first->port();
}

// The number of a zone that exists here, by its name or number.
absl::StatusOr<uint32_t> ResolveZone(const Endpoint& endpoint, absl::string_view zone) {
  char name[IF_NAMESIZE];
  uint32_t number = 0;
  TextError ignored;
  if (ParseZoneText(zone, &number, &ignored)) {
    if (::if_indextoname(number, name) != nullptr) return number;
  } else {
    number = ::if_nametoindex(std::string(zone).c_str());
    if (number != 0) return number;
  }
  const std::string text = endpoint.ToString();
  return BadText(text, text.find('%') + 1, "no interface has this name or number here (ip link)");
}

absl::StatusOr<SocketAddress> ResolveIPv6(const Endpoint& endpoint, uint16_t port) {
  const absl::string_view host = endpoint.host;
  const size_t percent = host.find('%');
  std::array<uint8_t, 16> octets;
  TextError error;
  if (!ParseIPv6Text(host.substr(0, percent), &octets, &error)) {
    return BadText(host, error.position, error.what);
  }
  if (percent == absl::string_view::npos) return SocketAddress::FromIPv6(octets, port);
  absl::StatusOr<uint32_t> zone = ResolveZone(endpoint, host.substr(percent + 1));
  if (!zone.ok()) return zone.status();
  return SocketAddress::FromIPv6(octets, port, *zone);
}

absl::StatusOr<std::vector<SocketAddress>> ResolveName(const std::string& host, uint16_t port,
                                                       ResolveFor purpose) {
  absl::StatusOr<AddressList> list =
      Ask(host.c_str(), nullptr, SOCK_STREAM, purpose, absl::StrCat("host ", host));
  if (!list.ok()) return list.status();
  std::vector<SocketAddress> addresses;
  for (const addrinfo* one = list->get(); one != nullptr; one = one->ai_next) {
    absl::StatusOr<SocketAddress> address =
        SocketAddress::FromSockaddr(one->ai_addr, one->ai_addrlen);
    if (!address.ok()) continue;  // of a family that is not IP
    const SocketAddress with_port = address->WithPort(port);
    // /etc/hosts may name an address twice; to bind it twice would fail.
    if (std::find(addresses.begin(), addresses.end(), with_port) == addresses.end()) {
      addresses.push_back(with_port);
    }
  }
  if (addresses.empty()) return ResolverStatus(EAI_NODATA, 0, absl::StrCat("host ", host));
  return addresses;
}

}  // namespace

absl::StatusOr<std::vector<SocketAddress>> Resolve(const Endpoint& made, ResolveFor purpose) {
  // One made by hand may hold anything, and getaddrinfo reads much ("0x7f.1", "1.2").
  absl::StatusOr<Endpoint> endpoint = Endpoint::Parse(made.ToString());
  if (!endpoint.ok()) return endpoint.status();
  if (endpoint->transport == Transport::kStdio) {
    return absl::UnimplementedError("stdio: has no address; write a tcp:// or unix:// endpoint");
  }
  if (IsUnix(endpoint->transport)) {
    absl::StatusOr<SocketAddress> unix_address = endpoint->transport == Transport::kUnixAbstract
                                                     ? SocketAddress::FromAbstract(endpoint->host)
                                                     : SocketAddress::FromPath(endpoint->host);
    if (!unix_address.ok()) return unix_address.status();
    return std::vector<SocketAddress>{*unix_address};
  }
  absl::StatusOr<uint16_t> port = ResolvePort(*endpoint, purpose);
  if (!port.ok()) return port.status();
  std::array<uint8_t, 4> octets;
  TextError ignored;
  if (ParseIPv4Text(endpoint->host, &octets, &ignored)) {
    return std::vector<SocketAddress>{SocketAddress::FromIPv4(octets, *port)};
  }
  if (endpoint->host.find(':') == std::string::npos) {
    return ResolveName(endpoint->host, *port, purpose);
  }
  absl::StatusOr<SocketAddress> address = ResolveIPv6(*endpoint, *port);
  if (!address.ok()) return address.status();
  return std::vector<SocketAddress>{*address};
}

}  // namespace verbatim
