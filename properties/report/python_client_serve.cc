// The long form's other half: a client is fed and served, while what it sends is taken in.
// Not for: taking it in (python_client_full.cc), or when it is fed what (python_client_steps.cc).
#include "absl/strings/str_cat.h"
#include "properties/report/python_client_form.h"

namespace verbatim::python {
namespace {

using Kind = Step::Kind;

class ClientReplies : private FullClientForm {
 public:
  using FullClientForm::FullClientForm;

  void Add() {
    if (Has(Kind::kFeed)) AddFeed();
    if (!Has(Kind::kReply)) return;
    AddAnswer();
    AddReply();
  }

 private:
  void AddFeed() {
    if (large_) return AddLargeFeed();
    lines_.Add(0, "def feed(count):");
    lines_.Add(1, "global fed");
    lines_.Add(1, "try:");
    lines_.Add(2, "client.stdin.write(DATA[fed:fed + count])");
    lines_.Add(2, "fed += count");
    lines_.Add(1, "except BrokenPipeError:");
    lines_.Add(2, "if not excused:");
    lines_.Add(3, absl::StrCat(Missing(), "(f\"it closed its input at offset {fed}\")"));
    lines_.Gap();
  }

  // Who is not read from, or was left, may stop taking more: the rest is for a later feed.
  void AddLargeFeed() {
    const bool answers = Has(Kind::kReply);
    lines_.Add(0, "def feed(count):");
    lines_.Add(
        1,
        "\"\"\"Feeds its input. Who takes no more for 0.1 s may wait for an answer, and gets "
        "it.\"\"\"");
    lines_.Add(1, "global fed");
    lines_.Add(1, "end, patience = min(fed + count, len(DATA)), 0.1");
    lines_.Add(1, "while fed < end:");
    lines_.Add(2, "try:");
    lines_.Add(3, "fed += os.write(client.stdin.fileno(), DATA[fed:min(end, fed + 65536)])");
    lines_.Add(3, "turn(0)");
    lines_.Add(2, "except BrokenPipeError:");
    lines_.Add(3, "if excused:");
    lines_.Add(4, "return");
    lines_.Add(3, absl::StrCat(Missing(), "(f\"it closed its input at offset {fed}\")"));
    lines_.Add(2, "except BlockingIOError:");
    lines_.Add(3, "if turn(patience if reads and not excused else 0.5, [client.stdin]):");
    lines_.Add(4, "continue");
    lines_.Add(3, "if excused or not reads:");
    lines_.Add(4, "return  # fed until it took no more");
    lines_.AddIf(answers, 3, "if sent > replied and answer(sent):");
    lines_.AddIf(answers, 4, "patience = 0");
    lines_.Add(
        3, absl::StrCat(answers ? "elif" : "if", " not turn(", Wait(), " if ", Begun(), " else ",
                        Seconds(options_.connect_deadline_ms), ", [client.stdin]):"));
    lines_.Add(4, absl::StrCat(Missing(), "(f\"it takes no more of its input at offset {fed}\")"));
    lines_.Gap();
  }

  void AddAnswer() {
    lines_.Add(0, "def answer(end):");
    lines_.Add(1,
               large_ && !datagrams_
                   ? "\"\"\"Sends back what has come, up to `end`, as far as that can go now.\"\"\""
                   : "\"\"\"Sends back what has come, up to `end`.\"\"\"");
    lines_.Add(1, "global replied");
    if (datagrams_) {
      lines_.Add(1, "while waiting and replied < end:  # each as it came");
      lines_.Add(2, "connection.sendto(waiting[0], peer)");
      lines_.Add(2, "replied += len(waiting.pop(0))");
    } else if (!large_) {
      lines_.Add(1, "connection.sendall(DATA[replied:min(sent, end)])");
      lines_.Add(1, "replied = min(sent, end)");
    } else {
      lines_.Add(1, "try:");
      lines_.Add(2, "replied += connection.send(DATA[replied:min(sent, end, replied + 65536)])");
      lines_.Add(1, "except BlockingIOError:");
      lines_.Add(2, "return False");
    }
    lines_.AddIf(large_, 1, "return True");
    lines_.Gap();
  }

  void AddReply() {
    const bool full = large_ && !datagrams_;
    lines_.Add(0, "def reply(count):");
    lines_.Add(
        1,
        "\"\"\"Sends back the next bytes once they have come; if no more come for 0.1 s, those "
        "that have.\"\"\"");
    lines_.AddIf(full, 1, "global reads");
    lines_.Add(1, "end, patience = min(replied + count, fed), 0.1");
    lines_.Add(1, "until(lambda: False, 0.02)  # so that it reads one reply before the next");
    lines_.Add(1, "while replied < end:");
    if (rules_.complete || datagrams_) {
      lines_.Add(2, absl::StrCat("need(lambda: sent > replied, \"it sends no more\"",
                                 rules_.complete ? ")" : ", leave)"));
    } else {
      lines_.Add(2, "need(lambda: sent > replied or connection and connection not in watched,");
      lines_.Add(2, "     \"it sends no more\", leave)");
      lines_.Add(2, "if sent == replied:");
      lines_.Add(3, "return");
    }
    lines_.Add(2, full ? "if end - replied <= 65536 and not until(lambda: sent >= end, patience):"
                       : "if not until(lambda: sent >= end, patience):");
    lines_.Add(3, "patience = 0");
    if (!full) {
      lines_.Add(2, "answer(end)");
      return lines_.Gap();
    }
    lines_.Add(2, "if answer(end):");
    lines_.Add(3, "continue");
    lines_.Add(
        2,
        "reads = sent < replied + 262144  # an echo takes no more while nobody reads its answers");
    lines_.Add(2, absl::StrCat("if not turn(", Wait(), ", [connection]):"));
    lines_.Add(3, absl::StrCat(Missing(),
                               "(f\"it does not read what is sent back, at offset {replied}\")"));
    lines_.Add(2, "reads = True");
    lines_.Gap();
  }
};

}  // namespace

void AddClientServing(const Plan& plan, const PythonOptions& options, Lines* lines) {
  ClientReplies(plan, options, lines).Add();
}

}  // namespace verbatim::python
