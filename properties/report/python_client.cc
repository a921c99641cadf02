// A client's script: its arguments, where it listens, how it starts the client and ends it.
// Not for: feeding and serving it (python_client_simple.cc, python_client_full.cc).
#include <sys/socket.h>

#include "absl/strings/str_cat.h"
#include "properties/report/python_parts.h"

namespace verbatim::python {
namespace {

using Kind = Step::Kind;

bool IsDatagram(const PythonOptions& options) {
  return SocketType(options.endpoint.transport) == SOCK_DGRAM;
}

// A text of our own, as a string of Python's.
std::string Quoted(const std::string& text) { return BytesLiteral(text).substr(1); }

void AddArguments(const PythonOptions& options, Lines* lines) {
  const bool paths = IsUnix(options.endpoint.transport);
  const std::string& host = options.endpoint.host;
  lines->Add(
      0, absl::StrCat(
             "arguments = sys.argv[1:]",
             options.command.empty() ? "" : absl::StrCat(" or [", Quoted(options.command), "]")));
  lines->Add(0, absl::StrCat("if len(arguments) ", paths ? "!= 1" : "not in (1, 2)", " or not (\"",
                             paths ? "{path}" : "{port}",
                             "\" in arguments[0] or \"{endpoint}\" in arguments[0]):"));
  lines->Add(
      1, absl::StrCat("print(\"usage: python3\", sys.argv[0], \"", ClientUsage(options), ", with ",
                      paths ? "{path}" : "{port}", " or {endpoint} in COMMAND\","));
  lines->Add(1, "      file=sys.stderr)");
  lines->Add(1, "sys.exit(2)");
  lines->Gap();
  lines->Add(0, paths ? "command = arguments[0]"
                      : absl::StrCat("command, host = (arguments + [",
                                     Quoted(host.empty() ? "127.0.0.1" : host), "])[:2]"));
}

// Of a client that is far behind little shall stand in our kernel, so that it is soon noticed.
void AddListener(const Plan& plan, const PythonOptions& options, Lines* lines) {
  const Transport over = options.endpoint.transport;
  const absl::string_view name = IsDatagram(options) ? "connection" : "listener";
  if (IsUnix(over)) {
    lines->Add(0, "folder = tempfile.TemporaryDirectory()  # gone at the end");
    lines->Add(0, "path = folder.name + \"/echo\"");
    lines->Add(0, absl::StrCat(name, " = socket.socket(socket.AF_UNIX",
                               IsDatagram(options) ? ", socket.SOCK_DGRAM)" : ")"));
    lines->Add(0, absl::StrCat(name, ".bind(path)"));
    lines->AddIf(!IsDatagram(options), 0, "listener.listen()");
  } else {
    lines->Add(0, "family = socket.AF_INET6 if \":\" in host else socket.AF_INET");
    lines->Add(0, IsDatagram(options)
                      ? "connection = socket.socket(family, socket.SOCK_DGRAM)"
                      : "listener = socket.create_server((host, 0), family=family)");
    lines->AddIf(IsDatagram(options), 0, "connection.bind((host, 0))");
    lines->Add(0, absl::StrCat("port = str(", name, ".getsockname()[1])"));
  }
  if (IsDatagram(options) || plan.simple || !IsLargeForClient(plan)) return;
  lines->Add(0, "for buffer in socket.SO_RCVBUF, socket.SO_SNDBUF:");
  lines->Add(
      1, "listener.setsockopt(socket.SOL_SOCKET, buffer, 65536)  # more has to wait at the client");
}

void AddStart(const PythonOptions& options, Lines* lines) {
  const std::string scheme = absl::StrCat(TransportName(options.endpoint.transport), "://");
  if (IsUnix(options.endpoint.transport)) {
    lines->Add(
        0, absl::StrCat("command = command.replace(\"{path}\", path).replace(\"{endpoint}\", \"",
                        scheme, "\" + path)"));
  } else {
    lines->Add(0,
               absl::StrCat("endpoint = f\"", scheme, "[{host}]:{port}\" if \":\" in host else f\"",
                            scheme, "{host}:{port}\""));
    lines->Add(
        0, "for word, text in (\"{host}\", host), (\"{port}\", port), (\"{endpoint}\", endpoint):");
    lines->Add(1, "command = command.replace(word, text)");
  }
  lines->Add(0, "terms = []  # SIGTERM: until the client is ours to end, it is only noted");
  lines->Add(0, "signal.signal(signal.SIGTERM, lambda *_: terms.append(True))");
  lines->Add(0,
             "client = subprocess.Popen(command, shell=True, bufsize=0, start_new_session=True,");
  lines->Add(0, "                          stdin=subprocess.PIPE, stdout=subprocess.PIPE)");
  lines->Gap();
}

void AddEnd(const Plan& plan, const PythonOptions& options, Lines* lines) {
  lines->Add(1, "print(\"ok\")");
  if (plan.simple && plan.Has(Kind::kExpectExit)) {
    lines->Add(0, "except subprocess.TimeoutExpired:");
    lines->Add(1, absl::StrCat("sys.exit(\"FAIL: it did not end for ", Seconds(options.deadline_ms),
                               " s\")"));
  }
  lines->Add(0, "except OSError as error:");
  lines->Add(1, "sys.exit(f\"FAIL: {error} ({sent} bytes sent by it, {replied} replied)\")");
  lines->Add(0, "finally:");
  lines->Add(1, "with contextlib.suppress(ProcessLookupError):  # nobody of it is left behind");
  lines->Add(2, "os.killpg(client.pid, signal.SIGKILL)");
}

}  // namespace

std::string ClientUsage(const PythonOptions& options) {
  const std::string all =
      absl::StrCat("COMMAND", IsUnix(options.endpoint.transport) ? "" : " [HOST]");
  return options.command.empty() ? all : absl::StrCat("[", all, "]");
}

bool IsLargeForClient(const Plan& plan) {
  return plan.used_bytes > 32 * 1024 || plan.Has(Kind::kStall);
}

void AddClientTry(Lines* lines) {
  lines->Add(0, "try:");
  lines->Add(1, "signal.signal(signal.SIGTERM, lambda *_: sys.exit(\"FAIL: ended from without\"))");
  lines->Add(1, "if terms:");
  lines->Add(2, "signal.raise_signal(signal.SIGTERM)");
}

void AddClient(const Plan& plan, const PythonOptions& options, Lines* lines) {
  AddArguments(options, lines);
  AddListener(plan, options, lines);
  AddStart(options, lines);
  (plan.simple ? AddSimpleClient : AddFullClient)(plan, options, lines);
  AddEnd(plan, options, lines);
}

}  // namespace verbatim::python
