// The property of the server's datagrams: each is answered once, whole, in order, to who sent it
// and from the address that was asked, whatever the server's calls meet. Records of a
// SOCK_SEQPACKET connection likewise.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "echo/server.h"
#include "echo/simulated_askers_test.h"

namespace verbatim {
namespace {

Setting Udp() { return {Transport::kUdp, Local4(1, 4007), {Local4(1, 4007)}, 65507}; }
Setting UdpOfAllAddresses() {
  return {Transport::kUdp,
          SocketAddress::FromIPv4({}, 4007),
          {Local4(1, 4007), Local4(2, 4007), Local4(77, 4007)},
          65507};
}
Setting Udp6() { return {Transport::kUdp, Loopback6(4007), {Loopback6(4007)}, 65527}; }
// Datagrams may be larger than the server's buffer for sending, and than its own.
Setting Unix(Transport transport) {
  const SocketAddress at = ServerAddress(transport);
  const bool is_datagram = transport == Transport::kUnixgram;
  return {transport, at, {at}, is_datagram ? size_t{200000} : size_t{8000}, 8000};
}

rc::Gen<std::vector<Turn>> AnyTurns(const Setting& setting) {
  const auto bytes = rc::gen::weightedOneOf<size_t>({{6, rc::gen::inRange<size_t>(0, 20)},
                                                     {6, rc::gen::inRange<size_t>(0, 4000)},
                                                     {1, rc::gen::just(setting.most_bytes)}});
  const auto seldom = rc::gen::weightedElement<bool>({{15, false}, {1, true}});
  const auto turn = rc::gen::build<Turn>(
      rc::gen::set(&Turn::peer, rc::gen::inRange<size_t>(0, kPeers)),
      rc::gen::set(&Turn::asked, rc::gen::inRange<size_t>(0, setting.asked.size())),
      rc::gen::set(&Turn::bytes, bytes), rc::gen::set(&Turn::count, rc::gen::inRange<size_t>(1, 8)),
      rc::gen::set(&Turn::pause_ms, rc::gen::inRange<int64_t>(0, kMostLateMs / 2)),
      rc::gen::set(&Turn::is_hurried), rc::gen::set(&Turn::reads),
      rc::gen::set(&Turn::goes, seldom), rc::gen::set(&Turn::is_nameless, seldom));
  return rc::gen::container<std::vector<Turn>>(turn);
}

// Which fault costs an answer: what UDP can't send it gives up at once, a unix socket what it
// can't send for another reason than a full queue.
bool Loses(const Fault& fault, Transport transport) {
  if (fault.call != Call::kSendMessage || fault.kind != Fault::Kind::kError) return false;
  if (fault.error == EAGAIN) return transport == Transport::kUdp;
  return fault.error != EINTR;
}

absl::Status Serve(SimulatedKernel* kernel, const Setting& setting, int drain,
                   SimulatedPeers* peers, ServerOptions options) {
  ServerLog log;
  Server<SimulatedKernel> server(kernel, &log, options);
  auto listening = Listen(*kernel, setting.transport, setting.server, 64);
  if (!listening.ok()) return listening.status();
  if (absl::Status status = server.Add(*std::move(listening)); !status.ok()) return status;
  kernel->SetPeers(peers);
  return server.Run(drain);
}

void CheckAnswers(const Setting& setting, const std::vector<Fault>& faults) {
  const auto turns = *AnyTurns(setting);
  FaultList list(faults);
  SimulatedKernel kernel;
  kernel.Reset({.buffer_bytes = setting.buffer_bytes}, &list, nullptr);
  const int drain = PeersEvent(&kernel);
  Askers askers(&kernel, setting, turns, drain);
  const absl::Status status = Serve(&kernel, setting, drain, &askers, {});
  RC_ASSERT(kernel.violation() == "");
  RC_ASSERT(status == absl::OkStatus());
  kernel.CheckNothingIsLeftOpen();
  RC_ASSERT(kernel.violation() == "");
  const size_t lost = static_cast<size_t>(
      std::count_if(kernel.met().begin(), kernel.met().end(),
                    [&](const Fault& fault) { return Loses(fault, setting.transport); }));
  askers.Finish(lost);
}

// A socket's first registration is no part of serving.
std::vector<Fault> AnyFaults(const Setting& setting) {
  std::vector<ErrorChoice> errors = {{Call::kEpollWait, EINTR},    {Call::kRecvMessage, EINTR},
                                     {Call::kRecvMessage, EAGAIN}, {Call::kSendMessage, EINTR},
                                     {Call::kSendMessage, EAGAIN}, {Call::kRecv, EINTR}};
  if (!setting.IsConnected()) {  // a connection ends by these
    errors.insert(errors.end(), {{Call::kRecvMessage, ECONNREFUSED},
                                 {Call::kRecvMessage, ENOMEM},
                                 {Call::kSendMessage, ECONNREFUSED},
                                 {Call::kSendMessage, ENOBUFS},
                                 {Call::kSendMessage, ENOMEM},
                                 {Call::kEpollControl, ENOMEM}});
  }
  auto faults = *rc::gen::container<std::vector<Fault>>(AnyFaultOf(errors, {Call::kEpollWait}));
  for (Fault& fault : faults) fault.after += fault.call == Call::kEpollControl ? 2 : 0;
  return faults;
}

void CheckBothWays(const Setting& setting) {
  CheckAnswers(setting, *rc::gen::arbitrary<bool>() ? AnyFaults(setting) : std::vector<Fault>());
}

// Every peer asks once, from such a port; who is not to be answered is told nothing.
class SmallServices : public QuietPeers {
 public:
  SmallServices(SimulatedKernel* kernel, std::vector<uint16_t> ports, int drain)
      : QuietPeers(kernel), ports_(std::move(ports)), drain_(drain) {}
  const std::vector<uint16_t>& answered() const { return answered_; }

