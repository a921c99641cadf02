// Numbers on a command line, checked before CLI11 reads them: by itself it takes "-1", and more
// digits than a number has room for, as the largest unsigned number, and its ranges let "nan" pass.
// Not for: anything but flags of programs.
#pragma once

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"

namespace verbatim {

// A whole number from 0 to 2^64-1, in decimal digits and nothing else.
inline CLI::Validator WholeNumber() {
  const auto check = [](std::string& text) -> std::string {
    uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc() && stop == end) return "";
    return absl::StrCat("'", text, "': write a whole number from 0 to 18446744073709551615");
  };
  return CLI::Validator(check, "UINT");
}

// A number from `least` to `most`, which "nan" is not.
inline CLI::Validator NumberBetween(double least, double most) {
  const auto check = [=](std::string& text) -> std::string {
    char* stop = nullptr;
    const double value = std::strtod(text.c_str(), &stop);
    if (!text.empty() && *stop == '\0' && value >= least && value <= most) return "";
    return absl::StrCat("'", text, "': write a number from ", least, " to ", most);
  };
  return CLI::Validator(check, absl::StrCat("FLOAT in [", least, " - ", most, "]"));
}

}  // namespace verbatim
