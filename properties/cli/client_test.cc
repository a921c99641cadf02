// verbatim client as its users meet it: sound clients, defective ones, interactive ones, and one
// that is started elsewhere. Not for: what a requirement makes of a client (mutants --named), or
// the stage's own rules.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "properties/cli/test_program.h"

namespace verbatim {
namespace {

// Where failing scenarios go.
class VerbatimClient : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/verbatim-client-test-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  void TearDown() override { Shell(absl::StrCat("rm -rf ", folder_)); }
  Ran Client(const std::string& arguments) {
    return Verbatim(absl::StrCat("client --save ", folder_, " ", arguments));
  }
  std::string folder_;
};

TEST_F(VerbatimClient, TheBuiltinHoldsOverEachTransport) {
  for (const char* const over : {"tcp", "unix", "udp"}) {
    const Ran ran = Client(absl::StrCat(
        "--builtin --strict --cases 10 --budget 90s --timeout-multiplier 4 --over ", over));
    EXPECT_EQ(ran.status, 0) << ran.output;
  }
}

TEST_F(VerbatimClient, TheLecturesClientIsCaughtByAFewStepsThatAreReplayed) {
  const Ran ran = Client(
      "--mutant one-read-each-write --lines --timeout-multiplier 4 "
      "--only client.exact.split-replies");
  EXPECT_EQ(ran.status, 1) << ran.output;
  const std::string file = folder_ + "/client.exact.split-replies.echo";
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  int steps = 0;
  for (const char* const step : {"\nfeed ", "\nreply ", "\nshutdown", "\nexpect ", "\nhold "}) {
    for (size_t at = 0; (at = text.str().find(step, at)) != std::string::npos; ++at) ++steps;
  }
  EXPECT_GE(steps, 2) << text.str();
  EXPECT_LE(steps, 4) << text.str();
  const std::string replay = absl::StrCat("replay ", file, " --mutant one-read-each-write --lines");
  EXPECT_EQ(Verbatim(replay).status, 1);
  EXPECT_EQ(Verbatim(absl::StrCat("replay ", file, " --builtin")).status, 0);
  EXPECT_TRUE(absl::StrContains(ran.output, "of its output")) << ran.output;
}

TEST_F(VerbatimClient, WhatWasSavedIsAScriptForTheSameTransport) {
  for (const auto& [mutant, sound, id] :
       {std::tuple("prints-newline-at-end --over unix", "none-client", "client.exact.sizes"),
        std::tuple("sends-twice", "none-datagram-client", "client.datagram.exact")}) {
    const Ran ran = Client(absl::StrCat("--mutant ", mutant, " --only ", id));
    EXPECT_EQ(ran.status, 1) << ran.output;
    const std::string script = absl::StrCat(folder_, "/script.py");
    const Ran emitted =
        Verbatim(absl::StrCat("replay ", folder_, "/", id, ".echo --emit python >", script));
    EXPECT_EQ(emitted.status, 0) << emitted.output;
    const auto play = [&](absl::string_view name) {
      return Shell(
          absl::StrCat("timeout 60 python3 ", script, " ",
                       ShellQuote(absl::StrCat("exec ", VERBATIM_PROGRAM, " pretend --mutant ",
                                               name.substr(0, name.find(' ')), " {endpoint}"))));
    };
    EXPECT_EQ(play(sound).output, "ok\n") << id;
    EXPECT_EQ(play(mutant).status, 1) << id;
  }
}

TEST_F(VerbatimClient, AScriptIsRefusedWhereTheClientNeedsATerminalOrPrompts) {
  const std::string file = folder_ + "/a.echo";
  const auto emit = [&](absl::string_view target, const std::string& flags) {
    std::ofstream(file) << "# verbatim scenario 1\n# target " << target
                        << ", seed 1\nrole client\npayload \"a\"\nfeed 1\nreply 1\n";
    return Verbatim(absl::StrCat("replay ", file, " --emit python", flags));
  };
  constexpr absl::string_view kPlain = "--spawn './it'\\''s --pty {port}'";
  EXPECT_EQ(emit(kPlain, "").status, 0);
  EXPECT_EQ(emit(absl::StrCat(kPlain, " --lines"), " --lines").status, 0);
  for (const Ran& ran : {emit(absl::StrCat(kPlain, " --pty"), ""), emit(kPlain, " --pty"),
                         emit(absl::StrCat(kPlain, " --strip-prefix '> '"), ""),
                         emit(kPlain, " --strip-prefix x")}) {
    EXPECT_EQ(ran.status, 2) << ran.output;
    EXPECT_EQ(Lines(ran.output), 1u) << ran.output;
    EXPECT_TRUE(absl::StrContains(ran.output, "verbatim replay --spawn")) << ran.output;
  }
}

TEST_F(VerbatimClient, WrongUsageIsOneLine) {
  for (const char* const wrong :
       {"", "--spawn 'cat'", "--spawn 'cat {path}'", "--builtin --mutant prompts",
        "--mutant nosuch", "--mutant banner", "--builtin --only 'stream.*'", "--builtin --only x",
        "--listen tcp://127.0.0.1:0 --builtin", "--listen x", "--listen icmp://127.0.0.1",
        "--control tcp://127.0.0.1:0", "--builtin --without nothing"}) {
    const Ran ran = Client(wrong);
    EXPECT_EQ(ran.status, 2) << wrong << ": " << ran.output;
    EXPECT_EQ(Lines(ran.output), 1u) << wrong << ": " << ran.output;
  }
  EXPECT_EQ(Verbatim("check --mutant prompts").status, 2);
}

TEST_F(VerbatimClient, OneThatCantBeStartedIsNotJudged) {
  const Ran ran = Client("--spawn 'no-such-client-here {port}'");
  EXPECT_EQ(ran.status, 3) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "exited with status 127 before it connected"))
      << ran.output;
}

