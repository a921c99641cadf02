// The program as its users meet it: exit statuses, messages, files.
// Not for: what the engine finds out; its own tests do that.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "properties/cli/test_program.h"
#include "properties/mutants/mutants.h"
#include "properties/stage/socket/target.h"
#include "properties/stage/socket/test_server.h"

namespace verbatim {
namespace {

TEST(Check, AClosedPortIsNotJudgedAndSaidInOneLine) {
  const UniqueFd bound(::socket(AF_INET, SOCK_STREAM, 0));  // bound, and never listening
  const SocketAddress any = SocketAddress::FromIPv4({127, 0, 0, 1}, 0);
  ASSERT_EQ(::bind(bound.get(), any.data(), any.size()), 0);
  sockaddr_storage name{};
  socklen_t length = sizeof(name);
  ASSERT_EQ(::getsockname(bound.get(), reinterpret_cast<sockaddr*>(&name), &length), 0);
  const auto address = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&name), length);
  const Ran ran = Verbatim(absl::StrCat("check tcp://", address->ToString()));
  EXPECT_EQ(ran.status, 3);
  EXPECT_EQ(Lines(ran.output), 1u) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "ECONNREFUSED")) << ran.output;
}

TEST(Check, AnAddressThatThisMachineHasNotIsNoErrorOfOurs) {
  const std::string in_own_network = "unshare --net --map-root-user ";
  if (Shell(in_own_network + "true").status != 0) {
    GTEST_SKIP() << "no network namespace may be had";
  }
  // Its loopback is down, so that ::1 is nobody's.
  const Ran ran =
      Shell(absl::StrCat(in_own_network, ShellQuote(VERBATIM_PROGRAM), " check 'tcp://[::1]:7'"));
  EXPECT_EQ(ran.status, 3) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "this machine has no IPv6")) << ran.output;
}

TEST(Check, ATargetThatEndsAtOnceIsNotJudgedAndItsStatusIsSaid) {
  const Ran ran = Verbatim("check --spawn 'false {port}'");
  EXPECT_EQ(ran.status, 3);
  EXPECT_TRUE(absl::StrContains(ran.output, "exited with status 1 before it listened"))
      << ran.output;
}

TEST(Check, WhatATargetPrintedCannotWriteOnTheTerminal) {
  const Ran ran = Verbatim("check --spawn 'printf \"a\\\\033[31m\\\\nb\\\\n\"; exit 4 # {port}'");
  EXPECT_EQ(ran.status, 3);
  EXPECT_EQ(Lines(ran.output), 1u) << ran.output;
  EXPECT_EQ(ran.output.find('\x1b'), std::string::npos) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "\\x1b[31m")) << ran.output;
}

