// The rows of the catalogue. A source was read before it was cited; where a standard allows both,
// the row accepts both.
#include "properties/requirements/stream.h"
#include "properties/stage/socket/target.h"

namespace verbatim {
namespace {

constexpr Rules kAll = {};
constexpr Rules kAlsoThatItEnds = {.complete = false};
constexpr Rules kOnlyWhatArrives = {.complete = false, .ends = false, .serves = false};

std::vector<Requirement> Rows() {
  return {
      {"stream.exact.every-byte", Level::kMust, Basis::kQuoted,
       "All 256 byte values come back untouched, alone and together, at cuts too.",
       "RFC 862: \"any data received is sent back\"",
       "An echo that treats some byte as special corrupts every protocol that is tunnelled through "
       "it.",
       "strlen on what was received; a character compared with EOF; text mode; a terminal or "
       "telnet "
       "layer; a byte that means \"quit\".",
       "Handle what is received as a pointer and a count, never as a string.", 0, kAll, EveryByte},
      {"stream.exact.fragments-awaited", Level::kMust, Basis::kDerived,
       "The bytes come back however they are cut, each piece awaited before the next.",
       "RFC 862; RFC 9293 §3.7 (a TCP may segment as it likes)",
       "TCP keeps bytes and not messages: a peer, a proxy or the network may cut anywhere.",
       "One read taken for one message; waiting for a newline or a full buffer; state kept between "
       "reads.",
       "Send back what each read returns, as it comes.", 0, kAll, FragmentsAwaited},
      {"stream.exact.fragments-pipelined", Level::kMust, Basis::kDerived,
       "The bytes come back however they are cut, nothing awaited, while the peer reads all along.",
       "RFC 862; RFC 9293 §3.7",
       "Pieces run together on the way, and a read returns parts of several.",
       "A buffer that is used again before its write is complete; pieces answered out of order.",
       "Keep what is not yet written in order, and write it before anything newer.", 0, kAll,
       FragmentsPipelined},
      {"stream.exact.buffer-edges", Level::kMust, Basis::kQuoted,
       "Sizes at and beside the powers of two, and those of common segments, come back whole.",
       "RFC 862: \"any data received is sent back\"",
       "Buffers have such sizes, and so off-by-one errors live there.",
       "A terminating NUL written behind a full buffer; < where <= was meant; a full buffer taken "
       "for an error.",
       "Use the count that read returned, and test with exactly the buffer's size.", 0, kAll,
       BufferEdges},
      {"stream.exact.bulk", Level::kMust, Basis::kQuoted,
       "Many times every buffer on the way comes back to a peer that reads all along and is never "
       "more than 64 KiB "
       "ahead.",
       "RFC 862: \"any data received is sent back\"",
       "What goes wrong once in a megabyte goes wrong every day.",
       "A buffer that wraps round at the wrong place; a counter that overflows; a byte lost "
       "between "
       "two reads.",
       "Count what was read and what was written, and compare at the end.", 0, kAll, Bulk},
      {"stream.silent.first", Level::kMust, Basis::kDerived,
       "Nothing is sent before something was received (observed for 300 ms).",
       "RFC 862: what is sent is what was received",
       "A client that compares takes a banner for its own data.",
       "A greeting, a prompt, a log line on the socket.", "Print such things on standard error.", 0,
       kAll, SilentFirst},
      {"stream.prompt.single-byte", Level::kMust, Basis::kDerived,
       "One byte without a newline comes back without more being sent.",
       "RFC 862: \"any data received is sent back\", with no word of lines",
       "An interactive peer waits for its byte before it sends the next: both wait for ever.",
       "Buffered standard I/O (fgets, fwrite without fflush); reading until a newline or a full "
       "buffer.",
       "Use read and write, or flush after each piece.", 0, kAll, SingleByte},
      {"stream.pressure.late-reader", Level::kMust, Basis::kDerived,
       "A peer that sends until it blocks and reads only then gets everything.",
       "POSIX write: a non-blocking write may be partial, and says EAGAIN when nothing can be "
       "written",
       "Every peer on a slow link is a late reader.",
       "A short write's rest is dropped; EAGAIN is taken for fatal; write interest is never armed "
       "or is lost.",
       "Keep the rest, wait for POLLOUT, stop reading while too much is kept.", 0, kAll,
       LateReader},
      {"stream.halfclose.drains", Level::kMust, Basis::kDerived,
       "What was received before the peer's FIN comes back after it.",
       "RFC 862; RFC 9293 §3.6.1 (half-closed connections)",
       "`printf x | nc HOST 7` ends its side at once; the answer is still due.",
       "Closing both directions at end-of-file; a hang-up handled before the data; a helper killed "
       "too early.",
       "At end-of-file write what is left, and close only then.", kHalfClose, kAll,
       HalfCloseDrains},
      {"stream.halfclose.ends", Level::kMust, Basis::kDerived,
       "After the peer's FIN and the last byte the server ends the connection.",
       "RFC 862 (until the calling user terminates the connection); RFC 9293 §3.6",
       "Otherwise each finished client leaves a connection behind until descriptors run out.",
       "End-of-file taken for \"nothing now\"; a relay that waits for its other side for ever.",
       "Close when read has returned 0 and everything is written.", kHalfClose, kAlsoThatItEnds,
       HalfCloseEnds},
      {"stream.many.isolated", Level::kMust, Basis::kDerived,
       "No byte of one connection appears in another (an unserved connection is no failure here).",
       "RFC 9293: a connection is one pair of sockets", "One user sees another's data.",
       "A buffer or a \"current client\" shared between connections.",
       "Give each connection its own state, found from its own descriptor.", 0, kOnlyWhatArrives,
       ManyIsolated},
      {"stream.many.second-is-served", Level::kShould, Basis::kRobust,
       "A second connection is served while the first is open and idle.",
       "accept(2); the classic iterative server fails here",
       "One idle client shuts out everybody else.",
       "One loop that serves a client to its end before it accepts the next.",
       "Poll all connections, or give each a thread or a process.", 0, kAll, SecondIsServed},
      {"stream.survive.vanish", Level::kMust, Basis::kRobust,
       "After a peer closed with data unread, later connections are served.",
       "POSIX write: EPIPE, and SIGPIPE, whose default ends the process",
       "Any client that crashes or is cut off takes the service down for all.",
       "SIGPIPE left at its default; one connection's error ends the loop.",
       "Send with MSG_NOSIGNAL or ignore SIGPIPE; an error ends its own connection only.", 0, kAll,
       SurviveVanish},
  };
}

}  // namespace

const std::vector<Requirement>& Catalogue() {
  static const std::vector<Requirement>* const rows = new std::vector<Requirement>(Rows());
  return *rows;
}

}  // namespace verbatim
