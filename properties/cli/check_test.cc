// Whole checks as their users run them: what holds, what is caught, shards, reports, other
// transports. Not for: single failures and wrong usage (cli_test.cc).
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "properties/cli/test_program.h"
#include "properties/requirements/requirement.h"

namespace verbatim {
namespace {

// How many requirements can pass on TCP: all that are not merely observed.
size_t Judged() {
  size_t count = 0;
  for (const Requirement& row : Catalogue()) {
    count += row.family == Family::kStream && row.level != Level::kObserved ? 1 : 0;
  }
  return count;
}

TEST(WholeCheck, TheBuiltInServerHoldsEverythingAndTheScenariosAreCounted) {
  const Ran ran = Verbatim("check --builtin --strict --budget 250s");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, absl::StrCat(Judged(), " of ", Judged(), " hold")))
      << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "distinct scenarios")) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, " certain")) << ran.output;
}

TEST(WholeCheck, HoldsOverUnixStreamsToo) {
  const Ran ran = Verbatim("check --builtin --over unix --strict --budget 250s");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "4 skipped")) << ran.output;  // what needs TCP
}

TEST(WholeCheck, CatIsASoundEchoOnStandardInputAndOutput) {
  const Ran ran = Verbatim("check --stdio cat --strict --budget 250s");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "pass         stream.exact.bulk")) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "pass         stream.halfclose.ends")) << ran.output;
}

TEST(WholeCheck, AnEchoOnStandardOutputThatBuffersIsCaught) {
  const Ran ran =
      Verbatim(absl::StrCat("check --stdio 'stdbuf -o 4096 cat -u | tr a a' --deadline 300ms ",
                            "--only stream.prompt.single-byte --save ", FreshFolder()));
  EXPECT_EQ(ran.status, 1) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "withheld")) << ran.output;
}

// A relay of bytes, each way by a thread; `argv[4]`: how it takes the client's end.
constexpr char kRelay[] =
    "exec python3 -c 'import socket,sys,threading\n"
    "def pump(a,b,closes):\n"
    "  while True:\n    d=a.recv(4096)\n    if d: b.sendall(d); continue\n"
    "    if closes: a.shutdown(2)\n    return b.shutdown(2 if closes else 1)\n"
    "s=socket.create_server((\"127.0.0.1\",int(sys.argv[1])),backlog=128)\n"
    "while True:\n"
    "  c=s.accept()[0]; b=socket.create_connection((sys.argv[2],int(sys.argv[3])))\n"
    "  for t in ((c,b,sys.argv[4]==\"closes\"),(b,c,False)):\n"
    "    threading.Thread(target=pump,args=t,daemon=True).start()' "
    "{port} {backend_host} {backend_port} ";

TEST(WholeCheck, ARelayBeforeOurEchoIsAnEcho) {
  const Ran ran = Verbatim(absl::StrCat(
      "check --behind echo --only 'stream.halfclose.*' --only 'stream.prompt.*' --spawn ",
      ShellQuote(absl::StrCat(kRelay, "passes"))));
  EXPECT_EQ(ran.status, 0) << ran.output;
}

TEST(WholeCheck, ARelayThatEndsBothSidesIsCaughtAndTheReplaySaysWhatWasBehind) {
  const std::string folder = FreshFolder();
  const std::string target =
      absl::StrCat("--spawn ", ShellQuote(absl::StrCat(kRelay, "closes")), " --behind echo");
  const Ran ran =
      Verbatim(absl::StrCat("check --only stream.halfclose.drains --save ", folder, " ", target));
  EXPECT_EQ(ran.status, 1) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, " --behind echo\n")) << ran.output;
  // Whether the end overtakes the answer is luck: it was seen in three plays of five at least.
  Ran again;
  for (int play = 0; play < 20 && again.status != 1; ++play) {
    again = Verbatim(absl::StrCat("replay ", folder, "/stream.halfclose.drains.echo ", target));
  }
  EXPECT_EQ(again.status, 1) << again.output;
}

TEST(WholeCheck, ABackEndThatDiesIsNotTheTargetsFailure) {
  const std::string dies =
      "exec python3 -c 'import socket,sys\n"
      "s=socket.create_server((\"127.0.0.1\",int(sys.argv[1])))\n"
      "for i in range(3):\n  c=s.accept()[0]\n  while True:\n    d=c.recv(4096)\n"
      "    if not d: break\n    c.sendall(d)\n  c.close()\nsys.exit(7)' {port}";
  const Ran ran = Verbatim(absl::StrCat("check --only stream.halfclose.drains --no-color --spawn ",
                                        ShellQuote(absl::StrCat(kRelay, "passes")), " --behind ",
                                        ShellQuote(dies)));
  EXPECT_TRUE(absl::StrContains(ran.output, "the back end behind the target exited with status 7"))
      << ran.output;
  EXPECT_FALSE(absl::StrContains(ran.output, "FAIL")) << ran.output;
}

TEST(WholeCheck, ABackEndAndItsPlaceInTheCommandGoTogether) {
  for (const std::string arguments :
       {"--spawn 'x {port} {backend}'", "--spawn 'x {port}' --behind echo",
        "tcp://127.0.0.1:7 --behind echo", "--builtin --behind echo",
        "--spawn 'x {port} {backend}' --behind 'server'"}) {
    const Ran ran = Verbatim("check " + arguments);
    EXPECT_EQ(ran.status, 2) << arguments << "\n" << ran.output;
    EXPECT_EQ(Lines(ran.output), 1u) << ran.output;
  }
}

