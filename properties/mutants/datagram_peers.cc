// Mutants of datagrams that mistake to whom they answer, from where, or whether.
// Not for: what is sent (datagram_bytes.cc).
#include <cstring>
#include <map>
#include <optional>
#include <set>

#include "properties/mutants/datagram_mutants.h"
#include "properties/mutants/plain_datagram.h"

namespace verbatim {
namespace {

void SendTo(PlainDatagramServer& server, const Datagram& where, const std::string& data) {
  Datagram answer = where;
  answer.data = data;
  server.Send(answer);
}

// Its table has 32 places; who finds none is taken for the first.
struct TableOf32 : DatagramHooks {
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    if (known_.size() < 32) known_.try_emplace(datagram.Sender(), known_.size());
    if (known_.size() == 1) first_ = datagram;
    const bool is_known = known_.count(datagram.Sender()) > 0;
    SendTo(server, is_known ? datagram : first_, datagram.data);
  }
  std::map<std::string, size_t> known_;
  Datagram first_;
};

// As if it had connected to the first that came.
struct LocksToFirst : DatagramHooks {
  bool IsToBeAnswered(const Datagram& datagram) override {
    if (!first_.has_value()) first_ = datagram.Sender();
    return datagram.Sender() == *first_;
  }
  std::optional<std::string> first_;
};

// All that wait share one place for the sender: recvmmsg (2) with one msg_name.
struct SharedSender : DatagramHooks {
  int PauseMs() const override { return 2; }
  void AnswerAll(PlainDatagramServer& server, std::vector<Datagram>& waiting) override {
    const Datagram last = waiting.back();
    for (const Datagram& datagram : waiting) SendTo(server, last, datagram.data);
  }
};

// A socket without the server's port.
int OtherSocket(const PlainDatagramServer& server) {
  const SocketAddress address = server.address().WithPort(0);
  const int fd = ::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (address.family() != AF_UNIX) static_cast<void>(::bind(fd, address.data(), address.size()));
  return fd;
}

// As TFTP does (RFC 1350 §4).
struct NewSocket : DatagramHooks {
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    const UniqueFd other(OtherSocket(server));
    server.Send(datagram, other.get());
  }
};

struct LargeFromOther : DatagramHooks {
  void Start(const PlainDatagramServer& server) override { other_ = UniqueFd(OtherSocket(server)); }
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    server.Send(datagram, datagram.data.size() > 8192 ? other_.get() : -1);
  }
  UniqueFd other_;
};

// The address that was asked first is thought to be the only one.
struct FirstAskedAddress : DatagramHooks {
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    if (!first_.has_value()) first_ = datagram;
    SendTo(server, WithAskedOf(*first_, datagram), datagram.data);
  }
  static Datagram WithAskedOf(const Datagram& first, Datagram datagram) {
    std::memcpy(datagram.control, first.control, sizeof(first.control));
    datagram.control_bytes = first.control_bytes;
    return datagram;
  }
  std::optional<Datagram> first_;
};

