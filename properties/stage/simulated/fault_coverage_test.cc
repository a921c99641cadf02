// Which faults the echo really met, and where. Each call of the seam, each fault that it may meet
// and each state of its descriptor is a cell. A cell that can be reached must have been hit, so
// that no way of failing is tested by its name alone; one that can't be is listed with the reason,
// and a hit there fails too.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/simulated_kernel.h"
#include "core/status.h"
#include "echo/datagram_client.h"
#include "echo/server.h"
#include "echo/sockets.h"
#include "properties/scenario/text.h"
#include "properties/stage/simulated/stage.h"

namespace verbatim {
namespace {

// One fault at one call, behind others that are always there; and a count of all calls.
class OneFault : public FaultSource {
 public:
  OneFault(Fault fault, absl::Span<const Fault> always) : fault_(fault), always_(always) {}
  std::optional<Fault> Next(Call call, uint32_t index, int fd, size_t bytes) override {
    ++counts_[static_cast<size_t>(call)];
    if (call == fault_.call && index == fault_.after && fault_.times != 0) return fault_;
    return always_.Next(call, index, fd, bytes);
  }
  uint32_t count(Call call) const { return counts_[static_cast<size_t>(call)]; }

 private:
  const Fault fault_;
  FaultList always_;
  std::array<uint32_t, kCalls> counts_{};
};

// Every fault that `call` may meet.
std::vector<Fault> FaultsOf(Call call) {
  std::vector<Fault> faults;
  for (const int error : ErrorsOf(call)) faults.push_back({call, Fault::Kind::kError, error});
  if (CanBeShort(call)) faults.push_back({call, Fault::Kind::kShort, 0, 1});
  if (IsWait(call)) {
    faults.push_back({call, Fault::Kind::kSpurious});
    faults.push_back({call, Fault::Kind::kDelayed, 0, 1});
  }
  return faults;
}

std::string FaultName(const Fault& fault) {
  if (fault.kind == Fault::Kind::kError) return ErrnoName(fault.error);
  if (fault.kind == Fault::Kind::kShort) return "short";
  return fault.kind == Fault::Kind::kSpurious ? "spurious" : "delayed";
}

constexpr absl::string_view kConversations[] = {
    "payload coded 40 seed 1\nsend 10\nawait\nsend rest\nawait\nshutdown\nexpect eof\n",
    "payload coded 2000 seed 1\nstall\nsend rest\n@2 connect\n@2 send 5\n@2 await\nresume\n"
    "send rest\nshutdown\nexpect eof\n",
    "payload coded 40 seed 1\nsend 10\nsend 10\nshutdown\nexpect eof\n",
    "payload coded 2000 seed 1\nstall\nsend rest\nshutdown\npause 10ms\nresume\nexpect eof\n",
    "payload coded 2000 seed 1\nsend 1\nawait\nstall\nsend rest\nshutdown\npause 10ms\nresume\n"
    "expect eof\n",
    "payload coded 2000 seed 1\nsend 1\nawait\nsend 1\nawait\nstall\nsend rest\nshutdown\n"
    "pause 10ms\nresume\nexpect eof\n",
    "payload coded 2000 seed 1\nstall\nsend rest\nreset\n@2 connect\n@2 send 9\n@2 await\n",
    "payload coded 2000 seed 1\nsend 10\nclose\n@2 connect\n@2 stall\n@2 send rest\n@2 close\n",
    "payload coded 40 seed 1\nsend 10\nreset\n@2 connect\n@2 reset\n",
};
constexpr absl::string_view kClientConversations[] = {
    "role client\npayload coded 40 seed 1\nfeed 10\nreply 5\nfeed rest\nreply rest\nfeed eof\n"
    "expect output exact, status 0\n",
    "role client\npayload coded 4000 seed 1\nstall\nfeed rest\nresume\nfeed eof\nreply rest\n"
    "expect output exact, status 0\n",
    "role client\npayload coded 40 seed 1\nfeed 10\nreply 5\nshutdown\nfeed 10\nfeed eof\n",
    "role client\npayload coded 4000 seed 1\nfeed 10\nreply 5\nreset\nfeed 1000\nfeed eof\n",
    "role client\npayload coded 4000 seed 1\nstall\nfeed rest\nclose\nfeed eof\n",
};

// What a peer does before the server gets to look, if its wait is delayed.
constexpr absl::string_view kHasty[] = {
    "payload coded 40 seed 1\nsend 10\nshutdown\nexpect eof\n",
    "payload coded 40 seed 1\nsend 10\nclose\n",
    "payload coded 40 seed 1\nsend 10\nreset\n",
};
constexpr absl::string_view kHastyServer[] = {
    "role client\npayload coded 40 seed 1\nfeed 10\nreply 5\nshutdown\nfeed eof\n",
};

// For each call: in which states the echo has a descriptor that it is made on; and why in no other.
struct Row {
  Call call;
  std::vector<ConnectionState> states;
  absl::string_view why_no_other;
};
using S = ConnectionState;
const Row kRows[] = {
    {Call::kSocket, {S::kNone}, "it has no descriptor yet"},
    {Call::kBind, {S::kNone, S::kDatagram}, "it comes right after socket"},
    {Call::kListen, {S::kNone}, "it comes right after bind"},
    {Call::kAccept, {S::kListening}, "it is made on listeners alone"},
    {Call::kConnect, {S::kNone, S::kDatagram}, "it comes right after socket"},
    {Call::kGetOption, {S::kOpen}, "it asks how an interrupted connect went, which went well"},
    {Call::kSetOption, {S::kNone, S::kOpen, S::kDatagram}, "it comes after socket and connect"},
    {Call::kLocalAddress, {S::kListening, S::kDatagram}, "it comes right after listen or bind"},
    {Call::kRecv,
     {S::kOpen, S::kPeerEnded, S::kEnded, S::kBoth, S::kBroken, S::kDatagram},
     "it is made on connections and datagram sockets"},
    {Call::kSend,
     {S::kOpen, S::kPeerEnded, S::kBoth, S::kBroken, S::kDatagram},
     "the server never sends a FIN before it closes, the client sends nothing after its own"},
    {Call::kRecvMessage,
     {S::kOpen, S::kPeerEnded, S::kBoth, S::kDatagram},
     "records are unix sockets', which know no RST; the server sends no FIN"},
    {Call::kSendMessage,
     {S::kOpen, S::kPeerEnded, S::kBoth, S::kDatagram},
     "records are unix sockets', which know no RST; the server sends no FIN"},
    {Call::kRead, {S::kPipe}, "it is made on the standard input alone"},
    {Call::kWrite, {S::kPipe}, "it is made on the standard output alone"},
    {Call::kShutdown, {S::kOpen, S::kPeerEnded}, "the client makes it once, unless all is over"},
    {Call::kClose,
     {S::kNone, S::kListening, S::kOpen, S::kPeerEnded, S::kEnded, S::kBoth, S::kBroken,
      S::kDatagram},
     "the standard descriptors are not ours to close"},
    {Call::kEpollCreate, {S::kNone}, "it has no descriptor yet"},
    {Call::kEpollControl,
     {S::kNone, S::kListening, S::kOpen, S::kPeerEnded, S::kBoth, S::kBroken, S::kDatagram},
     "the server sends no FIN; pipes are the client's, which has no epoll"},
    {Call::kEpollWait, {S::kNone}, "its descriptor is the epoll's"},
    {Call::kPoll, {S::kNone}, "it has no descriptor of its own"},
};

// Spurious is told of a socket.
const Row kSpuriousRows[] = {
    {Call::kEpollWait,
     {S::kListening, S::kOpen, S::kPeerEnded, S::kDatagram},
     "what has ended both ways or broken is ready for all; the server sends no FIN"},
    {Call::kPoll,
     {S::kOpen, S::kEnded, S::kDatagram},
     "after the peer's FIN the client asks of its output alone, for the script reads all it "
     "prints"},
};

// Why a fault can't be met in a state in which others can; empty if it can.
absl::string_view WhyNot(const Fault& fault, ConnectionState state) {
  const bool of_connections = fault.error == ECONNRESET || fault.error == ETIMEDOUT ||
                              fault.error == EPIPE || fault.error == ENOTCONN;
  const bool is_data = fault.call != Call::kConnect && fault.call != Call::kAccept;
  if (of_connections && is_data && state == S::kBroken) return "a connection breaks once";
  if (of_connections && state == S::kDatagram) return "there is no connection to break";
  if (fault.call == Call::kConnect && state == S::kDatagram &&
      (fault.error == EINTR || fault.error == ECONNREFUSED)) {
    return "connecting a datagram socket sends nothing and waits for nothing (udp(7))";
  }
  if (fault.error == ECONNREFUSED && is_data && state != S::kDatagram) {
    return "only datagrams are refused one by one";
  }
  if (fault.kind == Fault::Kind::kShort && state == S::kDatagram) return "datagrams are whole";
  if (fault.kind == Fault::Kind::kShort && fault.call == Call::kSend &&
      (state == S::kBoth || state == S::kBroken)) {
    return "nothing can be sent there";
  }
  if (fault.call == Call::kSend && fault.error == EAGAIN && state == S::kDatagram) {
    return "the client's socket blocks";
  }
  return "";
}

const Row& RowOf(const Fault& fault) {
  if (fault.kind == Fault::Kind::kSpurious) return kSpuriousRows[fault.call == Call::kPoll];
  return kRows[static_cast<size_t>(fault.call)];
}

// Why the cell can't be hit; empty if it must be.
absl::string_view WhyUnreachable(const Fault& fault, ConnectionState state) {
  const Row& row = RowOf(fault);
  EXPECT_EQ(row.call, fault.call);
  const bool listed = std::find(row.states.begin(), row.states.end(), state) != row.states.end();
  return listed ? WhyNot(fault, state) : row.why_no_other;
}

class FaultCoverageTest : public testing::Test {
 protected:
  // `play` with every fault at every call that it makes, behind those that are always there.
  template <typename Play>
  void WithEachFault(std::vector<Fault> always, Play play) {
    OneFault none({.times = 0}, always);
    play(&none);
    for (size_t i = 0; i < kCalls; ++i) {
      const Call call = static_cast<Call>(i);
      for (Fault fault : FaultsOf(call)) {
        for (fault.after = 0; fault.after < none.count(call); ++fault.after) {
          OneFault one(fault, always);
          play(&one);
          ++plays_;
        }
      }
    }
  }

