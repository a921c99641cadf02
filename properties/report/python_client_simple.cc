// A client's script in the short form: little is fed, so that pipes and sockets hold all of it, and
// calls follow one another. What it prints is looked at in the end.
// Not for: who stalls, resets or closes, or is not judged by every rule (python_client_full.cc).
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "properties/report/python_parts.h"

namespace verbatim::python {
namespace {

using Kind = Step::Kind;

constexpr int64_t kTheirEndMs = 200;

class SimpleClientScript {
 public:
  SimpleClientScript(const Plan& plan, const PythonOptions& options, Lines* lines)
      : plan_(plan), options_(options), lines_(*lines) {}

  void Add() {
    lines_.Add(0, "sent = replied = printed = 0  # bytes of DATA");
    lines_.Gap();
    AddTake();
    if (plan_.Has(Kind::kReply)) AddReply();
    AddClientTry(&lines_);
    for (size_t at = 0; at < plan_.moves.size();) {
      const Repeated repeated = ClientRepeatsAt(plan_, at);
      const bool loop = repeated.times > 2;
      const size_t count = loop ? repeated.times * repeated.step_count : 1;
      for (size_t i = at; i < at + count; ++i) AddAcceptBefore(plan_.moves[i].step.kind);
      loop ? AddLoop(at, repeated) : AddStep(plan_.moves[at]);
      at += count;
    }
    AddLast();
  }

 private:
  std::string Wait() const { return Seconds(options_.deadline_ms); }

  void AddTake() {
    lines_.Add(0, "def take(source, what, at, end, seconds):");
    lines_.Add(
        1,
        "\"\"\"Reads what comes in time: DATA from `at` on, up to `end` at most. Returns where "
        "that ends.\"\"\"");
    lines_.Add(1, "piece = b\"\"");
    lines_.Add(1, "if select.select([source], [], [], seconds)[0]:");
    lines_.Add(2, "with contextlib.suppress(ConnectionError):  # a reset is an end");
    lines_.Add(3, "piece = os.read(source.fileno(), 65536)");
    lines_.Add(1, "due = DATA[at:min(end, at + len(piece))]");
    lines_.Add(1, "if piece != due:");
    lines_.Add(2, "i = next(i for i, x in enumerate(piece) if due[i:i + 1] != bytes([x]))");
    lines_.Add(2, "expected, got = due[i:i + 16], piece[i:i + 16]");
    lines_.Add(2,
               "sys.exit(f\"FAIL: at offset {at + i} of what it {what}: expected {expected}, got "
               "{got}\")");
    lines_.Add(1, "return at + len(piece)");
    lines_.Gap();
  }

  // Who waits for one answer before it sends on is served as by an echo.
  void AddReply() {
    lines_.Add(0, "def reply(end):");
    lines_.Add(
        1,
        "\"\"\"Sends DATA back up to `end` once it has come; if no more comes for 0.1 s, what "
        "has.\"\"\"");
    lines_.Add(1, "global sent, replied");
    lines_.Add(1, "time.sleep(0.02)  # so that it reads one reply before the next");
    lines_.Add(1, "patience = 0.1");
    lines_.Add(1, "while replied < end:");
    lines_.Add(2, "before = sent");
    lines_.Add(2, "if sent < end:");
    lines_.Add(3,
               absl::StrCat(
                   "sent = take(connection, \"sent\", sent, len(DATA), patience if sent > replied "
                   "else ",
                   Wait(), ")"));
    lines_.Add(2, "if sent == replied:");
    lines_.Add(3, "sys.exit(f\"FAIL: it sent {sent} bytes and no more; {end} are due\")");
    lines_.Add(2, "if sent == before or sent >= end:");
    lines_.Add(3, "connection.sendall(DATA[replied:min(sent, end)])");
    lines_.Add(3, "replied, patience = min(sent, end), 0");
    lines_.Gap();
  }

  // It may read of its input before it connects.
  void AddAcceptBefore(Kind kind) {
    if (connected_ || kind == Kind::kFeed || kind == Kind::kFeedEof) return;
    connected_ = true;
    const std::string limit = Seconds(options_.connect_deadline_ms);
    lines_.Add(1,
               absl::StrCat("if listener not in select.select([listener, client.stdout], [], [], ",
                            limit, ")[0]:"));
    lines_.Add(2, "sys.exit(\"FAIL: it did not connect\")");
    lines_.Add(1, "connection = listener.accept()[0]");
    lines_.AddIf(
        options_.endpoint.transport == Transport::kTcp, 1,
        "connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # send at once");
    lines_.Add(1, absl::StrCat("connection.settimeout(", Wait(), ")"));
  }

  std::string Slice(absl::string_view from, absl::string_view to) const {
    return absl::StrCat("client.stdin.write(DATA[", from, ":", to, "])");
  }

