// For tests: a command for the shell, what it printed and how it ended; a folder of a test's own.
// Not for: anything but tests.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace verbatim {

struct Ran {
  int status = -1;     // 128 and the signal's number, if one ended it
  std::string output;  // standard output and standard error
};

inline Ran Shell(const std::string& command) {
  FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  Ran ran;
  char buffer[4096];
  while (const size_t got = ::fread(buffer, 1, sizeof(buffer), pipe))
    ran.output.append(buffer, got);
  const int status = ::pclose(pipe);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

// For what one test writes.
inline std::string FreshFolder() {
  std::string folder = testing::TempDir() + "verbatim-test-XXXXXX";
  EXPECT_NE(::mkdtemp(folder.data()), nullptr);
  return folder;
}

}  // namespace verbatim
