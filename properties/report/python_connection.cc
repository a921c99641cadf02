// The long form's connection: a class that reads all along unless it is told not to, and compares.
// Not for: the steps (python_full.cc).
#include "absl/strings/str_cat.h"
#include "properties/report/python_parts.h"

namespace verbatim::python {
namespace {

using Kind = Step::Kind;

// The statement for what the requirement is about, or for what it leaves open.
std::string Judged(bool rule, absl::string_view text) {
  return absl::StrCat(rule ? "sys.exit(f\"FAIL: " : "leave(f\"", text, "\")");
}

class ConnectionClass {
 public:
  ConnectionClass(const Plan& plan, const PythonOptions& options, Lines* lines)
      : plan_(plan), rules_(options.rules), options_(options), lines_(*lines) {
    for (const Move& move : plan.moves) ahead_ = ahead_ || move.step.ahead != 0;
  }

  void Add() {
    AddHelpers();
    AddClass();
  }

 private:
  bool Has(Kind kind) const { return plan_.Has(kind); }
  std::string Wait() const { return Seconds(options_.deadline_ms); }

  void AddHelpers() {
    lines_.Add(0, "connections = []");
    lines_.Gap();
    if (!rules_.complete || !rules_.serves) {
      lines_.Add(0, "def leave(text):");
      lines_.Add(1, "print(\"not judged, since this script is about something else: \" + text)");
      lines_.Add(1, "sys.exit(0)");
      lines_.Gap();
    }
    lines_.Add(0, "def pump(seconds, writers=()):");
    lines_.Add(1, "\"\"\"Takes in what has come, or comes within so many seconds.\"\"\"");
    lines_.Add(1, absl::StrCat("readers = [c for c in connections if ",
                               Has(Kind::kStall) ? "c.reads and " : "",
                               "not c.ended and c.fileno() >= 0]"));
    lines_.Add(1, "ready = select.select(readers, writers, [], seconds)");
    lines_.Add(1, "for c in ready[0]:");
    lines_.Add(2, "c.read()");
    lines_.AddIf(Has(Kind::kDrip), 1, "if any(c.most < 65536 for c in ready[0]):");
    lines_.AddIf(Has(Kind::kDrip), 2, "time.sleep(0.001)");
    lines_.Add(1, "return ready[0] or ready[1]");
    lines_.Gap();
    if (!Has(Kind::kPause) && !Has(Kind::kSettle)) return;
    lines_.Add(0, "def wait(seconds):");
    lines_.Add(1, "end = time.monotonic() + seconds");
    lines_.Add(1, "while time.monotonic() < end:");
    lines_.Add(2, "pump(max(0, end - time.monotonic()))");
    lines_.Gap();
  }

  void AddClass() {
    lines_.Add(0, "class Connection:");
    AddInit();
    lines_.Gap();
    lines_.Add(1, "def fileno(self):  # for select");
    lines_.Add(2, "return self.socket.fileno()");
    lines_.Gap();
    AddRead();
    if (Has(Kind::kSend)) AddSend();
    if (Has(Kind::kAwait)) {
      lines_.Gap();
      lines_.Add(1, "def receive(self):  # all that was sent has to come back");
      lines_.Add(2, "while self.got < self.sent and not self.ended:");
      lines_.Add(3, absl::StrCat("if not pump(", Wait(), "):"));
      lines_.Add(4, Judged(rules_.complete,
                           absl::StrCat("{self.sent - self.got} bytes missing after ", Wait(),
                                        " s, from offset {self.got}", Of(), " on")));
    }
    AddEnds();
    lines_.Gap();
  }

  // Of which connection a message speaks.
  std::string Of() const { return plan_.Several() ? "{self.of}" : ""; }

  void AddInit() {
    const bool tcp = options_.endpoint.transport == Transport::kTcp;
    lines_.Add(1,
               plan_.Several() ? "def __init__(self, number, data):" : "def __init__(self, data):");
    lines_.AddIf(plan_.Several(), 2, "self.of = f\" of connection {number}\"");
    lines_.Add(2, "self.data, self.sent, self.got, self.ended = data, 0, 0, False");
    lines_.AddIf(Has(Kind::kStall), 2, "self.reads = True");
    lines_.AddIf(Has(Kind::kDrip), 2, "self.most = 65536  # bytes of one read");
    lines_.AddIf(rules_.ends_cleanly, 2, "self.finished = False");
    lines_.Add(2, "try:");
    AddConnect(tcp);
    lines_.Add(2, "except OSError as error:");
    if (plan_.Several()) {
      const absl::string_view call =
          rules_.serves ? "sys.exit" : "(leave if connections else sys.exit)";
      lines_.Add(3, absl::StrCat(call, "(f\"FAIL: connection {number}: {error}\")"));
    } else {
      lines_.Add(3, "sys.exit(f\"FAIL: not connected: {error}\")");
    }
    lines_.Add(2, "self.socket.setblocking(False)");
    lines_.Add(2, "connections.append(self)");
  }

  void AddConnect(bool tcp) {
    const std::string limit = Seconds(options_.connect_deadline_ms);
    const bool small = Has(Kind::kDrip);
    if (tcp && !small) {
      lines_.Add(3, absl::StrCat("self.socket = socket.create_connection(server, ", limit, ")"));
    } else if (tcp) {
      lines_.Add(3, "where = socket.getaddrinfo(*server, type=socket.SOCK_STREAM)[0]");
      lines_.Add(3, "self.socket = socket.socket(where[0])");
    } else {
      lines_.Add(3, "self.socket = socket.socket(socket.AF_UNIX)");
    }
    // What is not read soon has to wait at the server, and not in our own kernel.
    lines_.AddIf(small, 3, "self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)");
    if (!tcp || small) {
      lines_.Add(3, absl::StrCat("self.socket.settimeout(", limit, ")"));
      lines_.Add(3, tcp ? "self.socket.connect(where[4])" : "self.socket.connect(server[0])");
    }
    lines_.AddIf(tcp, 3, "self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)");
  }

