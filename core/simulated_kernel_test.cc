// What core/simulated_kernel.h promises beyond what the real kernel does: faults, time, peers, and
// what it finds wrong with an implementation. What it has in common with the real kernel is
// simulated_kernel_differential_test.cc's.
#include "core/simulated_kernel.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <functional>
#include <string>
#include <vector>

namespace verbatim {
namespace {

// Peers that do what a list says, one entry a step.
class Script : public SimulatedPeers {
 public:
  void Then(std::function<void()> what) { steps_.push_back(std::move(what)); }
  void At(int64_t due_ms, const SimulatedKernel* kernel, std::function<void()> what) {
    due_ms_ = due_ms;
    kernel_ = const_cast<SimulatedKernel*>(kernel);
    timed_ = std::move(what);
  }
  bool Step() override {
    if (timed_ && kernel_->NowMs() >= due_ms_) {
      std::exchange(timed_, nullptr)();
      due_ms_ = kNever;
      return true;
    }
    if (next_ == steps_.size()) return false;
    steps_[next_++]();
    return true;
  }
  int64_t DueMs() const override { return due_ms_; }

 private:
  std::vector<std::function<void()>> steps_;
  size_t next_ = 0;
  SimulatedKernel* kernel_ = nullptr;
  int64_t due_ms_ = kNever;
  std::function<void()> timed_;
};

class SimulatedKernelTest : public testing::Test {
 protected:
  void Begin(std::vector<Fault> faults = {}, SimulatedOptions options = {}) {
    faults_ = std::move(faults);
    list_ = FaultList(faults_);
    kernel_.Reset(options, &list_, &script_, &coverage_);
    kernel_.SocketPair(SOCK_STREAM | SOCK_NONBLOCK, ends_);
  }
  ssize_t Send(absl::string_view bytes) {
    return kernel_.Send(ends_[0], bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  std::string Receive(size_t most = 100) {
    std::string bytes(most, '\0');
    const ssize_t got = kernel_.Recv(ends_[1], bytes.data(), most, 0);
    return got < 0 ? std::to_string(got) : bytes.substr(0, static_cast<size_t>(got));
  }
  int Watch(uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = ends_[1];
    if (epoll_ < 0) epoll_ = kernel_.EpollCreate();
    return kernel_.EpollControl(epoll_, EPOLL_CTL_ADD, ends_[1], &event);
  }
  int Wait(int timeout_ms) { return kernel_.EpollWait(epoll_, &told_, 1, timeout_ms); }

  Script script_;
  std::vector<Fault> faults_;
  FaultList list_;
  FaultCoverage coverage_;
  SimulatedKernel kernel_;
  int ends_[2] = {-1, -1};
  int epoll_ = -1;
  epoll_event told_{};
};

Fault Error(Call call, int error, uint32_t after = 0, uint32_t times = 1) {
  return {call, Fault::Kind::kError, error, 0, after, times};
}
Fault Short(Call call, uint32_t amount) { return {call, Fault::Kind::kShort, 0, amount}; }

TEST_F(SimulatedKernelTest, AFaultIsMetByTheCallThatItNamesAndByNoOther) {
  Begin({Error(Call::kRecv, EINTR, 1)});
  EXPECT_EQ(Send("abc"), 3);
  EXPECT_EQ(Receive(1), "a");
  EXPECT_EQ(Receive(1), std::to_string(-EINTR));
  EXPECT_EQ(Receive(), "bc");
  ASSERT_EQ(kernel_.met().size(), 1u);
  EXPECT_EQ(FaultText(kernel_.met()[0]), "recv EINTR after 1");
  const auto column = FaultCoverage::Column(faults_[0]);
  EXPECT_EQ(coverage_.hits[static_cast<size_t>(Call::kRecv)][column]
                          [static_cast<size_t>(ConnectionState::kOpen)],
            1u);
}

TEST_F(SimulatedKernelTest, AShortCountIsMetOnlyWhereItChangesSomething) {
  Begin({Short(Call::kSend, 2), Short(Call::kRecv, 5)});
  EXPECT_EQ(Send("abc"), 2);
  EXPECT_EQ(Receive(), "ab");
  ASSERT_EQ(kernel_.met().size(), 1u);
  EXPECT_EQ(kernel_.met()[0].call, Call::kSend);
}

TEST_F(SimulatedKernelTest, WhatLinuxCanNotDoIsNotMet) {
  Begin({Error(Call::kEpollControl, ENOMEM, 1), Error(Call::kRecv, EAGAIN)});
  ASSERT_EQ(Watch(EPOLLIN), 0);
  epoll_event event{};
  EXPECT_EQ(kernel_.EpollControl(epoll_, EPOLL_CTL_DEL, ends_[1], &event), 0);
  int blocking[2];
  kernel_.SocketPair(SOCK_STREAM, blocking);
  ASSERT_EQ(kernel_.Send(blocking[0], "x", 1, 0), 1);
  char byte;
  EXPECT_EQ(kernel_.Recv(blocking[1], &byte, 1, 0), 1);
  EXPECT_TRUE(kernel_.met().empty());
}

TEST_F(SimulatedKernelTest, AConnectionThatAFaultResetsIsGoneForBothEnds) {
  Begin({Error(Call::kRecv, ECONNRESET)});
  EXPECT_EQ(Send("abc"), 3);
  EXPECT_EQ(Receive(), std::to_string(-ECONNRESET));
  EXPECT_TRUE(kernel_.WasHurt(ends_[0]));
  EXPECT_EQ(Send("d"), -EPIPE);
  char byte;
  EXPECT_EQ(kernel_.Recv(ends_[0], &byte, 1, 0), -ECONNRESET);
}

TEST_F(SimulatedKernelTest, PeersActOnlyWhileTheImplementationWaits) {
  Begin();
  script_.Then([this] { Send("abc"); });
  ASSERT_EQ(Watch(EPOLLIN), 0);
  EXPECT_EQ(Receive(), std::to_string(-EAGAIN));
  EXPECT_EQ(Wait(-1), 1);
  EXPECT_EQ(Receive(), "abc");
}

TEST_F(SimulatedKernelTest, TimePassesOnlyInAWaitAndOnlyWhenNothingElseHappens) {
  Begin();
  script_.At(500, &kernel_, [this] { Send("a"); });
  ASSERT_EQ(Watch(EPOLLIN), 0);
  EXPECT_EQ(Wait(200), 0);
  EXPECT_EQ(kernel_.NowMs(), 200);
  EXPECT_EQ(Wait(-1), 1);
  EXPECT_EQ(kernel_.NowMs(), 500);
  EXPECT_EQ(Wait(100), 1);
  EXPECT_EQ(kernel_.NowMs(), 500);
}

TEST_F(SimulatedKernelTest, ADelayedWaitTellsOfTwoSendsAtOnce) {
  Begin({{Call::kEpollWait, Fault::Kind::kDelayed, 0, 1}});
  script_.Then([this] { Send("a"); });
  script_.Then([this] { Send("b"); });
  ASSERT_EQ(Watch(EPOLLIN), 0);
  EXPECT_EQ(Wait(-1), 1);
  EXPECT_EQ(Receive(), "ab");
}

TEST_F(SimulatedKernelTest, ASpuriousWaitReportsASocketThatHasNothing) {
  Begin({{Call::kEpollWait, Fault::Kind::kSpurious}});
  ASSERT_EQ(Watch(EPOLLIN), 0);
  EXPECT_EQ(Wait(0), 1);
  EXPECT_EQ(Receive(), std::to_string(-EAGAIN));
  EXPECT_EQ(Wait(0), 0);
}

TEST_F(SimulatedKernelTest, AnEdgeIsToldOnce) {
  Begin();
  ASSERT_EQ(Watch(EPOLLIN | EPOLLET), 0);
  EXPECT_EQ(Send("a"), 1);
  EXPECT_EQ(Wait(0), 1);
  EXPECT_EQ(Wait(0), 0);
  EXPECT_EQ(Send("b"), 1);
  EXPECT_EQ(Wait(0), 1);
}

TEST_F(SimulatedKernelTest, AWaitForWhatCanNeverComeIsFound) {
  Begin();
  ASSERT_EQ(Watch(EPOLLIN), 0);
  EXPECT_EQ(Wait(-1), -EDEADLK);
  EXPECT_EQ(kernel_.violation(), "a wait for what can never come");
}

TEST_F(SimulatedKernelTest, ACallThatBlocksForEverIsFound) {
  Begin();
  int ends[2];
  kernel_.SocketPair(SOCK_STREAM, ends);
  char byte;
  EXPECT_EQ(kernel_.Recv(ends[0], &byte, 1, 0), -EDEADLK);
  EXPECT_EQ(kernel_.violation(), "a call that blocks for ever");
}

TEST_F(SimulatedKernelTest, ABusyLoopIsFound) {
  Begin();
  EXPECT_EQ(Send("a"), 1);
  ASSERT_EQ(Watch(EPOLLIN), 0);
  int told = 1;
  for (int i = 0; i < 1000 && told == 1; ++i) told = Wait(-1);
  EXPECT_EQ(told, -EDEADLK);
  EXPECT_EQ(kernel_.violation(), "a busy loop: 1000 calls in a row moved nothing");
}

TEST_F(SimulatedKernelTest, AnAcceptThatIsTriedAgainAtOnceForWantOfDescriptorsIsFound) {
  for (const bool rests : {true, false}) {
    Begin({Error(Call::kAccept, EMFILE, 0, 9)});
    const int listener = kernel_.Socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    ASSERT_EQ(kernel_.Listen(listener, 1), 0);
    const int epoll = kernel_.EpollCreate();
    for (int i = 0; i < 9; ++i) {
      EXPECT_EQ(kernel_.Accept(listener, nullptr, nullptr, 0), -EMFILE);
      if (rests) kernel_.EpollWait(epoll, &told_, 1, 100);
    }
    EXPECT_EQ(kernel_.violation(),
              rests ? ""
                    : "a busy loop: accept failed 4 times in no time for want of descriptors or "
                      "memory");
  }
}

TEST_F(SimulatedKernelTest, ADescriptorThatIsUsedAfterItsCloseIsFound) {
  Begin();
  EXPECT_EQ(kernel_.Close(ends_[0]), 0);
  EXPECT_EQ(Send("a"), -EBADF);
  EXPECT_EQ(kernel_.violation(), "descriptor 3 is used after it was closed");
}

TEST_F(SimulatedKernelTest, ADescriptorThatIsLeftOpenIsFound) {
  Begin();
  EXPECT_EQ(kernel_.Close(ends_[0]), 0);
  kernel_.CheckNothingIsLeftOpen();
  EXPECT_EQ(kernel_.violation(), "descriptor 4 was never closed");
}

TEST_F(SimulatedKernelTest, ASendThatWouldRaiseSigpipeIsFound) {
  Begin();
  EXPECT_EQ(kernel_.Close(ends_[1]), 0);
  EXPECT_EQ(kernel_.Send(ends_[0], "a", 1, 0), -EPIPE);
  EXPECT_EQ(kernel_.violation(), "a send without MSG_NOSIGNAL to a peer that has gone: SIGPIPE");
}

TEST_F(SimulatedKernelTest, ARecordAndAFaultRaiseSigpipeToo) {
  Begin();
  kernel_.SocketPair(SOCK_SEQPACKET | SOCK_NONBLOCK, ends_);
  EXPECT_EQ(kernel_.Close(ends_[1]), 0);
  char byte = 'a';
  iovec data{&byte, 1};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  EXPECT_EQ(kernel_.SendMessage(ends_[0], &message, 0), -EPIPE);
  EXPECT_NE(kernel_.violation(), "");
  Begin({Error(Call::kSend, EPIPE)});
  EXPECT_EQ(kernel_.Send(ends_[0], "a", 1, 0), -EPIPE);
  EXPECT_NE(kernel_.violation(), "");
}

TEST_F(SimulatedKernelTest, AWaitForNothingByInstalmentsIsFound) {
  Begin();
  ASSERT_EQ(Watch(EPOLLIN), 0);
  int told = 0;
  for (int i = 0; i < 100000 && told == 0; ++i) told = Wait(12);
  EXPECT_EQ(told, -EDEADLK);
  EXPECT_EQ(kernel_.violation(), "nothing happens but time passing");
}

TEST_F(SimulatedKernelTest, WhatIsHeldBeyondTheBoundIsFound) {
  Begin({}, {.most_held_bytes = 2});
  EXPECT_EQ(Send("abc"), 3);
  EXPECT_EQ(Receive(), "abc");
  EXPECT_EQ(kernel_.violation(), "3 bytes are held of one connection, the bound is 2");
}

TEST_F(SimulatedKernelTest, WhatWasReceivedAndNotSentBackIsFound) {
  Begin({}, {.most_held_bytes = 100});
  EXPECT_EQ(Send("abc"), 3);
  EXPECT_EQ(Receive(), "abc");
  EXPECT_EQ(kernel_.Close(ends_[1]), 0);
  EXPECT_EQ(kernel_.violation(), "a connection is closed with 3 bytes received and not sent back");
}

TEST_F(SimulatedKernelTest, WhatIsNotModelledIsRefusedAloud) {
  Begin();
  EXPECT_EQ(kernel_.Socket(AF_INET, SOCK_RAW, 1), -ENOSYS);
  EXPECT_EQ(kernel_.violation(), "the simulator does not model raw sockets and protocols");
  Begin();
  EXPECT_EQ(kernel_.Send(ends_[0], "a", 1, MSG_OOB), -ENOSYS);
  EXPECT_EQ(kernel_.violation(), "the simulator does not model these flags of send");
  Begin();
  EXPECT_EQ(Watch(EPOLLIN | EPOLLONESHOT), -ENOSYS);
}

TEST_F(SimulatedKernelTest, TooManyDescriptorsAreEmfile) {
  Begin({}, {.most_descriptors = 3});
  EXPECT_GE(kernel_.Socket(AF_UNIX, SOCK_STREAM, 0), 0);
  EXPECT_EQ(kernel_.Socket(AF_UNIX, SOCK_STREAM, 0), -EMFILE);
  EXPECT_EQ(kernel_.EpollCreate(), -EMFILE);
}

TEST_F(SimulatedKernelTest, PeersMeetNoFaultAndTheirDescriptorsAreNotTheImplementations) {
  Begin({Error(Call::kSocket, EMFILE)});
  int theirs = -1;
  {
    const SimulatedKernel::PeersTurn turn(&kernel_);
    theirs = kernel_.Socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT_GE(theirs, 0);
  }
  EXPECT_EQ(kernel_.Close(theirs), -EBADF);
  EXPECT_NE(kernel_.violation(), "");
  EXPECT_EQ(kernel_.Socket(AF_UNIX, SOCK_STREAM, 0), -EMFILE);
}

}  // namespace
}  // namespace verbatim
