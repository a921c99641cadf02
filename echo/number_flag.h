// A range for a flag of a program: those of CLI11 let "nan" pass.
// Not for: whole numbers; CLI::Range does for them.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <string>

#include "absl/strings/str_format.h"

namespace verbatim {

// A number from `least` to `most`, which "nan" is not.
inline CLI::Validator NumberBetween(double least, double most) {
  const auto check = [=](std::string& text) -> std::string {
    char* stop = nullptr;
    const double value = std::strtod(text.c_str(), &stop);
    if (!text.empty() && *stop == '\0' && value >= least && value <= most) return "";
    return absl::StrFormat("'%s': write a number from %.9g to %.9g", text, least, most);
  };
  return CLI::Validator(check, absl::StrFormat("FLOAT in [%.9g - %.9g]", least, most));
}

}  // namespace verbatim
