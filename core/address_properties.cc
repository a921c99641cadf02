// Properties of addresses: text and value go back and forth, and the C library agrees.
// glibc's inet_pton reads the same language as we do (musl's too), so both directions are checked.
// glibc's inet_ntop differs from RFC 5952 for IPv4-compatible addresses alone
// (core/address_print.cc), which are left out there.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "core/address.h"

namespace verbatim {
namespace {

using Octets4 = std::array<uint8_t, 4>;
using Octets16 = std::array<uint8_t, 16>;

// Half of the groups are those that printing treats apart, so that runs of zeros, mapped and
// compatible addresses are common.
rc::Gen<uint16_t> AnyGroup() {
  return rc::gen::weightedOneOf<uint16_t>({{4, rc::gen::just<uint16_t>(0)},
                                           {1, rc::gen::just<uint16_t>(0xffff)},
                                           {2, rc::gen::inRange<uint16_t>(0, 0x120)},
                                           {3, rc::gen::arbitrary<uint16_t>()}});
}

rc::Gen<Octets16> AnyOctets16() {
  return rc::gen::map(rc::gen::container<std::array<uint16_t, 8>>(AnyGroup()),
                      [](const std::array<uint16_t, 8>& groups) {
                        Octets16 octets;
                        for (size_t i = 0; i < groups.size(); ++i) {
                          octets[2 * i] = static_cast<uint8_t>(groups[i] >> 8);
                          octets[2 * i + 1] = static_cast<uint8_t>(groups[i]);
                        }
                        return octets;
                      });
}

// ::ffff:0:0/96 and ::/96 have forms of their own; half of these are of the one or the other.
rc::Gen<Octets16> AnyIPv6() {
  const auto embedding = rc::gen::map(rc::gen::pair(rc::gen::arbitrary<bool>(), AnyOctets16()),
                                      [](const std::pair<bool, Octets16>& from) {
                                        Octets16 octets = from.second;
                                        std::memset(octets.data(), 0, 10);
                                        std::memset(octets.data() + 10, from.first ? 0xff : 0, 2);
                                        return octets;
                                      });
  return rc::gen::oneOf(AnyOctets16(), embedding);
}

rc::Gen<SocketAddress> AnyAddress() {
  const auto four = rc::gen::map(
      rc::gen::pair(rc::gen::arbitrary<Octets4>(), rc::gen::arbitrary<uint16_t>()),
      [](const auto& from) { return SocketAddress::FromIPv4(from.first, from.second); });
  const auto zone = rc::gen::oneOf(rc::gen::just<uint32_t>(0), rc::gen::arbitrary<uint32_t>());
  const auto six = rc::gen::map(
      rc::gen::tuple(AnyIPv6(), rc::gen::arbitrary<uint16_t>(), zone), [](const auto& from) {
        return SocketAddress::FromIPv6(std::get<0>(from), std::get<1>(from), std::get<2>(from));
      });
  return rc::gen::oneOf(four, six, six);
}

// One character of `text` dropped, doubled, replaced or put before.
std::string Mutated(std::string text, size_t at, int how, char with) {
  at %= text.size() + 1;
  if (how == 0) return text.insert(at, 1, with);
  if (at == text.size()) return text;
  if (how == 1) return text.erase(at, 1);
  if (how == 2) return text.insert(at, 1, text[at]);
  text[at] = with;
  return text;
}

// A valid address's text after up to three mutations; few enough that some stay valid.
rc::Gen<std::string> AlmostAddress(const rc::Gen<std::string>& valid) {
  using Mutation = std::tuple<size_t, int, char>;
  const auto mutation = rc::gen::tuple(
      rc::gen::inRange<size_t>(0, 64), rc::gen::inRange(0, 4),
      rc::gen::elementOf(std::string("0123456789abcdefABCDEF::::....%[]gx -+\0\n", 40)));
  return rc::gen::mapcat(rc::gen::inRange<size_t>(0, 4), [=](size_t count) {
    return rc::gen::map(
        rc::gen::pair(valid, rc::gen::container<std::vector<Mutation>>(count, mutation)),
        [](const std::pair<std::string, std::vector<Mutation>>& from) {
          std::string text = from.first;
          for (const auto& [at, how, with] : from.second) text = Mutated(text, at, how, with);
          return text;
        });
  });
}

template <int kFamily, typename Octets>
std::string NtopText(const Octets& octets) {
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(kFamily, octets.data(), text, sizeof(text));
}

// Whether inet_pton, which can't see behind a NUL, reads all of `text`.
template <typename Octets>
bool PtonReads(int family, const std::string& text, Octets* octets) {
  return text.find('\0') == std::string::npos &&
         inet_pton(family, text.c_str(), octets->data()) == 1;
}

RC_GTEST_PROP(SocketAddressProperties, WhatIsPrintedIsReadAsTheSameValue, ()) {
  const SocketAddress address = *AnyAddress();
  const auto again = SocketAddress::Parse(address.ToString());
  RC_ASSERT(again.ok());
  RC_ASSERT(*again == address);
}

RC_GTEST_PROP(SocketAddressProperties, FromSockaddrIsTheInverseOfData, ()) {
  const SocketAddress address = *AnyAddress();
  const auto again = SocketAddress::FromSockaddr(address.data(), address.size());
  RC_ASSERT(again.ok());
  RC_ASSERT(*again == address);
  RC_ASSERT(again->ToString() == address.ToString());
}

RC_GTEST_PROP(SocketAddressProperties, IPv4PrintsAsInetNtopPrintsIt, (uint16_t port)) {
  const auto octets = *rc::gen::arbitrary<Octets4>();
  RC_ASSERT(SocketAddress::FromIPv4(octets, port).ToString() ==
            NtopText<AF_INET>(octets) + ":" + std::to_string(port));
}

RC_GTEST_PROP(SocketAddressProperties, IPv6PrintsAsInetNtopPrintsItUnlessCompatible,
              (uint16_t port)) {
  const Octets16 octets = *AnyIPv6();
  in6_addr address;
  std::memcpy(&address, octets.data(), octets.size());
  RC_PRE(!IN6_IS_ADDR_V4COMPAT(&address));
  RC_ASSERT(SocketAddress::FromIPv6(octets, port).ToString() ==
            "[" + NtopText<AF_INET6>(octets) + "]:" + std::to_string(port));
}

RC_GTEST_PROP(SocketAddressProperties, IPv4TextIsReadIffInetPtonReadsItTheSame, ()) {
  const auto valid = rc::gen::map(rc::gen::arbitrary<Octets4>(), NtopText<AF_INET, Octets4>);
  const std::string text = *AlmostAddress(valid);
  Octets4 ours{}, theirs{};
  TextError error;
  const bool read = ParseIPv4Text(text, &ours, &error);
  RC_TAG(read);
  RC_ASSERT(read == PtonReads(AF_INET, text, &theirs));
  RC_ASSERT(!read || ours == theirs);
  RC_ASSERT(read || (error.position <= text.size() && !error.what.empty()));
}

RC_GTEST_PROP(SocketAddressProperties, IPv6TextIsReadIffInetPtonReadsItTheSame, ()) {
  const auto valid = rc::gen::map(AnyIPv6(), NtopText<AF_INET6, Octets16>);
  const std::string text = *AlmostAddress(valid);
  Octets16 ours{}, theirs{};
  TextError error;
  const bool read = ParseIPv6Text(text, &ours, &error);
  RC_TAG(read);
  RC_ASSERT(read == PtonReads(AF_INET6, text, &theirs));
  RC_ASSERT(!read || ours == theirs);
  RC_ASSERT(read || (error.position <= text.size() && !error.what.empty()));
}

RC_GTEST_PROP(SocketAddressProperties, APortIsReadIffItIsANumberBelow65536InFiveDigits, ()) {
  const auto any_text =
      rc::gen::container<std::string>(rc::gen::elementOf(std::string("0123567 +x")));
  const auto number =
      rc::gen::map(rc::gen::inRange(0, 131072), [](int n) { return std::to_string(n); });
  const std::string text = *rc::gen::oneOf(any_text, number);
  uint16_t port = 0;
  TextError error;
  const bool read = ParsePortText(text, &port, &error);
  RC_TAG(read);
  const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
  const int value = !text.empty() && text.size() <= 5 && digits ? std::stoi(text) : -1;
  RC_ASSERT(read == (value >= 0 && value <= 65535));
  if (read) RC_ASSERT(int{port} == value);
}

}  // namespace
}  // namespace verbatim
