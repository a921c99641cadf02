// The law of a transcript's rows, whatever was played: each is printable and of bounded length, and
// there are no more of them than a person reads.
// Not for: what they say.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "fuzz/broken_law.h"
#include "properties/judge/transcript.h"

namespace verbatim {

// 12 at each end, and one for those between (transcript.cc); a stage's own texts are short.
inline constexpr size_t kMostRows = 25, kMostRowBytes = 160;

inline void CheckRows(absl::string_view input, const Transcript& transcript) {
  const std::vector<std::string> rows = transcript.Lines();
  for (const std::string& row : rows) {
    if (!IsPrintable(row)) BrokenLaw(input, "a row is printable", row, "without controls");
    if (row.size() > kMostRowBytes) BrokenLaw(input, "a row is bounded", row, "shorter");
  }
  if (rows.size() > kMostRows) BrokenLaw(input, "few rows", rows.back(), "25 at most");
}

}  // namespace verbatim
