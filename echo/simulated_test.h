// What the properties on the simulated kernel have in common: bytes that tell where they belong,
// peers that know when the server is quiet, faults that no connection may die of.
// Not for: what the peers do, and what is right; the properties have that.
#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "core/endpoint.h"
#include "core/fault.h"
#include "core/simulated_kernel.h"

namespace verbatim {

// Another sequence for each `id`; neighbours differ.
inline std::string CodedBytes(uint64_t id, uint64_t offset, size_t count) {
  std::string bytes(count, '\0');
  for (size_t i = 0; i < count; ++i) {
    bytes[i] = static_cast<char>((((offset + i) * 40503 + id * 7919) >> 5) & 0xFF);
  }
  return bytes;
}

// Peers that act one after the other; before some acts the server must have done all it could.
class QuietPeers : public SimulatedPeers {
 public:
  explicit QuietPeers(SimulatedKernel* kernel) : kernel_(*kernel) {}

  // The server is quiet once it has come back to a wait in which nothing is ready: then this is
  // called again without any call in between.
  bool Step() final {
    now_ms_ = kernel_.NowMs();
    due_ms_ = kNever;
    const bool is_quiet = kernel_.calls() == seen_calls_;
    seen_calls_ = kernel_.calls();
    if (!is_quiet && NeedsQuiet()) return due_ms_ = now_ms_, false;
    if (!Act()) return false;
    seen_calls_ = UINT64_MAX;
    return true;
  }
  int64_t DueMs() const final { return due_ms_; }

 protected:
  // Whether Act is to be called only once the server is quiet.
  virtual bool NeedsQuiet() const = 0;
  // Does one thing. False: nothing was done; to be asked again at due_ms_.
  virtual bool Act() = 0;

  SimulatedKernel& kernel_;
  int64_t now_ms_ = 0;
  int64_t due_ms_ = kNever;

 private:
  uint64_t seen_calls_ = UINT64_MAX;
};

// Where the server is, by a connection or a datagram.
inline SocketAddress ServerAddress(Transport transport) {
  return IsUnix(transport) ? *SocketAddress::FromAbstract("verbatim")
                           : SocketAddress::FromIPv4({127, 0, 0, 1}, 4007);
}

// Something of the peers' that the server can wait for.
inline int PeersEvent(SimulatedKernel* kernel) {
  const SimulatedKernel::PeersTurn turn(kernel);
  return kernel->Event();
}

inline void showValue(const Fault& fault, std::ostream& out) { out << FaultText(fault); }

struct ErrorChoice {
  Call call;
  int error;
};

// One of these errors; or short counts, or waits that are spurious or delayed, where the call is
// among `others`.
inline rc::Gen<Fault> AnyFaultOf(const std::vector<ErrorChoice>& errors,
                                 const std::vector<Call>& others) {
  const auto after = rc::gen::inRange<uint32_t>(0, 60);
  const auto times = rc::gen::inRange<uint32_t>(1, 5);
  const auto error = rc::gen::mapcat(rc::gen::elementOf(errors), [=](const ErrorChoice& choice) {
    return rc::gen::map(rc::gen::pair(after, times), [choice](const auto& when) {
      return Fault{choice.call, Fault::Kind::kError, choice.error, 0, when.first, when.second};
    });
  });
  const auto other = rc::gen::mapcat(rc::gen::elementOf(others), [=](Call call) {
    const auto amount = rc::gen::inRange<uint32_t>(1, 5);
    return rc::gen::map(rc::gen::tuple(after, times, amount), [call](const auto& drawn) {
      const auto [begin, count, size] = drawn;
      Fault fault{call, Fault::Kind::kShort, 0, size, begin, count};
      if (!IsWait(call)) return fault;
      const bool is_spurious = size % 2 == 0;
      fault.kind = is_spurious ? Fault::Kind::kSpurious : Fault::Kind::kDelayed;
      if (is_spurious) fault.amount = 0;
      return fault;
    });
  });
  return rc::gen::oneOf(error, other);
}

}  // namespace verbatim
