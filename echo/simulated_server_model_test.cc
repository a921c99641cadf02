// A model of the server: connections come, send, read, stall, end, reset and go in any order, while
// its calls meet faults that no connection may die of.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <rapidcheck/state.h>

#include <cerrno>
#include <string>

#include "echo/simulated_server_world_test.h"

namespace verbatim {
namespace {

// What decides whether a command makes sense.
struct Model {
  struct Slot {
    bool is_open = false;
    bool finned = false;
  };
  std::array<Slot, ServerWorld::kSlots> slots;
  bool may_drain = false;
};

using Command = rc::state::Command<Model, ServerWorld>;

// To the server's wait it is one act. After a hurried one the server is not awaited.
class ServerCommand : public Command {
 public:
  ServerCommand() : hurries_(*rc::gen::arbitrary<bool>()) {}
  bool hurries() const { return hurries_; }

 protected:
  std::string Manner() const { return hurries_ ? ", hurried" : ""; }

 private:
  const bool hurries_;
};

class OfSlot : public ServerCommand {
 public:
  OfSlot() : slot_(*rc::gen::inRange<size_t>(0, ServerWorld::kSlots)) {}
  void checkPreconditions(const Model& model) const override { RC_PRE(Of(model).is_open); }

 protected:
  const Model::Slot& Of(const Model& model) const { return model.slots[slot_]; }
  Model::Slot& Of(Model& model) const { return model.slots[slot_]; }
  const size_t slot_;
};

class Connect : public OfSlot {
 public:
  void checkPreconditions(const Model& model) const override { RC_PRE(!Of(model).is_open); }
  void apply(Model& model) const override { Of(model) = {.is_open = true}; }
  void run(const Model&, ServerWorld& world) const override { world.Connect(slot_, transport_); }
  void show(std::ostream& out) const override {
    out << slot_ << " connects by " << TransportName(transport_) << Manner();
  }

 private:
  const Transport transport_ = *rc::gen::element(Transport::kTcp, Transport::kUnixAbstract);
};

rc::Gen<size_t> AnyCount() {
  return rc::gen::weightedOneOf<size_t>(
      {{2, rc::gen::inRange<size_t>(1, 9)}, {1, rc::gen::inRange<size_t>(1, 300)}});
}

class Send : public OfSlot {
 public:
  void checkPreconditions(const Model& model) const override {
    RC_PRE(Of(model).is_open && !Of(model).finned);
  }
  void run(const Model&, ServerWorld& world) const override { world.Send(slot_, count_); }
  void show(std::ostream& out) const override { out << slot_ << " sends " << count_ << Manner(); }

 private:
  const size_t count_ = *AnyCount();
};

class Read : public OfSlot {
 public:
  void run(const Model&, ServerWorld& world) const override { world.Read(slot_, count_); }
  void show(std::ostream& out) const override { out << slot_ << " reads " << count_ << Manner(); }

 private:
  const size_t count_ = *AnyCount();
};

class End : public OfSlot {
 public:
  void checkPreconditions(const Model& model) const override {
    RC_PRE(Of(model).is_open && !Of(model).finned);
  }
  void apply(Model& model) const override { Of(model).finned = true; }
  void run(const Model&, ServerWorld& world) const override { world.End(slot_); }
  void show(std::ostream& out) const override { out << slot_ << " ends" << Manner(); }
};

class Leave : public OfSlot {
 public:
  void apply(Model& model) const override { Of(model) = {}; }
  void run(const Model&, ServerWorld& world) const override { world.Leave(slot_, by_reset_); }
  void show(std::ostream& out) const override {
    out << slot_ << (by_reset_ ? " resets" : " closes") << Manner();
  }

 private:
  const bool by_reset_ = *rc::gen::arbitrary<bool>();
};

// The server wakes when it likes; or it is held up for as long.
class Pause : public ServerCommand {
 public:
  void run(const Model&, ServerWorld& world) const override {
    is_held_up_ ? world.HoldUp(ms_) : world.Pause(ms_);
  }
  void show(std::ostream& out) const override {
    out << (is_held_up_ ? "all are held up for " : "a pause of ") << ms_ << " ms" << Manner();
  }

