// What the scripts of the simulated stage have in common: events with their hash, waiting, and
// bytes of the payload.
// Not for: what they do (server_script.h, client_script.h, datagram_script.h).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/simulated_kernel.h"
#include "properties/judge/judge.h"
#include "properties/judge/transcript.h"
#include "properties/scenario/scenario.h"
#include "properties/stage/simulated/stage.h"

namespace verbatim {

// A number of everything that was put in, in its order.
class TranscriptHash {
 public:
  void Add(uint64_t value) {
    state_ = (state_ ^ value) * 0x9E3779B97F4A7C15u;
    state_ ^= state_ >> 29;
  }
  void Add(absl::string_view bytes);
  uint64_t value() const { return state_; }

 private:
  uint64_t state_ = 0x243F6A8885A308D3u;
};

// A script is one sequence of steps. Each call of Step takes in what has come, then does one step,
// or as much of it as can be done.
class SimulatedScript : public SimulatedPeers {
 public:
  // All that is pointed or referred to must outlive it; `payload` is the judge's.
  SimulatedScript(SimulatedKernel* kernel, const Scenario& scenario,
                  const SimulatedStageOptions& options, Transcript* transcript,
                  const Payload& payload)
      : kernel_(*kernel),
        scenario_(scenario),
        options_(options),
        transcript_(transcript),
        payload_(payload) {}

  int64_t DueMs() const override { return due_ms_; }
  uint64_t hash() const { return hash_.value(); }

 protected:
  template <typename AnyJudge>
  void Emit(AnyJudge* judge, Event event) {
    Record(&event);
    judge->Observe(event);
  }
  // The bytes of `connection` at [offset, offset + count).
  absl::string_view Bytes(uint32_t connection, uint64_t offset, uint64_t count);

  // A step begins: what it waits for, it waits for from now on.
  void BeginStep() {
    began_ms_ = kernel_.NowMs();
    MakeProgress();
  }
  void NextStep() {
    ++step_;
    BeginStep();
  }
  // Whether the step is `limit_ms` old, whatever came meanwhile; if not, the kernel is told when.
  bool HasLasted(int64_t limit_ms) { return IsOverSince(began_ms_, limit_ms); }
  void MakeProgress() { since_ms_ = kernel_.NowMs(); }
  // Whether `limit_ms` have gone by since the step began or last made progress; if not, the kernel
  // is told when.
  bool IsOver(int64_t limit_ms) { return IsOverSince(since_ms_, limit_ms); }
  // The same for a deadline: what meets one fault after the other is not silent. Without
  // descriptors a server tries again every 100 ms.
  bool IsSilent(int64_t limit_ms) {
    return IsOverSince(std::max(since_ms_, kernel_.last_met_ms()), limit_ms);
  }

  // Its time; it goes into the hash and the transcript.
  void Record(Event* event);
  bool IsOverSince(int64_t begin_ms, int64_t limit_ms);

  SimulatedKernel& kernel_;
  const Scenario& scenario_;
  const SimulatedStageOptions& options_;
  Transcript* const transcript_;
  const Payload& payload_;
  TranscriptHash hash_;
  std::string buffer_;
  size_t step_ = 0;
  int64_t began_ms_ = 0;
  int64_t since_ms_ = 0;
  int64_t due_ms_ = kNever;
};

}  // namespace verbatim
