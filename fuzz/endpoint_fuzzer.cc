// Laws of Endpoint::Parse, for any text:
// - It reads just what the slow grammar of IsEndpoint() below reads, which follows the rules that
//   core/endpoint.h names one by one.
// - What was read, printed and read again, is the same endpoint, and prints the same.
// - A host in brackets and a port are in canonical form; everything else is as it was written.
// Not for: Resolve, which asks the system; the digits of addresses (address_fuzzer).
#include <array>
#include <cctype>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "core/endpoint.h"
#include "fuzz/broken_law.h"
#include "fuzz/second_opinion.h"

namespace {

using absl::string_view;
using verbatim::BrokenLaw;
using verbatim::DecimalNumber;
using verbatim::Endpoint;
using verbatim::Pton;

bool IsAlnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 && (c & 0x80) == 0; }

template <typename Predicate>
bool All(string_view text, Predicate holds) {
  for (const char c : text) {
    if (!holds(c)) return false;
  }
  return true;
}

bool IsDigits(string_view text) {
  return !text.empty() && All(text, [](char c) { return c >= '0' && c <= '9'; });
}

// RFC 1123 §2.1: letters, digits and inner hyphens.
bool IsLabel(string_view label) {
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         All(label, [](char c) { return IsAlnum(c) || c == '-'; });
}

// WHATWG URL, "ends in a number".
bool EndsInANumber(const std::vector<string_view>& labels) {
  const string_view last = labels.back();
  return IsDigits(last) ||
         (absl::StartsWithIgnoreCase(last, "0x") &&
          All(last.substr(2), [](char c) { return std::isxdigit(static_cast<unsigned char>(c)); }));
}

bool IsNameOrIPv4(string_view host) {
  string_view name = host;
  if (name.size() > 1 && name.back() == '.') name.remove_suffix(1);
  const std::vector<string_view> labels = absl::StrSplit(name, '.');
  std::array<uint8_t, 4> octets;
  if (EndsInANumber(labels)) return Pton(AF_INET, host, &octets);
  for (const string_view label : labels) {
    if (!IsLabel(label)) return false;
  }
  return name.size() <= 253;
}

// An interface's name (Linux, dev_valid_name), without what would be ambiguous here, or its number.
bool IsZone(string_view zone) {
  if (IsDigits(zone)) return DecimalNumber(zone, UINT32_MAX).has_value();
  return !zone.empty() && zone.size() <= 15 && All(zone, [](char c) {
    return c > ' ' && c < '\x7f' && string_view("/:%[]").find(c) == string_view::npos;
  });
}

bool IsIPv6(string_view text) {
  const size_t percent = text.find('%');
  std::array<uint8_t, 16> octets;
  return Pton(AF_INET6, text.substr(0, percent), &octets) &&
         (percent == string_view::npos || IsZone(text.substr(percent + 1)));
}

// A port, or a name of RFC 6335 §5.1.
bool IsService(string_view text) {
  if (IsDigits(text)) return text.size() <= 5 && DecimalNumber(text, 65535).has_value();
  return !text.empty() && text.size() <= 15 && text.front() != '-' && text.back() != '-' &&
         !absl::StrContains(text, "--") &&
         All(text, [](char c) { return IsAlnum(c) || c == '-'; }) &&
         !All(text, [](char c) { return c == '-' || (c >= '0' && c <= '9'); });
}

bool IsHostAndService(string_view text, bool has_service) {
  size_t end = text.find(':');
  if (!text.empty() && text[0] == '[') {
    const size_t close = text.find(']');
    if (close == string_view::npos || !IsIPv6(text.substr(1, close - 1))) return false;
    end = close + 1;
  } else if (!IsNameOrIPv4(text.substr(0, end))) {
    return false;
  }
  if (!has_service) return end >= text.size();
  return end < text.size() && text[end] == ':' && IsService(text.substr(end + 1));
}

bool IsEndpoint(string_view text) {
  if (text == "stdio:") return true;
  const size_t colon = text.find("://");
  if (colon == string_view::npos) return IsHostAndService(text, true);
  const string_view scheme = text.substr(0, colon), where = text.substr(colon + 3);
  if (scheme == "tcp" || scheme == "udp") return IsHostAndService(where, true);
  if (scheme == "icmp") return IsHostAndService(where, false);
  const bool fits = !where.empty() && where.size() <= 107;  // unix(7), with the NUL
  if (scheme == "unix-abstract") return fits;
  return (scheme == "unix" || scheme == "unixgram" || scheme == "unixpacket") && fits &&
         !absl::StrContains(where, '\0');
}

std::string Text(const absl::StatusOr<Endpoint>& endpoint) {
  return endpoint.ok() ? endpoint->ToString() : std::string(endpoint.status().message());
}

// Without the scheme that may be left out.
string_view Bare(string_view text) {
  return absl::StartsWith(text, "tcp://") ? text.substr(6) : text;
}

// Where nothing is made canonical: neither brackets nor a port of several digits.
bool IsAsWritten(const Endpoint& endpoint, string_view input) {
  return input.find('[') == string_view::npos &&
         !(IsDigits(endpoint.service) && absl::StrContains(input, ":0"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const string_view input(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<Endpoint> endpoint = Endpoint::Parse(input);
  if (endpoint.ok() != IsEndpoint(input)) {
    BrokenLaw(input, "it reads what the grammar reads", Text(endpoint),
              IsEndpoint(input) ? "read" : "refused");
  }
  if (!endpoint.ok()) return 0;
  const std::string text = endpoint->ToString();
  const absl::StatusOr<Endpoint> again = Endpoint::Parse(text);
  if (!again.ok() || !(*again == *endpoint) || again->ToString() != text) {
    BrokenLaw(input, "an endpoint that is printed is read as the same", Text(again), text);
  }
  if (IsAsWritten(*endpoint, input) && Bare(text) != Bare(input)) {
    BrokenLaw(input, "what has no canonical form stays as it was written", text,
              std::string(input));
  }
  return 0;
}
