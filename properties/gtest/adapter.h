// The GoogleTest adapter: each requirement of the catalogue as a test of its own, with GoogleTest's
// filters, XML and sharding. For those who bring their echo:
//
//     int main(int argc, char** argv) {
//       testing::InitGoogleTest(&argc, argv);
//       verbatim::RegisterRequirements("MyEcho", [] {
//         return verbatim::Target::Spawned("./my-echo {port}");
//       });
//       return RUN_ALL_TESTS();
//     }
//
// Not for: judging; that is the engine's.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "properties/requirements/requirement.h"
#include "properties/stage/socket/target.h"

namespace verbatim {

struct AdapterOptions {
  // Its end counts from when the first test begins.
  Budget budget = {};
  // What the target answers.
  Family family = Family::kStream;
  // Requirements of this form alone (GlobMatches).
  std::string only = "*";
  // A requirement of level S that is not met fails its test; else the test is skipped and says so.
  bool strict = false;
};

// Registers a test "SUITE.ID" for each requirement, ID being its id with _ for . and -
// (GoogleTest's filters take a - for "without"). `make_target` is called when the first of them
// runs, in each process once. What can't be judged, is not claimed or is observed is a skipped test
// with the reason; what could not be run fails. Each test records the properties "level",
// "scenarios" and "seed". To be called before RUN_ALL_TESTS.
void RegisterRequirements(const std::string& suite,
                          std::function<absl::StatusOr<std::unique_ptr<Target>>()> make_target,
                          AdapterOptions options = {});

}  // namespace verbatim
