// The peers of simulated_datagram_properties.cc: they ask, read late or never, go and come again,
// and check that each answer is one of their own datagrams. Not for: what they do in which order,
// and how many answers may be lost.
#pragma once

#include <array>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/endpoint.h"
#include "echo/simulated_test.h"
#include "echo/sockets.h"

namespace verbatim {

// The last one never reads unix datagrams.
inline constexpr size_t kPeers = 4;
// A unix datagram that can't be sent is held for 100 ms (server.h); who is late is earlier.
inline constexpr int64_t kMostLateMs = 90;

inline SocketAddress Local4(uint8_t last, uint16_t port) {
  return SocketAddress::FromIPv4({127, 0, 0, last}, port);
}
inline SocketAddress Loopback6(uint16_t port) {
  std::array<uint8_t, 16> one{};
  one[15] = 1;
  return SocketAddress::FromIPv6(one, port);
}

// How the server is asked.
struct Setting {
  Transport transport = Transport::kUdp;
  SocketAddress server;              // as it is bound
  std::vector<SocketAddress> asked;  // as it can be asked
  size_t most_bytes = 0;
  size_t buffer_bytes = 16 << 20;  // of UDP: nothing is dropped for want of room
  bool IsConnected() const { return verbatim::IsConnected(transport); }
};

// `peer` sends `count` datagrams of `bytes`. `goes`: it closes its socket before that, and has
// another from then on. `is_nameless`: from a unix socket without a name.
struct Turn {
  size_t peer = 0;
  size_t asked = 0;
  size_t bytes = 0;
  size_t count = 1;
  int64_t pause_ms = 0;  // after it
  bool is_hurried = false;
  bool reads = false;  // all peers do, before it
  bool goes = false;
  bool is_nameless = false;
};

inline void showValue(const Turn& turn, std::ostream& out) {
  out << (turn.reads ? "all read; " : "") << (turn.goes ? "a new " : "")
      << (turn.is_nameless ? "nameless " : "") << turn.peer << " sends " << turn.count << " of "
      << turn.bytes << " to address " << turn.asked << ", " << turn.pause_ms << " ms"
      << (turn.is_hurried ? ", hurried" : "");
}

class Askers : public QuietPeers {
 public:
  Askers(SimulatedKernel* kernel, const Setting& setting, const std::vector<Turn>& turns, int drain)
      : QuietPeers(kernel), setting_(setting), turns_(turns), drain_(drain) {}

  // To be called when the server is gone. At most `lost` answers may be missing; just as many are
  // where that can be known.
  void Finish(size_t lost);

 protected:
  bool NeedsQuiet() const override { return !is_hurried_ || resume_ms_ > now_ms_; }
  bool Act() override;

 private:
  struct Sent {
    std::string bytes;
    SocketAddress asked;
  };
  struct Peer {
    int fd = -1;
    std::vector<Sent> sent;
    size_t next = 0;  // of `sent`: this or a later one is answered next
    size_t answered = 0;
  };

  bool IsLate(size_t peer) const;  // until the end
  void Come(Peer& peer, uint16_t port);
  void Send(Peer& peer, const Turn& turn);
  void SendNameless(const Turn& turn);
  void Do(const Turn& turn);
  bool ReadAll();
  bool ReadOne(Peer& peer);
  size_t Missing() const;
  bool Settle();

  const Setting& setting_;
  const std::vector<Turn>& turns_;
  const int drain_;
  std::array<Peer, kPeers> peers_;
  std::string buffer_ = std::string(300000, '\0');
  size_t at_ = 0;
  uint64_t count_ = 0;
  int64_t read_ms_ = 0;  // when all read last
  int64_t resume_ms_ = 0;
  int64_t give_up_ms_ = 0;
  bool is_hurried_ = false;
  bool one_went_ = false;
  bool settled_ = false;
};

}  // namespace verbatim
