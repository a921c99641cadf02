// Scripts that are run: they pass on sound servers, fail on those with a defect, and send the bytes
// that the scenario sends. Skipped where there is no python3.
// Not for: their text (python_test.cc).
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "properties/generate/scenarios.h"
#include "properties/report/python.h"
#include "properties/report/script_test.h"
#include "properties/scenario/text.h"
#include "properties/stage/socket/shell_test.h"
#include "properties/stage/socket/target.h"
#include "properties/stage/socket/test_server.h"

namespace verbatim {
namespace {

class PlayedScript : public ScriptTest {
 protected:
  Ran Play(absl::string_view lines, const SocketAddress& address, PythonOptions options = {}) {
    const auto scenario = ParseScenario(absl::StrCat("# verbatim scenario 1\n", lines));
    EXPECT_TRUE(scenario.ok()) << scenario.status() << lines;
    return Shell(absl::StrCat("timeout 60 python3 ", Save(*scenario, options), " 127.0.0.1 ",
                              address.port()));
  }
};

std::unique_ptr<Target> Started(const std::string& command,
                                Target::Over over = Target::Over::kTcp) {
  auto target = Target::Spawned(command, over);
  EXPECT_TRUE(target.ok() && (*target)->Prepare(30'000).ok()) << command;
  return *std::move(target);
}

std::unique_ptr<Target> Serve(const std::string& which, Target::Over over = Target::Over::kTcp) {
  return Started(
      absl::StrCat("exec ", ShellQuote(VERBATIM_PROGRAM), " serve ", which, " {endpoint}"), over);
}

constexpr absl::string_view kSound[] = {
    "payload \"GET\\r\\n\"\nsend 3\nawait\npause 5ms\nsend rest\nshutdown\nawait\nexpect eof\n",
    "payload coded 32768 seed 3\nsend 1\nsettle\nsend 2\nsettle\nsend 1000\nsend rest\nawait\n",
    "payload coded 300 seed 3 overlay nonewline\nsend rest\nawait\nreset\n",
    "payload coded 200000 seed 3 overlay crlf-at-cuts\nsend 70000 ahead 32768\nsend rest ahead "
    "32768\nawait\n",
    "payload coded 1000000 seed 3\nsend rest\nawait\nshutdown\nexpect eof\n",
    "payload coded 2000000 seed 3 overlay tokens\nstall\nsend rest\nresume\nawait\n",
    "payload coded 100000 seed 3\nstall\nsend rest\nshutdown\nresume\ndrip 9000\nawait\nexpect "
    "eof\n",
    "payload coded 64 seed 3\npause 20ms\n",
    "payload coded 4000 seed 3\n@2 connect\n@3 connect\n@2 send 100\nsend 7\n@3 send rest\n@2 "
    "send 1\n@3 await\n@2 await\nawait\n@3 shutdown\n@3 expect eof\n@2 close\nsend 5\nawait\n",
    "payload coded 1000000 seed 3\nsend 1\nawait\nstall\nsend rest\nreset\n@2 connect\n@2 send 1\n"
    "@2 await\n",
    "payload \"\"\nshutdown\nexpect eof\n",
    "payload coded 90 seed 3\nsend 1\nsend 2\nsend 3\nsend 4\nsend 5\nawait\nsend 1\nawait\nsend "
    "2\nawait\nsend 3\nawait\nsend 4\nsettle\nsend 5\nsettle\nsend 6\nsettle\nawait\n",
};

TEST_F(PlayedScript, IsContentWithSoundServers) {
  const auto builtin = Serve("--builtin");
  const auto asyncio =
      Started(absl::StrCat("exec python3 ", ShellQuote(VERBATIM_ASYNCIO_ECHO), " {port}"));
  PythonOptions patient;
  patient.deadline_ms = 20'000;
  PythonOptions strict = patient;
  strict.rules.ends_cleanly = true;
  PythonOptions open = patient;
  open.rules = {.complete = false, .ends = false, .serves = false};
  for (const absl::string_view lines : kSound) {
    for (const auto& [target, options] :
         {std::pair(builtin.get(), patient), std::pair(builtin.get(), strict),
          std::pair(asyncio.get(), open)}) {
      const Ran ran = Play(lines, target->addresses()[0], options);
      EXPECT_EQ(ran.status, 0) << target->name() << "\n" << lines << ran.output;
      EXPECT_EQ(ran.output, "ok\n") << target->name() << "\n" << lines;
    }
  }
}

struct Defective {
  absl::string_view mutant;
  absl::string_view lines;
  absl::string_view what;
};
constexpr Defective kDefective[] = {
    {"nul-truncation", "payload \"a\\x00b\"\nsend rest\nawait\n", "2 bytes missing after 0.5 s"},
    {"stdio-buffering", "payload \"GET\\r\\n\"\nsend 3\nawait\n", "3 bytes missing"},
    {"both-closed-on-eof", "payload coded 999 seed 3\nsend rest\nshutdown\nawait\n",
     "ended 999 bytes early, at offset 0"},
    {"leak-to-other",
     "payload coded 999 seed 3\n@2 connect\nsend 1\nawait\n@2 send 1\n@2 await\nsend 200\nawait\n",
     "at offset 1 of connection 2: expected b'', got b'"},
    {"short-write-ignored",
     "payload coded 16777216 seed 3\nstall\nsend rest\nsettle\nresume\nawait\nsend rest\nawait\n",
     "FAIL: at offset"},
    {"banner", "payload coded 9 seed 3\npause 200ms\n", "at offset 0: expected b'', got b'"},
};

TEST_F(PlayedScript, NamesWhatIsWrongWithMutants) {
  PythonOptions options;
  options.deadline_ms = 500;
  for (const Defective& defective : kDefective) {
    const auto target = Serve(absl::StrCat("--mutant ", defective.mutant));
    Ran ran = Play(defective.lines, target->addresses()[0], options);
    // Whether a write is short is the kernel's choice; now and then none is.
    for (int again = 0; ran.status == 0 && again < 3; ++again) {
      ran = Play(defective.lines, target->addresses()[0], options);
    }
    EXPECT_EQ(ran.status, 1) << defective.mutant << "\n" << ran.output;
    EXPECT_TRUE(absl::StrContains(ran.output, defective.what)) << defective.mutant << ran.output;
  }
}

TEST_F(PlayedScript, LeavesOpenWhatTheRequirementLeavesOpen) {
  const TestServer server([](int fd) {
    char byte;
    while (::recv(fd, &byte, 1, 0) > 0) {
    }
  });
  PythonOptions options;
  options.deadline_ms = 100;
  options.rules.complete = false;
  const Ran ran = Play("payload \"abc\"\nsend rest\nawait\n", server.address(), options);
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "not judged")) << ran.output;
  EXPECT_EQ(
      Play("payload \"abc\"\nsend rest\nshutdown\nexpect eof\n", server.address(), options).output,
      "ok\n");
}

TEST_F(PlayedScript, KnowsAResetFromAnEnd) {
  const TestServer server([](int fd) {
    char byte;
    while (::recv(fd, &byte, 1, 0) > 0) SendAll(fd, &byte, 1);
    const linger now = {1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  });
  const absl::string_view lines = "payload \"a\"\nsend rest\nawait\nshutdown\nexpect eof\n";
  PythonOptions options;
  EXPECT_EQ(Play(lines, server.address(), options).output, "ok\n");
  options.rules.ends_cleanly = true;
  const Ran ran = Play(lines, server.address(), options);
  EXPECT_EQ(ran.status, 1);
  EXPECT_TRUE(absl::StrContains(ran.output, "FAIL: no clean end")) << ran.output;
}

TEST_F(PlayedScript, EndsWithTwoForWrongUsageAndWithOneWhereNobodyListens) {
  const auto scenario = ParseScenario("# verbatim scenario 1\npayload \"a\"\nsend 1\nawait\n");
  const std::string script = Save(*scenario, {});
  for (const char* arguments : {"", "127.0.0.1", "127.0.0.1 x", "127.0.0.1 99999", "a 1 b"}) {
    const Ran ran = Shell(absl::StrCat("python3 ", script, " ", arguments));
    EXPECT_EQ(ran.status, 2) << arguments << ran.output;
    EXPECT_TRUE(absl::StartsWith(ran.output, "usage: ")) << ran.output;
  }
  const UniqueFd bound(::socket(AF_INET, SOCK_STREAM, 0));  // bound, and never listening
  const SocketAddress any = SocketAddress::FromIPv4({127, 0, 0, 1}, 0);
  ASSERT_EQ(::bind(bound.get(), any.data(), any.size()), 0);
  sockaddr_storage name{};
  socklen_t length = sizeof(name);
  ASSERT_EQ(::getsockname(bound.get(), reinterpret_cast<sockaddr*>(&name), &length), 0);
  const auto address = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&name), length);
  const absl::string_view two = "payload \"a\"\n@2 connect\n@2 send 1\n@2 await\n";
  PythonOptions open;
  open.rules.serves = false;
  for (const Ran& ran : {Play("payload \"a\"\nsend 1\nawait\n", *address), Play(two, *address),
                         Play(two, *address, open)}) {
    EXPECT_EQ(ran.status, 1);
    EXPECT_TRUE(absl::StartsWith(ran.output, "FAIL: ")) << ran.output;
  }
}

TEST_F(PlayedScript, ConnectsToAPathToo) {
  PythonOptions options;
  options.endpoint = *Endpoint::Parse(absl::StrCat("unix://", folder_, "/echo"));
  const SocketAddress path = *SocketAddress::FromPath(options.endpoint.host);
  const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(listener.get(), path.data(), path.size()), 0);
  ASSERT_EQ(::listen(listener.get(), 8), 0);
  std::thread server([&] {
    while (true) {
      const UniqueFd peer(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!peer) return;
      Echo(peer.get());
    }
  });
  for (const char* lines : {"payload coded 90000 seed 1\nsend rest\nawait\n",
                            "payload coded 9000 seed 1\ndrip 99\nsend rest\nawait\n",
                            "payload \"a\"\nsend rest\nawait\n"}) {
    const auto scenario = ParseScenario(absl::StrCat("# verbatim scenario 1\n", lines));
    EXPECT_EQ(Shell(absl::StrCat("timeout 60 python3 ", Save(*scenario, options))).output, "ok\n");
  }
  ::shutdown(listener.get(), SHUT_RDWR);  // wakes accept
  server.join();
}

