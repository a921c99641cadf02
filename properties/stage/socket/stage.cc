// One scenario being played: its steps in order, reading all along, with every wait bounded.
// Not for: the reading itself (lines.cc), or the rules of a single connection (line.cc).
#include "properties/stage/socket/stage.h"

#include <sched.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "properties/stage/socket/left.h"
#include "properties/stage/socket/lines.h"
#include "properties/stage/socket/process.h"
#include "properties/stage/socket/queue.h"

namespace verbatim {
namespace {

constexpr size_t kSendBytes = 256 * 1024;
// So long a settle looks again and again at once, which is how a target that works settles; one
// that does not is looked at each millisecond.
constexpr int64_t kEagerUs = 5'000;

// One scenario being played.
class StreamPerformance {
 public:
  StreamPerformance(const Scenario& scenario, const Door& door, const StageOptions& options,
                    Judge* judge, Transcript* transcript)
      : scenario_(scenario),
        options_(options),
        payload_(judge->payload()),
        lines_(scenario, door, options, judge, transcript),
        send_buffer_(static_cast<size_t>(std::min<uint64_t>(payload_.size_bytes(), kSendBytes)),
                     '\0') {}

  absl::StatusOr<Played> Run() {
    error_ = lines_.Connect(1);
    for (const Step& step : scenario_.steps) {
      if (lines_.Over() || !error_.ok()) break;
      Do(step);
    }
    if (lines_.Over() && options_.lives) played_.lived = options_.lives();
    lines_.Finish();
    if (!error_.ok()) return error_;
    played_.cut_short = lines_.cut_short();
    return played_;
  }

 private:
  void Do(const Step& step) {
    const uint32_t connection = step.connection;
    Line& line = lines_.At(connection);
    switch (step.kind) {
      case Step::Kind::kConnect:
        error_ = lines_.Connect(connection);
        settled_[connection - 1] = 0;
        return;
      case Step::Kind::kSend:
        return Send(step);
      case Step::Kind::kAwait:
        return Await(connection);
      case Step::Kind::kPause:
        lines_.Wait([] { return false; }, connection, static_cast<int64_t>(step.amount), false);
        return;
      case Step::Kind::kSettle:
        return Settle(connection);
      case Step::Kind::kStall:
        return lines_.ReadNothing(connection);
      case Step::Kind::kResume:
        return lines_.ReadAll(connection);
      case Step::Kind::kDrip:
        return lines_.Drip(connection, step.amount);
      case Step::Kind::kShutdown:
        if (!line.open()) return;
        line.Shutdown();
        return lines_.Emit({.kind = Event::Kind::kShutdown, .connection = connection});
      case Step::Kind::kReset:
      case Step::Kind::kClose:
        if (!line.open()) return;
        step.kind == Step::Kind::kReset ? line.Reset() : line.Close();
        return lines_.Emit(
            {.kind = Event::Kind::kEnded, .connection = connection, .ending = Ending::kOurs});
      case Step::Kind::kExpectEof:
        return ExpectEof(connection);
      case Step::Kind::kFeed:
      case Step::Kind::kFeedEof:
      case Step::Kind::kReply:
      case Step::Kind::kHold:
      case Step::Kind::kExpectExit:
        return;  // of a client under test (client_stage.cc)
    }
  }

  // Sends while reading all along, so that a target that can hold only so much is never in a jam of
  // our making.
  void Send(const Step& step) {
    Line& line = lines_.At(step.connection);
    const uint64_t left = payload_.size_bytes() - line.sent_bytes;
    const uint64_t end =
        line.sent_bytes + (step.amount == kRest ? left : std::min(left, step.amount));
    CountCut(step.connection, end);
    Quiet quiet(line.stalled ? nullptr : options_.patience);
    uint64_t filled_from = 0, filled_to = 0;
    while (line.sent_bytes < end && line.open() && !line.broken() && !lines_.Over()) {
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
        lines_.Emit({.kind = Event::Kind::kSent, .connection = step.connection, .bytes = sent});
        if (line.sent_bytes < end) lines_.PollOnce(0, 0);
      } else if (!line.broken() && !WaitToSend(step, &quiet)) {
        return;
      }
      if (sent > 0 || line.received_bytes > received) quiet.Moved();
    }
    if (line.sent_bytes < end && !lines_.Over()) EndBroken(step);
  }

