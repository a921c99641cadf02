// The table of datagram mutants is whole, and each is an echo but for its defect.
#include <gtest/gtest.h>
#include <poll.h>

#include <optional>

#include "absl/strings/match.h"
#include "core/unique_fd.h"
#include "properties/mutants/mutants.h"
#include "properties/mutants/served_test.h"

namespace verbatim {
namespace {

TEST(DatagramMutants, AreNumberedFrom37To44AndThenFrom201InOrder) {
  int last = 37;
  for (const Mutant& mutant : DatagramMutants()) {
    const bool follows = mutant.number == last + 1 || (mutant.number == 37 && last == 37);
    EXPECT_TRUE(follows || (mutant.number == 201 && last == 44)) << mutant.name;
    last = mutant.number;
  }
  EXPECT_GT(last, 201);
}

TEST(DatagramMutants, NameRequirementsOfDatagrams) {
  for (const Mutant& mutant : DatagramMutants()) {
    EXPECT_EQ(mutant.family, Family::kDatagram) << mutant.name;
    EXPECT_FALSE(mutant.caught_by.empty()) << mutant.name;
    EXPECT_FALSE(mutant.seen_in.empty()) << mutant.name;
    for (const absl::string_view id : mutant.caught_by) {
      EXPECT_TRUE(absl::StartsWith(id, "datagram.")) << mutant.name << ": " << id;
    }
  }
}

TEST(DatagramMutants, ServeDatagramsAndNothingElse) {
  for (const char* const endpoint : {"127.0.0.1:0", "icmp://127.0.0.1", "unixpacket:///nosuch"}) {
    const absl::Status status =
        ServeMutant(*FindMutant("none-datagram"), *Endpoint::Parse(endpoint));
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << endpoint << ": " << status;
  }
}

// A UDP socket that hears everybody, on a port of its own.
class Asker {
 public:
  explicit Asker(const SocketAddress& server) : server_(server) {
    const SocketAddress any = SocketAddress::FromIPv4({127, 0, 0, 1}, 0);
    EXPECT_EQ(::bind(fd_.get(), any.data(), any.size()), 0);
  }
  void Send(const std::string& data) const {
    EXPECT_EQ(::sendto(fd_.get(), data.data(), data.size(), 0, server_.data(), server_.size()),
              static_cast<ssize_t>(data.size()));
  }
  // The next answer; none within 10 s is nullopt.
  std::optional<std::string> Receive() const {
    pollfd poll = {fd_.get(), POLLIN, 0};
    if (::poll(&poll, 1, 10'000) != 1) return std::nullopt;
    std::string data(65'536, '\0');
    data.resize(static_cast<size_t>(::recv(fd_.get(), data.data(), data.size(), 0)));
    return data;
  }

 private:
  const SocketAddress server_;
  const UniqueFd fd_{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

class EveryDatagramMutant : public testing::TestWithParam<const Mutant*> {};

TEST_P(EveryDatagramMutant, EchoesAPlainDatagram) {
  const Served served(*GetParam(), Transport::kUdp);
  const Asker asker(served.address());
  asker.Send("a plain one.");
  // This one has to know its sender first.
  if (GetParam()->name == "first-of-sender-lost") asker.Send("a plain one.");
  EXPECT_EQ(asker.Receive(), "a plain one.");
}

std::vector<const Mutant*> All() {
  std::vector<const Mutant*> all;
  for (const std::vector<Mutant>* const table : {&SoundDatagramServers(), &DatagramMutants()}) {
    for (const Mutant& mutant : *table) all.push_back(&mutant);
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Mutants, EveryDatagramMutant, testing::ValuesIn(All()), TestName);

TEST(SoundDatagramServer, ReturnsTheEmptyAndTheLargest) {
  const Served served(*FindMutant("none-datagram"), Transport::kUdp);
  for (const size_t size : {size_t{0}, size_t{1}, size_t{2048}, size_t{65'507}}) {
    const Asker asker(served.address());
    asker.Send(std::string(size, 'x'));
    EXPECT_EQ(asker.Receive(), std::string(size, 'x')) << size;
  }
}

}  // namespace
}  // namespace verbatim
