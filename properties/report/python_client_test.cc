// What a client's script says, as text: no Python is needed.
// Not for: what it does (python_client_play_test.cc), or servers (python_test.cc).
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "properties/report/emitted_test.h"

namespace verbatim {
namespace {

constexpr absl::string_view kGoldenClient = R"py(#!/usr/bin/env python3
# For an echo client: it has to send all that it is fed, and to print all that is sent back.
# What is asked here: A reply that comes in pieces is printed whole and in order.
#   Source: RFC 9293 §3.7 (a TCP may segment as it likes)
# Usage: python3 SCRIPT COMMAND [HOST]. Says ok, or what is wrong (exit status 1). COMMAND starts
#   the client, by the shell, and has {host} and {port}, or {endpoint}, where it takes the address
#   to connect to; we listen there.
import contextlib, os, select, signal, socket, subprocess, sys, time

DATA = b'GET\r\n'
arguments = sys.argv[1:]
if len(arguments) not in (1, 2) or not ("{port}" in arguments[0] or "{endpoint}" in arguments[0]):
    print("usage: python3", sys.argv[0], "COMMAND [HOST], with {port} or {endpoint} in COMMAND",
          file=sys.stderr)
    sys.exit(2)

command, host = (arguments + ['127.0.0.1'])[:2]
family = socket.AF_INET6 if ":" in host else socket.AF_INET
listener = socket.create_server((host, 0), family=family)
port = str(listener.getsockname()[1])
endpoint = f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}"
for word, text in ("{host}", host), ("{port}", port), ("{endpoint}", endpoint):
    command = command.replace(word, text)
terms = []  # SIGTERM: until the client is ours to end, it is only noted
signal.signal(signal.SIGTERM, lambda *_: terms.append(True))
client = subprocess.Popen(command, shell=True, bufsize=0, start_new_session=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE)

sent = replied = printed = 0  # bytes of DATA

def take(source, what, at, end, seconds):
    """Reads what comes in time: DATA from `at` on, up to `end` at most. Returns where that ends."""
    piece = b""
    if select.select([source], [], [], seconds)[0]:
        with contextlib.suppress(ConnectionError):  # a reset is an end
            piece = os.read(source.fileno(), 65536)
    due = DATA[at:min(end, at + len(piece))]
    if piece != due:
        i = next(i for i, x in enumerate(piece) if due[i:i + 1] != bytes([x]))
        expected, got = due[i:i + 16], piece[i:i + 16]
        sys.exit(f"FAIL: at offset {at + i} of what it {what}: expected {expected}, got {got}")
    return at + len(piece)

def reply(end):
    """Sends DATA back up to `end` once it has come; if no more comes for 0.1 s, what has."""
    global sent, replied
    time.sleep(0.02)  # so that it reads one reply before the next
    patience = 0.1
    while replied < end:
        before = sent
        if sent < end:
            sent = take(connection, "sent", sent, len(DATA), patience if sent > replied else 2)
        if sent == replied:
            sys.exit(f"FAIL: it sent {sent} bytes and no more; {end} are due")
        if sent == before or sent >= end:
            connection.sendall(DATA[replied:min(sent, end)])
            replied, patience = min(sent, end), 0

try:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("FAIL: ended from without"))
    if terms:
        signal.raise_signal(signal.SIGTERM)
    client.stdin.write(DATA)
    if listener not in select.select([listener, client.stdout], [], [], 15)[0]:
        sys.exit("FAIL: it did not connect")
    connection = listener.accept()[0]
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # send at once
    connection.settimeout(2)
    reply(1)
    reply(5)
    client.stdin.close()
    sent = take(connection, "sent", sent, len(DATA), 0.2)  # the client ends first
    with contextlib.suppress(OSError):  # it has left
        connection.shutdown(socket.SHUT_WR)
    while printed < replied:
        before = printed
        printed = take(client.stdout, "printed", printed, replied, 2)
        if printed == before:
            sys.exit(f"FAIL: it printed {printed} bytes and no more; {replied} are due")
    status = client.wait(2)
    if status != 0:
        sys.exit(f"FAIL: it exited with status {status}, though all came back")
    take(client.stdout, "printed", printed, replied, 0.1)  # nothing else
    take(connection, "sent", sent, len(DATA), 0)
    print("ok")
