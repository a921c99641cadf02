// The steps of a scenario of role client, in order, taking in all that comes, with every wait
// bounded.
// Not for: taking it in (client_world.cc).
#include "properties/stage/socket/client_stage.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "properties/stage/socket/client_endings.h"
#include "properties/stage/socket/client_world.h"
#include "properties/stage/socket/lines.h"

namespace verbatim {
namespace {

using Kind = Step::Kind;
using Wants = ClientWorld::Wants;

// A client of streams that connects at once is given its input once it has.
constexpr int64_t kBeginMs = 1000;
// Nothing new for so long: what is due is replied, as an echo would.
constexpr int64_t kQuietMs = 100;
// One that does not connect may wait for the end of its input, as may one that does not send; it
// may be slow in starting, too.
constexpr int64_t kStartMs = 5000;
// What is replied as one piece, however it came.
constexpr uint64_t kPieceBytes = 64 * 1024;

// Of one that is known to wait for the end of its input no more than that is to be seen.
StageOptions OptionsFor(const ClientDoor& door, StageOptions options) {
  if (!options.may_end_input && *door.sends_at_end) {
    options.connect_deadline_ms = std::min(options.connect_deadline_ms, options.deadline_ms);
  }
  return options;
}

class ClientPerformance {
 public:
  ClientPerformance(const Scenario& scenario, const ClientDoor& door, const StageOptions& options,
                    Judge* forward, Judge* back, Transcript* transcript)
      : scenario_(scenario),
        door_(door),
        options_(OptionsFor(door, options)),
        streams_(SocketType(door.over) == SOCK_STREAM),
        elsewhere_(door.desk != nullptr),
        payload_bytes_(forward->payload().size_bytes()),
        world_(door, options_, forward, back, transcript),
        endings_(&world_, streams_),
        forward_(forward),
        back_(back) {}

  absl::StatusOr<Played> Run() {
    if (absl::Status status = world_.Start(InputBytes()); !status.ok()) return status;
    // One that is started elsewhere has all of its input at once.
    while (elsewhere_ && world_.fed_bytes() < InputBytes()) world_.Feed(InputBytes());
    if (options_.may_end_input && *door_.sends_at_end) GiveAll();
    AwaitBegin();
    for (const Step& step : scenario_.steps) {
      if (world_.Over()) break;
      world_.MakeProgress();
      Do(step);
    }
    if (!scenario_.steps.empty()) endings_.Settle();
    if (bytes_before_giving_ && forward_->CaughtUp(1) &&
        world_.taken_bytes() > *bytes_before_giving_) {
      *door_.sends_at_end = true;
    }
    played_.slowest_answer_us = world_.slowest_us();
    played_.cut_short = world_.cut_short();
    played_.words = world_.hands().Words();
    return played_;
  }

 private:
  // Of all that it will be fed.
  uint64_t InputBytes() const {
    uint64_t bytes = 0;
    for (const Step& step : scenario_.steps) {
      if (step.kind == Kind::kFeed) bytes += std::min(step.amount, payload_bytes_ - bytes);
    }
    return bytes;
  }

  // Who starts it elsewhere comes when he likes.
  void AwaitBegin() {
    while ((streams_ || elsewhere_) && !world_.wire().begun() && !Gone() && !world_.Over()) {
      if (!elsewhere_ && world_.QuietMs() >= kBeginMs) return;
      world_.Turn(kLookMs);
    }
  }

  bool Gone() { return endings_.Gone(); }

  // All that the scenario feeds, and the end of its input.
  void GiveAll() {
    const uint64_t end = InputBytes();
    while (world_.fed_bytes() < end && world_.hands().input_open() && !Gone() && !world_.Over()) {
      if (world_.Feed(end)) {
        world_.Turn(0);
      } else if (!world_.Turn(kLookMs, Wants::kToFeed) && world_.IsSilent()) {
        return;
      }
    }
    world_.EndInput();
    world_.MakeProgress();
  }

  // It has been silent for so long that it is given all: it may read all of its input before it
  // sends. What is still silent then is.
  bool IsGivenAll() {
    if (!options_.may_end_input || elsewhere_ || bytes_before_giving_ || Gone() ||
        !world_.hands().input_open()) {
      return false;
    }
    const bool waits = world_.wire().begun()
                           ? !world_.IsSilent()
                           : world_.QuietMs() < std::min(world_.DeadlineMs(), kStartMs);
    if (waits) return false;
    bytes_before_giving_ = world_.taken_bytes();
    GiveAll();
    return true;
  }

  void Do(const Step& step) {
    switch (step.kind) {
      case Kind::kFeed:
        return Feed(step);
      case Kind::kFeedEof:
        return world_.EndInput();
      case Kind::kReply:
        return Reply(step);
      case Kind::kHold:
        return Hold(static_cast<int64_t>(step.amount));
      case Kind::kStall:
      case Kind::kResume:
        world_.stalled = step.kind == Kind::kStall;
        return;
      case Kind::kShutdown:
      case Kind::kReset:
      case Kind::kClose:
        return Leave(step.kind);
      case Kind::kExpectExit:
        return endings_.ExpectExit(step.amount == 0);
      default:
        return;  // of the other roles
    }
  }

