// For tests: the program verbatim as its users call it.
// Not for: anything but tests. VERBATIM_PROGRAM is its path.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "properties/stage/socket/target.h"

namespace verbatim {

struct Ran {
  int status = -1;
  std::string output;  // standard output and standard error
};

// For what one test writes.
inline std::string FreshFolder() {
  std::string folder = testing::TempDir() + "verbatim-cli-XXXXXX";
  EXPECT_NE(::mkdtemp(folder.data()), nullptr);
  return folder;
}

// Runs the program with these arguments, which a shell reads.
inline Ran Verbatim(const std::string& arguments) {
  const std::string command =
      absl::StrCat("exec ", ShellQuote(VERBATIM_PROGRAM), " ", arguments, " 2>&1");
  FILE* pipe = ::popen(command.c_str(), "r");
  Ran ran;
  char buffer[4096];
  while (const size_t got = ::fread(buffer, 1, sizeof(buffer), pipe))
    ran.output.append(buffer, got);
  const int status = ::pclose(pipe);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

inline size_t Lines(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace verbatim
