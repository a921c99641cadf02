// Waiting for a client's datagrams, its output and its end.
#include "properties/requirements/client_talk.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_replace.h"
#include "core/status.h"
#include "properties/stage/socket/quiet.h"

namespace verbatim {
namespace {

constexpr size_t kMostKept = 64 * 1024;
constexpr size_t kBufferBytes = 64 * 1024;
constexpr int64_t kLookMs = 20;

}  // namespace

bool ClientTalk::Start() {
  absl::StatusOr<std::unique_ptr<ClientWire>> wire = ClientWire::Open(door_);
  if (!wire.ok()) return trial_->Error(wire.status());
  wire_ = *std::move(wire);
  absl::StatusOr<std::unique_ptr<ClientHands>> hands = StartClient(door_, wire_->place());
  if (!hands.ok()) return trial_->Error(hands.status());
  hands_ = *std::move(hands);
  trial_->CountConversation();
  return true;
}

bool ClientTalk::Turn(int64_t timeout_ms, bool feeds) {
  std::vector<pollfd> polls;
  wire_->AddPolls(true, false, &polls);
  hands_->AddPolls(feeds, &polls);
  const timespec timeout = {timeout_ms / 1000, (timeout_ms % 1000) * 1'000'000};
  RetryEintr(
      [&] { return ::ppoll(polls.data(), polls.size(), &timeout, nullptr) < 0 ? -errno : 0; });
  hands_->Ended();
  bool came = wire_->Accept();
  std::string buffer(kBufferBytes, '\0');
  while (const size_t got = wire_->Recv(absl::MakeSpan(buffer))) {
    sent_bytes_ += got;
    sent_.append(buffer, 0, got);
    came = true;
    if (sent_.size() > kMostKept) break;
  }
  if (const size_t got = hands_->Read(absl::MakeSpan(buffer))) {
    printed_.append(buffer, 0, std::min(got, kMostKept - std::min(kMostKept, printed_.size())));
    came = true;
  }
  return came;
}

// `limit_ms`: without anything that comes. One that has not begun may be a long time in starting.
template <typename Done>
bool ClientTalk::Wait(Done done, int64_t limit_ms) {
  Quiet quiet(trial_->budget().patience);
  while (!done()) {
    if (trial_->Spent()) return false;
    const int64_t start_ms = wire_->begun() ? 0 : trial_->budget().connect_deadline_ms;
    if (quiet.LeftMs(std::max(limit_ms, start_ms)) <= 0) return false;
    const bool had_begun = wire_->begun();
    if (Turn(kLookMs) || wire_->begun() != had_begun) quiet.Moved();
  }
  return true;
}

bool ClientTalk::Feed(absl::string_view text) {
  return Wait(
      [&] {
        text.remove_prefix(hands_->Feed({text.data(), text.size()}));
        return text.empty() || !hands_->input_open();
      },
      trial_->budget().deadline_ms);
}

bool ClientTalk::AwaitBegin() {
  Wait([&] { return wire_->begun() || hands_->Ended(); }, trial_->budget().deadline_ms);
  return wire_->begun();
}

bool ClientTalk::AwaitSent(uint64_t bytes, int64_t limit_ms) {
  Wait([&] { return sent_bytes_ >= bytes || hands_->Ended(); },
       std::max(limit_ms, trial_->budget().deadline_ms));
  return sent_bytes_ >= bytes;
}

void ClientTalk::Forget() {
  while (wire_->Drop() > 0) continue;
  sent_.clear();
}

void ClientTalk::Answer() {
  while (const size_t count = wire_->Reply({sent_.data(), sent_.size()})) sent_.erase(0, count);
}

std::string ClientTalk::printed() const {
  if (door_.strip_prefix.empty()) return printed_;
  return absl::StrReplaceAll(printed_, {{door_.strip_prefix, ""}});
}

void ClientTalk::AwaitPrinted(uint64_t bytes) {
  Wait([&] { return printed().size() >= bytes || (hands_->Ended() && !hands_->output_open()); },
       trial_->budget().deadline_ms);
}

int64_t ClientTalk::AwaitEnd(int64_t limit_ms) {
  Quiet quiet(trial_->budget().patience);
  while (!hands_->Ended()) {
    if (trial_->Spent() || quiet.LeftMs(limit_ms) <= 0) return quiet.WaitedMs(limit_ms);
    Turn(kLookMs);
  }
  return 0;
}

void ClientTalk::Linger(int64_t duration_ms) {
  const Quiet clock;
  while (!hands_->Ended() && !trial_->Spent() && clock.PassedMs() < duration_ms) Turn(kLookMs);
}

}  // namespace verbatim