except subprocess.TimeoutExpired:
    sys.exit("FAIL: it did not end for 2 s")
except OSError as error:
    sys.exit(f"FAIL: {error} ({sent} bytes sent by it, {replied} replied)")
finally:
    with contextlib.suppress(ProcessLookupError):  # nobody of it is left behind
        os.killpg(client.pid, signal.SIGKILL)
)py";

TEST(EmitPythonForClients, AClientIsStartedFedAndServedByAShortScript) {
  PythonOptions options;
  options.sentence = "A reply that comes in pieces is printed whole and in order.";
  options.source = "RFC 9293 §3.7 (a TCP may segment as it likes)";
  EXPECT_EQ(Emitted("role client\npayload \"GET\\r\\n\"\nfeed rest\nreply 1\nreply rest\nfeed eof\n"
                    "shutdown\nexpect output exact, status 0\n",
                    options),
            kGoldenClient);
}

bool IsShortForClients(absl::string_view script) { return !absl::StrContains(script, "def turn("); }

TEST(EmitPythonForClients, AClientsScriptIsShortWhereLittleIsFedAndAllIsJudged) {
  const std::string few = "role client\npayload coded 9 seed 1\nfeed rest\nreply rest\n";
  EXPECT_TRUE(IsShortForClients(Emitted(few)));
  EXPECT_TRUE(IsShortForClients(Emitted("role client\npayload \"\"\n")));
  for (const char* more :
       {"reset\n", "close\n", "stall\n", "feed eof\nexpect output exact, status 0\n"}) {
    EXPECT_FALSE(IsShortForClients(Emitted(few + more))) << more;
  }
  EXPECT_FALSE(IsShortForClients(
      Emitted("role client\npayload coded 32769 seed 1\nfeed rest\nreply rest\n")));
  PythonOptions options;
  options.rules.status = false;
  EXPECT_FALSE(IsShortForClients(Emitted(few, options)));
}

TEST(EmitPythonForClients, AClientsStepsThatRecurAreALoop) {
  std::string lines = "role client\npayload coded 100 seed 1\n";
  for (int i = 0; i < 100; ++i) lines += "feed 1\nhold 5ms\nreply 1\n";
  EXPECT_TRUE(absl::StrContains(Emitted(lines),
                                "    for start in range(0, 100, 1):\n"
                                "        client.stdin.write(DATA[start:start + 1])\n"
                                "        time.sleep(0.005)\n"
                                "        reply(start + 1)\n"));
  EXPECT_TRUE(absl::StrContains(Emitted(lines + "close\n"),
                                "    for count in [1] * 100:\n"
                                "        feed(count)\n"
                                "        hold(0.005)\n"
                                "        reply(count)\n"));
}

TEST(EmitPythonForClients, AClientIsToldWhereToConnectInTheWordsOfItsTransport) {
  const absl::string_view lines = "role client\npayload \"a\"\nfeed 1\nreply 1\n";
  PythonOptions options;
  options.endpoint = *Endpoint::Parse("udp://[::1]:7");
  const std::string udp = Emitted(lines, options);
  for (const char* part :
       {"SCRIPT COMMAND [HOST]. Says", "+ ['::1'])[:2]", "f\"udp://[{host}]:{port}\""}) {
    EXPECT_TRUE(absl::StrContains(udp, part)) << part << udp;
  }
  options.endpoint = *Endpoint::Parse("unixgram:///any");
  options.command = "./it's {path}";
  const std::string path = Emitted(lines, options);
  for (const char* part :
       {"SCRIPT [COMMAND]. Says", " or ['./it\\'s {path}']\n",
        ".replace(\"{path}\", path).replace(\"{endpoint}\", \"unixgram://\" + path)",
        "without a name"}) {
    EXPECT_TRUE(absl::StrContains(path, part)) << part << path;
  }
  for (const char* endpoint : {"unix-abstract://a", "icmp://127.0.0.1"}) {
    options.endpoint = *Endpoint::Parse(endpoint);
    const absl::Status status = EmitPython(ScenarioOf(lines), options).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << endpoint;
    EXPECT_TRUE(absl::StrContains(status.message(), "listens for a client at tcp://")) << status;
  }
}

}  // namespace
}  // namespace verbatim
