// One scenario being played: its steps in order, reading all along, with every wait bounded.
// Not for: the rules of a single connection (line.cc).
#include "properties/stage/socket/stage.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/posix_kernel.h"
#include "core/status.h"
#include "properties/stage/socket/line.h"

namespace verbatim {
namespace {

constexpr size_t kSendBytes = 256 * 1024;
constexpr size_t kRecvBytes = 256 * 1024;
// After wrong bytes: how long to wait for more of them, which tell what kind of wrong it is.
constexpr int64_t kEvidenceMs = 20;

int64_t NowUs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

// One scenario being played.
class Performance {
 public:
  Performance(const Scenario& scenario, const std::vector<SocketAddress>& addresses,
              const StageOptions& options, Judge* judge, Transcript* transcript)
      : scenario_(scenario),
        addresses_(addresses),
        options_(options),
        judge_(judge),
        transcript_(transcript),
        payload_(MakePayload(scenario)),
        start_us_(NowUs()),
        send_buffer_(static_cast<size_t>(std::min<uint64_t>(payload_.size_bytes(), kSendBytes)),
                     '\0'),
        recv_buffer_(
            static_cast<size_t>(std::clamp<uint64_t>(payload_.size_bytes(), 4096, kRecvBytes)),
            '\0') {}

  absl::StatusOr<Played> Run() {
    Connect(1);
    for (const Step& step : scenario_.steps) {
      if (Over() || !error_.ok()) break;
      Do(step);
    }
    Finish();
    if (!error_.ok()) return error_;
    return played_;
  }

 private:
  Line& At(uint32_t connection) { return lines_[connection - 1]; }

  // Nothing that comes can add to the verdict, or there is no time left for it.
  bool Over() {
    played_.cut_short = played_.cut_short || std::chrono::steady_clock::now() >= options_.end;
    return played_.cut_short || judge_->Over();
  }

  // `limit_ms`, or less where the end is near.
  int64_t Within(int64_t limit_ms) const {
    using std::chrono::milliseconds;
    const auto now = std::chrono::steady_clock::now();
    if (options_.end - now > milliseconds(limit_ms)) return limit_ms;
    return std::max<int64_t>(0,
                             std::chrono::duration_cast<milliseconds>(options_.end - now).count());
  }

  void Emit(Event event) {
    event.time_us = static_cast<uint64_t>(NowUs() - start_us_);
    judge_->Observe(event);
    if (transcript_ != nullptr) transcript_->Add(event);
  }

  void Connect(uint32_t connection) {
    Line& line = At(connection);
    absl::Status status = absl::OkStatus();
    for (const SocketAddress& address : addresses_) {
      line = Line();
      status = line.Connect(address, Within(options_.connect_deadline_ms));
      if (status.ok()) break;
    }
    if (!status.ok() && Over()) return;
    if (absl::IsInternal(status)) {
      error_ = status;
    } else if (status.ok()) {
      Emit({.kind = Event::Kind::kConnected, .connection = connection});
    } else {
      Emit({.kind = Event::Kind::kNotConnected,
            .connection = connection,
            .ending = line.ending(),
            .text = std::string(status.message())});
    }
  }

  void Do(const Step& step) {
    Line& line = At(step.connection);
    switch (step.kind) {
      case Step::Kind::kConnect:
        return Connect(step.connection);
      case Step::Kind::kSend:
        return Send(step);
      case Step::Kind::kAwait:
        return Await(step.connection);
      case Step::Kind::kPause:
        Wait([] { return false; }, step.connection, static_cast<int64_t>(step.amount), false);
        return;
      case Step::Kind::kStall:
      case Step::Kind::kResume:
        line.stalled = step.kind == Step::Kind::kStall;
        return;
      case Step::Kind::kShutdown:
        if (!line.open()) return;
        line.Shutdown();
        return Emit({.kind = Event::Kind::kShutdown, .connection = step.connection});
      case Step::Kind::kReset:
      case Step::Kind::kClose:
        if (!line.open()) return;
        step.kind == Step::Kind::kReset ? line.Reset() : line.Close();
        return Emit(
            {.kind = Event::Kind::kEnded, .connection = step.connection, .ending = Ending::kOurs});
      case Step::Kind::kExpectEof:
        return ExpectEof(step.connection);
      case Step::Kind::kFeed:
      case Step::Kind::kFeedEof:
      case Step::Kind::kReply:
      case Step::Kind::kHold:
      case Step::Kind::kExpectExit:
        return;  // of a client under test, which this stage does not play
    }
  }

