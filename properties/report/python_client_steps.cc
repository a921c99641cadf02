// The long form's steps of a client's script, one after the other, and how it ends.
// Not for: how it is fed and served (python_client_full.cc).
#include <sys/socket.h>

#include "absl/strings/str_cat.h"
#include "properties/report/python_client_form.h"

namespace verbatim::python {
namespace {

using Kind = Step::Kind;

class ClientSteps : private FullClientForm {
 public:
  using FullClientForm::FullClientForm;

  void Add() {
    AddClientTry(&lines_);
    lines_.AddIf(!datagrams_, 1,
                 "until(lambda: connection, 1)  # who connects at once is fed then");
    for (size_t at = 0; at < plan_.moves.size();) {
      const Repeated repeated = ClientRepeatsAt(plan_, at);
      const bool loop = repeated.times > 2;
      loop ? AddLoop(at, repeated) : AddStep(plan_.moves[at]);
      at += loop ? repeated.times * repeated.step_count : 1;
    }
    if (!plan_.Has(Kind::kExpectExit)) AddLast();
  }

 private:
  void Line(absl::string_view text) { lines_.Add(1, text); }

  void AddLoop(size_t at, const Repeated& repeated) {
    std::vector<uint64_t> counts;
    for (size_t i = 0; i < repeated.times; ++i) {
      const Move& move = plan_.moves[at + i * repeated.step_count];
      counts.push_back(move.to - move.from);
    }
    Line(absl::StrCat("for count in ", NumberList(counts), ":"));
    for (size_t i = 0; i < repeated.step_count; ++i) {
      const Step& step = plan_.moves[at + i].step;
      if (step.kind == Kind::kHold) {
        lines_.Add(2, Hold(step));
      } else {
        lines_.Add(2, step.kind == Kind::kFeed ? "feed(count)" : "reply(count)");
      }
      const Move& last = plan_.moves[at + (repeated.times - 1) * repeated.step_count + i];
      if (step.kind == Kind::kReply) replied_ = last.to;
      if (step.kind == Kind::kFeed) fed_ = last.to;
    }
  }

  static std::string Hold(const Step& step) {
    return absl::StrCat("hold(", Seconds(static_cast<int64_t>(step.amount)), ")");
  }

  void AddStep(const Move& move) {
    const Step& step = move.step;
    switch (step.kind) {
      case Kind::kFeed:
        fed_ = move.to;
        return Line(step.amount == kRest && move.late
                        ? "feed(len(DATA) - fed)"
                        : absl::StrCat("feed(", move.to - move.from, ")"));
      case Kind::kFeedEof:
        input_ended_ = true;
        return Line("client.stdin.close()");
      case Kind::kReply:
        replied_ = move.to;
        return Line(step.amount == kRest && move.late
                        ? "reply(fed - replied)"
                        : absl::StrCat("reply(", move.to - move.from, ")"));
      case Kind::kHold:
        return Line(Hold(step));
      case Kind::kStall:
        return Line("reads = False  # from here on nothing is read of the connection");
      case Kind::kResume:
        return Line("reads = True");
      case Kind::kShutdown:
      case Kind::kReset:
      case Kind::kClose:
        return AddLeave(step.kind);
      case Kind::kExpectExit:
        return AddExit(step.amount == 0);
      default:
        return;  // of servers
    }
  }

  void AddNeedBegun() {
    if (replied_ > 0) return;  // it has connected
    Line(datagrams_ ? "need(lambda: peer, \"it sends nothing\")"
                    : "need(lambda: connection, \"it does not connect\")");
  }

  void AddLeave(Kind kind) {
    AddNeedBegun();
    left_ = true;
    if (kind == Kind::kShutdown) return AddShutdown();
    const bool resets = kind == Kind::kReset;
    if (!resets && replied_ > 0 && !datagrams_) {
      Line("if not until(is_read, 0.2):  # then what was sent back may be lost");
      lines_.Add(2, "excused.append(client.stdout)");
    } else if (resets) {
      Line("excused.append(client.stdout)  # a reset may take what was sent back");
    }
    if (resets && !datagrams_) {
      Line("connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(\"ii\", 1, 0))");
    }
    Line("excused.append(connection)");
    Line("if connection in watched:");
    lines_.Add(2, "watched.remove(connection)");
    Line(resets ? "connection.close()  # with a reset" : "connection.close()");
  }

  // Whoever hears of both ends at once might take ours for an early one.
  void AddShutdown() {
    left_ = true;
    if (datagrams_) return Line("excused.append(connection)  # of datagrams there is no end");
    if (input_ended_) {
      Line("until(lambda: connection not in watched, 0.2)  # the client ends first");
    }
    Line("excused.append(connection)");
    Line("with contextlib.suppress(OSError):  # it has ended already");
    lines_.Add(2, "connection.shutdown(socket.SHUT_WR)");
  }

