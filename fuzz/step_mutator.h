// A mutator for harnesses whose input is a scenario's byte form: it works on whole steps and
// faults. Raw bytes find shallow bugs as fast; deep ones need a run of steps that fit together.
// Not for: what the bytes mean (properties/scenario/bytes.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "properties/scenario/scenario.h"

namespace verbatim {

// Changes libFuzzer's way: LLVMFuzzerMutate, where there is one.
using ByteMutator = std::function<size_t(uint8_t* data, size_t size, size_t max_size)>;

// What comes out of a change.
struct MutatedTo {
  Role role = Role::kServer;         // any
  size_t most_payload_bytes = 4096;  // below 65536
};

// Changes the scenario in data[0, size) in place, and returns its new size, at most `max_size`. The
// same seed makes the same change. 1 in 8 calls is `by_bytes`, if there is one.
size_t MutateSteps(uint8_t* data, size_t size, size_t max_size, unsigned seed, MutatedTo to,
                   const ByteMutator& by_bytes);

// Writes to `out` the header and first steps of the one and the last steps of the other. Returns
// how many bytes it wrote, at most `max_size`.
size_t CrossSteps(const uint8_t* first, size_t first_size, const uint8_t* second,
                  size_t second_size, uint8_t* out, size_t max_size, unsigned seed);

}  // namespace verbatim
