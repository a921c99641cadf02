// The numbers of the byte form that writing and reading share; bytes.h shows the layout.
// Not for: others than encode.cc, decode.cc and those who change encoded scenarios
// (fuzz/step_mutator.cc).
#pragma once

#include <cstddef>
#include <cstdint>

#include "properties/scenario/scenario.h"

namespace verbatim::layout {

inline constexpr uint8_t kVersion = 2;
// The same form, of the role datagram-server.
inline constexpr uint8_t kDatagramVersion = 3;
// Of either, with a payload of lines: so much more.
inline constexpr uint8_t kLinesMore = 2;
inline constexpr uint8_t kLiteral = 1, kClient = 2, kWide = 4, kHasRequirement = 8;
inline constexpr size_t kFixedBytes = 8, kWideBytes = 16;
inline constexpr uint8_t kFaultRecord = kStepKinds;
inline constexpr uint8_t kWidenAmount = kFaultRecord + 1, kWidenAhead = kFaultRecord + 2;
inline constexpr uint8_t kRecordKinds = kFaultRecord + 3;
// Version 1 had fewer kinds of steps, and the same numbers for them.
inline constexpr uint8_t kStepKindsOf1 = 15, kRecordKindsOf1 = kStepKindsOf1 + 3;

// The first byte that is written today, and whether one that is read says that of the payload.
inline uint8_t VersionFor(Role role, bool lines) {
  const int version = role == Role::kDatagramServer ? kDatagramVersion : kVersion;
  return static_cast<uint8_t>(version + (lines ? kLinesMore : 0));
}
inline bool IsOfLines(uint8_t byte) {
  return byte == kVersion + kLinesMore || byte == kDatagramVersion + kLinesMore;
}

// What a record of that version is; 0 to kRecordKinds - 1.
inline uint8_t RecordKind(uint8_t version, uint8_t byte) {
  if (version != 1) return byte % kRecordKinds;
  const uint8_t kind = byte % kRecordKindsOf1;
  return kind < kStepKindsOf1 ? kind : static_cast<uint8_t>(kind - kStepKindsOf1 + kFaultRecord);
}

inline bool HasAmount(Step::Kind kind) {
  return kind == Step::Kind::kSend || kind == Step::Kind::kPause || kind == Step::Kind::kFeed ||
         kind == Step::Kind::kReply || kind == Step::Kind::kHold ||
         kind == Step::Kind::kExpectExit || kind == Step::Kind::kDrip;
}

inline bool MayBeRest(Step::Kind kind) {
  return kind == Step::Kind::kSend || kind == Step::Kind::kFeed || kind == Step::Kind::kReply;
}

}  // namespace verbatim::layout
