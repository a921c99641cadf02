// Endpoint, its text: which scheme, host and service a person meant, or why that can't be told.
// Not for: looking names up (core/endpoint_resolve.cc).
#include "core/endpoint.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/status.h"

namespace verbatim {
namespace {

constexpr absl::string_view kSchemeEnd = "://";
constexpr absl::string_view kStdioText = "stdio:";

struct Scheme {
  absl::string_view name;
  int socket_type;
  bool is_unix;
};

// In the order of Transport. stdio is no scheme: it has no "//".
constexpr Scheme kSchemes[] = {{"tcp", SOCK_STREAM, false},    {"udp", SOCK_DGRAM, false},
                               {"unix", SOCK_STREAM, true},    {"unix-abstract", SOCK_STREAM, true},
                               {"unixgram", SOCK_DGRAM, true}, {"unixpacket", SOCK_SEQPACKET, true},
                               {"icmp", SOCK_RAW, false},      {"stdio", 0, false}};

const Scheme& SchemeOf(Transport transport) { return kSchemes[static_cast<size_t>(transport)]; }

bool IsAllDigits(absl::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == absl::string_view::npos;
}

// What a resolver may take for an IPv4 address (WHATWG URL, "ends in a number").
bool LooksLikeIPv4(absl::string_view name) {
  const absl::string_view last = name.substr(name.rfind('.') + 1);
  return IsAllDigits(last) ||
         (last.size() >= 2 && last[0] == '0' && absl::ascii_tolower(last[1]) == 'x' &&
          last.find_first_not_of("0123456789abcdefABCDEF", 2) == absl::string_view::npos);
}

// A host's name (RFC 1123 §2.1, RFC 1035 §2.3.1) or an IPv4 address.
bool ReadNameOrIPv4(absl::string_view text, std::string* host, TextError* error) {
  // A dot at the end says that no search domain is to be added.
  absl::string_view name = text;
  if (name.size() > 1 && name.back() == '.') name.remove_suffix(1);
  *host = std::string(text);
  if (LooksLikeIPv4(name)) {
    std::array<uint8_t, 4> octets;
    return ParseIPv4Text(text, &octets, error);
  }
  for (size_t i = 0, label = 0; i <= name.size(); ++i) {
    if (i < name.size() && name[i] != '.') {
      if (!absl::ascii_isalnum(static_cast<unsigned char>(name[i])) && name[i] != '-') {
        return error->Fail(i, "a host's name has letters, digits, '-' and '.' only");
      }
      if (i - label == 63)
        return error->Fail(i, "a part of a host's name has 63 characters at most");
      continue;
    }
    if (i == label) return error->Fail(i, "write a host's name or address here");
    if (name[label] == '-')
      return error->Fail(label, "a part of a host's name can't begin with '-'");
    if (name[i - 1] == '-') return error->Fail(i - 1, "a part of a host's name can't end with '-'");
    label = i + 1;
  }
  return name.size() <= 253 || error->Fail(253, "a host's name has 253 characters at most");
}

// An interface's name as Linux allows it (dev_valid_name: 1 to 15 bytes, no '/', ':' or space),
// without what would make this text ambiguous.
bool CheckZoneName(absl::string_view zone, TextError* error) {
  for (size_t i = 0; i < zone.size(); ++i) {
    if (i == 15) return error->Fail(i, "an interface's name has 15 characters at most");
    if (!absl::ascii_isgraph(static_cast<unsigned char>(zone[i])) ||
        absl::string_view("/:%[]").find(zone[i]) != absl::string_view::npos) {
      return error->Fail(i, "a zone is an interface's name or number, like %eth0");
    }
  }
  if (zone.empty()) return error->Fail(0, "write an interface's name or number here, like %eth0");
  return true;
}

// The inside of brackets, made canonical.
bool ReadIPv6(absl::string_view text, std::string* host, TextError* error) {
  const size_t percent = text.find('%');
  std::array<uint8_t, 16> octets;
  if (!ParseIPv6Text(text.substr(0, percent), &octets, error)) return false;
  uint32_t number = 0;
  absl::string_view name;
  if (percent != absl::string_view::npos) {
    const absl::string_view zone = text.substr(percent + 1);
    const bool is_number = IsAllDigits(zone);
    if (!is_number) name = zone;
    if (!(is_number ? ParseZoneText(zone, &number, error) : CheckZoneName(zone, error))) {
      return error->Shift(percent + 1);
    }
  }
  const std::string whole = SocketAddress::FromIPv6(octets, 0, number).ToString();  // "[HOST]:0"
  *host = absl::StrCat(absl::string_view(whole).substr(1, whole.size() - 4),
                       name.empty() ? "" : "%", name);
  return true;
}

// RFC 6335 §5.1: 1 to 15 letters, digits and single hyphens, none at an end, at least one letter
// (here: not only digits, which the caller reads as a port).
bool CheckServiceName(absl::string_view name, TextError* error) {
  bool has_letter = false;
  for (size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    const bool lone_hyphen = c == '-' && i > 0 && name[i - 1] != '-' && i + 1 < name.size();
    if (!absl::ascii_isalnum(c) && !lone_hyphen) {
      return error->Fail(i, "a port is 1 to 5 digits; a service's name is letters, digits and '-'");
    }
    if (i == 15) return error->Fail(i, "a service's name has 15 characters at most");
    has_letter = has_letter || absl::ascii_isalpha(c);
  }
  return has_letter || error->Fail(0, "a service's name has a letter; a port is 1 to 5 digits");
}

bool ReadService(absl::string_view text, std::string* service, TextError* error) {
  if (text.empty()) return error->Fail(0, "write a port or a service's name here, like 7 or echo");
  if (!IsAllDigits(text)) {
    *service = std::string(text);
    return CheckServiceName(text, error);
  }
  uint16_t port = 0;
  if (!ParsePortText(text, &port, error)) return false;
  *service = absl::StrCat(port);
  return true;
}

// The host at the start of `text`; `*at` is where it ends.
bool ReadHost(absl::string_view text, size_t* at, std::string* host, TextError* error) {
  if (LooksLikeBareIPv6(text)) {
    return error->Fail(0, "write an IPv6 address in brackets, like [::1]:7");
  }
  if (text.empty() || text[0] != '[') {
    *at = std::min(text.find(':'), text.size());
    return ReadNameOrIPv4(text.substr(0, *at), host, error);
  }
  const size_t close = text.find(']');
  if (close == absl::string_view::npos) {
    return error->Fail(text.size(), "write ']' after the IPv6 address, like [::1]:7");
  }
  *at = close + 1;
  return ReadIPv6(text.substr(1, close - 1), host, error) || error->Shift(1);
}

// "HOST:SERVICE"; "HOST" for icmp.
bool ReadHostAndService(absl::string_view text, Endpoint* endpoint, TextError* error) {
  size_t at = 0;
  if (!ReadHost(text, &at, &endpoint->host, error)) return false;
  if (endpoint->transport == Transport::kIcmp) {
    return at == text.size() || error->Fail(at, "end here: icmp has no ports");
  }
  if (at == text.size() || text[at] != ':') {
    return error->Fail(at, "write ':' and a port or service here, like localhost:7 or [::1]:7");
  }
  return ReadService(text.substr(at + 1), &endpoint->service, error) || error->Shift(at + 1);
}

bool ReadUnixName(absl::string_view text, Endpoint* endpoint, TextError* error) {
  endpoint->host = std::string(text);
  if (text.empty()) return error->Fail(0, "write the name of a unix socket here, like /run/echo");
  return CheckUnixName(text, endpoint->transport == Transport::kUnixAbstract, error);
}

bool ReadWhere(absl::string_view text, Endpoint* endpoint, TextError* error) {
  return IsUnix(endpoint->transport) ? ReadUnixName(text, endpoint, error)
                                     : ReadHostAndService(text, endpoint, error);
}

bool ReadEndpoint(absl::string_view text, Endpoint* endpoint, TextError* error) {
  const size_t scheme_end = text.find(kSchemeEnd);
  if (text == kStdioText) {
    endpoint->transport = Transport::kStdio;
    return true;
  }
  if (scheme_end == text.npos) return ReadWhere(text, endpoint, error);
  const auto* scheme =
      std::find_if(std::begin(kSchemes), std::end(kSchemes),
                   [&](const Scheme& one) { return one.name == text.substr(0, scheme_end); });
  const auto transport = static_cast<Transport>(scheme - std::begin(kSchemes));
  if (scheme == std::end(kSchemes) || transport == Transport::kStdio) {
    return error->Fail(0,
                       "there is no such scheme; write tcp://, udp://, unix://, unix-abstract://, "
                       "unixgram://, unixpacket://, icmp:// or stdio:");
  }
  endpoint->transport = transport;
  const size_t start = scheme_end + kSchemeEnd.size();
  return ReadWhere(text.substr(start), endpoint, error) || error->Shift(start);
}

std::string Where(const Endpoint& endpoint) {
  const bool has_brackets =
      !IsUnix(endpoint.transport) && endpoint.host.find(':') != std::string::npos;
  return absl::StrCat(has_brackets ? "[" : "", endpoint.host, has_brackets ? "]" : "",
                      endpoint.service.empty() ? "" : ":", endpoint.service);
}

}  // namespace

absl::string_view TransportName(Transport transport) { return SchemeOf(transport).name; }
int SocketType(Transport transport) { return SchemeOf(transport).socket_type; }
bool IsUnix(Transport transport) { return SchemeOf(transport).is_unix; }

absl::StatusOr<Endpoint> Endpoint::Parse(absl::string_view text) {
  Endpoint endpoint;
  TextError error;
  if (!ReadEndpoint(text, &endpoint, &error)) return BadText(text, error.position, error.what);
  return endpoint;
}

std::string Endpoint::ToString() const {
  if (transport == Transport::kStdio) return std::string(kStdioText);
  return absl::StrCat(TransportName(transport), kSchemeEnd, Where(*this));
}

std::string EndpointText(Transport transport, const SocketAddress& address) {
  if (IsUnix(transport)) {
    if (address.IsAbstract()) transport = Transport::kUnixAbstract;
    return absl::StrCat(TransportName(transport), kSchemeEnd, std::string(address.unix_name()));
  }
  std::string text = address.ToString();
  if (transport == Transport::kIcmp) text.resize(text.rfind(':'));
  return absl::StrCat(TransportName(transport), kSchemeEnd, text);
}

}  // namespace verbatim
