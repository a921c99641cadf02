// The steps of a scenario of role client, in order, taking in all that comes, with every wait
// bounded.
// Not for: taking it in (client_world.cc).
#include "properties/stage/socket/client_stage.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
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
// How often a wait looks whether one of these is over.
constexpr int64_t kLookMs = 20;
// What is replied as one piece, however it came.
constexpr uint64_t kPieceBytes = 64 * 1024;
// So long a reply waits until the one before it was read.
constexpr int64_t kReadMs = 20;
// So long its own FIN is waited for, once its input has ended.
constexpr int64_t kTheirEndMs = 200;
// Behind its end: until all that it left in its pipe and its connection is here.
constexpr int64_t kRestMs = 500;
// After wrong bytes: for more of them, which tell what kind of wrong it is.
constexpr int64_t kEvidenceMs = 20;
constexpr int kEvidenceTurns = 20;

class Performance {
 public:
  Performance(const Scenario& scenario, const ClientDoor& door, const StageOptions& options,
              Judge* forward, Judge* back, Transcript* transcript)
      : scenario_(scenario),
        options_(options),
        streams_(SocketType(door.over) == SOCK_STREAM),
        elsewhere_(door.desk != nullptr),
        payload_bytes_(forward->payload().size_bytes()),
        world_(door, options, forward, back, transcript),
        forward_(forward),
        back_(back) {}

  absl::StatusOr<Played> Run() {
    if (absl::Status status = world_.Start(InputBytes()); !status.ok()) return status;
    // One that is started elsewhere has all of its input at once.
    while (elsewhere_ && world_.fed_bytes() < InputBytes()) world_.Feed(InputBytes());
    AwaitBegin();
    for (const Step& step : scenario_.steps) {
      if (world_.Over()) break;
      world_.MakeProgress();
      Do(step);
    }
    Settle();
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
    const bool is_elsewhere = elsewhere_;
    while ((streams_ || is_elsewhere) && !world_.wire().begun() && !Gone() && !world_.Over()) {
      if (!is_elsewhere && world_.QuietMs() >= kBeginMs) return;
      world_.Turn(kLookMs);
    }
  }

