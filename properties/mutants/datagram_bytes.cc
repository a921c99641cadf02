// Mutants of datagrams that change what is sent back, or how often.
// Not for: to whom, and from where (datagram_peers.cc).
#include <chrono>
#include <cstring>
#include <map>

#include "properties/mutants/datagram_mutants.h"
#include "properties/mutants/plain_datagram.h"

namespace verbatim {
namespace {

// Those that change the data, and nothing else.
struct Changes : DatagramHooks {
  virtual void Change(std::string& data) = 0;
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    Change(datagram.data);
    server.Send(datagram);
  }
};

// "64 KB is the largest", less some headers.
struct CutAt65500 : Changes {
  void Change(std::string& data) override { data.resize(std::min<size_t>(data.size(), 65'500)); }
};

struct PadsOdd : Changes {
  void Change(std::string& data) override { data.resize(data.size() + data.size() % 2); }
};

// The length of the one before, if that was longer.
struct StaleTail : Changes {
  void Change(std::string& data) override {
    std::string before = std::exchange(before_, data);
    if (before.size() > data.size()) data += before.substr(data.size());
  }
  std::string before_;
};

// Smaller ones go one way, larger ones another.
struct Exactly2048 : Changes {
  void Change(std::string& data) override {
    if (data.size() == 2048) data.pop_back();
  }
};

struct EmptyIsNewline : Changes {
  void Change(std::string& data) override { data = data.empty() ? "\n" : data; }
};

struct EmptyTwice : Changes {
  void Change(std::string& data) override {
    if (std::exchange(was_empty_, data.empty())) data.clear();
  }
  bool was_empty_ = false;
};

struct NulEnds : Changes {
  void Change(std::string& data) override { data.resize(::strnlen(data.data(), data.size())); }
};

struct Chomps : Changes {
  void Change(std::string& data) override {
    if (!data.empty() && data.back() == '\n') data.pop_back();
  }
};

struct Above32767 : DatagramHooks {
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    if (datagram.data.size() <= 32'767) server.Send(datagram);
  }
};

// A full packet of Ethernet at a time.
struct SplitsAt1472 : DatagramHooks {
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    const std::string data = datagram.data;
    for (size_t at = 0; at == 0 || at < data.size(); at += 1472) {
      datagram.data = data.substr(at, 1472);
      server.Send(datagram);
    }
  }
};

// "The same sender, the same length: that is a retry."
struct AnswerCache : DatagramHooks {
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    const auto key = std::pair(datagram.Sender(), datagram.data.size());
    datagram.data = cache_.try_emplace(key, datagram.data).first->second;
    server.Send(datagram);
  }
  std::map<std::pair<std::string, size_t>, std::string> cache_;
};

struct DuplicatesDropped : DatagramHooks {
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    const auto last = last_.find(datagram.Sender());
    if (last != last_.end() && last->second == datagram.data) return;
    last_[datagram.Sender()] = datagram.data;
    server.Send(datagram);
  }
  std::map<std::string, std::string> last_;
};

struct MergesWaiting : DatagramHooks {
  int PauseMs() const override { return 2; }
  void AnswerAll(PlainDatagramServer& server, std::vector<Datagram>& waiting) override {
    Datagram answer = waiting.front();
    for (size_t i = 1; i < waiting.size(); ++i) {
      const bool fits = answer.data.size() + waiting[i].data.size() <= 8192;
      if (fits && waiting[i].Sender() == answer.Sender()) {
        answer.data += waiting[i].data;
        continue;
      }
      server.Send(answer);
      answer = waiting[i];
    }
    server.Send(answer);
  }
};

// Equal large ones of one sender are one to the kernel's offload (UDP_GRO), cut again by a length
// that nobody asked for.
struct MergesEqual : DatagramHooks {
  int PauseMs() const override { return 2; }
  void AnswerAll(PlainDatagramServer& server, std::vector<Datagram>& waiting) override {
    Datagram answer = waiting.front();
    size_t segment = answer.data.size();
    for (size_t i = 1; i < waiting.size(); ++i) {
      const bool same = waiting[i].data.size() == segment && segment >= 500 &&
                        waiting[i].Sender() == answer.Sender();
      if (same && answer.data.size() + segment <= 60'000) {
        answer.data += waiting[i].data;
        continue;
      }
      server.Send(answer);
      answer = waiting[i];
      segment = answer.data.size();
    }
    server.Send(answer);
  }
};

template <size_t kFrom, size_t kTo>
struct TwiceFromTo : DatagramHooks {
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    server.Send(datagram);
    if (datagram.data.size() >= kFrom && datagram.data.size() <= kTo) server.Send(datagram);
  }
};

