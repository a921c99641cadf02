// How a harness ends when one of its laws is broken: both answers on stderr, and abort. And what
// several of them ask of a text.
// Not for: the laws, which stand at the top of each harness.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

namespace verbatim {

[[noreturn]] inline void BrokenLaw(absl::string_view input, const char* law,
                                   const std::string& ours, const std::string& expected) {
  std::fprintf(stderr, "broken law: %s\n  input:    \"%s\"\n  ours:     %s\n  expected: %s\n", law,
               absl::CHexEscape(input).c_str(), ours.c_str(), expected.c_str());
  std::abort();
}

// No control character, and so one line.
inline bool IsPrintable(absl::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; });
}

}  // namespace verbatim
