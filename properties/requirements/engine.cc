// Playing a requirement's cases, or its trial, and looking after the target before and after.
// Not for: explaining a failure (explain.cc), the catalogue, or any output.
#include "properties/requirements/engine.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "properties/requirements/icmp_probe.h"
#include "properties/requirements/trial.h"
#include "properties/scenario/text.h"
#include "properties/stage/socket/datagrams.h"

namespace verbatim {
namespace {

using std::chrono::steady_clock;

constexpr Rules kEveryRule = {};
constexpr char kNoAnswer[] =
    "no answer, or no end, came on one of the connections: that is for other requirements, and "
    "leaves nothing to judge here";
constexpr int64_t kShortBlockMs = 50;
constexpr int64_t kControlMs = 500;
constexpr double kLongTrialSeconds = 4;

double SecondsSince(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

// Digits and a newline: what a server that works in lines, or in capitals, returns as well.
Scenario PlainExchange(Role role) {
  Scenario probe;
  probe.role = role;
  probe.payload.literal = true;
  probe.payload.bytes = "0123456789\n";
  probe.steps = {{Step::Kind::kSend, 1, kRest}, {Step::Kind::kAwait, 1, 0}};
  return probe;
}

// What the target lacks of what the requirement needs; nullopt if nothing.
std::optional<Capability> Missing(const Requirement& requirement, const Target& target) {
  for (const Capability capability : {kServer, kTcp, kSpawned, kHalfClose, kLocal}) {
    const bool needed = (requirement.needs & capability) != 0;
    if (needed && (target.capabilities() & capability) == 0) return capability;
  }
  return std::nullopt;
}

Budget ForTarget(Budget budget, const Target& target) {
  budget.half_close = budget.half_close && (target.capabilities() & kHalfClose) != 0;
  return budget;
}

// RFC 768 counts the 8 bytes of its own header too; IPv4 its own of 20 besides, IPv6 does not.
uint64_t LargestDatagram(const Target& target) {
  const std::vector<SocketAddress>& addresses = target.addresses();
  const bool four = !addresses.empty() && addresses.front().family() == AF_INET;
  return four ? kMaxDatagramBytes - 20 : kMaxDatagramBytes;
}

// A datagram so large that it may be lost had no answer.
bool IsLeftOpen(const Verdict& verdict) {
  return verdict.kind == Verdict::Kind::kNotJudged && verdict.detail != kBudgetSpent;
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
    : target_(target), budget_(ForTarget(budget, *target)) {}

StageOptions Engine::OptionsFor(Pace pace) const {
  StageOptions options;
  options.deadline_ms = budget_.deadline_ms;
  options.connect_deadline_ms = budget_.connect_deadline_ms;
  options.end = budget_.end;
  // A pipe takes a byte at once or not at all, for as long as its reader is stuck.
  if ((target_->capabilities() & kServer) == 0) options.block_ms = kShortBlockMs;
  if (pace == Pace::kWhole) return options;
  const int64_t short_ms = std::clamp<int64_t>(20 * slowest_answer_us_ / 1000, 20, 1000);
  const int64_t limit_ms = pace == Pace::kShort ? short_ms : std::max(short_ms, kControlMs);
  options.deadline_ms = std::min(budget_.deadline_ms, limit_ms);
  options.block_ms = kShortBlockMs;
  return options;
}

absl::StatusOr<Verdict> Engine::Play(const Scenario& scenario, const Rules& rules, Pace pace,
                                     Transcript* transcript) {
  ++plays_;
  if (scenario.role != Role::kDatagramServer) return PlayStream(scenario, rules, pace, transcript);
  for (int tries = pace == Pace::kWhole ? kDatagramTries : 1;; --tries) {
    Transcript rows;
    absl::StatusOr<Verdict> verdict = PlayDatagrams(scenario, rules, pace, &rows);
    const bool silent = verdict.ok() && (verdict->IsSilence() || IsLeftOpen(*verdict));
    if (silent && tries > 1 && !target_->Died()) continue;
    if (transcript != nullptr) *transcript = rows;
    return verdict;
  }
}

absl::StatusOr<Verdict> Engine::PlayStream(const Scenario& scenario, const Rules& rules, Pace pace,
                                           Transcript* transcript) {
  Judge judge(scenario, rules);
  const absl::StatusOr<Played> played =
      verbatim::Play(scenario, target_->door(), OptionsFor(pace), &judge, transcript);
  if (!played.ok()) return own_error_ = played.status();
  return After(*played, judge.Finish());
}

absl::StatusOr<Verdict> Engine::PlayDatagrams(const Scenario& scenario, const Rules& rules,
                                              Pace pace, Transcript* transcript) {
  DatagramJudge judge(scenario, rules);
  const absl::StatusOr<Played> played =
      verbatim::PlayDatagrams(scenario, target_->door(), OptionsFor(pace), &judge, transcript);
  if (!played.ok()) return own_error_ = played.status();
  return After(*played, judge.Finish());
}

// What a play has taught besides.
Verdict Engine::After(const Played& played, Verdict verdict) {
  cuts_ += played.cuts;
  certain_cuts_ += played.certain_cuts;
  if (played.cut_short) {
    verdict = Verdict();
    verdict.kind = Verdict::Kind::kNotJudged;
    verdict.detail = kBudgetSpent;
  }
  if (!verdict.Fails()) slowest_answer_us_ = std::max(slowest_answer_us_, played.slowest_answer_us);
  return verdict;
}

// The plain exchange. Its verdict is kUnserved where nobody is there, or answers at all.
absl::StatusOr<Verdict> Engine::Probe(Pace pace) {
  switch (FamilyOf(target_->transport())) {
    case Family::kStream:
      return Play(PlainExchange(Role::kServer), kEveryRule, pace, nullptr);
    case Family::kDatagram:
      return Play(PlainExchange(Role::kDatagramServer), kEveryRule, pace, nullptr);
    case Family::kIcmp:
      break;
  }
  ++plays_;
  const absl::Status status = ProbeIcmp(target_->door(), OptionsFor(pace).deadline_ms);
  if (absl::IsInternal(status)) return own_error_ = status;
  Verdict verdict;
  if (status.ok()) return verdict;
  verdict.kind = Verdict::Kind::kUnserved;
  verdict.detail = std::string(status.message());
  return verdict;
}

absl::StatusOr<Verdict> Engine::PlayOnce(const Scenario& scenario, const Rules& rules,
                                         Transcript* transcript) {
  if (absl::Status status = Ready(); !status.ok()) return status;
  absl::StatusOr<Verdict> verdict = Play(scenario, rules, Pace::kWhole, transcript);
  if (!verdict.ok() || !verdict->Fails()) return verdict;
  if (const std::optional<std::string> death = target_->DiedSoon()) {
    verdict->SayDied(*death);
  }
  return verdict;
}

absl::Status Engine::Ready() {
  if (!gone_.empty()) return absl::UnavailableError(gone_);
  if (target_->starts() > kRestarts && target_->Died()) {
    return absl::UnavailableError(absl::StrCat(
        "the target ", *target_->Died(), ", and had been started again ", kRestarts, " times"));
  }
  return target_->Prepare(budget_.Within(budget_.start_deadline_ms));
}

absl::Status Engine::Reach() {
  if (absl::Status status = Ready(); !status.ok()) return status;
  absl::StatusOr<Verdict> verdict = Probe(Pace::kWhole);
  // A stream's connect has tried them all.
  const bool each_alone = FamilyOf(target_->transport()) != Family::kStream;
  for (size_t i = 1; each_alone && i < target_->addresses().size(); ++i) {
    if (!verdict.ok() || !verdict->Fails()) break;
    target_->Prefer(i);
    verdict = Probe(Pace::kWhole);
  }
  if (!verdict.ok()) return verdict.status();
  if (verdict->kind == Verdict::Kind::kUnserved) {
    if (const std::optional<std::string> death = target_->DiedSoon()) {
      return absl::UnavailableError(absl::StrCat("the target ", *death, " before the first case"));
    }
    return absl::UnavailableError(verdict->detail);
  }
  probe_held_ = !verdict->Fails();
  return absl::OkStatus();
}

bool Engine::ProbeHolds() {
  if (!probe_held_) return true;
  const absl::StatusOr<Verdict> verdict = Probe(Pace::kWhole);
  return verdict.ok() && !verdict->Fails();
}

absl::StatusOr<Outcome> Engine::Run(const Requirement& requirement) {
  const auto start = steady_clock::now();
  const uint64_t plays_before = plays_;
  Outcome outcome = OutcomeOf(requirement);
  if (const Family family = FamilyOf(target_->transport()); family != requirement.family) {
    outcome.result = Outcome::Result::kSkip;
    outcome.reason = absl::StrCat("it is of the family ", FamilyName(requirement.family),
                                  ", the target of ", FamilyName(family));
    return outcome;
  }
  if (const std::optional<Capability> missing = Missing(requirement, *target_)) {
    const bool claimed = *missing != kHalfClose;
    outcome.result = claimed ? Outcome::Result::kSkip : Outcome::Result::kNotClaimed;
    outcome.reason = absl::StrCat("needs ", CapabilityName(*missing));
    return outcome;
  }
  if (absl::Status status = Ready(); !status.ok()) {
    outcome.reason = std::string(status.message());
    return outcome;
  }
  outcome.result = Outcome::Result::kPass;
  const absl::Status status = requirement.check != nullptr ? RunTrial(requirement, &outcome)
                                                           : RunCases(requirement, &outcome);
  if (!status.ok()) return status;
  outcome.seconds = SecondsSince(start);
  LookAfter(&outcome);
  if (!own_error_.ok()) return own_error_;
  outcome.plays += plays_ - plays_before;
  return outcome;
}

absl::Status Engine::RunCases(const Requirement& requirement, Outcome* outcome) {
  const auto start = steady_clock::now();
  cuts_ = certain_cuts_ = 0;
  std::set<std::string> texts;
  Budget budget = budget_;
  budget.datagram_bytes = LargestDatagram(*target_);
  Cases cases = requirement.cases(budget);
  Pace pace = Pace::kWhole;
  int left_open = 0;
  while (std::optional<rc::Shrinkable<Scenario>> next = cases()) {
    if (budget_.Spent()) {
      outcome->result = Outcome::Result::kNotRun;
      outcome->reason = kBudgetSpent;
      break;
    }
    const Scenario scenario = next->value();
    if (!texts.insert(PrintScenario(scenario)).second) continue;
    Transcript transcript;
    absl::StatusOr<Verdict> verdict = Play(scenario, requirement.rules, pace, &transcript);
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
    Budget budget = budget_;
    budget.datagram_bytes = LargestDatagram(*target_);
    if (outcome->verdict.IsSilence()) budget.deadline_ms = OptionsFor(Pace::kControl).deadline_ms;
    Trial trial(target_, budget);
    absl::StatusOr<Verdict> verdict = requirement.check(trial);
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
bool Engine::BackendDied(Outcome* outcome) {
  const std::optional<std::string> death = target_->TakeBackendDeathSoon();
  if (!death) return false;
  target_->Stop();
  const std::string note =
      absl::StrCat("the back end behind the target ", *death, "; both are started again");
  if (outcome->result != Outcome::Result::kFail) {
    AddNote(note, outcome);
    return true;
  }
  Outcome open;
  open.id = outcome->id;
  open.level = outcome->level;
  open.basis = outcome->basis;
  open.sentence = outcome->sentence;
  open.source = outcome->source;
  open.seconds = outcome->seconds;
  open.result = Outcome::Result::kSkip;
  open.reason = absl::StrCat("nothing to judge here: ", note);
  *outcome = std::move(open);
  return true;
}

// The plain exchange again: what comes next shall not be blamed for what was done here.
void Engine::LookAfter(Outcome* outcome) {
  if (budget_.Spent() || !own_error_.ok()) return;
  // What was left open shall not become a failure by the way in which it was broken off.
  const bool held =
      outcome->result == Outcome::Result::kPass || outcome->result == Outcome::Result::kObserved;
  if (!held && BackendDied(outcome)) return;
  if (const std::optional<std::string> death = target_->Died()) {
    if (held) NameDeath(*death, outcome);
    return AddNote("the target is started again for the rest", outcome);
  }
  if (ProbeHolds() || ProbeHolds() || budget_.Spent()) return;
  if (BackendDied(outcome)) return;
  if (held) {
    outcome->result = Outcome::Result::kFail;
    outcome->verdict = Verdict();
    outcome->verdict.kind = Verdict::Kind::kMisbehaved;
    outcome->verdict.detail = "after this a plain exchange, which held at the start, holds no more";
  }
  if ((target_->capabilities() & kSpawned) != 0 && target_->starts() <= kRestarts) {
    if (const std::optional<std::string> death = target_->DiedSoon()) {
      if (held) NameDeath(*death, outcome);
      return AddNote("the target is started again for the rest", outcome);
    }
    target_->Stop();
    return AddNote("it answered no more, and is started again for the rest", outcome);
  }
  gone_ = absl::StrCat("the target answered no more after ", outcome->id);
}

absl::StatusOr<Outcome> Run(const Requirement& requirement, Target* target, const Budget& budget) {
  Engine engine(target, budget);
  if (absl::Status status = engine.Reach(); !status.ok()) return status;
  return engine.Run(requirement);
}

}  // namespace verbatim
