// ClientEndings: how a play with a client under test ends: we leave, it ends, or the steps are
// over; and what must have come by then. Not for: feeding it and replying (client_stage.cc), or
// what comes meanwhile (client_world.h).
#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "properties/scenario/scenario.h"
#include "properties/stage/socket/client_world.h"

namespace verbatim {

class ClientEndings {
 public:
  // The world must outlive it.
  ClientEndings(ClientWorld* world, bool streams) : world_(*world), streams_(streams) {}

  // Shuts down, resets or closes the connection. Whoever has read all replies has them, however we
  // leave. The client must have begun.
  void Leave(Step::Kind kind);
  // Until it has ended. `succeeds`: with the status that says so.
  void ExpectExit(bool succeeds);
  // It is gone before its time, and we are not the ones who left.
  void SayLeft(std::string how);
  // The steps are over. How it ends was not asked; but what was replied must have been printed by
  // then.
  void Settle();

  bool Gone() { return world_.hands().Ended().has_value(); }
  // Whether it has read all that was replied, as far as the kernel can tell within 20 ms.
  bool IsRead();

 private:
  void AwaitTheirEnd();
  void EndIfAsked();
  void TakeRest();
  void SayStatus(bool succeeds, bool fed_on);
  void AwaitOutput(absl::FunctionRef<bool()> enough);

  ClientWorld& world_;
  const bool streams_;
  bool said_status_ = false;
};

}  // namespace verbatim
