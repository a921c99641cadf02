// The names of the steps, and what makes a scenario one that can be played.
#include "properties/scenario/scenario.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "properties/scenario/checker.h"

namespace verbatim {
namespace {

using Kind = Step::Kind;

constexpr absl::string_view kStepNames[kStepKinds] = {
    "connect",  "send",  "await",         "pause",      "stall", "resume",
    "shutdown", "reset", "close",         "expect eof", "feed",  "feed eof",
    "reply",    "hold",  "expect output", "settle",     "drip"};

absl::Status Wrong(absl::string_view what, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(what, ": ", problem));
}

absl::Status ValidateFault(const Fault& fault) {
  absl::string_view problem = FaultProblem(fault);
  if (problem.empty() && std::max({fault.amount, fault.after, fault.times}) > kMaxFaultNumber) {
    problem = "its numbers are at most 65535";
  }
  return problem.empty() ? absl::OkStatus() : Wrong("fault", problem);
}

}  // namespace

absl::string_view RoleName(Role role) {
  switch (role) {
    case Role::kServer:
      return "server";
    case Role::kClient:
      return "client";
    case Role::kDatagramServer:
      return "datagram-server";
  }
  return "";
}

absl::string_view StepName(Step::Kind kind) { return kStepNames[static_cast<size_t>(kind)]; }

absl::string_view RequirementProblem(absl::string_view id) {
  if (id.size() > kMaxRequirementBytes) return "a requirement's ID has at most 255 characters";
  for (const char c : id) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '.' && c != '-') {
      return "a requirement's ID has lower-case letters, digits, dots and hyphens";
    }
  }
  return "";
}

absl::Status Validate(const Scenario& scenario, size_t* index) {
  size_t unused;
  size_t& place = index == nullptr ? unused : *index;
  place = 0;
  const absl::string_view problem = RequirementProblem(scenario.requirement);
  if (!problem.empty()) return absl::InvalidArgumentError(problem);
  if (scenario.payload.Size() > kMaxPayloadBytes) {
    return absl::InvalidArgumentError("a payload has at most 2^40 bytes");
  }
  Checker checker(scenario.role, scenario.payload.Size());
  for (const Step& step : scenario.steps) {
    const absl::string_view wrong = checker.Take(step);
    if (!wrong.empty()) return Wrong(StepName(step.kind), wrong);
    ++place;
  }
  for (const Fault& fault : scenario.faults) {
    if (place == scenario.steps.size() + kMaxFaults) return Wrong("fault", "at most 64 of them");
    if (absl::Status status = ValidateFault(fault); !status.ok()) return status;
    ++place;
  }
  return absl::OkStatus();
}

uint32_t Connections(const Scenario& scenario) {
  uint32_t highest = 1;
  for (const Step& step : scenario.steps) highest = std::max(highest, step.connection);
  return highest;
}

Payload MakePayload(const Scenario& scenario) {
  const uint32_t connections = Connections(scenario);
  const uint64_t size = scenario.payload.Size();
  if (scenario.payload.overlay != Overlay::kCrlfAtCuts) {
    return Payload(scenario.payload, connections, {});
  }
  std::vector<std::vector<uint64_t>> cuts(connections);
  std::vector<uint64_t> sent(connections, 0);
  uint64_t fed = 0;
  for (const Step& step : scenario.steps) {
    const bool rest = step.amount == kRest;
    if (step.kind == Kind::kFeed) fed = rest ? size : fed + step.amount;
    if (step.kind != Kind::kSend && step.kind != Kind::kReply) continue;
    uint64_t& offset = sent[step.connection - 1];
    offset = !rest ? offset + step.amount : step.kind == Kind::kReply ? fed : size;
    cuts[step.connection - 1].push_back(offset);
  }
  return Payload(scenario.payload, connections, std::move(cuts));
}

}  // namespace verbatim
