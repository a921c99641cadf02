// The long form's steps: what each connection does, one after the other.
// Not for: how a connection does it (python_connection.cc).
#include "absl/strings/str_cat.h"
#include "properties/report/python_parts.h"

namespace verbatim::python {
namespace {

using Kind = Step::Kind;

class StreamSteps {
 public:
  StreamSteps(const Plan& plan, Lines* lines) : plan_(plan), lines_(*lines) {}

  void Add() {
    AddOpen(1);
    for (size_t at = 0; at < plan_.moves.size();) {
      const Repeated repeated = RepeatsAt(plan_, at);
      const bool loop = repeated.times * repeated.step_count > 4;
      loop ? AddLoop(at, repeated) : AddStep(plan_.moves[at]);
      at += loop ? repeated.times * repeated.step_count : 1;
    }
    lines_.Add(0, "pump(0)");
    lines_.Add(0, "print(\"ok\")");
  }

 private:
  bool Has(Kind kind) const { return plan_.Has(kind); }
  std::string Name(uint32_t connection) const {
    return plan_.Several() ? absl::StrCat("c", connection) : "c";
  }

  void AddOpen(uint32_t connection) {
    const std::string name = Name(connection);
    lines_.Add(0, !plan_.Several() ? absl::StrCat(name, " = Connection(DATA)")
                  : plan_.literal  ? absl::StrCat(name, " = Connection(", connection, ", DATA)")
                                   : absl::StrCat(name, " = Connection(", connection, ", DATA",
                                                  connection, ")"));
  }

  static std::string Ahead(const Step& step) {
    return step.ahead == 0 ? ")" : absl::StrCat(", ahead=", step.ahead, ")");
  }

  void AddLoop(size_t at, const Repeated& repeated) {
    std::vector<uint64_t> counts;
    const Move& first = plan_.moves[at];
    const std::string name = Name(first.step.connection);
    for (size_t i = 0; i < repeated.times; ++i) {
      const Move& move = plan_.moves[at + i * repeated.step_count];
      counts.push_back(move.to - move.from);
    }
    lines_.Add(0, absl::StrCat("for count in ", NumberList(counts), ":"));
    lines_.Add(1, absl::StrCat(name, ".send(count", Ahead(first.step)));
    if (repeated.step_count == 1) return;
    const Kind next = plan_.moves[at + 1].step.kind;
    lines_.Add(1, next == Kind::kAwait ? absl::StrCat(name, ".receive()")
                                       : "wait(0.01)  # for the server to read it");
  }

  void AddStep(const Move& move) {
    const Step& step = move.step;
    const std::string name = Name(step.connection);
    switch (step.kind) {
      case Kind::kConnect:
        return AddOpen(step.connection);
      case Kind::kSend:
        if (step.amount == kRest && move.late) {
          return lines_.Add(
              0, absl::StrCat(name, ".send(len(", name, ".data) - ", name, ".sent", Ahead(step)));
        }
        return lines_.Add(0, absl::StrCat(name, ".send(", move.to - move.from, Ahead(step)));
      case Kind::kAwait:
        return lines_.Add(0, absl::StrCat(name, ".receive()"));
      case Kind::kPause:
        return lines_.Add(0, absl::StrCat("wait(", Seconds(step.amount), ")"));
      case Kind::kSettle:
        return lines_.Add(0, "wait(0.01)  # for the server to read what was sent");
      case Kind::kStall:
        lines_.Add(0, absl::StrCat(name, ".reads = False  # from here on nothing is read"));
        return Most(name, "65536", "");
      case Kind::kResume:
        if (Has(Kind::kStall)) lines_.Add(0, absl::StrCat(name, ".reads = True  # reads again"));
        return Most(name, "65536", "");
      case Kind::kDrip:
        return Most(name, absl::StrCat(step.amount), "  # reads so many bytes a millisecond");
      case Kind::kShutdown:
        return lines_.Add(0, absl::StrCat(name, ".finish()"));
      case Kind::kReset:
        return lines_.Add(0, absl::StrCat(name, ".reset()"));
      case Kind::kClose:
        return lines_.Add(0, absl::StrCat(name, ".socket.close()  # whatever is still to come"));
      case Kind::kExpectEof:
        return lines_.Add(0, absl::StrCat(name, ".expect_end()"));
      default:
        return;
    }
  }

  void Most(const std::string& name, absl::string_view bytes, absl::string_view comment) {
    if (Has(Kind::kDrip)) lines_.Add(0, absl::StrCat(name, ".most = ", bytes, comment));
  }

  const Plan& plan_;
  Lines& lines_;
};

}  // namespace

void AddFull(const Plan& plan, const PythonOptions& options, Lines* lines) {
  AddConnection(plan, options, lines);
  StreamSteps(plan, lines).Add();
}

}  // namespace verbatim::python
