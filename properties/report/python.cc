// A script's head, its arguments and its parts in order.
// Not for: the parts themselves (python_data.cc, python_simple.cc, python_full.cc).
#include "properties/report/python.h"

#include <sys/socket.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "properties/report/plain_text.h"
#include "properties/report/python_parts.h"

namespace verbatim {
namespace python {

void Lines::Add(int indent, absl::string_view text) {
  absl::StrAppend(&text_, std::string(4 * static_cast<size_t>(indent), ' '), text, "\n");
}

void Lines::Gap() {
  if (!text_.empty() && !absl::EndsWith(text_, "\n\n")) text_ += "\n";
}

std::string NumberList(const std::vector<uint64_t>& numbers) {
  const bool equal = std::all_of(numbers.begin(), numbers.end(),
                                 [&](uint64_t number) { return number == numbers.front(); });
  if (equal && numbers.size() > 3) return absl::StrCat("[", numbers[0], "] * ", numbers.size());
  return absl::StrCat("[", absl::StrJoin(numbers, ", "), "]");
}

std::string Seconds(int64_t ms) {
  std::string text = absl::StrCat(ms / 1000);
  if (ms % 1000 == 0) return text;
  absl::StrAppend(&text, ".", absl::StrCat(ms % 1000 + 1000).substr(1));
  while (text.back() == '0') text.pop_back();
  return text;
}

}  // namespace python

namespace {

using python::Lines;
using python::Plan;
using Kind = Step::Kind;

// A comment of one line or several.
void AddComment(absl::string_view first, absl::string_view text, Lines* lines) {
  std::string line = absl::StrCat("# ", first);
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (line.size() + 1 + word.size() > 98 && line.size() > 4) {
      lines->Add(0, line);
      line = "#  ";
    }
    absl::StrAppend(&line, line.back() == ' ' && line.size() <= 2 ? "" : " ", word);
  }
  lines->Add(0, line);
}

bool IsDatagram(const PythonOptions& options) {
  return SocketType(options.endpoint.transport) == SOCK_DGRAM;
}

std::string Usage(const PythonOptions& options) {
  const absl::string_view what = IsUnix(options.endpoint.transport) ? "PATH" : "HOST PORT";
  return options.endpoint.host.empty() ? std::string(what) : absl::StrCat("[", what, "]");
}

void AddHead(const Scenario& scenario, const PythonOptions& options, Lines* lines) {
  lines->Add(0, "#!/usr/bin/env python3");
  const bool of_client = scenario.role == Role::kClient;
  AddComment(of_client ? "For an echo client:" : "For an echo server:",
             of_client ? "it has to send all that it is fed, and to print all that is sent back."
             : scenario.role == Role::kDatagramServer
                 ? "it has to answer each datagram by the same one."
                 : "it has to send back every byte that it receives.",
             lines);
  if (!options.sentence.empty()) {
    AddComment("What is asked here:", options.sentence, lines);
    if (!options.source.empty()) AddComment("  Source:", options.source, lines);
  }
  for (const std::string& seen : options.seen) {
    AddComment("What was seen:", PlainText(seen), lines);
  }
  if (!scenario.faults.empty()) {
    AddComment("Not shown here:",
               absl::StrCat("errors that the ", of_client ? "client" : "server",
                            "'s own system calls met."),
               lines);
  }
  if (options.endpoint.transport == Transport::kUdp) {
    AddComment("Mind:", "UDP may lose a datagram. Where one was not answered, run it again.",
               lines);
  }
  const std::string says = ". Says ok, or what is wrong (exit status 1).";
  if (!of_client)
    return AddComment("Usage:", absl::StrCat("python3 SCRIPT ", Usage(options), says), lines);
  AddComment("Usage:",
             absl::StrCat("python3 SCRIPT ", python::ClientUsage(options), says,
                          " COMMAND starts the client, by the shell, and has ",
                          IsUnix(options.endpoint.transport) ? "{path}" : "{host} and {port}",
                          ", or {endpoint}, where it takes the address to connect to; we listen "
                          "there."),
             lines);
}

void AddClientImports(const Plan& plan, const PythonOptions& options, Lines* lines) {
  const bool resets = plan.Has(Kind::kReset) && !IsDatagram(options);
  const bool asks = plan.Has(Kind::kClose) && options.endpoint.transport == Transport::kUnix;
  const bool waits =
      plan.simple ? plan.Has(Kind::kHold) || plan.Has(Kind::kReply) : plan.Has(Kind::kHold);
  lines->Add(
      0, absl::StrCat("import contextlib, ", asks ? "fcntl, " : "", "os, select, signal, socket, ",
                      resets ? "struct, " : "", "subprocess, sys",
                      IsUnix(options.endpoint.transport) ? ", tempfile" : "",
                      asks ? ", termios" : "", waits ? ", time" : ""));
  lines->Gap();
}

void AddImports(const Scenario& scenario, const Plan& plan, Lines* lines) {
  if (scenario.role == Role::kDatagramServer) {
    lines->Add(0, "import select, socket, sys, time");
    return lines->Gap();
  }
  const bool times = plan.Has(Kind::kPause) || plan.Has(Kind::kSettle) || plan.Has(Kind::kDrip);
  lines->Add(0,
             absl::StrCat("import ", plan.simple ? "" : "select, ", "socket, ",
                          plan.Has(Kind::kReset) ? "struct, " : "", "sys", times ? ", time" : ""));
  lines->Gap();
}

// A text of our own, as a string of Python's.
std::string Quoted(absl::string_view text) { return python::BytesLiteral(text).substr(1); }

void AddArguments(const PythonOptions& options, Lines* lines) {
  const Endpoint& endpoint = options.endpoint;
  const bool tcp = !IsUnix(endpoint.transport);  // or udp
  std::string known;
  if (!endpoint.host.empty()) {
    const std::string name =
        endpoint.transport == Transport::kUnixAbstract ? '\0' + endpoint.host : endpoint.host;
    known = absl::StrCat(" or [", Quoted(name), tcp ? ", " + Quoted(endpoint.service) : "", "]");
  }
  lines->Add(0, absl::StrCat("server = sys.argv[1:]", known));
  // A default may be a service's name.
  const bool named = !endpoint.service.empty() && !absl::ascii_isdigit(endpoint.service[0]);
  lines->Add(0, !tcp    ? "if len(server) != 1:"
                : named ? "if len(server) != 2:"
                        : "if len(server) != 2 or not server[1].isdecimal() or "
                          "int(server[1]) > 65535:");
  lines->Add(1, absl::StrCat("print(\"usage: python3\", sys.argv[0], \"", Usage(options),
                             "\", file=sys.stderr)"));
  lines->Add(1, "sys.exit(2)");
}

bool Fits(const Scenario& scenario, Transport transport) {
  if (scenario.role == Role::kClient) {
    return transport == Transport::kTcp || transport == Transport::kUdp ||
           transport == Transport::kUnix || transport == Transport::kUnixgram;
  }
  if (scenario.role == Role::kDatagramServer) {
    return transport == Transport::kUdp || transport == Transport::kUnixgram;
  }
  return transport == Transport::kTcp || transport == Transport::kUnix ||
         transport == Transport::kUnixAbstract;
}

absl::Status Problem(const Scenario& scenario, const Plan& plan, const PythonOptions& options) {
  if (plan.used_bytes > kMaxScriptBytes) {
    return absl::InvalidArgumentError("a script can send at most 256 MiB on a connection");
  }
  if (Fits(scenario, options.endpoint.transport)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      scenario.role == Role::kClient
          ? "a script listens for a client at tcp://, udp://, unix:// or unixgram://"
      : scenario.role == Role::kDatagramServer
          ? "this scenario is for datagrams: a script sends them to udp:// or unixgram://"
          : "a script connects by tcp://, unix:// or unix-abstract://");
}

}  // namespace