  void PlayScenario(absl::string_view text, Transport transport, std::vector<Fault> always = {}) {
    const auto scenario = ParseScenario(absl::StrCat("# verbatim scenario 1\n", text));
    ASSERT_TRUE(scenario.ok()) << scenario.status();
    WithEachFault(std::move(always), [&](FaultSource* faults) {
      const SimulatedPlay play = stage_.Play(
          *scenario, {.transport = transport, .faults = faults, .coverage = &coverage_});
      Scenario again = *scenario;
      again.faults = play.met;
      EXPECT_FALSE(play.Fails()) << SimulatedSentence(play) << "\n" << PrintScenario(again);
    });
  }

  void PlayServers() {
    for (const Transport transport : {Transport::kTcp, Transport::kUnix, Transport::kUnixpacket}) {
      for (const absl::string_view text : kConversations) PlayScenario(text, transport);
      for (const absl::string_view text : kHasty) {
        for (uint32_t wait = 0; wait < 3; ++wait) {
          PlayScenario(text, transport, {{Call::kEpollWait, Fault::Kind::kDelayed, 0, 2, wait}});
        }
      }
    }
  }

  void PlayClients() {
    for (const Transport transport : {Transport::kTcp, Transport::kUnix}) {
      for (const absl::string_view text : kClientConversations) PlayScenario(text, transport);
      for (uint32_t wait = 0; wait < 12; ++wait) {
        for (const absl::string_view text : kHastyServer) {
          PlayScenario(text, transport, {{Call::kPoll, Fault::Kind::kDelayed, 0, 2, wait}});
        }
        PlayScenario(kClientConversations[0], transport,
                     {{Call::kPoll, Fault::Kind::kError, ENOMEM, 0, wait}});
      }
      PlayScenario(kClientConversations[0], transport,
                   {{Call::kConnect, Fault::Kind::kError, EINTR}});
    }
  }

