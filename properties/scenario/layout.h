// The numbers of the byte form that writing and reading share; bytes.h shows the layout.
// Not for: others than encode.cc, decode.cc and those who change encoded scenarios
// (fuzz/step_mutator.cc).
#pragma once

#include <cstddef>
#include <cstdint>

#include "properties/scenario/scenario.h"

namespace verbatim::layout {

inline constexpr uint8_t kVersion = 1;
inline constexpr uint8_t kLiteral = 1, kClient = 2, kWide = 4, kHasRequirement = 8;
inline constexpr size_t kFixedBytes = 8, kWideBytes = 16;
inline constexpr uint8_t kFaultRecord = kStepKinds;
inline constexpr uint8_t kWidenAmount = kFaultRecord + 1, kWidenAhead = kFaultRecord + 2;
inline constexpr uint8_t kRecordKinds = kFaultRecord + 3;

inline bool HasAmount(Step::Kind kind) {
  return kind == Step::Kind::kSend || kind == Step::Kind::kPause || kind == Step::Kind::kFeed ||
         kind == Step::Kind::kReply || kind == Step::Kind::kHold || kind == Step::Kind::kExpectExit;
}

inline bool MayBeRest(Step::Kind kind) {
  return kind == Step::Kind::kSend || kind == Step::Kind::kFeed || kind == Step::Kind::kReply;
}

}  // namespace verbatim::layout