 protected:
  bool NeedsQuiet() const override { return true; }
  bool Act() override {
    if (at_ > ports_.size()) return false;
    if (at_ == ports_.size()) return kernel_.Signal(drain_), ++at_, true;
    if (fd_ < 0) return Ask(), true;
    char answer = 0;
    if (kernel_.Recv(fd_, &answer, 1, MSG_DONTWAIT) == 1) answered_.push_back(ports_[at_]);
    kernel_.Close(std::exchange(fd_, -1));
    return ++at_, true;
  }

 private:
  void Ask() {
    fd_ = kernel_.Socket(AF_INET, SOCK_DGRAM, 0);
    const SocketAddress own = Local4(1, ports_[at_]), server = Local4(1, 4007);
    RC_ASSERT(kernel_.Bind(fd_, own.data(), own.size()) == 0);
    RC_ASSERT(kernel_.Connect(fd_, server.data(), server.size()) == 0);
    RC_ASSERT(kernel_.Send(fd_, "x", 1, 0) == 1);
  }

  const std::vector<uint16_t> ports_;
  const int drain_;
  int fd_ = -1;
  size_t at_ = 0;
  std::vector<uint16_t> answered_;
};

RC_GTEST_PROP(SimulatedDatagrams, OfSmallServicesAreNotAnswered, (bool answers_all)) {
  const auto port =
      rc::gen::weightedOneOf<uint16_t>({{1, rc::gen::inRange<uint16_t>(1, 65535)},
                                        {2, rc::gen::inRange<uint16_t>(1, 40)},
                                        {2, rc::gen::element<uint16_t>(7, 13, 17, 19, 37)}});
  auto ports = *rc::gen::container<std::vector<uint16_t>>(port);
  ports.erase(std::remove(ports.begin(), ports.end(), 4007), ports.end());
  SimulatedKernel kernel;
  const int drain = PeersEvent(&kernel);
  SmallServices peers(&kernel, ports, drain);
  RC_ASSERT(Serve(&kernel, Udp(), drain, &peers, {.answers_all = answers_all}).ok());
  const auto is_small = [&](uint16_t each) {
    return !answers_all && (each == 7 || each == 13 || each == 17 || each == 19 || each == 37);
  };
  ports.erase(std::remove_if(ports.begin(), ports.end(), is_small), ports.end());
  RC_ASSERT(peers.answered() == ports);
}

RC_GTEST_PROP(SimulatedDatagrams, OfUdpAreAnsweredOnceEach, ()) { CheckBothWays(Udp()); }

RC_GTEST_PROP(SimulatedDatagrams, AreAnsweredFromTheAddressThatWasAsked, ()) {
  CheckBothWays(UdpOfAllAddresses());
}

RC_GTEST_PROP(SimulatedDatagrams, OfIpv6AreAnsweredOnceEach, ()) { CheckBothWays(Udp6()); }

RC_GTEST_PROP(SimulatedDatagrams, OfUnixWaitForThoseThatReadLateAndForNobodyElse, ()) {
  CheckBothWays(Unix(Transport::kUnixgram));
}

RC_GTEST_PROP(SimulatedDatagrams, AsRecordsComeBackWholeAndInOrder, ()) {
  CheckBothWays(Unix(Transport::kUnixpacket));
}

}  // namespace
}  // namespace verbatim
