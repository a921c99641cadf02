// Laws of a scenario's two forms (properties/scenario/text.h and bytes.h), for any bytes:
// - As bytes they are a scenario that can be played, with no more steps and faults than are
//   decoded; its bytes are read as the same scenario, and so is its text.
// - As text they are refused, or a scenario that can be played; its text is read as the same and
//   printed as the same, and its bytes are read as the same unless it has more steps than that.
// - What can be played sends no more than its payload has, and replies no more than was fed:
//   counted once more, the slow way.
// - A header ends within the bytes.
// Not for: what a scenario does (server_fuzzer, client_fuzzer).
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "fuzz/broken_law.h"
#include "properties/scenario/bytes.h"
#include "properties/scenario/text.h"

namespace {

using absl::string_view;
using verbatim::BrokenLaw;
using verbatim::Scenario;

std::string Text(const absl::StatusOr<Scenario>& scenario) {
  return scenario.ok() ? verbatim::PrintScenario(*scenario)
                       : std::string(scenario.status().message());
}

// How much of the payload each connection has sent, or was fed, and how much was replied.
struct Counts {
  uint64_t sent = 0, replied = 0;
};

void SendsNoMoreThanThereIs(string_view input, const Scenario& scenario) {
  using Kind = verbatim::Step::Kind;
  std::vector<Counts> all(verbatim::kMaxConnections + 1);
  const uint64_t size = scenario.payload.Size();
  for (const verbatim::Step& step : scenario.steps) {
    Counts& counts = all.at(step.connection);
    const bool is_rest = step.amount == verbatim::kRest;
    const bool sends = step.kind == Kind::kSend || step.kind == Kind::kFeed;
    if (sends) {
      const uint64_t left = size - counts.sent;
      if (!is_rest && step.amount > left) {
        BrokenLaw(input, "no more is sent than there is", Text(scenario), std::to_string(left));
      }
      counts.sent += is_rest ? left : step.amount;
    } else if (step.kind == Kind::kReply) {
      const uint64_t left = counts.sent - counts.replied;
      if (!is_rest && step.amount > left) {
        BrokenLaw(input, "no more is replied than was fed", Text(scenario), std::to_string(left));
      }
      counts.replied += is_rest ? left : step.amount;
    }
  }
}

void CanBePlayed(string_view input, const Scenario& scenario) {
  const absl::Status status = verbatim::Validate(scenario);
  if (!status.ok()) {
    BrokenLaw(input, "it can be played", Text(scenario), std::string(status.message()));
  }
  SendsNoMoreThanThereIs(input, scenario);
}

void TextIsTheSame(string_view input, const Scenario& scenario) {
  const std::string text = verbatim::PrintScenario(scenario);
  const absl::StatusOr<Scenario> again = verbatim::ParseScenario(text);
  if (!again.ok() || !(*again == scenario)) {
    BrokenLaw(input, "what is printed is read as the same scenario", Text(again), text);
  }
}

void BytesAreTheSame(string_view input, const Scenario& scenario) {
  const Scenario again = verbatim::DecodeScenario(verbatim::EncodeScenario(scenario));
  if (!(again == scenario)) {
    BrokenLaw(input, "what is encoded is read as the same scenario", Text(again), Text(scenario));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const string_view input(reinterpret_cast<const char*>(data), size);
  if (verbatim::HeaderBytes(input) > size) {
    BrokenLaw(input, "a header ends within the bytes", std::to_string(verbatim::HeaderBytes(input)),
              std::to_string(size));
  }
  const Scenario decoded = verbatim::DecodeScenario(input);
  if (decoded.steps.size() > verbatim::kMaxDecodedSteps ||
      decoded.faults.size() > verbatim::kMaxFaults) {
    BrokenLaw(input, "so many are decoded", Text(decoded), "fewer");
  }
  CanBePlayed(input, decoded);
  TextIsTheSame(input, decoded);
  BytesAreTheSame(input, decoded);
  const absl::StatusOr<Scenario> parsed = verbatim::ParseScenario(input);
  if (!parsed.ok()) return 0;
  CanBePlayed(input, *parsed);
  TextIsTheSame(input, *parsed);
  if (parsed->steps.size() <= verbatim::kMaxDecodedSteps) BytesAreTheSame(input, *parsed);
  return 0;
}

// The scenario; a text that is none, as it stands.
extern "C" void ShowInput(const uint8_t* data, size_t size) {
  const string_view input(reinterpret_cast<const char*>(data), size);
  const bool is_text = input.substr(0, 10) == "# verbatim";
  const std::string text = is_text ? std::string(input) : Text(verbatim::DecodeScenario(input));
  std::printf("%s", text.c_str());
}
