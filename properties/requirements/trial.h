// Trial: what a requirement that is no scenario has at hand: the target, or an instance of its own,
// what its processes use, and the first thing that went wrong.
// Not for: anything that a scenario of 8 connections can say; those shrink, and can be saved.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "properties/judge/verdict.h"
#include "properties/requirements/requirement.h"
#include "properties/stage/socket/line.h"
#include "properties/stage/socket/target.h"

namespace verbatim {

class Trial {
 public:
  // Both must outlive it. The target has been prepared.
  Trial(Target* target, const Budget& budget) : target_(target), budget_(budget) {}

  Target& target() { return *target_; }
  const Budget& budget() const { return budget_; }
  bool Has(Capability capability) const { return (target_->capabilities() & capability) != 0; }

  // Starts an instance of the target for this trial alone, with at most `descriptors` (0: as
  // usual), which target() is from then on. False iff it does not come up: Result() says why.
  bool UseOwnInstance(uint64_t descriptors = 0);

  // Each returns what the check is to return. What went wrong first stays.
  absl::StatusOr<Verdict> Result() const;                          // kHeld if nothing went wrong
  absl::StatusOr<Verdict> Misbehaves(absl::string_view measured);  // with its bound, one sentence
  absl::StatusOr<Verdict> CannotJudge(absl::string_view reason);   // it becomes a skip
  absl::StatusOr<Verdict> Saw(std::string what) const;             // of level I

  // What went wrong on a connection: where the target has died, it is that. Always false.
  bool Fail(Verdict verdict);
  // Our own side is at fault. Always false.
  bool Error(absl::Status status);
  // What Fail was told first, to be told more exactly.
  Verdict* failure() { return &verdict_; }
  // What went wrong, which is forgotten: for those that only tell what they saw.
  Verdict Forgive() { return std::exchange(verdict_, Verdict()); }
  // Whether the target lived when the first thing went wrong: what it dies of later, when our
  // connections end, is for others.
  bool lived() const { return lived_; }
  // Whether the budget of the whole check is spent; then that is the result.
  bool Spent();

  // What was measured, for the report.
  void Note(std::string note) { note_ = std::move(note); }
  const std::string& note() const { return note_; }
  // The peers that there were.
  uint64_t conversations() const { return conversations_; }
  // The last words of an own instance that died; empty otherwise.
  const std::string& target_output() const { return target_output_; }

  // The one place where a connection to the target is made; may be called by several threads at
  // once. Returns what Line::Connect returns.
  absl::Status Connect(Line* line, int64_t deadline_ms, bool small_buffer = false) const;
  uint64_t CountConversation() { return ++conversations_; }

  // What the target's processes use, once `enough` holds of one look and the next; at the latest
  // when 500 ms, or the budget, are over.
  absl::StatusOr<Usage> UseOnce(
      const std::function<bool(const Usage& before, const Usage& now)>& enough);
  // What they use once two looks agree.
  absl::StatusOr<Usage> SettledUse();
  // Lets the time go by, less if the budget ends.
  void Pause(int64_t duration_ms);

  // After the first connection that the target did not end no other end is waited for.
  bool awaits_ends = true;

 private:
  absl::StatusOr<Verdict> Decide(Verdict::Kind kind, absl::string_view detail);

  Target* target_;
  const Budget& budget_;
  std::unique_ptr<Target> own_;
  absl::Status error_;
  Verdict verdict_;  // the first that is not kHeld
  std::string note_;
  std::string target_output_;
  uint64_t conversations_ = 0;
  bool lived_ = false;
};

// "32.0 MiB".
std::string Mebibytes(uint64_t bytes);

}  // namespace verbatim
