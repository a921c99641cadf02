// The trials of addresses and ports: a second address of the target's, ports of small services.
// Not for: the rows themselves (catalogue_datagram.cc), bursts and rates (datagram_rates.cc).
#include "properties/requirements/datagram_trials.h"

#include <poll.h>

#include <array>
#include <chrono>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/status.h"
#include "properties/requirements/datagram_peer.h"
#include "properties/stage/socket/datagram_socket.h"

namespace verbatim {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

bool IsLoopback4(const SocketAddress& address) {
  return address.family() == AF_INET && IsLoopback(address);
}

// Any of 127.1.0.1 to 127.254.255.254, so that two checks do not want the same one.
SocketAddress AnyLoopback4(uint16_t port) {
  std::random_device random;
  const auto octet = [&] { return static_cast<uint8_t>(1 + random() % 254); };
  return SocketAddress::FromIPv4({127, octet(), octet(), octet()}, port);
}

}  // namespace

absl::StatusOr<Verdict> DatagramSourceAddress(Trial& trial) {
  constexpr int64_t kWaitMs = 500;  // on loopback
  if (!IsLoopback4(AskedAddress(trial))) {
    return trial.CannotJudge(
        "needs a second address of the target's, which is known of 127.0.0.0/8 alone");
  }
  const uint16_t port = AskedAddress(trial).port();
  SocketAddress second = SocketAddress::FromIPv4({127, 0, 0, 2}, port);
  if (AskedAddress(trial) == second) second = SocketAddress::FromIPv4({127, 0, 0, 3}, port);
  DatagramPeer peer(&trial);
  if (const absl::Status status = peer.Open(second); !status.ok()) {
    trial.Error(status);
    return trial.Result();
  }
  const auto answer = peer.AskAgain(kDatagramTries, kWaitMs);
  const std::string asked = second.ToString();
  if (!answer) {
    return trial.CannotJudge(peer.refused() ? absl::StrCat("it does not listen at ", asked)
                                            : absl::StrCat("nothing came back from ", asked));
  }
  trial.Note(absl::StrCat("asked at ", asked, ", answered from ", answer->from.ToString()));
  if (answer->from.WithPort(port) == second) return trial.Result();  // the port is another row's
  Verdict verdict;
  verdict.kind = Verdict::Kind::kMisaddressed;
  verdict.of_datagrams = true;
  verdict.datagram = 1;
  verdict.detail = absl::StrCat("from ", answer->from.ToString(), " and not from ", asked);
  trial.Fail(std::move(verdict));
  return trial.Result();
}

namespace {

struct SmallService {
  uint16_t port;
  DatagramPeer peer;
  bool answered = false;
};

std::string Ports(const std::deque<SmallService>& services, bool answered) {
  std::vector<std::string> ports;
  for (const SmallService& service : services) {
    if (!answered || service.answered) ports.push_back(absl::StrCat(service.port));
  }
  return absl::StrJoin(ports, ", ");
}

// Binds what can be bound, on an address from which the target can be asked.
absl::Status BindSmallServices(Trial& trial, std::deque<SmallService>* services) {
  constexpr int kAddresses = 8;
  const SocketAddress& asked = AskedAddress(trial);
  absl::Status why;
  for (const uint16_t port : kSmallServices) {
    SmallService service = {port, DatagramPeer(&trial)};
    absl::Status status;
    for (int i = 0; i < kAddresses; ++i) {
      std::array<uint8_t, 16> six = {};
      six[15] = IsLoopback(asked) ? 1 : 0;
      const SocketAddress from = IsLoopback4(asked)          ? AnyLoopback4(port)
                                 : asked.family() == AF_INET ? SocketAddress::FromIPv4({}, port)
                                                             : SocketAddress::FromIPv6(six, port);
      status = service.peer.Open(asked, from);
      if (absl::IsInternal(status)) return status;
      if (ErrnoOf(status) != EADDRINUSE || !IsLoopback4(asked)) break;
    }
    if (status.ok()) services->push_back(std::move(service));
    if (!status.ok()) why = status;
  }
  return services->empty() ? why : absl::OkStatus();
}

// Takes in what comes to any of them within `wait_ms`.
bool WatchFor(std::deque<SmallService>* services, Trial& trial, int64_t wait_ms) {
  const auto end = steady_clock::now() + milliseconds(trial.budget().Within(wait_ms));
  bool answered = false;
  for (auto now = steady_clock::now(); now < end; now = steady_clock::now()) {
    std::vector<pollfd> polls;
    for (const SmallService& service : *services) {
      polls.push_back({service.peer.refused() ? -1 : service.peer.fd(), POLLIN, 0});
    }
    const int64_t left_ms = std::chrono::ceil<milliseconds>(end - now).count();
    ::poll(polls.data(), polls.size(), static_cast<int>(left_ms));
    for (SmallService& service : *services) {
      if (service.peer.Receive(0)) answered = service.answered = true;
    }
  }
  return answered;
}

}  // namespace

absl::StatusOr<Verdict> DatagramNoLoop(Trial& trial) {
  constexpr int64_t kWatchMs = 200;
  if (AskedAddress(trial).family() == AF_UNIX)
    return trial.CannotJudge("a unix socket has no ports");
  std::deque<SmallService> services;
  const absl::Status bound = BindSmallServices(trial, &services);
  if (absl::IsInternal(bound)) return bound;
  if (!bound.ok()) {
    return trial.CannotJudge(
        absl::StrCat("needs a small service's port to ask from (root, or CAP_NET_BIND_SERVICE): ",
                     bound.message()));
  }
  DatagramPeer ordinary(&trial);
  if (!AnswersPlainly(trial, ordinary)) return trial.Result();
  int alive = 0;
  for (int i = 0; i < kDatagramTries && !trial.Spent(); ++i) {
    for (SmallService& service : services) service.peer.Send("0123456789\n");
    // That it takes no notice of these says something only while it answers others.
    if (ordinary.Ask(trial.budget().deadline_ms)) ++alive;
    if (!WatchFor(&services, trial, kWatchMs)) continue;
    Verdict verdict;
    verdict.kind = Verdict::Kind::kMisbehaved;
    verdict.detail = absl::StrCat("requests from the ports ", Ports(services, true),
                                  " were answered; it was asked from ", Ports(services, false));
    trial.Fail(std::move(verdict));
    return trial.Result();
  }
  if (alive == 0) return trial.CannotJudge(kNoPlainAnswer);
  trial.Note(absl::StrCat("asked ", kDatagramTries, " times from each of the ports ",
                          Ports(services, false)));
  return trial.Result();
}

}  // namespace verbatim