TEST(Check, WrongUsageIsTwoWithOneLineThatSaysWhatToWrite) {
  const std::pair<const char*, const char*> cases[] = {
      {"check --builtin --only nosuch", "--only nosuch: no requirement matches"},
      {"check --builtin --except nosuch", "--except nosuch: no requirement matches"},
      {"check --builtin --only '*.bulk' --except '*'", "leave nothing to check"},
      {"check", "no target"},
      {"check --builtin tcp://127.0.0.1:7", "more than one target"},
      {"check tcp://127.0.0.1:99999", "character 17"},
      {"check tcp://127.0.0.1:+7", "character 17"},
      {"check http://127.0.0.1:7", "tcp://"},
      {"check --spawn 'server 7'", "{port}"},
      {"check --spawn 'server {path}'", "{path} goes with --over unix"},
      {"check --spawn 'server {port}' --over unix", "{path}"},
      {"check --stdio cat --over unix", "--over is for --spawn"},
      {"check --builtin --shard 4/3", "--shard 4/3: write I/N"},
      {"check --builtin --report html:x", "json"},
      {"check --mutant nosuch", "short-write-ignored"},
      {"check --builtin --deadline 2", "--deadline 2: write a number with its unit"},
      {"check --builtin --budget -3s", "--budget"},
      {"check --builtin --cases 0", "--cases"},
      {"check --builtin --profile strict", "--profile"},
      {"check --builtin --expect /nonexistent", "it can't be read"},
      {"check --builtin --expect /", "it can't be read"},
      {"check --builtin --seed -1", "write a whole number from 0"},
      {"check --builtin --seed 99999999999999999999", "write a whole number from 0"},
      {"check --builtin --timeout-multiplier nan", "write a number from 0.01 to 1000"},
      {"check --builtin --idle 100h", "--idle 100h: write at most 1m"},
      {"check --builtin --budget 100h", "--budget 100h: write at most 24h"},
      {"check --builtin --report json:/nonexistent/x", "/nonexistent/x"},
      {"check --builtin --report json:/", "EISDIR"},
      {"check --builtin --write-expect /nonexistent/x", "/nonexistent/x"},
      {"check --builtin --only stream.exact.bulk stream.silent.first",
       "stream.silent.first names requirements and no target: write --only or --except before "
       "each"},
      {"check --spawn 'x {port}' --ready-when '('", "--ready-when '('"},
      {"check --spawn 'x {port}' --ready-after 2", "--ready-after 2: write a number with its unit"},
      {"check --builtin --ready-after 2s", "--ready-after and --ready-when are for --spawn"},
      {"check --nosuch", "--nosuch"},
      {"explain stream.exact", "verbatim list"},
      {"replay /nonexistent.echo --builtin", "it can't be read"},
      {"replay / --builtin", "it can't be read"},
      {"replay /dev/zero --builtin", "it has more than 256 MiB"},
      {"show /bin/ls", "it is no scenario"},
      {"replay a.echo --emit perl", "python"},
      {"replay a.echo b.echo --emit python", "one"},
      {"merge /nonexistent.json", "it can't be read"},
      {"show", "FILE"},
      {"nosuch", "--help"},
      {"", "--help"},
  };
  for (const auto& [arguments, what] : cases) {
    const Ran ran = Verbatim(arguments);
    EXPECT_EQ(ran.status, 2) << arguments << "\n" << ran.output;
    EXPECT_EQ(Lines(ran.output), 1u) << arguments << "\n" << ran.output;
    EXPECT_TRUE(absl::StrContains(ran.output, what)) << arguments << "\n" << ran.output;
  }
}

TEST(Check, AFailureOfLevelSIsOneOnlyWithStrict) {
  const std::string spawn =
      "--spawn \"exec python3 -c 'import socket,sys\ns=socket.socket(); "
      "s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1); "
      "s.bind((\\\"127.0.0.1\\\",int(sys.argv[1]))); s.listen()\n"
      "while True:\n  c=s.accept()[0]\n  while True:\n    d=c.recv(65536)\n    if not d: break\n   "
      " c.sendall(d)\n"
      "  c.close()' {port}\" --deadline 500ms --only 'stream.many.*' --save " +
      FreshFolder();
  const Ran ran = Verbatim("check " + spawn);
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "FAIL stream.many.second-is-served")) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "2 skipped")) << ran.output;
  EXPECT_EQ(Verbatim("check --strict " + spawn).status, 1);
}

TEST(Check, AFilterTakesOneWordAndLeavesTheTargetAlone) {
  const TestServer server(Echo);
  const Ran ran = Verbatim(
      absl::StrCat("check --only '*.bulk' --only '*.first' ", server.address().ToString()));
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "2 of 2 hold")) << ran.output;
}

TEST(Check, WhatItSavedOfATargetOfSeveralLinesCanBeReplayed) {
  const std::string folder = FreshFolder();
  const std::string target = absl::StrCat("--spawn \"true\nexec ", VERBATIM_PROGRAM,
                                          " serve --mutant newline-translation {endpoint}\"");
  EXPECT_EQ(
      Verbatim(absl::StrCat("check --only '*.every-byte' --save ", folder, " ", target)).status, 1);
  const Ran ran =
      Verbatim(absl::StrCat("replay ", folder, "/stream.exact.every-byte.echo ", target));
  EXPECT_EQ(ran.status, 1) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "inserted")) << ran.output;
}

TEST(Check, WhenAllIsSkippedNothingWasJudged) {
  const Ran ran = Verbatim("check --builtin --without halfclose --only 'stream.halfclose.*'");
  EXPECT_EQ(ran.status, 3) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "not claimed")) << ran.output;
}

