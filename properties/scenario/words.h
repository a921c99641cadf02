// What the lines of a scenario's text are made of: words, numbers, steps and faults.
// Not for: whole texts (text.h).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "properties/scenario/scenario.h"

namespace verbatim {

inline constexpr absl::string_view kFirstLine = "# verbatim scenario 1";

// The words of a line, up to a comment.
std::vector<absl::string_view> Words(absl::string_view line);

// Decimal digits and nothing else, below 2^64; else nullopt.
std::optional<uint64_t> Number(absl::string_view text);

// kInvalidArgument.
absl::Status Bad(absl::string_view what);

// Each takes the words of one line, 1 or more (of a fault: without the word fault, 0 or more).
// Returns kInvalidArgument, with what to write instead, iff they are no step or fault; whether it
// can be played where it stands is Validate's business.
absl::StatusOr<Step> ParseStep(std::vector<absl::string_view> words);
absl::StatusOr<Fault> ParseFault(const std::vector<absl::string_view>& words);

}  // namespace verbatim
