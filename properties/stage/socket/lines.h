// Lines: the connections of one scenario that is being played: read all along, each in its way,
// with everything that happens told to the judge and the transcript. Not for: the scenario's steps
// (stage.cc), or the rules of a single connection (line.h).
#pragma once

#include <poll.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "properties/judge/judge.h"
#include "properties/judge/transcript.h"
#include "properties/scenario/scenario.h"
#include "properties/stage/socket/line.h"
#include "properties/stage/socket/quiet.h"
#include "properties/stage/socket/stage.h"

namespace verbatim {

class Lines {
 public:
  // All must outlive it; `transcript` may be null.
  Lines(const Scenario& scenario, const Door& door, const StageOptions& options, Judge* judge,
        Transcript* transcript);

  Line& At(uint32_t connection) { return channels_[connection - 1].line; }

  // Returns kInternal iff our own side failed.
  absl::Status Connect(uint32_t connection);

  // From here on: read all that comes, nothing, or at most so many bytes each millisecond.
  void ReadAll(uint32_t connection) { SetDrip(connection, 0, false); }
  void ReadNothing(uint32_t connection) { SetDrip(connection, 0, true); }
  void Drip(uint32_t connection, uint64_t bytes_each_ms) {
    SetDrip(connection, bytes_each_ms, false);
  }

  // Waits for bytes on any connection that reads (and for room on `sender`, if it is not 0), and
  // takes in what is there.
  void PollOnce(int64_t timeout_ms, uint32_t sender);
  // Takes in what has come on one, a buffer at a time, so that no connection starves another.
  void Pump(uint32_t connection);

  // Reads until `done` holds (true), the connection ends, the judge has found a fault, or the time
  // is over: `limit_ms` in all or, if `from_progress`, since the connection's last byte
  // (and longer by patience).
  template <typename Done>
  bool Wait(Done done, uint32_t connection, int64_t limit_ms, bool from_progress) {
    Line& line = At(connection);
    Quiet quiet(from_progress ? options_.patience : nullptr);
    while (!done()) {
      const int64_t left_ms = quiet.LeftMs(limit_ms);
      waited_ms_ = quiet.WaitedMs(limit_ms);
      if (left_ms <= 0 || !line.open() || Over()) return false;
      const uint64_t received = line.received_bytes;
      PollOnce(Within(left_ms), 0);
      if (from_progress && line.received_bytes > received) quiet.Moved();
    }
    return true;
  }
  // How long the last one had, patience included.
  int64_t waited_ms() const { return waited_ms_; }

  void Emit(Event event);

  // Nothing that comes can add to the verdict, or there is no time left for it.
  bool Over();
  bool cut_short() const { return cut_short_; }
  int64_t Within(int64_t limit_ms) const { return options_.Within(limit_ms); }

  // Takes in what is still on the way, so that we never close with bytes unread (that sends a RST),
  // and closes them all.
  void Finish();

 private:
  struct Channel {
    Line line;
    bool ever_drips = false;
    uint64_t drip_bytes = 0;  // 0: it doesn't
    int64_t next_drip_us = 0;
  };

  void SetDrip(uint32_t connection, uint64_t bytes, bool stalled);
  int64_t AddPolls(uint32_t sender);
  void GatherEvidence();
  bool AnyOpen() const;
  uint64_t Received() const;

  const Door& door_;
  const StageOptions& options_;
  Judge* const judge_;
  Transcript* const transcript_;
  const int64_t start_us_;
  std::string buffer_;
  std::array<Channel, kMaxConnections> channels_;
  // Of the next poll, and whose they are; of one that only sends nothing is read.
  std::vector<pollfd> polls_;
  std::vector<uint32_t> readers_;
  int64_t waited_ms_ = 0;
  bool cut_short_ = false;
};

}  // namespace verbatim