  void PlayDatagramServer(Transport transport);
  void PlayDatagramClient(Transport transport);
  void CheckCell(const Fault& fault, ConnectionState state);

  SimulatedStage stage_;
  SimulatedKernel kernel_;
  FaultCoverage coverage_;
  uint64_t plays_ = 0;
  int hit_ = 0;
  int unreachable_ = 0;
};

SocketAddress ServerAddress(Transport transport) {
  return IsUnix(transport) ? *SocketAddress::FromAbstract("server")
                           : SocketAddress::FromIPv4({127, 0, 0, 1}, 99);
}

// A datagram socket of a peer.
int PeersSocket(SimulatedKernel& kernel, const SocketAddress& address) {
  const int fd = kernel.Socket(address.family(), SOCK_DGRAM | SOCK_NONBLOCK, 0);
  kernel.Bind(fd, address.data(), address.size());
  return fd;
}

// A peer that asks thrice and then ends the server.
class Asker : public SimulatedPeers {
 public:
  Asker(SimulatedKernel* kernel, Transport transport, int end) : kernel_(*kernel), end_(end) {
    const SimulatedKernel::PeersTurn turn(kernel);
    const SocketAddress server = ServerAddress(transport);
    fd_ = PeersSocket(kernel_, IsUnix(transport) ? *SocketAddress::FromAbstract("asker")
                                                 : SocketAddress::FromIPv4({127, 0, 0, 1}, 500));
    kernel_.Connect(fd_, server.data(), server.size());
  }
  bool Step() override {
    char answer[16];
    while (kernel_.Recv(fd_, answer, sizeof(answer), MSG_DONTWAIT) >= 0) {
    }
    if (asked_ == 3) return kernel_.Signal(end_), ++asked_, true;
    return asked_ < 3 && (++asked_, kernel_.Send(fd_, "question", 8, MSG_NOSIGNAL) == 8);
  }

