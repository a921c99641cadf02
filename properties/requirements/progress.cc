// The outcome of a requirement whose cases were not all played.
#include "properties/requirements/progress.h"

#include <cstdint>
#include <string>

namespace verbatim {
namespace {

// Drawing a case costs next to nothing, but there may be a million (--cases).
constexpr uint64_t kMostCounted = 100'000;

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

Progress::Progress(const Requirement& of) : requirement(of), outcome(OutcomeOf(of)) {}

// A death ends the service for all, and a leak shows one user another's data, whatever the
// requirement is about: that is of level M.
void Progress::SayLevel() {
  const Verdict::Kind kind = outcome.verdict.kind;
  const bool is_of_must = kind == Verdict::Kind::kDied || kind == Verdict::Kind::kLeaked;
  if (outcome.result == Outcome::Result::kFail && is_of_must && !requirement.lowered &&
      requirement.level == Level::kShould) {
    outcome.level = std::string(LevelName(Level::kMust));
  }
}

Outcome Progress::Conclude() {
  outcome.distinct_scenarios = played.size();
  SayLevel();
  if (over) return outcome;
  if (cases) {
    outcome.cases_left = next ? 1 : 0;
    while (outcome.cases_left < kMostCounted && cases()) ++outcome.cases_left;
  }
  if (!played.empty()) {
    outcome.seconds_left = outcome.seconds / static_cast<double>(played.size()) *
                           static_cast<double>(outcome.cases_left);
  }
  over = true;
  if (played.size() >= requirement.essential) {
    outcome.result = Outcome::Result::kPass;
    return outcome;
  }
  outcome.result = Outcome::Result::kNoTime;
  outcome.reason = kBudgetSpent;
  return outcome;
}

}  // namespace verbatim