  // What came before the error, then the ending. (A process that has closed its input may go on.)
  void EndBroken(const Step& step) {
    Line& line = lines_.At(step.connection);
    lines_.ReadAll(step.connection);
    if (line.open()) lines_.Pump(step.connection);
    lines_.Wait([] { return false; }, step.connection, options_.deadline_ms, true);
    if (lines_.Over()) return;
    if (line.open()) {
      lines_.Emit({.kind = Event::Kind::kBlocked,
                   .connection = step.connection,
                   .waited_ms = lines_.waited_ms()});
    } else {
      lines_.Emit({.kind = Event::Kind::kSkipped,
                   .connection = step.connection,
                   .text = std::string(StepName(step.kind))});
    }
  }

  // A boundary between what was sent and what is about to be.
  void CountCut(uint32_t connection, uint64_t end) {
    const Line& line = lines_.At(connection);
    const uint64_t sent = line.sent_bytes;
    if (!line.open() || sent == 0 || end == sent) return;
    ++played_.cuts;
    if (line.received_bytes >= sent || settled_[connection - 1] == sent) ++played_.certain_cuts;
  }

  // How many bytes the step allows now, up to `end`.
  static uint64_t MaySend(const Line& line, const Step& step, uint64_t end) {
    const uint64_t due = line.sent_bytes - std::min(line.sent_bytes, line.received_bytes);
    const uint64_t left = end - line.sent_bytes;
    return step.ahead == 0 ? left : std::min(left, step.ahead - std::min(step.ahead, due));
  }

  // False when it has taken too long.
  bool WaitToSend(const Step& step, Quiet* quiet) {
    const Line& line = lines_.At(step.connection);
    const bool behind = MaySend(line, step, line.sent_bytes + 1) == 0;
    const int64_t limit_ms = line.stalled ? options_.block_ms : options_.deadline_ms;
    if (const int64_t left_ms = quiet->LeftMs(limit_ms); left_ms > 0) {
      lines_.PollOnce(lines_.Within(left_ms), behind ? 0 : step.connection);
      return true;
    }
    if (!line.stalled) {
      lines_.Emit({.kind = behind ? Event::Kind::kSilence : Event::Kind::kBlocked,
                   .connection = step.connection,
                   .waited_ms = quiet->WaitedMs(limit_ms)});
    }
    return false;
  }

  void Await(uint32_t connection) {
    const Line& line = lines_.At(connection);
    const int64_t start_us = NowUs();
    const bool done = lines_.Wait([&] { return line.received_bytes >= line.sent_bytes; },
                                  connection, options_.deadline_ms, true);
    if (done) {
      played_.slowest_answer_us = std::max(played_.slowest_answer_us, NowUs() - start_us);
    } else if (line.open() && !lines_.Over()) {
      lines_.Emit({.kind = Event::Kind::kSilence,
                   .connection = connection,
                   .waited_ms = lines_.waited_ms()});
    }
  }

  // Until the target has read all that was sent, as far as the kernel can tell. One that doesn't
  // read is no failure here.
  void Settle(uint32_t connection) {
    const Line& line = lines_.At(connection);
    if (!line.open() || line.sent_bytes == 0) return;
    PeerQueue queue(line.send_fd());
    const int64_t start_us = NowUs();
    int64_t progress_us = start_us;
    uint64_t least = ~uint64_t{0};
    while (line.open() && !line.broken() && !lines_.Over()) {
      const std::optional<uint64_t> unread = queue.Unread(line.sent_bytes);
      if (!unread) return;
      if (*unread == 0) {
        settled_[connection - 1] = line.sent_bytes;
        return;
      }
      const int64_t now_us = NowUs();
      if (*unread < least) progress_us = now_us;
      least = std::min(least, *unread);
      if (now_us > progress_us + options_.deadline_ms * 1000) return;
      ::sched_yield();
      lines_.PollOnce(now_us < start_us + kEagerUs ? 0 : 1, 0);
    }
  }

  void ExpectEof(uint32_t connection) {
    if (!lines_.Wait([] { return false; }, connection, options_.deadline_ms, true) &&
        lines_.At(connection).open() && !lines_.Over()) {
      lines_.Emit(
          {.kind = Event::Kind::kNoEof, .connection = connection, .waited_ms = lines_.waited_ms()});
    }
  }

  const Scenario& scenario_;
  const StageOptions& options_;
  const Payload& payload_;
  Lines lines_;
  std::string send_buffer_;
  // How much of each connection was known to be read by the target, by a look at its queue.
  std::array<uint64_t, kMaxConnections> settled_{};
  Played played_;
  absl::Status error_;
};

}  // namespace

int64_t StageOptions::Within(int64_t limit_ms) const { return WithinMs(end, limit_ms); }

absl::StatusOr<Played> Play(const Scenario& scenario, const Door& door, const StageOptions& options,
                            Judge* judge, Transcript* transcript) {
  RaiseDescriptorLimit();
  return StreamPerformance(scenario, door, options, judge, transcript).Run();
}

}  // namespace verbatim
