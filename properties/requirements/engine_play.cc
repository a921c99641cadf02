// Single conversations with the target, and the plain exchange before and after the others.
// Not for: requirements (engine.cc).
#include <poll.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "properties/requirements/engine.h"
#include "properties/requirements/icmp_probe.h"
#include "properties/scenario/in_lines.h"
#include "properties/stage/socket/judged.h"
#include "properties/stage/socket/quiet.h"

namespace verbatim {
namespace {

constexpr int64_t kShortBlockMs = 50;
constexpr int64_t kControlMs = 500;
constexpr int64_t kServesMs = 3000;  // at the latest, after it listened
constexpr int kProbeAgainMs = 20;

bool EndsEarly(const Verdict& verdict) {
  return verdict.kind == Verdict::Kind::kTruncated || verdict.kind == Verdict::Kind::kUnserved;
}

}  // namespace

StageOptions Engine::OptionsFor(Pace pace) const {
  StageOptions options;
  options.deadline_ms = budget_.deadline_ms;
  options.connect_deadline_ms = budget_.connect_deadline_ms;
  options.end = part_end_;
  options.lives = [this] { return !target_->Died(); };
  // A pipe takes a byte at once or not at all, for as long as its reader is stuck.
  if ((target_->capabilities() & kServer) == 0) options.block_ms = kShortBlockMs;
  if (pace == Pace::kWhole) {
    options.patience = budget_.patience;
    return options;
  }
  const int64_t short_ms = std::clamp<int64_t>(20 * slowest_answer_us_ / 1000, 20, 1000);
  const int64_t limit_ms = pace == Pace::kShort ? short_ms : std::max(short_ms, kControlMs);
  options.deadline_ms = std::min(budget_.deadline_ms, limit_ms);
  options.block_ms = kShortBlockMs;
  return options;
}

absl::StatusOr<Verdict> Engine::Play(const Scenario& scenario, const Rules& rules, Pace pace,
                                     Transcript* transcript) {
  ++plays_;
  const bool datagrams = scenario.role == Role::kDatagramServer;
  for (int tries = datagrams && pace == Pace::kWhole ? kDatagramTries : 1;; --tries) {
    Transcript rows;
    // Most of what is lost is lost at once; a slow server gets whole deadlines after that, in which
    // it answers what was left of the first try, too.
    const bool first_of_several = tries == kDatagramTries && pace == Pace::kWhole;
    const Pace this_pace = first_of_several ? Pace::kControl : pace;
    absl::StatusOr<Verdict> verdict = PlayAgain(scenario, rules, this_pace, &rows);
    const bool silent = verdict.ok() && (verdict->IsSilence() || IsLeftOpen(*verdict));
    if (silent && tries > 1 && !target_->Died()) continue;
    if (transcript != nullptr) *transcript = rows;
    return verdict;
  }
}

absl::StatusOr<Verdict> Engine::PlayAgain(const Scenario& scenario, const Rules& rules, Pace pace,
                                          Transcript* transcript) {
  absl::StatusOr<Judged> judged =
      PlayJudged(scenario, rules, target_->door(), OptionsFor(pace), transcript);
  if (!judged.ok()) return own_error_ = judged.status();
  auto& [played, verdict] = *judged;
  words_ = played.words;
  lived_ = played.lived;
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

std::optional<std::string> Engine::DeathBehind(const Verdict& verdict) {
  if (verdict.IsSilence() && lived_) return std::nullopt;
  return target_->DiedSoon();
}

bool Engine::IsLeftOpen(const Verdict& verdict) {
  return verdict.kind == Verdict::Kind::kNotJudged && verdict.detail != kBudgetSpent;
}

absl::StatusOr<Verdict> Engine::Probe() {
  const Family family = FamilyOf(*target_);
  if (family != Family::kIcmp) {
    const Role role = target_->client() != nullptr  ? Role::kClient
                      : family == Family::kDatagram ? Role::kDatagramServer
                                                    : Role::kServer;
    return Play(Fit(PlainExchange(role)), Rules(), Pace::kWhole, nullptr);
  }
  ++plays_;
  const absl::Status status = ProbeIcmp(target_->door(), budget_.deadline_ms);
  if (absl::IsInternal(status)) return own_error_ = status;
  Verdict verdict;
  if (status.ok()) return verdict;
  verdict.kind = Verdict::Kind::kUnserved;
  verdict.detail = std::string(status.message());
  return verdict;
}

Rules Engine::RulesOf(const Requirement& requirement) const {
  Rules rules = requirement.rules;
  rules.status = rules.status && (target_->capabilities() & kStatus) != 0;
  return rules;
}

Scenario Engine::Fit(Scenario scenario) const {
  return target_->in_lines() ? InLines(std::move(scenario)) : scenario;
}

absl::StatusOr<Verdict> Engine::PlayOnce(const Scenario& scenario, const Rules& rules,
                                         Transcript* transcript) {
  if (absl::Status status = Ready(); !status.ok()) return status;
  absl::StatusOr<Verdict> verdict = Play(scenario, rules, Pace::kWhole, transcript);
  if (!verdict.ok() || !verdict->Fails()) return verdict;
  if (const std::optional<std::string> death = DeathBehind(*verdict)) verdict->SayDied(*death);
  return verdict;
}

absl::Status Engine::Ready() {
  if (!gone_.empty()) return absl::UnavailableError(gone_);
  if (target_->starts() - starts_before_ > kReplays && target_->Died()) {
    return absl::UnavailableError(absl::StrCat("the target ", *target_->Died(),
                                               ", and had been started again ", kReplays,
                                               " times for one requirement"));
  }
  return target_->Prepare(budget_.Within(budget_.start_deadline_ms));
}

// A forwarder may listen before what is behind it does, and ends what comes too early: a started
// target is ready when an exchange passes. How long that took is kept for its next start.
absl::StatusOr<Verdict> Engine::FirstProbe() {
  Quiet whole;
  absl::StatusOr<Verdict> verdict = Probe();
  if ((target_->capabilities() & kServer) == 0 || target_->starts() == 0 || target_->knows_delay())
    return verdict;
  const absl::StatusOr<Verdict> first = verdict;
  bool early = false;
  while (verdict.ok() && EndsEarly(*verdict) && whole.LeftMs(kServesMs) > 0 && !budget_.Spent() &&
         !target_->Died()) {
    early = true;
    ::poll(nullptr, 0, kProbeAgainMs);
    verdict = Probe();
  }
  const bool serves = verdict.ok() && !verdict->Fails();
  target_->LearnDelay(early && serves ? 2 * whole.PassedMs() : 0);
  // Of one that has died meanwhile, or goes on so, the first tells most.
  return serves || !verdict.ok() ? verdict : first;
}

absl::Status Engine::Reach() {
  if (absl::Status status = Ready(); !status.ok()) return status;
  absl::StatusOr<Verdict> verdict = FirstProbe();
  // A stream's connect has tried them all.
  const bool each_alone = FamilyOf(*target_) != Family::kStream;
  for (size_t i = 1; each_alone && i < target_->addresses().size(); ++i) {
    if (!verdict.ok() || !verdict->Fails()) break;
    target_->Prefer(i);
    verdict = Probe();
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
  const absl::StatusOr<Verdict> verdict = Probe();
  return verdict.ok() && !verdict->Fails();
}

}  // namespace verbatim