TEST(Check, OnlyAChangeFailsWhereOutcomesAreExpected) {
  const std::string folder = FreshFolder();
  const std::string check =
      "check --mutant both-closed-on-eof --only stream.halfclose.drains --only "
      "'stream.halfclose.ends*' --save " +
      folder;
  const Ran written = Verbatim(absl::StrCat(check, " --write-expect ", folder, "/known"));
  EXPECT_EQ(written.status, 1) << written.output;
  EXPECT_EQ(Verbatim(absl::StrCat(check, " --expect ", folder, "/known")).status, 0);
  const Ran mended =
      Verbatim(absl::StrCat("check --builtin --only stream.halfclose.drains --only "
                            "'stream.halfclose.ends*' --expect ",
                            folder, "/known"));
  EXPECT_EQ(mended.status, 1) << mended.output;
  EXPECT_TRUE(absl::StrContains(mended.output, "fail was expected")) << mended.output;
}

TEST(Check, AFolderForFailuresIsMadeWithThoseAboveIt) {
  const std::string folder = FreshFolder() + "/a/b/c";
  const std::string check =
      "check --mutant newline-translation --only stream.exact.every-byte --save ";
  EXPECT_EQ(Verbatim(absl::StrCat(check, folder)).status, 1);
  EXPECT_FALSE(ReadFile(folder + "/stream.exact.every-byte.echo").empty());
}

TEST(Check, AShardThatHasNothingToDoSaysSo) {
  const Ran ran = Verbatim("check --builtin --shard 999/1000");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "this shard has nothing to do")) << ran.output;
}

// The report has the outcomes that were printed, and the rest as not run.
TEST(Check, AnInterruptedCheckWritesWhatItKnows) {
  const std::string folder = FreshFolder();
  const std::string check =
      absl::StrCat(ShellQuote(VERBATIM_PROGRAM), " check --mutant nul-truncation --save ", folder,
                   " --report json:", folder, "/report.json");
  const Ran ran = Shell(absl::StrCat("cd ", folder, "; ", check,
                                     " >out 2>&1 & until grep -q FAIL out; do sleep 0.05; done; ",
                                     "kill -TERM $!; wait $!; echo ended with $?; cat out"));
  EXPECT_TRUE(absl::StrContains(ran.output, "ended with 143")) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "interrupted")) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "again     ")) << "the failure's details\n"
                                                           << ran.output;
  const std::string report = ReadFile(folder + "/report.json");
  EXPECT_TRUE(absl::StrContains(report, "\"fail\"")) << report;
  EXPECT_TRUE(absl::StrContains(report, "the check was interrupted")) << report;
}

// The target is a daemon of its own session: the hardest to find.
TEST(Check, AnInterruptedCheckLeavesNoProcessBehind) {
  const std::string folder = FreshFolder();
  const std::string command = absl::StrCat(
      "timeout --preserve-status -s INT 1 ", ShellQuote(VERBATIM_PROGRAM), " check --spawn ",
      ShellQuote(absl::StrCat("(setsid sh -c \"echo \\$\\$ >", folder,
                              "/pid; exec sleep 1000\" &); exit 0 # {port}")),
      " >/dev/null 2>&1");
  const int status = std::system(command.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGINT);
  std::string pid;
  std::getline(std::ifstream(folder + "/pid") >> std::ws, pid);
  ASSERT_FALSE(pid.empty());
  const std::string stat = ReadFile(absl::StrCat("/proc/", pid, "/stat"));
  EXPECT_TRUE(stat.empty() || absl::StrContains(stat, ") Z ")) << stat;
}

TEST(Replay, AScenarioWithoutARequirementIsJudgedByEveryByteRule) {
  const std::string file = FreshFolder() + "/one.echo";
  std::ofstream(file) << "# verbatim scenario 1\npayload \"GET\\r\\n\"\nsend 3\nawait\nsend "
                         "rest\nshutdown\nexpect eof\n";
  EXPECT_EQ(Verbatim(absl::StrCat("replay ", file, " --builtin")).status, 0);
  const Ran ran =
      Verbatim(absl::StrCat("replay ", file, " --mutant stdio-buffering --deadline 300ms"));
  EXPECT_EQ(ran.status, 1);
  EXPECT_TRUE(absl::StrContains(ran.output, "withheld")) << ran.output;
  EXPECT_FALSE(absl::StrContains(ran.output, " explain ")) << "no requirement to explain";
}

