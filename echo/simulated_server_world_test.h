// The peers of simulated_server_model_test.cc: connections that come, send, read and go as they are
// told, and what must be true of each of them whenever the server is quiet.
// Not for: which commands there are and in what order.
#pragma once

#include <rapidcheck.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "echo/server.h"
#include "echo/simulated_test.h"

namespace verbatim {

struct ServerSetup {
  ServerOptions options;
  SimulatedOptions kernel;
  std::vector<Fault> faults;  // that no connection may die of
  size_t limit = SIZE_MAX;    // of connections at once: max_connections, or the descriptors
};

class ServerWorld : public QuietPeers, public ServerLog {
 public:
  static constexpr size_t kSlots = 5;

  ServerWorld(SimulatedKernel* kernel, const ServerSetup& setup, int drain)
      : QuietPeers(kernel), setup_(setup), drain_(drain) {}

  // The commands. A slot is one peer, with one connection after the other.
  void Connect(size_t slot, Transport transport);
  void Send(size_t slot, size_t count);
  void Read(size_t slot, size_t count);
  void End(size_t slot);  // FIN
  void Leave(size_t slot, bool by_reset);
  void Pause(int64_t ms) { resume_ms_ = now_ms_ + ms; }
  void HoldUp(int64_t ms);
  void Drain();

  // `next` does the next command, and says whether it is to be checked before the one after it is
  // done; without a command it returns false.
  void Play(std::function<bool(bool* to_check)> next) { next_ = std::move(next); }

  // To be called when the server is gone: reads what is left and checks it.
  void Finish();

  void Connected(const SocketAddress& peer) override;
  void Ended(const SocketAddress& peer, uint64_t received_bytes, uint64_t sent_bytes,
             int error) override;

 protected:
  bool NeedsQuiet() const override { return to_check_ || resume_ms_ > now_ms_; }
  bool Act() override;

 private:
  struct Line {
    uint64_t id = 0;
    int fd = -1;
    bool is_open = false;
    bool is_over = false;  // its end was read
    bool finned = false;   // FIN was sent
    bool left = false;     // closed or reset
    SocketAddress address;
    uint64_t sent = 0, read = 0;
    uint64_t due = 0;      // sent before draining began
    uint64_t echoed = 0;   // read, or to be read, when it was looked at last
    int64_t acted_ms = 0;  // when the peer did something last
    int64_t moved_ms = 0;  // when something came back last
    bool accepted = false;
    bool ended = false;
    int error = 0;
  };

  bool IsLive(const Line& line) const { return line.accepted && !line.ended; }
  Line& At(size_t slot) { return *lines_[slots_[slot]]; }
  size_t Unread(const Line& line) const { return line.is_open ? kernel_.Unread(line.fd) : 0; }
  // Sent, and in the server or its kernel's buffer.
  uint64_t Held(const Line& line) const { return line.sent - line.read - Unread(line); }
  // The peer's kernel has no room: what the server holds, it holds rightly.
  bool IsFull(const Line& line) const { return 4 * Unread(line) > setup_.kernel.buffer_bytes; }
  Line& Find(const SocketAddress& address);
  bool ReadSome(Line& line, size_t count);
  void CheckEnd(const Line& line);
  void DrainBegins();
  void Note();
  bool IsPatient() const;
  void CheckQuiet();
  void CheckLive(const Line& line);
  bool Settle();

  const ServerSetup& setup_;
  const int drain_;
  std::function<bool(bool*)> next_;
  std::vector<std::unique_ptr<Line>> lines_;  // all that ever were
  std::array<size_t, kSlots> slots_{};
  size_t live_ = 0;  // as the log says
  bool to_check_ = false;
  int64_t resume_ms_ = 0;
  int64_t since_ms_ = 0;  // the last command
  bool drains_ = false;
  bool is_last_ = false;  // all commands are done
  bool settled_ = false;
};

}  // namespace verbatim
