// Each requirement on clients as scenarios: its sentence in about 10 lines.
// Not for: the rows themselves (catalogue_client.cc), or judging.
#include "properties/requirements/client.h"

#include <algorithm>
#include <string>
#include <utility>

#include "properties/requirements/bytes_read_as_one.h"
#include "properties/requirements/steps.h"

namespace verbatim {
namespace {

using namespace steps;  // NOLINT(google-build-using-namespace): the words of this file

// Each play is a process of its own, which takes as long to start as some hundred conversations.
constexpr int kFewerCases = 10;
constexpr uint64_t kBulkBytes = 8 << 20;

Step Feed(uint64_t bytes) { return {Kind::kFeed, 1, bytes}; }
Step Reply(uint64_t bytes) { return {Kind::kReply, 1, bytes}; }
Step Hold(uint64_t ms) { return {Kind::kHold, 1, ms}; }
Step Ends(bool succeeds) { return {Kind::kExpectExit, 1, succeeds ? 0u : 1u}; }

Scenario Of(PayloadSpec payload, std::vector<Step> steps) {
  Scenario scenario = Make(std::move(payload), std::move(steps));
  scenario.role = Role::kClient;
  return scenario;
}

// The server has given back all, and ends; so does the client, well content.
Scenario Whole(PayloadSpec payload, std::vector<Step> steps) {
  steps.insert(steps.end(), {Do(Kind::kFeedEof), Do(Kind::kShutdown), Ends(true)});
  return Of(std::move(payload), std::move(steps));
}

// All at once, and back in these pieces.
Scenario Split(PayloadSpec payload, const std::vector<uint64_t>& pieces) {
  std::vector<Step> steps = {Feed(kRest)};
  for (const uint64_t piece : pieces) steps.push_back(Reply(piece));
  return Whole(std::move(payload), std::move(steps));
}

Scenario Once(PayloadSpec payload) {
  return Whole(std::move(payload), {Feed(kRest), Reply(kRest)});
}

// In these pieces, each alone, and back as one.
Scenario Merged(PayloadSpec payload, const std::vector<uint64_t>& pieces) {
  std::vector<Step> steps;
  for (const uint64_t piece : pieces) {
    steps.push_back(Feed(piece));
    steps.push_back(Hold(2));
  }
  steps.push_back(Reply(kRest));
  return Whole(std::move(payload), std::move(steps));
}

// Each piece replied before the next is fed, `late_ms` after it was fed.
Scenario Awaiting(PayloadSpec payload, const std::vector<uint64_t>& pieces, uint64_t late_ms) {
  std::vector<Step> steps;
  for (const uint64_t piece : pieces) {
    steps.push_back(Feed(piece));
    if (late_ms > 0) steps.push_back(Hold(late_ms));
    steps.push_back(Reply(piece));
  }
  return Of(std::move(payload), std::move(steps));
}

Scenario AtOnce(PayloadSpec payload, const std::vector<uint64_t>& pieces) {
  return Awaiting(std::move(payload), pieces, 0);
}

int Cased(const Budget& budget) { return std::max(1, budget.cases / kFewerCases); }

std::string AllValues() {
  std::string all;
  for (int value = 0; value < 256; ++value) all += static_cast<char>(value);
  return all;
}

std::string Twice(const std::string& text) { return text + text; }

}  // namespace

Cases ClientSplitReplies(const Budget& budget) {
  // A line of the lecture's client first: a read for each write.
  std::vector<Scenario> scenarios = {Split(Coded(64, budget), {1, 63}),
                                     Split(Coded(64, budget), {63, 1})};
  return Then(Listed(std::move(scenarios)),
              Arbitrary(Cut(8192, 8, Split), budget.seed, Cased(budget)));
}

Cases ClientDelayedReplies(const Budget& budget) {
  const auto late = [&](uint64_t bytes, const std::vector<uint64_t>& pieces, uint64_t ms) {
    Scenario scenario = Awaiting(Coded(bytes, budget), pieces, ms);
    return Whole(scenario.payload, scenario.steps);
  };
  return Listed({late(3, {1, 1, 1}, 30), late(1000, {1, 99, 900}, 50), late(200, {100, 100}, 400)});
}

Cases ClientMergedReplies(const Budget& budget) {
  std::vector<Scenario> scenarios = {Merged(Coded(2, budget), {1, 1}),
                                     Merged(Coded(300, budget), {100, 100, 100})};
  return Then(Listed(std::move(scenarios)),
              Arbitrary(Cut(4096, 6, Merged), budget.seed, Cased(budget)));
}

Cases ClientEveryByte(const Budget& budget) {
  const std::string all = AllValues();
  std::string tokens;
  for (const absl::string_view token : PayloadTokens()) tokens.append(token.data(), token.size());
  std::vector<Scenario> scenarios = {
      Once(Literal(all)), Split(Literal(all), std::vector<uint64_t>(32, 8)), Once(Literal(tokens)),
      Split(Literal(tokens), std::vector<uint64_t>(tokens.size(), 1))};
  // Where it would be taken for a command or for an end: alone in a read, first of all and last.
  for (const std::string& one : ReadAsOne()) {
    const std::string text = one + "verbatim\n" + one;
    const Scenario alone = Awaiting(Literal(text), {one.size(), 9, one.size()}, 0);
    scenarios.push_back(Whole(alone.payload, alone.steps));
  }
  for (const Overlay overlay : kOverlays) {
    scenarios.push_back(Split(Coded(4096, budget, overlay), {1, 1000, 24, 1024, 2047}));
  }
  return Listed(std::move(scenarios));
}

Cases ClientSizes(const Budget& budget) {
  std::vector<uint64_t> sizes = {1, 79, 80, 81, 1448, 1460, 1500, 9000};
  for (uint64_t power = 256; power <= 64 * 1024; power *= 2) {
    for (const uint64_t size : {power - 1, power, power + 1}) sizes.push_back(size);
  }
  std::vector<Scenario> scenarios;
  for (const uint64_t size : sizes) scenarios.push_back(Once(Coded(size, budget)));
  return Listed(std::move(scenarios));
}

// First it does not read at all: the client's own buffers are full then. What it could not take is
// fed after that.
Cases ClientBulk(const Budget& budget) {
  const PayloadSpec payload = Coded(std::min(budget.bulk_bytes, kBulkBytes), budget);
  const Step stall = Do(Kind::kStall), resume = Do(Kind::kResume), eof = Do(Kind::kFeedEof);
  const uint64_t half = std::max<uint64_t>(payload.size_bytes / 2, 1);
  return Listed({Whole(payload, {stall, Feed(half), Hold(20), resume, Reply(half), Feed(kRest),
                                 Reply(kRest)}),
                 Whole(payload, {Feed(kRest), Reply(kRest)}),
                 // Its input ends while it still has what it could not send.
                 Of(payload, {stall, Feed(kRest), eof, Hold(20), resume, Reply(kRest),
                              Do(Kind::kShutdown), Ends(true)})});
}

// Nobody ends before both lines have come and gone.
Cases ClientSendsEachLine(const Budget& budget) {
  const Scenario lines =
      AtOnce(Coded(2 * kLineBytes, budget, Overlay::kLines), {kLineBytes, kLineBytes});
  // Several in one write: who reads by stdio and waits by select sees the first alone, since the
  // others are in a buffer that select does not know.
  return Listed(
      {Whole(lines.payload, lines.steps), Once(Coded(3 * kLineBytes, budget, Overlay::kLines))});
}

Cases ClientEofDrains(const Budget& budget) {
  const Step eof = Do(Kind::kFeedEof), fin = Do(Kind::kShutdown);
  return Listed(
      {Of(Coded(1000, budget), {Feed(kRest), eof, Hold(50), Reply(kRest), fin, Ends(true)}),
       Of(Coded(3000, budget), {Feed(kRest), eof, Reply(1), Hold(300), Reply(1000), Hold(1000),
                                Reply(kRest), fin, Ends(true)})});
}

// Nobody ends but the client.
Cases ClientHalfCloses(const Budget& budget) {
  return Listed(
      {Of(Coded(100, budget), {Feed(kRest), Reply(kRest), Do(Kind::kFeedEof), Ends(true)})});
}

Cases ClientServerClosesEarly(const Budget& budget) {
  const Step eof = Do(Kind::kFeedEof);
  std::vector<Scenario> scenarios;
  for (const Kind how : {Kind::kShutdown, Kind::kClose}) {
    scenarios.push_back(
        Of(Coded(1000, budget), {Feed(kRest), Reply(500), Do(how), eof, Ends(false)}));
    scenarios.push_back(
        Of(Coded(1000, budget), {Feed(kRest), eof, Reply(500), Do(how), Ends(false)}));
  }
  return Listed(std::move(scenarios));
}

Cases ClientServerClosesIdle(const Budget& budget) {
  return Listed(
      {Of(Coded(100, budget), {Feed(kRest), Reply(kRest), Do(Kind::kShutdown), Ends(true)})});
}

Cases ClientReset(const Budget& budget) {
  const Step eof = Do(Kind::kFeedEof), reset = Do(Kind::kReset);
  return Listed({Of(Coded(1000, budget), {Feed(kRest), Reply(500), reset, eof, Ends(false)}),
                 Of(Coded(1000, budget), {Feed(kRest), eof, Reply(500), reset, Ends(false)})});
}

Cases DatagramClientExact(const Budget& budget) {
  std::vector<Scenario> scenarios = {AtOnce(Coded(1, budget), {1}),
                                     AtOnce(Coded(512, budget), {512})};
  // At and beside what a packet of Ethernet has room for, which many take for the largest.
  for (const uint64_t size : {1024, 1025, 1472, 1473, 1500, 1501, 2048, 2049, 4096, 4097}) {
    scenarios.push_back(AtOnce(Coded(size, budget), {size}));
  }
  return Then(Listed(std::move(scenarios)),
              Arbitrary(Cut(2000, 6, AtOnce), budget.seed, Cased(budget)));
}

Cases DatagramClientEveryByte(const Budget& budget) {
  std::vector<Scenario> scenarios = {AtOnce(Literal(AllValues()), {256}),
                                     AtOnce(Literal(AllValues()), {1, 127, 128})};
  for (const std::string& one : ReadAsOne()) {
    scenarios.push_back(AtOnce(Literal(Twice(one) + "\n"), {one.size(), one.size() + 1}));
  }
  for (const Overlay overlay : kOverlays) {
    scenarios.push_back(AtOnce(Coded(1000, budget, overlay), {1, 99, 400, 500}));
  }
  return Listed(std::move(scenarios));
}

Cases DatagramClientDelayed(const Budget& budget) {
  return Listed({Awaiting(Coded(200, budget), {100, 100}, 300)});
}

Cases DatagramClientDrains(const Budget& budget) {
  return Listed(
      {Of(Coded(200, budget), {Feed(kRest), Do(Kind::kFeedEof), Hold(300), Reply(kRest)})});
}

}  // namespace verbatim
