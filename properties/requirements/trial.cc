// Keeping the first thing that went wrong, own instances, and looks at the target's processes.
// Not for: conversations (peer.cc).
#include "properties/requirements/trial.h"

#include <poll.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "properties/stage/socket/quiet.h"

namespace verbatim {
namespace {

constexpr int64_t kSettleMs = 500;
constexpr int64_t kLookAgainMs = 20;
// Two looks at resident memory that differ by so much agree: an allocator's own to and fro.
constexpr uint64_t kSameBytes = 256 * 1024;

bool Agree(const Usage& a, const Usage& b) {
  const uint64_t apart =
      std::max(a.resident_bytes, b.resident_bytes) - std::min(a.resident_bytes, b.resident_bytes);
  return a.descriptors == b.descriptors && a.processes == b.processes && a.threads == b.threads &&
         apart <= kSameBytes;
}

}  // namespace

bool Trial::UseOwnInstance(uint64_t descriptors) {
  own_ = target_->Clone();
  if (descriptors > 0) own_->LimitDescriptors(descriptors);
  target_ = own_.get();
  const absl::Status status = own_->Prepare(budget_.Within(budget_.start_deadline_ms));
  if (status.ok()) return true;
  if (!absl::IsUnavailable(status)) return Error(status);
  if (Spent()) return false;
  const std::string limited =
      descriptors == 0 ? "" : absl::StrCat(" with ", descriptors, " descriptors");
  CannotJudge(absl::StrCat("no instance of its own came up", limited, ": ", status.message()))
      .IgnoreError();
  return false;
}

absl::StatusOr<Verdict> Trial::Result() const {
  if (!error_.ok()) return error_;
  return verdict_;
}

absl::StatusOr<Verdict> Trial::Decide(Verdict::Kind kind, absl::string_view detail) {
  if (verdict_.kind == Verdict::Kind::kHeld) {
    verdict_.kind = kind;
    verdict_.detail = std::string(detail);
    lived_ = verdict_.Fails() && !target_->DiedSoon();
  }
  return Result();
}

absl::StatusOr<Verdict> Trial::Misbehaves(absl::string_view measured) {
  return Decide(Verdict::Kind::kMisbehaved, measured);
}

absl::StatusOr<Verdict> Trial::CannotJudge(absl::string_view reason) {
  return Decide(Verdict::Kind::kNotJudged, reason);
}

absl::StatusOr<Verdict> Trial::Saw(std::string what) const {
  absl::StatusOr<Verdict> result = Result();
  if (result.ok() && result->kind == Verdict::Kind::kHeld) result->detail = std::move(what);
  return result;
}

bool Trial::Fail(Verdict verdict) {
  if (verdict_.kind != Verdict::Kind::kHeld) return false;
  verdict_ = std::move(verdict);
  if (!verdict_.Fails()) return false;
  if (const std::optional<std::string> death = target_->DiedSoon()) {
    verdict_.SayDied(*death);
    target_output_ = target_->Output();
  } else {
    lived_ = true;
  }
  return false;
}

bool Trial::Error(absl::Status status) {
  if (error_.ok()) error_ = std::move(status);
  return false;
}

bool Trial::Spent() {
  if (!budget_.Spent()) return false;
  CannotJudge(kBudgetSpent).IgnoreError();
  return true;
}

absl::Status Trial::Connect(Line* line, int64_t deadline_ms, bool small_buffer) const {
  return line->Connect(target_->door(), budget_.Within(deadline_ms), small_buffer);
}

absl::StatusOr<Usage> Trial::UseOnce(
    const std::function<bool(const Usage& before, const Usage& now)>& enough) {
  Quiet whole;  // a look takes long itself where there are thousands of threads
  absl::StatusOr<Usage> usage = target_->Use();
  while (usage.ok() && whole.LeftMs(kSettleMs) > 0 && !budget_.Spent()) {
    Pause(kLookAgainMs);
    const absl::StatusOr<Usage> before = std::exchange(usage, target_->Use());
    if (usage.ok() && enough(*before, *usage)) break;
  }
  return usage;
}

absl::StatusOr<Usage> Trial::SettledUse() { return UseOnce(Agree); }

void Trial::Pause(int64_t duration_ms) {
  // A stretch of time to measure over, and no synchronisation.
  ::poll(nullptr, 0, static_cast<int>(budget_.Within(duration_ms)));
}

std::string Mebibytes(uint64_t bytes) {
  return absl::StrFormat("%.1f MiB", static_cast<double>(bytes) / (1 << 20));
}

}  // namespace verbatim
