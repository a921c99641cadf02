// The rows of the catalogue about datagrams. A source was read before it was cited; where a
// standard allows both, the row accepts both. Not for: how a row is shown (datagram.cc,
// datagram_trials.h).
#include "properties/requirements/catalogue.h"
#include "properties/requirements/datagram.h"
#include "properties/requirements/datagram_trials.h"
#include "properties/stage/socket/target.h"

namespace verbatim {
namespace {

// That something comes back is judged where every host takes it in. What comes is judged always.
constexpr Rules kWhatComesIsWhole = {.answered_to_bytes = kTakenByAllBytes};
constexpr Rules kOnceEach = {.answered_to_bytes = kTakenByAllBytes, .cut = false, .once = true};
// What is in it is for others.
constexpr Rules kFromThePort = {
    .answered_to_bytes = kTakenByAllBytes, .whole = false, .same_port = true};

}  // namespace

std::vector<Requirement> RowsOnDatagrams() {
  return {
      {.id = "datagram.exact.sizes",
       .level = Level::kMust,
       .basis = Basis::kQuoted,
       .sentence = "What comes back is whole, at every size class up to the largest datagram; up "
                   "to 548 bytes something does come back.",
       .source = "RFC 862: \"the data from it is sent back in an answering datagram\"; RFC 768 "
                 "(a length of 16 bits); RFC 1122 §3.3.2 (every host takes in 576 bytes)",
       .why = "The rest of a datagram that a buffer was too small for is gone, without a word.",
       .causes = "A buffer of 512, 1,024, 4,096 or 8,192 bytes (recvfrom drops what does not fit); "
                 "the buffer's size sent back and not the datagram's.",
       .mend = "Receive into 65,535 bytes or more, send back as many as recvfrom returned.",
       .family = Family::kDatagram,
       .rules = kWhatComesIsWhole,
       .cases = DatagramSizes},
      {.id = "datagram.answered.large",
       .level = Level::kShould,
       .basis = Basis::kDerived,
       .sentence = "Datagrams above 548 bytes are answered, too, at every size class up to the "
                   "largest.",
       .source = "RFC 862; RFC 768 (a length of 16 bits), with no word of a smaller limit",
       .why = "Whoever measures a path by large datagrams takes a server's limit for the path's.",
       .causes = "A datagram that fills the buffer is taken for an error; a send buffer smaller "
                 "than the datagram (EMSGSIZE); a network that drops fragments.",
       .mend = "Receive into 65,535 bytes or more; raise SO_SNDBUF where sendto says EMSGSIZE.",
       .family = Family::kDatagram,
       .cases = DatagramLarge},
      {.id = "datagram.exact.empty",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "An empty datagram is answered by an empty one, and later ones still are "
                   "answered.",
       .source = "RFC 862; RFC 768: \"the minimum value of the length is eight\", of which the "
                 "header has all",
       .why = "Anybody can send an empty datagram; a server that takes it for the end is out of "
              "service after one packet.",
       .causes = "recvfrom's 0 taken for an end-of-file or an error, as a stream's would be; `if "
                 "(n > 0)` before the answer; an empty string that counts as false.",
       .mend = "Only a negative result is an error: send 0 bytes back like any others.",
       .family = Family::kDatagram,
       .rules = kWhatComesIsWhole,
       .cases = DatagramEmpty},
      {.id = "datagram.exact.content",
       .level = Level::kMust,
       .basis = Basis::kQuoted,
       .sentence = "All 256 byte values and any mixture of them come back untouched, and nothing "
                   "of an earlier datagram with them.",
       .source = "RFC 862: \"the data from it is sent back in an answering datagram\"",
       .why = "An echo that treats some byte as special measures something else than the path.",
       .causes = "strlen on what was received; text mode, or a decoder and its replacement "
                 "characters; a length that stays from a longer datagram.",
       .mend = "Handle what is received as a pointer and a count, never as a string.",
       .family = Family::kDatagram,
       .rules = kWhatComesIsWhole,
       .cases = DatagramContent},
      {.id = "datagram.one-for-one",
       .level = Level::kMust,
       .basis = Basis::kQuoted,
       .sentence = "Each datagram has one answer, equal ones in a row too: none is merged, split "
                   "or repeated.",
       .source = "RFC 862: \"sent back in an answering datagram\"",
       .why = "A sender that counts answers counts losses; two answers to one request let an "
              "attacker with a forged address double his traffic.",
       .causes = "A second send on a path that was meant for errors; answers collected in a "
                 "buffer; a stream's loop (read until all is there) used on datagrams.",
       .mend = "One recvfrom, one sendto.",
       .needs = kLocal,
       .family = Family::kDatagram,
       .rules = kOnceEach,
       .cases = DatagramOneForOne,
       .waits = true},
      {.id = "datagram.isolated",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "Answers go to the sender of the request: with 2 to 8 senders at once nobody "
                   "gets another's.",
       .source = "RFC 862: it \"sends back to the originating source any data it receives\"",
       .why = "A stranger's data in an answer is a leak, and one's own is missing.",
       .causes = "The sender's address kept from an earlier datagram, or one for all threads; "
                 "connect on the first sender; recvfrom's address length not set again.",
       .mend = "Send to the address that this very recvfrom filled in.",
       .family = Family::kDatagram,
       .rules = kWhatComesIsWhole,
       .cases = DatagramIsolated},
      {.id = "datagram.many-isolated",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "With 64 senders whose requests wait together nobody gets another's answer.",
       .source = "RFC 862: it \"sends back to the originating source any data it receives\"",
       .why = "A stranger's data in an answer is a leak.",
       .causes = "recvmmsg's addresses and data taken from different places; a ring that wraps "
                 "round.",
       .mend = "Keep the sender's address beside its data until the answer is sent.",
       .family = Family::kDatagram,
       .check = DatagramManyIsolated},
      {.id = "datagram.open.after-silence",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "A sender that says nothing for 3.5 s is answered then.",
       .source = "RFC 862 has no session that could end",
       .why = "Who asks now and then loses each first request.",
       .causes = "A session for each sender that is forgotten together with what comes next; a "
                 "server that ends when nobody asks.",
       .mend = "Answer each datagram by itself.",
       .family = Family::kDatagram,
       .rules = kWhatComesIsWhole,
       .cases = DatagramAfterSilence,
       .essential = 1,
       .waits = true},
      {.id = "datagram.source-port",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "The answer comes from the port that was asked (of a unix socket: from its "
                   "path).",
       .source = "RFC 862: the service is \"on UDP port 7\"; RFC 768 (a reply is addressed to the "
                 "source port, and so comes from where it was)",
       .why = "A peer that has connected its socket, a firewall and a NAT let nothing else in.",
       .causes = "A new socket for each answer; a child that answers on a socket of its own.",
       .mend = "Send the answer on the socket that received the request.",
       .family = Family::kDatagram,
       .rules = kFromThePort,
       .cases = DatagramSourcePort},
      {.id = "datagram.source-address",
       .level = Level::kShould,
       .basis = Basis::kRobust,
       .sentence = "The answer comes from the address that was asked (127.0.0.2 of a server that "
                   "listens on all).",
       .source = "RFC 1122 §4.1.3.5 lets a program choose, and §3.3.4.2 says it SHOULD be the "
                 "request's destination",
       .why = "On a host with several addresses a peer that has connected its socket never hears "
              "an answer.",
       .causes = "A socket bound to all addresses: the kernel chooses the answer's by the route.",
       .mend = "IP_PKTINFO (IPV6_RECVPKTINFO) with recvmsg and sendmsg, or one socket for each "
               "address.",
       .family = Family::kDatagram,
       .check = DatagramSourceAddress},
      {.id = "datagram.survive.refused",
       .level = Level::kMust,
       .basis = Basis::kRobust,
       .sentence = "After senders were gone when their answers arrived, later ones are served.",
       .source = "RFC 1122 §4.1.3.3 (UDP passes ICMP errors to the program); udp(7): ECONNREFUSED "
                 "may be about an earlier datagram",
       .why = "A client that is interrupted ends the service for all.",
       .causes = "ECONNREFUSED of recvfrom or sendto (with IP_RECVERR, on a connected or a unix "
                 "socket) taken for fatal; an exception nobody catches.",
       .mend = "An error of one answer concerns that answer: go on with the next datagram.",
       .family = Family::kDatagram,
       .rules = kWhatComesIsWhole,
       .cases = DatagramRefused},
      {.id = "datagram.survive.flood",
       .level = Level::kMust,
       .basis = Basis::kRobust,
       .sentence = "After a burst of some thousand datagrams, beyond its buffers, it answers "
                   "again.",
       .source = "sound engineering: UDP has no flow control, and any sender may be too fast",
       .why = "What does not fit is lost, and may be; the service itself may not.",
       .causes = "ENOBUFS or EAGAIN of sendto taken for fatal; a queue, a thread or a process for "
                 "each datagram without a bound; answers held back that nobody takes.",
       .mend = "Drop an answer that can't be sent, and receive the next; bound what is kept.",
       .family = Family::kDatagram,
       .check = DatagramFlood},
      {.id = "datagram.survive.many-senders",
       .level = Level::kMust,
       .basis = Basis::kRobust,
       .sentence = "Thousands of senders are answered; descriptors, processes, threads and memory "
                   "of a spawned target do not grow with them.",
       .source =
           "sound engineering: what each sender leaves behind adds up, and nothing tells that "
           "it has gone",
       .why = "A table of 1,024 senders is full after an hour, and the service out of order.",
       .causes = "A socket, a thread or a place in a table for each sender, without an end.",
       .mend = "Keep nothing of a sender; or a bounded table, whose oldest entry makes room.",
       .family = Family::kDatagram,
       .check = DatagramManySenders},
      {.id = "datagram.idle.no-cpu",
       .level = Level::kShould,
       .basis = Basis::kRobust,
       .sentence = "While nobody asks it uses no processor time, after an empty datagram either.",
       .source = "sound engineering: poll(2) and recvfrom(2) wait for nothing at no cost",
       .why = "A busy loop costs a core, a battery, and every neighbour's latency.",
       .causes = "0 of recvfrom taken for \"try again\"; a time-out of 0 or of a millisecond.",
       .mend = "Block in recvfrom, or in poll without a time-out.",
       .needs = kSpawned,
       .family = Family::kDatagram,
       .check = DatagramIdleNoCpu,
       .waits = true},
      {.id = "datagram.no-loop",
       .level = Level::kShould,
       .basis = Basis::kRobust,
       .sentence = "A request whose source port is a small service's (7, 13, 17, 19, 37) is not "
                   "answered.",
       .source = "CERT CA-1996-01, CVE-2024-2169 (against the letter of RFC 862, which would have "
                 "each answered)",
       .why = "One datagram with a forged source sets two echo servers to answer each other for "
              "ever.",
       .causes = "The sender's port is not looked at.",
       .mend = "Drop what comes from these ports, or from any below 1024; limit the rate.",
       .family = Family::kDatagram,
       .check = DatagramNoLoop,
       .waits = true},
      {.id = "datagram.loss",
       .level = Level::kObserved,
       .basis = Basis::kRobust,
       .sentence = "Which share of datagrams is answered, at rising rates.",
       .source = "RFC 768: \"delivery and duplicate protection are not guaranteed\"",
       .why = "It is good to know, and UDP promises nothing.",
       .causes = "A receive buffer that is full while the server is busy; slow answers; the path.",
       .mend = "Nothing is to be mended; SO_RCVBUF and recvmmsg help.",
       .family = Family::kDatagram,
       .check = DatagramLoss},
  };
}

}  // namespace verbatim
