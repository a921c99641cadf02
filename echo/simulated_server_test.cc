// What Server does when its loop is held up, and when much happens at once: cases that need a clock
// and a kernel of our own. Each was a bug.
// Not for: what holds for any course of events (simulated_server_model_test.cc).
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/simulated_kernel.h"
#include "echo/server.h"
#include "echo/sockets.h"

namespace verbatim {
namespace {

// Peers that take one step after the other, each at its time or later.
class Timetable : public SimulatedPeers {
 public:
  explicit Timetable(SimulatedKernel* kernel) : kernel_(*kernel) {}
  void At(int64_t ms, std::function<void()> what) { steps_.push_back({ms, std::move(what)}); }
  bool Step() override {
    if (next_ == steps_.size() || kernel_.NowMs() < steps_[next_].first) return false;
    steps_[next_++].second();
    return true;
  }
  int64_t DueMs() const override { return next_ < steps_.size() ? steps_[next_].first : kNever; }

 private:
  SimulatedKernel& kernel_;
  std::vector<std::pair<int64_t, std::function<void()>>> steps_;
  size_t next_ = 0;
};

class EndLog : public ServerLog {
 public:
  void Ended(const SocketAddress&, uint64_t, uint64_t, int error) override { error_ = error; }
  int error_ = -1;  // of the connection that ended last
};

class SimulatedServerTest : public testing::Test {
 protected:
  // Serves `addresses` until `end` is signalled by a step.
  void Serve(SimulatedOptions kernel_options, ServerOptions options, std::vector<Fault> faults,
             const std::vector<std::pair<Transport, SocketAddress>>& places) {
    FaultList list(faults);
    kernel_.Reset(kernel_options, &list, &timetable_);
    {
      const SimulatedKernel::PeersTurn turn(&kernel_);
      end_ = kernel_.Event();
    }
    {
      Server<SimulatedKernel> server(&kernel_, &log_, options);
      for (const auto& [transport, address] : places) {
        auto listening = Listen(kernel_, transport, address, 16);
        ASSERT_TRUE(listening.ok()) << listening.status();
        ASSERT_TRUE(server.Add(*std::move(listening)).ok());
      }
      EXPECT_TRUE(server.Run(-1, end_).ok());
    }
    kernel_.CheckNothingIsLeftOpen();
    EXPECT_EQ(kernel_.violation(), "");
  }

  int ConnectTo(const SocketAddress& address) {
    const int fd = kernel_.Socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK, 0);
    EXPECT_EQ(kernel_.Connect(fd, address.data(), address.size()), 0);
    return fd;
  }
  std::string ReadAll(int fd) {
    std::string all, piece(100, '\0');
    ssize_t got;
    while ((got = kernel_.Recv(fd, &piece[0], piece.size(), MSG_DONTWAIT)) > 0) {
      all.append(piece, 0, static_cast<size_t>(got));
    }
    return all;
  }

  const SocketAddress tcp_ = SocketAddress::FromIPv4({127, 0, 0, 1}, 7);
  SimulatedKernel kernel_;
  Timetable timetable_{&kernel_};
  EndLog log_;
  int end_ = -1;
};

// The peer has read, and there is room again; but before the server is told its loop is held up
// beyond the time-out. It has to look first, at what it can send as at what it can receive.
TEST_F(SimulatedServerTest, LooksWhetherAStalledPeerHasReadBeforeItCallsItIdle) {
  int fd = -1;
  std::string seen;
  timetable_.At(0, [&] { fd = ConnectTo(tcp_); });
  timetable_.At(2, [&] { EXPECT_EQ(kernel_.Send(fd, "0123456789abcdef", 16, 0), 16); });
  timetable_.At(4, [&] { EXPECT_EQ(kernel_.Send(fd, "0123456789", 10, 0), 10); });
  timetable_.At(90, [&] {
    seen = ReadAll(fd);
    kernel_.AdvanceMs(20);
  });
  timetable_.At(150, [&] { seen += ReadAll(fd); });
  timetable_.At(150, [&] { kernel_.Signal(end_); });
  Serve({.buffer_bytes = 16}, {.session_bytes = 16, .idle_timeout_ms = 100},
        {{Call::kEpollWait, Fault::Kind::kDelayed, 0, 1, 0, 1000}}, {{Transport::kTcp, tcp_}});
  EXPECT_EQ(seen, "0123456789abcdef0123456789");
  EXPECT_EQ(log_.error_, -1) << "a connection was ended that was not idle";
}

// A sender that does not read has its next answer kept for 100 rests of 1 ms. Connections that end
// meanwhile wake those that wait for a descriptor, and are no rest.
TEST_F(SimulatedServerTest, KeepsADatagramWhileManyConnectionsEnd) {
  const SocketAddress server = *SocketAddress::FromAbstract("server");
  const SocketAddress sender = *SocketAddress::FromAbstract("sender");
  int fd = -1, got = 0;
  timetable_.At(0, [&] {
    fd = kernel_.Socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    kernel_.Bind(fd, sender.data(), sender.size());
  });
  for (int i = 0; i < 15; ++i) {
    timetable_.At(0, [&] {  // not connected: else its queue has no bound (unix(7))
      char byte = 'x';
      iovec data{&byte, 1};
      msghdr message{};
      message.msg_name = const_cast<sockaddr*>(server.data());
      message.msg_namelen = server.size();
      message.msg_iov = &data;
      message.msg_iovlen = 1;
      EXPECT_EQ(kernel_.SendMessage(fd, &message, 0), 1);
    });
  }
  for (int i = 0; i < 150; ++i) {
    timetable_.At(2, [&] { kernel_.Close(ConnectTo(tcp_)); });
  }
  for (int64_t ms = 10; ms < 15; ++ms) {
    timetable_.At(ms, [&] {
      char byte;
      while (kernel_.Recv(fd, &byte, 1, MSG_DONTWAIT) == 1) ++got;
    });
  }
  timetable_.At(20, [&] { kernel_.Signal(end_); });
  Serve({}, {}, {}, {{Transport::kTcp, tcp_}, {Transport::kUnixgram, server}});
  EXPECT_EQ(got, 15);
}

}  // namespace
}  // namespace verbatim
