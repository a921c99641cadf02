// What a target keeps of each of many rounds that are alike.
// Not for: what it holds while a peer does not read (stream_process.cc).
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "properties/requirements/trial.h"

namespace verbatim {

inline uint64_t Grown(uint64_t before, uint64_t after) {
  return after < before ? 0 : after - before;
}

// `play` plays so many `things` ("connections") one after another, and says whether all was well.
// It is called for a thousand at a time, or for as few as there is time for, three times at least:
// the last thousand must leave no descriptors, processes, threads or memory behind. Of a target
// whose processes can't be looked into only the plays are judged. Returns the trial's result.
absl::StatusOr<Verdict> NothingStays(Trial& trial, absl::string_view things,
                                     const std::function<bool(int count)>& play);

}  // namespace verbatim
