// A client's script in the long form: what it sends and prints is taken in all along; over streams
// and datagrams.
// Not for: feeding and serving it (python_client_serve.cc), or the steps (python_client_steps.cc).
#include "absl/strings/str_cat.h"
#include "properties/report/python_client_form.h"

namespace verbatim::python {
namespace {

using Kind = Step::Kind;

class ClientWaits : private FullClientForm {
 public:
  using FullClientForm::FullClientForm;

  void Add() {
    AddState();
    AddFail();
    AddCompare();
    AddTake();
    AddTurn();
    AddUntil();
    AddHold();
  }

 private:
  void AddState() {
    lines_.Add(0, datagrams_ ? "peer, waiting = None, []  # who sends, and what has no answer yet"
                             : "connection = None");
    lines_.Add(
        0, absl::StrCat("watched = [", datagrams_ ? "connection" : "listener", ", client.stdout]"));
    lines_.AddIf(large_, 0, "reads = True");
    lines_.Add(0, "excused = []  # whose end may be early, since ours was");
    lines_.Add(0, "fed = sent = replied = printed = 0  # bytes of DATA");
    lines_.AddIf(large_, 0, "os.set_blocking(client.stdin.fileno(), False)");
    lines_.Gap();
  }

  void AddFail() {
    lines_.Add(0, "def fail(what):");
    lines_.Add(1, "sys.exit(\"FAIL: \" + what)");
    lines_.Gap();
    if (rules_.complete) return;
    lines_.Add(0, "def leave(what):");
    lines_.Add(1, "print(\"not judged, since this script is about something else: \" + what)");
    lines_.Add(1, "sys.exit(0)");
    lines_.Gap();
  }

  void AddCompare() {
    lines_.Add(0, "def compare(what, piece, at, end):");
    lines_.Add(1,
               "\"\"\"It has to be DATA from `at` on, up to `end` at most. Returns where that "
               "ends.\"\"\"");
    lines_.Add(1, "due = DATA[at:min(end, at + len(piece))]");
    lines_.Add(1, "if piece != due:");
    lines_.Add(2, "i = next(i for i, x in enumerate(piece) if due[i:i + 1] != bytes([x]))");
    lines_.Add(2, "expected, got = due[i:i + 16], piece[i:i + 16]");
    lines_.Add(2,
               "fail(f\"at offset {at + i} of what it {what}: expected {expected}, got {got}\")");
    lines_.Add(1, "return at + len(piece)");
    lines_.Gap();
  }

  void AddTake() {
    lines_.Add(0, "def take(source, what, at, end):");
    lines_.Add(1, "try:");
    lines_.Add(2, "piece = os.read(source.fileno(), 262144)");
    lines_.Add(1, rules_.ends_cleanly ? "except ConnectionError as error:"
                                      : "except ConnectionError:  # a reset");
    if (rules_.ends_cleanly) {
      lines_.Add(2, "if source not in excused:");
      lines_.Add(3, "fail(f\"it did not end the connection cleanly: {error}\")");
    }
    lines_.Add(2, "piece = b\"\"");
    lines_.Add(1, "if not piece:");
    lines_.Add(2, "watched.remove(source)");
    lines_.Add(2, absl::StrCat("if not ", Begun(), ":"));
    lines_.Add(3, datagrams_ ? "fail(\"it ended before it sent anything\")"
                             : "fail(\"it ended before it connected\")");
    lines_.AddIf(rules_.complete, 2, "if at < end and source not in excused:");
    lines_.AddIf(rules_.complete, 3,
                 "fail(f\"what it {what} ended {end - at} bytes early, at offset {at}\")");
    lines_.Add(1, "return compare(what, piece, at, end)");
    lines_.Gap();
  }

