// Expectations: known outcomes by requirement, so that only a change is news.
//
//     # socat 1.7.4.4: gives up half a second after end-of-file
//     stream.halfclose.drains fail # see -t
//
// One line a requirement: ID pass|fail|skip|flaky, and a reason behind "#". Unlisted means pass;
// flaky is for requirements of level S. Not for: deciding what an outcome is.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "properties/judge/outcome.h"

namespace verbatim {

struct Expectation {
  enum class Result { kPass, kFail, kSkip, kFlaky };
  Result result = Result::kPass;
  std::string reason;
};
using Expectations = std::map<std::string, Expectation>;

// Returns kInvalidArgument, with the line and what to write instead, iff a line is malformed, an ID
// is not in the catalogue or stands twice, or flaky is said of a requirement of level M.
absl::StatusOr<Expectations> ParseExpectations(absl::string_view text);

// A sentence for each outcome that is not as expected, in either direction.
std::vector<std::string> Changes(const Expectations& expectations,
                                 const std::vector<Outcome>& outcomes);

// The file that says what `outcomes` are; reasons that are in `old` stay where the
// result does, and so does what the check did not touch. `heading` is its first line, a comment.
std::string PrintExpectations(const std::string& heading, const Expectations& old,
                              const std::vector<Outcome>& outcomes);

}  // namespace verbatim
