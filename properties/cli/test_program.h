// For tests: the program verbatim as its users call it.
// Not for: anything but tests. VERBATIM_PROGRAM is its path.
#pragma once

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "properties/stage/socket/shell_test.h"
#include "properties/stage/socket/target.h"

namespace verbatim {

// Runs the program with these arguments, which a shell reads.
inline Ran Verbatim(const std::string& arguments) {
  return Shell(absl::StrCat("exec ", ShellQuote(VERBATIM_PROGRAM), " ", arguments));
}

inline size_t Lines(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace verbatim