constexpr absl::string_view kSoundDatagrams[] = {
    "payload \"abc\"\nsend 0\nsend 3\nawait\nsend 0\nawait\n",
    "payload coded 70000 seed 3\nsend 60000\nawait\nsend 548\nsend 1\nsend rest\npause "
    "5ms\nawait\n",
    "payload coded 900 seed 3 overlay tokens\nsend 1\nawait\nsend 2\nawait\nsend 3\nawait\nsend 4\n"
    "send 4\nsend 4\nawait\n",
    "payload coded 90 seed 3\n@2 connect\nsend 9\n@2 send 9\n@2 send 9\nsend 1\n@2 await\nawait\n"
    "close\n@2 send 0\n@2 await\n",
    "payload \"aaaa\"\n@8 connect\nsend 1\nsend 1\nsend 1\n@8 send 4\nawait\n@8 await\npause 5ms\n",
    "payload \"\"\npause 5ms\n",
};

// An echo of datagrams; `reply` is what it does with each, `d`, from `a`, and `n`, their number.
std::string DatagramEcho(const std::string& reply) {
  return absl::StrCat(
      "exec python3 -c 'import socket,sys\n"
      "s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); "
      "s.bind((\"127.0.0.1\",int(sys.argv[1])))\n"
      "n,last=0,None\nwhile True:\n  d,a=s.recvfrom(65536); n+=1; last=last or a\n  ",
      reply, "' {port}");
}

