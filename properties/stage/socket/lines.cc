// Polling, reading at the pace that the scenario wants, and telling what came.
// Not for: sending (stage.cc).
#include "properties/stage/socket/lines.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "core/status.h"

namespace verbatim {
namespace {

constexpr size_t kRecvBytes = 256 * 1024;
constexpr size_t kLeastRecvBytes = 4096;
constexpr int64_t kDripUs = 1000;
// After wrong bytes: how long to wait for more of them, which tell what kind of wrong it is, and
// how many are enough, where they come without end.
constexpr int64_t kEndEvidenceMs = 20;
constexpr uint64_t kEnoughBytes = 64 * 1024;

}  // namespace

Lines::Lines(const Scenario& scenario, const Door& door, const StageOptions& options, Judge* judge,
             Transcript* transcript)
    : door_(door),
      options_(options),
      judge_(judge),
      transcript_(transcript),
      start_us_(NowUs()),
      buffer_(static_cast<size_t>(
                  std::clamp<uint64_t>(judge->payload().size_bytes(), kLeastRecvBytes, kRecvBytes)),
              '\0') {
  for (const Step& step : scenario.steps) {
    if (step.kind == Step::Kind::kDrip) channels_[step.connection - 1].ever_drips = true;
  }
}

bool Lines::Over() {
  cut_short_ = cut_short_ || std::chrono::steady_clock::now() >= options_.end;
  return cut_short_ || judge_->Over();
}

void Lines::Emit(Event event) {
  event.time_us = static_cast<uint64_t>(NowUs() - start_us_);
  judge_->Observe(event);
  if (transcript_ != nullptr) transcript_->Add(event);
}

absl::Status Lines::Connect(uint32_t connection) {
  Channel& channel = channels_[connection - 1];
  Line& line = channel.line;
  channel.drip_bytes = 0;
  const absl::Status status =
      line.Connect(door_, Within(options_.connect_deadline_ms), channel.ever_drips);
  if (!status.ok() && Over()) return absl::OkStatus();
  if (absl::IsInternal(status)) return status;
  if (status.ok()) {
    Emit({.kind = Event::Kind::kConnected, .connection = connection});
  } else {
    Emit({.kind = Event::Kind::kNotConnected,
          .connection = connection,
          .ending = line.ending(),
          .text = std::string(status.message())});
  }
  return absl::OkStatus();
}

void Lines::SetDrip(uint32_t connection, uint64_t bytes, bool stalled) {
  Channel& channel = channels_[connection - 1];
  channel.line.stalled = stalled;
  channel.drip_bytes = bytes;
  channel.next_drip_us = 0;
}

// Fills polls_ and readers_. Returns in how many microseconds the next drip is due, or a time
// beyond every limit.
int64_t Lines::AddPolls(uint32_t sender) {
  int64_t due_us = int64_t{kMaxPauseMs} * 1000;
  const int64_t now_us = NowUs();
  polls_.clear();
  readers_.clear();
  for (uint32_t i = 1; i <= kMaxConnections; ++i) {
    const Channel& channel = channels_[i - 1];
    const Line& line = channel.line;
    if (!line.open()) continue;
    const bool early = channel.drip_bytes > 0 && channel.next_drip_us > now_us;
    if (early) due_us = std::min(due_us, channel.next_drip_us - now_us);
    if (!line.stalled && !early) {
      polls_.push_back({line.fd(), POLLIN, 0});
      readers_.push_back(i);
    }
    if (i != sender) continue;
    polls_.push_back({line.send_fd(), POLLOUT, 0});
    readers_.push_back(0);
  }
  return due_us;
}

void Lines::PollOnce(int64_t timeout_ms, uint32_t sender) {
  const int64_t wait_us = std::min(AddPolls(sender), timeout_ms * 1000);
  const timespec timeout = {wait_us / 1'000'000, (wait_us % 1'000'000) * 1000};
  const int ready = RetryEintr(
      [&] { return ::ppoll(polls_.data(), polls_.size(), &timeout, nullptr) < 0 ? -errno : 1; });
  if (ready <= 0) return;
  for (size_t i = 0; i < polls_.size(); ++i) {
    if (readers_[i] != 0 && polls_[i].revents != 0) Pump(readers_[i]);
  }
}

void Lines::Pump(uint32_t connection) {
  Channel& channel = channels_[connection - 1];
  Line& line = channel.line;
  const uint64_t most =
      channel.drip_bytes == 0 ? buffer_.size() : std::min(channel.drip_bytes, buffer_.size());
  size_t got = 0;
  do {
    got = line.Recv(absl::MakeSpan(&buffer_[0], most));
    if (got > 0) {
      Emit({.kind = Event::Kind::kReceived,
            .connection = connection,
            .bytes = got,
            .data = absl::string_view(buffer_.data(), got)});
    }
    // A broken one is read to its end.
  } while (line.broken() && line.open() && got > 0 && !Over());
  if (channel.drip_bytes > 0) channel.next_drip_us = NowUs() + kDripUs;
  if (!line.open()) {
    Emit({.kind = Event::Kind::kEnded,
          .connection = connection,
          .ending = line.ending(),
          .text = line.death()});
  }
}

void Lines::Finish() {
  for (Channel& channel : channels_) {
    channel.line.stalled = false;
    channel.drip_bytes = 0;
  }
  judge_->Over() ? GatherEvidence() : PollOnce(0, 0);
  for (Channel& channel : channels_) {
    // Where it failed, what was not taken would hang about after a close, and keep the target busy.
    Line& line = channel.line;
    Over() && line.open() ? line.Reset() : line.Close();
  }
}

void Lines::GatherEvidence() {
  for (uint32_t i = 1; i <= kMaxConnections; ++i) {
    if (!At(i).open() || At(i).shut()) continue;
    At(i).Shutdown();
    Emit({.kind = Event::Kind::kShutdown, .connection = i});
  }
  const int64_t end_us = NowUs() + 10 * kEndEvidenceMs * 1000;
  const uint64_t enough = Received() + kEnoughBytes;
  while (AnyOpen() && NowUs() < end_us && Received() < enough) {
    const uint64_t received = Received();
    PollOnce(kEndEvidenceMs, 0);
    if (Received() == received) break;
  }
}

bool Lines::AnyOpen() const {
  return std::any_of(channels_.begin(), channels_.end(),
                     [](const Channel& channel) { return channel.line.open(); });
}

uint64_t Lines::Received() const {
  uint64_t sum = 0;
  for (const Channel& channel : channels_) sum += channel.line.received_bytes;
  return sum;
}

}  // namespace verbatim
