// Decoding, what is left out, and what is told of a failure.
#include "fuzz/played.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "properties/scenario/bytes.h"
#include "properties/scenario/text.h"
#include "properties/stage/simulated/stage.h"

namespace verbatim {
namespace {

constexpr uint32_t kMostTimes = 50;
constexpr uint64_t kMostDripMs = 256;

bool IsPlayed(const Scenario& scenario, Role role) {
  const bool is_brief = std::all_of(scenario.faults.begin(), scenario.faults.end(),
                                    [](const Fault& fault) { return fault.times <= kMostTimes; });
  const bool is_swift =
      std::all_of(scenario.steps.begin(), scenario.steps.end(), [&](const Step& step) {
        return step.kind != Step::Kind::kDrip ||
               scenario.payload.Size() <= step.amount * kMostDripMs;
      });
  return is_brief && is_swift && scenario.role == role &&
         scenario.payload.Size() <= kMostPlayedBytes;
}

[[noreturn]] void Broken(const Scenario& scenario, const SimulatedPlay& play) {
  std::fprintf(stderr, "broken law: %s\nafter these faults:\n", SimulatedSentence(play).c_str());
  for (const Fault& fault : play.met) std::fprintf(stderr, "  %s\n", FaultText(fault).c_str());
  std::fprintf(stderr, "the scenario:\n%s", PrintScenario(scenario).c_str());
  std::abort();
}

}  // namespace

void PlayInput(const uint8_t* data, size_t size, Role role) {
  static SimulatedStage stage;
  const Scenario scenario = DecodeScenario({reinterpret_cast<const char*>(data), size});
  if (!IsPlayed(scenario, role)) return;
  const SimulatedPlay play = stage.Play(scenario, {});
  if (play.Fails()) Broken(scenario, play);
}

}  // namespace verbatim
