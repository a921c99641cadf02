// Outcome: what became of one requirement on one target. Reports are made from Outcomes and from
// nothing else.
// Not for: making one (requirements/engine.h), or printing one (report/).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "properties/judge/verdict.h"
#include "properties/scenario/scenario.h"

namespace verbatim {

// The same bytes in one piece, played before the cutting is blamed.
enum class Control { kNotApplicable, kHeld, kFailed };

struct Outcome {
  enum class Result {
    kPass,
    kFail,
    kSkip,        // can't be judged on this target: `reason`
    kNotClaimed,  // --without
    kNotRun,      // the target is gone, or the check was interrupted: `reason`
    kObserved,    // level I: `reason` says what was seen; no pass and no failure
    kNoTime,      // the budget ended before its essential cases were played
    kOnce,        // something was missing, or late, once; tried again it held each time
  };
  // The requirement, as the catalogue has it; the level as the check takes it ("M", "S", "I").
  std::string id;
  std::string level;
  std::string basis;
  std::string sentence;
  std::string source;

  Result result = Result::kNotRun;
  std::string reason;
  std::string note;  // what was measured besides: "median 0.1 ms, …"; empty: nothing

  uint64_t plays = 0;               // conversations held, counting the search for a smaller one
  uint64_t distinct_scenarios = 0;  // of the cases, by their text
  // Not played, since the budget ended; what was played, the essential ones at least, held.
  uint64_t cases_left = 0;
  double seconds_left = 0;  // that those would take, by what was measured
  double seconds = 0;
  uint64_t cuts = 0;          // boundaries between two sends, in all its cases
  uint64_t certain_cuts = 0;  // of those: the target had read up to there before more was sent

  // Of a failure:
  Verdict verdict;    // of `smallest`
  Scenario first;     // the scenario that failed first
  Scenario smallest;  // the smallest that breaks the same requirement in the same way; without
                      // steps: the requirement is none that a scenario can hold (HasScenario)
  std::vector<std::string> transcript;  // of `smallest`
  Control control = Control::kNotApplicable;
  Verdict control_verdict;
  int recurred = 0;  // of `replays` plays of `smallest`, how many failed in the same way
  int replays = 0;
  double first_failure_seconds = 0;  // after the requirement began
  std::string target_output;         // the target's own last words, if it died

  // Whether something went wrong: there is a verdict.
  bool WentWrong() const { return result == Result::kFail || result == Result::kOnce; }
  bool HasScenario() const { return !smallest.steps.empty(); }
};

// What a whole check came to.
struct Summary {
  int passed = 0;
  int failed_must = 0;
  int failed_should = 0;
  int skipped = 0;  // not claimed ones too
  int not_run = 0;
  int once = 0;
  int no_time = 0;
  int no_time_must = 0;     // of those
  int partly = 0;           // of those that passed: with cases left
  double seconds_left = 0;  // that the cases left would take, one after the other
  int observed = 0;
  uint64_t distinct_scenarios = 0;
  uint64_t plays = 0;

  // 0: every M holds (`strict`: every S too, and none failed once); 1: some do not, or were not
  // run; 3: nothing was judged, or there was no time for some M (`strict`: S too). What is skipped
  // is no pass.
  int ExitStatus(bool strict) const;
};
Summary Summarize(const std::vector<Outcome>& outcomes);

// "pass", "FAIL", "skip", "not claimed", "not run", "observed", "no time", "seen once".
absl::string_view ResultName(Outcome::Result result);

}  // namespace verbatim
