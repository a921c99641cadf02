// What the simulated kernel keeps for each descriptor: a plain record, moved by the rules in
// simulated_stream.cc, simulated_datagram.cc and simulated_wait.cc.
// Not for: users of the simulator (simulated_kernel.h).
#pragma once

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/address.h"

namespace verbatim {

inline constexpr size_t kPipeBuf = 4096;  // POSIX's PIPE_BUF on Linux: what a pipe takes whole

// Bytes in order, taken from the front. Flat, since fuzzing spends its time here.
class ByteQueue {
 public:
  size_t size() const { return bytes_.size() - begin_; }
  const char* data() const { return bytes_.data() + begin_; }
  void Append(const char* data, size_t count);
  void Drop(size_t count);
  void Clear() { bytes_.clear(), begin_ = 0; }

 private:
  std::string bytes_;
  size_t begin_ = 0;
};

struct SimulatedDatagram {
  std::string bytes;
  SocketAddress from;  // without a family: its sender has no name
  SocketAddress to;    // the address that was asked
  int sender = -1;     // whose room it takes (unix)
};

// How often those that wait for a socket were woken: by all that concerns everybody (an end, an
// error), by input, by room. An edge is told to those that asked for its kind.
struct Wakes {
  uint32_t all = 1;
  uint32_t input = 1;
  uint32_t room = 1;
};

// One registration with an epoll descriptor.
struct EpollItem {
  int fd = -1;
  epoll_event event{};
  Wakes seen;  // the socket's when it was last reported (EPOLLET)
};

// What needs no memory of its own, so that beginning anew is one assignment.
struct SimulatedSocketState {
  enum class Kind : uint8_t { kStream, kRecord, kDatagram, kPipe, kEvent, kEpoll };
  enum class State : uint8_t { kNew, kListening, kConnecting, kConnected };
  int fd = -1;
  Kind kind = Kind::kStream;
  State state = State::kNew;
  int domain = 0;
  bool is_open = false;   // some program has the descriptor
  bool closed = false;    // it was open
  bool is_peers = false;  // not the implementation
  bool is_lent = false;   // the peers', and the implementation may use it
  bool blocks = true;
  bool is_bound = false;
  SocketAddress local;
  SocketAddress remote;

  // Of a connection; the names are those of Linux's sock: RCV_SHUTDOWN, SEND_SHUTDOWN, sk_err,
  // TCP_CLOSE after a RST.
  int other = -1;          // the other end; of a unix datagram socket whom it is connected to
  size_t limit_bytes = 0;  // of SimulatedSocket::in
  bool in_ended = false;
  bool out_ended = false;
  bool dead = false;
  bool resets_on_close = false;     // SO_LINGER of 0 s
  mutable bool wants_room = false;  // SOCK_NOSPACE: it saw that there was none, and is told of it
  int error = 0;

  size_t backlog = 0;  // of a listener

  // Of a datagram socket.
  size_t queued_bytes = 0;
  bool tells_asked = false;  // IP_PKTINFO, IPV6_RECVPKTINFO
  size_t send_limit_bytes = 0;

  Wakes wakes;
  bool is_hurt = false;      // a fault that may end it was met
  bool signalled = false;    // of kEvent
  uint64_t taken_bytes = 0;  // by the implementation
  uint64_t given_bytes = 0;  // by the implementation
  size_t first_item = 0;     // of kEpoll: where the next wait begins to look

  bool is_unix() const { return domain == AF_UNIX; }
  bool connects() const { return kind == Kind::kStream || kind == Kind::kRecord; }
};

struct SimulatedSocket : SimulatedSocketState {
  ByteQueue in;                 // received, not read
  std::vector<size_t> records;  // of unix streams: what each send gave, as far as it is unread
  std::vector<int> queue;       // to be accepted
  std::vector<int> waiting;     // connects that found the queue full
  std::vector<SimulatedDatagram> datagrams;
  std::vector<EpollItem> items;

  // As if new, with the memory that it has.
  void Clear() {
    static_cast<SimulatedSocketState&>(*this) = SimulatedSocketState();
    in.Clear();
    records.clear();
    queue.clear();
    waiting.clear();
    datagrams.clear();
    items.clear();
  }
};

}  // namespace verbatim
