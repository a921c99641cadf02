// Polling everything that a client has, and telling what came.
#include "properties/stage/socket/client_world.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/status.h"
#include "properties/stage/socket/lines.h"

namespace verbatim {
namespace {

constexpr size_t kReadAtOnceBytes = 256 * 1024;
// So much more than was replied an echo may well have read.
constexpr uint64_t kAheadBytes = 256 * 1024;
// Longer than it takes to see that a client waits for an answer (client_stage.cc).
constexpr int64_t kLeastDeadlineMs = 250;

}  // namespace

ClientWorld::ClientWorld(const ClientDoor& door, const StageOptions& options, Judge* forward,
                         Judge* back, Transcript* transcript)
    : door_(door),
      options_(options),
      forward_(forward),
      back_(back),
      transcript_(transcript),
      start_us_(NowUs()),
      output_(door.strip_prefix, back->payload()),
      buffer_(kReadAtOnceBytes, '\0'),
      quiet_(options.patience) {}

absl::Status ClientWorld::Start(uint64_t input_bytes) {
  absl::StatusOr<std::unique_ptr<ClientWire>> wire = ClientWire::Open(door_);
  if (!wire.ok()) return wire.status();
  wire_ = *std::move(wire);
  if (door_.desk != nullptr) {
    hands_ = AwaitClient(door_, forward_->payload().Bytes(1, 0, input_bytes));
    quiet_.Moved();
    return absl::OkStatus();
  }
  absl::StatusOr<std::unique_ptr<ClientHands>> hands = StartClient(door_, wire_->place());
  if (!hands.ok()) return hands.status();
  hands_ = *std::move(hands);
  quiet_.Moved();
  return absl::OkStatus();
}

void ClientWorld::Emit(Judge* judge, Event event) {
  event.time_us = static_cast<uint64_t>(NowUs() - start_us_);
  event.way = judge == forward_ ? Way::kSent : Way::kPrinted;
  judge->Observe(event);
  if (transcript_ != nullptr) transcript_->Add(event);
}

void ClientWorld::SaySilent(Judge* judge, Event::Kind kind, std::string text) {
  const int64_t waited_ms = quiet_.WaitedMs(DeadlineMs());
  if (wire_->begun()) {
    return Emit(judge, {.kind = kind, .waited_ms = waited_ms, .text = std::move(text)});
  }
  const std::optional<ClientEnd> end = hands_->Ended();
  const std::string words(absl::StripAsciiWhitespace(hands_->Words()));
  const std::string said = words.empty() ? "; it said nothing" : absl::StrCat("; it said: ", words);
  const std::string how = end ? absl::StrCat("the client ", end->text, " before it ")
                              : std::string("the client did not ");
  const bool datagrams = SocketType(door_.over) == SOCK_DGRAM;
  const std::string what =
      datagrams ? (end ? "sent a datagram" : "send a datagram") : (end ? "connected" : "connect");
  const std::string within = end ? "" : absl::StrCat(" within ", waited_ms, " ms");
  Emit(forward_, {.kind = Event::Kind::kNotConnected,
                  .waited_ms = end ? 0 : waited_ms,
                  .ending = end ? Ending::kRefused : Ending::kTimedOut,
                  .text = absl::StrCat(how, what, within, said)});
}

bool ClientWorld::Over() {
  cut_short_ = cut_short_ || std::chrono::steady_clock::now() >= options_.end;
  return cut_short_ || forward_->Over() || back_->Over();
}

void ClientWorld::MakeProgress() {
  slowest_us_ = std::max(slowest_us_, quiet_.PassedUs());
  quiet_.Moved();
}

// One that has not connected yet may be a long time in starting, and what is done by hand elsewhere
// takes its time too.
int64_t ClientWorld::DeadlineMs() const {
  if (wire_->begun() && door_.desk == nullptr) {
    return std::max(options_.deadline_ms, kLeastDeadlineMs);
  }
  return std::max(options_.deadline_ms, options_.connect_deadline_ms);
}

bool ClientWorld::Turn(int64_t timeout_ms, Wants wants) {
  holds_back_ = wants == Wants::kToReply;
  if (TakeIn()) return true;
  polls_.clear();
  const bool reads = !stalled && (!holds_back_ || taken_bytes_ < replied_bytes_ + kAheadBytes);
  wire_->AddPolls(reads, wants == Wants::kToReply, &polls_);
  hands_->AddPolls(wants == Wants::kToFeed, &polls_);
  const int64_t wait_ms = std::max<int64_t>(0, options_.Within(timeout_ms));
  const timespec timeout = {wait_ms / 1000, (wait_ms % 1000) * 1'000'000};
  RetryEintr(
      [&] { return ::ppoll(polls_.data(), polls_.size(), &timeout, nullptr) < 0 ? -errno : 0; });
  return TakeIn();
}

bool ClientWorld::TakeIn() {
  const bool had_begun = wire_->begun();
  bool came = wire_->Accept();
  if (came) Emit(forward_, {.kind = Event::Kind::kConnected});
  const bool reads = !stalled && (!holds_back_ || taken_bytes_ < replied_bytes_ + kAheadBytes);
  if (reads && !theirs_ended_) came = TakeFromWire() || came;
  if (!output_ended_) came = TakeFromOutput() || came;
  hands_->Ended();  // what is known of it is not polled for any more
  // How long it took to start says nothing of its answers; an empty datagram is a start, too.
  if (!had_begun && wire_->begun()) quiet_.Moved();
  if (came) MakeProgress();
  return came;
}

bool ClientWorld::TakeFromWire() {
  const size_t got = wire_->Recv(absl::MakeSpan(buffer_));
  if (got > 0) {
    taken_bytes_ += got;
    Emit(forward_, {.kind = Event::Kind::kReceived,
                    .bytes = got,
                    .data = absl::string_view(buffer_.data(), got)});
    return true;
  }
  const Ending ending = wire_->theirs();
  if (ending == Ending::kOpen || ending == Ending::kOurs) return false;
  theirs_ended_ = true;
  // Whom we left may leave things unsent.
  Emit(forward_, {.kind = Event::Kind::kEnded, .ending = ours_ended ? Ending::kOurs : ending});
  return true;
}

bool ClientWorld::TakeFromOutput() {
  const size_t got = hands_->Read(absl::MakeSpan(buffer_));
  if (got > 0) {
    Print(absl::string_view(buffer_.data(), got), false);
    return true;
  }
  if (hands_->output_open()) return false;
  output_ended_ = true;
  Print("", true);
  if (!may_lose_replies) Emit(back_, {.kind = Event::Kind::kEnded, .ending = Ending::kFin});
  return true;
}

void ClientWorld::Print(absl::string_view printed, bool ends) {
  const absl::string_view left = output_.Take(printed, ends);
  if (left.empty()) return;
  printed_bytes_ += left.size();
  Emit(back_, {.kind = Event::Kind::kReceived, .bytes = left.size(), .data = left});
}

bool ClientWorld::Feed(uint64_t end) {
  const uint64_t count = std::min<uint64_t>(end - fed_bytes_, buffer_.size());
  const absl::Span<char> bytes = absl::MakeSpan(&buffer_[0], static_cast<size_t>(count));
  forward_->payload().Fill(1, fed_bytes_, bytes);
  const size_t fed = hands_->Feed(bytes);
  if (fed == 0) return false;
  fed_bytes_ += fed;
  Emit(forward_, {.kind = Event::Kind::kSent, .bytes = fed});
  MakeProgress();
  return true;
}

bool ClientWorld::Reply(uint64_t end) {
  const uint64_t count = std::min<uint64_t>(end - replied_bytes_, buffer_.size());
  const absl::Span<char> bytes = absl::MakeSpan(&buffer_[0], static_cast<size_t>(count));
  forward_->payload().Fill(1, replied_bytes_, bytes);
  const size_t sent = wire_->Reply(bytes);
  if (sent == 0) return false;
  replied_bytes_ += sent;
  Emit(back_, {.kind = Event::Kind::kSent, .bytes = sent});
  MakeProgress();
  return true;
}

}  // namespace verbatim