struct EverySixteenthTwice : DatagramHooks {
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    server.Send(datagram);
    if (++count_ % 16 == 0) server.Send(datagram);
  }
  int count_ = 0;
};

// No acknowledgement came, so it is sent again.
struct RepeatsLater : DatagramHooks {
  int TimeoutMs() override { return late_.empty() ? -1 : 10; }
  void Tick(PlainDatagramServer& server) override {
    const DatagramClock::time_point due = DatagramClock::now() - std::chrono::milliseconds(200);
    while (!late_.empty() && late_.begin()->first < due) {
      server.Send(late_.begin()->second);
      late_.erase(late_.begin());
    }
  }
  void Answer(PlainDatagramServer& server, Datagram& datagram) override {
    server.Send(datagram);
    late_.emplace(DatagramClock::now(), datagram);
  }
  std::multimap<DatagramClock::time_point, Datagram> late_;
};

}  // namespace

std::vector<Mutant> DatagramByteMutants() {
  return {
      DatagramRow<CutAt65500>("cut-at-65500", "the last 7 bytes of the largest are cut",
                              "buffers of a round number", {"datagram.exact.sizes"}),
      DatagramRow<PadsOdd>("pads-odd", "an odd length is padded by a NUL", "checksums over 16 bits",
                           {"datagram.exact.sizes"}),
      DatagramRow<StaleTail>("stale-tail",
                             "the answer is as long as the one before, if that was "
                             "longer",
                             "one buffer and its greatest length", {"datagram.exact.sizes"}),
      DatagramRow<Exactly2048>("exactly-2048", "of exactly 2,048 bytes one is lost",
                               "small and large ones handled apart", {"datagram.exact.sizes"}),
      DatagramRow<EmptyIsNewline>("empty-is-newline", "an empty one is answered by a newline",
                                  "servers that think in lines", {"datagram.exact.empty"}),
      DatagramRow<EmptyTwice>("empty-twice", "after an empty one the next answer is empty",
                              "a length that is reset too late", {"datagram.exact.empty"}),
      DatagramRow<NulEnds>("nul-ends-datagram", "what was received is measured by strlen",
                           "servers that treat what they receive as a string",
                           {"datagram.exact.content"}),
      DatagramRow<Chomps>("chomps", "a last newline is dropped", "servers that think in lines",
                          {"datagram.exact.content"}),
      DatagramRow<Above32767>("above-32767", "what is over 32,767 bytes is not answered",
                              "lengths in 16 bits with a sign", {"datagram.answered.large"}),
      DatagramRow<SplitsAt1472>("splits-at-1472", "an answer is split into packets of Ethernet",
                                "tunnels", {"datagram.one-for-one", "datagram.exact.sizes"}),
      DatagramRow<AnswerCache>("answer-cache",
                               "the same sender and length are answered as the first time",
                               "caches of answers", {"datagram.exact.content"}),
      DatagramRow<DuplicatesDropped>("duplicates-dropped",
                                     "a request that equals its sender's last is not answered",
                                     "protection from retries", {"datagram.one-for-one"}),
      DatagramRow<MergesWaiting>("merges-waiting", "requests that wait together get one answer",
                                 "reads that coalesce", {"datagram.one-for-one"}),
      DatagramRow<MergesEqual>("merges-equal", "large ones of one size in a row come back as one",
                               "UDP_GRO without a look at the segment's size",
                               {"datagram.one-for-one"}),
      DatagramRow<TwiceFromTo<1472, 1472>>("twice-at-1472", "1,472 bytes are answered twice",
                                           "a limit tested by <= in one place and >= in another",
                                           {"datagram.one-for-one"}),
      DatagramRow<TwiceFromTo<8193, 65'535>>(
          "twice-above-8192", "more than 8,192 bytes are answered twice",
          "a second try when a first looks slow", {"datagram.one-for-one"}),
      DatagramRow<EverySixteenthTwice>("every-sixteenth-twice",
                                       "every sixteenth answer is sent twice",
                                       "rings that wrap round", {"datagram.one-for-one"}),
      DatagramRow<RepeatsLater>("repeats-later", "each answer is sent again after 200 ms",
                                "retries without need", {"datagram.one-for-one"}),
  };
}

}  // namespace verbatim
