// The form for datagrams: a socket for each connection, and what was sent on it and has no answer.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "properties/report/python_parts.h"

namespace verbatim::python {
namespace {

using Kind = Step::Kind;

void AddAddress(const PythonOptions& options, Lines* lines) {
  lines->Gap();
  if (options.endpoint.transport == Transport::kUnixgram) {
    lines->Add(0, "family, address = socket.AF_UNIX, server[0]");
  } else {
    lines->Add(0,
               "family, _, _, _, address = socket.getaddrinfo(*server, type=socket.SOCK_DGRAM)[0]");
  }
  lines->Add(0, "connections = []");
  lines->Gap();
}

void AddSend(const PythonOptions& options, Lines* lines) {
  lines->Add(1, "def send(self, datagram):");
  lines->Add(2, absl::StrCat("end = time.monotonic() + ", Seconds(options.deadline_ms)));
  lines->Add(2, "while time.monotonic() < end:");
  lines->Add(3, "try:");
  lines->Add(4, "self.socket.sendto(datagram, address)");
  lines->Add(4, "break");
  lines->Add(3, "except BlockingIOError:  # the server's queue is full");
  lines->Add(4, "read(lambda: False, 0.001)");
  lines->Add(2, "self.sent.append(datagram)");
  lines->Add(2, "self.waiting.append(datagram)");
  lines->Gap();
}

// An answer is known by its content, in whatever order they come.
void AddTake(const PythonOptions& options, Lines* lines) {
  lines->Add(1, "def take(self):");
  lines->Add(2, "answer, source = self.socket.recvfrom(262144)");
  lines->Add(2, "if answer in self.waiting:");
  lines->Add(3, "self.waiting.remove(answer)");
  if (options.rules.once) {
    lines->Add(2, "elif answer in self.sent:");
    lines->Add(3, "self.fail(f\"datagram {self.sent.index(answer) + 1} was answered twice\")");
  }
  lines->Add(2, options.rules.once ? "else:" : "elif answer not in self.sent:");
  lines->Add(3, "self.differs(answer)");
  const bool unix_socket = options.endpoint.transport == Transport::kUnixgram;
  const auto compare = [&](bool asked, absl::string_view index) {
    if (!asked) return;
    const absl::string_view part = unix_socket ? "" : index;
    lines->Add(2, absl::StrCat("if source", part, " != address", part, ":"));
    lines->Add(3, "self.fail(f\"the answer came from {source} and not from {address}\")");
  };
  compare(options.rules.same_port, "[1]");
  if (!(unix_socket && options.rules.same_port)) compare(options.rules.same_address, "[0]");
  lines->Gap();
}

void AddDiffers(Lines* lines) {
  lines->Add(1, "def differs(self, answer):");
  lines->Add(2, "\"\"\"Says where it differs from the datagram that it is most like.\"\"\"");
  lines->Add(2, "if not self.sent:");
  lines->Add(3, "self.fail(f\"{len(answer)} bytes came, and nothing had been sent\")");
  lines->Add(2, "def same(sent):");
  lines->Add(3, "return next((i for i, (x, y) in enumerate(zip(sent, answer)) if x != y),");
  lines->Add(3, "            min(len(sent), len(answer)))");
  lines->Add(2, "sent = max(self.waiting or self.sent, key=same)");
  lines->Add(2, "at = same(sent)");
  lines->Add(2,
             "self.fail(f\"the answer to datagram {self.sent.index(sent) + 1}, of {len(sent)} "
             "bytes, has \"");
  lines->Add(2, "          f\"{len(answer)}: at offset {at}: expected {sent[at:at + 16]}, \"");
  lines->Add(2, "          f\"got {answer[at:at + 16]}\")");
  lines->Gap();
}

// What is larger than must be answered is given up.
void AddReceive(const PythonOptions& options, Lines* lines) {
  const std::string after = Seconds(options.deadline_ms);
  const bool bounded = options.rules.answered_to_bytes < kMaxDatagramBytes;
  lines->Add(1, "def receive(self):");
  lines->Add(2, "\"\"\"Reads until each datagram has its answer.\"\"\"");
  lines->Add(2, absl::StrCat("read(lambda: not self.waiting, ", after, ")"));
  lines->Add(2, "for datagram in self.waiting:");
  const std::string fail = absl::StrCat(
      "self.fail(f\"datagram {self.sent.index(datagram) + 1}, of {len(datagram)} bytes, \"");
  const std::string rest = absl::StrCat("          \"was not answered for ", after, " s\")");
  if (!options.rules.complete) {
    lines->Add(3, "print(f\"left open: no answer to one of {len(datagram)} bytes\")");
  } else {
    const int indent = bounded ? 4 : 3;
    lines->AddIf(bounded, 3,
                 absl::StrCat("if len(datagram) <= ", options.rules.answered_to_bytes, ":"));
    lines->Add(indent, fail);
    lines->Add(indent, rest);
    lines->AddIf(bounded, 3, "print(f\"left open: no answer to one of {len(datagram)} bytes\")");
  }
  lines->AddIf(bounded || !options.rules.complete, 2, "self.waiting.clear()");
  lines->Gap();
}

void AddClass(const Plan& plan, const PythonOptions& options, Lines* lines) {
  lines->Add(0, "class Connection:  # a socket of our own");
  lines->Add(1, "def __init__(self, number):");
  lines->Add(2, "self.number, self.sent, self.waiting = number, [], []");
  lines->Add(2, "self.socket = socket.socket(family, socket.SOCK_DGRAM)");
  if (options.endpoint.transport == Transport::kUnixgram) {
    lines->Add(2,
               "self.socket.bind(\"\")  # the system chooses a name, so that it can be answered");
  }
  lines->Add(2, "self.socket.setblocking(False)");
  lines->Add(2, "connections.append(self)");
  lines->Gap();
  AddSend(options, lines);
  AddTake(options, lines);
  AddDiffers(lines);
  if (plan.Has(Kind::kAwait)) AddReceive(options, lines);
  if (plan.Has(Kind::kClose)) {
    lines->Add(1, "def close(self):");
    lines->Add(2, "connections.remove(self)");
    lines->Add(2, "self.socket.close()");
    lines->Gap();
  }
  lines->Add(1, "def fail(self, what):");
  lines->Add(2, plan.Several() ? "sys.exit(f\"FAIL: on connection {self.number}: {what}\")"
                               : "sys.exit(f\"FAIL: {what}\")");
  lines->Gap();
}

void AddRead(Lines* lines) {
  lines->Add(0, "def read(done, seconds):");
  lines->Add(1, "\"\"\"Reads until `done()`, or until nothing came for so long.\"\"\"");
  lines->Add(1, "while not done():");
  lines->Add(2, "by_socket = {c.socket: c for c in connections}");
  lines->Add(2, "ready = select.select(list(by_socket), [], [], seconds)[0]");
  lines->Add(2, "if not ready:");
  lines->Add(3, "return");
  lines->Add(2, "for s in ready:");
  lines->Add(3, "by_socket[s].take()");
  lines->Gap();
}

void AddPause(Lines* lines) {
  lines->Add(0, "def wait(seconds):");
  lines->Add(1, "end = time.monotonic() + seconds");
  lines->Add(1, "while time.monotonic() < end:");
  lines->Add(2, "read(lambda: time.monotonic() >= end, max(0, end - time.monotonic()))");
  lines->Gap();
}

class DatagramSteps {
 public:
  DatagramSteps(const Plan& plan, Lines* lines) : plan_(plan), lines_(*lines) {}