absl::StatusOr<std::string> EmitPython(const Scenario& scenario, const PythonOptions& given) {
  Plan plan = python::MakePlan(scenario, given.rules);
  const bool datagrams = scenario.role == Role::kDatagramServer;
  PythonOptions options = given;
  if (datagrams && options.endpoint == Endpoint()) options.endpoint.transport = Transport::kUdp;
  if (absl::Status problem = Problem(scenario, plan, options); !problem.ok()) return problem;
  Lines lines;
  AddHead(scenario, options, &lines);
  if (scenario.role == Role::kClient) {
    plan.simple = plan.simple && !IsDatagram(options);
    AddClientImports(plan, options, &lines);
    python::AddData(scenario, plan, &lines);
    python::AddClient(plan, options, &lines);
    return lines.text();
  }
  AddImports(scenario, plan, &lines);
  python::AddData(scenario, plan, &lines);
  AddArguments(options, &lines);
  (datagrams     ? python::AddDatagrams
   : plan.simple ? python::AddSimple
                 : python::AddFull)(plan, options, &lines);
  return lines.text();
}

SavedComments CommentsOf(absl::string_view text) {
  SavedComments comments;
  bool first = true;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (!absl::ConsumePrefix(&line, "#")) break;
    line = absl::StripAsciiWhitespace(line);
    if (!first && absl::ConsumePrefix(&line, "target ")) {
      comments.target = std::string(line.substr(0, line.rfind(", seed ")));
    } else if (!first && !line.empty()) {
      comments.seen.emplace_back(line);
    }
    first = false;
  }
  return comments;
}

}  // namespace verbatim