  void AddTurn() {
    lines_.Add(0, large_ ? "def turn(seconds, writers=()):" : "def turn(seconds):");
    lines_.Add(
        1, large_
               ? "\"\"\"Takes in what has come, or comes in time. Whether something came, or can "
                 "go.\"\"\""
               : "\"\"\"Takes in what has come, or comes in time. Whether something came.\"\"\"");
    lines_.Add(1, datagrams_ ? "global peer, sent, printed" : "global connection, sent, printed");
    lines_.AddIf(large_, 1, "readers = [x for x in watched if reads or x is not connection]");
    lines_.Add(1, large_ ? "ready, room, _ = select.select(readers, writers, [], seconds)"
                         : "ready = select.select(watched, [], [], seconds)[0]");
    lines_.Add(1, "for x in ready:");
    lines_.Add(2, "if x is client.stdout:");
    lines_.Add(3, "printed = take(x, \"printed\", printed, replied)");
    datagrams_ ? AddTurnOfDatagrams() : AddTurnOfStreams();
    lines_.Add(1, large_ ? "return ready or room" : "return ready");
    lines_.Gap();
  }

  void AddTurnOfStreams() {
    lines_.Add(2, "elif x is listener:");
    lines_.Add(3, "connection = listener.accept()[0]");
    lines_.AddIf(
        options_.endpoint.transport == Transport::kTcp, 3,
        "connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # send at once");
    lines_.Add(3, large_ ? "connection.setblocking(False)"
                         : absl::StrCat("connection.settimeout(", Wait(), ")"));
    lines_.Add(3, "watched.remove(listener)");
    lines_.Add(3, "listener.close()  # it has one connection");
    lines_.Add(3, "watched.append(connection)");
    lines_.Add(2, "else:");
    lines_.Add(3, "sent = take(x, \"sent\", sent, fed)");
  }

  void AddTurnOfDatagrams() {
    lines_.Add(2, "else:");
    lines_.Add(3, "datagram, source = x.recvfrom(262144)");
    if (IsUnix(options_.endpoint.transport)) {
      lines_.Add(3, "if not source:");
      lines_.Add(4, "fail(\"it sends from a socket without a name, which can't be answered\")");
    }
    lines_.Add(3, "peer = peer or source");
    lines_.Add(3, "if source == peer and datagram:");
    lines_.Add(4, "sent = compare(\"sent\", datagram, sent, fed)");
    lines_.Add(4, "waiting.append(datagram)");
  }

  void AddUntil() {
    lines_.Add(0, "def until(done, seconds):");
    lines_.Add(
        1, "\"\"\"Takes in what comes until `done()`, or until nothing came for so long.\"\"\"");
    lines_.Add(1, "quiet = 0");
    lines_.Add(1, "while not done() and quiet < seconds:");
    lines_.Add(2, "quiet = 0 if turn(0.02) else quiet + 0.02");
    lines_.Add(1, "return done()");
    lines_.Gap();
    const bool open = !rules_.complete;
    lines_.Add(0, open ? "def need(done, what, otherwise=fail):" : "def need(done, what):");
    lines_.Add(1, absl::StrCat("seconds = ", Wait(), " if ", Begun(), " else ",
                               Seconds(options_.connect_deadline_ms)));
    lines_.Add(1, "if not until(done, seconds):");
    const absl::string_view call = open ? "otherwise(" : "fail(";
    lines_.Add(
        2, absl::StrCat(call, "f\"{what} for {seconds} s; of {fed} bytes fed it sent {sent}, \""));
    lines_.Add(2, absl::StrCat(std::string(call.size(), ' '),
                               "f\"of {replied} sent back it printed {printed}\")"));
    lines_.Gap();
  }

  void AddHold() {
    if (!Has(Kind::kHold)) return;
    lines_.Add(0, "def hold(seconds):");
    lines_.Add(1, "end = time.monotonic() + seconds");
    lines_.Add(1, "until(lambda: time.monotonic() >= end or client.poll() is not None, seconds)");
    lines_.Gap();
  }
};

}  // namespace

void AddClientReads(const Plan& plan, const PythonOptions& options, Lines* lines) {
  ClientWaits(plan, options, lines).Add();
}

}  // namespace verbatim::python
