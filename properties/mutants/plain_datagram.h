// PlainDatagramServer: a sound echo of datagrams (one process, one thread, poll (2)) that asks a
// mutant's hooks at each place where a program decides something.
// Not for: serving anybody; that one is echo/datagram.h.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/posix_kernel.h"
#include "core/unique_fd.h"
#include "echo/sockets.h"
#include "properties/mutants/mutants.h"

namespace verbatim {

using DatagramClock = std::chrono::steady_clock;

// What came, and where its answer goes.
struct Datagram {
  // Equal for two datagrams of one socket. Empty for a unix socket without a name.
  std::string Sender() const;
  uint16_t port() const;  // 0 for a unix socket

  std::string data;
  sockaddr_storage from{};
  socklen_t from_bytes = 0;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(in6_pktinfo))] = {};
  size_t control_bytes = 0;  // which address was asked
};

class PlainDatagramServer;

// What a server decides. As they are here, they make a sound one.
class DatagramHooks {
 public:
  virtual ~DatagramHooks() = default;
  virtual void Start(const PlainDatagramServer&) {}
  // A larger datagram is cut. Unix datagrams may be larger than UDP's.
  virtual size_t BufferBytes() const { return 512 * 1024; }
  // Before what waits is received: so that more may come.
  virtual int PauseMs() const { return 0; }
  virtual int TimeoutMs() { return -1; }
  virtual void Tick(PlainDatagramServer&) {}
  // The small services would answer the answer (CVE-2024-2169).
  virtual bool IsToBeAnswered(const Datagram& datagram);
  // All that was waiting.
  virtual void AnswerAll(PlainDatagramServer& server, std::vector<Datagram>& waiting);
  virtual void Answer(PlainDatagramServer& server, Datagram& datagram);
  // A call said so: an earlier answer's, refused, or this one's.
  virtual void Failed(PlainDatagramServer&, int /*error_number*/) {}
};

class PlainDatagramServer {
 public:
  PlainDatagramServer(std::unique_ptr<DatagramHooks> hooks, Listening<PosixKernel> listening);

  // Until it is ended from outside, or by Finish. Returns the failing call iff it can't wait.
  absl::Status Run();

  // For hooks. Sends the datagram's data to where it came from; from another socket if `fd` is one.
  void Send(Datagram& datagram, int fd = -1);
  void Finish() { finished_ = true; }
  int fd() const { return listening_.fd.get(); }
  const SocketAddress& address() const { return listening_.address; }

 private:
  std::vector<Datagram> Receive();

  PosixKernel kernel_;
  const std::unique_ptr<DatagramHooks> hooks_;
  const Listening<PosixKernel> listening_;
  std::vector<char> buffer_;
  bool finished_ = false;
};

}  // namespace verbatim
