// What a script says, as text: no Python is needed.
// Not for: what it does (python_play_test.cc).
#include "properties/report/python.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "properties/report/emitted_test.h"
#include "properties/report/python_parts.h"

namespace verbatim {
namespace {

bool IsShort(absl::string_view script) { return !absl::StrContains(script, "class Connection"); }

constexpr absl::string_view kGolden = R"py(#!/usr/bin/env python3
# For an echo server: it has to send back every byte that it receives.
# What is asked here: One byte comes back without more being sent.
#   Source: RFC 862
# What was seen: withheld: 3 bytes from offset 0 of connection 1 on did not come for 2000 ms, the
#   connection stayed open
# Usage: python3 SCRIPT [HOST PORT]. Says ok, or what is wrong (exit status 1).
import socket, sys, time

DATA = b'GET\r\n\'\x00\xff'
server = sys.argv[1:] or ['::1', '7']
if len(server) != 2 or not server[1].isdecimal() or int(server[1]) > 65535:
    print("usage: python3", sys.argv[0], "[HOST PORT]", file=sys.stderr)
    sys.exit(2)

def receive(count):
    """Reads until the first `count` bytes of DATA have come back."""
    global got
    while got < count:
        try:
            piece = s.recv(65536)
        except socket.timeout:
            sys.exit(f"FAIL: {count - got} bytes missing after 2 s, from offset {got} on")
        if not piece:
            sys.exit(f"FAIL: ended {count - got} bytes early, at offset {got}")
        due = DATA[got:min(count, got + len(piece))]
        if piece != due:
            at = next(i for i, x in enumerate(piece) if due[i:i + 1] != bytes([x]))
            expected, seen = due[at:at + 16], piece[at:at + 16]
            sys.exit(f"FAIL: at offset {got + at}: expected {expected}, got {seen}")
        got += len(piece)

try:
    s = socket.create_connection(server, 15)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # send at once
    s.settimeout(2)
    got = 0  # bytes that have come back
    s.sendall(DATA[0:3])
    receive(3)
    time.sleep(0.01)
    s.sendall(DATA[3:8])
    s.shutdown(socket.SHUT_WR)  # no more to send; the answer is still due
    receive(8)
except OSError as error:
    sys.exit(f"FAIL: {error}")
print("ok")
)py";

TEST(EmitPython, AFewStepsAreAShortScriptThatTellsAStrangerWhatItIs) {
  PythonOptions options;
  options.sentence = "One byte comes back without more being sent.";
  options.source = "RFC 862";
  options.seen = {
      "withheld: 3 bytes from offset 0 of connection 1 on did not come for 2000 ms, the "
      "connection stayed open"};
  options.endpoint = *Endpoint::Parse("tcp://[::1]:7");
  EXPECT_EQ(Emitted("payload \"GET\\r\\n'\\x00\\xff\"\nsend 3\nawait\npause 10ms\nsend rest\n"
                    "shutdown\nawait\n",
                    options),
            kGolden);
}

constexpr absl::string_view kGoldenDatagrams = R"py(#!/usr/bin/env python3
# For an echo server: it has to answer each datagram by the same one.
# What is asked here: A datagram comes back whole.
#   Source: RFC 862
# Mind: UDP may lose a datagram. Where one was not answered, run it again.
# Usage: python3 SCRIPT [HOST PORT]. Says ok, or what is wrong (exit status 1).
import select, socket, sys, time

DATA = b'GET\r\n'
server = sys.argv[1:] or ['127.0.0.1', '7']
if len(server) != 2 or not server[1].isdecimal() or int(server[1]) > 65535:
    print("usage: python3", sys.argv[0], "[HOST PORT]", file=sys.stderr)
    sys.exit(2)

family, _, _, _, address = socket.getaddrinfo(*server, type=socket.SOCK_DGRAM)[0]
connections = []

class Connection:  # a socket of our own
    def __init__(self, number):
        self.number, self.sent, self.waiting = number, [], []
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        connections.append(self)

    def send(self, datagram):
        end = time.monotonic() + 2
        while time.monotonic() < end:
            try:
                self.socket.sendto(datagram, address)
                break
            except BlockingIOError:  # the server's queue is full
                read(lambda: False, 0.001)
        self.sent.append(datagram)
        self.waiting.append(datagram)

    def take(self):
        answer, source = self.socket.recvfrom(262144)
        if answer in self.waiting:
            self.waiting.remove(answer)
        elif answer not in self.sent:
            self.differs(answer)

