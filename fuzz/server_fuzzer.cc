// Law: whatever up to eight peers do, and whatever the server's system calls meet, every byte comes
// back to whom it belongs, in order; no connection stops another; nothing is held beyond the bound,
// left open, used after its close, or waited for in vain. Only a connection whose own calls failed
// for good may end early, and what it did return is right.
// An input is a scenario of role server.
#include "fuzz/played.h"
#include "fuzz/step_mutator.h"

// Null where libFuzzer is not linked.
extern "C" [[gnu::weak]] size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  verbatim::PlayInput(data, size, verbatim::Role::kServer);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  return verbatim::MutateSteps(data, size, max_size, seed,
                               {verbatim::Role::kServer, verbatim::kMostPlayedBytes},
                               LLVMFuzzerMutate);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* first, size_t first_size,
                                            const uint8_t* second, size_t second_size, uint8_t* out,
                                            size_t max_size, unsigned seed) {
  return verbatim::CrossSteps(first, first_size, second, second_size, out, max_size, seed);
}
