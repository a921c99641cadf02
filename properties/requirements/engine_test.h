// For tests: one requirement on a server that is a function.
// Not for: anything but tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "properties/requirements/engine.h"
#include "properties/stage/socket/test_server.h"

namespace verbatim {

inline std::unique_ptr<Target> TargetOf(const TestServer& server) {
  return *Target::Remote(*Endpoint::Parse(std::string("tcp://") + server.address().ToString()));
}

// Enough to find what the tests' servers do wrong.
inline Budget Small() {
  Budget budget;
  budget.cases = 30;
  budget.deadline_ms = 500;
  budget.bulk_bytes = 1 << 20;
  budget.connections = 50;
  budget.idle_ms = 100;
  return budget;
}

inline Outcome RunOn(const TestServer& server, absl::string_view id, Budget budget = Small()) {
  const std::unique_ptr<Target> target = TargetOf(server);
  const auto outcome = verbatim::Run(*FindRequirement(id), target.get(), budget);
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  return *outcome;
}

}  // namespace verbatim
