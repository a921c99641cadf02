// Playing cases, and explaining the first that fails: control, smaller scenarios, how often it
// recurs. Not for: the catalogue, or any output.
#include "properties/requirements/engine.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "properties/scenario/text.h"

namespace verbatim {
namespace {

using std::chrono::steady_clock;

constexpr Rules kEveryRule = {};
constexpr char kSpent[] = "the budget of the whole check is spent (--budget)";
constexpr char kNoAnswer[] =
    "no answer came on one of the connections: that is for other requirements, and leaves nothing "
    "to judge here";
constexpr int kDeathMs = 200;  // between the end of a connection and that of its process
constexpr int64_t kShortBlockMs = 50;

double SecondsSince(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

// Digits and a newline: what a server that works in lines, or in capitals, returns as well.
Scenario Probe() {
  Scenario probe;
  probe.payload.literal = true;
  probe.payload.bytes = "0123456789\n";
  probe.steps = {{Step::Kind::kSend, 1, kRest}, {Step::Kind::kAwait, 1, 0}};
  return probe;
}

// What the target lacks of what the requirement needs; empty if nothing.
std::string Missing(const Requirement& requirement, const Target& target) {
  for (const Capability capability : {kSpawned, kHalfClose}) {
    const bool needed = (requirement.needs & capability) != 0;
    if (needed && (target.capabilities() & capability) == 0) {
      return std::string(CapabilityName(capability));
    }
  }
  return "";
}

}  // namespace

Engine::Engine(Target* target, Budget budget) : target_(target), budget_(budget) {}

absl::StatusOr<Verdict> Engine::Play(const Scenario& scenario, const Rules& rules, Pace pace,
                                     Transcript* transcript) {
  StageOptions options;
  options.deadline_ms = budget_.deadline_ms;
  options.connect_deadline_ms = budget_.connect_deadline_ms;
  options.end = budget_.end;
  if (pace == Pace::kShort) {
    options.deadline_ms = std::min(budget_.deadline_ms,
                                   std::clamp<int64_t>(20 * slowest_answer_us_ / 1000, 20, 1000));
    options.block_ms = kShortBlockMs;
  }
  Judge judge(scenario, rules);
  ++plays_;
  absl::StatusOr<Played> played =
      verbatim::Play(scenario, target_->addresses(), options, &judge, transcript);
  if (!played.ok()) {
    own_error_ = played.status();
    return played.status();
  }
  Verdict verdict = judge.Finish();
  if (played->cut_short) {
    verdict = Verdict();
    verdict.kind = Verdict::Kind::kNotJudged;
    verdict.detail = kSpent;
  }
  if (!verdict.Fails())
    slowest_answer_us_ = std::max(slowest_answer_us_, played->slowest_answer_us);
  return verdict;
}

absl::StatusOr<Verdict> Engine::PlayOnce(const Scenario& scenario, const Rules& rules,
                                         Transcript* transcript) {
  if (absl::Status status = Ready(); !status.ok()) return status;
  absl::StatusOr<Verdict> verdict = Play(scenario, rules, Pace::kWhole, transcript);
  if (!verdict.ok() || !verdict->Fails()) return verdict;
  if (const std::optional<std::string> death = DiedSoon()) {
    verdict->kind = Verdict::Kind::kDied;
    verdict->detail = *death;
  }
  return verdict;
}

absl::Status Engine::Ready() {
  if (target_->starts() > kRestarts && target_->Died()) {
    return absl::UnavailableError(absl::StrCat(
        "the target ", *target_->Died(), ", and had been started again ", kRestarts, " times"));
  }
  return target_->Prepare(budget_.Within(budget_.start_deadline_ms));
}

absl::Status Engine::Reach() {
  if (absl::Status status = Ready(); !status.ok()) return status;
  absl::StatusOr<Verdict> verdict = Play(Probe(), kEveryRule, Pace::kWhole, nullptr);
  if (!verdict.ok()) return verdict.status();
  if (verdict->kind == Verdict::Kind::kUnserved) {
    if (const std::optional<std::string> death = DiedSoon()) {
      return absl::UnavailableError(absl::StrCat("the target ", *death, " before the first case"));
    }
    return absl::UnavailableError(verdict->detail);
  }
  probe_held_ = !verdict->Fails();
  return absl::OkStatus();
}

bool Engine::ProbeHolds() {
  if (!probe_held_) return true;
  const absl::StatusOr<Verdict> verdict = Play(Probe(), kEveryRule, Pace::kWhole, nullptr);
  return verdict.ok() && !verdict->Fails();
}

// A connection's end is seen a moment before that of the process: look again for a while.
std::optional<std::string> Engine::DiedSoon() {
  if ((target_->capabilities() & kSpawned) == 0) return std::nullopt;
  return target_->DiedWithin(kDeathMs);
}

absl::StatusOr<Outcome> Engine::Run(const Requirement& requirement) {
  const auto start = steady_clock::now();
  const uint64_t plays_before = plays_;
  Outcome outcome;
  outcome.id = std::string(requirement.id);
  outcome.level = std::string(LevelName(requirement.level));
  outcome.basis = std::string(BasisName(requirement.basis));
  outcome.sentence = std::string(requirement.sentence);
  outcome.source = std::string(requirement.source);
  if (const std::string missing = Missing(requirement, *target_); !missing.empty()) {
    const bool claimed = missing != CapabilityName(kHalfClose);
    outcome.result = claimed ? Outcome::Result::kSkip : Outcome::Result::kNotClaimed;
    outcome.reason = absl::StrCat("needs ", missing);
    return outcome;
  }
  if (absl::Status status = Ready(); !status.ok()) {
    outcome.reason = std::string(status.message());
    return outcome;
  }
  std::set<std::string> texts;
  outcome.result = Outcome::Result::kPass;
  Cases cases = requirement.cases(budget_);
  while (std::optional<rc::Shrinkable<Scenario>> next = cases()) {
    if (budget_.Spent()) {
      outcome.result = Outcome::Result::kNotRun;
      outcome.reason = kSpent;
      break;
    }
    const Scenario scenario = next->value();
    if (!texts.insert(PrintScenario(scenario)).second) continue;
    Transcript transcript;
    absl::StatusOr<Verdict> verdict = Play(scenario, requirement.rules, Pace::kWhole, &transcript);
    if (!verdict.ok()) return verdict.status();
    if (verdict->kind == Verdict::Kind::kNotJudged) {
      const bool spent = verdict->detail == kSpent;
      outcome.result = spent ? Outcome::Result::kNotRun : Outcome::Result::kSkip;
      outcome.reason = spent ? kSpent : kNoAnswer;
      break;
    }
    // One that dies after its answer dies of this case, and not of the next.
    if (!verdict->Fails() && target_->Died()) verdict->kind = Verdict::Kind::kDied;
    if (verdict->Fails()) {
      outcome.result = Outcome::Result::kFail;
      outcome.verdict = *std::move(verdict);
      outcome.transcript = transcript.Lines();
      outcome.first_failure_seconds = SecondsSince(start);
      Explain(requirement, *std::move(next), &outcome);
      break;
    }
  }
  if (!own_error_.ok()) return own_error_;
  outcome.distinct_scenarios = texts.size();
  outcome.plays = plays_ - plays_before;
  outcome.seconds = SecondsSince(start);
  return outcome;
}

void Engine::Explain(const Requirement& requirement, rc::Shrinkable<Scenario> failure,
                     Outcome* outcome) {
  const Rules& rules = requirement.rules;
  outcome->first = outcome->smallest = failure.value();
  outcome->first.requirement = outcome->smallest.requirement = outcome->id;
  if (const std::optional<std::string> death = DiedSoon()) {
    outcome->verdict.kind = Verdict::Kind::kDied;
    outcome->verdict.detail = *death;
    outcome->target_output = target_->Output();
    return ConfirmDeath(rules, outcome);
  }
  PlayControl(rules, outcome);
  std::vector<Scenario> chain = Shrink(rules, std::move(failure), outcome->verdict.kind);
  // A silence takes a whole deadline to confirm: then only the two ends are tried.
  if (outcome->verdict.IsSilence() && chain.size() > 2)
    chain.erase(chain.begin() + 1, chain.end() - 1);
  // From the smallest back to the first, until one fails every time; else the one that fails most
  // often, if often enough. The first is never lost: where none recurs, it is what is shown, as it
  // was seen.
  std::optional<Outcome> best;
  for (auto scenario = chain.rbegin(); scenario != chain.rend() && !budget_.Spent(); ++scenario) {
    Outcome attempt = *outcome;
    Confirm(rules, *scenario, &attempt);
    outcome->replays = attempt.replays;
    const bool first = scenario + 1 == chain.rend();
    const bool often = attempt.recurred >= kRecurs || (first && attempt.recurred > 0);
    if (often && (!best || attempt.recurred > best->recurred)) best = std::move(attempt);
    if (best && best->recurred == kReplays) break;
  }
  if (best) *outcome = *std::move(best);
}

void Engine::PlayControl(const Rules& rules, Outcome* outcome) {
  const std::optional<Scenario> control = ControlOf(outcome->smallest);
  if (!control) return;
  const absl::StatusOr<Verdict> verdict = Play(*control, rules, Pace::kWhole, nullptr);
  if (!verdict.ok()) return;
  outcome->control = verdict->Fails() ? Control::kFailed : Control::kHeld;
  outcome->control_verdict = *verdict;
}

// State that leaks from one try to the next would make the walk go astray: a plain exchange must
// hold before each play, and a candidate must fail twice.
bool Engine::FailsTwice(const Scenario& scenario, const Rules& rules, Verdict::Kind kind) {
  for (int i = 0; i < 2; ++i) {
    if (!ProbeHolds()) return false;
    const absl::StatusOr<Verdict> verdict = Play(scenario, rules, Pace::kShort, nullptr);
    if (!verdict.ok() || verdict->kind != kind) return false;
  }
  return true;
}

// The scenarios that were accepted on the way, from the first failure to the smallest.
std::vector<Scenario> Engine::Shrink(const Rules& rules, rc::Shrinkable<Scenario> failure,
                                     Verdict::Kind kind) {
  const auto end =
      std::min(budget_.end, steady_clock::now() + std::chrono::milliseconds(budget_.shrink_ms));
  std::vector<Scenario> chain = {failure.value()};
  std::set<std::string> tried = {PrintScenario(chain.back())};
  for (bool moved = true; moved;) {
    moved = false;
    rc::Seq<rc::Shrinkable<Scenario>> candidates = failure.shrinks();
    while (rc::Maybe<rc::Shrinkable<Scenario>> candidate = candidates.next()) {
      if (steady_clock::now() >= end || target_->Died()) return chain;
      const Scenario scenario = candidate->value();
      if (!tried.insert(PrintScenario(scenario)).second) continue;
      if (!FailsTwice(scenario, rules, kind)) continue;
      chain.push_back(scenario);
      failure = *candidate;
      moved = true;
      break;
    }
  }
  return chain;
}

// Plays `scenario` once at the whole deadline and then, a silence being judged by the short one,
// until it was played kReplays times. The first play that failed is what the outcome shows.
void Engine::Confirm(const Rules& rules, const Scenario& scenario, Outcome* outcome) {
  outcome->smallest = scenario;
  outcome->smallest.requirement = outcome->id;
  outcome->recurred = outcome->replays = 0;
  const Verdict::Kind kind = outcome->verdict.kind;
  const bool silence = outcome->verdict.IsSilence();
  while (outcome->replays < kReplays) {
    const Pace pace = silence && outcome->replays > 0 ? Pace::kShort : Pace::kWhole;
    Transcript transcript;
    absl::StatusOr<Verdict> verdict = Play(scenario, rules, pace, &transcript);
    if (!verdict.ok()) return;
    ++outcome->replays;
    if (verdict->kind == kind && ++outcome->recurred == 1) {
      outcome->verdict = *std::move(verdict);
      outcome->transcript = transcript.Lines();
    }
    if (silence && outcome->recurred == 0) return;  // not confirmed at the whole deadline
  }
}

// A death costs a start, so it is seen once more and not five times.
void Engine::ConfirmDeath(const Rules& rules, Outcome* outcome) {
  if (!Ready().ok()) return;
  Transcript transcript;
  if (!Play(outcome->smallest, rules, Pace::kWhole, &transcript).ok()) return;
  outcome->replays = 1;
  if (!DiedSoon()) return;
  outcome->recurred = 1;
  outcome->transcript = transcript.Lines();
}

std::optional<Scenario> ControlOf(const Scenario& scenario) {
  if (Connections(scenario) > 1) return std::nullopt;
  Scenario control = scenario;
  control.steps.clear();
  uint64_t sent = 0;
  size_t sends = 0, last_send = 0;
  for (size_t i = 0; i < scenario.steps.size(); ++i) {
    if (scenario.steps[i].kind != Step::Kind::kSend) continue;
    ++sends;
    last_send = i;
    sent = scenario.steps[i].amount == kRest ? scenario.payload.Size()
                                             : sent + scenario.steps[i].amount;
  }
  if (sends < 2) return std::nullopt;
  for (size_t i = 0; i < scenario.steps.size(); ++i) {
    Step step = scenario.steps[i];
    const bool part = step.kind == Step::Kind::kSend || step.kind == Step::Kind::kAwait;
    if (i < last_send && part) continue;
    if (i == last_send) step.amount = sent;
    control.steps.push_back(step);
  }
  return control;
}

absl::StatusOr<Outcome> Run(const Requirement& requirement, Target* target, const Budget& budget) {
  Engine engine(target, budget);
  if (absl::Status status = engine.Reach(); !status.ok()) return status;
  return engine.Run(requirement);
}

}  // namespace verbatim
