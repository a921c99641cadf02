// The rows of the catalogue about the bytes of a stream. A source was read before it was cited;
// where a standard allows both, the row accepts both. Not for: how a row is shown
// (stream_bytes.cc).
#include "properties/requirements/catalogue.h"
#include "properties/requirements/stream.h"
#include "properties/requirements/stream_trials.h"
#include "properties/stage/socket/target.h"

namespace verbatim {
namespace {

// Whether an answer came, and whether it ended, is for other rows.
constexpr Rules kOnlyThatNothingElseComes = {.complete = false, .ends = false};

}  // namespace

std::vector<Requirement> RowsOnBytes() {
  return {
      {.id = "stream.exact.every-byte",
       .level = Level::kMust,
       .basis = Basis::kQuoted,
       .sentence = "All 256 byte values come back untouched, alone and together, at cuts "
                   "too.",
       .source = "RFC 862: \"any data received is sent back\"",
       .why = "An echo that treats some byte as special corrupts every protocol that is "
              "tunnelled through it.",
       .causes = "strlen on what was received; a character compared with EOF; text mode; a "
                 "terminal or telnet layer; a byte that means \"quit\".",
       .mend = "Handle what is received as a pointer and a count, never as a string.",
       .cases = EveryByte,
       .essential = 3},
      {.id = "stream.exact.fragments-awaited",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "The bytes come back however they are cut, each piece awaited before "
                   "the next.",
       .source = "RFC 862; RFC 9293 §3.7 (a TCP may segment as it likes)",
       .why = "TCP keeps bytes and not messages: a peer, a proxy or the network may cut "
              "anywhere.",
       .causes = "One read taken for one message; waiting for a newline or a full buffer; "
                 "state kept between reads.",
       .mend = "Send back what each read returns, as it comes.",
       .cases = FragmentsAwaited,
       .essential = 3},
      {.id = "stream.exact.fragments-pipelined",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "The bytes come back however they are cut, nothing awaited, while the "
                   "peer reads all along.",
       .source = "RFC 862; RFC 9293 §3.7",
       .why = "Pieces run together on the way, and a read returns parts of several.",
       .causes = "A buffer that is used again before its write is complete; pieces "
                 "answered out of order.",
       .mend = "Keep what is not yet written in order, and write it before anything newer.",
       .cases = FragmentsPipelined,
       .essential = 3},
      {.id = "stream.exact.all-fragments",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "A short payload comes back however it is cut: every cutting there is.",
       .source = "RFC 862; RFC 9293 §3.7",
       .why = "What a random cutting misses, none of all of them can.",
       .causes = "A state machine that knows one byte, and two, but not one and then two; "
                 "a prefix that is kept until a second piece comes.",
       .mend = "Send back what each read returns, as it comes.",
       .cases = AllFragments,
       .essential = 5},
      {.id = "stream.exact.buffer-edges",
       .level = Level::kMust,
       .basis = Basis::kQuoted,
       .sentence = "Sizes at and beside the powers of two, and those of common segments, "
                   "come back whole.",
       .source = "RFC 862: \"any data received is sent back\"",
       .why = "Buffers have such sizes, and so off-by-one errors live there.",
       .causes = "A terminating NUL written behind a full buffer; < where <= was meant; a "
                 "full buffer taken for an error.",
       .mend = "Use the count that read returned, and test with exactly the buffer's size.",
       .cases = BufferEdges,
       .essential = 5},
      {.id = "stream.exact.bulk",
       .level = Level::kMust,
       .basis = Basis::kQuoted,
       .sentence = "Many times every buffer on the way comes back to a peer that reads all "
                   "along and is never more than 32 KiB ahead.",
       .source = "RFC 862: \"any data received is sent back\"",
       .why = "What goes wrong once in a megabyte goes wrong every day.",
       .causes = "A buffer that wraps round at the wrong place; a counter that overflows; "
                 "a byte lost between two reads.",
       .mend = "Count what was read and what was written, and compare at the end.",
       .cases = Bulk,
       .essential = 1},
      {.id = "stream.silent.first",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "Nothing is sent before something was received (observed for 300 ms).",
       .source = "RFC 862: what is sent is what was received",
       .why = "A client that compares takes a banner for its own data.",
       .causes = "A greeting, a prompt, a log line on the socket.",
       .mend = "Print such things on standard error.",
       .rules = kOnlyThatNothingElseComes,
       .cases = SilentFirst,
       .essential = 1,
       .waits = true},
      {.id = "stream.silent.after",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "Nothing is sent beyond what was received (seen at the end of the "
                   "stream where there is one).",
       .source = "RFC 862: what is sent is what was received",
       .why = "What comes after the echo is taken for the next answer's beginning.",
       .causes = "A trailing newline or NUL that is sent along; a prompt; a goodbye.",
       .mend = "Send as many bytes as read returned, and no more.",
       .rules = kOnlyThatNothingElseComes,
       .cases = SilentAfter,
       .essential = 3},
      {.id = "stream.prompt.single-byte",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "One byte without a newline comes back without more being sent.",
       .source = "RFC 862: \"any data received is sent back\", with no word of lines",
       .why = "An interactive peer waits for its byte before it sends the next: both wait "
              "for ever.",
       .causes = "Buffered standard I/O (fgets, fwrite without fflush); reading until a "
                 "newline or a full buffer.",
       .mend = "Use read and write, or flush after each piece.",
       .cases = SingleByte,
       .essential = 7},
      {.id = "stream.prompt.no-stall",
       .level = Level::kShould,
       .basis = Basis::kRobust,
       .sentence = "Small pieces in a row, and whole buffers, come back at once, and not after a "
                   "40 ms stall (by their median).",
       .source = "RFC 9293 §3.7.4 (the Nagle algorithm) with delayed "
                 "acknowledgments explains it",
       .why = "An exchange of two small pieces that takes 40 ms makes 25 a second of what "
              "could be 20,000.",
       .causes = "An answer in two small writes while Nagle's algorithm waits for the "
                 "acknowledgment that the other side delays.",
       .mend = "Set TCP_NODELAY, or answer each read with one write.",
       .check = PromptNoStall},
      {.id = "stream.pressure.late-reader",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "A peer that sends until it blocks and reads only then gets everything.",
       .source = "POSIX write: a non-blocking write may be partial, and says EAGAIN when "
                 "nothing can be written",
       .why = "Every peer on a slow link is a late reader.",
       .causes = "A short write's rest is dropped; EAGAIN is taken for fatal; write "
                 "interest is never armed or is lost.",
       .mend = "Keep the rest, wait for POLLOUT, stop reading while too much is kept.",
       .cases = LateReader,
       .essential = 1,
       .waits = true},
      {.id = "stream.pressure.long-stall",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "A peer that takes nothing for 3.5 s, and reads on then, gets everything.",
       .source = "RFC 9293 §3.8.6.1 (a receiver may keep its window closed indefinitely, and the "
                 "connection is to stay open); RFC 6429 on who may give it up",
       .why = "A peer may be busy for some seconds: who gives its connection up then has lost "
              "data that both kernels would have kept.",
       .causes = "A time-out on writes (SO_SNDTIMEO, a timer for each connection) of a few "
                 "seconds; TCP_USER_TIMEOUT.",
       .mend = "Let the kernel's keep-alive find peers that are gone; a limit, if there must be "
               "one, is minutes.",
       .check = PressureLongStall,
       .waits = true},
      {.id = "stream.pressure.many-pieces",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "1,200 pieces that are read one by one while nothing can be written come back "
                   "whole and in order.",
       .source = "POSIX writev: of more than IOV_MAX pieces it says EINVAL (limits.h: 1,024 on "
                 "Linux)",
       .why = "A peer that types while it does not read breaks what a large block does not.",
       .causes = "A queue of pieces that is gathered whole into one writev or sendmsg; a ring of "
                 "fixed length.",
       .mend = "Gather IOV_MAX pieces at most, and the rest by the next call.",
       .needs = kTcp,
       .check = PressureManyPieces},
      {.id = "stream.pressure.slow-reader",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "A peer with a tiny receive buffer that reads in drips gets everything.",
       .source = "POSIX write: a non-blocking write may be partial, and says EAGAIN when "
                 "nothing can be written",
       .why = "A slow reader makes every write short: each one's rest must be kept.",
       .causes = "The rest of a short write is dropped, or sent from the wrong offset; "
                 "EAGAIN is taken for fatal; write interest is lost after a second short "
                 "write.",
       .mend = "Keep the rest and its offset, wait for POLLOUT, write again.",
       .cases = SlowReader,
       .essential = 1,
       .waits = true},
      {.id = "stream.pressure.bounded",
       .level = Level::kShould,
       .basis = Basis::kRobust,
       .sentence = "A peer that never reads can push 64 MiB at most; the memory of a "
                   "spawned target grows by no more.",
       .source = "sound engineering: a peer must not decide how much memory a server takes",
       .why = "One peer that only sends takes all memory there is.",
       .causes = "Reading goes on while nothing can be written, into a buffer that grows.",
       .mend = "Stop reading while more than a bound is kept; the kernel's window does the "
               "rest.",
       .check = PressureBounded,
       .waits = true},
      {.id = "stream.pressure.isolated",
       .level = Level::kShould,
       .basis = Basis::kRobust,
       .sentence = "A peer that does not read does not hold up the others.",
       .source = "sound engineering: a blocking write waits for one peer (POSIX write)",
       .why = "One stalled peer stops the service for all.",
       .causes = "A blocking write in a loop that serves several connections; one lock "
                 "around all writes.",
       .mend = "Non-blocking writes, or a thread or process for each connection.",
       .needs = kServer,
       .cases = PressureIsolated,
       .essential = 1,
       .waits = true},
  };
}

}  // namespace verbatim
