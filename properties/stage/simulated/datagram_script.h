// Those who ask a server of datagrams: a scenario of role datagram-server, step by step, on sockets
// of the simulated kernel.
// Not for: the server itself (stage.cc), or what an answer is held against (judge/).
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "core/address.h"
#include "core/endpoint.h"
#include "properties/judge/datagram_judge.h"
#include "properties/stage/simulated/script.h"

namespace verbatim {

class DatagramScript : public SimulatedScript {
 public:
  // Asks `address` from a socket of its own for each connection. Once all is done `drain` is
  // signalled; once the judge says that it is over, `end`.
  DatagramScript(SimulatedKernel* kernel, const Scenario& scenario,
                 const SimulatedStageOptions& options, Transcript* transcript, DatagramJudge* judge,
                 Transport transport, const SocketAddress& address, int drain, int end)
      : SimulatedScript(kernel, scenario, options, transcript, judge->payload()),
        judge_(judge),
        transport_(transport),
        address_(address),
        drain_(drain),
        end_(end) {}

  bool Step() override;
  // The server is gone: takes in what it has left behind, and closes. Each datagram has its answer
  // by now, but for those that a fault took.
  void Finish();
  bool has_begun() const { return connected_first_; }
  bool has_ended() const { return told_; }

 private:
  struct Channel {
    int fd = -1;
    uint64_t sent_bytes = 0;
    uint64_t unanswered = 0;  // datagrams
  };

  Channel& At(uint32_t connection) { return channels_[connection - 1]; }
  bool TakeIn();
  bool Receive(uint32_t connection);
  bool Do(const verbatim::Step& step);
  void Connect(uint32_t connection);
  bool Send(const verbatim::Step& step);
  bool Await(uint32_t connection);
  bool AwaitAll();
  void Close(uint32_t connection);
  uint64_t Unanswered() const;
  uint64_t Lost() const;
  bool Done() { return NextStep(), true; }

  DatagramJudge* const judge_;
  const Transport transport_;
  const SocketAddress address_;
  const int drain_;
  const int end_;
  std::array<Channel, kMaxConnections> channels_;
  std::string received_;
  uint32_t sockets_ = 0;  // that there were, each with a name of its own
  bool connected_first_ = false;
  bool told_ = false;  // `drain_` or `end_` is signalled
};

}  // namespace verbatim