  // Once it has sent its FIN and all is replied, a server sends its own.
  void AddTheirEnd() {
    Line("need(lambda: connection not in watched, \"it does not end its side of the connection\")");
    Line("with contextlib.suppress(OSError):");
    lines_.Add(2, "connection.shutdown(socket.SHUT_WR)");
  }

  void AddExit(bool succeeds) {
    if (large_) Line("reads = True");
    AddNeedBegun();
    if (!left_ && !datagrams_ && input_ended_) AddTheirEnd();
    Line("need(lambda: client.poll() is not None, \"it does not end\")");
    Line("until(lambda: not watched, 0.5)  # what it left behind");
    if (rules_.complete) AddPrinted();
    Line("status = client.returncode");
    if (!input_ended_ && !left_) {
      return Line(
          absl::StrCat(rules_.complete ? "fail" : "leave",
                       "(f\"it exited with status {status} while it was fed and served\")"));
    }
    AddStatus(succeeds);
  }

  void AddStatus(bool succeeds) {
    if (rules_.status) {
      Line(succeeds ? "if status != 0:" : "if status == 0:");
      lines_.Add(2, absl::StrCat("fail(f\"it exited with status {status}, though ",
                                 succeeds ? "all" : "not all", " came back\")"));
    }
    if (rules_.status && succeeds) return;
    Line("if status in (-4, -6, -7, -8, -11, 132, 134, 135, 136, 139):");
    lines_.Add(2, "fail(f\"it crashed, with status {status}\")");
  }

  void AddPrinted() {
    Line("if printed < replied and client.stdout not in excused:");
    lines_.Add(2, absl::StrCat(rules_.complete ? "fail" : "leave",
                               "(f\"it printed {printed} bytes and no more; {replied} are due\")"));
  }

  // How it ends was not asked; but what was replied must have been printed by then.
  void AddLast() {
    if (large_) Line("reads = True");
    AddNeedBegun();
    const absl::string_view printed = "lambda: printed >= replied or client.stdout not in watched";
    // Of datagrams none tells it that all has come: it has all before its input ends.
    if (datagrams_) Line(absl::StrCat("until(", printed, ", 0.5)"));
    if (!input_ended_) {
      Line("client.stdin.close()");
      input_ended_ = true;
    }
    if (!datagrams_ && !left_ && replied_ >= fed_) {
      AddShutdown();
    } else if (!datagrams_ && !left_) {
      Line("until(lambda: printed >= replied or connection not in watched, 2)");
      Line("if connection not in watched:");
      lines_.Add(2, "with contextlib.suppress(OSError):");
      lines_.Add(3, "connection.shutdown(socket.SHUT_WR)");
    }
    Line(absl::StrCat("until(", printed, ", ", Seconds(options_.deadline_ms), ")"));
    AddPrinted();
  }

  uint64_t fed_ = 0, replied_ = 0;
  bool input_ended_ = false, left_ = false;
};

// Of the kernel, by which an early close is known to lose nothing.
void AddIsRead(const PythonOptions& options, Lines* lines) {
  lines->Add(0, "def is_read():");
  lines->Add(1,
             "\"\"\"Whether it has read, out of its kernel, all that was sent back (Linux).\"\"\"");
  if (options.endpoint.transport == Transport::kUnix) {
    lines->Add(1, "left = fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4))");
    lines->Add(1, "return not any(left)");
    return lines->Gap();
  }
  lines->Add(1, "with contextlib.suppress(OSError):");
  lines->Add(2, "theirs, ours = connection.getpeername()[1], connection.getsockname()[1]");
  lines->Add(2, "for name in \"/proc/net/tcp\", \"/proc/net/tcp6\":");
  lines->Add(3, "for row in map(str.split, open(name)):");
  lines->Add(4, "if row[1].endswith(f\":{theirs:04X}\") and row[2].endswith(f\":{ours:04X}\"):");
  lines->Add(5, "return row[4].endswith(\":00000000\")");
  lines->Add(1, "return False");
  lines->Gap();
}

}  // namespace

void AddFullClient(const Plan& plan, const PythonOptions& options, Lines* lines) {
  AddClientReads(plan, options, lines);
  AddClientServing(plan, options, lines);
  const bool streams = SocketType(options.endpoint.transport) == SOCK_STREAM;
  if (streams && plan.Has(Kind::kClose) && plan.Has(Kind::kReply)) AddIsRead(options, lines);
  ClientSteps(plan, options, lines).Add();
}

}  // namespace verbatim::python
