// Each requirement on the bytes of one stream as scenarios: its sentence in about 10 lines.
// Not for: the rows themselves (catalogue_bytes.cc, catalogue_service.cc), or judging.
#include <string>
#include <utility>

#include "properties/generate/shrinks.h"
#include "properties/requirements/bytes_read_as_one.h"
#include "properties/requirements/steps.h"
#include "properties/requirements/stream.h"

namespace verbatim {

using namespace steps;  // NOLINT(google-build-using-namespace): the words of this file

std::vector<std::string> ReadAsOne() {
  std::vector<std::string> all = {
      "\xff\xff",     std::string("\r\0", 2),   "\r\n",         "\n\n", "\xef\xbb\xbf", "\xff\xfe",
      "\x16\x03\x01", std::string("\0\0\0", 3), "\xe2\x82\xac", "\\\\", "%%",           "..\r\n"};
  for (const absl::string_view token : PayloadTokens())
    all.emplace_back(token.data(), token.size());
  return all;
}

Cases EveryByte(const Budget& budget) {
  std::string all;
  for (int value = 0; value < 256; ++value) all += static_cast<char>(value);
  std::string tokens;
  for (const absl::string_view token : PayloadTokens()) tokens.append(token.data(), token.size());
  std::vector<Scenario> scenarios = {
      OnePiece(Literal(all)), OnePiece(Literal(tokens)),
      Pipelined(Literal(all + all), std::vector<uint64_t>(32, 16)),
      Awaited(Literal(all), std::vector<uint64_t>(all.size(), 1)),
      Awaited(Literal(tokens), std::vector<uint64_t>(tokens.size(), 1))};
  for (size_t cut = 1; cut < tokens.size(); ++cut) {
    scenarios.push_back(Awaited(Literal(tokens), {cut, tokens.size() - cut}));
  }
  for (const std::string& one : ReadAsOne()) {
    const std::string text = one + one + "\n";
    scenarios.push_back(Awaited(Literal(text), std::vector<uint64_t>(text.size(), 1)));
    scenarios.push_back(OnePiece(Literal(one)));
  }
  for (const Overlay overlay : kOverlays) {
    scenarios.push_back(Awaited(Coded(4096, budget, overlay), {1, 1000, 24, 1024, 2047}));
  }
  return Listed(std::move(scenarios));
}

Cases FragmentsAwaited(const Budget& budget) {
  return Then(Listed({Awaited(Coded(1000, budget), {1, 99, 900})}),
              Arbitrary(Cut(16 * 1024, 16, Awaited), budget.seed, budget.cases));
}

Cases FragmentsPipelined(const Budget& budget) {
  // Sent on, pieces run together as they will; settled, each is met. A half of each.
  const int settled = budget.cases / 2;
  const Scenario first = Pipelined(Coded(10'000, budget), {1, 99, 900, 4000, 5000});
  return Then(Then(Listed({first}),
                   Arbitrary(Cut(128 * 1024, 64, Pipelined), budget.seed, budget.cases - settled)),
              Arbitrary(Cut(kAheadBytes, 32, Settled), budget.seed + 1, settled));
}

// Bit k of `cutting` is a cut behind byte k.
Cases AllFragments(const Budget& budget) {
  const uint64_t bytes = static_cast<uint64_t>(budget.fragment_bytes);
  return [payload = Coded(bytes, budget), bytes,
          cutting = uint64_t{0}]() mutable -> std::optional<rc::Shrinkable<Scenario>> {
    if (cutting >> (bytes - 1) != 0) return std::nullopt;
    std::vector<uint64_t> pieces = {1};
    for (uint64_t byte = 1; byte < bytes; ++byte) {
      if ((cutting >> (byte - 1) & 1) != 0) pieces.push_back(0);
      ++pieces.back();
    }
    ++cutting;
    return WithShrinks(Awaited(payload, pieces));
  };
}

Cases BufferEdges(const Budget& budget) {
  std::vector<uint64_t> sizes = {80, 1448, 1460, 1500, 9000};
  for (uint64_t power = 2; power <= 256 * 1024; power *= 2) {
    for (const uint64_t size : {power - 1, power, power + 1}) sizes.push_back(size);
  }
  std::vector<Scenario> scenarios;
  for (const uint64_t size : sizes) scenarios.push_back(Pipelined(Coded(size, budget), {size}));
  return Listed(std::move(scenarios));
}

Cases Bulk(const Budget& budget) {
  // Less first, for who is slow; and no multiple of a block, so that what is kept back until a
  // block is full is missing in the end.
  constexpr uint64_t kFirstBytes = 300'007;
  const auto whole = [&](uint64_t bytes) {
    return Make(Coded(bytes, budget), {SendInStep(kRest), Do(Kind::kAwait)});
  };
  if (budget.bulk_bytes <= kFirstBytes) return Listed({whole(budget.bulk_bytes)});
  return Listed({whole(kFirstBytes), whole(budget.bulk_bytes)});
}

// That it was served at all is seen at the end; by a line, for those that work in lines.
Cases SilentFirst(const Budget&) {
  return Listed({Make(Literal("0123456789\n"), {Pause(300), Send(kRest), Do(Kind::kAwait)})});
}

// At the end of the stream it is certain that nothing more comes; else it is looked for a while.
Cases SilentAfter(const Budget& budget) {
  const auto quiet = [&](Scenario scenario) {
    scenario.steps.push_back(Pause(budget.half_close ? 20 : 300));
    if (budget.half_close) scenario.steps.push_back(Do(Kind::kShutdown));
    if (budget.half_close) scenario.steps.push_back(Do(Kind::kExpectEof));
    return scenario;
  };
  std::vector<Scenario> scenarios = {quiet(OnePiece(Coded(1, budget))),
                                     quiet(OnePiece(Literal("verbatim\n"))),
                                     quiet(Awaited(Coded(5000, budget), {1, 99, 900, 4000}))};
  // Whole blocks: what is there twice, or flushed once more, is so at an edge.
  for (const uint64_t bytes : {512, 1024, 4096, 8192, 16'384}) {
    scenarios.push_back(quiet(OnePiece(Coded(bytes, budget))));
  }
  return Listed(std::move(scenarios));
}

Cases SingleByte(const Budget&) {
  // First what may be taken for something else: an end, a line, a command, an error.
  std::string values("\0\xff\n\r\x04 a", 7);
  for (int value = 0; value < 256; ++value) {
    if (values.find(static_cast<char>(value)) == std::string::npos)
      values += static_cast<char>(value);
  }
  std::vector<Scenario> scenarios;
  for (const char value : values) {
    scenarios.push_back(OnePiece(Literal(std::string(1, value))));
  }
  scenarios.push_back(Awaited(Literal("verbatim"), std::vector<uint64_t>(8, 1)));
  return Listed(std::move(scenarios));
}

Cases LateReader(const Budget& budget) {
  const Step stall = Do(Kind::kStall), resume = Do(Kind::kResume), await = Do(Kind::kAwait);
  // A few buffers' worth first, many times: what breaks there is found without waiting for a jam,
  // and may depend on where a process stands that was only just started (a relay through pipes
  // stuck in 1 play of 4 to 8).
  std::vector<Scenario> scenarios;
  for (uint64_t bytes = 150'000; bytes <= 450'000; bytes += 5'000) {
    scenarios.push_back(Make(Coded(bytes, budget), {stall, Send(kRest), Pause(5), resume, await}));
  }
  // Twice, since a jam may end early: where a busy machine did not let the target run for half a
  // second, it seems to take no more (a short write ignored was missed in 1 check of 9).
  for (const uint64_t bytes : {kJamBytes, kJamBytes - 1}) {
    scenarios.push_back(Make(Coded(bytes, budget), {stall, Send(kRest), resume, await}));
  }
  return Listed(std::move(scenarios));
}

Cases SlowReader(const Budget& budget) {
  const auto dripping = [&](uint64_t bytes, uint64_t bytes_per_ms) {
    const Step drip = {Kind::kDrip, 1, bytes_per_ms};
    return Make(Coded(bytes, budget), {drip, Send(kRest), Do(Kind::kAwait)});
  };
  // The last is more than a kernel's buffers hold on the way back.
  return Listed({dripping(10'000, 100), dripping(200'000, 2000), dripping(8'000'000, 65'536)});
}

// Connection 1 takes nothing while the others are served.
Cases PressureIsolated(const Budget& budget) {
  std::vector<Step> steps = {Send(1), Do(Kind::kAwait), Do(Kind::kStall), Send(kRest)};
  for (uint32_t other = 2; other <= 3; ++other) {
    for (const Step& step : {Do(Kind::kConnect, other), Send(1000, other), Do(Kind::kAwait, other)})
      steps.push_back(step);
  }
  // And then it gets what was kept for it, though others have come and one has gone meanwhile.
  steps.push_back(Do(Kind::kClose, 2));
  for (const Step& step : {Do(Kind::kConnect, 4), Send(1000, 4), Do(Kind::kAwait, 4),
                           Do(Kind::kResume), Do(Kind::kAwait)})
    steps.push_back(step);
  // The same with the newest of three, after the oldest has left its place to another.
  const Step connect = Do(Kind::kConnect, 2), first = Send(1, 2), first_back = Do(Kind::kAwait, 2);
  std::vector<Step> newest = {Send(1),
                              Do(Kind::kAwait),
                              connect,
                              first,
                              first_back,
                              Do(Kind::kStall, 2),
                              Do(Kind::kClose),
                              Send(kRest, 2),
                              Do(Kind::kConnect, 3),
                              Send(1000, 3),
                              Do(Kind::kAwait, 3),
                              Do(Kind::kResume, 2),
                              Do(Kind::kAwait, 2)};
  return Listed({Make(Coded(kJamBytes, budget), std::move(steps)),
                 Make(Coded(kJamBytes, budget), std::move(newest))});
}

}  // namespace verbatim
