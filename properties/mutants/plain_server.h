// PlainServer: one process, one thread, poll (2); with at most one defect, at the place where real
// programs have it.
// Not for: defects of content (bytes.h), or those that take a process for each connection
// (forking_server.h).
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/posix_kernel.h"
#include "core/unique_fd.h"
#include "echo/sockets.h"
#include "properties/mutants/bytes.h"
#include "properties/mutants/kept_bytes.h"
#include "properties/mutants/mutants.h"

namespace verbatim {

class PlainServer {
 public:
  PlainServer(Defect defect, Listening<PosixKernel> listening);

  // Until it is ended from outside. Returns the failing call iff it can't wait, or the defect ends
  // it.
  absl::Status Run();

 private:
  struct Peer {
    explicit Peer(int accepted, Defect defect) : fd(accepted), mangler(defect) {}
    UniqueFd fd;
    Mangler mangler;
    KeptBytes kept;
    std::chrono::steady_clock::time_point read_at = std::chrono::steady_clock::now();
    int ready = 0;  // events of poll (2)
    bool ended = false;
    bool gone = false;
  };

  bool Is(Defect defect) const { return defect_ == defect; }
  absl::Status Wait();
  absl::Status WaitForEdges();
  int TimeoutMs() const;
  bool MayWrite(const Peer& peer) const;
  short Interest(const Peer& peer) const;
  void Accept();
  void Welcome(int fd);
  void Serve(Peer& peer);
  void Read(Peer& peer);
  void Fail(Peer& peer, absl::Status error);
  void ReadEnded(Peer& peer);
  void Keep(Peer& peer, const std::string& data);
  std::string LeakTo(Peer& peer, std::string data);
  void Write(Peer& peer);
  void DropClosed();

  PosixKernel kernel_;
  const Defect defect_;
  const Listening<PosixKernel> listening_;
  UniqueFd epoll_;  // where the defect is about edges
  bool accepts_ = false;
  bool full_ = false;  // no descriptor is left: until a connection ends
  absl::Status end_;
  std::vector<std::unique_ptr<Peer>> peers_;
};

}  // namespace verbatim
