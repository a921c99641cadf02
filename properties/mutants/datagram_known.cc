// The defects of datagram servers that are known from reports: numbers 37 to 44.
// Not for: those that were thought of (datagram_bytes.cc, datagram_peers.cc).
#include <cerrno>

#include "properties/mutants/datagram_mutants.h"
#include "properties/mutants/plain_datagram.h"

namespace verbatim {
namespace {

template <size_t kBytes>
struct CutAt : DatagramHooks {
  size_t BufferBytes() const override { return kBytes; }
};

// recv's 0 is the end of a stream, and of nothing else.
struct EmptyEndsServer : DatagramHooks {
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    datagram.data.empty() ? server.Finish() : server.Send(datagram);
  }
};

struct EmptyNotAnswered : DatagramHooks {
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    if (!datagram.data.empty()) server.Send(datagram);
  }
};

// Of an unconnected UDP socket Linux tells only who asks for it (udp (7)).
struct DiesOnRefusal : DatagramHooks {
  void Start(const PlainDatagramServer& server) override {
    const int on = 1, family = server.address().family();
    if (family == AF_INET) ::setsockopt(server.fd(), IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
    if (family == AF_INET6) {
      ::setsockopt(server.fd(), IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
    }
  }
  void Failed(PlainDatagramServer& server, int error_number) override {
    if (error_number == ECONNREFUSED || error_number == ENOENT) server.Finish();
  }
};

struct WrongSourceAddress : DatagramHooks {
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    datagram.control_bytes = 0;
    server.Send(datagram);
  }
};

struct NoLoopGuard : DatagramHooks {
  bool IsToBeAnswered(const Datagram&) override { return true; }
};

struct AnswersTwice : DatagramHooks {
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    server.Send(datagram);
    server.Send(datagram);
  }
};

struct AnswersPreviousSender : DatagramHooks {
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    Datagram answer = has_previous_ ? previous_ : datagram;
    answer.data = datagram.data;
    previous_ = datagram;
    has_previous_ = true;
    server.Send(answer);
  }

 private:
  Datagram previous_;
  bool has_previous_ = false;
};

}  // namespace

std::vector<Mutant> KnownDatagramMutants() {
  return {
      DatagramRow<CutAt<1024>>("cut-at-1024", "a buffer of 1,024 bytes cuts what is larger",
                               "Asio's example", {"datagram.exact.sizes"}, 37),
      DatagramRow<CutAt<4096>>("cut-at-4096", "a buffer of 4,096 bytes cuts what is larger",
                               "servers with a page for a buffer", {"datagram.exact.sizes"}, 37),
      DatagramRow<CutAt<8192>>("cut-at-8192", "a buffer of 8,192 bytes cuts what is larger",
                               "inetd's built-in echo", {"datagram.exact.sizes"}, 37),
      DatagramRow<EmptyEndsServer>("empty-ends-server", "an empty datagram is taken for the end",
                                   "loops made for streams", {"datagram.exact.empty"}, 38),
      DatagramRow<EmptyNotAnswered>("empty-not-answered", "an empty datagram is not answered",
                                    "tests for more than 0", {"datagram.exact.empty"}, 39),
      DatagramRow<DiesOnRefusal>("dies-on-refusal", "an answer that is refused ends the server",
                                 "servers that exit on any error", {"datagram.survive.refused"},
                                 40),
      DatagramRow<WrongSourceAddress>(
          "wrong-source-address", "the kernel chooses the address that answers",
          "servers bound to a wildcard", {"datagram.source-address"}, 41),
      DatagramRow<NoLoopGuard>("no-loop-guard", "the small services are answered", "CVE-2024-2169",
                               {"datagram.no-loop"}, 42),
      DatagramRow<AnswersTwice>("answers-twice", "every datagram is answered twice",
                                "retries without need", {"datagram.one-for-one"}, 43),
      DatagramRow<AnswersPreviousSender>(
          "answers-previous-sender", "the answer goes to the sender of the one before",
          "an address that is filled in too late", {"datagram.isolated"}, 44),
  };
}

}  // namespace verbatim
