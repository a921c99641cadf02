// Requirement: one row of the catalogue, as data: what an echo must do, who says so, and the
// scenarios that show it.
// Not for: playing them (engine.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/endpoint.h"
#include "properties/generate/scenarios.h"
#include "properties/judge/judge.h"
#include "properties/scenario/family.h"

namespace verbatim {

class Patience;  // stage/socket/patience.h
class Target;    // stage/socket/target.h

enum class Level {
  kMust,      // M: what breaks it does not return what it received, or stops serving
  kShould,    // S
  kObserved,  // I: reported only
};
enum class Basis {
  kQuoted,   // the standard says it
  kDerived,  // it follows from a standard
  kRobust,   // sound engineering
};
Family FamilyOf(Transport transport);  // of its servers
Family FamilyOf(const Target& target);
// "stream", "datagram", "icmp", "client", "client.datagram": the IDs begin so.
absl::string_view FamilyName(Family family);
absl::string_view LevelName(Level level);  // "M", "S", "I"
absl::string_view BasisName(Basis basis);  // "quoted", "derived", "robust"

// Why something was not judged once Budget::end has come.
inline constexpr char kBudgetSpent[] = "the budget of the whole check is spent (--budget)";

// How often datagrams are sent, anew each time, before their silence counts: UDP may lose.
inline constexpr int kDatagramTries = 3;

// How much to spend. The same seed gives the same scenarios.
struct Budget {
  uint64_t seed = 1;
  int cases = 100;
  uint64_t bulk_bytes = 64 << 20;
  int fragment_bytes = 8;            // of the payload that is cut in every way
  int connections = 1100;            // at once, for stream.many.thousand
  int64_t idle_ms = 1000;            // without a byte, after which a connection still echoes
  uint64_t datagram_bytes = 65'507;  // the largest that the target's transport has: of UDP on IPv4
  bool half_close = true;            // the target claims it: a FIN may be sent to see an end
  int64_t deadline_ms = 2000;        // no progress for so long is a silence
  int64_t connect_deadline_ms = 15'000;
  int64_t start_deadline_ms = 15'000;  // until a spawned target listens
  Patience* patience = nullptr;        // of engines that share one; must outlive them
  int64_t shrink_ms = 3000;            // for the search for a smaller scenario
  // Other requirements are held at the same time. A failure that they may have caused is neither
  // explained nor tried again.
  bool in_company = false;
  // When the whole check is to be over.
  std::chrono::steady_clock::time_point end = std::chrono::steady_clock::time_point::max();

  // `limit_ms`, or less where the end is near.
  int64_t Within(int64_t limit_ms) const;
  bool Spent() const { return std::chrono::steady_clock::now() >= end; }
};

class Trial;  // trial.h

struct Requirement {
  absl::string_view id;
  Level level;
  Basis basis;
  absl::string_view sentence;
  absl::string_view source;
  absl::string_view why;     // it matters
  absl::string_view causes;  // what usually breaks it
  absl::string_view mend;
  uint32_t needs = 0;  // Capability bits
  Family family = Family::kStream;
  Rules rules;
  // The scenarios, drawn one at a time; without the line "requirement".
  Cases (*cases)(const Budget& budget) = nullptr;
  // Its first so many cases judge it where there is no time for all.
  size_t essential = 2;
  // Where no scenario can say it: more connections than one has, or a look at the process. Without
  // cases. The verdict of level I is what was seen, in `detail`. Returns kInternal iff our own side
  // failed.
  absl::StatusOr<Verdict> (*check)(Trial& trial) = nullptr;
  // It waits more than it works: to be run beside others, on an instance of its own.
  bool waits = false;
  // The profile takes it for level S: whatever breaks it is no failure of level M.
  bool lowered = false;
};

// Every requirement that there is, in the order in which they are told.
const std::vector<Requirement>& Catalogue();

// nullptr if there is none of this id.
const Requirement* FindRequirement(absl::string_view id);

// Whether `id` is of the form `glob`, in which * stands for any run of characters, dots included.
bool GlobMatches(absl::string_view glob, absl::string_view id);

}  // namespace verbatim
