// Explaining a failure: the control, smaller scenarios, how often it recurs.
// Not for: finding it (engine.cc), or which candidates there are (generate/shrinks.h).
#include <algorithm>
#include <set>
#include <utility>

#include "properties/requirements/engine.h"
#include "properties/scenario/text.h"

namespace verbatim {
namespace {

using std::chrono::steady_clock;

constexpr int64_t kBriefShrinkMs = 300;

}  // namespace

void Engine::Explain(const Requirement& requirement, rc::Shrinkable<Scenario> failure,
                     Outcome* outcome) {
  const Rules rules = RulesOf(requirement);
  outcome->first = outcome->smallest = Fit(failure.value());
  outcome->first.requirement = outcome->smallest.requirement = outcome->id;
  if (const std::optional<std::string> death = DeathBehind(outcome->verdict)) {
    NameDeath(*death, outcome);
    return ConfirmDeath(rules, outcome);
  }
  std::vector<Scenario> chain = Shrink(rules, std::move(failure), outcome->verdict.kind);
  // A silence takes a whole deadline to confirm: then only the two ends are tried.
  if (outcome->verdict.IsSilence() && chain.size() > 2)
    chain.erase(chain.begin() + 1, chain.end() - 1);
  // From the smallest back to the first, until one fails every time; else the one that fails most
  // often, if often enough. The first is never lost: where none recurs, it is what is shown, as it
  // was seen.
  std::optional<Outcome> best;
  int held = 0;  // of the plays of the last that was tried
  for (auto scenario = chain.rbegin(); scenario != chain.rend() && !budget_.Spent(); ++scenario) {
    Outcome attempt = *outcome;
    held = Confirm(rules, *scenario, &attempt);
    outcome->replays = attempt.replays;
    const bool first = scenario + 1 == chain.rend();
    const bool often = attempt.recurred >= kRecurs || (first && attempt.recurred > 0);
    if (often && (!best || attempt.recurred > best->recurred)) best = std::move(attempt);
    if (best && best->recurred == kReplays) break;
  }
  if (best) *outcome = *std::move(best);
  if (held == kReplays && outcome->verdict.MayBeChance()) outcome->result = Outcome::Result::kOnce;
  PlayControl(rules, outcome);
}

void Engine::PlayControl(const Rules& rules, Outcome* outcome) {
  const std::optional<Scenario> control = ControlOf(outcome->smallest);
  if (!control) return;
  // Of a silence a shorter one tells enough: the whole deadline is for what is blamed.
  const Pace pace = outcome->verdict.IsSilence() ? Pace::kControl : Pace::kWhole;
  const absl::StatusOr<Verdict> verdict = Play(*control, rules, pace, nullptr);
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
  const auto start = steady_clock::now();
  const int64_t left_ms = std::max(kBriefShrinkMs, kAllShrinksMs - shrunk_ms_);
  const auto end = std::min(
      budget_.end, start + std::chrono::milliseconds(std::min(budget_.shrink_ms, left_ms)));
  const auto spent = [&] {
    shrunk_ms_ +=
        std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - start).count();
  };
  std::vector<Scenario> chain = {Fit(failure.value())};
  std::set<std::string> tried = {PrintScenario(chain.back())};
  for (bool moved = true; moved;) {
    moved = false;
    rc::Seq<rc::Shrinkable<Scenario>> candidates = failure.shrinks();
    while (rc::Maybe<rc::Shrinkable<Scenario>> candidate = candidates.next()) {
      if (steady_clock::now() >= end || target_->Died()) return spent(), chain;
      const Scenario scenario = Fit(candidate->value());
      if (!tried.insert(PrintScenario(scenario)).second) continue;
      if (!FailsTwice(scenario, rules, kind)) continue;
      chain.push_back(scenario);
      failure = *candidate;
      moved = true;
      break;
    }
  }
  return spent(), chain;
}

// Plays `scenario` at the whole deadline until it fails and then, a silence being judged by the
// short one, until it was played kReplays times. The first play that failed is what the outcome
// shows.
// Returns how many held.
int Engine::Confirm(const Rules& rules, const Scenario& scenario, Outcome* outcome) {
  outcome->smallest = scenario;
  outcome->smallest.requirement = outcome->id;
  outcome->recurred = outcome->replays = 0;
  const Verdict::Kind kind = outcome->verdict.kind;
  const bool silence = outcome->verdict.IsSilence();
  int held = 0;
  while (outcome->replays < kReplays) {
    const Pace pace = silence && outcome->recurred > 0 ? Pace::kShort : Pace::kWhole;
    Transcript transcript;
    absl::StatusOr<Verdict> verdict = Play(scenario, rules, pace, &transcript);
    if (!verdict.ok() || verdict->kind == Verdict::Kind::kNotJudged) break;  // no time left
    ++outcome->replays;
    held += verdict->Fails() ? 0 : 1;
    if (verdict->kind == kind && ++outcome->recurred == 1) {
      outcome->target_output = words_;
      outcome->verdict = *std::move(verdict);
      outcome->transcript = transcript.Lines();
    }
  }
  return held;
}

// A death costs a start, so it is seen once more and not five times.
void Engine::ConfirmDeath(const Rules& rules, Outcome* outcome) {
  if (!Ready().ok()) return;
  Transcript transcript;
  if (!Play(outcome->smallest, rules, Pace::kWhole, &transcript).ok()) return;
  outcome->replays = 1;
  if (!target_->DiedSoon()) return;
  outcome->recurred = 1;
  outcome->transcript = transcript.Lines();
}

namespace {

// All of its input at once, and all that is replied in one piece, where the last one was.
std::optional<Scenario> ControlOfClient(const Scenario& scenario) {
  Scenario control = scenario;
  control.steps.clear();
  uint64_t fed = 0, replied = 0;
  size_t feeds = 0, replies = 0;
  for (const Step& step : scenario.steps) {
    if (step.kind == Step::Kind::kFeed) {
      ++feeds;
      fed += step.amount == kRest ? scenario.payload.Size() - fed : step.amount;
    } else if (step.kind == Step::Kind::kReply) {
      ++replies;
      replied += step.amount == kRest ? fed - replied : step.amount;
    }
  }
  if (feeds < 2 && replies < 2) return std::nullopt;
  size_t replies_left = replies;
  for (Step step : scenario.steps) {
    if (step.kind == Step::Kind::kReply && --replies_left > 0) continue;
    if (step.kind == Step::Kind::kReply) step.amount = replied;
    if (step.kind == Step::Kind::kFeed) {
      if (fed == 0) continue;
      step.amount = std::exchange(fed, 0);
    }
    control.steps.push_back(step);
  }
  return control;
}

}  // namespace

std::optional<Scenario> ControlOf(const Scenario& scenario) {
  if (scenario.role == Role::kClient) return ControlOfClient(scenario);
  // In one piece datagrams would be another conversation.
  if (Connections(scenario) > 1 || scenario.role != Role::kServer) return std::nullopt;
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

}  // namespace verbatim
