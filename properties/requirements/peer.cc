// One connection's bytes, every wait bounded by "no progress for".
// Not for: how a connection ended (line.cc), or what a difference is called (judge/).
#include "properties/requirements/peer.h"

#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/posix_kernel.h"
#include "core/status.h"
#include "properties/stage/socket/queue.h"
#include "properties/stage/socket/quiet.h"

namespace verbatim {
namespace {

constexpr size_t kReceiveBytes = 16 * 1024;
constexpr int64_t kDrainMs = 5000;  // for all that was pushed
constexpr size_t kPushedAtOnceBytes = 64 * 1024;
constexpr int64_t kTakenMs = 200;
constexpr int64_t kEagerLookUs = 500;
constexpr int64_t kUntilKeptMs = 3000;  // some 3 MB in little pieces
constexpr size_t kPieceBytes = 1024;
// What is kept for so many looks, a millisecond or more apart, it can't write: a busy machine may
// keep it from running between its read and its write.
constexpr int kKeptLooks = 40;
// After wrong bytes: how long to wait for more of them, which tell what kind of wrong it is.
constexpr int64_t kEvidenceMs = 20;

constexpr char kLine[] = "0123456789\n";
constexpr char kUrgent = '!';

PayloadSpec Text(std::string text) {
  PayloadSpec payload;
  payload.literal = true;
  payload.bytes = std::move(text);
  return payload;
}

// The seed is the scenario's and the peer's number.
PayloadSpec CodedFor(const Trial& trial, uint64_t number, uint64_t bytes) {
  PayloadSpec payload;
  payload.size_bytes = bytes;
  payload.seed = trial.budget().seed * 1'000'003 + number;
  return payload;
}

Scenario OneConnection(PayloadSpec payload) {
  Scenario scenario;
  scenario.payload = std::move(payload);
  return scenario;
}

}  // namespace

Peer::Peer(Trial* trial) : Peer(trial, std::string(kLine)) {}

Peer::Peer(Trial* trial, std::string text)
    : Peer(trial, trial->CountConversation(), Text(std::move(text))) {}

Peer::Peer(Trial* trial, uint64_t coded_bytes)
    : Peer(trial, trial->conversations() + 1,
           CodedFor(*trial, trial->conversations() + 1, coded_bytes)) {
  trial->CountConversation();
}

Peer::Peer(Trial* trial, uint64_t number, PayloadSpec payload)
    : trial_(trial), number_(number), judge_(OneConnection(std::move(payload)), Rules()) {}

bool Peer::Connected(const absl::Status& status) {
  if (status.ok()) return true;
  if (absl::IsInternal(status)) return trial_->Error(status);
  if (trial_->Spent()) return false;
  return Observe({.kind = Event::Kind::kNotConnected,
                  .ending = line_.ending(),
                  .text = std::string(status.message())});
}

// Whether all is well after the event; else the trial has the verdict.
bool Peer::Observe(const Event& event) {
  judge_.Observe(event);
  if (!judge_.Over()) return true;
  if (event.kind == Event::Kind::kReceived) {
    WaitFor(Wait::kToReceive, kEvidenceMs);
    std::array<char, Judge::kEvidenceBytes> more;
    const size_t got = line_.Recv(absl::MakeSpan(more));
    judge_.Observe({.kind = Event::Kind::kReceived,
                    .bytes = got,
                    .data = absl::string_view(more.data(), got)});
  }
  Verdict verdict = judge_.Finish();
  verdict.connection = static_cast<uint32_t>(number_);
  return trial_->Fail(std::move(verdict));
}

void Peer::WaitFor(Wait wait, int64_t limit_ms) {
  std::array<pollfd, 2> polls = {{{line_.fd(), POLLIN, 0}, {line_.send_fd(), POLLOUT, 0}}};
  pollfd* const first = wait == Wait::kToSend ? &polls[1] : &polls[0];
  const nfds_t count = wait == Wait::kForEither ? 2 : 1;
  const int timeout_ms = static_cast<int>(trial_->budget().Within(std::max<int64_t>(0, limit_ms)));
  RetryEintr([&] { return PosixKernel().Poll(first, count, timeout_ms); });
}

bool Peer::Receive() {
  if (!line_.open()) return true;
  std::array<char, kReceiveBytes> buffer;
  const size_t got = KeepPlain(absl::MakeSpan(buffer.data(), line_.Recv(absl::MakeSpan(buffer))));
  const absl::string_view data(buffer.data(), got);
  if (got > 0 && !Observe({.kind = Event::Kind::kReceived, .bytes = got, .data = data})) {
    return false;
  }
  return line_.open() ||
         Observe({.kind = Event::Kind::kEnded, .ending = line_.ending(), .text = line_.death()});
}

// Takes the urgent bytes out. Returns how many are left.
size_t Peer::KeepPlain(absl::Span<char> received) {
  if (!urgent_) return received.size();
  const auto end = std::remove(received.begin(), received.end(), kUrgent);
  const size_t kept = static_cast<size_t>(end - received.begin());
  urgent_back_ += received.size() - kept;
  return kept;
}

bool Peer::Silent(int64_t waited_ms) {
  if (trial_->Spent()) return false;
  return Observe({.kind = Event::Kind::kSilence, .waited_ms = waited_ms});
}

bool Peer::Send(uint64_t bytes) {
  const std::string data = judge_.payload().Bytes(1, line_.sent_bytes, static_cast<size_t>(bytes));
  const int64_t deadline_ms = trial_->budget().deadline_ms;
  Quiet quiet(trial_->budget().patience);
  for (size_t done = 0; done < data.size();) {
    const size_t sent =
        line_.open() ? line_.Send(absl::MakeConstSpan(data).subspan(done)) : size_t{0};
    done += sent;
    if (sent > 0) judge_.Observe({.kind = Event::Kind::kSent, .bytes = sent});
    if (sent > 0) quiet.Moved();
    if (sent > 0 || done == data.size()) continue;
    const uint64_t received = line_.received_bytes;
    if (!Receive()) return false;  // what came before an error, then the ending
    if (line_.received_bytes > received) quiet.Moved();
    if (!line_.open()) return Observe({.kind = Event::Kind::kSkipped, .text = "send"});
    if (trial_->Spent()) return false;
    if (quiet.LeftMs(deadline_ms) <= 0) {
      return Observe({.kind = Event::Kind::kBlocked, .waited_ms = quiet.WaitedMs(deadline_ms)});
    }
    WaitFor(Wait::kForEither, quiet.LeftMs(deadline_ms));
  }
  return true;
}

bool Peer::Await() {
  const int64_t deadline_ms = trial_->budget().deadline_ms;
  Quiet quiet(trial_->budget().patience);
  while (!CaughtUp()) {
    const uint64_t received = line_.received_bytes;
    WaitFor(Wait::kToReceive, quiet.LeftMs(deadline_ms));
    if (!Receive()) return false;
    if (line_.received_bytes > received) quiet.Moved();
    if (!CaughtUp() && quiet.LeftMs(deadline_ms) <= 0) return Silent(quiet.WaitedMs(deadline_ms));
    if (!CaughtUp() && trial_->Spent()) return false;
  }
  return true;
}

void Peer::End() {
  const int64_t deadline_ms = trial_->budget().deadline_ms;
  if (line_.open() && trial_->budget().half_close && trial_->awaits_ends) {
    line_.Shutdown();
    Quiet quiet;
    while (line_.open() && quiet.LeftMs(deadline_ms) > 0 && !trial_->budget().Spent()) {
      WaitFor(Wait::kToReceive, quiet.LeftMs(deadline_ms));
      if (!Receive()) break;
    }
    trial_->awaits_ends = !line_.open();
  }
  Close();
}

void Peer::Close() {
  if (line_.fd() >= 0) line_.Close();
}

void Peer::Reset() {
  if (line_.fd() >= 0) line_.Reset();
}

bool Peer::SendUrgent() {
  urgent_ = true;
  const int flags = MSG_OOB | MSG_NOSIGNAL | MSG_DONTWAIT;
  // Where it can't be sent the connection has ended, which the next step will meet.
  if (line_.open()) {
    RetryEintr([&] { return PosixKernel().Send(line_.fd(), &kUrgent, 1, flags); });
  }
  return Receive();
}

bool Peer::IsServedWithin(int64_t limit_ms, uint64_t bytes) {
  const absl::Status status = trial_->Connect(&line_, limit_ms);
  if (absl::IsInternal(status)) return trial_->Error(status);
  if (!status.ok()) return false;
  const std::string text = payload().Bytes(1, 0, static_cast<size_t>(bytes));
  judge_.Observe({.kind = Event::Kind::kSent, .bytes = line_.Send(absl::MakeConstSpan(text))});
  Quiet quiet(trial_->budget().patience);
  while (line_.open() && !CaughtUp() && !judge_.Over() && quiet.LeftMs(limit_ms) > 0) {
    WaitFor(Wait::kToReceive, quiet.LeftMs(limit_ms));
    std::array<char, kReceiveBytes> buffer;
    const size_t got = line_.Recv(absl::MakeSpan(buffer));
    const absl::string_view data(buffer.data(), got);
    judge_.Observe({.kind = Event::Kind::kReceived, .bytes = got, .data = data});
  }
  return CaughtUp() && !judge_.Over() && line_.sent_bytes > 0;
}

uint64_t Peer::Push(uint64_t limit_bytes, int64_t block_ms) {
  const uint64_t most =
      std::min<uint64_t>(kPushedAtOnceBytes, limit_bytes - std::min(limit_bytes, line_.sent_bytes));
  const std::string data = payload().Bytes(1, 0, static_cast<size_t>(most));
  Quiet quiet;
  while (line_.sent_bytes < limit_bytes && !line_.broken() && quiet.LeftMs(block_ms) > 0 &&
         !trial_->budget().Spent()) {
    const uint64_t left = limit_bytes - line_.sent_bytes;
    if (line_.Send(absl::MakeConstSpan(data).subspan(0, static_cast<size_t>(left))) > 0) {
      quiet.Moved();
    } else {
      WaitFor(Wait::kToSend, quiet.LeftMs(block_ms));
    }
  }
  return line_.sent_bytes;
}

void Peer::Drain(int64_t quiet_ms) {
  std::vector<char> buffer(4 * kPushedAtOnceBytes);
  Quiet quiet, whole;  // `whole` is never moved: a target that drips shall not keep us
  while (line_.open() && line_.received_bytes < line_.sent_bytes && quiet.LeftMs(quiet_ms) > 0 &&
         whole.LeftMs(kDrainMs) > 0 && !trial_->budget().Spent()) {
    if (line_.Recv(absl::MakeSpan(buffer)) > 0) {
      quiet.Moved();
    } else if (line_.open()) {
      WaitFor(Wait::kToReceive, quiet.LeftMs(quiet_ms));
    }
  }
}

uint64_t Peer::SendUnread(uint64_t bytes) {
  const std::string data = payload().Bytes(
      1, line_.sent_bytes,
      static_cast<size_t>(std::min(bytes, payload().size_bytes() - line_.sent_bytes)));
  Quiet quiet;
  size_t done = 0;
  while (done < data.size() && !line_.broken() && quiet.LeftMs(kTakenMs) > 0 &&
         !trial_->budget().Spent()) {
    const size_t sent = line_.Send(absl::MakeConstSpan(data).subspan(done));
    if (sent == 0) WaitFor(Wait::kToSend, quiet.LeftMs(kTakenMs));
    if (sent > 0) judge_.Observe({.kind = Event::Kind::kSent, .bytes = sent});
    if (sent > 0) quiet.Moved();
    done += sent;
  }
  return done;
}

bool Peer::SendAndSeeItTaken(uint64_t bytes) {
  PeerQueue queue(line_.send_fd());
  return SendUnread(bytes) == bytes && IsTaken(&queue);
}

bool Peer::SendUntilKept() {
  PeerQueue queue(line_.send_fd());
  std::optional<uint64_t> kept = queue.KeptByTcp();
  Quiet whole;
  for (int looks = 0; kept && looks < kKeptLooks && whole.LeftMs(kUntilKeptMs) > 0;) {
    if (*kept == 0 && SendUnread(kPieceBytes) == 0) return false;
    if (line_.broken() || !IsTaken(&queue)) return false;
    kept = queue.KeptByTcp();
    looks = kept && *kept > 0 ? looks + 1 : 0;
    if (looks > 0) trial_->Pause(1);
  }
  return kept.has_value() && *kept > 0;
}

bool Peer::EndAndSeeItTaken() {
  PeerQueue queue(line_.send_fd());
  line_.Shutdown();
  return IsTaken(&queue);
}

// Waits for the target to read all that was sent. What came back stays in our kernel.
bool Peer::IsTaken(PeerQueue* queue) {
  Quiet quiet;
  std::optional<uint64_t> untaken = queue->Unread(line_.sent_bytes);
  while (untaken && *untaken > 0 && quiet.LeftMs(kTakenMs) > 0 && !trial_->budget().Spent()) {
    // Soon it is a matter of microseconds, later of a target that is slow, or of a busy machine.
    quiet.PassedUs() < kEagerLookUs ? static_cast<void>(::sched_yield()) : trial_->Pause(1);
    untaken = queue->Unread(line_.sent_bytes);
  }
  return untaken && *untaken == 0;
}

}  // namespace verbatim
