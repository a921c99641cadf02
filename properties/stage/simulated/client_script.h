// The world of a client: an adversarial server, and who feeds its standard input and reads its
// standard output: a scenario of role client, step by step, on the simulated kernel.
// Not for: the client itself (stage.cc).
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/address.h"
#include "properties/stage/simulated/script.h"

namespace verbatim {

class ClientScript : public SimulatedScript {
 public:
  // Listens on `address`, and makes the two pipes. `forward` judges what the client sends by what
  // it was fed, `back` what it prints by what was replied.
  ClientScript(SimulatedKernel* kernel, const Scenario& scenario,
               const SimulatedStageOptions& options, Transcript* transcript, Judge* forward,
               Judge* back, const SocketAddress& address);

  int input() const { return input_[0]; }
  int output() const { return output_[1]; }

  bool Step() override;
  // The client has ended so: plays the rest, and takes in what it has left behind. `is_explained`:
  // by a fault, so that its failure is nobody's.
  void Finish(bool succeeded, bool is_explained);

 private:
  void Emit(Judge* judge, Event event) {
    event.way = judge == forward_ ? Way::kSent : Way::kPrinted;
    SimulatedScript::Emit(judge, std::move(event));
  }
  bool TakeIn();
  bool TakeFromClient();
  bool TakeFromOutput();
  void ClientEnded(Ending ending);
  bool DoStep();
  bool Do(const verbatim::Step& step);
  bool Feed(const verbatim::Step& step);
  bool Reply(const verbatim::Step& step);
  bool Leave(const verbatim::Step& step);
  bool ExpectExit();
  bool Silent(Judge* judge, Event::Kind kind);
  bool Settle();
  void Hang();
  void CheckStatus(bool succeeded, bool is_early);
  void CloseInput();
  void CloseConnection();
  bool IsExcused() const;
  bool Done() { return target_bytes_ = 0, NextStep(), true; }

  Judge* const forward_;
  Judge* const back_;
  int listener_ = -1;
  int connection_ = -1;
  int input_[2];
  int output_[2];
  bool accepted_ = false;
  bool open_ = false;        // the connection
  bool ours_ended_ = false;  // by a step of ours: shut down, reset or closed
  // We left while replies were unread there: a RST, ours or the answer to what is sent to us then,
  // may take them (RFC 9293 §3.10.7.4), so they may be printed and need not.
  bool took_replies_ = false;
  bool theirs_ended_ = false;
  bool input_open_ = true;
  bool output_open_ = true;
  bool stalled_ = false;
  bool exited_ = false;
  bool is_explained_ = false;
  bool hung_up_ = false;  // all was closed, so that the client must end
  uint64_t fed_bytes_ = 0;
  uint64_t taken_bytes_ = 0;
  uint64_t replied_bytes_ = 0;
  uint64_t printed_bytes_ = 0;
  uint64_t target_bytes_ = 0;  // where the feed or reply under way ends
  std::string received_;
};

}  // namespace verbatim
