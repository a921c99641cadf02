// The short form: one connection, little on the way, calls one after another.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "properties/report/python_parts.h"

namespace verbatim::python {
namespace {

using Kind = Step::Kind;

void AddConnect(const PythonOptions& options, Lines* lines) {
  if (options.endpoint.transport == Transport::kTcp) {
    lines->Add(0, absl::StrCat("s = socket.create_connection(server, ",
                               Seconds(options.connect_deadline_ms), ")"));
    lines->Add(0, "s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # send at once");
  } else {
    lines->Add(0, "s = socket.socket(socket.AF_UNIX)");
    lines->Add(0, absl::StrCat("s.settimeout(", Seconds(options.connect_deadline_ms), ")"));
    lines->Add(0, "s.connect(server[0])");
  }
  lines->Add(0, absl::StrCat("s.settimeout(", Seconds(options.deadline_ms), ")"));
  lines->Add(0, "got = 0  # bytes that have come back");
}

// Where an end is expected the same function reads on until it comes.
void AddReceive(const Plan& plan, const PythonOptions& options, Lines* lines) {
  const bool ends = plan.Has(Kind::kExpectEof);
  const std::string after = absl::StrCat(" after ", Seconds(options.deadline_ms), " s");
  lines->Add(0, ends ? "def receive(count, to_the_end=False):" : "def receive(count):");
  lines->Add(1, "\"\"\"Reads until the first `count` bytes of DATA have come back.\"\"\"");
  lines->Add(1, "global got");
  lines->Add(1, ends ? "while got < count or to_the_end:" : "while got < count:");
  lines->Add(2, "try:");
  lines->Add(3, "piece = s.recv(65536)");
  lines->Add(2, "except socket.timeout:");
  lines->AddIf(ends, 3, "if got == count:");
  lines->AddIf(ends, 4, absl::StrCat("sys.exit(\"FAIL: not ended", after, "\")"));
  lines->Add(3, absl::StrCat("sys.exit(f\"FAIL: {count - got} bytes missing", after,
                             ", from offset {got} on\")"));
  lines->AddIf(ends, 2, "except ConnectionError:");
  lines->AddIf(ends, 3, "piece = b\"\"  # an end, if not a clean one");
  lines->Add(2, "if not piece:");
  lines->AddIf(ends, 3, "if got == count and to_the_end:");
  lines->AddIf(ends, 4, "return");
  lines->Add(3, "sys.exit(f\"FAIL: ended {count - got} bytes early, at offset {got}\")");
  lines->Add(2, "due = DATA[got:min(count, got + len(piece))]");
  lines->Add(2, "if piece != due:");
  lines->Add(3, "at = next(i for i, x in enumerate(piece) if due[i:i + 1] != bytes([x]))");
  lines->Add(3, "expected, seen = due[at:at + 16], piece[at:at + 16]");
  lines->Add(3, "sys.exit(f\"FAIL: at offset {got + at}: expected {expected}, got {seen}\")");
  lines->Add(2, "got += len(piece)");
}

std::string Slice(uint64_t from, uint64_t to, const Plan& plan) {
  if (from == 0 && to == plan.used_bytes) return "DATA";
  return absl::StrCat("DATA[", from, ":", to, "]");
}

// A send and what follows it, over and over.
void AddLoop(const Plan& plan, size_t at, const Repeated& repeated, Lines* lines) {
  std::vector<std::string> pairs;
  std::vector<uint64_t> ends;
  const Move& first = plan.moves[at];
  bool equal = true;
  for (size_t i = 0; i < repeated.times; ++i) {
    const Move& move = plan.moves[at + i * repeated.step_count];
    equal = equal && move.to - move.from == first.to - first.from;
    ends.push_back(move.to);
    pairs.push_back(absl::StrCat("(", move.from, ", ", move.to, ")"));
  }
  const Kind next = repeated.step_count == 2 ? plan.moves[at + 1].step.kind : Kind::kSend;
  const uint64_t size = first.to - first.from;
  if (equal) {
    lines->Add(
        1, absl::StrCat("for start in range(", first.from, ", ", ends.back(), ", ", size, "):"));
    lines->Add(2, absl::StrCat("s.sendall(DATA[start:start + ", size, "])"));
    if (next == Kind::kAwait) lines->Add(2, absl::StrCat("receive(start + ", size, ")"));
  } else {
    lines->Add(1, absl::StrCat("for start, end in [", absl::StrJoin(pairs, ", "), "]:"));
    lines->Add(2, "s.sendall(DATA[start:end])");
    if (next == Kind::kAwait) lines->Add(2, "receive(end)");
  }
  if (next == Kind::kSettle) lines->Add(2, "time.sleep(0.01)  # for the server to read it");
}

void AddStep(const Plan& plan, const Move& move, Lines* lines) {
  switch (move.step.kind) {
    case Kind::kSend:
      if (move.to == move.from) return;
      return lines->Add(1, absl::StrCat("s.sendall(", Slice(move.from, move.to, plan), ")"));
    case Kind::kAwait:
      if (move.to == move.awaited) return;
      return lines->Add(1, absl::StrCat("receive(", move.to, ")"));
    case Kind::kPause:
      return lines->Add(1, absl::StrCat("time.sleep(", Seconds(move.step.amount), ")"));
    case Kind::kSettle:
      return lines->Add(1, "time.sleep(0.01)  # for the server to read what was sent");
    case Kind::kShutdown:
      return lines->Add(1,
                        "s.shutdown(socket.SHUT_WR)  # no more to send; the answer is still due");
    case Kind::kReset:
      lines->Add(1, "s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(\"ii\", 1, 0))");
      return lines->Add(1, "s.close()  # with a reset");
    case Kind::kClose:
      return lines->Add(1, "s.close()  # whatever is still to come");
    case Kind::kExpectEof:
      return lines->Add(1, absl::StrCat("receive(", move.to, ", to_the_end=True)"));
    default:
      return;  // stall and resume: nothing is read but where it is awaited
  }
}

}  // namespace

void AddSimple(const Plan& plan, const PythonOptions& options, Lines* lines) {
  lines->Gap();
  const bool receives = plan.Has(Kind::kAwait) || plan.Has(Kind::kExpectEof);
  if (receives) AddReceive(plan, options, lines);
  lines->Gap();
  lines->Add(0, "try:");
  Lines connect;
  AddConnect(options, &connect);
  for (const absl::string_view line : absl::StrSplit(connect.text(), '\n', absl::SkipEmpty())) {
    lines->Add(1, line);
  }
  for (size_t at = 0; at < plan.moves.size();) {
    const Repeated repeated = RepeatsAt(plan, at);
    const bool loop = repeated.times * repeated.step_count > 4;
    loop ? AddLoop(plan, at, repeated, lines) : AddStep(plan, plan.moves[at], lines);
    at += loop ? repeated.times * repeated.step_count : 1;
  }
  lines->Add(0, "except OSError as error:");
  lines->Add(1, "sys.exit(f\"FAIL: {error}\")");
  lines->Add(0, "print(\"ok\")");
}

}  // namespace verbatim::python