TEST(Replay, OneThatAwaitsNothingIsNotSaidToHaveComeBack) {
  const std::string file = FreshFolder() + "/one.echo";
  std::ofstream(file) << "# verbatim scenario 1\npayload coded 9 seed 1\nsend rest\n";
  const Ran ran = Verbatim(absl::StrCat("replay ", file, " --builtin"));
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "the scenario awaits no answer")) << ran.output;
}

TEST(Replay, OneForWhichTheBudgetWasTooShortIsNotJudged) {
  const std::string file = FreshFolder() + "/one.echo";
  std::ofstream(file) << "# verbatim scenario 1\npayload coded 9 seed 1\npause 20000ms\nsend "
                         "rest\nawait\n";
  EXPECT_EQ(Verbatim(absl::StrCat("replay ", file, " --builtin --budget 500ms")).status, 3);
}

TEST(Program, SaysItsVersion) {
  const Ran ran = Verbatim("--version");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(absl::StartsWith(ran.output, "verbatim ")) << ran.output;
}

TEST(Replay, TheLastWordIsTheTargetUnlessAFlagNamesIt) {
  const TestServer server(Echo);
  const std::string file = FreshFolder() + "/one.echo";
  std::ofstream(file) << "# verbatim scenario 1\npayload coded 9 seed 1\nsend rest\nawait\n";
  const Ran ran =
      Verbatim(absl::StrCat("replay ", file, " ", file, " ", server.address().ToString()));
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_EQ(Lines(ran.output), 2u) << ran.output;
}

TEST(Replay, AMalformedScenarioIsNamedWithItsLine) {
  const std::string file = FreshFolder() + "/one.echo";
  std::ofstream(file) << "# verbatim scenario 1\npayload coded 9 seed 1\nsnd 3\n";
  const Ran ran = Verbatim(absl::StrCat("replay ", file, " --builtin"));
  EXPECT_EQ(ran.status, 2);
  EXPECT_TRUE(absl::StrContains(ran.output, "line 3")) << ran.output;
}

TEST(Replay, FaultsAreNotATargetsToMeetAndThatIsSaidOnceAFile) {
  const std::string file = FreshFolder() + "/one.echo";
  std::ofstream(file) << "# verbatim scenario 1\npayload coded 9 seed 1\nsend rest\nawait\n"
                         "fault recv EINTR\nfault send short 1\n";
  const Ran ran = Verbatim(absl::StrCat("replay ", file, " --builtin"));
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, file + ": fault lines not applied\n")) << ran.output;
  EXPECT_EQ(Lines(ran.output), 2u) << ran.output;
  const Ran quiet = Verbatim(absl::StrCat("replay ", file, " --builtin 2>/dev/null #"));
  EXPECT_EQ(Lines(quiet.output), 1u) << "the rest is on standard error\n" << quiet.output;
}

TEST(Replay, AClientsScenarioIsPlayedOnAClientAndNotBesideAServers) {
  const std::string folder = FreshFolder(), file = folder + "/one.echo",
                    other = folder + "/two.echo";
  std::ofstream(file) << "# verbatim scenario 1\nrole client\npayload coded 9 seed 1\nfeed rest\n"
                         "reply rest\n";
  std::ofstream(other) << "# verbatim scenario 1\npayload coded 9 seed 1\nsend rest\nawait\n";
  const Ran ran = Verbatim(absl::StrCat("replay ", file, " --builtin"));
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "all that was replied was printed")) << ran.output;
  for (const std::string& both : {file + " " + other, other + " " + file}) {
    const Ran mixed = Verbatim(absl::StrCat("replay ", both, " --builtin"));
    EXPECT_EQ(mixed.status, 2) << mixed.output;
    EXPECT_EQ(Lines(mixed.output), 1u) << mixed.output;
    EXPECT_TRUE(absl::StrContains(mixed.output, "play them apart")) << mixed.output;
  }
}

TEST(Show, PrintsAScenarioInItsOneForm) {
  const std::string file = FreshFolder() + "/one.echo";
  std::ofstream(file) << "# verbatim scenario 1\n# found today\nfault recv  EINTR times 1 after 2\n"
                         "role client\npayload   coded 9 seed 1\n@1 feed rest # all\n";
  const Ran ran = Verbatim("show " + file);
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.output,
            "# verbatim scenario 1\nrole client\npayload coded 9 seed 1\nfeed rest\n"
            "fault recv EINTR after 2\n");
}

