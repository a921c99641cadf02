// Scripts for clients that are run: they pass on sound clients, fail on those with a defect, feed
// the bytes that the scenario feeds, and leave nobody behind. Skipped where there is no python3.
// Not for: their text (python_client_test.cc), or servers (python_play_test.cc).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "properties/report/emitted_test.h"
#include "properties/report/script_test.h"
#include "properties/scenario/in_lines.h"
#include "properties/stage/socket/shell_test.h"
#include "properties/stage/socket/target.h"

namespace verbatim {
namespace {

Scenario ClientScenarioOf(absl::string_view lines) {
  return ScenarioOf(absl::StrCat("role client\n", lines));
}

PythonOptions Over(absl::string_view endpoint) {
  PythonOptions options;
  options.endpoint = *Endpoint::Parse(endpoint);
  options.deadline_ms = 20'000;
  options.connect_deadline_ms = 30'000;
  return options;
}

std::string Pretend(absl::string_view which) {
  return absl::StrCat("exec ", ShellQuote(VERBATIM_PROGRAM), " pretend ", which, " {endpoint}");
}

class ServedByScript : public ScriptTest {
 protected:
  Ran Serve(const Scenario& scenario, const PythonOptions& options, const std::string& command) {
    return Shell(
        absl::StrCat("timeout 100 python3 ", Save(scenario, options), " ", ShellQuote(command)));
  }
};

// Of each row of the catalogue about streams, in its own form or in that to which it shrinks.
constexpr absl::string_view kStreams[] = {
    "payload coded 64 seed 1\nfeed rest\nreply 1\nreply 63\nfeed eof\nshutdown\nexpect output "
    "exact, "
    "status 0\n",
    "payload coded 3 seed 1\nfeed 1\nhold 30ms\nreply 1\nfeed 1\nhold 30ms\nreply 1\nfeed 1\nhold "
    "30ms\nreply 1\nfeed eof\nshutdown\nexpect output exact, status 0\n",
    "payload coded 2 seed 1\nfeed 1\nhold 2ms\nfeed 1\nreply rest\n",
    "payload coded 65537 seed 1\nfeed rest\nreply rest\nfeed eof\nshutdown\nexpect output exact, "
    "status 0\n",
    "payload coded 3000000 seed 1\nstall\nfeed 1500000\nhold 20ms\nresume\nreply 1500000\nfeed "
    "rest\nreply rest\nfeed eof\nshutdown\nexpect output exact, status 0\n",
    "payload coded 3000000 seed 1\nstall\nfeed rest\nfeed eof\nhold 20ms\nresume\nreply rest\n"
    "shutdown\nexpect output exact, status 0\n",
    "payload coded 3000 seed 1\nfeed rest\nfeed eof\nreply 1\nhold 30ms\nreply 1000\nreply rest\n"
    "shutdown\nexpect output exact, status 0\n",
    "payload coded 100 seed 1\nfeed rest\nreply rest\nfeed eof\nexpect output exact, status 0\n",
    "payload coded 1000 seed 1\nfeed rest\nreply 500\nshutdown\nfeed eof\nexpect output exact, "
    "status not 0\n",
    "payload coded 1000 seed 1\nfeed rest\nfeed eof\nreply 500\nclose\nexpect output exact, status "
    "not 0\n",
    "payload coded 1000 seed 1\nfeed rest\nreply 500\nclose\nfeed eof\nexpect output exact, status "
    "not 0\n",
    "payload coded 1000 seed 1\nfeed rest\nfeed eof\nreply 500\nreset\nexpect output exact, status "
    "not 0\n",
    "payload coded 9 seed 1\nfeed rest\nreply 3\n",
    "payload coded 1 seed 1\nshutdown\n",
    "payload coded 1 seed 1\nfeed eof\n",
    "payload \"\"\n",
};

TEST_F(ServedByScript, SoundClientsAreContentingOverEachTransport) {
  const std::string python =
      absl::StrCat("exec python3 ", ShellQuote(VERBATIM_PYTHON_CLIENT), " {host} {port}");
  bool odd = false;
  for (const absl::string_view lines : kStreams) {
    odd = !odd;
    // Python's threads may end before they hear of a reset.
    const bool resets = absl::StrContains(lines, "reset");
    for (const auto& [endpoint, command] :
         {std::pair("tcp://127.0.0.1:7", Pretend("--builtin")),
          odd && !resets ? std::pair("tcp://[::1]:7", python)
                         : std::pair("unix:///unused", Pretend("--mutant none-client"))}) {
      const Ran ran = Serve(ClientScenarioOf(lines), Over(endpoint), command);
      EXPECT_EQ(ran.status, 0) << endpoint << "\n" << lines << command << "\n" << ran.output;
    }
  }
}

TEST_F(ServedByScript, SoundClientsOfDatagramsAreContenting) {
  for (const absl::string_view lines :
       {"payload coded 512 seed 1\nfeed rest\nreply rest\n",
        "payload coded 200 seed 1\nfeed 100\nhold 30ms\nreply 100\nfeed 100\nhold 30ms\nreply "
        "100\n",
        "payload coded 9 seed 1\nfeed 2\nreply 2\nfeed 3\nreply 3\nfeed 4\nreply 4\nfeed eof\n",
        "payload coded 200 seed 1\nfeed rest\nfeed eof\nhold 30ms\nreply rest\n"}) {
    for (const char* const endpoint :
         {"udp://127.0.0.1:7", "udp://[::1]:7", "unixgram:///unused"}) {
      const Ran ran = Serve(ClientScenarioOf(lines), Over(endpoint), Pretend("--builtin"));
      EXPECT_EQ(ran.output, "ok\n") << endpoint << "\n" << lines;
    }
  }
}

// Whoever waits for each answer before it goes on is served as by an echo.
TEST_F(ServedByScript, AClientThatReadsLineByLineIsFedLinesAndNotLeftWaiting) {
  const std::string command =
      absl::StrCat("exec bash ", ShellQuote(VERBATIM_BASH_CLIENT), " {host} {port}");
  for (const absl::string_view lines : {"payload coded 100 seed 1\nfeed rest\nreply 1\nreply "
                                        "rest\nfeed eof\nshutdown\nexpect output "
                                        "exact, status 0\n",
                                        "payload coded 40000 seed 1\nfeed rest\nreply rest\nfeed "
                                        "eof\nshutdown\nexpect output exact, "
                                        "status 0\n"}) {
    const Ran ran = Serve(InLines(ClientScenarioOf(lines)), Over("tcp://127.0.0.1:7"), command);
    EXPECT_EQ(ran.output, "ok\n") << lines;
  }
}

struct DefectiveClient {
  absl::string_view mutant, endpoint, lines, what;
};
constexpr absl::string_view kTcp = "tcp://127.0.0.1:7", kUdp = "udp://127.0.0.1:7";
constexpr DefectiveClient kDefectiveClients[] = {
    {"one-read-each-write", kTcp,
     "payload coded 64 seed 1 overlay lines\nfeed rest\nreply 34\nreply 30\n",
     "FAIL: it printed 34 bytes and no more; 64 are due"},
    {"writes-all-before-reading", kTcp, "payload coded 8388608 seed 1\nfeed rest\nreply rest\n",
     "FAIL: it does not read what is sent back, at offset "},
    {"short-send-ignored", kTcp, "payload coded 4194304 seed 1\nfeed rest\n",
     " of what it sent: expected b'"},
    {"leaves-before-replies", kTcp, "payload \"a\"\nfeed rest\nfeed eof\nreply rest\n",
     "FAIL: it printed 0 bytes and no more; 1 are due"},
    {"prints-by-strlen", kTcp, "payload \"a\\x00b\"\nfeed rest\nreply rest\n",
     "FAIL: it printed 1 bytes and no more; 3 are due"},
    {"output-lf-is-cr-lf", kTcp, "payload \"ab\\n\"\nfeed rest\nreply rest\n",
     "FAIL: at offset 2 of what it printed: expected b'\\n', got b'\\r\\n'"},
    {"hangs-when-server-closes", kTcp,
     "payload \"ab\"\nfeed rest\nreply 1\nshutdown\nfeed eof\nexpect output exact, status not 0\n",
     "FAIL: it did not end for 0.7 s"},
    {"status-0-always", kTcp,
     "payload \"ab\"\nfeed rest\nreply 1\nclose\nfeed eof\nexpect output exact, status not 0\n",
     "FAIL: it exited with status 0, though not all came back"},
    {"reset-hangs", kTcp,
     "payload \"ab\"\nfeed rest\nreply 1\nreset\nfeed eof\nexpect output exact, status not 0\n",
     "FAIL: it does not end for 0.7 s; of 2 bytes fed it sent 2, of 1 sent back it printed 1"},
    {"no-half-close", kTcp, "payload \"a\"\nfeed eof\nexpect output exact, status 0\n",
     "FAIL: it does not end its side of the connection for 0.7 s"},
    {"sends-twice", kUdp, "payload \"ab\"\nfeed rest\nreply rest\n",
     "FAIL: at offset 2 of what it sent: expected b'', got b'ab'"},
    // It has begun before its patience is tried.
    {"late-ignored", kUdp, "payload \"ab\"\nfeed 1\nreply 1\nfeed rest\nhold 900ms\nreply rest\n",
     "FAIL: what it printed ended 1 bytes early, at offset 1"},
};

TEST_F(ServedByScript, NamesWhatIsWrongWithMutants) {
  for (const DefectiveClient& row : kDefectiveClients) {
    PythonOptions options = Over(row.endpoint);
    options.deadline_ms = 700;
    const Ran ran =
        Serve(ClientScenarioOf(row.lines), options, Pretend(absl::StrCat("--mutant ", row.mutant)));
    EXPECT_EQ(ran.status, 1) << row.mutant << "\n" << ran.output;
    EXPECT_TRUE(absl::StrContains(ran.output, row.what)) << row.mutant << "\n" << ran.output;
  }
}

TEST_F(ServedByScript, LeavesOpenWhatTheRequirementLeavesOpen) {
  PythonOptions options = Over(kTcp);
  options.deadline_ms = 300;
  const absl::string_view lines =
      "payload \"ab\"\nfeed rest\nreply 1\nshutdown\nfeed eof\nexpect "
      "output exact, status not 0\n";
  options.rules.status = false;
  EXPECT_EQ(Serve(ClientScenarioOf(lines), options, Pretend("--mutant status-0-always")).output,
            "ok\n");
  const absl::string_view idle =
      "payload \"a\"\nfeed rest\nreply rest\nshutdown\nexpect output exact, status 0\n";
  EXPECT_EQ(Serve(ClientScenarioOf(idle), options, Pretend("--mutant none-client")).status, 0);
  const absl::string_view ends = "payload \"a\"\nfeed rest\nreply rest\nfeed eof\n";
  options = Over(kTcp);
  EXPECT_EQ(Serve(ClientScenarioOf(ends), options, Pretend("--mutant ends-by-reset")).status, 0);
  options.rules = {.complete = false, .status = false, .ends_cleanly = true};
  const Ran ran = Serve(ClientScenarioOf(ends), options, Pretend("--mutant ends-by-reset"));
  EXPECT_EQ(ran.status, 1);
  EXPECT_TRUE(absl::StrContains(ran.output, "FAIL: it did not end the connection cleanly"))
      << ran.output;
}

TEST_F(ServedByScript, FeedsTheVeryBytesOfTheScenario) {
  for (const Overlay overlay : kAllOverlays) {
    const Scenario scenario = ClientScenarioOf(absl::StrCat(
        "payload coded 3101 seed 77 overlay ", OverlayName(overlay),
        "\nfeed rest\nreply 100\nreply 1\nreply 3000\nfeed eof\nshutdown\nexpect output "
        "exact, status 0\n"));
    const std::string command = absl::StrCat(
        "tee ", folder_, "/fed | ", ShellQuote(VERBATIM_PROGRAM), " pretend --builtin {endpoint}");
    EXPECT_EQ(Serve(scenario, Over(kTcp), command).output, "ok\n") << OverlayName(overlay);
    std::stringstream fed;
    fed << std::ifstream(folder_ + "/fed").rdbuf();
    EXPECT_TRUE(fed.str() == MakePayload(scenario).Bytes(1, 0, 3101)) << OverlayName(overlay);
  }
}

TEST_F(ServedByScript, EndsWithTwoForWrongUsageAndWithOneForAClientThatDoesNotCome) {
  const Scenario scenario = ClientScenarioOf("payload \"a\"\nfeed 1\nreply 1\n");
  const std::string script = Save(scenario, {});
  for (const char* arguments : {"", "client", "'client {path}'", "'client {port}' ::1 more"}) {
    const Ran ran = Shell(absl::StrCat("python3 ", script, " ", arguments));
    EXPECT_EQ(ran.status, 2) << arguments << ran.output;
    EXPECT_TRUE(absl::StartsWith(ran.output, "usage: ")) << ran.output;
  }
  PythonOptions options = Over(kTcp);
  options.connect_deadline_ms = 200;
  for (const char* command : {"exit 3 # {port}", "exec sleep 1000 # {port}"}) {
    const Ran ran = Serve(scenario, options, command);
    EXPECT_EQ(ran.status, 1) << command << ran.output;
    // One that has left already may be noticed by what is fed to it.
    const bool left = absl::StartsWith(command, "exit") &&
                      absl::StrContains(ran.output, "Broken pipe (0 bytes sent by it, 0 replied)");
    EXPECT_TRUE(left || ran.output == "FAIL: it did not connect\n") << command << ran.output;
  }
  options.command = Pretend("--builtin");
  EXPECT_EQ(Shell(absl::StrCat("timeout 60 python3 ", Save(scenario, options))).output, "ok\n");
}

// The client and what it started hold the pipe open for as long as they live. The shell holds it
// too until the script has ended (9), so nothing waits for a client that was killed before it came.
TEST_F(ServedByScript, LeavesNobodyBehindHoweverItEnds) {
  const std::string pipe = folder_ + "/pipe";
  const std::string client =
      absl::StrCat("exec 9>", pipe, "; echo started >&9; sleep 1000 & sleep 1000 # {port}");
  PythonOptions options = Over(kTcp);
  for (const bool killed : {false, true}) {
    options.connect_deadline_ms = killed ? 30'000 : 1000;
    const std::string script = Save(ClientScenarioOf("payload \"a\"\nfeed 1\nreply 1\n"), options);
    const Ran ran = Shell(
        absl::StrCat("rm -f ", pipe, "; mkfifo ", pipe, "; timeout 100 sh -c 'exec 9<>", pipe,
                     " 8<", pipe, "; { python3 ", script, " \"", client,
                     "\" 8<&- 9>&- & } 2>/dev/null; ", killed ? "read line <&8; kill $!; " : "",
                     "wait $!; status=$?; exec 9>&-; cat <&8; exit $status'"));
    EXPECT_EQ(ran.status, 1) << ran.output;
  }
}

}  // namespace
}  // namespace verbatim
