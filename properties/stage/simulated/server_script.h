// The peers of a server: a scenario of role server, step by step, on connections of the simulated
// kernel. Not for: the server itself (stage.cc).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/address.h"
#include "properties/stage/simulated/script.h"

namespace verbatim {

class ServerScript : public SimulatedScript {
 public:
  // Connects to `address`. Once all is done `drain` is signalled; once the judge says that it is
  // over, `end`.
  ServerScript(SimulatedKernel* kernel, const Scenario& scenario,
               const SimulatedStageOptions& options, Transcript* transcript, Judge* judge,
               const SocketAddress& address, int drain, int end)
      : SimulatedScript(kernel, scenario, options, transcript, judge->payload()),
        judge_(judge),
        address_(address),
        drain_(drain),
        end_(end),
        received_(options.buffer_bytes, '\0') {}

  bool Step() override;
  // The server is gone: takes in what it has left behind, and closes.
  void Finish();
  // What the judge can't see: a record that came back as another, a connection that was ended
  // before
  // its time or never given up; empty if nothing was.
  const std::string& violation() const { return violation_; }
  bool has_begun() const { return connected_first_; }
  bool has_ended() const { return told_; }

 private:
  struct Line {
    int fd = -1;
    bool open = false;
    bool stalled = false;
    bool shut = false;
    bool broken = false;      // a send failed
    uint64_t drip_bytes = 0;  // each millisecond; 0: as many as there are
    int64_t drips_again_ms = 0;
    uint64_t sent_bytes = 0;
    uint64_t received_bytes = 0;
    uint64_t step_end_bytes = 0;      // of the send under way
    std::vector<size_t> due_records;  // kUnixpacket: what is to come back
  };

  Line& At(uint32_t connection) { return lines_[connection - 1]; }
  bool TakeIn();
  bool MayRead(const Line& line);
  bool Pump(uint32_t connection);
  bool DoStep();
  bool Do(const verbatim::Step& step, Line& line);
  bool Connect(uint32_t connection);
  bool Send(const verbatim::Step& step, Line& line);
  bool SendMore(const verbatim::Step& step, Line& line, uint64_t count);
  bool Await(uint32_t connection, Line& line);
  bool ExpectEof(uint32_t connection, Line& line);
  bool Leave(const verbatim::Step& step, Line& line);
  bool Settle(const Line& line);
  void Dripped(size_t bytes, Line& line);
  bool AwaitAll();
  bool SayGoodbye();
  bool TellToEnd();
  void CheckEnding(uint32_t connection, Ending ending);
  void CloseExcused(uint32_t connection);
  void Violate(std::string what);
  void Close(Line& line);
  bool IsExcused(const Line& line) const { return line.fd >= 0 && kernel_.WasHurt(line.fd); }
  void EmitUnlessExcused(const Line& line, Event event);
  bool Done() { return NextStep(), true; }

  Judge* const judge_;
  const SocketAddress address_;
  const int drain_;
  const int end_;
  std::array<Line, kMaxConnections> lines_;
  std::string received_;
  std::string violation_;
  int descriptors_ = 0;  // of the server, before the first connection
  bool said_goodbye_ = false;
  bool connected_first_ = false;
  bool told_ = false;  // `drain_` or `end_` is signalled
};

}  // namespace verbatim