  void Add() {
    lines_.Add(0, "try:");
    Open(1);
    for (size_t at = 0; at < plan_.moves.size();) {
      const Repeated repeated = RepeatsAt(plan_, at);
      if (repeated.times > 2) {
        AddLoop(at, repeated);
        at += repeated.times * repeated.step_count;
      } else {
        AddStep(plan_.moves[at++]);
      }
    }
    lines_.Add(1, "read(lambda: False, 0)  # what has come meanwhile");
    lines_.Add(0, "except OSError as error:");
    lines_.Add(1, "sys.exit(f\"FAIL: {error}\")");
    lines_.Add(0, "print(\"ok\")");
  }

 private:
  std::string Name(uint32_t connection) const {
    return plan_.Several() ? absl::StrCat("c", connection) : "c";
  }
  std::string Data(uint32_t connection) const {
    return plan_.Several() && !plan_.literal ? absl::StrCat("DATA", connection) : "DATA";
  }
  std::string Send(const Step& step, absl::string_view from, absl::string_view to) const {
    return absl::StrCat(Name(step.connection), ".send(", Data(step.connection), "[", from, ":", to,
                        "])");
  }

  void Open(uint32_t connection) {
    lines_.Add(1, absl::StrCat(Name(connection), " = Connection(", connection, ")"));
  }

  void AddLoop(size_t at, const Repeated& repeated) {
    std::string places;
    const Step& step = plan_.moves[at].step;
    for (size_t i = 0; i < repeated.times; ++i) {
      const Move& move = plan_.moves[at + i * repeated.step_count];
      absl::StrAppend(&places, i == 0 ? "" : ", ", "(", move.from, ", ", move.to, ")");
    }
    lines_.Add(1, absl::StrCat("for start, end in [", places, "]:"));
    lines_.Add(2, Send(step, "start", "end"));
    if (repeated.step_count == 2) lines_.Add(2, absl::StrCat(Name(step.connection), ".receive()"));
  }

  void AddStep(const Move& move) {
    const Step& step = move.step;
    switch (step.kind) {
      case Kind::kConnect:
        return Open(step.connection);
      case Kind::kSend:
        if (move.from == move.to) {
          return lines_.Add(1, absl::StrCat(Name(step.connection), ".send(b'')"));
        }
        return lines_.Add(1, Send(step, absl::StrCat(move.from), absl::StrCat(move.to)));
      case Kind::kAwait:
        return lines_.Add(1, absl::StrCat(Name(step.connection), ".receive()"));
      case Kind::kPause:
        return lines_.Add(1,
                          absl::StrCat("wait(", Seconds(static_cast<int64_t>(step.amount)), ")"));
      case Kind::kClose:
        return lines_.Add(1, absl::StrCat(Name(step.connection), ".close()"));
      default:
        return;  // of streams
    }
  }

  const Plan& plan_;
  Lines& lines_;
};

}  // namespace

void AddDatagrams(const Plan& plan, const PythonOptions& options, Lines* lines) {
  AddAddress(options, lines);
  AddClass(plan, options, lines);
  AddRead(lines);
  if (plan.Has(Kind::kPause)) AddPause(lines);
  DatagramSteps(plan, lines).Add();
}

}  // namespace verbatim::python
