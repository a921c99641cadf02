// The rows of the catalogue about ICMP echo. A source was read before it was cited; where a
// standard allows both, the row accepts both. Not for: how a row is shown (icmp.cc).
#include "properties/requirements/catalogue.h"
#include "properties/requirements/icmp.h"
#include "properties/stage/socket/target.h"

namespace verbatim {

std::vector<Requirement> RowsOnIcmp() {
  return {
      {.id = "icmp.exact.data",
       .level = Level::kMust,
       .basis = Basis::kQuoted,
       .sentence = "The data come back whole and unmodified in every size that one packet on the "
                   "path holds, 0 octets and odd ones too; what comes back of larger ones is "
                   "unmodified.",
       .source = "RFC 792: the data \"must be returned in the echo reply message\"; RFC 1122 "
                 "§3.2.2.6: \"entirely included\"; RFC 4443 §4.2: \"entirely and unmodified\"",
       .why =
           "Echo requests of chosen sizes are how MTUs, bit errors and time are measured: a host "
           "that returns something else makes every network between look broken.",
       .causes =
           "Odd sizes rounded by code that works in words of 16 bits; a reply buffer of fixed "
           "size; nothing sent because there are no data; time stamps written into the data.",
       .mend = "Turn the request itself into the reply: change its type and checksum, and swap the "
               "addresses.",
       .family = Family::kIcmp,
       .check = IcmpExactData},
      {.id = "icmp.exact.id-sequence",
       .level = Level::kMust,
       .basis = Basis::kQuoted,
       .sentence = "Identifier and sequence number come back as they were sent, 0 and 65,535 too.",
       .source = "RFC 792: \"The echoer returns these same values in the echo reply\"; RFC 4443 "
                 "§4.2: both are those of the invoking request",
       .why = "They alone say which request is answered, and whose it was.",
       .causes = "Both put in host order on the way; the host's own counter; 0 taken for \"none\".",
       .mend = "Copy the four octets.",
       .family = Family::kIcmp,
       .check = IcmpExactIdSequence},
      {.id = "icmp.checksum",
       .level = Level::kMust,
       .basis = Basis::kQuoted,
       .sentence = "The reply's checksum is right, for odd sizes and where changing the type "
                   "carries.",
       .source = "RFC 792: the checksum is recomputed, and an odd length padded with a zero; RFC "
                 "1071; RFC 4443 §2.3",
       .why =
           "A receiver drops what has a wrong one: one ping in so many is lost, and nobody knows "
           "why.",
       .causes = "The request's checksum plus 0x0800 without the carry; an odd last octet on the "
                 "wrong side of its word, or left out; carries added once.",
       .mend = "Compute it anew over the whole message, or update it as RFC 1624 says.",
       .family = Family::kIcmp,
       .check = IcmpChecksum},
      {.id = "icmp.large",
       .level = Level::kShould,
       .basis = Basis::kDerived,
       .sentence = "Above the path's MTU there is an answer too: whole, or on IPv4 cut to what "
                   "fits where the host can't fragment (IPv6: up to 1,500 octets in all).",
       .source = "RFC 1122 §3.2.2.6 (whole, or truncated to the maximum transmission size) and "
                 "§3.3.2 (reassembly should have no fixed limit); RFC 4443 §4.2; RFC 8200 §5",
       .why = "It shows that reassembly and fragmentation work, on which large datagrams depend.",
       .causes = "Fragments that a filter drops; a reassembly buffer of one packet; a reply that "
                 "is dropped because it must be fragmented.",
       .mend = "Reassemble up to 65,535 octets, and fragment the reply.",
       .family = Family::kIcmp,
       .check = IcmpLarge},
      {.id = "icmp.source-address",
       .level = Level::kMust,
       .basis = Basis::kQuoted,
       .sentence = "The reply comes from the address to which the request went.",
       .source = "RFC 1122 §3.2.2.6 and RFC 4443 §4.2: the source address \"MUST be the same\" as "
                 "the request's destination",
       .why = "A firewall that keeps state, and an asker that compares, drop what comes from "
              "elsewhere.",
       .causes = "A reply through a socket that is not bound to the address that was asked, on a "
                 "host that has several; address translation in one direction.",
       .mend = "Swap the request's addresses.",
       .family = Family::kIcmp,
       .check = IcmpSourceAddress},
      {.id = "icmp.one-for-one",
       .level = Level::kShould,
       .basis = Basis::kDerived,
       .sentence = "Each request has one answer, and no second one comes (observed for 50 ms, on "
                   "loopback alone: a network may repeat packets).",
       .source =
           "RFC 1122 §3.2.2.6: a host \"sends corresponding Echo Replies\", and RFC 792 has one "
           "to each request",
       .why = "Who answers twice doubles every flood, and ping reports duplicates.",
       .causes = "A responder in user space while the kernel answers too.",
       .mend = "Let one of them answer (Linux: net.ipv4.icmp_echo_ignore_all).",
       .needs = kLocal,
       .family = Family::kIcmp,
       .check = IcmpOneForOne},
  };
}

}  // namespace verbatim
