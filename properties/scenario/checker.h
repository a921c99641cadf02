// Checker: which steps can be played, one after the other. Validate, the byte form and the
// generators ask it, so that each is linear in the steps.
// Not for: what else a scenario holds (Validate in scenario.h).
#pragma once

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "properties/scenario/scenario.h"

namespace verbatim {

// A connection is used only between its connect and its end; nothing is sent after a shutdown, nor
// beyond the payload; nothing is awaited of a connection that is stalled, but of one that drips it
// is. Of a client: nothing is fed after its input's end, nothing is replied that was not fed,
// nothing comes after its exit. Of a server of datagrams: a send is one datagram.
class Checker {
 public:
  // `payload_bytes`: of each connection.
  Checker(Role role, uint64_t payload_bytes);

  // Empty if the step can be played next: then it counts as played. Else what is wrong, in words
  // for the author of a scenario, and nothing has changed.
  absl::string_view Take(const Step& step);

  // Of connection 1 to kMaxConnections.
  bool IsOpen(uint32_t connection) const { return lines_[connection - 1].open; }
  bool WasConnected(uint32_t connection) const { return lines_[connection - 1].used; }
  bool IsStalled(uint32_t connection) const { return lines_[connection - 1].stalled; }
  // What is left of the payload, to send there or to feed.
  uint64_t LeftBytes(uint32_t connection) const {
    return payload_bytes_ - lines_[connection - 1].sent_bytes;
  }
  // What was fed and not replied.
  uint64_t DueBytes() const { return lines_[0].sent_bytes - replied_bytes_; }

 private:
  struct Line {
    bool open = false;
    bool used = false;
    bool stalled = false;
    bool drips = false;
    bool shut = false;
    uint64_t sent_bytes = 0;  // of a client: fed
  };
  static absl::string_view Connect(Line& line);
  absl::string_view TakeOfServer(const Step& step, Line& line);
  absl::string_view TakeOfDatagrams(const Step& step, Line& line);
  absl::string_view TakeOfClient(const Step& step, Line& line);
  absl::string_view TakeOnLine(const Step& step, Line& line);
  absl::string_view Drip(const Step& step, Line& line);
  absl::string_view Send(const Step& step, Line& line);
  absl::string_view SendDatagram(const Step& step, Line& line);
  absl::string_view Feed(const Step& step, Line& line);
  absl::string_view Reply(const Step& step, const Line& line);

  Role role_;
  uint64_t payload_bytes_;
  std::array<Line, kMaxConnections> lines_;
  uint64_t replied_bytes_ = 0;
  bool input_ended_ = false;
  bool exited_ = false;
};

}  // namespace verbatim