// Who is not there when the answer comes is not answered again, nor anybody else on that host.
struct RefusedIsBanned : DatagramHooks {
  void Start(const PlainDatagramServer& server) override {
    const int on = 1;
    ::setsockopt(server.fd(), IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
    ::setsockopt(server.fd(), IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
  }
  void Failed(PlainDatagramServer& server, int) override {
    sockaddr_storage to{};
    msghdr message{&to, sizeof(to), nullptr, 0, nullptr, 0, 0};
    if (::recvmsg(server.fd(), &message, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0)
      banned_.insert(Host(to));
  }
  bool IsToBeAnswered(const Datagram& datagram) override {
    return banned_.count(Host(datagram.from)) == 0 && DatagramHooks::IsToBeAnswered(datagram);
  }
  static std::string Host(const sockaddr_storage& address) {
    const auto* const in4 = reinterpret_cast<const sockaddr_in*>(&address);
    const auto* const in6 = reinterpret_cast<const sockaddr_in6*>(&address);
    if (address.ss_family == AF_INET) {
      return {reinterpret_cast<const char*>(&in4->sin_addr), sizeof(in4->sin_addr)};
    }
    if (address.ss_family != AF_INET6) return "";
    return {reinterpret_cast<const char*>(&in6->sin6_addr), sizeof(in6->sin6_addr)};
  }
  std::set<std::string> banned_;
};

// 32 at once are an attack.
struct StopsAfterFlood : DatagramHooks {
  int PauseMs() const override { return 2; }
  void AnswerAll(PlainDatagramServer& server, std::vector<Datagram>& waiting) override {
    stopped_ |= waiting.size() >= 32;
    if (!stopped_) DatagramHooks::AnswerAll(server, waiting);
  }
  bool stopped_ = false;
};

// Its ring wraps round at 32, and from then on the answer is the request before.
struct LagsAfterFlood : DatagramHooks {
  int PauseMs() const override { return 2; }
  void AnswerAll(PlainDatagramServer& server, std::vector<Datagram>& waiting) override {
    lags_ |= waiting.size() >= 32;
    DatagramHooks::AnswerAll(server, waiting);
  }
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    const std::string before = std::exchange(before_, datagram.data);
    SendTo(server, datagram, lags_ ? before : datagram.data);
  }
  std::string before_;
  bool lags_ = false;
};

struct GuardsTwoPorts : DatagramHooks {
  bool IsToBeAnswered(const Datagram& datagram) override {
    return datagram.port() != 7 && datagram.port() != 19;
  }
};

// The first makes the sender known, the second is answered.
struct FirstOfSenderLost : DatagramHooks {
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    if (!known_.insert(datagram.Sender()).second) server.Send(datagram);
  }
  std::set<std::string> known_;
};

}  // namespace

std::vector<Mutant> DatagramPeerMutants() {
  return {
      DatagramRow<TableOf32>("table-of-32", "the 33rd sender's answers go to the first",
                             "tables of peers that fill up",
                             {"datagram.isolated", "datagram.exact.sizes"}),
      DatagramRow<LocksToFirst>("locks-to-first", "only the first sender is ever answered",
                                "servers that connect to whom they hear",
                                {"datagram.isolated", "datagram.exact.sizes"}),
      DatagramRow<SharedSender>("shared-sender",
                                "requests that wait together are answered to the last's sender",
                                "recvmmsg with one msg_name", {"datagram.isolated"}),
      DatagramRow<NewSocket>("new-socket", "each answer comes from a socket of its own",
                             "TFTP's way (RFC 1350)", {"datagram.source-port"}),
      DatagramRow<LargeFromOther>("large-from-other",
                                  "answers above 8,192 bytes come from another port",
                                  "a second socket with larger buffers",
                                  {"datagram.source-port", "datagram.answered.large"}),
      DatagramRow<FirstAskedAddress>(
          "first-asked-address", "all answers come from the address that was asked first",
          "an address that is looked up once", {"datagram.source-address"}),
      DatagramRow<RefusedIsBanned>("refused-is-banned",
                                   "a host that refused an answer is not answered again",
                                   "lists of dead peers", {"datagram.survive.refused"}),
      DatagramRow<StopsAfterFlood>("stops-after-flood", "after 32 at once nobody is answered",
                                   "protection from floods", {"datagram.survive.flood"}),
      DatagramRow<LagsAfterFlood>("lags-after-flood",
                                  "after 32 at once each answer is the request before",
                                  "rings that wrap round", {"datagram.survive.flood"}),
      DatagramRow<GuardsTwoPorts>("guards-two-ports",
                                  "of the small services 13, 17 and 37 are "
                                  "answered",
                                  "guards against echo and chargen alone", {"datagram.no-loop"}),
      DatagramRow<FirstOfSenderLost>("first-of-sender-lost",
                                     "a sender's first request is not answered",
                                     "peers that must be known first", {"datagram.exact.sizes"}),
  };
}

}  // namespace verbatim
