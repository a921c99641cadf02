// Each defect of a client that is quickly seen is as it says.
// Not for: whether the checker catches them (verbatim mutants), or the tables (client_test.cc).
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "properties/mutants/client_ran_test.h"
#include "properties/mutants/mutants.h"
#include "properties/mutants/served_test.h"

namespace verbatim {
namespace {

using std::string;

// What a mutant prints for an input that an honest server returns.
struct Printed {
  const char* mutant;
  string input, output;
};

class PrintingMutant : public testing::TestWithParam<Printed> {};

TEST_P(PrintingMutant, PrintsWhatItsDefectSays) {
  const Mutant& mutant = *FindMutant(GetParam().mutant);
  const bool datagrams = mutant.family == Family::kDatagramClient;
  const Transport transport = datagrams ? Transport::kUdp : Transport::kTcp;
  const Served served(*FindMutant(datagrams ? "none-datagram" : "none"), transport);
  const ClientRan ran =
      RunClient(mutant, EndpointAt(transport, served.address()), GetParam().input);
  EXPECT_EQ(ran.output, GetParam().output);
  EXPECT_NE(ran.status, kHangs);
}

// Counted, as there are NULs in it.
template <size_t N>
string Bytes(const char (&text)[N]) {
  return string(text, N - 1);
}

INSTANTIATE_TEST_SUITE_P(
    Mutants, PrintingMutant,
    testing::Values(
        Printed{"one-read-each-write", "a line\nand one\n", "a line\nand one\n"},
        Printed{"writes-all-before-reading", "abc", "abc"},
        Printed{"prints-by-strlen", Bytes("a\0b"), "a"},
        Printed{"hangs-when-server-closes", "abc", "abc"},
        Printed{"nul-ends-input", Bytes("a\0b"), "a"},
        Printed{"byte-255-ends-input", "a\xff\x62", "a"},
        Printed{"control-d-quits", "a\x04\x62", "a"},
        Printed{"control-z-ends-input", "a\x1a\x62", "a"}, Printed{"q-quits", "Q", ""},
        Printed{"q-quits", "aQ", "aQ"}, Printed{"blank-line-quits", "\n", ""},
        Printed{"input-lf-is-cr-lf", "a\nb", "a\r\nb"},
        Printed{"iac-doubled", "a\xff", "a\xff\xff"}, Printed{"cr-lost-at-end", "a\rb\r", "a\rb"},
        Printed{"unfinished-line-lost", "a\nb", "a\n"}, Printed{"prompts", "a", "> a"},
        Printed{"output-lf-is-cr-lf", "a\n", "a\r\n"},
        Printed{"non-ascii-replaced", "a\x80\xff", "a??"}, Printed{"strips-replies", "a \t", "a"},
        Printed{"iac-dropped", "a\xff", "a"},
        Printed{"reply-of-80", string(81, 'x'), string(80, 'x')},
        Printed{"reply-cut-when-full", string(1024, 'x'), string(1023, 'x')},
        Printed{"last-block-lost", string(4097, 'x'), string(4096, 'x')},
        Printed{"last-block-twice", string(4097, 'x'), string(4098, 'x')},
        Printed{"reply-last-byte-withheld", "ab", "a"},
        Printed{"prints-newline-at-end", "a", "a\n"}, Printed{"prints-its-input", "ab", "ab"},
        Printed{"status-0-always", "ab", "ab"}, Printed{"ends-by-reset", "ab", "ab"},
        Printed{"idle-not-noticed", "ab", "ab"}, Printed{"ends-at-pause", "ab", "ab"},
        Printed{"gives-up-after-end", "ab", "ab"}, Printed{"answers-by-strlen", Bytes("a\0b"), "a"},
        Printed{"answers-as-lines", "a", "a\n"}, Printed{"answers-lf-is-cr-lf", "a\n", "a\r\n"},
        Printed{"answer-of-80", string(81, 'x'), string(80, 'x')},
        Printed{"datagram-byte-255-ends", "a\xff", "a"},
        Printed{"datagram-nul-ends", Bytes("a\0b"), "a"}, Printed{"late-ignored", "a", "a"},
        Printed{"waits-for-lost", "a", "a"}, Printed{"empty-ends", "a", "a"},
        Printed{"leaves-at-end", "", ""}),
    [](const auto& info) {
      string name = absl::StrCat(info.param.mutant, "_", info.index);
      for (char& c : name) c = c == '-' ? '_' : c;
      return name;
    });

TEST(ClientMutant, OfBulkLosesWhatASlowServerIsSent) {
  const string input = AllValues(2 << 20);
  for (const char* const name : {"short-send-ignored", "prefix-sent-again", "send-buffer-reused",
                                 "discards-at-input-end", "client-eagain-fatal"}) {
    const SlowServer server;
    const ClientRan ran = RunClient(*FindMutant(name), server.endpoint(), input);
    EXPECT_FALSE(ran.output == input) << name;
    EXPECT_NE(ran.status, kHangs) << name;
  }
  const SlowServer server;
  EXPECT_TRUE(RunClient(*FindMutant("none-client"), server.endpoint(), input).output == input);
}

TEST(ClientMutant, OfTheEndDoesNotWaitForLateReplies) {
  for (const char* const name :
       {"leaves-before-replies", "shuts-both-ways", "gives-up-after-end", "ends-at-pause"}) {
    const OneShotServer server([](int fd) {
      char buffer[100];
      const ssize_t got = ::recv(fd, buffer, sizeof(buffer), 0);
      ::poll(nullptr, 0, 1000);
      if (got > 0) (void)!::send(fd, buffer, static_cast<size_t>(got), MSG_NOSIGNAL);
    });
    const ClientRan ran = RunClient(*FindMutant(name), server.endpoint(), "abc");
    EXPECT_EQ(ran.output, "") << name;
    EXPECT_EQ(ran.status, 0) << name;
  }
}

// Returns three of the bytes that come, and ends.
void EndsEarly(int fd) {
  char buffer[100];
  if (::recv(fd, buffer, sizeof(buffer), 0) >= 3) (void)!::send(fd, buffer, 3, MSG_NOSIGNAL);
}

TEST(ClientMutant, OfAnEarlyEndIsAsItSays) {
  const auto run = [](const char* name, InputEnds ends) {
    const OneShotServer server(EndsEarly);
    return RunClient(*FindMutant(name), server.endpoint(), "abcdef", ends);
  };
  EXPECT_EQ(run("status-0-always", InputEnds::kAtOnce).status, 0);
  EXPECT_EQ(run("hangs-when-server-closes", InputEnds::kAtOnce).status, kHangs);
  EXPECT_EQ(run("idle-not-noticed", InputEnds::kNever).status, kHangs);
  EXPECT_EQ(run("client-hang-up-first", InputEnds::kAtOnce).output, "");
  EXPECT_EQ(run("prints-its-input", InputEnds::kAtOnce).output, "abcdef");
}

TEST(ClientMutant, OfAResetIsAsItSays) {
  const auto run = [](const char* name) {
    const OneShotServer server([](int fd) {
      const linger now = {1, 0};
      ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    });
    return RunClient(*FindMutant(name), server.endpoint(), "abc").status;
  };
  EXPECT_EQ(run("reset-is-end"), 0);
  EXPECT_EQ(run("reset-hangs"), kHangs);
}

TEST(ClientMutant, OfConnectingIsAsItSays) {
  const auto run = [](const char* name, const char* endpoint) {
    return RunClient(*FindMutant(name), *Endpoint::Parse(endpoint), "");
  };
  EXPECT_EQ(run("status-0-on-refusal", "127.0.0.1:9").status, 0);
  EXPECT_EQ(run("silent-refusal", "127.0.0.1:9").status, 1);
  EXPECT_NE(run("refusal-on-output", "127.0.0.1:9").output, "");
  EXPECT_EQ(run("retries-for-ever", "127.0.0.1:9").status, kHangs);
  const Served served(*FindMutant("none"), Transport::kTcp);
  const string port = absl::StrCat(served.address().port());
  EXPECT_EQ(run("numbers-only", ("localhost:" + port).c_str()).status, 1);
  EXPECT_EQ(run("numbers-only", ("127.0.0.1:" + port).c_str()).status, 0);
  EXPECT_EQ(run("first-address-only", ("127.0.0.1:" + port).c_str()).status, 0);
  EXPECT_EQ(run("same-socket-again", ("127.0.0.1:" + port).c_str()).status, 0);
  EXPECT_EQ(run("ipv4-only", ("127.0.0.1:" + port).c_str()).status, 0);
  EXPECT_EQ(run("ipv4-only", "[::1]:9").status, 1);
}

TEST(ClientMutant, WithoutAFinIsNotEndedByAServerThatWaitsForIt) {
  const Served served(*FindMutant("none"), Transport::kTcp);
  const ClientRan ran =
      RunClient(*FindMutant("no-half-close"), EndpointAt(Transport::kTcp, served.address()), "abc");
  EXPECT_EQ(ran.output, "abc");
  EXPECT_EQ(ran.status, kHangs);
}

TEST(ClientMutant, ThatReordersSwapsTwoReplies) {
  const OneShotServer server([](int fd) {
    char buffer[100];
    (void)!::recv(fd, buffer, sizeof(buffer), 0);
    (void)!::send(fd, "ab", 2, MSG_NOSIGNAL);
    ::poll(nullptr, 0, 100);
    (void)!::send(fd, "cd", 2, MSG_NOSIGNAL);
  });
  EXPECT_EQ(RunClient(*FindMutant("writers-reorder"), server.endpoint(), "abcd").output, "cdab");
}

}  // namespace
}  // namespace verbatim