TEST(Show, ReadsAnyOtherFileAsAFuzzInput) {
  const std::string folder = FreshFolder();
  std::ofstream(folder + "/input", std::ios::binary)
      << std::string("\1\0\0\0\x64\0\7\0\1\0\0\0\3\0\0\0\xf\x8\0\1\0\0\2\0", 24);
  std::ofstream(folder + "/empty");
  const std::string text = "payload coded 100 seed 7\nsend 3\nfault recv EINTR after 2\n";
  EXPECT_EQ(Verbatim(absl::StrCat("show ", folder, "/input")).output,
            "# verbatim scenario 1\n" + text);
  const Ran both = Verbatim(absl::StrCat("show ", folder, "/input ", folder, "/empty"));
  EXPECT_EQ(both.status, 0);
  EXPECT_EQ(both.output,
            absl::StrCat("# verbatim scenario 1\n# ", folder, "/input\n", text,
                         "# verbatim scenario 1\n# ", folder, "/empty\npayload coded 0 seed 0\n"));
}

TEST(Show, GivesTheBytesOfAScenarioUnlessTheyWouldBeAnother) {
  const std::string folder = FreshFolder();
  const std::string text = "# verbatim scenario 1\npayload coded 1000 seed 7\nsend 3\nawait\n";
  std::ofstream(folder + "/one.echo") << text;
  const Ran bytes = Verbatim(absl::StrCat("show --bytes ", folder, "/one.echo > ", folder, "/one"));
  EXPECT_EQ(bytes.status, 0);
  EXPECT_EQ(Verbatim(absl::StrCat("show ", folder, "/one")).output, text);
  std::ofstream many(folder + "/many.echo");
  many << text;
  for (int i = 0; i < 300; ++i) many << "send 1\n";
  many.close();
  const Ran ran = Verbatim(absl::StrCat("show --bytes ", folder, "/many.echo"));
  EXPECT_EQ(ran.status, 2);
  EXPECT_TRUE(absl::StrContains(ran.output, "more than 256 steps")) << ran.output;
}

TEST(Show, WhatItCannotReadIsSaidInOneLine) {
  const std::string folder = FreshFolder();
  std::ofstream(folder + "/bad.echo") << "# verbatim scenario 1\npayload coded 9 seed 1\nsnd 3\n";
  std::ofstream(folder + "/good.echo") << "# verbatim scenario 1\npayload coded 9 seed 1\n";
  const std::pair<std::string, std::string> cases[] = {
      {folder, "it can't be read"},
      {folder + "/none", "it can't be read"},
      {folder + "/bad.echo", "/bad.echo: line 3: a step is one of"}};
  for (const auto& [file, what] : cases) {
    const Ran ran = Verbatim("show " + file);
    EXPECT_EQ(ran.status, 2) << ran.output;
    EXPECT_EQ(Lines(ran.output), 1u) << ran.output;
    EXPECT_TRUE(absl::StrContains(ran.output, what)) << ran.output;
  }
  const Ran ran = Verbatim(absl::StrCat("show ", folder, "/none ", folder, "/good.echo"));
  EXPECT_EQ(ran.status, 2);
  EXPECT_TRUE(absl::StrContains(ran.output, "payload coded 9"))
      << "the others are shown all the same";
}

TEST(List, NamesEveryRequirementAndMutant) {
  const Ran ran = Verbatim("list");
  EXPECT_EQ(ran.status, 0);
  EXPECT_TRUE(absl::StrContains(ran.output, "stream.pressure.late-reader")) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "nul-truncation")) << ran.output;
}

TEST(Explain, SaysWhyAndHowToMend) {
  const Ran ran = Verbatim("explain stream.halfclose.drains");
  EXPECT_EQ(ran.status, 0);
  EXPECT_TRUE(absl::StrContains(ran.output, "RFC 9293")) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "mend")) << ran.output;
}

TEST(Address, SaysHowItReadsAndWhereItCannot) {
  const Ran ran = Verbatim("address '[0:0::1]:007' 127.0.0.1:echo");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "tcp://[::1]:7")) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "127.0.0.1:7")) << ran.output;
  const Ran bad = Verbatim("address 127.0.0.256:7");
  EXPECT_EQ(bad.status, 2);
  EXPECT_TRUE(absl::StrContains(bad.output, "character 9")) << bad.output;
}

}  // namespace
}  // namespace verbatim
