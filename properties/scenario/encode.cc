// Writing the byte form, field by field.
#include <algorithm>
#include <cstdint>

#include "properties/scenario/bytes.h"
#include "properties/scenario/layout.h"

namespace verbatim {
namespace {

using Kind = Step::Kind;

void Put(std::string* bytes, uint64_t value, size_t count) {
  for (size_t i = 0; i < count; ++i) *bytes += static_cast<char>(value >> (8 * i));
}

void PutHeader(const Scenario& scenario, std::string* bytes) {
  const PayloadSpec& payload = scenario.payload;
  const uint64_t size = payload.Size(), seed = payload.literal ? 0 : payload.seed;
  const bool wide = (size | seed) > 0xFFFF;
  const size_t id_bytes = std::min(scenario.requirement.size(), kMaxRequirementBytes);
  const bool lines = !payload.literal && payload.overlay == Overlay::kLines;
  Put(bytes, layout::VersionFor(scenario.role, lines), 1);
  Put(bytes,
      (payload.literal ? layout::kLiteral : 0u) |
          (scenario.role == Role::kClient ? layout::kClient : 0u) | (wide ? layout::kWide : 0u) |
          (id_bytes != 0 ? layout::kHasRequirement : 0u),
      1);
  Put(bytes, payload.literal || lines ? 0 : static_cast<uint64_t>(payload.overlay), 1);
  Put(bytes, id_bytes, 1);
  Put(bytes, wide ? 0 : size, 2);
  Put(bytes, wide ? 0 : seed, 2);
  if (wide) Put(bytes, size, 8);
  if (wide) Put(bytes, seed, 8);
  bytes->append(scenario.requirement, 0, id_bytes);
  if (payload.literal) *bytes += payload.bytes;
}

void PutWidening(uint8_t kind, uint64_t high, std::string* bytes) {
  if (high == 0) return;
  Put(bytes, kind, 2);
  Put(bytes, high, 6);
}

void PutStep(const Step& step, std::string* bytes) {
  const bool rest = layout::MayBeRest(step.kind) && step.amount == kRest;
  const uint64_t amount = rest || !layout::HasAmount(step.kind) ? 0 : step.amount;
  const uint64_t ahead = step.kind == Kind::kSend ? step.ahead : 0;
  PutWidening(layout::kWidenAmount, amount >> 16, bytes);
  PutWidening(layout::kWidenAhead, ahead >> 16, bytes);
  Put(bytes, static_cast<uint64_t>(step.kind), 1);
  Put(bytes, step.connection - 1, 1);
  Put(bytes, rest ? 1 : 0, 2);
  Put(bytes, amount, 2);
  Put(bytes, ahead, 2);
}

// What a call may meet is numbered: its errors, then short, or spurious and delayed.
size_t WhatIndex(const Fault& fault) {
  const absl::Span<const int> errors = ErrorsOf(fault.call);
  if (fault.kind == Fault::Kind::kDelayed) return errors.size() + 1;
  if (fault.kind != Fault::Kind::kError) return errors.size();
  return static_cast<size_t>(std::find(errors.begin(), errors.end(), fault.error) - errors.begin());
}

void PutFault(const Fault& fault, std::string* bytes) {
  PutWidening(layout::kWidenAmount, fault.times >> 8, bytes);
  Put(bytes, layout::kFaultRecord, 1);
  Put(bytes, static_cast<uint64_t>(fault.call), 1);
  Put(bytes, WhatIndex(fault), 1);
  Put(bytes, fault.times, 1);
  Put(bytes, fault.amount, 2);
  Put(bytes, fault.after, 2);
}

}  // namespace

std::string EncodeScenario(const Scenario& scenario) {
  std::string bytes;
  bytes.reserve(layout::kFixedBytes + layout::kWideBytes + scenario.requirement.size() +
                scenario.payload.bytes.size() +
                2 * kRecordBytes * (scenario.steps.size() + scenario.faults.size()));
  PutHeader(scenario, &bytes);
  for (const Step& step : scenario.steps) PutStep(step, &bytes);
  for (const Fault& fault : scenario.faults) PutFault(fault, &bytes);
  return bytes;
}

}  // namespace verbatim
