// Law: whatever up to eight peers do, and whatever the server's system calls meet, every byte comes
// back to whom it belongs, in order; no connection stops another; nothing is held beyond the bound,
// left open, used after its close, or waited for in vain. Only a connection whose own calls failed
// for good may end early, and what it did return is right.
// An input is a scenario (properties/scenario/bytes.h) of role server, with a payload of at most
// 4096 bytes, faults that are met at most 50 times in a row and drips that take at most 256 ms for
// all of the payload, played on the simulated kernel. More shows nothing more, and takes a hundred
// times as long.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "fuzz/step_mutator.h"
#include "properties/scenario/bytes.h"
#include "properties/scenario/text.h"
#include "properties/stage/simulated/stage.h"

// Null where libFuzzer is not linked.
extern "C" [[gnu::weak]] size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace {

using verbatim::Scenario;
using verbatim::SimulatedPlay;

constexpr size_t kMostPayloadBytes = 4096;
constexpr uint32_t kMostTimes = 50;
constexpr uint64_t kMostDripMs = 256;

bool IsOurs(const Scenario& scenario) {
  const bool is_brief =
      std::all_of(scenario.faults.begin(), scenario.faults.end(),
                  [](const verbatim::Fault& fault) { return fault.times <= kMostTimes; });
  const bool is_swift =
      std::all_of(scenario.steps.begin(), scenario.steps.end(), [&](const verbatim::Step& step) {
        return step.kind != verbatim::Step::Kind::kDrip ||
               scenario.payload.Size() <= step.amount * kMostDripMs;
      });
  return is_brief && is_swift && scenario.role == verbatim::Role::kServer &&
         scenario.payload.Size() <= kMostPayloadBytes;
}

[[noreturn]] void Broken(const Scenario& scenario, const SimulatedPlay& play) {
  std::fprintf(stderr, "broken law: %s\nafter these faults:\n",
               verbatim::SimulatedSentence(play).c_str());
  for (const verbatim::Fault& fault : play.met) {
    std::fprintf(stderr, "  %s\n", verbatim::FaultText(fault).c_str());
  }
  std::fprintf(stderr, "the scenario:\n%s", verbatim::PrintScenario(scenario).c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static verbatim::SimulatedStage stage;
  const Scenario scenario = verbatim::DecodeScenario({reinterpret_cast<const char*>(data), size});
  if (!IsOurs(scenario)) return 0;
  const SimulatedPlay play = stage.Play(scenario, {});
  if (play.Fails()) Broken(scenario, play);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  return verbatim::MutateSteps(data, size, max_size, seed, kMostPayloadBytes, LLVMFuzzerMutate);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* first, size_t first_size,
                                            const uint8_t* second, size_t second_size, uint8_t* out,
                                            size_t max_size, unsigned seed) {
  return verbatim::CrossSteps(first, first_size, second, second_size, out, max_size, seed);
}
