// Mutants: echo servers with one real-world defect each, by which the checker is graded.
// Not for: serving anybody. The sound server is echo/.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/endpoint.h"

namespace verbatim {

enum class Defect {
  kShortWriteIgnored,
  kBothClosedOnEof,
  kNulTruncation,
  kStdioBuffering,
  kLeakToOther,
  kSigpipeDeath,
};

struct Mutant {
  Defect defect;
  absl::string_view name;       // of --mutant
  absl::string_view what;       // the defect
  absl::string_view seen_in;    // where it was met
  absl::string_view caught_by;  // the requirement that must catch it
};

const std::vector<Mutant>& StreamMutants();

// nullptr if there is none of this name.
const Mutant* FindMutant(absl::string_view name);

// Serves on the endpoint's first address, as a plain poll server with this defect, until it is
// ended. Returns the failing call iff it can't listen or wait.
absl::Status ServeMutant(const Mutant& mutant, const Endpoint& endpoint);

}  // namespace verbatim
