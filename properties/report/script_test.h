// A folder of emitted scripts, for tests that play them. Not for: what they play with.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "properties/report/python.h"
#include "properties/stage/socket/shell_test.h"

namespace verbatim {

// Skipped where there is no Python for them.
class ScriptTest : public testing::Test {
 protected:
  void SetUp() override {
    if (Shell("python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))'").status != 0) {
      GTEST_SKIP() << "python3 (3.8 or later) is not installed";
    }
    folder_ = FreshFolder();
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  std::string Save(const Scenario& scenario, const PythonOptions& options) {
    const absl::StatusOr<std::string> script = EmitPython(scenario, options);
    EXPECT_TRUE(script.ok()) << script.status();
    std::string path = absl::StrCat(folder_, "/", ++scripts_, ".py");
    std::ofstream(path) << script.value_or("");
    return path;
  }

  std::string folder_;
  int scripts_ = 0;
};

}  // namespace verbatim