    def differs(self, answer):
        """Says where it differs from the datagram that it is most like."""
        if not self.sent:
            self.fail(f"{len(answer)} bytes came, and nothing had been sent")
        def same(sent):
            return next((i for i, (x, y) in enumerate(zip(sent, answer)) if x != y),
                        min(len(sent), len(answer)))
        sent = max(self.waiting or self.sent, key=same)
        at = same(sent)
        self.fail(f"the answer to datagram {self.sent.index(sent) + 1}, of {len(sent)} bytes, has "
                  f"{len(answer)}: at offset {at}: expected {sent[at:at + 16]}, "
                  f"got {answer[at:at + 16]}")

    def receive(self):
        """Reads until each datagram has its answer."""
        read(lambda: not self.waiting, 2)
        for datagram in self.waiting:
            self.fail(f"datagram {self.sent.index(datagram) + 1}, of {len(datagram)} bytes, "
                      "was not answered for 2 s")

    def close(self):
        connections.remove(self)
        self.socket.close()

    def fail(self, what):
        sys.exit(f"FAIL: {what}")

def read(done, seconds):
    """Reads until `done()`, or until nothing came for so long."""
    while not done():
        by_socket = {c.socket: c for c in connections}
        ready = select.select(list(by_socket), [], [], seconds)[0]
        if not ready:
            return
        for s in ready:
            by_socket[s].take()

def wait(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        read(lambda: time.monotonic() >= end, max(0, end - time.monotonic()))

try:
    c = Connection(1)
    c.send(b'')
    c.send(DATA[0:3])
    c.receive()
    c.send(DATA[3:5])
    wait(0.01)
    c.receive()
    c.close()
    read(lambda: False, 0)  # what has come meanwhile
except OSError as error:
    sys.exit(f"FAIL: {error}")
print("ok")
)py";

TEST(EmitPython, DatagramsAreSentFromASocketForEachConnection) {
  PythonOptions options;
  options.sentence = "A datagram comes back whole.";
  options.source = "RFC 862";
  options.endpoint = *Endpoint::Parse("udp://127.0.0.1:7");
  EXPECT_EQ(Emitted("role datagram-server\npayload \"GET\\r\\n\"\nsend 0\nsend 3\nawait\nsend "
                    "rest\npause 10ms\nawait\nclose\n",
                    options),
            kGoldenDatagrams);
}

TEST(EmitPython, OfDatagramsWhatTheRulesAskIsCompared) {
  const absl::string_view lines = "role datagram-server\npayload \"a\"\nsend 1\nawait\n";
  PythonOptions options;
  EXPECT_FALSE(absl::StrContains(Emitted(lines, options), "source["));
  EXPECT_FALSE(absl::StrContains(Emitted(lines, options), "left open"));
  options.rules = {.answered_to_bytes = 548, .once = true, .same_port = true, .same_address = true};
  const std::string script = Emitted(lines, options);
  for (const char* part : {"if len(datagram) <= 548:", "left open", "was answered twice",
                           "if source[1] != address[1]:", "if source[0] != address[0]:"}) {
    EXPECT_TRUE(absl::StrContains(script, part)) << part << script;
  }
  options.endpoint = *Endpoint::Parse("unixgram:///run/echo");
  const std::string unix_script = Emitted(lines, options);
  EXPECT_TRUE(absl::StrContains(unix_script, "if source != address:")) << unix_script;
  EXPECT_TRUE(absl::StrContains(unix_script, "or ['/run/echo']\n")) << unix_script;
  EXPECT_TRUE(absl::StrContains(unix_script, "SCRIPT [PATH]. Says")) << unix_script;
}

TEST(EmitPython, OfDatagramsWithoutAnEndpointItIsUdpAndAStreamsIsRefused) {
  const absl::string_view lines = "role datagram-server\npayload \"a\"\nsend 1\nawait\n";
  EXPECT_TRUE(absl::StrContains(Emitted(lines), "python3 SCRIPT HOST PORT. Says"));
  PythonOptions options;
  for (const char* endpoint : {"tcp://127.0.0.1:7", "unix:///run/echo", "icmp://127.0.0.1"}) {
    options.endpoint = *Endpoint::Parse(endpoint);
    const absl::Status status = EmitPython(ScenarioOf(lines), options).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << endpoint;
    EXPECT_TRUE(absl::StrContains(status.message(), "udp:// or unixgram://")) << status;
  }
}

TEST(EmitPython, WithoutAnEndpointTheArgumentsAreNeeded) {
  const std::string script = Emitted("payload \"a\"\nsend 1\nawait\n");
  EXPECT_TRUE(absl::StrContains(script, "\nserver = sys.argv[1:]\n")) << script;
  EXPECT_TRUE(absl::StrContains(script, "python3 SCRIPT HOST PORT. Says")) << script;
}

TEST(EmitPython, AUnixSocketIsAPathAndAnAbstractOneBeginsWithAZero) {
  PythonOptions options;
  options.endpoint = *Endpoint::Parse("unix:///run/it's.sock");
  EXPECT_TRUE(absl::StrContains(Emitted("payload \"a\"\nsend 1\nawait\n", options),
                                "\nserver = sys.argv[1:] or ['/run/it\\'s.sock']\n"));
  options.endpoint = *Endpoint::Parse("unix-abstract://echo");
  EXPECT_TRUE(absl::StrContains(Emitted("payload \"a\"\nsend 1\nawait\n", options),
                                "\nserver = sys.argv[1:] or ['\\x00echo']\n"));
}

TEST(EmitPython, WhatAScriptCannotPlayIsRefused) {
  PythonOptions options;
  EXPECT_TRUE(absl::IsInvalidArgument(
      EmitPython(ScenarioOf("payload coded 268435457 seed 1\nsend rest\n"), options).status()));
  options.endpoint = *Endpoint::Parse("udp://127.0.0.1:7");
  EXPECT_TRUE(absl::IsInvalidArgument(
      EmitPython(ScenarioOf("payload coded 9 seed 1\nsend rest\n"), options).status()));
}

TEST(EmitPython, OfALargePayloadOnlyWhatIsSentCounts) {
  EXPECT_TRUE(IsShort(Emitted("payload coded 1099511627776 seed 1\nsend 9\nawait\n")));
}

TEST(EmitPython, FaultsAreSaidToBeMissing) {
  const std::string script = Emitted("payload \"a\"\nsend 1\nawait\nfault recv EINTR\n");
  EXPECT_TRUE(absl::StrContains(script, "# Not shown here: errors")) << script;
}

TEST(EmitPython, IsShortOnlyWhereNobodyCanHaveToWaitAndAllIsJudged) {
  EXPECT_TRUE(IsShort(Emitted("payload coded 32768 seed 1\nstall\nsend rest\nresume\nawait\n")));
  EXPECT_FALSE(IsShort(Emitted("payload coded 32769 seed 1\nsend rest\nawait\n")));
  EXPECT_FALSE(IsShort(Emitted("payload coded 9 seed 1\nsend rest\nawait\npause 9ms\n")));
  EXPECT_FALSE(IsShort(Emitted("payload coded 9 seed 1\nsend rest ahead 4\nawait\n")));
  EXPECT_FALSE(IsShort(Emitted("payload coded 9 seed 1\ndrip 1\nsend rest\nawait\n")));
  EXPECT_FALSE(IsShort(Emitted("payload coded 9 seed 1\n@2 connect\nsend rest\nawait\n")));
  PythonOptions options;
  options.rules.complete = false;
  EXPECT_FALSE(IsShort(Emitted("payload coded 9 seed 1\nsend rest\nawait\n", options)));
}

TEST(EmitPython, StepsThatRecurAreALoop) {
  std::string lines = "payload coded 100 seed 1\n";
  for (int i = 0; i < 100; ++i) lines += "send 1\nawait\n";
  EXPECT_TRUE(absl::StrContains(Emitted(lines),
                                "    for start in range(0, 100, 1):\n"
                                "        s.sendall(DATA[start:start + 1])\n"
                                "        receive(start + 1)\n"));
  EXPECT_TRUE(absl::StrContains(Emitted(lines + "@2 connect\n"),
                                "\nfor count in [1] * 100:\n"
                                "    c1.send(count)\n"
                                "    c1.receive()\n"));
}

TEST(EmitPython, WhatATargetSaidCannotLeaveItsComment) {
  PythonOptions options;
  options.seen = {"it said \r\nimport os \x1b[2J"};
  const std::string script = Emitted("payload \"a\"\nsend 1\nawait\n", options);
  EXPECT_FALSE(absl::StrContains(script, "\nimport os")) << script;
  EXPECT_EQ(script.find_first_of("\r\x1b"), std::string::npos);
}

TEST(CommentsOf, AreTheTargetAndWhatWasSeen) {
  const SavedComments comments = CommentsOf(
      "# verbatim scenario 1\n# target tcp://127.0.0.1:7, seed 3\n# withheld: 1 byte\n#more\n"
      "payload \"a\" # not this\n# nor this\n");
  EXPECT_EQ(comments.target, "tcp://127.0.0.1:7");
  EXPECT_EQ(comments.seen, (std::vector<std::string>{"withheld: 1 byte", "more"}));
  EXPECT_EQ(CommentsOf("").target, "");
}

TEST(Seconds, HaveNoMoreDigitsThanTheyNeed) {
  EXPECT_EQ(python::Seconds(2000), "2");
  EXPECT_EQ(python::Seconds(10), "0.01");
  EXPECT_EQ(python::Seconds(1500), "1.5");
  EXPECT_EQ(python::Seconds(60'001), "60.001");
}

}  // namespace
}  // namespace verbatim
