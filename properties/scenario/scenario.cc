// The rules of what can be played, step by step.
#include "properties/scenario/scenario.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

namespace verbatim {
namespace {

// What Validate knows of a connection on the way through the steps.
struct Line {
  bool open = false;
  bool used = false;
  bool stalled = false;
  bool shut = false;
  uint64_t sent_bytes = 0;
};

constexpr absl::string_view kStepNames[] = {"connect", "send",     "await", "pause", "stall",
                                            "resume",  "shutdown", "reset", "close", "expect eof"};

absl::string_view SendProblem(const Step& step, uint64_t payload_bytes, Line& line) {
  if (line.shut) return "nothing can be sent after a shutdown";
  const uint64_t left = payload_bytes - line.sent_bytes;
  if (step.ahead != 0 && line.stalled)
    return "a stalled connection never catches up: leave out ahead";
  if (step.amount == 0) return "a send is of 1 byte or more";
  if (step.amount != kRest && step.amount > left) return "the payload has fewer bytes left";
  line.sent_bytes += step.amount == kRest ? left : step.amount;
  return "";
}

// Empty if the step can be played in the state `line`, which is then moved on.
absl::string_view Problem(const Step& step, uint64_t payload_bytes, Line& line) {
  if (step.kind == Step::Kind::kConnect) {
    if (line.used) return "this connection is there already";
    line.open = line.used = true;
    return "";
  }
  if (!line.open) return line.used ? "this connection has ended" : "connect it first";
  switch (step.kind) {
    case Step::Kind::kSend:
      return SendProblem(step, payload_bytes, line);
    case Step::Kind::kAwait:
    case Step::Kind::kExpectEof:
      return line.stalled ? "nothing is read from a stalled connection: resume it first" : "";
    case Step::Kind::kPause:
      return step.amount == 0 || step.amount > kMaxPauseMs ? "a pause is of 1 to 60000 ms" : "";
    case Step::Kind::kStall:
      if (line.stalled) return "this connection is stalled already";
      line.stalled = true;
      return "";
    case Step::Kind::kResume:
      if (!line.stalled) return "this connection is not stalled";
      line.stalled = false;
      return "";
    case Step::Kind::kShutdown:
      if (line.shut) return "this connection is shut down already";
      line.shut = true;
      return "";
    case Step::Kind::kReset:
    case Step::Kind::kClose:
      line.open = false;
      return "";
    case Step::Kind::kConnect:
      break;
  }
  return "";
}

}  // namespace

absl::string_view StepName(Step::Kind kind) { return kStepNames[static_cast<size_t>(kind)]; }

absl::Status Validate(const Scenario& scenario, size_t* step) {
  size_t unused;
  size_t& index = step == nullptr ? unused : *step;
  index = 0;
  if (scenario.payload.Size() > kMaxPayloadBytes) {
    return absl::InvalidArgumentError("a payload has at most 2^40 bytes");
  }
  std::array<Line, kMaxConnections> lines;
  lines[0].open = lines[0].used = true;
  for (; index < scenario.steps.size(); ++index) {
    const Step& now = scenario.steps[index];
    if (now.connection < 1 || now.connection > kMaxConnections) {
      return absl::InvalidArgumentError(absl::StrCat("connections are 1 to ", kMaxConnections));
    }
    const absl::string_view problem =
        Problem(now, scenario.payload.Size(), lines[now.connection - 1]);
    if (!problem.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(StepName(now.kind), ": ", problem));
    }
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
  std::vector<std::vector<uint64_t>> cuts(connections);
  std::vector<uint64_t> sent(connections, 0);
  for (const Step& step : scenario.steps) {
    if (step.kind != Step::Kind::kSend) continue;
    uint64_t& offset = sent[step.connection - 1];
    offset = step.amount == kRest ? scenario.payload.Size() : offset + step.amount;
    cuts[step.connection - 1].push_back(offset);
  }
  return Payload(scenario.payload, connections, std::move(cuts));
}

}  // namespace verbatim
