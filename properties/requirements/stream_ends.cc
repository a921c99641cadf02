// Each requirement on ends, on several connections and on survival as scenarios: its sentence in
// about 10 lines. Not for: the rows themselves (catalogue_bytes.cc, catalogue_service.cc), or
// judging.
#include <algorithm>
#include <string>
#include <utility>

#include "properties/requirements/steps.h"
#include "properties/requirements/stream.h"

namespace verbatim {

using namespace steps;  // NOLINT(google-build-using-namespace): the words of this file

namespace {

Scenario DrainedAfterFin(PayloadSpec payload, const std::vector<uint64_t>& pieces) {
  Scenario scenario = Pipelined(std::move(payload), pieces);
  scenario.steps.insert(scenario.steps.end() - 1, Do(Kind::kShutdown));
  return scenario;
}

// Connects, and waits for one byte's echo.
void Greet(uint32_t connection, Scenario* scenario) {
  if (connection > 1) scenario->steps.push_back(Do(Kind::kConnect, connection));
  scenario->steps.push_back(Send(1, connection));
  scenario->steps.push_back(Do(Kind::kAwait, connection));
}

// Three connections, whose sends and awaits are interleaved as the dice fall.
Scenario Interleaved(const PayloadSpec& payload,
                     const std::vector<std::tuple<uint32_t, uint64_t, bool>>& dice) {
  Scenario scenario = Make(payload, {});
  for (uint32_t peer = 1; peer <= 3; ++peer) Greet(peer, &scenario);
  for (const auto& [connection, bytes, await] : dice) {
    scenario.steps.push_back(await ? Do(Kind::kAwait, connection) : Send(bytes, connection));
    if (!Validate(scenario).ok()) scenario.steps.pop_back();  // the payload is used up
  }
  for (uint32_t connection = 1; connection <= 3; ++connection) {
    scenario.steps.push_back(Do(Kind::kAwait, connection));
  }
  return scenario;
}

// One after another six peers send, say FIN and vanish, and a seventh is to be served. With the FIN
// before it, the target's write meets EPIPE and not ECONNRESET: that is where SIGPIPE is (tcp_reset
// in the state CLOSE-WAIT). It takes a write that is still to come when the RST arrives: hence so
// many. Never two at once: how many a target accepts side by side is another requirement's subject.
Scenario AllVanish(PayloadSpec payload) {
  constexpr uint32_t kPeers = 6;
  Scenario scenario = Make(std::move(payload), {});
  for (uint32_t peer = 1; peer <= kPeers; ++peer) {
    Greet(peer, &scenario);
    for (const Step& step :
         {Do(Kind::kStall), Send(kRest), Do(Kind::kShutdown), Do(Kind::kClose)}) {
      scenario.steps.push_back({step.kind, peer, step.amount});
    }
  }
  Greet(kPeers + 1, &scenario);
  return scenario;
}

}  // namespace

Cases HalfCloseDrains(const Budget& budget) {
  return Then(Listed({DrainedAfterFin(Coded(1, budget), {1})}),
              Arbitrary(Cut(kAheadBytes, 8, DrainedAfterFin), budget.seed, budget.cases));
}

Cases HalfCloseEnds(const Budget& budget) {
  const Step fin = Do(Kind::kShutdown), eof = Do(Kind::kExpectEof);
  const Step sips = {Kind::kDrip, 1, 20'000};
  return Listed({Make(Coded(1, budget), {fin, eof}),
                 Make(Coded(1000, budget), {Send(kRest), fin, eof}),
                 Make(Coded(kAheadBytes, budget), {Send(kRest), fin, eof}),
                 // Something is still to be written when the FIN comes.
                 Make(Coded(300'000, budget),
                      {Do(Kind::kStall), Send(kRest), fin, Do(Kind::kResume), sips, eof}),
                 Make(Coded(kMoreThanKernelsHold, budget),
                      {Do(Kind::kStall), Send(kRest), fin, Do(Kind::kResume), sips, eof})});
}

// All of it stands in front of a reader that takes it in small sips.
Cases HalfCloseDrainsSlowly(const Budget& budget) {
  const Step stall = Do(Kind::kStall), fin = Do(Kind::kShutdown);
  const Step resume = Do(Kind::kResume), await = Do(Kind::kAwait);
  std::vector<Scenario> scenarios;
  // The second takes longer than who gives up some time after end-of-file may have patience; the
  // last is more than the target's kernel holds.
  const std::pair<uint64_t, uint64_t> bytes_and_sips[] = {
      {40'000, 5'000}, {300'000, 400}, {kMoreThanKernelsHold, 8'000}};
  for (const auto& [bytes, sip] : bytes_and_sips) {
    const Step drip = {Kind::kDrip, 1, sip};
    scenarios.push_back(Make(Coded(bytes, budget), {stall, Send(kRest), fin, resume, drip, await}));
  }
  return Listed(std::move(scenarios));
}

// One connection echoes, is idle and echoes again.
Cases OpenUntilPeerEnds(const Budget& budget) {
  const Step await = Do(Kind::kAwait), idle = Pause(static_cast<uint64_t>(budget.idle_ms));
  return Listed({Make(Coded(1000, budget), {Send(10), await, idle, Send(kRest), await}),
                 Make(Coded(1000, budget), {idle, Send(kRest), await})});
}

namespace {

// One leaves, and others come into its place.
Scenario OneLeaves(const Budget& budget, uint32_t leaver) {
  Scenario scenario = Make(Coded(3000, budget), {});
  for (uint32_t peer = 1; peer <= 3; ++peer) Greet(peer, &scenario);
  scenario.steps.push_back(Do(Kind::kClose, leaver));
  for (uint32_t peer = 4; peer <= 5; ++peer) Greet(peer, &scenario);
  for (uint32_t peer = 5; peer >= 1; --peer) {
    if (peer != leaver) scenario.steps.push_back(Send(500, peer));
  }
  for (uint32_t peer = 1; peer <= 5; ++peer) {
    if (peer != leaver) scenario.steps.push_back(Do(Kind::kAwait, peer));
  }
  return scenario;
}

// Both have something that could not be written at once.
Scenario BothHeldUp(const Budget& budget) {
  Scenario scenario = Make(Coded(kJamBytes, budget), {Do(Kind::kConnect, 2)});
  for (const Kind kind : {Kind::kStall, Kind::kSend, Kind::kResume}) {
    for (const uint32_t peer : {1u, 2u}) {
      scenario.steps.push_back(kind == Kind::kSend ? Send(kRest, peer) : Do(kind, peer));
    }
  }
  scenario.steps.push_back(Pause(300));
  return scenario;
}

}  // namespace

Cases ManyIsolated(const Budget& budget) {
  const auto dice = rc::gen::container<std::vector<std::tuple<uint32_t, uint64_t, bool>>>(
      16, rc::gen::tuple(rc::gen::inRange<uint32_t>(1, 4), rc::gen::inRange<uint64_t>(1, 600),
                         rc::gen::map(rc::gen::inRange(0, 4), [](int die) { return die == 0; })));
  const auto gen = rc::gen::map(
      rc::gen::tuple(rc::gen::inRange<uint64_t>(1, 1'000'000), dice),
      [](const std::tuple<uint64_t, std::vector<std::tuple<uint32_t, uint64_t, bool>>>& parts) {
        PayloadSpec payload;
        payload.size_bytes = 4000;
        payload.seed = std::get<0>(parts);
        return Interleaved(payload, std::get<1>(parts));
      });
  return Then(Listed({OneLeaves(budget, 1), OneLeaves(budget, 2), BothHeldUp(budget)}),
              Arbitrary(gen, budget.seed, budget.cases));
}

namespace {

// Three are open, one of them ends, and the others are served on, one that came in its place too.
// It ends in good order: a reset is for stream.survive.reset.
Scenario OneOfThreeEnds(const Budget& budget, uint32_t leaver) {
  Scenario scenario = Make(Coded(300, budget), {});
  const auto echo = [&](uint32_t peer) {
    scenario.steps.push_back(Send(20, peer));
    scenario.steps.push_back(Do(Kind::kAwait, peer));
  };
  for (uint32_t peer = 1; peer <= 3; ++peer) {
    if (peer > 1) scenario.steps.push_back(Do(Kind::kConnect, peer));
    echo(peer);
  }
  scenario.steps.push_back(Do(Kind::kClose, leaver));
  for (uint32_t peer = 1; peer <= 3; ++peer) {
    if (peer != leaver) echo(peer);
  }
  scenario.steps.push_back(Do(Kind::kConnect, 4));
  for (const uint32_t peer : {4u, leaver == 1 ? 2u : 1u, leaver == 3 ? 2u : 3u}) echo(peer);
  return scenario;
}

}  // namespace

Cases SecondIsServed(const Budget& budget) {
  std::vector<Scenario> scenarios = {
      Make(Coded(64, budget), {Do(Kind::kConnect, 2), Send(kRest, 2), Do(Kind::kAwait, 2)}),
      Make(Coded(64, budget), {Send(8), Do(Kind::kAwait), Do(Kind::kConnect, 2), Send(kRest, 2),
                               Do(Kind::kAwait, 2), Send(kRest), Do(Kind::kAwait)})};
  for (uint32_t leaver = 1; leaver <= 3; ++leaver) {
    scenarios.push_back(OneOfThreeEnds(budget, leaver));
  }
  return Listed(std::move(scenarios));
}

Cases SurviveVanish(const Budget& budget) {
  std::vector<Scenario> scenarios;
  const std::vector<Step> later = {Do(Kind::kConnect, 2), Send(1, 2), Do(Kind::kAwait, 2)};
  const auto add = [&](uint64_t bytes, std::vector<Step> steps) {
    steps.insert(steps.end(), later.begin(), later.end());
    scenarios.push_back(Make(Coded(bytes, budget), std::move(steps)));
  };
  const Step stall = Do(Kind::kStall), close = Do(Kind::kClose), fin = Do(Kind::kShutdown);
  for (uint64_t bytes = 40'000; bytes <= 400'000; bytes += 15'000) {
    scenarios.push_back(AllVanish(Coded(bytes, budget)));
  }
  for (const uint64_t bytes : {1, 1000, 65'536, 262'144, 1'048'576}) {
    add(bytes, {stall, Send(kRest), close});
    if (bytes > 1) add(bytes, {Send(1), Do(Kind::kAwait), stall, Send(bytes - 1), fin, close});
  }
  return Listed(std::move(scenarios));
}

Cases SurviveReset(const Budget& budget) {
  const Step stall = Do(Kind::kStall), reset = Do(Kind::kReset), await = Do(Kind::kAwait);
  std::vector<Scenario> scenarios;
  for (const uint64_t bytes : {2, 1000, 65'536, 1'048'576}) {
    // What is awaited first fails each time; without, the target reads before the RST or after it.
    for (const std::vector<Step>& ending : {std::vector<Step>{SendInStep(kRest), await, reset},
                                            {Send(1), await, stall, Send(kRest), reset},
                                            {Send(kRest), reset}}) {
      Scenario scenario = Make(Coded(bytes, budget), ending);
      Greet(2, &scenario);
      scenarios.push_back(std::move(scenario));
    }
  }
  // One for whom more is kept than the kernel takes: what fails then is a write that waits.
  Scenario jammed = Make(Coded(kJamBytes, budget), {Send(1), await, stall, Send(kRest), reset});
  Greet(2, &jammed);
  scenarios.push_back(std::move(jammed));
  return Listed(std::move(scenarios));
}

// Seven come and go without a word, some by a RST; the eighth is to be served. Again and again.
Cases SurviveConnectClose(const Budget& budget) {
  std::vector<Scenario> scenarios;
  for (uint64_t round = 1; round <= 20; ++round) {
    Scenario scenario = Make(Coded(round, budget), {});
    for (uint32_t peer = 1; peer < kMaxConnections; ++peer) {
      if (peer > 1) scenario.steps.push_back(Do(Kind::kConnect, peer));
      scenario.steps.push_back(Do((peer + round) % 3 == 0 ? Kind::kReset : Kind::kClose, peer));
    }
    Greet(kMaxConnections, &scenario);
    scenarios.push_back(std::move(scenario));
  }
  return Listed(std::move(scenarios));
}

}  // namespace verbatim