  // Whatever has come and was not replied.
  bool ReplyDue() {
    const uint64_t here = std::min(world_.taken_bytes(), world_.fed_bytes());
    return here > world_.replied_bytes() && world_.wire().CanReply() && world_.Reply(here);
  }

  // Once it was seen to wait for answers, it gets them as they come.
  bool IsQuiet() {
    if (!echoes_ && world_.QuietMs() >= kQuietMs) echoes_ = true;
    return echoes_;
  }

  void Feed(const Step& step) {
    if (elsewhere_) return;
    echoes_ = false;
    const uint64_t end =
        world_.fed_bytes() + std::min(step.amount, payload_bytes_ - world_.fed_bytes());
    while (world_.fed_bytes() < end && world_.hands().input_open() && !Gone() && !world_.Over()) {
      if (world_.Feed(end)) {
        world_.Turn(0);
        continue;
      }
      const bool echoes = echoes_ && ReplyDue();
      if (!world_.hands().input_open() || world_.Turn(echoes ? 0 : kLookMs, Wants::kToFeed))
        continue;
      // Who isn't read from, or was left, may stop taking more.
      if (world_.stalled || world_.ours_ended) {
        if (world_.QuietMs() >= options_.block_ms) return;
      } else if (IsQuiet() && ReplyDue()) {
        continue;
      } else if (world_.IsSilent()) {
        return world_.SaySilent(forward_, Event::Kind::kBlocked);
      }
    }
    if (world_.fed_bytes() == end || world_.ours_ended || world_.Over()) return;
    if (!world_.wire().begun()) return world_.SaySilent(forward_, Event::Kind::kSilence);
    // One that ends closes its input a moment before its end is known.
    while (!Gone() && !world_.Over() && world_.QuietMs() < kQuietMs) world_.Turn(1);
    if (Gone()) {
      return endings_.SayLeft(absl::StrCat(world_.hands().Ended()->text, " while ",
                                           end - world_.fed_bytes(),
                                           " bytes were still to be fed"));
    }
    world_.SaySilent(forward_, Event::Kind::kBlocked, "it closed its standard input");
  }

  void Reply(const Step& step) {
    const uint64_t before = world_.replied_bytes();
    const uint64_t end = before + std::min(step.amount, world_.fed_bytes() - before);
    if (before == end) return;
    AwaitRead();
    echoes_ = false;
    world_.MakeProgress();
    while (world_.replied_bytes() < end && !world_.Over()) {
      const uint64_t whole = std::max(end, world_.wire().Whole(end));
      const uint64_t here = std::min({whole, world_.taken_bytes(), world_.fed_bytes()});
      const bool ready = world_.taken_bytes() >= end || end - before > kPieceBytes || IsQuiet();
      const bool due = here > world_.replied_bytes();
      if (due && !world_.wire().CanReply()) {
        return endings_.SayLeft(absl::StrCat("ended the connection while ",
                                             end - world_.replied_bytes(),
                                             " bytes were still to be replied"));
      }
      if (due && ready && world_.Reply(here)) {
        world_.Turn(0, Wants::kToReply);
        continue;
      }
      if (!due && (Gone() || world_.theirs_ended())) break;
      const bool writes = due && ready;
      if (world_.Turn(kLookMs, writes ? Wants::kToReply : Wants::kNothing)) continue;
      if ((!writes && IsGivenAll()) || !world_.IsSilent()) continue;
      return writes ? world_.SaySilent(back_, Event::Kind::kBlocked)
                    : world_.SaySilent(forward_, Event::Kind::kSilence);
    }
    if (!world_.wire().begun() && !world_.Over()) {
      world_.SaySilent(forward_, Event::Kind::kSilence);
    }
  }

  // Replies that run together would be no pieces.
  void AwaitRead() {
    if (world_.replied_bytes() == 0) return;
    ++played_.cuts;
    played_.certain_cuts += endings_.IsRead() ? 1 : 0;
  }

  void Hold(int64_t duration_ms) {
    const int64_t end_us = NowUs() + duration_ms * 1000;
    while (!Gone() && !world_.Over()) {
      const int64_t left_us = end_us - NowUs();
      if (left_us <= 0) return;
      world_.Turn((left_us + 999) / 1000);
    }
  }

  void Leave(Kind kind) {
    while (!world_.wire().begun() && !Gone() && !world_.Over()) {
      world_.Turn(kLookMs);
      if (!IsGivenAll() && world_.IsSilent()) break;
    }
    if (!world_.wire().begun() && !world_.Over()) {
      return world_.SaySilent(forward_, Event::Kind::kSilence);
    }
    endings_.Leave(kind);
  }

  const Scenario& scenario_;
  const ClientDoor& door_;
  const StageOptions options_;
  const bool streams_;
  const bool elsewhere_;
  const uint64_t payload_bytes_;
  ClientWorld world_;
  ClientEndings endings_;
  Judge* const forward_;
  Judge* const back_;
  Played played_;
  bool echoes_ = false;
  std::optional<uint64_t> bytes_before_giving_;  // that it had sent when it was given all
};

}  // namespace

absl::StatusOr<Played> PlayClient(const Scenario& scenario, const ClientDoor& door,
                                  const StageOptions& options, Judge* forward, Judge* back,
                                  Transcript* transcript) {
  return ClientPerformance(scenario, door, options, forward, back, transcript).Run();
}

}  // namespace verbatim