  // Sends while reading all along, so that a target that can hold only so much is never in a jam of
  // our making.
  void Send(const Step& step) {
    Line& line = At(step.connection);
    const uint64_t left = payload_.size_bytes() - line.sent_bytes;
    const uint64_t end =
        line.sent_bytes + (step.amount == kRest ? left : std::min(left, step.amount));
    int64_t progress_us = NowUs();
    uint64_t filled_from = 0, filled_to = 0;
    while (line.sent_bytes < end && line.open() && !line.broken() && !Over()) {
      if (line.sent_bytes >= filled_to) {
        filled_from = line.sent_bytes;
        filled_to = filled_from + std::min<uint64_t>(end - filled_from, send_buffer_.size());
        payload_.Fill(step.connection, filled_from,
                      absl::MakeSpan(&send_buffer_[0], filled_to - filled_from));
      }
      const size_t sent = line.Send(absl::MakeConstSpan(
          &send_buffer_[line.sent_bytes - filled_from], MaySend(line, step, filled_to)));
      const uint64_t received = line.received_bytes;
      if (sent > 0) {
        Emit({.kind = Event::Kind::kSent, .connection = step.connection, .bytes = sent});
        if (line.sent_bytes < end) PollOnce(0, 0);
      } else if (!line.broken() && !WaitToSend(step, progress_us)) {
        return;
      }
      if (sent > 0 || line.received_bytes > received) progress_us = NowUs();
    }
    if (line.broken()) Pump(step.connection);  // what came before the error, then the ending
    if (line.sent_bytes < end && !line.open() && !Over()) {
      Emit({.kind = Event::Kind::kSkipped,
            .connection = step.connection,
            .text = std::string(StepName(step.kind))});
    }
  }

  // How many bytes the step allows now, up to `end`.
  static uint64_t MaySend(const Line& line, const Step& step, uint64_t end) {
    const uint64_t due = line.sent_bytes - std::min(line.sent_bytes, line.received_bytes);
    const uint64_t left = end - line.sent_bytes;
    return step.ahead == 0 ? left : std::min(left, step.ahead - std::min(step.ahead, due));
  }

  // False when it has taken too long.
  bool WaitToSend(const Step& step, int64_t progress_us) {
    const Line& line = At(step.connection);
    const bool behind = MaySend(line, step, line.sent_bytes + 1) == 0;
    const int64_t limit_ms = line.stalled ? options_.block_ms : options_.deadline_ms;
    const int64_t left_us = progress_us + limit_ms * 1000 - NowUs();
    if (left_us > 0) {
      PollOnce(Within((left_us + 999) / 1000), behind ? 0 : step.connection);
      return true;
    }
    if (!line.stalled) {
      Emit({.kind = behind ? Event::Kind::kSilence : Event::Kind::kBlocked,
            .connection = step.connection,
            .waited_ms = limit_ms});
    }
    return false;
  }

  void Await(uint32_t connection) {
    Line& line = At(connection);
    const int64_t start_us = NowUs();
    const bool done = Wait([&] { return line.received_bytes >= line.sent_bytes; }, connection,
                           options_.deadline_ms, true);
    if (done) {
      played_.slowest_answer_us = std::max(played_.slowest_answer_us, NowUs() - start_us);
    } else if (line.open() && !Over()) {
      Emit({.kind = Event::Kind::kSilence,
            .connection = connection,
            .waited_ms = options_.deadline_ms});
    }
  }

  void ExpectEof(uint32_t connection) {
    if (!Wait([] { return false; }, connection, options_.deadline_ms, true) &&
        At(connection).open() && !Over()) {
      Emit({.kind = Event::Kind::kNoEof,
            .connection = connection,
            .waited_ms = options_.deadline_ms});
    }
  }

