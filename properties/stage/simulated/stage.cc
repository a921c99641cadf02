// Setting up, running and taking down: the same for every play.
#include "properties/stage/simulated/stage.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/status.h"
#include "echo/client.h"
#include "echo/server.h"
#include "echo/sockets.h"
#include "properties/stage/simulated/client_script.h"
#include "properties/stage/simulated/datagram_script.h"
#include "properties/stage/simulated/server_script.h"

namespace verbatim {
namespace {

// Room for every connection of a scenario.
constexpr int kBacklog = 16;
// Nothing is lost for want of room.
constexpr size_t kLeastQueueBytes = 1 << 18;

constexpr std::array<uint8_t, 16> kLoopback6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

SocketAddress AddressOf(Transport transport, bool ipv6) {
  if (IsUnix(transport)) return *SocketAddress::FromAbstract("verbatim");
  return ipv6 ? SocketAddress::FromIPv6(kLoopback6, 7) : SocketAddress::FromIPv4({127, 0, 0, 1}, 7);
}

// Whether a fault that was met explains that the implementation gave up as a whole. What passes by
// being tried again never does.
bool IsExplained(const absl::Status& status, const std::vector<Fault>& met) {
  const int error = ErrnoOf(status);
  if (error == EINTR || error == EAGAIN) return false;
  for (const Fault& fault : met) {
    if (fault.kind == Fault::Kind::kError && fault.error == error) return true;
  }
  return false;
}

}  // namespace

SimulatedPlay SimulatedStage::Play(const Scenario& scenario, const SimulatedStageOptions& options,
                                   Rules rules, Transcript* transcript) {
  FaultList list(scenario.faults);
  SimulatedStageOptions with_faults = options;
  if (options.faults == nullptr) with_faults.faults = &list;
  const auto play_it = scenario.role == Role::kServer   ? &SimulatedStage::PlayServer
                       : scenario.role == Role::kClient ? &SimulatedStage::PlayClient
                                                        : &SimulatedStage::PlayDatagrams;
  SimulatedPlay play = (this->*play_it)(scenario, with_faults, rules, transcript);
  kernel_.CheckNothingIsLeftOpen();
  // What the kernel found comes first: the rest may follow from it.
  if (!kernel_.violation().empty()) play.violation = kernel_.violation();
  play.met = kernel_.met();
  play.calls = kernel_.calls();
  TranscriptHash hash;
  hash.Add(play.transcript_hash);
  for (const Fault& fault : play.met) hash.Add(FaultText(fault));
  hash.Add(play.calls);
  hash.Add(static_cast<uint64_t>(ErrnoOf(play.ended)));
  hash.Add(play.violation);
  play.transcript_hash = hash.value();
  return play;
}

namespace {

// The events by which a server is told to end.
struct Ends {
  int drain = -1, end = -1;
  explicit Ends(SimulatedKernel* kernel) {
    const SimulatedKernel::PeersTurn turn(kernel);
    drain = kernel->Event();
    end = kernel->Event();
  }
};

absl::Status Serve(SimulatedKernel& kernel, Transport transport, const SocketAddress& address,
                   const ServerOptions& options, SimulatedPeers* peers, const Ends& ends) {
  ServerLog log;
  auto listening = Listen(kernel, transport, address, kBacklog);
  if (!listening.ok()) return listening.status();
  Server<SimulatedKernel> server(&kernel, &log, options);
  const absl::Status added = server.Add(*std::move(listening));
  kernel.SetPeers(peers);
  return added.ok() ? server.Run(ends.drain, ends.end) : added;
}

// What is wrong with how it ended. A fault of the set-up may end it; once it serves, nothing does
// but being told to.
template <typename Script>
std::string ViolationOf(const Script& script, const SimulatedKernel& kernel,
                        const absl::Status& ended) {
  if (!kernel.violation().empty()) return "";  // that comes first
  if (ended.ok() && !script.has_ended()) return "the server ended before it was told to";
  if (!ended.ok() && (script.has_begun() || !IsExplained(ended, kernel.met()))) {
    return absl::StrCat("the server gave up: ", ended.message());
  }
  return "";
}

}  // namespace

SimulatedPlay SimulatedStage::PlayServer(const Scenario& scenario,
                                         const SimulatedStageOptions& options, Rules rules,
                                         Transcript* transcript) {
  const SocketAddress address = AddressOf(options.transport, options.ipv6);
  kernel_.Reset({.buffer_bytes = options.buffer_bytes, .most_held_bytes = options.session_bytes},
                options.faults, nullptr, options.coverage);
  const Ends ends(&kernel_);
  Judge judge(scenario, rules);
  ServerScript script(&kernel_, scenario, options, transcript, &judge, address, ends.drain,
                      ends.end);
  SimulatedPlay play;
  std::atomic<size_t> counted = 0;  // by the server
  play.ended =
      Serve(kernel_, options.transport, address,
            {.session_bytes = options.session_bytes, .connections = &counted}, &script, ends);
  script.Finish();
  play.verdict = judge.Finish();
  play.violation = ViolationOf(script, kernel_, play.ended);
  if (play.violation.empty()) play.violation = script.violation();
  if (play.violation.empty() && counted > 0) {
    play.violation =
        absl::StrCat("the server counts ", counted.load(), " connections, and all are gone");
  }
  play.transcript_hash = script.hash();
  return play;
}

// Each datagram is answered once, whole, from the address that was asked.
SimulatedPlay SimulatedStage::PlayDatagrams(const Scenario& scenario,
                                            const SimulatedStageOptions& options, Rules rules,
                                            Transcript* transcript) {
  const Transport transport = IsUnix(options.transport) ? Transport::kUnixgram : Transport::kUdp;
  const SocketAddress address = AddressOf(transport, options.ipv6);
  const uint64_t all_bytes = MakePayload(scenario).size_bytes() * Connections(scenario);
  kernel_.Reset({.buffer_bytes = std::max<size_t>(all_bytes, kLeastQueueBytes)}, options.faults,
                nullptr, options.coverage);
  rules.once = rules.same_port = rules.same_address = true;
  const Ends ends(&kernel_);
  DatagramJudge judge(scenario, rules);
  DatagramScript script(&kernel_, scenario, options, transcript, &judge, transport, address,
                        ends.drain, ends.end);
  SimulatedPlay play;
  play.ended = Serve(kernel_, transport, address, {}, &script, ends);
  script.Finish();
  play.verdict = judge.Finish();
  play.violation = ViolationOf(script, kernel_, play.ended);
  play.transcript_hash = script.hash();
  return play;
}

SimulatedPlay SimulatedStage::PlayClient(const Scenario& scenario,
                                         const SimulatedStageOptions& options, Rules rules,
                                         Transcript* transcript) {
  const SocketAddress address = AddressOf(options.transport, options.ipv6);
  kernel_.Reset({.buffer_bytes = options.buffer_bytes}, options.faults, nullptr, options.coverage);
  Judge forward(scenario, rules, Way::kSent), back(scenario, rules, Way::kPrinted);
  ClientScript script(&kernel_, scenario, options, transcript, &forward, &back, address);
  kernel_.SetPeers(&script);
  SimulatedPlay play;
  {
    auto connected = ConnectTo(kernel_, options.transport, address);
    play.ended = connected.status();
    if (connected.ok()) {
      const auto client = std::make_unique<Client<SimulatedKernel>>(
          &kernel_, std::move(connected->fd), script.input(), script.output());
      play.ended = client->Run();
    }
  }
  script.Finish(play.ended.ok(), IsExplained(play.ended, kernel_.met()));
  play.verdict = forward.Finish();
  const Verdict verdict = back.Finish();
  if (!play.verdict.Fails()) play.verdict = verdict;
  play.transcript_hash = script.hash();
  return play;
}

std::string SimulatedSentence(const SimulatedPlay& play) {
  if (play.violation.empty()) return VerdictSentence(play.verdict);
  if (!play.verdict.Fails()) return play.violation;
  return absl::StrCat(VerdictSentence(play.verdict), "; ", play.violation);
}

}  // namespace verbatim
