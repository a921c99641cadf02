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

// `what` is the name that was asked for. `eai` is what getaddrinfo returned, `error_number` errno.
absl::Status ResolverStatus(int eai, int error_number, absl::string_view what) {
  if (eai == EAI_SYSTEM) return ErrnoStatus(error_number, "getaddrinfo", what);
  const bool is_not_found = eai == EAI_NONAME || eai == EAI_SERVICE || eai == EAI_NODATA ||
                            eai == EAI_ADDRFAMILY;  // the name exists, but has no address
  return absl::Status(is_not_found ? absl::StatusCode::kNotFound : absl::StatusCode::kUnavailable,
                      absl::StrCat(what, ": ", ::gai_strerror(eai)));
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

// The host is one that Endpoint::Parse has read; a zone must exist here, by its name or number.
absl::StatusOr<SocketAddress> ResolveIPv6(const Endpoint& endpoint, uint16_t port) {
  const absl::string_view host = endpoint.host;
  const size_t percent = std::min(host.find('%'), host.size());
  std::array<uint8_t, 16> octets{};
  TextError ignored;
  ParseIPv6Text(host.substr(0, percent), &octets, &ignored);
  if (percent == host.size()) return SocketAddress::FromIPv6(octets, port);
  const std::string zone(host.substr(percent + 1));
  char name[IF_NAMESIZE];
  uint32_t number = 0;
  const bool exists = ParseZoneText(zone, &number, &ignored)
                          ? ::if_indextoname(number, name) != nullptr
                          : (number = ::if_nametoindex(zone.c_str())) != 0;
  if (exists) return SocketAddress::FromIPv6(octets, port, number);
  const std::string text = endpoint.ToString();
  return BadText(text, text.find('%') + 1, "no interface has this name or number here (ip link)");
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

absl::StatusOr<std::vector<SocketAddress>> ResolveOne(absl::StatusOr<SocketAddress> address) {
  if (!address.ok()) return address.status();
  return std::vector<SocketAddress>{*address};
}

}  // namespace

absl::StatusOr<std::vector<SocketAddress>> Resolve(const Endpoint& made, ResolveFor purpose) {
  // One made by hand may hold anything, and getaddrinfo reads much ("0x7f.1", "1.2").
  absl::StatusOr<Endpoint> endpoint = Endpoint::Parse(made.ToString());
  if (!endpoint.ok()) return endpoint.status();
  const std::string& host = endpoint->host;
  if (endpoint->transport == Transport::kStdio) {
    return absl::UnimplementedError("stdio: has no address; write a tcp:// or unix:// endpoint");
  }
  if (endpoint->transport == Transport::kUnixAbstract) {
    return ResolveOne(SocketAddress::FromAbstract(host));
  }
  if (IsUnix(endpoint->transport)) return ResolveOne(SocketAddress::FromPath(host));
  absl::StatusOr<uint16_t> port = ResolvePort(*endpoint, purpose);
  if (!port.ok()) return port.status();
  std::array<uint8_t, 4> octets;
  TextError ignored;
  if (ParseIPv4Text(host, &octets, &ignored)) {
    return ResolveOne(SocketAddress::FromIPv4(octets, *port));
  }
  if (host.find(':') != host.npos) return ResolveOne(ResolveIPv6(*endpoint, *port));
  return ResolveName(host, *port, purpose);
}

}  // namespace verbatim
