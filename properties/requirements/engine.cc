// Playing a requirement's cases, or its trial, and looking after the target.
// Not for: single conversations (engine_play.cc), explaining a failure (explain.cc), or any output.
#include "properties/requirements/engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "properties/requirements/trial.h"
#include "properties/scenario/text.h"

namespace verbatim {
namespace {

using std::chrono::steady_clock;

constexpr char kNoAnswer[] =
    "no answer, or no end, came on one of the connections: that is for other requirements, and "
    "leaves nothing to judge here";
constexpr double kLongTrialSeconds = 3;
// A case that was begun in its part of the time has so many more to end: to begin it again costs
// more.
constexpr int kPartsToItsEnd = 2;

double SecondsSince(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

// What the target lacks of what the requirement needs; nullopt if nothing.
std::optional<Capability> Missing(const Requirement& requirement, const Target& target) {
  for (const Capability capability :
       {kServer, kTcp, kSpawned, kHalfClose, kLocal, kStatus, kAnyBytes, kTakesHost}) {
    const bool needed = (requirement.needs & capability) != 0;
    if (needed && (target.capabilities() & capability) == 0) return capability;
  }
  return std::nullopt;
}

Budget ForTarget(Budget budget, const Target& target, Patience* patience) {
  if (budget.patience == nullptr) budget.patience = patience;
  budget.half_close = budget.half_close && (target.capabilities() & kHalfClose) != 0;
  return budget;
}

// RFC 768 counts the 8 bytes of its own header too; IPv4 its own of 20 besides, IPv6 does not.
uint64_t LargestDatagram(const Target& target) {
  const std::vector<SocketAddress>& addresses = target.addresses();
  const bool four = !addresses.empty() && addresses.front().family() == AF_INET;
  return four ? kMaxDatagramBytes - 20 : kMaxDatagramBytes;
}

void AddNote(absl::string_view note, Outcome* outcome) {
  absl::StrAppend(&outcome->note, outcome->note.empty() ? "" : "; ", note);
}

}  // namespace

Engine::Engine(Target* target, Budget budget)
    : target_(target),
      patience_(budget.deadline_ms),
      budget_(ForTarget(budget, *target, &patience_)),
      part_end_(budget.end) {}

// A spawned target's addresses are known only now.
Budget Engine::BudgetNow() const {
  Budget budget = budget_;
  budget.datagram_bytes = LargestDatagram(*target_);
  return budget;
}

absl::StatusOr<Outcome> Engine::Run(const Requirement& requirement) {
  Progress progress(requirement);
  if (absl::Status status = Continue(&progress, TimePoint::max()); !status.ok()) return status;
  return progress.Conclude();
}

// Whether there is something to play on this target; else the outcome says why not.
bool Engine::CanBegin(Progress* progress) const {
  const Requirement& requirement = progress->requirement;
  Outcome& outcome = progress->outcome;
  if (const Family family = FamilyOf(*target_); family != requirement.family) {
    outcome.result = Outcome::Result::kSkip;
    outcome.reason = absl::StrCat("it is of the family ", FamilyName(requirement.family),
                                  ", the target of ", FamilyName(family));
    return false;
  }
  if (const std::optional<Capability> missing = Missing(requirement, *target_)) {
    const bool claimed = *missing != kHalfClose && *missing != kStatus;
    outcome.result = claimed ? Outcome::Result::kSkip : Outcome::Result::kNotClaimed;
    outcome.reason = absl::StrCat("needs ", CapabilityName(*missing));
    return false;
  }
  return true;
}

absl::Status Engine::Continue(Progress* progress, TimePoint until) {
  const Requirement& requirement = progress->requirement;
  Outcome& outcome = progress->outcome;
  if (!std::exchange(progress->begun, true) && !CanBegin(progress)) progress->over = true;
  if (progress->over || budget_.Spent()) return absl::OkStatus();
  const auto start = steady_clock::now();
  const uint64_t plays_before = plays_;
  starts_before_ = target_->starts();
  if (absl::Status status = Ready(); !status.ok()) {
    if (budget_.Spent()) return absl::OkStatus();
    // Nothing is to be said against what was played before.
    progress->Conclude();
    if (outcome.result == Outcome::Result::kPass) return absl::OkStatus();
    outcome.result = Outcome::Result::kNotRun;
    outcome.reason = std::string(status.message());
    return absl::OkStatus();
  }
  outcome.result = Outcome::Result::kPass;
  broken_off_ = false;
  const absl::Status status =
      requirement.check != nullptr ? RunTrial(progress, until) : RunCases(progress, until);
  part_end_ = budget_.end;
  if (!status.ok()) return status;
  outcome.seconds += SecondsSince(start);
  if (!broken_off_) LookAfter(requirement, &outcome);
  if (!own_error_.ok()) return own_error_;
  progress->over = progress->over || outcome.WentWrong();
  outcome.plays += plays_ - plays_before;
  return absl::OkStatus();
}

absl::Status Engine::RunCases(Progress* progress, TimePoint until) {
  const auto start = steady_clock::now();
  const Requirement& requirement = progress->requirement;
  Outcome& outcome = progress->outcome;
  cuts_ = outcome.cuts;
  certain_cuts_ = outcome.certain_cuts;
  TimePoint latest = budget_.end;
  if (until < budget_.end) latest = std::min(latest, until + kPartsToItsEnd * (until - start));
  if (!progress->cases) progress->cases = requirement.cases(BudgetNow());
  while (!budget_.Spent()) {
    if (!progress->next) progress->next = progress->cases();
    if (!progress->next) {
      progress->over = true;
      break;
    }
    const bool essential = progress->played.size() < requirement.essential;
    if (!essential && steady_clock::now() >= until) break;
    const Scenario scenario = Fit(progress->next->value());
    const std::string text = PrintScenario(scenario);
    if (progress->played.count(text) != 0) {
      progress->next.reset();
      continue;
    }
    part_end_ = essential ? budget_.end : latest;
    // What may be lost is not waited for again and again.
    const Pace pace = progress->left_open > 0 ? Pace::kControl : Pace::kWhole;
    Transcript transcript;
    absl::StatusOr<Verdict> verdict = Play(scenario, RulesOf(requirement), pace, &transcript);
    part_end_ = budget_.end;
    if (!verdict.ok()) return verdict.status();
    if (verdict->kind == Verdict::Kind::kNotJudged && verdict->detail == kBudgetSpent) {
      Mend();
      break;
    }
    progress->played.insert(text);
    if (requirement.family == Family::kDatagram && IsLeftOpen(*verdict)) {
      ++progress->left_open;
      progress->next.reset();
      continue;
    }
    if (verdict->kind == Verdict::Kind::kNotJudged) {
      outcome.result = Outcome::Result::kSkip;
      outcome.reason = kNoAnswer;
      progress->over = true;
      break;
    }
    // One that dies after its answer dies of this case, and not of the next.
    if (!verdict->Fails() && target_->Died()) verdict->kind = Verdict::Kind::kDied;
    outcome.cuts = cuts_;
    outcome.certain_cuts = certain_cuts_;
    if (verdict->Fails()) {
      outcome.first_failure_seconds = outcome.seconds + SecondsSince(start);
      Fails(progress, *std::move(verdict), transcript);
      break;
    }
    progress->next.reset();
  }
  if (progress->over && progress->left_open > 0) {
    AddNote(absl::StrCat(progress->left_open, " of ", progress->played.size(),
                         " had no answer, being large: that is for datagram.answered.large"),
            &outcome);
  }
  return own_error_;
}

void Engine::Fails(Progress* progress, Verdict verdict, const Transcript& transcript) {
  Outcome& outcome = progress->outcome;
  outcome.result = Outcome::Result::kFail;
  outcome.verdict = std::move(verdict);
  outcome.transcript = transcript.Lines();
  outcome.target_output = words_;
  progress->over = true;
  if (budget_.in_company && !outcome.verdict.IsOfWrongBytes()) return;
  Explain(progress->requirement, *std::move(progress->next), &outcome);
}

// After a conversation that was broken off for want of time: how a target bears that is for other
// requirements.
void Engine::Mend() {
  broken_off_ = true;
  if (budget_.Spent() || target_->client() != nullptr) return;
  if (!target_->Died() && (ProbeHolds() || ProbeHolds())) return;
  if ((target_->capabilities() & kSpawned) != 0) target_->Stop();
}

absl::Status Engine::RunTrial(Progress* progress, TimePoint until) {
  const auto start = steady_clock::now();
  const Requirement& requirement = progress->requirement;
  Outcome& outcome = progress->outcome;
  // Who wants no search wants no more.
  const int trials = budget_.shrink_ms > 0 && !budget_.in_company ? kTrials : 1;
  for (int i = 0; i < (outcome.result == Outcome::Result::kFail ? trials : 1); ++i) {
    // What took long once is not tried again and again: the budget is for all.
    if (i > 0 && (SecondsSince(start) > kLongTrialSeconds || budget_.Spent() || !Ready().ok()))
      break;
    Budget budget = BudgetNow();
    if (i == 0) budget.end = std::min(until, budget.end);
    // That a silence recurs is seen in less than a whole deadline.
    if (outcome.verdict.IsSilence()) {
      budget.deadline_ms = OptionsFor(Pace::kControl).deadline_ms;
      budget.patience = nullptr;
    }
    Trial trial(target_, budget);
    absl::StatusOr<Verdict> verdict = requirement.check(trial);
    if (absl::IsAborted(verdict.status())) {  // an instance's port was taken: of this row alone
      outcome.result = Outcome::Result::kNotRun;
      outcome.reason = std::string(verdict.status().message());
      progress->over = true;
      return absl::OkStatus();
    }
    if (!verdict.ok()) return verdict.status();
    outcome.plays += trial.conversations();
    if (i > 0) {
      if (verdict->kind == Verdict::Kind::kNotJudged) break;
      outcome.recurred += verdict->kind == outcome.verdict.kind ? 1 : 0;
      ++outcome.replays;
      continue;
    }
    outcome.note = trial.note();
    if (verdict->kind == Verdict::Kind::kNotJudged && verdict->detail == kBudgetSpent) {
      Mend();
      return absl::OkStatus();
    }
    progress->over = true;
    if (verdict->kind == Verdict::Kind::kNotJudged) {
      outcome.result = Outcome::Result::kSkip;
      outcome.reason = verdict->detail;
    } else if (requirement.level == Level::kObserved) {
      outcome.result = Outcome::Result::kObserved;
      outcome.reason = verdict->detail;
    } else if (verdict->Fails()) {
      outcome.result = Outcome::Result::kFail;
      outcome.verdict = *std::move(verdict);
      outcome.first_failure_seconds = outcome.seconds + SecondsSince(start);
      outcome.recurred = outcome.replays = 1;
      if (!trial.lived()) {
        if (const std::optional<std::string> death = target_->DiedSoon()) {
          NameDeath(*death, &outcome);
          break;
        }
      }
      outcome.target_output = trial.target_output();
    }
  }
  return absl::OkStatus();
}

void Engine::NameDeath(const std::string& death, Outcome* outcome) {
  outcome->result = Outcome::Result::kFail;
  outcome->verdict.SayDied(death);
  outcome->target_output = target_->Output();
}

// Whether what is behind the target has died: then a failure says nothing of the target.
bool Engine::BackendDied(const Requirement& requirement, Outcome* outcome) {
  const std::optional<std::string> death = target_->TakeBackendDeathSoon();
  if (!death) return false;
  target_->Stop();
  const std::string note =
      absl::StrCat("the back end behind the target ", *death, "; both are started again");
  if (outcome->result != Outcome::Result::kFail) {
    AddNote(note, outcome);
    return true;
  }
  Outcome open = OutcomeOf(requirement);
  open.seconds = outcome->seconds;
  open.result = Outcome::Result::kSkip;
  open.reason = absl::StrCat("nothing to judge here: ", note);
  *outcome = std::move(open);
  return true;
}

// The plain exchange again: what comes next shall not be blamed for what was done here.
void Engine::LookAfter(const Requirement& requirement, Outcome* outcome) {
  if (budget_.Spent() || !own_error_.ok()) return;
  if (target_->client() != nullptr) return;  // the next one is another process
  // What was left open shall not become a failure by the way in which it was broken off.
  const bool held =
      outcome->result == Outcome::Result::kPass || outcome->result == Outcome::Result::kObserved;
  // An observation fails nothing; a death is then only the reason why the target is started again.
  const bool may_fail = held && requirement.level != Level::kObserved;
  if (!held && BackendDied(requirement, outcome)) return;
  if (const std::optional<std::string> death = target_->Died()) {
    if (may_fail) NameDeath(*death, outcome);
    return StartAgainForTheRest(absl::StrCat("the target ", *death), outcome);
  }
  if (ProbeHolds() || ProbeHolds() || budget_.Spent()) return;
  if (BackendDied(requirement, outcome)) return;
  if (held && !may_fail) {
    AddNote("after this a plain exchange, which held at the start, holds no more", outcome);
  } else if (held) {
    outcome->result = Outcome::Result::kFail;
    outcome->verdict = Verdict();
    outcome->verdict.kind = Verdict::Kind::kMisbehaved;
    outcome->verdict.detail = "after this a plain exchange, which held at the start, holds no more";
  }
  if ((target_->capabilities() & kSpawned) == 0) {
    gone_ = absl::StrCat("the target answered no more after ", outcome->id);
    return;
  }
  const std::optional<std::string> death = target_->DiedSoon();
  if (death && may_fail) NameDeath(*death, outcome);
  if (!death) target_->Stop();
  StartAgainForTheRest(
      death ? absl::StrCat("the target ", *death) : std::string("the target answered no more"),
      outcome);
}

// One that dies again and again has said enough.
void Engine::StartAgainForTheRest(absl::string_view why, Outcome* outcome) {
  if (new_starts_++ < kRestarts) {
    return AddNote(absl::StrCat(why, ", and is started again for the rest"), outcome);
  }
  gone_ = absl::StrCat(why, ", and had been started again ", kRestarts, " times");
}

absl::StatusOr<Outcome> Run(const Requirement& requirement, Target* target, const Budget& budget) {
  Engine engine(target, budget);
  if (absl::Status status = engine.Reach(); !status.ok()) return status;
  return engine.Run(requirement);
}

}  // namespace verbatim
