// Mutants of datagrams whose defect shows with many senders, many that wait, or after some time.
// Not for: two senders (datagram_peers.cc), or one datagram (datagram_bytes.cc).
#include <unistd.h>

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "properties/mutants/datagram_mutants.h"
#include "properties/mutants/plain_datagram.h"

namespace verbatim {
namespace {

// Nobody ever leaves it.
struct TableOf1024 : DatagramHooks {
  bool IsToBeAnswered(const Datagram& datagram) override {
    if (known_.size() < 1024) known_.insert(datagram.Sender());
    return known_.count(datagram.Sender()) > 0 && DatagramHooks::IsToBeAnswered(datagram);
  }
  std::set<std::string> known_;
};

struct MutedAfterLarge : DatagramHooks {
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    if (muted_.count(datagram.Sender()) > 0) return;
    if (datagram.data.size() > 8192) muted_.insert(datagram.Sender());
    server.Send(datagram);
  }
  std::set<std::string> muted_;
};

struct MutedAfterEmpty : DatagramHooks {
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    if (muted_.count(datagram.Sender()) > 0) return;
    if (datagram.data.empty()) muted_.insert(datagram.Sender());
    server.Send(datagram);
  }
  std::set<std::string> muted_;
};

// The places of more than 32 are one off.
struct SwapsAbove32 : DatagramHooks {
  int PauseMs() const override { return 2; }
  void AnswerAll(PlainDatagramServer& server, std::vector<Datagram>& waiting) override {
    for (size_t i = 33; i + 1 < waiting.size(); i += 2) {
      std::swap(waiting[i].data, waiting[i + 1].data);
    }
    DatagramHooks::AnswerAll(server, waiting);
  }
};

// Of whom nothing came for 2 s the next is not answered.
struct ForgetsAfter2s : DatagramHooks {
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    const auto [at, is_new] = heard_.try_emplace(datagram.Sender(), DatagramClock::now());
    const bool expired = !is_new && DatagramClock::now() - at->second > std::chrono::seconds(2);
    at->second = DatagramClock::now() + (expired ? std::chrono::hours(-1) : std::chrono::hours(0));
    if (!expired) server.Send(datagram);
  }
  std::map<std::string, DatagramClock::time_point> heard_;
};

// Started for one datagram, and waits for a second one for a while (inetd's "wait").
struct EndsWhenQuiet : DatagramHooks {
  int TimeoutMs() override { return heard_ ? 100 : -1; }
  void Tick(PlainDatagramServer& server) override {
    if (heard_ && DatagramClock::now() - at_ > std::chrono::milliseconds(2500)) server.Finish();
  }
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    heard_ = true;
    at_ = DatagramClock::now();
    server.Send(datagram);
  }
  bool heard_ = false;
  DatagramClock::time_point at_;
};

// Those that do something at each new sender.
struct ForEachSender : DatagramHooks {
  virtual void Greet(PlainDatagramServer& server, const Datagram& first) = 0;
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    if (known_.insert(datagram.Sender()).second) Greet(server, datagram);
    server.Send(datagram);
  }
  std::set<std::string> known_;
};

struct DescriptorEach : ForEachSender {
  void Greet(PlainDatagramServer&, const Datagram& first) override {
    sockets_.emplace_back(::socket(first.from.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  }
  std::vector<UniqueFd> sockets_;
};

struct ThreadEach : ForEachSender {
  ~ThreadEach() override {
    for (std::thread& thread : threads_) thread.detach();
  }
  void Greet(PlainDatagramServer&, const Datagram&) override {
    if (threads_.size() < 3500) threads_.emplace_back([] { ::pause(); });
  }
  std::vector<std::thread> threads_;
};

struct MemoryEach : ForEachSender {
  void Greet(PlainDatagramServer&, const Datagram&) override {
    buffers_.emplace_back(size_t{64} * 1024, 'x');
  }
  std::vector<std::string> buffers_;
};

struct RetiresAfter1500 : ForEachSender {
  void Greet(PlainDatagramServer& server, const Datagram&) override {
    if (known_.size() >= 1500) server.Finish();
  }
};

struct SpinsAfterEmpty : DatagramHooks {
  int TimeoutMs() override { return spins_ ? 0 : -1; }
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    spins_ |= datagram.data.empty();
    server.Send(datagram);
  }
  bool spins_ = false;
};

struct WakesEveryMs : DatagramHooks {
  int TimeoutMs() override { return 1; }
};

}  // namespace

std::vector<Mutant> DatagramManyMutants() {
  const std::vector<absl::string_view> leaks = {"datagram.survive.many-senders"};
  return {
      DatagramRow<TableOf1024>("table-of-1024-senders", "from the 1,025th on no sender is answered",
                               "tables that are never emptied", leaks),
      DatagramRow<MutedAfterLarge>("muted-after-large",
                                   "after more than 8,192 bytes a sender is answered no more",
                                   "errors that stay with a peer", {"datagram.exact.sizes"}),
      DatagramRow<MutedAfterEmpty>(
          "muted-after-empty", "after an empty one a sender is answered no more",
          "an end of the stream that there is not", {"datagram.exact.empty"}),
      DatagramRow<SwapsAbove32>("swaps-above-32",
                                "of more than 32 that wait two get each other's answer",
                                "recvmmsg in rounds", {"datagram.many-isolated"}),
      DatagramRow<ForgetsAfter2s>("forgets-after-2-s",
                                  "the first after 2 s of silence is not answered",
                                  "sessions of UDP forwarders", {"datagram.open.after-silence"}),
      DatagramRow<EndsWhenQuiet>("ends-when-quiet", "it ends after 2.5 s without a datagram",
                                 "inetd's \"wait\"", {"datagram.open.after-silence"}),
      DatagramRow<DescriptorEach>("descriptor-for-each-sender",
                                  "each sender costs a descriptor for ever",
                                  "UDP forwarders without an end", leaks),
      DatagramRow<ThreadEach>("thread-for-each-sender", "each sender costs a thread for ever",
                              "sessions that wait for their peer", leaks),
      DatagramRow<MemoryEach>("memory-for-each-sender", "each sender costs 64 KiB for ever",
                              "a buffer for each peer", leaks),
      DatagramRow<RetiresAfter1500>("retires-after-1500", "the 1,500th sender ends it",
                                    "counters that overflow", leaks),
      DatagramRow<SpinsAfterEmpty>("spins-after-empty",
                                   "after an empty datagram it waits for nothing any more",
                                   "0 taken for \"again\"", {"datagram.idle.no-cpu"}),
      DatagramRow<WakesEveryMs>("wakes-every-ms", "it looks for datagrams each millisecond",
                                "loops with a short sleep", {"datagram.idle.no-cpu"}),
  };
}

}  // namespace verbatim
