// The table of what each call may meet, and its words.
#include "core/fault.h"

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "core/status.h"

namespace verbatim {
namespace {

constexpr int kSocketErrors[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM};
constexpr int kBindErrors[] = {EADDRINUSE, ENOMEM};
constexpr int kListenErrors[] = {EADDRINUSE};
constexpr int kAcceptErrors[] = {EINTR,    EAGAIN, ECONNABORTED, EPROTO,  ETIMEDOUT,
                                 ENETDOWN, EMFILE, ENFILE,       ENOBUFS, ENOMEM};
constexpr int kConnectErrors[] = {EINTR, ECONNREFUSED, ETIMEDOUT, ENETUNREACH, ENOBUFS};
constexpr int kOptionErrors[] = {ENOBUFS};
constexpr int kRecvErrors[] = {EINTR, EAGAIN, ECONNRESET, ETIMEDOUT, ENOMEM};
constexpr int kSendErrors[] = {EINTR, EAGAIN, ECONNRESET, EPIPE, ETIMEDOUT, ENOBUFS, ENOMEM};
constexpr int kRecvMessageErrors[] = {EINTR, EAGAIN, ECONNREFUSED, ENOMEM};
constexpr int kSendMessageErrors[] = {EINTR, EAGAIN, ECONNREFUSED, ENOBUFS, ENOMEM};
constexpr int kReadErrors[] = {EINTR, EAGAIN, EIO};
constexpr int kWriteErrors[] = {EINTR, EAGAIN, EPIPE, ENOSPC};
constexpr int kShutdownErrors[] = {ENOTCONN};
constexpr int kCloseErrors[] = {EINTR};
constexpr int kEpollCreateErrors[] = {EMFILE, ENFILE, ENOMEM};
constexpr int kEpollControlErrors[] = {ENOMEM, ENOSPC};
constexpr int kEpollWaitErrors[] = {EINTR};
constexpr int kPollErrors[] = {EINTR, ENOMEM};

struct Row {
  absl::string_view name;
  absl::Span<const int> errors;
};

// In the order of Call.
constexpr Row kRows[kCalls] = {
    {"socket", kSocketErrors},
    {"bind", kBindErrors},
    {"listen", kListenErrors},
    {"accept", kAcceptErrors},
    {"connect", kConnectErrors},
    {"getsockopt", kOptionErrors},
    {"setsockopt", kOptionErrors},
    {"getsockname", kOptionErrors},
    {"recv", kRecvErrors},
    {"send", kSendErrors},
    {"recvmsg", kRecvMessageErrors},
    {"sendmsg", kSendMessageErrors},
    {"read", kReadErrors},
    {"write", kWriteErrors},
    {"shutdown", kShutdownErrors},
    {"close", kCloseErrors},
    {"epoll_create1", kEpollCreateErrors},
    {"epoll_ctl", kEpollControlErrors},
    {"epoll_wait", kEpollWaitErrors},
    {"poll", kPollErrors},
};

const Row& RowOf(Call call) { return kRows[static_cast<size_t>(call)]; }

bool Contains(absl::Span<const int> errors, int error) {
  for (const int each : errors) {
    if (each == error) return true;
  }
  return false;
}

}  // namespace

absl::string_view CallName(Call call) { return RowOf(call).name; }

std::optional<Call> FindCall(absl::string_view name) {
  for (size_t i = 0; i < kCalls; ++i) {
    if (kRows[i].name == name) return static_cast<Call>(i);
  }
  return std::nullopt;
}

absl::Span<const int> ErrorsOf(Call call) { return RowOf(call).errors; }

bool CanBeShort(Call call) {
  return call == Call::kRecv || call == Call::kSend || call == Call::kRead || call == Call::kWrite;
}

bool IsWait(Call call) { return call == Call::kEpollWait || call == Call::kPoll; }

std::string FaultText(const Fault& fault) {
  std::string text(CallName(fault.call));
  switch (fault.kind) {
    case Fault::Kind::kError:
      absl::StrAppend(&text, " ", ErrnoName(fault.error));
      break;
    case Fault::Kind::kShort:
      absl::StrAppend(&text, " short ", fault.amount);
      break;
    case Fault::Kind::kSpurious:
      absl::StrAppend(&text, " spurious");
      break;
    case Fault::Kind::kDelayed:
      absl::StrAppend(&text, " delayed ", fault.amount);
      break;
  }
  if (fault.after != 0) absl::StrAppend(&text, " after ", fault.after);
  if (fault.times != 1) absl::StrAppend(&text, " times ", fault.times);
  return text;
}

absl::string_view FaultProblem(const Fault& fault) {
  if (fault.times == 0) return "a fault is met 1 time or more";
  const bool has_amount = fault.kind == Fault::Kind::kShort || fault.kind == Fault::Kind::kDelayed;
  if (has_amount == (fault.amount == 0)) return "short and delayed have an amount of 1 or more";
  if ((fault.kind == Fault::Kind::kError) == (fault.error == 0)) return "an error has a name";
  switch (fault.kind) {
    case Fault::Kind::kError:
      return Contains(ErrorsOf(fault.call), fault.error) ? "" : "this call can't fail like that";
    case Fault::Kind::kShort:
      return CanBeShort(fault.call) ? "" : "recv, send, read and write can be short";
    case Fault::Kind::kSpurious:
    case Fault::Kind::kDelayed:
      return IsWait(fault.call) ? "" : "epoll_wait and poll can be spurious or delayed";
  }
  return "";
}

std::optional<Fault> FaultList::Next(Call call, uint32_t index, int /*fd*/, size_t /*bytes*/) {
  for (const Fault& fault : faults_) {
    if (fault.call != call || index < fault.after || index - fault.after >= fault.times) continue;
    return fault;
  }
  return std::nullopt;
}

}  // namespace verbatim
