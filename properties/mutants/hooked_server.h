// HookedServer: a sound echo server (one process, one thread, poll (2)) that asks a mutant's hooks
// at each place where a program decides something. A mutant is a class that overrides one or two.
// Not for: the first mutants (plain_server.h).
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/posix_kernel.h"
#include "core/unique_fd.h"
#include "echo/sockets.h"
#include "properties/mutants/kept_bytes.h"
#include "properties/mutants/mutants.h"

namespace verbatim {

using Clock = std::chrono::steady_clock;

// One connection, as its server sees it.
struct HookedPeer {
  UniqueFd fd;
  int number = 0;         // so many were accepted before it
  uint64_t received = 0;  // bytes; when Received is called, those before
  int last_byte = -1;     // of those
  KeptBytes kept;         // to be written
  Clock::time_point accepted_at = Clock::now();
  Clock::time_point read_at = accepted_at;
  Clock::time_point ended_at;
  int ready = 0;       // events of poll (2)
  bool ended = false;  // the peer has sent its FIN
  bool gone = false;   // closed at the end of this round
  std::string held;    // whatever a mutant remembers of it
  bool marked = false;
};

class HookedServer;

// What a server decides. As they are here, they make a sound one.
class StreamHooks {
 public:
  static constexpr size_t kMostKept = 256 * 1024;

  virtual ~StreamHooks() = default;
  // Before the first connection. Returns the descriptor to wait for, for connections.
  virtual int Start(int listener) { return listener; }
  virtual size_t BufferBytes() const { return 64 * 1024; }
  virtual int TimeoutMs(const HookedServer&) { return -1; }
  // After each wait, before anything is served.
  virtual void Tick(HookedServer&) {}
  virtual bool MayAccept(const HookedServer&) { return true; }
  virtual void BeforeAccept() {}
  virtual bool AcceptsAllThatWait() const { return true; }
  virtual bool RecoversFromEmfile() const { return true; }
  virtual void OutOfDescriptors(HookedServer&) {}
  virtual void Welcome(HookedServer&, HookedPeer&) {}
  virtual bool MayRead(const HookedServer&, HookedPeer& peer) {
    return peer.kept.size() < kMostKept;
  }
  virtual bool MayWrite(HookedPeer& peer) { return !peer.kept.empty(); }
  virtual short MoreInterest(const HookedPeer&) { return 0; }
  virtual void BeforeRead(HookedPeer&) {}
  // What is sent back for what one read returned.
  virtual std::string Received(HookedServer&, HookedPeer&, std::string data) { return data; }
  // What is sent back at the end of what the peer sends.
  virtual std::string AtEnd(HookedPeer&) { return ""; }
  virtual void BeforeWrite(HookedPeer&) {}
  virtual void AfterWrite(HookedPeer&) {}
  // All that was received is written, and the peer has sent its FIN.
  virtual bool MayClose(HookedPeer&) { return true; }
  // It was reset, or a write failed.
  virtual void Broken(HookedPeer&, bool /*writing*/) {}
  // The last before it is closed, for whatever reason.
  virtual void Leaves(HookedServer&, HookedPeer&) {}
};

class HookedServer {
 public:
  HookedServer(std::unique_ptr<StreamHooks> hooks, Listening<PosixKernel> listening);

  // Until it is ended from outside, or by Finish. Returns the failing call iff it can't wait.
  absl::Status Run();

  // For hooks. Sends `bytes` to `peer` when it can be written.
  void Keep(HookedPeer& peer, const std::string& bytes);
  void Finish() { finished_ = true; }
  const std::vector<std::unique_ptr<HookedPeer>>& peers() const { return peers_; }
  // nullptr if it has left.
  HookedPeer* FindPeer(int number) const;

 private:
  absl::Status Wait();
  short Interest(HookedPeer& peer);
  void Accept();
  void Serve(HookedPeer& peer);
  void Read(HookedPeer& peer);
  void Write(HookedPeer& peer);
  void Break(HookedPeer& peer, bool writing);
  void DropGone();

  PosixKernel kernel_;
  const std::unique_ptr<StreamHooks> hooks_;
  const Listening<PosixKernel> listening_;
  int wait_for_ = -1;
  bool accepts_ = false;
  bool full_ = false;  // no descriptor is left
  bool finished_ = false;
  int accepted_ = 0;
  std::vector<std::unique_ptr<HookedPeer>> peers_;
};

}  // namespace verbatim
