// The rows of the catalogue about ends, many connections and survival. A source was read before it
// was cited; where a standard allows both, the row accepts both. Not for: how a row is shown
// (stream_ends.cc, stream_trials.h).
#include "properties/requirements/catalogue.h"
#include "properties/requirements/stream.h"
#include "properties/requirements/stream_trials.h"
#include "properties/stage/socket/target.h"

namespace verbatim {
namespace {

// What is missing is others' matter: of the rows on pressure, and of halfclose.drains.
constexpr Rules kAlsoThatItEnds = {.complete = false, .gaps = false};
constexpr Rules kWhoseBytesArrive = {
    .complete = false, .ends = false, .serves = false, .gaps = false};
constexpr Rules kHowItEnds = {
    .complete = false, .ends = false, .gaps = false, .ends_cleanly = true};

}  // namespace

std::vector<Requirement> RowsOnService() {
  return {
      {.id = "stream.halfclose.drains",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "What was received before the peer's FIN comes back after it.",
       .source = "RFC 862; RFC 9293 §3.6.1 (half-closed connections)",
       .why = "`printf x | nc HOST 7` ends its side at once; the answer is still due.",
       .causes = "Closing both directions at end-of-file; a hang-up handled before the "
                 "data; a helper killed too early.",
       .mend = "At end-of-file write what is left, and close only then.",
       .needs = kHalfClose,
       .cases = HalfCloseDrains,
       .essential = 3},
      {.id = "stream.halfclose.drains-slowly",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "What was received before the FIN comes back also to a reader that "
                   "takes it slowly.",
       .source = "RFC 862; RFC 9293 §3.6.1 (half-closed connections)",
       .why = "The last part of an answer is what is still on its way when the end is "
              "seen.",
       .causes = "A close (or a time-out after end-of-file) while the answer is still "
                 "queued; SO_LINGER 0; close with unread data, which sends a RST and drops "
                 "what was queued.",
       .mend = "Close only when everything was written, and let the kernel linger in the "
               "background.",
       .needs = kHalfClose,
       .cases = HalfCloseDrainsSlowly,
       .essential = 1,
       .waits = true},
      {.id = "stream.halfclose.drains-late",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "What was received before the FIN comes back also to a reader that begins to "
                   "take it 3.5 s later.",
       .source = "RFC 862; RFC 9293 §3.8.6.1 (a window may stay closed as long as it likes)",
       .why = "A pipeline's next program may be busy: `printf x | nc HOST 7 | slow` has a reader "
              "that is late.",
       .causes = "A time-out after end-of-file (\"linger\"), after which the queue is dropped.",
       .mend = "Close when everything was written, or when the connection fails.",
       .needs = kHalfClose,
       .check = HalfCloseDrainsLate,
       .waits = true},
      {.id = "stream.halfclose.ends",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "After the peer's FIN and the last byte the server ends the connection.",
       .source = "RFC 862 (until the calling user terminates the connection); RFC 9293 "
                 "§3.6",
       .why = "Otherwise each finished client leaves a connection behind until descriptors "
              "run out.",
       .causes = "End-of-file taken for \"nothing now\"; a relay that waits for its other "
                 "side for ever.",
       .mend = "Close when read has returned 0 and everything is written.",
       .needs = kHalfClose,
       .rules = kAlsoThatItEnds,
       .cases = HalfCloseEnds},
      {.id = "stream.halfclose.ends-cleanly",
       .level = Level::kShould,
       .basis = Basis::kDerived,
       .sentence = "The server's end is a FIN and not a RST.",
       .source = "RFC 9293 §3.6; RFC 2525 §2.17 (a RST says that data was lost)",
       .why = "A RST makes the peer's kernel drop what it has not read yet, and an orderly "
              "end look like a failure.",
       .causes = "Close with data unread; SO_LINGER 0; a process that is killed.",
       .mend = "Read until end-of-file, write what is left, then close.",
       .needs = kHalfClose | kTcp,
       .rules = kHowItEnds,
       .cases = HalfCloseEnds,
       .waits = true},
      {.id = "stream.open.until-peer-ends",
       .level = Level::kMust,
       .basis = Basis::kQuoted,
       .sentence = "The server does not end the connection first: after a second of "
                   "idleness it still echoes.",
       .source = "RFC 862: \"This continues until the calling user terminates the "
                 "connection.\"",
       .why = "A peer that thinks for a moment loses its connection.",
       .causes = "An idle time-out of less than a second; a server that answers once and "
                 "closes (one read for each connection).",
       .mend = "Loop until read returns 0; an idle time-out, if there must be one, is "
               "minutes.",
       .cases = OpenUntilPeerEnds,
       .essential = 1,
       .waits = true},
      {.id = "stream.many.isolated",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "No byte of one connection appears in another (an unserved connection "
                   "is no failure here).",
       .source = "RFC 9293: a connection is one pair of sockets",
       .why = "One user sees another's data.",
       .causes = "A buffer or a \"current client\" shared between connections.",
       .mend = "Give each connection its own state, found from its own descriptor.",
       .needs = kServer,
       .rules = kWhoseBytesArrive,
       .cases = ManyIsolated,
       .waits = true},
      {.id = "stream.many.hundred-isolated",
       .level = Level::kMust,
       .basis = Basis::kDerived,
       .sentence = "No byte of one of a hundred connections appears in another (one that is not "
                   "served is no failure here).",
       .source = "RFC 9293: a connection is one pair of sockets",
       .why = "One user sees another's data.",
       .causes = "A place in a table that is found by the descriptor modulo its size; buffers "
                 "that are handed round among connections.",
       .mend = "Give each connection its own state, found from its own descriptor.",
       .needs = kServer,
       .check = ManyHundredIsolated},
      {.id = "stream.many.second-is-served",
       .level = Level::kShould,
       .basis = Basis::kRobust,
       .sentence = "A second connection is served while the first is open and idle.",
       .source = "accept(2); the classic iterative server fails here",
       .why = "One idle client shuts out everybody else.",
       .causes = "One loop that serves a client to its end before it accepts the next.",
       .mend = "Poll all connections, or give each a thread or a process.",
       .needs = kServer,
       .cases = SecondIsServed,
       .essential = 2},
      {.id = "stream.many.thousand",
       .level = Level::kShould,
       .basis = Basis::kRobust,
       .sentence = "1,100 connections at once are served, every byte exact.",
       .source = "accept(2); select(2): a descriptor of 1,024 and more does not fit an "
                 "fd_set",
       .why = "What holds for ten connections and breaks at a thousand breaks on the best "
              "day of the service.",
       .causes = "select and FD_SET beyond 1,024; a fixed table of clients; a thread for "
                 "each with large stacks.",
       .mend = "poll or epoll; tables that grow; an orderly refusal at a limit.",
       .needs = kServer,
       .check = ManyThousand},
      {.id = "stream.many.backlog",
       .level = Level::kShould,
       .basis = Basis::kRobust,
       .sentence = "Of a burst of connects all get in and are served.",
       .source = "listen(2): a full queue drops or refuses",
       .why = "After a restart all clients come back at once.",
       .causes = "listen with a backlog of 1 or 5; a slow accept loop.",
       .mend = "listen(fd, SOMAXCONN), and accept until EAGAIN.",
       .needs = kServer,
       .check = ManyBacklog},
      {.id = "stream.survive.reset",
       .level = Level::kMust,
       .basis = Basis::kRobust,
       .sentence = "After a peer reset its connection in mid-echo, later connections are "
                   "served.",
       .source = "RFC 9293 §3.5 (reset processing): the error is that connection's alone",
       .why = "A single rude client ends the service for all.",
       .causes = "ECONNRESET taken for fatal; an exception nobody catches; a loop that "
                 "ends on any error.",
       .mend = "An error of a connection ends that connection and nothing else.",
       .needs = kServer,
       .cases = SurviveReset,
       .essential = 3,
       .waits = true},
      {.id = "stream.survive.vanish",
       .level = Level::kMust,
       .basis = Basis::kRobust,
       .sentence = "After a peer closed with data unread, later connections are served.",
       .source = "POSIX write: EPIPE, and SIGPIPE, whose default ends the process",
       .why = "Any client that crashes or is cut off takes the service down for all.",
       .causes = "SIGPIPE left at its default; one connection's error ends the loop.",
       .mend = "Send with MSG_NOSIGNAL or ignore SIGPIPE; an error ends its own connection "
               "only.",
       .needs = kServer,
       .cases = SurviveVanish,
       .essential = 1},
      {.id = "stream.survive.connect-close",
       .level = Level::kMust,
       .basis = Basis::kRobust,
       .sentence = "After many peers connected and were gone at once, later ones are "
                   "served.",
       .source = "accept(2): a connection may be gone before it is accepted (ECONNABORTED)",
       .why = "Port scanners and health checks do just this, all day.",
       .causes = "An error of accept, or a first read of 0 bytes, that ends the loop.",
       .mend = "Treat each as an end of that connection, and accept the next.",
       .needs = kServer,
       .cases = SurviveConnectClose},
      {.id = "stream.survive.churn",
       .level = Level::kMust,
       .basis = Basis::kRobust,
       .sentence = "Thousands of short connections are served, some without a word and a hundred "
                   "that end at once among them; descriptors, processes and memory of a spawned "
                   "target do not grow with them.",
       .source = "sound engineering: what each connection leaves behind adds up",
       .why = "A leak of one descriptor for each connection ends the service after a "
              "thousand.",
       .causes = "A close that is missing on one path (reset, error); children that nobody "
                 "waits for; a table that only grows.",
       .mend = "Own each descriptor by one object; wait for children (SIGCHLD, waitpid in "
               "a loop).",
       .needs = kServer,
       .check = SurviveChurn},
      {.id = "stream.survive.volume",
       .level = Level::kShould,
       .basis = Basis::kRobust,
       .sentence = "Memory of a spawned target does not grow with the bytes that it echoes.",
       .source = "sound engineering: what was returned need not be kept",
       .why = "A connection that stays open all day takes all memory there is.",
       .causes = "A log of all that came; a queue whose front is never freed; a buffer made anew "
                 "for each read.",
       .mend = "Free what is written; use one buffer again and again.",
       .needs = kSpawned,
       .check = SurviveVolume,
       .waits = true},
      {.id = "stream.survive.fd-exhaustion",
       .level = Level::kShould,
       .basis = Basis::kRobust,
       .sentence = "Out of descriptors it recovers when connections end, and burns no "
                   "processor time meanwhile.",
       .source = "accept(2): EMFILE leaves the connection in the queue",
       .why = "The listening socket stays readable: a loop that tries again at once takes "
              "a whole core.",
       .causes = "accept's EMFILE ignored in a poll loop; EMFILE taken for fatal.",
       .mend = "Stop watching the listener until a descriptor is free, or keep a spare one "
               "to accept and close with.",
       .needs = kServer | kSpawned,
       .check = SurviveFdExhaustion,
       .waits = true},
      {.id = "stream.idle.no-cpu",
       .level = Level::kShould,
       .basis = Basis::kRobust,
       .sentence = "Idle connections cost no processor time.",
       .source = "sound engineering: poll(2) and epoll_wait(2) wait for nothing at no cost",
       .why = "A busy loop costs a core, a battery, and every neighbour's latency.",
       .causes = "POLLOUT watched while nothing is to be written; EAGAIN tried again at "
                 "once; a time-out of 0.",
       .mend = "Watch for what is awaited and nothing else; block in the wait.",
       .needs = kServer | kSpawned,
       .check = IdleNoCpu,
       .waits = true},
      {.id = "stream.stop.sigterm",
       .level = Level::kShould,
       .basis = Basis::kRobust,
       .sentence = "SIGTERM ends it within 5 s; started again on the same port at once it "
                   "listens.",
       .source = "socket(7): SO_REUSEADDR; the port is in TIME_WAIT after connections that "
                 "the server ended",
       .why = "Otherwise each restart is an outage of a minute.",
       .causes = "bind without SO_REUSEADDR; a SIGTERM that waits for the last client, or "
                 "is ignored.",
       .mend = "Set SO_REUSEADDR before bind; on SIGTERM stop accepting and end within "
               "seconds.",
       .needs = kServer | kSpawned,
       .check = StopSigterm,
       .waits = true},
      {.id = "stream.urgent.others-intact",
       .level = Level::kShould,
       .basis = Basis::kRobust,
       .sentence = "With urgent bytes on the way all other bytes are exact, and later "
                   "connections are served.",
       .source = "RFC 9293 §3.8.5; tcp(7) (without SO_OOBINLINE an urgent byte leaves the "
                 "stream)",
       .why = "A byte sent with MSG_OOB can make a server lose its place in the stream, or "
              "spin.",
       .causes = "POLLPRI watched and never read; SIGURG's default; recv that stops at the "
                 "mark taken for the end.",
       .mend = "Leave SO_OOBINLINE as it is and read on; do not watch for POLLPRI.",
       .needs = kServer | kTcp,
       .check = UrgentOthersIntact},
      {.id = "stream.urgent.observed",
       .level = Level::kObserved,
       .basis = Basis::kRobust,
       .sentence = "What becomes of an urgent byte.",
       .source = "RFC 9293 §3.8.5 (new applications should not use it); tcp(7)",
       .why = "It is good to know, and no standard says what an echo should do with it.",
       .causes = "Without SO_OOBINLINE it leaves the stream, and a newer one pushes the "
                 "older back in.",
       .mend = "Nothing is to be mended.",
       .needs = kTcp,
       .check = UrgentObserved},
  };
}

}  // namespace verbatim
