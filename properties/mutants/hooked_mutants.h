// The stream mutants, gathered by gather.cc, which numbers those that are made of hooks.
// Not for: users of mutants (stream.h).
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "properties/mutants/mutants.h"

namespace verbatim {

std::vector<Mutant> FirstStreamMutants();  // 1 to 36, without hooks
std::vector<Mutant> HookedByteMutants();
std::vector<Mutant> HookedTimeMutants();
std::vector<Mutant> HookedEndMutants();
std::vector<Mutant> HookedManyMutants();
std::vector<Mutant> HookedProcessMutants();

// What is wrong, where it was met, and who is to notice, of a mutant whose hooks are an H.
template <typename H>
Mutant StreamRow(absl::string_view name, absl::string_view what, absl::string_view seen_in,
                 std::vector<absl::string_view> caught_by) {
  Mutant row{Defect::kHooked, 0, name, what, seen_in, std::move(caught_by)};
  row.stream_hooks = []() -> std::unique_ptr<StreamHooks> { return std::make_unique<H>(); };
  return row;
}

}  // namespace verbatim