  // Reads until `done` holds (true), the connection ends, the judge has found a fault, or the time
  // is over: `limit_ms` in all or, if `from_progress`, since the connection's last byte.
  template <typename Done>
  bool Wait(Done done, uint32_t connection, int64_t limit_ms, bool from_progress) {
    Line& line = At(connection);
    int64_t since_us = NowUs();
    while (!done()) {
      const int64_t left_us = since_us + limit_ms * 1000 - NowUs();
      if (left_us <= 0 || !line.open() || Over()) return false;
      const uint64_t received = line.received_bytes;
      PollOnce(Within((left_us + 999) / 1000), 0);
      if (from_progress && line.received_bytes > received) since_us = NowUs();
    }
    return true;
  }

  // Waits for bytes on any connection that reads (and for room on `sender`, if it is not 0), and
  // takes in what is there.
  void PollOnce(int64_t timeout_ms, uint32_t sender) {
    std::array<pollfd, kMaxConnections> polls;
    std::array<uint32_t, kMaxConnections> connections;
    nfds_t count = 0;
    for (uint32_t i = 1; i <= kMaxConnections; ++i) {
      const Line& line = At(i);
      if (!line.open() || (line.stalled && i != sender)) continue;
      const int events = (line.stalled ? 0 : POLLIN) | (i == sender ? POLLOUT : 0);
      polls[count] = {line.fd(), static_cast<short>(events), 0};
      connections[count++] = i;
    }
    const int timeout = static_cast<int>(std::min<int64_t>(timeout_ms, kMaxPauseMs));
    if (RetryEintr([&] { return PosixKernel().Poll(polls.data(), count, timeout); }) <= 0) return;
    for (nfds_t i = 0; i < count; ++i) {
      if ((polls[i].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
      if (!At(connections[i]).stalled) Pump(connections[i]);
    }
  }

  // Takes in what has come, a buffer at a time, so that no connection starves another.
  void Pump(uint32_t connection) {
    Line& line = At(connection);
    do {
      const size_t got = line.Recv(absl::MakeSpan(recv_buffer_));
      if (got > 0) {
        Emit({.kind = Event::Kind::kReceived,
              .connection = connection,
              .bytes = got,
              .data = absl::string_view(recv_buffer_.data(), got)});
      }
    } while (line.broken() && line.open());  // a broken one is read to its end
    if (!line.open()) {
      Emit({.kind = Event::Kind::kEnded, .connection = connection, .ending = line.ending()});
    }
  }

  // Takes in what is still on the way, so that we never close with bytes unread (that sends a RST).
  void Finish() {
    for (Line& line : lines_) line.stalled = false;
    judge_->Over() ? GatherEvidence() : PollOnce(0, 0);
    for (Line& line : lines_) {
      // Where it failed, what was not taken would hang about after a close, and keep the target
      // busy.
      Over() && line.open() ? line.Reset() : line.Close();
    }
  }

  // More of the wrong bytes tells what kind of wrong they are.
  void GatherEvidence() {
    for (uint32_t i = 1; i <= kMaxConnections; ++i) {
      if (!At(i).open() || At(i).shut()) continue;
      At(i).Shutdown();
      Emit({.kind = Event::Kind::kShutdown, .connection = i});
    }
    const int64_t end_us = NowUs() + 10 * kEvidenceMs * 1000;
    while (AnyOpen() && NowUs() < end_us) {
      const uint64_t received = Received();
      PollOnce(kEvidenceMs, 0);
      if (Received() == received) break;
    }
  }

  bool AnyOpen() const {
    return std::any_of(lines_.begin(), lines_.end(), [](const Line& line) { return line.open(); });
  }
  uint64_t Received() const {
    uint64_t sum = 0;
    for (const Line& line : lines_) sum += line.received_bytes;
    return sum;
  }

  const Scenario& scenario_;
  const std::vector<SocketAddress>& addresses_;
  const StageOptions& options_;
  Judge* const judge_;
  Transcript* const transcript_;
  const Payload payload_;
  const int64_t start_us_;
  std::string send_buffer_;
  std::string recv_buffer_;
  std::array<Line, kMaxConnections> lines_;
  Played played_;
  absl::Status error_;
};

}  // namespace

absl::StatusOr<Played> Play(const Scenario& scenario, const std::vector<SocketAddress>& addresses,
                            const StageOptions& options, Judge* judge, Transcript* transcript) {
  return Performance(scenario, addresses, options, judge, transcript).Run();
}

}  // namespace verbatim