TEST_F(PlayedScript, OfDatagramsIsContentWithSoundServers) {
  const auto udp = Serve("--builtin", Target::Over::kUdp);
  const auto unixgram = Serve("--builtin", Target::Over::kUnixgram);
  const auto python = Started(DatagramEcho("s.sendto(d,a)"), Target::Over::kUdp);
  PythonOptions options;
  options.deadline_ms = 20'000;
  options.rules = {.once = true, .same_port = true, .same_address = true};
  for (const absl::string_view lines : kSoundDatagrams) {
    const std::string text = absl::StrCat("role datagram-server\n", lines);
    for (const Target* target : {udp.get(), python.get()}) {
      options.endpoint = Endpoint();
      const Ran ran = Play(text, target->addresses()[0], options);
      EXPECT_EQ(ran.output, "ok\n") << target->name() << "\n" << lines;
    }
    options.endpoint = {Transport::kUnixgram, std::string(unixgram->addresses()[0].unix_name()),
                        ""};
    const auto scenario = ParseScenario(absl::StrCat("# verbatim scenario 1\n", text));
    ASSERT_TRUE(scenario.ok()) << scenario.status();
    const Ran ran = Shell(absl::StrCat("timeout 60 python3 ", Save(*scenario, options)));
    EXPECT_EQ(ran.output, "ok\n") << lines;
  }
}

