// The words in which the scenarios of the requirements are written.
// Not for: anything but requirements/stream_*.cc and datagram.cc.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "properties/requirements/requirement.h"

namespace verbatim {

namespace steps {

using Kind = Step::Kind;

inline Step Send(uint64_t bytes, uint32_t connection = 1) {
  return {Kind::kSend, connection, bytes};
}
inline Step Do(Kind kind, uint32_t connection = 1) { return {kind, connection, 0}; }
inline Step Pause(uint64_t ms) { return {Kind::kPause, 1, ms}; }

inline PayloadSpec Coded(uint64_t bytes, const Budget& budget, Overlay overlay = Overlay::kNone) {
  PayloadSpec spec;
  spec.size_bytes = bytes;
  spec.seed = budget.seed;
  spec.overlay = overlay;
  return spec;
}

inline PayloadSpec Literal(std::string bytes) {
  PayloadSpec spec;
  spec.literal = true;
  spec.bytes = std::move(bytes);
  return spec;
}

inline Scenario Make(PayloadSpec payload, std::vector<Step> steps) {
  return Scenario{"", std::move(payload), std::move(steps)};
}

inline Scenario OnePiece(PayloadSpec payload) {
  return Make(std::move(payload), {Send(kRest), Do(Kind::kAwait)});
}

// Each piece awaited before the next.
inline Scenario Awaited(PayloadSpec payload, const std::vector<uint64_t>& pieces) {
  std::vector<Step> steps;
  for (const uint64_t piece : pieces) {
    steps.push_back(Send(piece));
    steps.push_back(Do(Kind::kAwait));
  }
  return Make(std::move(payload), std::move(steps));
}

// No requirement but those about pressure has more than this on the way: how a target bears a
// backlog is then named once, and by its name. Less than a pipe holds (64 KiB, in pages that may be
// half full), for targets that pass everything through one.
inline constexpr uint64_t kAheadBytes = 32 * 1024;

// What no target can be expected to take from a peer that reads nothing.
inline constexpr uint64_t kJamBytes = 64 << 20;

// More than a kernel takes of a target whose peer doesn't read and has a small buffer: on loopback
// some 2.6 MB.
inline constexpr uint64_t kMoreThanKernelsHold = 4'000'000;

// For how long a peer takes nothing where that is what is judged: a second more than the time-outs
// of 1 to 3 s that programs have, or as long as --idle.
inline Step LongPause(const Budget& budget) {
  constexpr int64_t kLongMs = 3500;
  return Pause(static_cast<uint64_t>(std::max(kLongMs, budget.idle_ms)));
}

inline Step SendInStep(uint64_t bytes) { return {Kind::kSend, 1, bytes, kAheadBytes}; }

// Nothing awaited but all of it.
inline Scenario Pipelined(PayloadSpec payload, const std::vector<uint64_t>& pieces) {
  std::vector<Step> steps;
  for (const uint64_t piece : pieces) {
    steps.push_back(payload.Size() > kAheadBytes ? SendInStep(piece) : Send(piece));
  }
  steps.push_back(Do(Kind::kAwait));
  return Make(std::move(payload), std::move(steps));
}

// Like it, but each piece has left the target's kernel before the next is sent: read for certain
// with a cut there, though nothing was awaited.
inline Scenario Settled(PayloadSpec payload, const std::vector<uint64_t>& pieces) {
  std::vector<Step> steps;
  for (const uint64_t piece : pieces) {
    steps.push_back(Send(piece));
    steps.push_back(Do(Kind::kSettle));
  }
  steps.back() = Do(Kind::kAwait);
  return Make(std::move(payload), std::move(steps));
}

// Any payload of at most `max_bytes`, in any cutting into at most `max_pieces`.
inline rc::Gen<Scenario> Cut(uint64_t max_bytes, size_t max_pieces,
                             Scenario (*make)(PayloadSpec, const std::vector<uint64_t>&)) {
  return rc::gen::mapcat(ArbitraryPayload(max_bytes), [=](const PayloadSpec& payload) {
    return rc::gen::map(ArbitraryCuts(payload.size_bytes, max_pieces),
                        [=](const std::vector<uint64_t>& pieces) { return make(payload, pieces); });
  });
}

}  // namespace steps
}  // namespace verbatim
