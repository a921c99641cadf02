// Engine: holds a target to requirements. Nothing global, no printing.
// Not for: choosing requirements, their order (schedule.h), or reports: all are the front end's.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "properties/judge/outcome.h"
#include "properties/requirements/progress.h"
#include "properties/requirements/requirement.h"
#include "properties/stage/socket/patience.h"
#include "properties/stage/socket/stage.h"
#include "properties/stage/socket/target.h"

namespace verbatim {

class Engine {
 public:
  // The target must outlive the engine.
  Engine(Target* target, Budget budget);

  // Brings the target up and holds a plain exchange with it, so that a dead target is not blamed on
  // a requirement. What it answers is not judged here. Returns kUnavailable iff it can't be
  // connected to, did not listen, or died; kInternal iff our own side failed.
  absl::Status Reach();

  // Plays the requirement's cases until one fails, all are played, or `until` has come: not before
  // its essential ones are played, but never longer than the budget. What `until` cuts short is
  // played again by the next call. What has no cases has until then too, and begins again.
  // On a failure it looks for a smaller one, counts how often
  // it fails again, and plays its bytes in one piece. Where Reach's exchange held, it must hold
  // after the requirement too: a target that no longer answers fails the requirement that did it. A
  // spawned one is then started again, for kRestarts requirements at most (and within one of them
  // kReplays times); of another one nothing more is judged. Returns kInternal iff our own side
  // failed; everything else is in the outcome.
  absl::Status Continue(Progress* progress, std::chrono::steady_clock::time_point until);
  // All of that at once.
  absl::StatusOr<Outcome> Run(const Requirement& requirement);

  // Plays one scenario by `rules`, at the whole deadline.
  absl::StatusOr<Verdict> PlayOnce(const Scenario& scenario, const Rules& rules,
                                   Transcript* transcript);

  // Of a client: what it said last on its standard error, when it was played last.
  const std::string& client_words() const { return words_; }

  static constexpr int kRestarts = 8;
  static constexpr int kReplays = 5;
  // A smaller scenario counts if so many of kReplays plays fail; one that fails in all of them is
  // preferred.
  static constexpr int kRecurs = 3;
  // How often a requirement that is no scenario is tried in all, once it failed.
  static constexpr int kTrials = 3;
  // For all searches for smaller scenarios of one engine together, after which each is brief.
  static constexpr int64_t kAllShrinksMs = 20'000;

 private:
  enum class Pace { kWhole, kControl, kShort };  // how long a silence takes to be one

  Budget BudgetNow() const;

  // engine_play.cc
  StageOptions OptionsFor(Pace pace) const;
  // Without what the target does not claim.
  Rules RulesOf(const Requirement& requirement) const;
  // As the target takes it: in lines of text, where it takes nothing else.
  Scenario Fit(Scenario scenario) const;
  // Of datagrams a silence is believed at the last of kDatagramTries, each from fresh sockets.
  absl::StatusOr<Verdict> Play(const Scenario& scenario, const Rules& rules, Pace pace,
                               Transcript* transcript);
  absl::StatusOr<Verdict> PlayAgain(const Scenario& scenario, const Rules& rules, Pace pace,
                                    Transcript* transcript);
  // The death that the verdict on the last play is to name. One who lived through a silence has
  // died only when we closed or reset our connections: that is for the requirements on survival.
  std::optional<std::string> DeathBehind(const Verdict& verdict);
  // A datagram so large that it may be lost had no answer.
  static bool IsLeftOpen(const Verdict& verdict);
  // The plain exchange. Its verdict is kUnserved where nobody is there.
  absl::StatusOr<Verdict> Probe();
  absl::StatusOr<Verdict> FirstProbe();
  absl::Status Ready();
  bool ProbeHolds();

  // engine.cc
  using TimePoint = std::chrono::steady_clock::time_point;
  bool CanBegin(Progress* progress) const;
  absl::Status RunCases(Progress* progress, TimePoint until);
  absl::Status RunTrial(Progress* progress, TimePoint until);
  void Fails(Progress* progress, Verdict verdict, const Transcript& transcript);
  void Mend();
  void LookAfter(const Requirement& requirement, Outcome* outcome);
  bool BackendDied(const Requirement& requirement, Outcome* outcome);
  void NameDeath(const std::string& death, Outcome* outcome);
  void StartAgainForTheRest(absl::string_view why, Outcome* outcome);

  // explain.cc
  void Explain(const Requirement& requirement, rc::Shrinkable<Scenario> failure, Outcome* outcome);
  void PlayControl(const Rules& rules, Outcome* outcome);
  std::vector<Scenario> Shrink(const Rules& rules, rc::Shrinkable<Scenario> failure,
                               Verdict::Kind kind);
  bool FailsTwice(const Scenario& scenario, const Rules& rules, Verdict::Kind kind);
  int Confirm(const Rules& rules, const Scenario& scenario, Outcome* outcome);
  void ConfirmDeath(const Rules& rules, Outcome* outcome);

  Target* const target_;
  Patience patience_;  // where the budget has none for several engines
  const Budget budget_;
  int64_t slowest_answer_us_ = 0;
  int64_t shrunk_ms_ = 0;
  TimePoint part_end_;  // of the play under way: the budget's end, or an earlier one
  uint64_t plays_ = 0;
  uint64_t cuts_ = 0;
  uint64_t certain_cuts_ = 0;
  bool lived_ = false;       // the target, when the last play was judged
  bool broken_off_ = false;  // the last conversation, for want of time
  std::string words_;        // of a client: what it said when it was played last
  bool probe_held_ = false;  // at the start: so a failing probe later means a wedged target
  std::string gone_;         // why nothing more can be judged
  int new_starts_ = 0;       // requirements after which the target was started again
  int starts_before_ = 0;    // of the target, when the requirement under way began
  absl::Status own_error_;
};

// The same bytes in one piece on each connection: `scenario` with the sends of its one connection
// merged. nullopt if it has several connections, or is in one piece already.
std::optional<Scenario> ControlOf(const Scenario& scenario);

// One requirement on one target.
absl::StatusOr<Outcome> Run(const Requirement& requirement, Target* target, const Budget& budget);

}  // namespace verbatim
