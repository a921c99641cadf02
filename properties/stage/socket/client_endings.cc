// Waits for ends, each bounded.
#include "properties/stage/socket/client_endings.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "properties/stage/socket/lines.h"

namespace verbatim {
namespace {

using Kind = Step::Kind;

// So long a reply waits until the one before it was read.
constexpr int64_t kReadMs = 20;
// So long its own FIN is waited for, once its input has ended.
constexpr int64_t kTheirEndMs = 200;
// Behind its end: until all that it left in its pipe and its connection is here.
constexpr int64_t kRestMs = 500;
// After wrong bytes: for more of them, which tell what kind of wrong it is.
constexpr int64_t kEvidenceMs = 20;
constexpr int kEvidenceTurns = 20;

}  // namespace

void ClientEndings::SayLeft(std::string how) {
  if (world_.ours_ended || world_.Over()) return;
  world_.Emit(world_.back(),
              {.kind = Event::Kind::kExited, .ending = Ending::kFin, .text = std::move(how)});
  said_status_ = true;
}

bool ClientEndings::IsRead() {
  const int64_t end_us = NowUs() + kReadMs * 1000;
  while (true) {
    const std::optional<bool> settled = world_.wire().Settled();
    if (!settled || *settled) return settled.value_or(false);
    if (NowUs() >= end_us || world_.Over()) return false;
    world_.Turn(1);
  }
}

void ClientEndings::Leave(Kind kind) {
  if (kind == Kind::kShutdown) {
    AwaitTheirEnd();
    world_.ours_ended = true;
    world_.wire().Shutdown();
    return world_.Emit(world_.back(), {.kind = Event::Kind::kShutdown});
  }
  const bool lost = world_.replied_bytes() > 0 && !IsRead();
  if (lost || kind == Kind::kReset) world_.may_lose_replies = true;
  world_.ours_ended = true;
  kind == Kind::kReset ? world_.wire().Reset() : world_.wire().Close();
  world_.Emit(world_.forward(), {.kind = Event::Kind::kEnded, .ending = Ending::kOurs});
}

// A server ends when its client has ended; one that never ends its side is not waited for long.
// Whoever hears of both ends at once might take ours for an early one.
void ClientEndings::AwaitTheirEnd() {
  if (!streams_ || world_.hands().input_open()) return;
  const int64_t end_us = NowUs() + kTheirEndMs * 1000;
  while (!world_.theirs_ended() && !Gone() && !world_.Over() && NowUs() < end_us) {
    world_.Turn(kLookMs);
  }
}

// Once the client has sent its FIN and all is replied, a server sends its own.
void ClientEndings::EndIfAsked() {
  if (world_.theirs_ended() && world_.wire().CanReply()) world_.wire().Shutdown();
}

void ClientEndings::ExpectExit(bool succeeds) {
  const bool fed_on = world_.hands().input_open() && !world_.ours_ended;
  world_.stalled = false;
  while (!Gone() && !world_.Over()) {
    EndIfAsked();
    if (world_.Turn(kLookMs) || !world_.IsSilent()) continue;
    return world_.SaySilent(world_.forward(), Event::Kind::kNoEof);
  }
  if (world_.Over()) return;
  TakeRest();
  if (!world_.back()->CaughtUp(1) && !world_.may_lose_replies) {
    world_.Emit(world_.back(), {.kind = Event::Kind::kEnded, .ending = Ending::kFin});
  }
  if (!world_.wire().begun()) return world_.SaySilent(world_.forward(), Event::Kind::kSilence);
  SayStatus(succeeds, fed_on);
}

void ClientEndings::TakeRest() {
  world_.MakeProgress();
  while (!world_.output_ended() && !world_.Over() && world_.QuietMs() < kRestMs) {
    world_.Turn(kLookMs);
  }
  while (!world_.Over() && world_.Turn(0)) continue;
}

void ClientEndings::SayStatus(bool succeeds, bool fed_on) {
  const ClientEnd end = *world_.hands().Ended();
  Event event = {.kind = Event::Kind::kExited, .bytes = static_cast<uint64_t>(end.status)};
  if (end.fault) {
    event.ending = Ending::kCrashed;
    event.text = end.text;
  } else if (fed_on) {
    event.ending = Ending::kFin;
    event.text = end.text + " while it was fed and served";
  } else if (succeeds != (end.status == 0)) {
    event.text = end.text + (succeeds ? ", though all came back" : ", though not all came back");
  }
  world_.Emit(world_.back(), event);
  said_status_ = true;
}

void ClientEndings::Settle() {
  world_.stalled = false;
  while (!world_.wire().begun() && !Gone() && !world_.Over()) {
    if (world_.IsSilent()) break;
    world_.Turn(kLookMs);
  }
  if (!world_.wire().begun() && !world_.Over()) {
    world_.SaySilent(world_.forward(), Event::Kind::kSilence);
  }
  if (!world_.Over() && !said_status_) {
    // Of datagrams none tells it that all has come: it has all before its input ends.
    if (!streams_)
      AwaitOutput([&] { return world_.QuietMs() >= std::min(kRestMs, world_.DeadlineMs()); });
    world_.EndInput();
    AwaitOutput([&] { return world_.IsSilent(); });
    if (!world_.back()->CaughtUp(1) && !world_.Over() && !world_.may_lose_replies) {
      world_.SaySilent(world_.back(), Event::Kind::kSilence);
    }
  }
  for (int i = 0; i < kEvidenceTurns && !world_.cut_short(); ++i) {
    if (!world_.forward()->Over() && !world_.back()->Over()) break;
    if (!world_.Turn(kEvidenceMs)) break;
  }
}

void ClientEndings::AwaitOutput(absl::FunctionRef<bool()> enough) {
  if (!world_.wire().begun()) return;
  if (streams_ && world_.replied_bytes() >= world_.fed_bytes()) Leave(Kind::kShutdown);
  world_.MakeProgress();
  while (!world_.back()->CaughtUp(1) && !world_.Over() && !world_.may_lose_replies) {
    if (world_.output_ended() && Gone()) return;
    EndIfAsked();
    if (!world_.Turn(kLookMs) && enough()) return;
  }
}

}  // namespace verbatim
