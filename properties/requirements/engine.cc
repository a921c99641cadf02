// Playing a requirement's cases, or its trial, and looking after the target.
// Not for: single conversations (engine_play.cc), explaining a failure (explain.cc), or any output.
#include "properties/requirements/engine.h"

#include <algorithm>
#include <set>
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
constexpr double kLongTrialSeconds = 4;

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

Outcome OutcomeOf(const Requirement& requirement) {
  Outcome outcome;
  outcome.id = std::string(requirement.id);
  outcome.level = std::string(LevelName(requirement.level));
  outcome.basis = std::string(BasisName(requirement.basis));
  outcome.sentence = std::string(requirement.sentence);
  outcome.source = std::string(requirement.source);
  return outcome;
}

Engine::Engine(Target* target, Budget budget)
    : target_(target),
      patience_(budget.deadline_ms),
      budget_(ForTarget(budget, *target, &patience_)) {}

// A spawned target's addresses are known only now.
Budget Engine::BudgetNow() const {
  Budget budget = budget_;
  budget.datagram_bytes = LargestDatagram(*target_);
  return budget;
}

absl::StatusOr<Outcome> Engine::Run(const Requirement& requirement) {
  const auto start = steady_clock::now();
  const uint64_t plays_before = plays_;
  Outcome outcome = OutcomeOf(requirement);
  if (const Family family = FamilyOf(*target_); family != requirement.family) {
    outcome.result = Outcome::Result::kSkip;
    outcome.reason = absl::StrCat("it is of the family ", FamilyName(requirement.family),
                                  ", the target of ", FamilyName(family));
    return outcome;
  }
  if (const std::optional<Capability> missing = Missing(requirement, *target_)) {
    const bool claimed = *missing != kHalfClose && *missing != kStatus;
    outcome.result = claimed ? Outcome::Result::kSkip : Outcome::Result::kNotClaimed;
    outcome.reason = absl::StrCat("needs ", CapabilityName(*missing));
    return outcome;
  }
  starts_before_ = target_->starts();
  if (absl::Status status = Ready(); !status.ok()) {
    outcome.reason = std::string(status.message());
    return outcome;
  }
  outcome.result = Outcome::Result::kPass;
  const absl::Status status = requirement.check != nullptr ? RunTrial(requirement, &outcome)
                                                           : RunCases(requirement, &outcome);
  if (!status.ok()) return status;
  outcome.seconds = SecondsSince(start);
  LookAfter(requirement, &outcome);
  if (!own_error_.ok()) return own_error_;
  outcome.plays += plays_ - plays_before;
  return outcome;
}

absl::Status Engine::RunCases(const Requirement& requirement, Outcome* outcome) {
  const auto start = steady_clock::now();
  cuts_ = certain_cuts_ = 0;
  std::set<std::string> texts;
  Cases cases = requirement.cases(BudgetNow());
  Pace pace = Pace::kWhole;
  int left_open = 0;
  while (std::optional<rc::Shrinkable<Scenario>> next = cases()) {
    if (budget_.Spent()) {
      outcome->result = Outcome::Result::kNotRun;
      outcome->reason = kBudgetSpent;
      break;
    }
    const Scenario scenario = Fit(next->value());
    if (!texts.insert(PrintScenario(scenario)).second) continue;
    Transcript transcript;
    absl::StatusOr<Verdict> verdict = Play(scenario, RulesOf(requirement), pace, &transcript);
    if (!verdict.ok()) return verdict.status();
    if (requirement.family == Family::kDatagram && IsLeftOpen(*verdict)) {
      ++left_open;
      pace = Pace::kControl;  // what may be lost is not waited for again and again
      continue;
    }
    if (verdict->kind == Verdict::Kind::kNotJudged) {
      LeaveOpen(*verdict, kNoAnswer, outcome);
      break;
    }
    // One that dies after its answer dies of this case, and not of the next.
    if (!verdict->Fails() && target_->Died()) verdict->kind = Verdict::Kind::kDied;
    outcome->cuts = cuts_;
    outcome->certain_cuts = certain_cuts_;
    if (verdict->Fails()) {
      outcome->result = Outcome::Result::kFail;
      outcome->verdict = *std::move(verdict);
      outcome->transcript = transcript.Lines();
      outcome->target_output = words_;
      outcome->first_failure_seconds = SecondsSince(start);
      Explain(requirement, *std::move(next), outcome);
      break;
    }
  }
  outcome->distinct_scenarios = texts.size();
  if (left_open > 0) {
    AddNote(absl::StrCat(left_open, " of ", texts.size(),
                         " had no answer, being large: that is for datagram.answered.large"),
            outcome);
  }
  return own_error_;
}

absl::Status Engine::RunTrial(const Requirement& requirement, Outcome* outcome) {
  const auto start = steady_clock::now();
  const int trials = budget_.shrink_ms > 0 ? kTrials : 1;  // who wants no search wants no more
  for (int i = 0; i < (outcome->result == Outcome::Result::kFail ? trials : 1); ++i) {
    // What took long once is not tried again and again: the budget is for all.
    if (i > 0 && (SecondsSince(start) > kLongTrialSeconds || budget_.Spent() || !Ready().ok()))
      break;
    // That a silence recurs is seen in less than a whole deadline.
    Budget budget = BudgetNow();
    if (outcome->verdict.IsSilence()) {
      budget.deadline_ms = OptionsFor(Pace::kControl).deadline_ms;
      budget.patience = nullptr;
    }
    Trial trial(target_, budget);
    absl::StatusOr<Verdict> verdict = requirement.check(trial);
    if (absl::IsAborted(verdict.status())) {  // an instance's port was taken: of this row alone
      outcome->result = Outcome::Result::kNotRun;
      outcome->reason = std::string(verdict.status().message());
      return absl::OkStatus();
    }
    if (!verdict.ok()) return verdict.status();
    outcome->plays += trial.conversations();
    if (i > 0) {
      if (verdict->kind == Verdict::Kind::kNotJudged) break;
      outcome->recurred += verdict->kind == outcome->verdict.kind ? 1 : 0;
      ++outcome->replays;
      continue;
    }
    outcome->note = trial.note();
    if (verdict->kind == Verdict::Kind::kNotJudged) {
      LeaveOpen(*verdict, verdict->detail, outcome);
    } else if (requirement.level == Level::kObserved) {
      outcome->result = Outcome::Result::kObserved;
      outcome->reason = verdict->detail;
    } else if (verdict->Fails()) {
      outcome->result = Outcome::Result::kFail;
      outcome->verdict = *std::move(verdict);
      outcome->first_failure_seconds = SecondsSince(start);
      outcome->recurred = outcome->replays = 1;
      if (const std::optional<std::string> death = target_->DiedSoon()) {
        NameDeath(*death, outcome);
        break;
      }
      outcome->target_output = trial.target_output();
    }
  }
  return absl::OkStatus();
}

void Engine::NameDeath(const std::string& death, Outcome* outcome) {
  outcome->result = Outcome::Result::kFail;
  outcome->verdict.SayDied(death);
  outcome->target_output = target_->Output();
}

void Engine::LeaveOpen(const Verdict& verdict, absl::string_view reason, Outcome* outcome) {
  const bool spent = verdict.detail == kBudgetSpent;
  outcome->result = spent ? Outcome::Result::kNotRun : Outcome::Result::kSkip;
  outcome->reason = spent ? kBudgetSpent : std::string(reason);
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
