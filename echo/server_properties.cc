// The property of Server: whatever a peer sends comes back, however its sends and reads are cut,
// and whatever the server's own calls meet: short counts, EINTR, EAGAIN, ECONNABORTED.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/posix_kernel.h"
#include "echo/serving_test.h"

namespace verbatim {
namespace {

// The real kernel, whose calls fail or fall short as the dice say, below the retries. Each call
// takes a die; 0 is no fault, as is every call after the last die. A refused call may be refused
// although it could have been done: level-triggered epoll reports it again.
class ShortKernel : public PosixKernel {
 public:
  explicit ShortKernel(std::vector<uint8_t> dice) : dice_(std::move(dice)) {}

  int Accept(int fd, sockaddr* address, socklen_t* length, int flags) {
    switch (Roll() % 4) {
      case 1:
        return -EINTR;
      case 2:
        return -EAGAIN;
      case 3:
        return -ECONNABORTED;
      default:
        return PosixKernel::Accept(fd, address, length, flags);
    }
  }
  ssize_t Recv(int fd, void* data, size_t bytes, int flags) {
    const ssize_t allowed = Allowed(bytes);
    if (allowed < 0) return allowed;
    return PosixKernel::Recv(fd, data, static_cast<size_t>(allowed), flags);
  }
  ssize_t Send(int fd, const void* data, size_t bytes, int flags) {
    const ssize_t allowed = Allowed(bytes);
    if (allowed < 0) return allowed;
    return PosixKernel::Send(fd, data, static_cast<size_t>(allowed), flags);
  }
  int EpollWait(int epoll, epoll_event* events, int count, int timeout_ms) {
    // One event at a time makes other orders.
    const uint8_t die = Roll();
    if (die % 3 == 1) return -EINTR;
    return PosixKernel::EpollWait(epoll, events, die % 3 == 2 ? 1 : count, timeout_ms);
  }

 private:
  uint8_t Roll() { return next_ < dice_.size() ? dice_[next_++] : 0; }

  // How many of `bytes` the call may take, or the error that it meets.
  ssize_t Allowed(size_t bytes) {
    const uint8_t die = Roll();
    if (die % 4 == 1) return -EINTR;
    if (die % 4 == 2) return -EAGAIN;
    if (die % 4 == 3) return static_cast<ssize_t>(std::min<size_t>(bytes, 1 + die / 4));
    return static_cast<ssize_t>(bytes);
  }

  const std::vector<uint8_t> dice_;
  size_t next_ = 0;
};

static_assert(Kernel<ShortKernel>);

// What one peer does.
struct Plan {
  size_t payload_bytes = 0;
  std::vector<size_t> send_bytes, read_bytes;
};

void showValue(const Plan& plan, std::ostream& out) {
  out << "payload " << plan.payload_bytes << " send " << rc::toString(plan.send_bytes) << " read "
      << rc::toString(plan.read_bytes);
}

// Small pieces are the likely ones.
rc::Gen<std::vector<size_t>> AnyCuts() {
  const auto cut = rc::gen::weightedOneOf<size_t>(
      {{3, rc::gen::inRange<size_t>(1, 5)}, {1, rc::gen::inRange<size_t>(1, 3000)}});
  return rc::gen::nonEmpty(rc::gen::container<std::vector<size_t>>(cut));
}

rc::Gen<Plan> AnyPlan() {
  const auto payload_bytes = rc::gen::weightedOneOf<size_t>(
      {{2, rc::gen::inRange<size_t>(0, 100)}, {1, rc::gen::inRange<size_t>(0, 5000)}});
  return rc::gen::construct<Plan>(payload_bytes, AnyCuts(), AnyCuts());
}

rc::Gen<std::vector<Plan>> AnyPlans() {
  return rc::gen::mapcat(rc::gen::inRange<size_t>(1, 4), [](size_t peers) {
    return rc::gen::container<std::vector<Plan>>(peers, AnyPlan());
  });
}

// Plays all of the plans at once against one server.
void CheckEcho(const std::vector<Plan>& plans, size_t session_bytes, std::vector<uint8_t> dice) {
  ShortKernel kernel(std::move(dice));
  ServerThread server(&kernel, {Loopback4()}, {.session_bytes = session_bytes});
  std::vector<Conversation> all(plans.size());
  for (size_t i = 0; i < plans.size(); ++i) {
    all[i].fd = server.Connect();
    RC_ASSERT(static_cast<bool>(all[i].fd));
    all[i].payload = TestPayload(plans[i].payload_bytes, static_cast<uint32_t>(i));
    all[i].send_bytes = plans[i].send_bytes;
    all[i].read_bytes = plans[i].read_bytes;
  }
  Converse(all);
  for (const Conversation& conversation : all) {
    RC_ASSERT(conversation.over);
    RC_ASSERT(conversation.error == 0);
    RC_ASSERT(conversation.received == conversation.payload);
  }
  for (const LogEntry& entry : server.log().WaitForKind(LogEntry::kEnded, all.size())) {
    RC_ASSERT(entry.error == 0);
    RC_ASSERT(entry.received_bytes == entry.sent_bytes);
  }
  RC_ASSERT(server.Stop().ok());
}

RC_GTEST_PROP(ServerProperties, EveryByteComesBackHoweverBothSidesAreCut, ()) {
  const auto plans = *AnyPlans();
  const auto session_bytes = *rc::gen::inRange<size_t>(1, 300);
  CheckEcho(plans, session_bytes, *rc::gen::arbitrary<std::vector<uint8_t>>());
}

RC_GTEST_PROP(ServerProperties, EveryByteComesBackThroughAStormOfFaults, ()) {
  const auto plans = *AnyPlans();
  const auto faults = rc::gen::container<std::vector<uint8_t>>(500, rc::gen::nonZero<uint8_t>());
  CheckEcho(plans, *rc::gen::inRange<size_t>(1, 300), *rc::gen::noShrink(faults));
}

}  // namespace
}  // namespace verbatim
