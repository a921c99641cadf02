// The table of mutants is whole, and each that can be served is an echo but for its defect.
#include <gtest/gtest.h>
#include <poll.h>

#include <set>

#include "absl/strings/match.h"
#include "properties/mutants/mutants.h"
#include "properties/mutants/served_test.h"
#include "properties/requirements/requirement.h"

namespace verbatim {
namespace {

TEST(StreamMutants, AreNumberedFromOneToThirtySixInOrderAndThenFrom101) {
  ASSERT_GT(StreamMutants().size(), 36u);
  for (size_t i = 0; i < StreamMutants().size(); ++i) {
    const int number = static_cast<int>(i) + 1;
    EXPECT_EQ(StreamMutants()[i].number, number <= 36 ? number : number - 36 + 100);
  }
}

TEST(Mutants, HaveNamesAndDefectsOfTheirOwn) {
  std::set<std::string> names;
  std::set<Defect> defects;
  for (const std::vector<Mutant>* const table :
       {&StreamMutants(), &DatagramMutants(), &SoundServers(), &SoundDatagramServers()}) {
    for (const Mutant& mutant : *table) {
      EXPECT_TRUE(names.insert(std::string(mutant.name)).second) << mutant.name;
      EXPECT_EQ(FindMutant(mutant.name), &mutant);
      EXPECT_FALSE(mutant.what.empty()) << mutant.name;
      const bool hooked = mutant.stream_hooks != nullptr || mutant.datagram_hooks != nullptr;
      EXPECT_EQ(mutant.defect == Defect::kHooked, hooked) << mutant.name;
      EXPECT_TRUE(hooked || defects.insert(mutant.defect).second) << mutant.name;
    }
  }
  EXPECT_EQ(FindMutant("nosuch"), nullptr);
}

TEST(StreamMutants, NameRequirementsOfTheCatalogueUnlessTheyWaitForFaults) {
  for (const Mutant& mutant : StreamMutants()) {
    EXPECT_FALSE(mutant.caught_by.empty()) << mutant.name;
    EXPECT_FALSE(mutant.seen_in.empty()) << mutant.name;
    for (const absl::string_view id : mutant.caught_by) {
      if (mutant.waits_for_faults) {
        EXPECT_TRUE(absl::StartsWith(id, "inject.")) << mutant.name << ": " << id;
      } else {
        EXPECT_NE(FindRequirement(id), nullptr) << mutant.name << ": " << id;
      }
    }
  }
}

TEST(StreamMutants, ThatWaitForFaultsAreNotServed) {
  for (const char* const name : {"accept-loop-ends", "eintr-fatal", "errno-clobbered"}) {
    ASSERT_TRUE(FindMutant(name)->waits_for_faults);
    const absl::Status status = ServeMutant(*FindMutant(name), *Endpoint::Parse("127.0.0.1:0"));
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  }
}

TEST(StreamMutants, ServeStreamsAndNothingElse) {
  const absl::Status status =
      ServeMutant(*FindMutant("none"), *Endpoint::Parse("udp://127.0.0.1:0"));
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
}

constexpr int kDeadlineMs = 10'000;

// What comes back for `text`, until as much as that is there, or nothing more comes.
std::string Echo(const SocketAddress& address, const std::string& text, bool fin) {
  PosixKernel kernel;
  const absl::StatusOr<Connected<PosixKernel>> peer = ConnectTo(kernel, Transport::kTcp, address);
  EXPECT_TRUE(peer.ok()) << peer.status();
  const int fd = peer->fd.get();
  EXPECT_EQ(::send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  if (fin) ::shutdown(fd, SHUT_WR);
  std::string echo;
  pollfd poll = {fd, POLLIN, 0};
  while (!absl::StrContains(echo, text) && ::poll(&poll, 1, kDeadlineMs) == 1) {
    char buffer[100];
    const ssize_t got = ::recv(fd, buffer, sizeof(buffer), 0);
    if (got <= 0) break;
    echo.append(buffer, static_cast<size_t>(got));
  }
  return echo;
}

class EveryServedMutant : public testing::TestWithParam<const Mutant*> {};

TEST_P(EveryServedMutant, EchoesAPlainLineToAPeerThatReads) {
  const Mutant& mutant = *GetParam();
  const Served served(mutant, Transport::kTcp);
  // With these two the end has to come first.
  const bool fin =
      mutant.defect == Defect::kStdioBuffering || mutant.defect == Defect::kLastByteWithheld;
  const std::string echo = Echo(served.address(), "a plain line", fin);
  EXPECT_TRUE(absl::EndsWith(echo, "a plain line")) << echo;
  if (mutant.defect == Defect::kBanner) return;
  EXPECT_EQ(echo, "a plain line");
}

std::vector<const Mutant*> AllServed() {
  std::vector<const Mutant*> served;
  for (const Mutant& server : SoundServers()) served.push_back(&server);
  for (const Mutant& mutant : StreamMutants()) {
    if (!mutant.waits_for_faults) served.push_back(&mutant);
  }
  return served;
}

INSTANTIATE_TEST_SUITE_P(Mutants, EveryServedMutant, testing::ValuesIn(AllServed()), TestName);

}  // namespace
}  // namespace verbatim
