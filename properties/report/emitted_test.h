// Scenarios written in a test, and the Python scripts that are made of them.
// Not for: anything but tests.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "properties/report/python.h"
#include "properties/scenario/text.h"

namespace verbatim {

// The scenario of `lines`, which follow the heading.
inline Scenario ScenarioOf(absl::string_view lines) {
  const auto scenario = ParseScenario(absl::StrCat("# verbatim scenario 1\n", lines));
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return scenario.value_or(Scenario());
}

// Its script.
inline std::string Emitted(absl::string_view lines, const PythonOptions& options = {}) {
  const absl::StatusOr<std::string> script = EmitPython(ScenarioOf(lines), options);
  EXPECT_TRUE(script.ok()) << script.status();
  return script.value_or("");
}

}  // namespace verbatim
