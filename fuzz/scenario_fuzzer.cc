// Laws of a scenario's two forms (properties/scenario/text.h and bytes.h), for any bytes:
// - As bytes they are a scenario that can be played, with no more steps and faults than are
//   decoded; its bytes are read as the same scenario, and so is its text.
// - As text they are refused, or a scenario that can be played; its text is read as the same and
//   printed as the same, and its bytes are read as the same unless it has more steps than that.
// - What can be played sends no more than its payload has, and replies no more than was fed:
//   counted once more, the slow way.
// - What can't be played is refused, and where it can't is told: one damage to each.
// - A client's in lines (in_lines.h) can be played, and is in lines already; what it feeds ends
// with
//   a line. Other roles' stay as they are.
// - The payload is the same bytes however it is asked for; one of lines is text of whole lines.
// - A header ends within the bytes.
// Not for: what a scenario does (server_fuzzer, client_fuzzer).
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "fuzz/broken_law.h"
#include "properties/scenario/bytes.h"
#include "properties/scenario/in_lines.h"
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

// Of a scenario that can be played, one thing is made so that it can't; which, `dice` says.
void DamageIsRefused(string_view input, Scenario scenario, size_t dice) {
  size_t wrong_at = 0, told_at = 0;
  const size_t steps = scenario.steps.size(), faults = scenario.faults.size();
  if (dice % 4 == 0 && steps > 0) {
    scenario.steps[wrong_at = dice % steps].connection = dice % 8 == 0 ? 0 : 9;
  } else if (dice % 4 == 1 && faults > 0) {
    scenario.faults[dice % faults].times = verbatim::kMaxFaultNumber + 1;
    wrong_at = steps + dice % faults;
  } else if (dice % 4 == 2 && faults > 0) {
    scenario.faults[dice % faults] = {.call = verbatim::Call::kClose};  // without an error
    wrong_at = steps + dice % faults;
  } else if (dice % 2 == 0) {
    scenario.payload = {.size_bytes = verbatim::kMaxPayloadBytes + 1};
  } else {
    scenario.requirement += '_';
  }
  if (Validate(scenario, &told_at).ok() || told_at != wrong_at) {
    BrokenLaw(input, "what can't be played is refused, there", std::to_string(told_at),
              std::to_string(wrong_at));
  }
}

void IsOfWholeLines(string_view input, const Scenario& scenario) {
  Counts counts;
  for (const verbatim::Step& step : scenario.steps) {
    const bool is_rest = step.amount == verbatim::kRest;
    if (step.kind == verbatim::Step::Kind::kFeed) {
      counts.sent = is_rest ? scenario.payload.Size() : counts.sent + step.amount;
    } else if (step.kind == verbatim::Step::Kind::kReply) {
      counts.replied = is_rest ? counts.sent : counts.replied + step.amount;
    }
    if (counts.sent % verbatim::kLineBytes != 0) {
      BrokenLaw(input, "a feed ends with a line", Text(scenario), std::to_string(counts.sent));
    }
  }
  if (counts.replied % verbatim::kLineBytes != 0) {
    BrokenLaw(input, "the last reply ends with a line", Text(scenario),
              std::to_string(counts.replied));
  }
}

void InLinesItIsAsGood(string_view input, const Scenario& scenario) {
  const Scenario lines = InLines(scenario);
  if (scenario.role != verbatim::Role::kClient) {
    if (lines == scenario) return;
    BrokenLaw(input, "lines are for clients", Text(lines), Text(scenario));
  }
  if (!(InLines(lines) == lines)) {
    BrokenLaw(input, "what is in lines stays as it is", Text(InLines(lines)), Text(lines));
  }
  CanBePlayed(input, lines);
  IsOfWholeLines(input, lines);
}

// Of a payload's beginning or, where `dice` says so, its end.
void PayloadIsTheSame(string_view input, const Scenario& scenario, size_t dice) {
  constexpr size_t kLooked = 100;
  const verbatim::Payload payload = MakePayload(scenario);
  const uint32_t on = 1 + static_cast<uint32_t>(dice % Connections(scenario));
  const uint64_t size = payload.size_bytes();
  const uint64_t from = dice % 2 == 0 || size < kLooked ? 0 : size - kLooked;
  const std::string bytes = payload.Bytes(on, from, kLooked);
  for (size_t at = dice % 7; at < bytes.size(); at += 9 + dice % 16) {
    const std::string piece = payload.Bytes(on, from + at, 1 + dice % 50);
    if (string_view(bytes).substr(at, piece.size()) != piece.substr(0, bytes.size() - at)) {
      BrokenLaw(input, "a payload is the same bytes however asked", Text(scenario),
                std::to_string(at));
    }
  }
  if (scenario.payload.literal || scenario.payload.overlay != verbatim::Overlay::kLines) return;
  for (size_t at = 0; at < bytes.size(); ++at) {
    const bool is_end = (from + at + 1) % verbatim::kLineBytes == 0 || from + at + 1 == size;
    if ((bytes[at] == '\n') != is_end || (!is_end && (bytes[at] <= ' ' || bytes[at] >= 0x7f))) {
      BrokenLaw(input, "lines are text", Text(scenario), std::to_string(from + at));
    }
  }
}

// Of any that can be played. Only those with as many steps as are decoded have bytes.
void HasItsForms(string_view input, const Scenario& scenario) {
  CanBePlayed(input, scenario);
  TextIsTheSame(input, scenario);
  InLinesItIsAsGood(input, scenario);
  if (scenario.steps.size() <= verbatim::kMaxDecodedSteps) BytesAreTheSame(input, scenario);
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
  HasItsForms(input, decoded);
  // As good as any dice, and the same for the same bytes.
  const size_t dice = std::accumulate(data, data + size, size);
  DamageIsRefused(input, decoded, dice);
  PayloadIsTheSame(input, decoded, dice);
  const absl::StatusOr<Scenario> parsed = verbatim::ParseScenario(input);
  if (!parsed.ok()) return 0;
  HasItsForms(input, *parsed);
  DamageIsRefused(input, *parsed, dice);
  return 0;
}

// The scenario; a text that is none, as it stands.
extern "C" void ShowInput(const uint8_t* data, size_t size) {
  const string_view input(reinterpret_cast<const char*>(data), size);
  const bool is_text = input.substr(0, 10) == "# verbatim";
  const std::string text = is_text ? std::string(input) : Text(verbatim::DecodeScenario(input));
  std::printf("%s", text.c_str());
}
