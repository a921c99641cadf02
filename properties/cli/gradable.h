// The mutants and sound programs that can be graded here, by family.
// Not for: grading them (mutants.cc).
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "properties/mutants/mutants.h"

namespace verbatim {

// Those that have mutants, in the order in which they are told.
inline constexpr Family kGradedFamilies[] = {Family::kStream, Family::kDatagram, Family::kClient,
                                             Family::kDatagramClient};

bool IsOfClients(Family family);
bool IsOfDatagrams(Family family);

// The reference server or client, in each family.
const Mutant& BuiltinOf(Family family);

// Why it can't be graded here; empty if it can.
absl::string_view ObstacleTo(const Mutant& mutant);

// Those whose names match one of the globs, all for none: streams first, in each family the sound
// ones first. Returns kInvalidArgument iff a glob matches nothing that can be graded.
absl::StatusOr<std::vector<const Mutant*>> ChooseMutants(const std::vector<std::string>& globs);

}  // namespace verbatim
