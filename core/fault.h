// Fault: what a system call of the implementation meets instead of what it would have done. Named,
// so that a scenario can say it and a report can show it.
// Not for: meeting it. simulated_kernel.h does, in process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace verbatim {

// The calls of the seam (core/kernel.h) that can fail; NowMs can't.
enum class Call : uint8_t {
  kSocket,
  kBind,
  kListen,
  kAccept,
  kConnect,
  kGetOption,
  kSetOption,
  kLocalAddress,
  kRecv,
  kSend,
  kRecvMessage,
  kSendMessage,
  kRead,
  kWrite,
  kShutdown,
  kClose,
  kEpollCreate,
  kEpollControl,
  kEpollWait,
  kPoll,
};
inline constexpr size_t kCalls = 20;

// The system call's name: "recv", "epoll_ctl" …
absl::string_view CallName(Call call);
// nullopt iff no call has this name.
std::optional<Call> FindCall(absl::string_view name);

struct Fault {
  enum class Kind : uint8_t {
    kError,     // it fails with `error`
    kShort,     // it moves at most `amount` bytes
    kSpurious,  // a wait reports a socket that is not ready
    kDelayed,   // a wait reports what is ready only after `amount` more steps of the peers
  };
  Call call = Call::kRecv;
  Kind kind = Kind::kError;
  int error = 0;        // of kError, one of ErrorsOf(call)
  uint32_t amount = 0;  // of kShort and kDelayed, 1 or more; 0 of the others
  uint32_t after = 0;   // so many calls of this name go well before
  uint32_t times = 1;   // so many in a row meet it

  friend bool operator==(const Fault&, const Fault&) = default;
};

// What Linux's manual pages say that the call may fail with for reasons outside the program, EINTR
// and EAGAIN after readiness among them. Never empty.
absl::Span<const int> ErrorsOf(Call call);
bool CanBeShort(Call call);  // recv, send, read, write
bool IsWait(Call call);      // epoll_wait, poll: they may be spurious or delayed

// "recv short 1 after 2", "accept EMFILE times 3", "epoll_wait delayed 2": `after 0` and `times 1`
// are left out.
std::string FaultText(const Fault& fault);

// What is wrong with it, in words for the author of a scenario; empty if nothing is.
absl::string_view FaultProblem(const Fault& fault);

// Says what each call meets. Implementations must be deterministic, and come to an end.
class FaultSource {
 public:
  virtual ~FaultSource() = default;
  // What the `index`-th call (from 0) of this name meets; nullopt: nothing. `fd` is its descriptor
  // (-1 if it has none), `bytes` what it would move (recv, send, read, write). `after` and `times`
  // of the answer mean nothing.
  virtual std::optional<Fault> Next(Call call, uint32_t index, int fd, size_t bytes) = 0;
};

// The faults of a scenario; of several that a call could meet, the first.
class FaultList : public FaultSource {
 public:
  FaultList() = default;
  // Keeps `faults`, which must outlive it.
  explicit FaultList(absl::Span<const Fault> faults) : faults_(faults) {}
  std::optional<Fault> Next(Call call, uint32_t index, int fd, size_t bytes) override;

 private:
  absl::Span<const Fault> faults_;
};

}  // namespace verbatim
