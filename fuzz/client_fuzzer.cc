// Law: whatever a server replies, holds back, ends or resets, and whatever the client's own system
// calls meet, its output is what was replied, byte for byte, and its status says whether all came
// back; nothing is held beyond the bound, left open, used after its close, or waited for in vain.
// An input is a scenario of role client.
#include "fuzz/played.h"
#include "fuzz/step_mutator.h"

// Null where libFuzzer is not linked.
extern "C" [[gnu::weak]] size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  verbatim::PlayInput(data, size, verbatim::Role::kClient);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  return verbatim::MutateSteps(data, size, max_size, seed,
                               {verbatim::Role::kClient, verbatim::kMostPlayedBytes},
                               LLVMFuzzerMutate);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* first, size_t first_size,
                                            const uint8_t* second, size_t second_size, uint8_t* out,
                                            size_t max_size, unsigned seed) {
  return verbatim::CrossSteps(first, first_size, second, second_size, out, max_size, seed);
}
