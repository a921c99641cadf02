// The rows of the catalogue about clients of streams. We are their server, feed their standard
// input and read what they print. Not for: how a row is shown (client.cc, client_trials.cc).
#include "properties/requirements/catalogue.h"
#include "properties/requirements/client.h"
#include "properties/requirements/client_trials.h"
#include "properties/stage/socket/target.h"

namespace verbatim {
namespace {

// What is printed, and how it ends, is for other rows.
constexpr Rules kItsEndAlone = {.complete = false, .status = false, .ends_cleanly = true};
constexpr Rules kWithoutStatus = {.status = false};
constexpr Rules kPromptly = {.status = false, .prompt = true};
// One that has sent nothing yet is not idle, and is for client.sends-each-line.
constexpr Rules kWhatAnIdleClientOwes = {
    .complete = false, .status = false, .prompt = true, .serves = false};

std::vector<Requirement> RowsOnItsBytes() {
  return {
      {.id = "client.exact.split-replies",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "A reply that comes in pieces is printed whole and in order.",
       .source = "RFC 9293 §3.7 (a TCP may segment as it likes)",
       .why = "A reply of 100 bytes may come as 1 and 99: who reads once for each write prints the "
              "rest as the next answer, or never.",
       .causes = "One read for each write; a reply taken for one message.",
       .mend =
           "Read until as many bytes are there as were sent, or read whenever there is something.",
       .family = Family::kClient,
       .cases = ClientSplitReplies},
      {.id = "client.exact.delayed-replies",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "A reply that comes late is printed all the same.",
       .source = "RFC 9293 §3.8.1 (a retransmission may take seconds)",
       .why = "Every network is slow at times.",
       .causes =
           "A read with a short time-out, taken for the end; a non-blocking read without poll.",
       .mend = "Wait for what is due, for as long as the connection stands.",
       .family = Family::kClient,
       .cases = ClientDelayedReplies,
       .waits = true},
      {.id = "client.exact.merged-replies",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "Replies to several pieces of input that come as one are all printed.",
       .source = "RFC 9293 §3.7",
       .why = "What was sent in three writes may come back in one segment.",
       .causes = "A buffer as large as one line; what is behind the first line is thrown away.",
       .mend = "Print all that a read returned.",
       .family = Family::kClient,
       .cases = ClientMergedReplies},
      {.id = "client.exact.every-byte",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence =
           "All 256 byte values are sent and printed untouched, alone and together, at cuts "
           "too.",
       .source = "RFC 862: \"any data received is sent back\"",
       .why = "A client that treats some byte as special corrupts what is piped through it.",
       .causes =
           "strlen or fputs on what was received; getc's result kept in a char; text mode; an "
           "escape character.",
       .mend = "Handle what is read as a pointer and a count, never as a string.",
       .needs = kAnyBytes,
       .family = Family::kClient,
       .cases = ClientEveryByte},
      {.id = "client.exact.sizes",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence =
           "Inputs of 1 byte to 64 KiB, at and beside the powers of two and 80, are sent and "
           "printed whole.",
       .source = "RFC 862",
       .why = "Buffers have such sizes, and so off-by-one errors live there.",
       .causes =
           "A limit of 80 characters; a terminating NUL written behind a full buffer; stdio's "
           "buffer that is not flushed at the end.",
       .mend = "Use the count that read returned, and flush before the end.",
       .family = Family::kClient,
       .cases = ClientSizes},
      {.id = "client.bulk.no-deadlock",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "Megabytes go through, though the server reads slowly and takes no more while "
                   "nobody reads its replies.",
       .source = "RFC 9293 §3.8.6 (the window: a receiver that does not read stops its sender)",
       .why = "Who writes all before it reads waits for a server that waits for it, for ever.",
       .causes =
           "Writing everything first; a blocking write while replies are there to be read; the "
           "rest of a short write dropped.",
       .mend = "Read and write by poll, or in two threads.",
       .family = Family::kClient,
       .cases = ClientBulk,
       .waits = true},
  };
}

std::vector<Requirement> RowsOnItsEnds() {
  return {
      {.id = "client.sends-each-line",
       .level = Level::kShould,
       .basis = Basis::kRobust,
       .sentence = "A line that it is fed is sent at once, and not only when its input ends.",
       .source = "RFC 862: data is \"sent back\" to its source, which may be a person who waits",
       .why = "Who speaks in turns, a person or a program, waits for an answer to each line.",
       .causes = "Reading all of the input first; fread, or read of a language's buffered file, "
                 "which wait until their buffer is full.",
       .mend = "read (2), or its like: what is there, and not as much as was asked for.",
       .needs = kSpawned,
       .family = Family::kClient,
       .rules = kPromptly,
       .cases = ClientSendsEachLine,
       .waits = true},
      {.id = "client.eof.drains",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "What is still to be replied when standard input ends is printed, however late "
                   "(1 s).",
       .source = "RFC 9293 §3.6.1 (half-closed connections)",
       .why = "`printf x | client` loses its answer otherwise.",
       .causes = "close or exit at the end of the input; a grace period of half a second.",
       .mend = "At the end of the input shutdown(SHUT_WR), and read until the server's end.",
       .family = Family::kClient,
       .cases = ClientEofDrains,
       .waits = true},
      {.id = "client.eof.half-closes",
       .level = Level::kShould,
       .basis = Basis::kDerived,
       .sentence =
           "Once its input has ended and all came back, the client ends its side by itself, so "
           "that the server sees the end.",
       .source = "RFC 9293 §3.6 (a FIN says that no more data is coming)",
       .why =
           "A server that waits for the end waits for ever, and so does the pipe that the client "
           "stands in.",
       .causes = "The end of the input is not passed on.",
       .mend = "shutdown(SHUT_WR) at the end of the input.",
       .needs = kHalfClose,
       .family = Family::kClient,
       .rules = kItsEndAlone,
       .cases = ClientHalfCloses,
       .waits = true},
      {.id = "client.server-closes.prints",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "What the server had returned before it closed early is printed, and the client "
                   "ends once its input has ended.",
       .source = "RFC 9293 §3.6 (what was sent before a FIN is delivered)",
       .why = "What came is what a person has to go by when a server breaks down.",
       .causes =
           "A hang-up handled before the data; waiting for as many bytes as were sent; an error "
           "of write that ends all.",
       .mend = "Read to the end before giving up, and take 0 from read for the end.",
       .family = Family::kClient,
       .rules = kWithoutStatus,
       .cases = ClientServerClosesEarly,
       .waits = true},
      {.id = "client.server-closes-early",
       .level = Level::kMust,
       .basis = Basis::kRobust,
       .sentence = "When the server ends before all came back, the exit status is not 0.",
       .source = "POSIX: a status of 0 says that all went well",
       .why = "A script takes what is there for all there is.",
       .causes = "The end of the connection is taken for success, however much was due.",
       .mend = "Count what was sent and what came back, and compare.",
       .needs = kStatus,
       .family = Family::kClient,
       .cases = ClientServerClosesEarly,
       .waits = true},
      {.id = "client.server-closes.idle",
       .level = Level::kShould,
       .basis = Basis::kRobust,
       .sentence = "A client whose input is idle notices that the server has ended, and ends.",
       .source = "sound engineering: nothing that it is given from here on can go anywhere",
       .why = "A person types the next line into nothing.",
       .causes = "Blocked in a read of standard input; the socket is looked at only after a write.",
       .mend = "Wait for both by poll.",
       .needs = kSpawned,
       .family = Family::kClient,
       .rules = kWhatAnIdleClientOwes,
       .cases = ClientServerClosesIdle,
       .waits = true},
      {.id = "client.reset",
       .level = Level::kMust,
       .basis = Basis::kRobust,
       .sentence =
           "A connection that the server resets ends the client, with a status other than 0.",
       .source = "RFC 9293 §3.5.3 (the user is told of a reset)",
       .why = "A reset says that data was lost.",
       .causes = "ECONNRESET is taken for the end of the stream; errors of read are ignored.",
       .mend = "Tell 0 from -1, and end with a status.",
       .needs = kTcp,
       .family = Family::kClient,
       .cases = ClientReset,
       .waits = true},
  };
}

std::vector<Requirement> RowsOnConnecting() {
  return {
      {.id = "client.refused",
       .level = Level::kMust,
       .basis = Basis::kRobust,
       .sentence =
           "When nobody listens the client ends, says so on standard error, and its status is "
           "not 0.",
       .source = "POSIX connect: ECONNREFUSED",
       .why = "Nobody can act on an error that is not told.",
       .causes =
           "connect's result is ignored; errors are printed on standard output, or not at all.",
       .mend = "perror, and exit(1).",
       .needs = kSpawned,
       .family = Family::kClient,
       .check = ClientRefused,
       .waits = true},
      {.id = "client.name-resolution",
       .level = Level::kShould,
       .basis = Basis::kRobust,
       .sentence = "A host name (localhost) is resolved.",
       .source = "RFC 1123 §2.1 (users should be able to enter a name or an address)",
       .why = "People know names.",
       .causes = "inet_addr or inet_pton alone.",
       .mend = "getaddrinfo.",
       .needs = kTakesHost,
       .family = Family::kClient,
       .check = ClientResolvesName,
       .waits = true},
      {.id = "client.next-address",
       .level = Level::kShould,
       .basis = Basis::kRobust,
       .sentence =
           "A name with several addresses, of which the first refuses, is served by the next "
           "one.",
       .source = "RFC 1123 §2.3 (an application should try them in turn)",
       .why = "A service moves, or listens on IPv4 alone, while its name has both.",
       .causes = "Only the first address that getaddrinfo returned is tried.",
       .mend = "Try each of the list in turn.",
       .needs = kTakesHost,
       .family = Family::kClient,
       .check = ClientTriesNextAddress,
       .waits = true},
      {.id = "client.ipv6",
       .level = Level::kShould,
       .basis = Basis::kRobust,
       .sentence = "An IPv6 address (::1) is connected to.",
       .source = "RFC 6540 (IPv6 support is no longer optional)",
       .why = "Some networks have nothing else.",
       .causes = "AF_INET written into the program; an address taken apart at its colons.",
       .mend = "getaddrinfo with AF_UNSPEC.",
       .needs = kTakesHost,
       .family = Family::kClient,
       .check = ClientTakesIpv6,
       .waits = true},
  };
}

}  // namespace

std::vector<Requirement> RowsOnClients() {
  std::vector<Requirement> rows = RowsOnItsBytes();
  for (const auto& more : {RowsOnItsEnds(), RowsOnConnecting()}) {
    rows.insert(rows.end(), more.begin(), more.end());
  }
  return rows;
}

}  // namespace verbatim