 private:
  const int64_t ms_ = *rc::gen::inRange<int64_t>(1, 400);
  const bool is_held_up_ = *rc::gen::arbitrary<bool>();
};

class Drain : public ServerCommand {
 public:
  void checkPreconditions(const Model& model) const override { RC_PRE(model.may_drain); }
  void apply(Model& model) const override { model.may_drain = false; }
  void run(const Model&, ServerWorld& world) const override { world.Drain(); }
  void show(std::ostream& out) const override { out << "the server drains" << Manner(); }
};

absl::Status Serve(SimulatedKernel* kernel, const ServerSetup& setup, ServerWorld* world,
                   int drain) {
  Server<SimulatedKernel> server(kernel, world, setup.options);
  for (const Transport transport : {Transport::kTcp, Transport::kUnixAbstract}) {
    auto listening = Listen(*kernel, transport, ServerAddress(transport), 64);
    if (!listening.ok()) return listening.status();
    if (absl::Status status = server.Add(*std::move(listening)); !status.ok()) return status;
  }
  kernel->SetPeers(world);
  return server.Run(drain);
}

void CheckServer(const ServerSetup& setup, bool may_drain = false) {
  Model model;
  model.may_drain = may_drain;
  const auto commands = *rc::state::gen::commands(
      model, rc::state::gen::execOneOfWithArgs<Connect, Connect, Send, Send, Send, Send, Read, Read,
                                               End, Leave, Pause, Drain>());
  FaultList faults(setup.faults);
  SimulatedKernel kernel;
  kernel.Reset(setup.kernel, &faults, nullptr);
  const int drain = PeersEvent(&kernel);
  ServerWorld world(&kernel, setup, drain);
  size_t at = 0;
  world.Play([&](bool* to_check) {
    if (at == commands.size()) return false;
    commands[at]->run(model, world);
    *to_check = !static_cast<const ServerCommand&>(*commands[at++]).hurries();
    return true;
  });
  const absl::Status status = Serve(&kernel, setup, &world, drain);
  RC_ASSERT(kernel.violation() == "");
  RC_ASSERT(status == absl::OkStatus());
  kernel.CheckNothingIsLeftOpen();
  RC_ASSERT(kernel.violation() == "");
  world.Finish();
}

// Small buffers, so that a few bytes fill them.
ServerSetup AnySetup() {
  ServerSetup setup;
  setup.options.session_bytes = *rc::gen::inRange<size_t>(1, 64);
  setup.options.drain_ms = 1 << 30;  // as long as the peers need
  setup.kernel.buffer_bytes = *rc::gen::inRange<size_t>(1, 64);
  setup.kernel.most_held_bytes = setup.options.session_bytes;
  return setup;
}

std::vector<Fault> AnyFaults() {
  const std::vector<ErrorChoice> errors = {
      {Call::kRecv, EINTR},          {Call::kRecv, EAGAIN},    {Call::kSend, EINTR},
      {Call::kSend, EAGAIN},         {Call::kAccept, EINTR},   {Call::kAccept, EAGAIN},
      {Call::kAccept, ECONNABORTED}, {Call::kAccept, EPROTO},  {Call::kAccept, EMFILE},
      {Call::kAccept, ENFILE},       {Call::kAccept, ENOBUFS}, {Call::kAccept, ENOMEM},
      {Call::kEpollWait, EINTR},     {Call::kClose, EINTR}};
  const auto fault = AnyFaultOf(errors, {Call::kRecv, Call::kSend, Call::kEpollWait});
  return *rc::gen::container<std::vector<Fault>>(fault);
}

RC_GTEST_PROP(SimulatedServer, EchoesEveryConnectionWhateverTheOthersDo, ()) {
  CheckServer(AnySetup());
}

RC_GTEST_PROP(SimulatedServer, EchoesThroughFaultsThatNoConnectionMayDieOf, ()) {
  ServerSetup setup = AnySetup();
  setup.faults = AnyFaults();
  CheckServer(setup);
}

RC_GTEST_PROP(SimulatedServer, ServesThoseBeyondItsLimitOnceOthersHaveEnded,
              (bool by_descriptors)) {
  ServerSetup setup = AnySetup();
  setup.limit = *rc::gen::inRange<size_t>(1, 4);
  if (by_descriptors) {
    setup.kernel.most_descriptors = static_cast<int>(setup.limit) + 3;  // epoll and two listeners
  } else {
    setup.options.max_connections = setup.limit;
  }
  if (*rc::gen::arbitrary<bool>()) setup.faults = AnyFaults();
  CheckServer(setup);
}

RC_GTEST_PROP(SimulatedServer, EndsIdleConnectionsAndNoBusyOne, ()) {
  ServerSetup setup = AnySetup();
  setup.options.idle_timeout_ms = *rc::gen::inRange<int64_t>(1, 1000);
  setup.kernel.most_held_bytes = SIZE_MAX;  // what an idle peer did not read is dropped
  if (*rc::gen::arbitrary<bool>()) setup.faults = AnyFaults();
  CheckServer(setup);
}

RC_GTEST_PROP(SimulatedServer, LosesNothingThatWasSentBeforeItDrains, (bool once)) {
  ServerSetup setup = AnySetup();
  setup.options.once = once;
  if (*rc::gen::arbitrary<bool>()) setup.faults = AnyFaults();
  CheckServer(setup, true);
}

}  // namespace
}  // namespace verbatim