TEST(WholeCheck, SeveralAtATimeComeToTheSame) {
  const Ran ran = Verbatim("check --builtin --jobs 3 --only 'stream.exact.*' --only 'stream.h*'");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "11 of 11 hold")) << ran.output;
}

// The lines of the terminal's report without what differs from run to run.
std::vector<std::string> Results(const std::string& output) {
  std::vector<std::string> results;
  for (const absl::string_view line : absl::StrSplit(output, '\n')) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() < 6 || !absl::StartsWith(words[1], "stream.")) continue;
    std::string text = absl::StrCat(words[0], " ", words[1], " ", words[2]);
    if (absl::StartsWith(words[5], "scenario")) absl::StrAppend(&text, " ", words[4]);
    results.push_back(std::move(text));
  }
  return results;
}

TEST(WholeCheck, ItsShardsMergedAreTheReportOfOneWholeRun) {
  const std::string folder = FreshFolder();
  const std::string flags = absl::StrCat(
      "--mutant newline-translation --only 'stream.exact.*' --only 'stream.silent.*' --cases 20 ",
      "--no-color --save ", folder, " ");
  const Ran whole = Verbatim(absl::StrCat("check ", flags));
  EXPECT_EQ(whole.status, 1) << whole.output;
  std::string reports;
  for (const char* const shard : {"2", "3", "1"}) {
    const std::string report = absl::StrCat(folder, "/", shard, ".json");
    Verbatim(absl::StrCat("check ", flags, "--shard ", shard, "/3 --report json:", report));
    absl::StrAppend(&reports, " ", report);
  }
  const Ran merged = Verbatim(absl::StrCat("merge --no-color", reports));
  EXPECT_EQ(merged.status, 1) << merged.output;
  EXPECT_EQ(Results(merged.output), Results(whole.output)) << merged.output << whole.output;
  EXPECT_EQ(Results(whole.output).size(), 8u) << whole.output;
}

TEST(WholeCheck, AShardThatIsMissingIsSaid) {
  const std::string folder = FreshFolder();
  Verbatim(absl::StrCat(
      "check --builtin --only 'stream.exact.*' --shard 1/2 --report json:", folder, "/1.json"));
  const Ran ran = Verbatim(absl::StrCat("merge ", folder, "/1.json"));
  EXPECT_EQ(ran.status, 2) << ran.output;
  EXPECT_EQ(Lines(ran.output), 1u) << ran.output;
}

TEST(WholeCheck, AShardWithNothingToDoSucceedsAndWritesItsReport) {
  const std::string file = absl::StrCat(FreshFolder(), "/2.json");
  const Ran ran = Verbatim(
      absl::StrCat("check --builtin --only stream.exact.bulk --shard 2/2 --report json:", file));
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST(WholeCheck, AReportOnStandardOutputStandsThereAlone) {
  const Ran ran = Verbatim("check --builtin --only stream.exact.bulk --report json:-");
  EXPECT_EQ(ran.status, 0) << ran.output;
  ASSERT_FALSE(ran.output.empty());
  EXPECT_EQ(ran.output.front(), '{');
  EXPECT_EQ(ran.output.substr(ran.output.size() - 2), "}\n");
}

// Each is caught, what was saved fails again, and a script without Verbatim fails too.
class SomeMutant : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(SomeMutant, IsCaughtAndItsScenarioFailsAgain) {
  const auto [name, id] = GetParam();
  const std::string folder = FreshFolder();
  const std::string target = absl::StrCat("--mutant ", name);
  const Ran ran = Verbatim(absl::StrCat("check ", target, " --only ", id, " --save ", folder));
  EXPECT_EQ(ran.status, 1) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, absl::StrCat("FAIL ", id))) << ran.output;
  const std::string file = absl::StrCat(folder, "/", id, ".echo");
  ASSERT_TRUE(std::filesystem::exists(file)) << ran.output;
  const Ran again = Verbatim(absl::StrCat("replay ", file, " ", target));
  EXPECT_EQ(again.status, 1) << again.output;
  EXPECT_EQ(Verbatim(absl::StrCat("replay ", file, " --builtin")).status, 0);
}

INSTANTIATE_TEST_SUITE_P(Mutants, SomeMutant,
                         testing::Values(std::pair("both-closed-on-eof", "stream.halfclose.drains"),
                                         std::pair("nul-truncation", "stream.exact.every-byte"),
                                         std::pair("stdio-buffering", "stream.prompt.single-byte"),
                                         std::pair("leak-to-other", "stream.many.isolated"),
                                         std::pair("reset-ends-server", "stream.survive.reset")),
                         [](const auto& info) {
                           std::string name(info.param.first);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(WholeCheck, AFailureThatNoScenarioCanSaySaysHowToCheckAgain) {
  const Ran ran = Verbatim("check --mutant no-back-pressure --only stream.pressure.bounded");
  EXPECT_EQ(ran.status, 0) << "level S: " << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "check --only stream.pressure.bounded")) << ran.output;
  EXPECT_FALSE(absl::StrContains(ran.output, " replay ")) << ran.output;
}

}  // namespace
}  // namespace verbatim