 private:
  SimulatedKernel& kernel_;
  const int end_;
  int fd_;
  int asked_ = 0;
};

void FaultCoverageTest::PlayDatagramServer(Transport transport) {
  WithEachFault({}, [&](FaultSource* faults) {
    kernel_.Reset({}, faults, nullptr, &coverage_);
    int end = -1;
    {
      const SimulatedKernel::PeersTurn turn(&kernel_);
      end = kernel_.Event();
    }
    ServerLog log;
    auto listening = Listen(kernel_, transport, ServerAddress(transport), 1);
    if (listening.ok()) {
      Asker asker(&kernel_, transport, end);
      Server<SimulatedKernel> server(&kernel_, &log);
      const absl::Status added = server.Add(*std::move(listening));
      kernel_.SetPeers(&asker);
      if (added.ok()) server.Run(-1, end).IgnoreError();
    }
    kernel_.CheckNothingIsLeftOpen();
    EXPECT_EQ(kernel_.violation(), "");
  });
}

// A server that answers what it is asked, and reads what the client prints.
class Answerer : public SimulatedPeers {
 public:
  Answerer(SimulatedKernel* kernel, Transport transport, int output)
      : kernel_(*kernel), output_(output) {
    const SimulatedKernel::PeersTurn turn(kernel);
    fd_ = PeersSocket(kernel_, ServerAddress(transport));
  }
  bool Step() override {
    sockaddr_storage from{};
    char bytes[64];
    iovec data{bytes, sizeof(bytes)};
    msghdr message{&from, sizeof(from), &data, 1, nullptr, 0, 0};
    const ssize_t got = kernel_.RecvMessage(fd_, &message, MSG_DONTWAIT);
    if (got >= 0) {
      data.iov_len = static_cast<size_t>(got);
      kernel_.SendMessage(fd_, &message, MSG_NOSIGNAL);
    }
    return got >= 0 || kernel_.Read(output_, bytes, sizeof(bytes)) > 0;
  }

 private:
  SimulatedKernel& kernel_;
  const int output_;
  int fd_;
};

void FaultCoverageTest::PlayDatagramClient(Transport transport) {
  WithEachFault({}, [&](FaultSource* faults) {
    kernel_.Reset({}, faults, nullptr, &coverage_);
    int input[2], output[2];
    {
      const SimulatedKernel::PeersTurn turn(&kernel_);
      kernel_.Pipe(input, 0);
      kernel_.Pipe(output, 0);
      kernel_.Write(input[1], "question", 8);
      kernel_.Close(input[1]);
      kernel_.Lend(input[0]);
      kernel_.Lend(output[1]);
    }
    Answerer answerer(&kernel_, transport, output[0]);
    kernel_.SetPeers(&answerer);
    {
      auto connected = ConnectTo(kernel_, transport, ServerAddress(transport));
      const bool went_well = connected.ok();
      if (went_well) {
        DatagramClient<SimulatedKernel> client(&kernel_, *std::move(connected), transport, input[0],
                                               output[1], {.datagram_bytes = 4});
        client.Run().IgnoreError();
      }
    }
    kernel_.CheckNothingIsLeftOpen();
    EXPECT_EQ(kernel_.violation(), "");
  });
}

void FaultCoverageTest::CheckCell(const Fault& fault, ConnectionState state) {
  const uint64_t hits = coverage_.hits[static_cast<size_t>(fault.call)]
                                      [FaultCoverage::Column(fault)][static_cast<size_t>(state)];
  const absl::string_view why = WhyUnreachable(fault, state);
  const std::string cell = absl::StrCat(CallName(fault.call), " ", FaultName(fault), " when ",
                                        ConnectionStateName(state));
  if (why.empty()) {
    EXPECT_GT(hits, 0u) << cell << " can be met and never was";
    ++hit_;
  } else {
    EXPECT_EQ(hits, 0u) << cell << " was met, though " << why;
    ++unreachable_;
  }
}

TEST_F(FaultCoverageTest, EveryFaultThatCanBeMetWasMetInEveryStateInWhichItCan) {
  PlayServers();
  PlayClients();
  for (const Transport transport : {Transport::kUdp, Transport::kUnixgram}) {
    PlayDatagramServer(transport);
    PlayDatagramClient(transport);
  }
  for (size_t i = 0; i < kCalls; ++i) {
    for (const Fault& fault : FaultsOf(static_cast<Call>(i))) {
      for (size_t state = 0; state < kConnectionStates; ++state) {
        CheckCell(fault, static_cast<ConnectionState>(state));
      }
    }
  }
  std::printf("%llu plays, %d cells hit, %d that can't be\n",
              static_cast<unsigned long long>(plays_), hit_, unreachable_);
}

}  // namespace
}  // namespace verbatim
