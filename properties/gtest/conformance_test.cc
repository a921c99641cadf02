// The whole catalogue as tests of our own echo-server, over TCP, UDP and unix sockets: an example
// of the adapter, and what it is for. VERBATIM_CONFORMANCE_COMMAND in the environment names another
// server (with {endpoint}): so the adapter's own test can see a failure.
// Not for: the engine's own tests.
#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "properties/gtest/adapter.h"

namespace {

void Register(const std::string& suite, verbatim::Target::Over over) {
  const char* const other = std::getenv("VERBATIM_CONFORMANCE_COMMAND");
  const std::string ours =
      absl::StrCat("exec ", verbatim::ShellQuote(VERBATIM_ECHO_SERVER), " --quiet {endpoint}");
  verbatim::RegisterRequirements(suite,
                                 [=, command = std::string(other == nullptr ? ours : other)] {
                                   return verbatim::Target::Spawned(command, over);
                                 },
                                 {.family = verbatim::FamilyOf(over)});
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  Register("EchoServerOnTcp", verbatim::Target::Over::kTcp);
  Register("EchoServerOnUnix", verbatim::Target::Over::kUnix);
  Register("EchoServerOnUdp", verbatim::Target::Over::kUdp);
  Register("EchoServerOnUnixgram", verbatim::Target::Over::kUnixgram);
  return RUN_ALL_TESTS();
}
