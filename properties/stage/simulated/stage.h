// The simulated stage: plays a scenario, with its faults, against the echo of this house on the
// simulated kernel: Server for the roles server and datagram-server, Client for role client. In
// process, in virtual time, and always in the same way.
// Not for: anybody else's program (stage/socket), or what its verdict means (judge/).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/endpoint.h"
#include "core/simulated_kernel.h"
#include "properties/judge/judge.h"
#include "properties/judge/transcript.h"
#include "properties/scenario/scenario.h"

namespace verbatim {

// Small buffers, so that small payloads meet full ones: one that drips needs none that is smaller.
// Deadlines are the socket stage's, in virtual time, and mean "no progress for".
struct SimulatedStageOptions {
  Transport transport = Transport::kTcp;  // or kUnix; for a server kUnixpacket too; of datagrams
                                          // these mean kUdp and kUnixgram
  bool ipv6 = false;                      // where the transport has it: ::1, else 127.0.0.1
  size_t buffer_bytes = 512;              // of the kernel, each way; datagrams have room for all
  size_t session_bytes = 256;             // of the server
  int64_t deadline_ms = 2000;
  int64_t block_ms = 500;         // a stalled peer's send is over then
  FaultSource* faults = nullptr;  // instead of the scenario's
  FaultCoverage* coverage = nullptr;
};

struct SimulatedPlay {
  Verdict verdict;
  // What the kernel found wrong (SimulatedKernel::violation), or an end of the implementation that
  // no fault explains; empty if nothing.
  std::string violation;
  // Of all that happened, byte for byte: the same scenario has the same.
  uint64_t transcript_hash = 0;
  uint64_t calls = 0;      // of the implementation
  std::vector<Fault> met;  // in order; as a scenario's faults they do the same again
  absl::Status ended;      // what Listen, ConnectTo or Run returned

  bool Fails() const { return verdict.Fails() || !violation.empty(); }
};

class SimulatedStage {
 public:
  // Plays `scenario` (valid). After its last step all that was sent is awaited, who is still there
  // sends a FIN and gets one, and the server is drained. A connection that a fault may rightly have
  // ended is judged by its bytes alone, and a fault of the set-up may rightly end all. Of datagrams
  // each is answered once, from the address that was asked, but for as many as faults of sending
  // took. `transcript` may be null.
  SimulatedPlay Play(const Scenario& scenario, const SimulatedStageOptions& options,
                     Rules rules = {}, Transcript* transcript = nullptr);

 private:
  SimulatedPlay PlayServer(const Scenario& scenario, const SimulatedStageOptions& options,
                           Rules rules, Transcript* transcript);
  SimulatedPlay PlayDatagrams(const Scenario& scenario, const SimulatedStageOptions& options,
                              Rules rules, Transcript* transcript);
  SimulatedPlay PlayClient(const Scenario& scenario, const SimulatedStageOptions& options,
                           Rules rules, Transcript* transcript);

  SimulatedKernel kernel_;  // keeps its memory from play to play
};

// In words: the verdict's sentence, the violation, or both.
std::string SimulatedSentence(const SimulatedPlay& play);

}  // namespace verbatim
