// The model is held to the real kernel: connections, records and pipes, and what the search makes
// of a model that lies. simulated_stream_player_test.h says what is left out of the comparison, and
// simulated_differential_test.h what may differ.
#include <gtest/gtest.h>

#include "core/simulated_stream_player_test.h"

namespace verbatim::streams {
namespace {

void ExpectEqual(const World& world, int traces) {
  Counts counts;
  const int times = static_cast<int>(FromEnvironment("VERBATIM_TIMES"));
  const auto found = Find<SimulatedKernel>(world, traces * times, 5000, &counts);
  counts.Print();
  EXPECT_FALSE(found) << "trace " << found->after << ":\n" << found->text;
}

TEST(SimulatedKernelDifferential, UnixStreamPairsAreEqual) {
  ExpectEqual({World::Ends::kPair}, 1000);
}
TEST(SimulatedKernelDifferential, UnixRecordPairsAreEqual) {
  ExpectEqual({World::Ends::kPair, AF_UNIX, SOCK_SEQPACKET}, 1000);
}
TEST(SimulatedKernelDifferential, PipesAreEqual) { ExpectEqual({World::Ends::kPipe}, 1000); }
TEST(SimulatedKernelDifferential, UnixStreamListenersAreEqual) {
  ExpectEqual({World::Ends::kListener}, 1000);
}
TEST(SimulatedKernelDifferential, UnixRecordListenersAreEqual) {
  ExpectEqual({World::Ends::kListener, AF_UNIX, SOCK_SEQPACKET}, 1000);
}
TEST(SimulatedKernelDifferential, TcpOverIPv4IsEqual) {
  ExpectEqual({World::Ends::kListener, AF_INET}, 300);
}
TEST(SimulatedKernelDifferential, TcpOverIPv6IsEqual) {
  if (!HasIPv6()) GTEST_SKIP() << "no IPv6 on loopback";
  ExpectEqual({World::Ends::kListener, AF_INET6}, 300);
}

// ---- Planted lies. What a model says wrongly, the same search finds.

struct LosesDataAtReset : SimulatedKernel {
  ssize_t Recv(int fd, void* data, size_t n, int flags) {
    pollfd poll{fd, POLLIN, 0};
    if (Poll(&poll, 1, 0) == 1 && (poll.revents & POLLERR) != 0 && Unread(fd) > 0) {
      std::string lost(Unread(fd), '\0');
      SimulatedKernel::Recv(fd, lost.data(), lost.size(), 0);
    }
    return SimulatedKernel::Recv(fd, data, n, flags);
  }
};
struct EndsBeforeTheLastByte : SimulatedKernel {
  ssize_t Recv(int fd, void* data, size_t n, int flags) {
    pollfd poll{fd, POLLRDHUP, 0};
    const bool is_ended = Poll(&poll, 1, 0) == 1;
    const ssize_t got = SimulatedKernel::Recv(fd, data, n, flags);
    return got > 0 && is_ended && Unread(fd) == 0 ? got - 1 : got;
  }
};
struct SaysEpipeForReset : SimulatedKernel {
  ssize_t Send(int fd, const void* data, size_t n, int flags) {
    const ssize_t sent = SimulatedKernel::Send(fd, data, n, flags);
    return sent == -ECONNRESET ? -EPIPE : sent;
  }
};
struct TellsAnEdgeTwice : SimulatedKernel {
  int EpollWait(int epoll, epoll_event* events, int count, int timeout_ms) {
    const int told = SimulatedKernel::EpollWait(epoll, events, count, timeout_ms);
    if (told > 0) last_ = events[0], has_last_ = true;
    if (told != 0 || !std::exchange(has_last_, false)) return told;
    return events[0] = last_, 1;
  }
  epoll_event last_{};
  bool has_last_ = false;
};
struct KeepsAnErrorAfterItWasRead : SimulatedKernel {
  int GetOption(int fd, int level, int name, void* value, socklen_t* size) {
    const int result = SimulatedKernel::GetOption(fd, level, name, value, size);
    if (result < 0) return result;
    int* error = static_cast<int*>(value);
    if (*error != 0) last_ = *error;
    *error = last_;
    return 0;
  }
  int last_ = 0;
};

template <typename Liar>
void ExpectFound(absl::string_view name, const World& world) {
  Counts counts;
  const auto found = Find<Liar>(world, 5000, 20, &counts);
  ASSERT_TRUE(found) << name << " was not found";
  std::cout << name << ": found by trace " << found->after << ":\n" << found->text;
}

TEST(SimulatedKernelDifferential, FindsPlantedLies) {
  const World pair{World::Ends::kPair}, tcp{World::Ends::kListener, AF_INET};
  ExpectFound<LosesDataAtReset>("data lost at a RST that Linux keeps", tcp);
  ExpectFound<EndsBeforeTheLastByte>("an end before the last byte", pair);
  ExpectFound<SaysEpipeForReset>("EPIPE instead of ECONNRESET", tcp);
  ExpectFound<TellsAnEdgeTwice>("an edge told twice", pair);
  ExpectFound<KeepsAnErrorAfterItWasRead>("SO_ERROR not cleared by reading it", pair);
}

}  // namespace
}  // namespace verbatim::streams