TEST_F(VerbatimClient, OneThatReadsAllOfItsInputFirstBreaksNothingButPromptness) {
  const std::string flags =
      "--mutant reads-all-first --cases 10 --only client.exact.split-replies --only "
      "client.sends-each-line";
  const Ran ran = Client(flags);
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "FAIL         client.sends-each-line")) << ran.output;
  EXPECT_EQ(Client(flags + " --strict").status, 1);
}

constexpr char kPrompting[] =
    "exec bash -c '\\''exec 3<>/dev/tcp/{host}/{port}; printf \"%s\" \"> \"; "
    "while IFS= read -r line; do printf \"%s\\n\" \"$line\" >&3; IFS= read -r back <&3 || exit 1; "
    "printf \"%s\\n> \" \"$back\"; done'\\''";

TEST_F(VerbatimClient, AnInteractiveOneIsJudgedByWhatIsBehindItsPrompt) {
  const std::string only = " --only client.exact.split-replies --only client.exact.delayed-replies";
  const std::string spawn = absl::StrCat("--spawn '", kPrompting, "' --cases 10", only);
  EXPECT_EQ(Client(absl::StrCat(spawn, " --lines")).status, 1);
  for (const char* const flags : {" --lines --strip-prefix '> '", " --pty --strip-prefix '> '"}) {
    const Ran ran = Client(spawn + flags);
    EXPECT_EQ(ran.status, 0) << flags << ran.output;
  }
}

TEST_F(VerbatimClient, WhatIsNotClaimedIsNoFailure) {
  const std::string flags =
      "--spawn 'exec socat -t 30 - TCP:{host}:{port}' --only 'client.server-closes-early' "
      "--only client.exact.sizes ";
  EXPECT_EQ(Client(flags).status, 1);
  const Ran ran = Client(flags + "--without status");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(absl::StrContains(ran.output, "not claimed")) << ran.output;
}

// The loop of README.md, word for word, but for the addresses and the client.
std::string DocumentedLoop() {
  std::ifstream readme(VERBATIM_README);
  std::string loop, line;
  bool within = false;
  while (std::getline(readme, line)) {
    within = within || absl::StrContains(line, "while exec 3<>/dev/tcp/");
    if (within) absl::StrAppend(&loop, line, "\n");
    if (within && absl::StrContains(line, "    done")) break;
  }
  return loop;
}

TEST_F(VerbatimClient, OneThatIsStartedElsewhereIsServedByTheDocumentedLoop) {
  std::string loop = DocumentedLoop();
  ASSERT_TRUE(absl::StrContains(loop, "./client")) << loop;
  loop = absl::StrReplaceAll(
      loop, {{"./client \"$host\" 7007", "$client \"$host\" \"$port\""}, {"7008", "$control"}});
  std::ofstream(folder_ + "/loop.sh") << "host=127.0.0.1\n" << loop;
  const auto served = [&](const std::string& client, const std::string& only) {
    // The program says where it listens; the loop is started then.
    const std::string script =
        absl::StrCat("cd ", folder_, "; mkfifo said; ", ShellQuote(VERBATIM_PROGRAM),
                     " client --listen tcp://127.0.0.1:0 --cases 10 --only '", only,
                     "' >report 2>said & read -r line <said; rm said; "
                     "port=$(echo \"$line\" | sed 's/.* at 127.0.0.1:\\([0-9]*\\), .*/\\1/'); "
                     "control=${line##*:}; client=",
                     ShellQuote(client),
                     "; export port control client; bash ./loop.sh >/dev/null; wait $!; s=$?; cat "
                     "report; exit $s");
    return Shell(absl::StrCat("bash -c ", ShellQuote(script)));
  };
  std::ofstream(folder_ + "/sound")
      << "exec " << ShellQuote(VERBATIM_PROGRAM) << " pretend --builtin tcp://$1:$2\n";
  std::ofstream(folder_ + "/lecture") << "exec " << ShellQuote(VERBATIM_PROGRAM)
                                      << " pretend --mutant one-read-each-write tcp://$1:$2\n";
  const Ran sound = served("sh ./sound", "client.exact.split-replies");
  EXPECT_EQ(sound.status, 0) << sound.output;
  const Ran lecture = served("sh ./lecture", "client.exact.split-replies");
  EXPECT_EQ(lecture.status, 1) << lecture.output;
}

}  // namespace
}  // namespace verbatim
