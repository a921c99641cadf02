// Decoding, what is left out, what is told of a failure, and libFuzzer's entries.
#include "fuzz/played.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "fuzz/rows.h"
#include "fuzz/step_mutator.h"
#include "properties/scenario/bytes.h"
#include "properties/scenario/text.h"
#include "properties/stage/simulated/stage.h"

namespace verbatim {
namespace {

constexpr uint32_t kMostTimes = 50;
constexpr uint64_t kMostDripMs = 256;

bool IsPlayed(const Scenario& scenario) {
  const bool is_brief = std::all_of(scenario.faults.begin(), scenario.faults.end(),
                                    [](const Fault& fault) { return fault.times <= kMostTimes; });
  const bool is_swift =
      std::all_of(scenario.steps.begin(), scenario.steps.end(), [&](const Step& step) {
        return step.kind != Step::Kind::kDrip ||
               scenario.payload.Size() <= step.amount * kMostDripMs;
      });
  return is_brief && is_swift && scenario.role == kPlayedRole &&
         scenario.payload.Size() <= kMostPlayedBytes;
}

// Played once more, for its rows.
[[noreturn]] void Broken(const Scenario& scenario) {
  Transcript transcript;
  const SimulatedPlay play = SimulatedStage().Play(scenario, OptionsFor(scenario), {}, &transcript);
  std::fprintf(stderr, "broken law: %s\nwhat happened:\n", SimulatedSentence(play).c_str());
  for (const std::string& row : transcript.Lines()) std::fprintf(stderr, "  %s\n", row.c_str());
  std::fprintf(stderr, "after these faults:\n");
  for (const Fault& fault : play.met) std::fprintf(stderr, "  %s\n", FaultText(fault).c_str());
  std::fprintf(stderr, "the scenario:\n%s", PrintScenario(scenario).c_str());
  std::abort();
}

// A play is twice as slow with its rows: they are looked at in one of so many, by its bytes, so
// that the same input has them again.
constexpr unsigned kRowsInOneOf = 16;

bool HasRows(const uint8_t* data, size_t size) {
  return std::accumulate(data, data + size, 0u) % kRowsInOneOf == 0;
}

void Play(const uint8_t* data, size_t size) {
  static SimulatedStage stage;
  Scenario scenario = DecodeScenario({reinterpret_cast<const char*>(data), size});
  // What a scenario says of a client's status may be wrong: the stage's own end asks for the right
  // one.
  std::erase_if(scenario.steps,
                [](const Step& step) { return step.kind == Step::Kind::kExpectExit; });
  if (!IsPlayed(scenario)) return;
  Transcript transcript;
  const bool has_rows = HasRows(data, size);
  const SimulatedPlay play =
      stage.Play(scenario, OptionsFor(scenario), {}, has_rows ? &transcript : nullptr);
  if (play.Fails()) Broken(scenario);
  if (has_rows) CheckRows({reinterpret_cast<const char*>(data), size}, transcript);
}

}  // namespace
}  // namespace verbatim

// Null where libFuzzer is not linked.
extern "C" [[gnu::weak]] size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define VERBATIM_MEMORY_SANITIZER
#include <sanitizer/msan_interface.h>
#endif
#endif

namespace {

// libFuzzer is never built with MemorySanitizer, which so believes that nobody wrote what it
// changes.
size_t LibFuzzersWay(uint8_t* data, size_t size, size_t max_size) {
  size_t changed = LLVMFuzzerMutate(data, size, max_size);
#ifdef VERBATIM_MEMORY_SANITIZER
  __msan_unpoison(&changed, sizeof changed);
  __msan_unpoison(data, changed);
#endif
  return changed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  verbatim::Play(data, size);
  return 0;
}

extern "C" void ShowInput(const uint8_t* data, size_t size) {
  const auto scenario = verbatim::DecodeScenario({reinterpret_cast<const char*>(data), size});
  std::printf("%s", verbatim::PrintScenario(scenario).c_str());
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  return verbatim::MutateSteps(data, size, max_size, seed,
                               {verbatim::kPlayedRole, verbatim::kMostPlayedBytes},
                               LLVMFuzzerMutate != nullptr ? LibFuzzersWay : nullptr);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* first, size_t first_size,
                                            const uint8_t* second, size_t second_size, uint8_t* out,
                                            size_t max_size, unsigned seed) {
  return verbatim::CrossSteps(first, first_size, second, second_size, out, max_size, seed);
}
