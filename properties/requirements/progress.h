// Progress: how far a requirement's cases were played. They are played in parts, so that every
// requirement is judged by its first cases before any gets its hundredth.
// Not for: playing them (engine.h), or whose turn it is (schedule.h).
#pragma once

#include <optional>
#include <set>
#include <string>

#include "properties/judge/outcome.h"
#include "properties/requirements/requirement.h"

namespace verbatim {

struct Progress {
  // The requirement must outlive it.
  explicit Progress(const Requirement& of);

  // What is known now. Without a verdict yet it passes if its essential cases were played, and then
  // says how many are left; else there was no time for it.
  // A failure of level S by which the target died, or data reached a stranger, is one of level M.
  Outcome Conclude();

  const Requirement& requirement;
  Outcome outcome;
  bool begun = false;
  bool over = false;                             // judged: nothing more is to be played
  Cases cases;                                   // those that were not drawn yet
  std::optional<rc::Shrinkable<Scenario>> next;  // drawn, and not played to its end yet
  std::set<std::string> played;                  // by their text
  int left_open = 0;                             // of those: large datagrams that had no answer

 private:
  void SayLevel();
};

// Not run, and nothing said of it yet but what the catalogue says.
Outcome OutcomeOf(const Requirement& requirement);

}  // namespace verbatim
