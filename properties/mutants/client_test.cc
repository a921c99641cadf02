// The tables of client mutants are whole, and the sound clients echo.
// Not for: the defects (client_defects_test.cc).
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "properties/mutants/client_ran_test.h"
#include "properties/mutants/mutants.h"
#include "properties/mutants/served_test.h"

namespace verbatim {
namespace {

using std::string;

TEST(ClientMutants, HaveNumbersOfTheirRanges) {
  std::set<int> numbers;
  for (const Mutant& mutant : ClientMutants()) {
    const bool known = mutant.number >= 45 && mutant.number <= 50;
    EXPECT_TRUE(known || (mutant.number >= 301 && mutant.number <= 400)) << mutant.name;
    EXPECT_TRUE(numbers.insert(mutant.number).second) << mutant.name;
  }
  for (const Mutant& mutant : DatagramClientMutants()) {
    EXPECT_TRUE(mutant.number >= 401 && mutant.number <= 500) << mutant.name;
    EXPECT_TRUE(numbers.insert(mutant.number).second) << mutant.name;
  }
  EXPECT_GE(ClientMutants().size(), 28u);
  EXPECT_GE(DatagramClientMutants().size(), 7u);
}

TEST(ClientMutants, NameRequirementsOfClientsAndAreFoundByName) {
  for (const std::vector<Mutant>* const table : {&ClientMutants(), &DatagramClientMutants()}) {
    for (const Mutant& mutant : *table) {
      const bool datagrams = table == &DatagramClientMutants();
      EXPECT_EQ(mutant.family, datagrams ? Family::kDatagramClient : Family::kClient);
      EXPECT_EQ(mutant.defect, Defect::kHooked);
      EXPECT_EQ(FindMutant(mutant.name), &mutant) << mutant.name;
      EXPECT_FALSE(mutant.what.empty() || mutant.seen_in.empty()) << mutant.name;
      EXPECT_FALSE(mutant.caught_by.empty()) << mutant.name;
      for (const absl::string_view id : mutant.caught_by) {
        EXPECT_TRUE(absl::StartsWith(id, datagrams ? "client.datagram." : "client.")) << id;
      }
    }
  }
}

TEST(ClientMutants, AreOfOneFamilyEach) {
  const auto run = [](const char* name, const char* endpoint) {
    return RunClientMutant(*FindMutant(name), *Endpoint::Parse(endpoint), -1, -1);
  };
  EXPECT_TRUE(absl::IsInvalidArgument(run("none-client", "udp://127.0.0.1:9")));
  EXPECT_TRUE(absl::IsInvalidArgument(run("none-datagram-client", "tcp://127.0.0.1:9")));
  EXPECT_TRUE(absl::IsInvalidArgument(run("none", "tcp://127.0.0.1:9")));
  EXPECT_TRUE(absl::IsInvalidArgument(
      ServeMutant(*FindMutant("none-client"), *Endpoint::Parse("127.0.0.1:0"))));
}

TEST(ClientMutants, AreNotTheSoundOnes) {
  for (const std::vector<Mutant>* const table : {&SoundClients(), &SoundDatagramClients()}) {
    for (const Mutant& mutant : *table) {
      EXPECT_EQ(FindMutant(mutant.name), &mutant) << mutant.name;
      EXPECT_EQ(mutant.number, 0) << mutant.name;
      EXPECT_TRUE(mutant.caught_by.empty()) << mutant.name;
    }
  }
}

std::vector<const Mutant*> Pointers(const std::vector<Mutant>& table) {
  std::vector<const Mutant*> all;
  for (const Mutant& mutant : table) all.push_back(&mutant);
  return all;
}

class SoundClient : public testing::TestWithParam<const Mutant*> {};

TEST_P(SoundClient, PrintsAllThatItIsFedAndEndsWith0) {
  const Served served(*FindMutant("none"), Transport::kTcp);
  for (const size_t size : {0, 1, 4096, 1'000'000}) {
    const string input = AllValues(size);
    const ClientRan ran =
        RunClient(*GetParam(), EndpointAt(Transport::kTcp, served.address()), input);
    EXPECT_TRUE(ran.output == input) << size << " bytes, " << ran.output.size() << " printed";
    EXPECT_EQ(ran.status, 0) << size;
  }
}

TEST_P(SoundClient, PrintsWhatCameBeforeAnEarlyEndAndEndsWith1) {
  const OneShotServer server([](int fd) {
    char buffer[100];
    (void)!::recv(fd, buffer, sizeof(buffer), 0);
    (void)!::send(fd, buffer, 3, MSG_NOSIGNAL);
    ::shutdown(fd, SHUT_WR);
    while (::recv(fd, buffer, sizeof(buffer), 0) > 0) continue;
  });
  const ClientRan ran = RunClient(*GetParam(), server.endpoint(), "abcdef");
  EXPECT_EQ(ran.output, "abc");
  EXPECT_EQ(ran.status, 1);
}

TEST_P(SoundClient, NoticesTheEndWhileItsInputIsIdle) {
  const OneShotServer server([](int) {});
  const ClientRan ran = RunClient(*GetParam(), server.endpoint(), "", InputEnds::kNever);
  EXPECT_EQ(ran.status, 1);
}

TEST_P(SoundClient, EndsWith1OnAReset) {
  const OneShotServer server([](int fd) {
    const linger now = {1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  });
  EXPECT_EQ(RunClient(*GetParam(), server.endpoint(), "abc").status, 1);
}

TEST_P(SoundClient, EndsWith1WhenNobodyListens) {
  EXPECT_EQ(RunClient(*GetParam(), *Endpoint::Parse("127.0.0.1:9"), "abc").status, 1);
}

INSTANTIATE_TEST_SUITE_P(Mutants, SoundClient, testing::ValuesIn(Pointers(SoundClients())),
                         TestName);

class SoundDatagramClient : public testing::TestWithParam<const Mutant*> {};

TEST_P(SoundDatagramClient, PrintsAllThatItIsFedAndEndsWith0) {
  const Served served(*FindMutant("none-datagram"), Transport::kUdp);
  for (const size_t size : {0, 1, 1024, 20'000}) {
    const string input = AllValues(size);
    const ClientRan ran =
        RunClient(*GetParam(), EndpointAt(Transport::kUdp, served.address()), input);
    EXPECT_TRUE(ran.output == input) << size << " bytes, " << ran.output.size() << " printed";
    EXPECT_EQ(ran.status, 0) << size;
  }
}

TEST_P(SoundDatagramClient, GivesUpWith1) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(RunClient(*GetParam(), *Endpoint::Parse("udp://127.0.0.1:9"), "abc").status, 1);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(2900));
}

INSTANTIATE_TEST_SUITE_P(Mutants, SoundDatagramClient,
                         testing::ValuesIn(Pointers(SoundDatagramClients())), TestName);

}  // namespace
}  // namespace verbatim
