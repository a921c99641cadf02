// The table of mutants is whole, and each that can be served is an echo but for its defect.
#include "properties/mutants/stream.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <set>

#include "absl/strings/match.h"
#include "properties/requirements/requirement.h"

namespace verbatim {
namespace {

TEST(StreamMutants, AreNumberedFromOneToThirtySixInOrder) {
  ASSERT_EQ(StreamMutants().size(), 36u);
  for (int i = 0; i < 36; ++i) EXPECT_EQ(StreamMutants()[static_cast<size_t>(i)].number, i + 1);
}

TEST(StreamMutants, HaveNamesAndDefectsOfTheirOwn) {
  std::set<std::string> names;
  std::set<Defect> defects;
  for (const std::vector<Mutant>* const table : {&StreamMutants(), &SoundServers()}) {
    for (const Mutant& mutant : *table) {
      EXPECT_TRUE(names.insert(std::string(mutant.name)).second) << mutant.name;
      EXPECT_TRUE(defects.insert(mutant.defect).second) << mutant.name;
      EXPECT_EQ(FindMutant(mutant.name), &mutant);
      EXPECT_FALSE(mutant.what.empty()) << mutant.name;
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

// A process of its own that serves the mutant; ended with the object.
class Served {
 public:
  explicit Served(const Mutant& mutant) {
    PosixKernel kernel;
    absl::StatusOr<Listening<PosixKernel>> listening =
        Listen(kernel, Transport::kTcp, SocketAddress::FromIPv4({127, 0, 0, 1}, 0), 16);
    EXPECT_TRUE(listening.ok()) << listening.status();
    address_ = listening->address;
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::setpgid(0, 0);
    static_cast<void>(ServeMutant(mutant, *std::move(listening)));
    ::_exit(1);
  }
  ~Served() {
    ::setpgid(pid_, pid_);
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  // What comes back for `text`, until as much as that is there, or nothing more comes.
  std::string Echo(const std::string& text, bool fin) const {
    const absl::StatusOr<Connected<PosixKernel>> peer =
        ConnectTo(kernel_, Transport::kTcp, address_);
    EXPECT_TRUE(peer.ok()) << peer.status();
    const int fd = peer->fd.get();
    EXPECT_EQ(::send(fd, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
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

 private:
  static constexpr int kDeadlineMs = 10'000;
  mutable PosixKernel kernel_;
  SocketAddress address_;
  pid_t pid_ = -1;
};

class EveryServedMutant : public testing::TestWithParam<const Mutant*> {};

TEST_P(EveryServedMutant, EchoesAPlainLineToAPeerThatReads) {
  const Mutant& mutant = *GetParam();
  const Served served(mutant);
  // With these two the end has to come first.
  const bool fin =
      mutant.defect == Defect::kStdioBuffering || mutant.defect == Defect::kLastByteWithheld;
  const std::string echo = served.Echo("a plain line", fin);
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

INSTANTIATE_TEST_SUITE_P(Mutants, EveryServedMutant, testing::ValuesIn(AllServed()),
                         [](const testing::TestParamInfo<const Mutant*>& info) {
                           std::string name(info.param->name);
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace verbatim
