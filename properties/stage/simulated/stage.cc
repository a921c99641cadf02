// Setting up, running and taking down: the same for every play.
#include "properties/stage/simulated/stage.h"

#include <cerrno>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/status.h"
#include "echo/client.h"
#include "echo/server.h"
#include "echo/sockets.h"
#include "properties/stage/simulated/client_script.h"
#include "properties/stage/simulated/server_script.h"

namespace verbatim {
namespace {

// Room for every connection of a scenario.
constexpr int kBacklog = 16;

SocketAddress AddressOf(Transport transport) {
  return IsUnix(transport) ? *SocketAddress::FromAbstract("verbatim")
                           : SocketAddress::FromIPv4({127, 0, 0, 1}, 7);
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
  SimulatedPlay play = scenario.role == Role::kServer
                           ? PlayServer(scenario, with_faults, rules, transcript)
                           : PlayClient(scenario, with_faults, rules, transcript);
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

SimulatedPlay SimulatedStage::PlayServer(const Scenario& scenario,
                                         const SimulatedStageOptions& options, Rules rules,
                                         Transcript* transcript) {
  const SocketAddress address = AddressOf(options.transport);
  kernel_.Reset({.buffer_bytes = options.buffer_bytes, .most_held_bytes = options.session_bytes},
                options.faults, nullptr, options.coverage);
  int drain = -1, end = -1;
  {
    const SimulatedKernel::PeersTurn turn(&kernel_);
    drain = kernel_.Event();
    end = kernel_.Event();
  }
  Judge judge(scenario, rules);
  ServerScript script(&kernel_, scenario, options, transcript, &judge, address, drain, end);
  SimulatedPlay play;
  {
    ServerLog log;
    auto listening = Listen(kernel_, options.transport, address, kBacklog);
    play.ended = listening.status();
    if (listening.ok()) {
      Server<SimulatedKernel> server(&kernel_, &log, {.session_bytes = options.session_bytes});
      play.ended = server.Add(*std::move(listening));
      kernel_.SetPeers(&script);
      if (play.ended.ok()) play.ended = server.Run(drain, end);
    }
  }
  script.Finish();
  play.verdict = judge.Finish();
  play.violation = script.violation();
  // A fault of the set-up may end it; once it serves, nothing does but being told to.
  const bool served = script.has_begun();
  if (play.ended.ok() && !script.has_ended() && kernel_.violation().empty()) {
    play.violation = "the server ended before it was told to";
  } else if (!play.ended.ok() && kernel_.violation().empty() &&
             (served || !IsExplained(play.ended, kernel_.met()))) {
    play.violation = absl::StrCat("the server gave up: ", play.ended.message());
  }
  play.transcript_hash = script.hash();
  return play;
}

SimulatedPlay SimulatedStage::PlayClient(const Scenario& scenario,
                                         const SimulatedStageOptions& options, Rules rules,
                                         Transcript* transcript) {
  const SocketAddress address = AddressOf(options.transport);
  kernel_.Reset({.buffer_bytes = options.buffer_bytes}, options.faults, nullptr, options.coverage);
  Judge forward(scenario, rules), back(scenario, rules);
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