  // A feed, a reply or both, over and over.
  void AddLoop(size_t at, const Repeated& repeated) {
    std::vector<std::string> pairs;
    const Move &first = plan_.moves[at],
               &last = plan_.moves[at + (repeated.times - 1) * repeated.step_count];
    const uint64_t size = first.to - first.from;
    bool equal = true;
    for (size_t i = 0; i < repeated.times; ++i) {
      const Move& move = plan_.moves[at + i * repeated.step_count];
      equal = equal && move.to - move.from == size;
      pairs.push_back(absl::StrCat("(", move.from, ", ", move.to, ")"));
    }
    lines_.Add(
        1, equal ? absl::StrCat("for start in range(", first.from, ", ", last.to, ", ", size, "):")
                 : absl::StrCat("for start, end in [", absl::StrJoin(pairs, ", "), "]:"));
    const std::string end = equal ? absl::StrCat("start + ", size) : "end";
    for (size_t i = 0; i < repeated.step_count; ++i) {
      const Step& step = plan_.moves[at + i].step;
      if (step.kind == Kind::kFeed) lines_.Add(2, Slice("start", end));
      if (step.kind == Kind::kReply) lines_.Add(2, absl::StrCat("reply(", end, ")"));
      if (step.kind == Kind::kHold) AddHold(2, step);
    }
  }

  void AddHold(int indent, const Step& step) {
    lines_.Add(indent,
               absl::StrCat("time.sleep(", Seconds(static_cast<int64_t>(step.amount)), ")"));
  }

  void AddStep(const Move& move) {
    switch (move.step.kind) {
      case Kind::kFeed:
        if (move.from == 0 && move.to == plan_.used_bytes) {
          return lines_.Add(1, "client.stdin.write(DATA)");
        }
        return lines_.Add(1, Slice(absl::StrCat(move.from), absl::StrCat(move.to)));
      case Kind::kFeedEof:
        input_ended_ = true;
        return lines_.Add(1, "client.stdin.close()");
      case Kind::kReply:
        return lines_.Add(1, absl::StrCat("reply(", move.to, ")"));
      case Kind::kHold:
        return AddHold(1, move.step);
      case Kind::kShutdown:
        return AddShutdown();
      case Kind::kExpectExit:
        return AddExit(move.step.amount == 0);
      default:
        return;  // of the other form
    }
  }

  // Whoever hears of both ends at once might take ours for an early one.
  void AddShutdown() {
    shut_ = true;
    if (input_ended_) {
      lines_.Add(1, absl::StrCat("sent = take(connection, \"sent\", sent, len(DATA), ",
                                 Seconds(kTheirEndMs), ")  # the client ends first"));
    }
    lines_.Add(1, "with contextlib.suppress(OSError):  # it has left");
    lines_.Add(2, "connection.shutdown(socket.SHUT_WR)");
  }

  void AddPrinted() {
    lines_.Add(1, "while printed < replied:");
    lines_.Add(2, "before = printed");
    lines_.Add(2, absl::StrCat("printed = take(client.stdout, \"printed\", printed, replied, ",
                               Wait(), ")"));
    lines_.Add(2, "if printed == before:");
    lines_.Add(3, "sys.exit(f\"FAIL: it printed {printed} bytes and no more; {replied} are due\")");
  }

  void AddExit(bool succeeds) {
    exits_ = true;
    AddPrinted();
    lines_.Add(1, absl::StrCat("status = client.wait(", Wait(), ")"));
    lines_.Add(1,
               succeeds ? "if status != 0:" : "if status == 0 or status in (-6, -11, 134, 139):");
    lines_.Add(2, absl::StrCat("sys.exit(f\"FAIL: it exited with status {status}, though ",
                               succeeds ? "all" : "not all", " came back\")"));
  }

  // How it ends was not asked; but what was replied must have been printed by then.
  void AddLast() {
    if (!exits_) {
      AddAcceptBefore(Kind::kExpectExit);
      if (!input_ended_) AddStep({{Kind::kFeedEof}});
      if (!shut_) AddShutdown();
      AddPrinted();
    }
    lines_.Add(1, "take(client.stdout, \"printed\", printed, replied, 0.1)  # nothing else");
    lines_.Add(1, "take(connection, \"sent\", sent, len(DATA), 0)");
  }

  const Plan& plan_;
  const PythonOptions& options_;
  Lines& lines_;
  bool connected_ = false, input_ended_ = false, shut_ = false, exits_ = false;
};

}  // namespace

void AddSimpleClient(const Plan& plan, const PythonOptions& options, Lines* lines) {
  SimpleClientScript(plan, options, lines).Add();
}

}  // namespace verbatim::python