TEST_F(PlayedScript, OfDatagramsNamesWhatIsWrong) {
  const Defective kRows[] = {
      {"s.sendto(d[:1024],a)", "payload coded 1025 seed 3\nsend rest\nawait\n",
       "the answer to datagram 1, of 1025 bytes, has 1024: at offset 1024: expected b'"},
      {"d and s.sendto(d,a)", "payload \"a\"\nsend 0\nawait\n",
       "datagram 1, of 0 bytes, was not answered for 0.5 s"},
      {"s.sendto(d,a); s.sendto(d,a)", "payload \"a\"\nsend 1\nawait\npause 300ms\n",
       "datagram 1 was answered twice"},
      {"socket.socket(socket.AF_INET,socket.SOCK_DGRAM).sendto(d,a)",
       "payload \"a\"\nsend 1\nawait\n", "the answer came from ("},
      {"s.sendto(d,last)",
       "payload coded 20 seed 3\n@2 connect\nsend 9\nawait\n@2 send 8\n@2 await\n",
       "on connection 1: the answer to datagram 1, of 9 bytes, has 8"},
      {"s.sendto(d.replace(b\"a\",b\"b\"),a)", "payload \"xay\"\nsend 1\nsend 2\nawait\n",
       "the answer to datagram 2, of 2 bytes, has 2: at offset 0: expected b'ay', got b'by'"},
      {"s.sendto(b\"hi\",a)", "payload \"\"\nsend 0\nawait\n",
       "the answer to datagram 1, of 0 bytes, has 2: at offset 0: expected b'', got b'hi'"},
  };
  PythonOptions options;
  options.deadline_ms = 500;
  options.rules = {.once = true, .same_port = true};
  for (const Defective& row : kRows) {
    const auto target = Started(DatagramEcho(std::string(row.mutant)), Target::Over::kUdp);
    const Ran ran =
        Play(absl::StrCat("role datagram-server\n", row.lines), target->addresses()[0], options);
    EXPECT_EQ(ran.status, 1) << row.mutant << "\n" << ran.output;
    EXPECT_TRUE(absl::StrContains(ran.output, row.what)) << row.mutant << "\n" << ran.output;
  }
}

TEST_F(PlayedScript, OfDatagramsLeavesOpenWhatTheRequirementLeavesOpen) {
  const auto target = Started(DatagramEcho("len(d)<549 and s.sendto(d,a)"), Target::Over::kUdp);
  PythonOptions options;
  options.deadline_ms = 300;
  options.rules.answered_to_bytes = 548;
  const Ran ran =
      Play("role datagram-server\npayload coded 2000 seed 1\nsend 549\nsend 548\nawait\n",
           target->addresses()[0], options);
  EXPECT_EQ(ran.output, "left open: no answer to one of 549 bytes\nok\n");
}

// What a server gets of a script, a string for each connection.
class Recorder {
 public:
  void Record(int fd) {
    std::string all;
    EchoChanged(fd, [&](std::vector<char>& data) { all.append(data.data(), data.size()); });
    const std::lock_guard<std::mutex> lock(mutex_);
    received_.push_back(std::move(all));
  }
  std::vector<std::string> Sorted() {
    std::sort(received_.begin(), received_.end());
    return received_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> received_;
};

TEST_F(PlayedScript, SendsTheVeryBytesOfTheScenario) {
  for (const Overlay overlay : kOverlays) {
    for (const uint32_t connections : {1, 2, 3, 8}) {
      std::string lines =
          absl::StrCat("payload coded 5003 seed 77 overlay ", OverlayName(overlay), "\n");
      for (uint32_t i = 1; i <= connections; ++i) {
        if (i > 1) absl::StrAppend(&lines, "@", i, " connect\n");
        absl::StrAppend(&lines, "@", i, " send 100\n@", i, " send 1\n@", i, " send 3000\n@", i,
                        " await\n");
      }
      Recorder recorder;
      {
        const TestServer server([&](int fd) { recorder.Record(fd); });
        EXPECT_EQ(Play(lines, server.address()).output, "ok\n") << lines;
      }
      const Payload payload =
          MakePayload(*ParseScenario(absl::StrCat("# verbatim scenario 1\n", lines)));
      std::vector<std::string> sent;
      for (uint32_t i = 1; i <= connections; ++i) sent.push_back(payload.Bytes(i, 0, 3101));
      std::sort(sent.begin(), sent.end());
      EXPECT_TRUE(recorder.Sorted() == sent) << lines;
    }
  }
}

TEST_F(PlayedScript, IsPythonForAnyScenario) {
  std::string command =
      "python3 -c 'import sys\nfor path in sys.argv[1:]: compile(open(path).read(), path, "
      "\"exec\")'";
  Cases cases = Arbitrary(ArbitraryScenario(), 5, 200);
  for (auto next = cases(); next; next = cases()) {
    const Scenario scenario = next->value();
    PythonOptions options;
    options.rules.complete = scripts_ % 2 == 0;
    options.rules.ends_cleanly = scripts_ % 3 == 0;
    options.rules.serves = scripts_ % 5 != 0;
    options.seen = {"\xff\xc3\xa9 any byte"};
    constexpr const char* kOver[] = {"tcp://[::1]:7", "udp://127.0.0.1:7", "unix:///a",
                                     "unixgram:///a"};
    if (scenario.role == Role::kClient) options.endpoint = *Endpoint::Parse(kOver[scripts_ % 4]);
    absl::StrAppend(&command, " ", Save(scenario, options));
  }
  EXPECT_GT(scripts_, 50);
  const Ran ran = Shell(command);
  EXPECT_EQ(ran.status, 0) << ran.output;
}

}  // namespace
}  // namespace verbatim