  void AddRead() {
    lines_.Add(1, "def read(self):");
    lines_.Add(2, "try:");
    lines_.Add(3, absl::StrCat("piece = self.socket.recv(",
                               Has(Kind::kDrip) ? "self.most" : "65536", ")"));
    lines_.Add(2, "except BlockingIOError:");
    lines_.Add(3, "return");
    lines_.Add(2, rules_.ends_cleanly ? "except OSError as error:" : "except OSError:  # a reset");
    if (rules_.ends_cleanly) {
      lines_.Add(3, "if self.finished:");
      lines_.Add(4, absl::StrCat("sys.exit(f\"FAIL: no clean end", Of(), ": {error}\")"));
    }
    lines_.Add(3, "piece = b\"\"");
    lines_.Add(2, "due = self.data[self.got:min(self.sent, self.got + len(piece))]");
    lines_.Add(2, "if piece != due:");
    lines_.Add(3, "at = next(i for i, x in enumerate(piece) if due[i:i + 1] != bytes([x]))");
    lines_.Add(3, "expected, seen = due[at:at + 16], piece[at:at + 16]");
    lines_.Add(3, absl::StrCat("sys.exit(f\"FAIL: at offset {self.got + at}", Of(),
                               ": expected {expected}, got {seen}\")"));
    lines_.Add(2, "self.got += len(piece)");
    lines_.Add(2, "self.ended = not piece");
    if (!rules_.complete) return;
    lines_.Add(2, "if self.ended and self.got < self.sent:");
    lines_.Add(3, Judged(true, absl::StrCat("ended {self.sent - self.got} bytes early, at offset "
                                            "{self.got}",
                                            Of())));
  }

  // Sends while reading, so that nobody waits for somebody who waits for him.
  void AddSend() {
    const bool stalls = Has(Kind::kStall);
    lines_.Gap();
    lines_.Add(1, ahead_ ? "def send(self, count, ahead=1 << 40):  # never further ahead of "
                           "what came back"
                         : "def send(self, count):  # and reads all the while");
    lines_.Add(2, "end = min(self.sent + count, len(self.data))");
    lines_.Add(2, "while self.sent < end and not self.ended:");
    lines_.Add(3, absl::StrCat("to = min(end, self.sent + 65536",
                               ahead_ ? ", max(self.sent, self.got + ahead))" : ")"));
    lines_.Add(3, "try:");
    lines_.Add(4, "count = self.socket.send(self.data[self.sent:to])");
    lines_.Add(3, "except BlockingIOError:");
    lines_.Add(4, "count = 0");
    lines_.Add(3, "except OSError:  # it has ended: what came before that is still read");
    lines_.Add(4, stalls ? "self.reads, count = True, 0" : "count = 0");
    lines_.Add(3, "self.sent += count");
    lines_.Add(3, absl::StrCat("seconds = 0 if count else ",
                               stalls ? absl::StrCat(Wait(), " if self.reads else 0.5") : Wait()));
    lines_.Add(3, ahead_ ? "writers = [self] if to > self.sent and not count else []"
                         : "writers = [] if count else [self]");
    lines_.Add(3, "if not pump(seconds, writers) and not count:");
    lines_.AddIf(stalls, 4, "if not self.reads:");
    lines_.AddIf(stalls, 5, "return  # sent until nothing more was taken");
    lines_.Add(4, Judged(rules_.complete, absl::StrCat("nothing taken for ", Wait(),
                                                       " s at offset {self.sent}", Of())));
    lines_.Add(2, "if self.sent < end:");
    lines_.Add(3, Judged(rules_.complete,
                         absl::StrCat("ended before offset {self.sent}", Of(), " was sent")));
  }

  void AddEnds() {
    if (Has(Kind::kExpectEof)) {
      lines_.Gap();
      lines_.Add(1, "def expect_end(self):");
      lines_.Add(2, "while not self.ended:");
      lines_.Add(3, absl::StrCat("if not pump(", Wait(), "):"));
      const std::string what = absl::StrCat("not ended after ", Wait(), " s");
      if (!rules_.ends) {
        lines_.Add(4, "return  # whether it ends is not what this is about");
      } else if (plan_.Several()) {
        lines_.Add(4, Judged(true, absl::StrCat(what, ": the end", Of())));
      } else {
        lines_.Add(4, absl::StrCat("sys.exit(\"FAIL: ", what, "\")"));
      }
    }
    if (Has(Kind::kShutdown)) {
      lines_.Gap();
      lines_.Add(1, "def finish(self):  # no more to send; the answer is still due");
      lines_.AddIf(rules_.ends_cleanly, 2, "self.finished = True");
      lines_.Add(2, "try:");
      lines_.Add(3, "self.socket.shutdown(socket.SHUT_WR)");
      lines_.Add(2, "except OSError:");
      lines_.Add(3, "pass  # it has ended already");
    }
    if (!Has(Kind::kReset)) return;
    lines_.Gap();
    lines_.Add(1, "def reset(self):");
    lines_.Add(2, "at_once = struct.pack(\"ii\", 1, 0)");
    lines_.Add(2, "self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)");
    lines_.Add(2, "self.socket.close()");
  }

  const Plan& plan_;
  const Rules rules_;
  const PythonOptions& options_;
  Lines& lines_;
  bool ahead_ = false;
};

}  // namespace

void AddConnection(const Plan& plan, const PythonOptions& options, Lines* lines) {
  ConnectionClass(plan, options, lines).Add();
}

}  // namespace verbatim::python
