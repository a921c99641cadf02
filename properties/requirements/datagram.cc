// Each requirement on datagrams as scenarios: its sentence in about 10 lines. A network may lose
// what is sent, so a scenario sends few datagrams: it is played again as a whole.
// Not for: the rows themselves (catalogue_datagram.cc), or judging.
#include "properties/requirements/datagram.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "properties/requirements/steps.h"

namespace verbatim {
namespace {

using namespace steps;  // NOLINT(google-build-using-namespace): the words of this file

// After which an answer that comes twice has come.
constexpr uint64_t kRepeatedAnswerMs = 50;
constexpr uint64_t kLateSecondAnswerMs = 500;
// How many are on the way at once: fewer than the shortest queue there is takes, which is that of
// unix sockets (net.unix.max_dgram_qlen was 10 for long).
constexpr size_t kAtOnce = 8;
constexpr uint64_t kSmallBytes = 40;
constexpr uint64_t kTwicePlayedBytes = 1500;

Scenario Datagrams(PayloadSpec payload, std::vector<Step> steps) {
  Scenario scenario = Make(std::move(payload), std::move(steps));
  scenario.role = Role::kDatagramServer;
  return scenario;
}

// Lines of digits, the seed's own, which a server that works in lines, in text or in capitals
// returns as well: for what is about something else than content.
PayloadSpec Digits(size_t bytes, const Budget& budget) {
  std::string text;
  for (uint64_t line = 0; text.size() < bytes; ++line) {
    absl::StrAppendFormat(&text, "%09d\n", (budget.seed * 1000 + line) % 1'000'000'000);
  }
  return Literal(text.substr(0, bytes));
}

Scenario OneDatagram(PayloadSpec payload) {
  return Datagrams(std::move(payload), {Send(kRest), Do(Kind::kAwait)});
}

// Each answered before the next is sent.
Scenario InTurn(PayloadSpec payload, const std::vector<uint64_t>& sizes) {
  return Datagrams(std::move(payload), Awaited(PayloadSpec(), sizes).steps);
}

// All on the way at once; in the end there is time for what comes twice.
Scenario SentAtOnce(PayloadSpec payload, const std::vector<uint64_t>& sizes) {
  std::vector<Step> steps;
  for (const uint64_t size : sizes) steps.push_back(Send(size));
  steps.push_back(Do(Kind::kAwait));
  steps.push_back(Pause(kRepeatedAnswerMs));
  return Datagrams(std::move(payload), std::move(steps));
}

Scenario Behind(Scenario scenario, Step last) {
  scenario.steps.push_back(last);
  return scenario;
}

// Other bytes for each size, so that nothing of an earlier one passes for a later one's.
Cases EachSize(const Budget& budget, uint64_t from_bytes) {
  std::vector<Scenario> scenarios;
  for (const uint64_t size : DatagramSizeClasses(budget.datagram_bytes)) {
    PayloadSpec payload = Coded(size, budget);
    payload.seed += size;
    if (size >= from_bytes) scenarios.push_back(OneDatagram(std::move(payload)));
  }
  return Listed(std::move(scenarios));
}

enum class Wait { kInTheEnd, kForEach };

// On these connections in this order, each opened when it is first needed.
Scenario OnConnections(const Budget& budget, const std::vector<uint32_t>& order, Wait wait) {
  constexpr uint64_t kBytes = 40;
  std::array<bool, kMaxConnections + 1> open = {};
  open[1] = true;
  std::vector<Step> steps;
  for (const uint32_t connection : order) {
    if (!std::exchange(open[connection], true)) steps.push_back(Do(Kind::kConnect, connection));
    steps.push_back(Send(kBytes, connection));
    if (wait == Wait::kForEach) steps.push_back(Do(Kind::kAwait, connection));
  }
  for (uint32_t connection = 1; wait == Wait::kInTheEnd && connection <= kMaxConnections;
       ++connection) {
    const bool sends = std::find(order.begin(), order.end(), connection) != order.end();
    if (sends) steps.push_back(Do(Kind::kAwait, connection));
  }
  return Datagrams(Coded(kBytes * order.size(), budget), std::move(steps));
}

rc::Gen<Scenario> AnyOrder(const Budget& budget) {
  return rc::gen::map(rc::gen::container<std::vector<uint32_t>>(
                          kAtOnce, rc::gen::inRange<uint32_t>(1, kMaxConnections + 1)),
                      [budget](const std::vector<uint32_t>& order) {
                        return OnConnections(budget, order, Wait::kInTheEnd);
                      });
}

// Senders of `count` datagrams each that are gone before the last of them can be answered, one that
// stays, and one that comes later.
Scenario Leavers(const Budget& budget, uint32_t senders, int count, uint64_t bytes) {
  std::vector<Step> steps = {Send(bytes), Do(Kind::kAwait)};
  for (uint32_t gone = 2; gone < 2 + senders; ++gone) {
    steps.push_back(Do(Kind::kConnect, gone));
    for (int i = 0; i < count; ++i) steps.push_back(Send(bytes, gone));
    steps.push_back(Do(Kind::kClose, gone));
  }
  // Until refusals are back, and what was sent is worked off; then twice, for those that are told
  // of a refusal by the next call.
  const uint32_t late = 2 + senders;
  for (const Step& step : {Pause(20), Do(Kind::kConnect, late), Send(bytes, late),
                           Do(Kind::kAwait, late), Send(bytes), Do(Kind::kAwait)})
    steps.push_back(step);
  const uint64_t most = std::max<uint64_t>(static_cast<uint64_t>(count), 2);
  return Datagrams(Digits(bytes * most, budget), std::move(steps));
}

rc::Gen<Scenario> AnyAtOnce(const Budget& budget) {
  return rc::gen::map(ArbitraryCuts(kTakenByAllBytes, kAtOnce),
                      [budget](const std::vector<uint64_t>& sizes) {
                        return SentAtOnce(Digits(kTakenByAllBytes, budget), sizes);
                      });
}

}  // namespace

std::vector<uint64_t> DatagramSizeClasses(uint64_t largest_bytes) {
  // Of RFC 862's time, of DNS, what a packet of IPv4, IPv6, Ethernet and jumbo frames has room for,
  // a page's multiples that programs have for a buffer, and UDP's largest on IPv4.
  std::vector<uint64_t> sizes = {1,    80,   508,  548,  549,  576,    1232,   1448,
                                 1460, 1472, 1473, 1500, 9000, 12'288, 65'506, 65'507};
  for (uint64_t power = 2; power <= 32'768; power *= 2) {
    for (const uint64_t size : {power - 1, power, power + 1}) sizes.push_back(size);
  }
  for (const uint64_t size : {largest_bytes - 1, largest_bytes}) sizes.push_back(size);
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  sizes.erase(std::upper_bound(sizes.begin(), sizes.end(), largest_bytes), sizes.end());
  return sizes;
}

// After a large one a small one of the same sender, too: an error may stay with a sender.
Cases DatagramSizes(const Budget& budget) {
  std::vector<Scenario> later;
  for (const uint64_t size : {uint64_t{1473}, uint64_t{9000}, budget.datagram_bytes}) {
    if (size + kSmallBytes > budget.datagram_bytes && size != budget.datagram_bytes) continue;
    later.push_back(InTurn(Coded(size + kSmallBytes, budget), {size, kSmallBytes}));
  }
  return Then(EachSize(budget, 1), Listed(std::move(later)));
}

Cases DatagramLarge(const Budget& budget) { return EachSize(budget, kTakenByAllBytes + 1); }

// Alone, after and before others, and with another sender behind it. They are short:
// how large ones fare is for datagram.exact.sizes.
Cases DatagramEmpty(const Budget& budget) {
  const PayloadSpec payload = Digits(20, budget);
  Scenario another = InTurn(payload, {0});
  for (const Step& step :
       {Do(Kind::kConnect, 2), Send(10, 2), Do(Kind::kAwait, 2), Send(10), Do(Kind::kAwait)})
    another.steps.push_back(step);
  return Listed({InTurn(payload, {0}), InTurn(payload, {0, 10}), InTurn(payload, {10, 0, 10}),
                 InTurn(payload, {0, 0, 0, 20}), std::move(another)});
}

Cases DatagramContent(const Budget& budget) {
  std::string all, tokens;
  for (int value = 0; value < 256; ++value) all += static_cast<char>(value);
  for (const absl::string_view token : PayloadTokens()) tokens.append(token.data(), token.size());
  std::vector<Scenario> scenarios = {OneDatagram(Literal(all)),
                                     OneDatagram(Literal(std::string(all.rbegin(), all.rend()))),
                                     OneDatagram(Literal(tokens))};
  for (const char byte : {'\0', '\x04', '\n', '\r', '\x1a', ' ', '\x7f', '\xff'}) {
    scenarios.push_back(OneDatagram(Literal(std::string(1, byte))));
    scenarios.push_back(OneDatagram(Literal("a" + std::string(1, byte) + "b")));
  }
  for (const Overlay overlay : kOverlays) {
    scenarios.push_back(OneDatagram(Coded(kTakenByAllBytes, budget, overlay)));
  }
  // Nothing of a longer one is left in a shorter one's answer.
  scenarios.push_back(InTurn(Coded(600, budget), {500, 3, 97}));
  // Equal in size alone.
  scenarios.push_back(InTurn(Coded(192, budget), {64, 64, 64}));
  scenarios.push_back(InTurn(Literal("abcab"), {1, 1, 1, 1, 1}));
  return Then(Listed(std::move(scenarios)),
              Arbitrary(Cut(kTakenByAllBytes, 3, InTurn), budget.seed, budget.cases));
}

Cases DatagramOneForOne(const Budget& budget) {
  const auto equal = [](size_t count) {
    std::string text;
    for (size_t i = 0; i < count; ++i) text += "0123456789\n";
    return Literal(text);
  };
  const std::vector<uint64_t> mixed = {1, 2, 100, 3, 400, 1, 40, 7};
  // At every size, since what is answered twice may be so at one alone; larger ones by themselves,
  // since they may have no answer.
  std::vector<uint64_t> sizes = DatagramSizeClasses(budget.datagram_bytes);
  std::vector<Scenario> larger;
  for (const uint64_t size : sizes) {
    if (size <= kTwicePlayedBytes) continue;
    larger.push_back(Behind(InTurn(Coded(size, budget), {size}), Pause(kRepeatedAnswerMs)));
    if (larger.size() == 2) break;
  }
  larger.push_back(Behind(InTurn(Coded(budget.datagram_bytes, budget), {budget.datagram_bytes}),
                          Pause(kRepeatedAnswerMs)));
  std::erase_if(sizes, [](uint64_t size) { return size > kTwicePlayedBytes; });
  uint64_t all = 0;
  for (const uint64_t size : sizes) all += size;
  // Of one size in a row: to a receiver with UDP_GRO they may look like one.
  const std::vector<uint64_t> alike(4, kTakenByAllBytes);
  return Then(Listed({Behind(InTurn(equal(1), {11}), Pause(kLateSecondAnswerMs)),
                      Behind(InTurn(equal(3), {11, 11, 11}), Pause(kRepeatedAnswerMs)),
                      SentAtOnce(equal(kAtOnce), std::vector<uint64_t>(kAtOnce, 11)),
                      SentAtOnce(Digits(554, budget), mixed),
                      SentAtOnce(Digits(4 * kTakenByAllBytes, budget), alike),
                      Behind(InTurn(Coded(all, budget), sizes), Pause(kRepeatedAnswerMs))}),
              Then(Listed(std::move(larger)),
                   Arbitrary(AnyAtOnce(budget), budget.seed, std::min(budget.cases, 6))));
}

// First those that wait in the end: there an answer that went astray comes before a silence is one.
Cases DatagramIsolated(const Budget& budget) {
  const auto all = [&](const std::vector<uint32_t>& order) {
    return OnConnections(budget, order, Wait::kInTheEnd);
  };
  const auto each = [&](const std::vector<uint32_t>& order) {
    return OnConnections(budget, order, Wait::kForEach);
  };
  return Then(Listed({all({1, 2, 1, 2}), all({1, 2, 3, 3, 2, 1}), all({8, 7, 6, 5, 4, 3, 2, 1}),
                      each({1, 2, 1, 2}), each({1, 2, 3, 4, 5, 6, 7, 8})}),
              Arbitrary(AnyOrder(budget), budget.seed, std::min(budget.cases, 10)));
}

// The second of a sender, too: some servers open a socket for each.
Cases DatagramSourcePort(const Budget& budget) {
  Scenario another = InTurn(Digits(80, budget), {40});
  for (const Step& step :
       {Do(Kind::kConnect, 2), Send(40, 2), Do(Kind::kAwait, 2), Send(40), Do(Kind::kAwait)})
    another.steps.push_back(step);
  // Large ones, too: what is cut in pieces may leave by another door.
  return Listed({InTurn(Digits(1, budget), {1}), InTurn(Digits(80, budget), {40, 40}),
                 std::move(another), OneDatagram(Coded(kTakenByAllBytes, budget)),
                 OneDatagram(Coded(1473, budget)), OneDatagram(Coded(9000, budget)),
                 OneDatagram(Coded(32'768, budget)),
                 OneDatagram(Coded(budget.datagram_bytes, budget))});
}

// Some keep a session for each sender, and forget it.
Cases DatagramAfterSilence(const Budget& budget) {
  return Listed({Datagrams(Digits(2 * kSmallBytes, budget),
                           {Send(kSmallBytes), Do(Kind::kAwait), LongPause(budget),
                            Send(kSmallBytes), Do(Kind::kAwait)})});
}

// One for each, then ever more, so that some are answered when nobody is there any more. All of it
// together is less than a socket's default buffer holds.
Cases DatagramRefused(const Budget& budget) {
  return Listed({Leavers(budget, 1, 1, 20), Leavers(budget, 6, 1, 20), Leavers(budget, 6, 8, 60),
                 Leavers(budget, 6, 8, 1)});
}

}  // namespace verbatim