  bool Gone() { return world_.hands().Ended().has_value(); }

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
        return ExpectExit(step.amount == 0);
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
      } else if (world_.QuietMs() >= world_.DeadlineMs()) {
        return world_.SaySilent(forward_, Event::Kind::kBlocked);
      }
    }
    if (world_.fed_bytes() == end || world_.ours_ended || world_.Over()) return;
    if (!world_.wire().begun()) return world_.SaySilent(forward_, Event::Kind::kSilence);
    if (Gone()) {
      return SayLeft(absl::StrCat(world_.hands().Ended()->text, " while ", end - world_.fed_bytes(),
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
        return SayLeft(absl::StrCat("ended the connection while ", end - world_.replied_bytes(),
                                    " bytes were still to be replied"));
      }
      if (due && ready && world_.Reply(here)) {
        world_.Turn(0, Wants::kToReply);
        continue;
      }
      if (!due && (Gone() || world_.theirs_ended())) break;
      const bool writes = due && ready;
      if (world_.Turn(kLookMs, writes ? Wants::kToReply : Wants::kNothing)) continue;
      if (world_.QuietMs() < world_.DeadlineMs()) continue;
      return writes ? world_.SaySilent(back_, Event::Kind::kBlocked)
                    : world_.SaySilent(forward_, Event::Kind::kSilence);
    }
    if (!world_.wire().begun() && !world_.Over()) {
      world_.SaySilent(forward_, Event::Kind::kSilence);
    }
  }

  // It is gone before its time, and we are not the ones who left.
  void SayLeft(std::string how) {
    if (world_.ours_ended || world_.Over()) return;
    world_.Emit(back_,
                {.kind = Event::Kind::kExited, .ending = Ending::kFin, .text = std::move(how)});
    said_status_ = true;
  }

  // Replies that run together would be no pieces.
  void AwaitRead() {
    if (world_.replied_bytes() == 0) return;
    ++played_.cuts;
    played_.certain_cuts += IsRead() ? 1 : 0;
  }

  bool IsRead() {
    const int64_t end_us = NowUs() + kReadMs * 1000;
    while (true) {
      const std::optional<bool> settled = world_.wire().Settled();
      if (!settled || *settled) return settled.value_or(false);
      if (NowUs() >= end_us || world_.Over()) return false;
      world_.Turn(1);
    }
  }

  void Hold(int64_t duration_ms) {
    const int64_t end_us = NowUs() + duration_ms * 1000;
    while (!Gone() && !world_.Over()) {
      const int64_t left_us = end_us - NowUs();
      if (left_us <= 0) return;
      world_.Turn((left_us + 999) / 1000);
    }
  }

  // Whoever has read all replies has them, however we leave.
  void Leave(Kind kind) {
    while (!world_.wire().begun() && !Gone() && !world_.Over()) {
      world_.Turn(kLookMs);
      if (world_.QuietMs() >= world_.DeadlineMs()) break;
    }
    if (!world_.wire().begun() && !world_.Over()) {
      return world_.SaySilent(forward_, Event::Kind::kSilence);
    }
    if (kind == Kind::kShutdown) {
      AwaitTheirEnd();
      world_.ours_ended = true;
      world_.wire().Shutdown();
      return world_.Emit(back_, {.kind = Event::Kind::kShutdown});
    }
    const bool lost = world_.replied_bytes() > 0 && !IsRead();
    if (lost || kind == Kind::kReset) world_.may_lose_replies = true;
    world_.ours_ended = true;
    kind == Kind::kReset ? world_.wire().Reset() : world_.wire().Close();
    world_.Emit(forward_, {.kind = Event::Kind::kEnded, .ending = Ending::kOurs});
  }

  // A server ends when its client has ended; one that never ends its side is not waited for long.
  // Whoever hears of both ends at once might take ours for an early one.
  void AwaitTheirEnd() {
    if (!streams_ || world_.hands().input_open()) return;
    const int64_t end_us = NowUs() + kTheirEndMs * 1000;
    while (!world_.theirs_ended() && !Gone() && !world_.Over() && NowUs() < end_us) {
      world_.Turn(kLookMs);
    }
  }

  // Once the client has sent its FIN and all is replied, a server sends its own.
  void EndIfAsked() {
    if (world_.theirs_ended() && world_.wire().CanReply()) world_.wire().Shutdown();
  }

  void ExpectExit(bool succeeds) {
    const bool fed_on = world_.hands().input_open() && !world_.ours_ended;
    world_.stalled = false;
    while (!Gone() && !world_.Over()) {
      EndIfAsked();
      if (world_.Turn(kLookMs) || world_.QuietMs() < world_.DeadlineMs()) continue;
      return world_.SaySilent(forward_, Event::Kind::kNoEof);
    }
    if (world_.Over()) return;
    TakeRest();
    if (!back_->CaughtUp(1) && !world_.may_lose_replies) {
      world_.Emit(back_, {.kind = Event::Kind::kEnded, .ending = Ending::kFin});
    }
    if (!world_.wire().begun()) return world_.SaySilent(forward_, Event::Kind::kSilence);
    SayStatus(succeeds, fed_on);
  }

  void TakeRest() {
    world_.MakeProgress();
    while (!world_.output_ended() && !world_.Over() && world_.QuietMs() < kRestMs) {
      world_.Turn(kLookMs);
    }
    while (!world_.Over() && world_.Turn(0)) continue;
  }

  void SayStatus(bool succeeds, bool fed_on) {
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
    world_.Emit(back_, event);
    said_status_ = true;
  }

  // How it ended was not asked; but what was replied must have been printed by then.
  void Settle() {
    world_.stalled = false;
    if (!world_.wire().begun() && !world_.Over()) {
      world_.SaySilent(forward_, Event::Kind::kSilence);
    }
    if (!world_.Over() && !said_status_ && !scenario_.steps.empty()) {
      // Of datagrams none tells it that all has come: it has all before its input ends.
      if (!streams_) AwaitOutput(std::min(kRestMs, world_.DeadlineMs()));
      world_.EndInput();
      AwaitOutput(world_.DeadlineMs());
      if (!back_->CaughtUp(1) && !world_.Over() && !world_.may_lose_replies) {
        world_.SaySilent(back_, Event::Kind::kSilence);
      }
    }
    for (int i = 0; i < kEvidenceTurns && !world_.cut_short(); ++i) {
      if (!forward_->Over() && !back_->Over()) break;
      if (!world_.Turn(kEvidenceMs)) break;
    }
  }

  void AwaitOutput(int64_t limit_ms) {
    if (!world_.wire().begun()) return;
    if (streams_ && world_.replied_bytes() >= world_.fed_bytes()) Leave(Kind::kShutdown);
    world_.MakeProgress();
    while (!back_->CaughtUp(1) && !world_.Over() && !world_.may_lose_replies) {
      if (world_.output_ended() && Gone()) return;
      EndIfAsked();
      if (!world_.Turn(kLookMs) && world_.QuietMs() >= limit_ms) return;
    }
  }

  const Scenario& scenario_;
  const StageOptions& options_;
  const bool streams_;
  const bool elsewhere_;
  const uint64_t payload_bytes_;
  ClientWorld world_;
  Judge* const forward_;
  Judge* const back_;
  Played played_;
  bool said_status_ = false;
  bool echoes_ = false;
};

}  // namespace

absl::StatusOr<Played> PlayClient(const Scenario& scenario, const ClientDoor& door,
                                  const StageOptions& options, Judge* forward, Judge* back,
                                  Transcript* transcript) {
  return Performance(scenario, door, options, forward, back, transcript).Run();
}

}  // namespace verbatim
