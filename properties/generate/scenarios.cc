// The generators, by RapidCheck's public combinators.
#include "properties/generate/scenarios.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "properties/generate/shrinks.h"

namespace verbatim {
namespace {

// RapidCheck's own scale: sizes grow from 0 to 100 over the cases.
constexpr int kFullSize = 100;

rc::Gen<Step> ArbitraryStep() {
  return rc::gen::map(
      rc::gen::tuple(rc::gen::inRange(0, 10), rc::gen::inRange<uint32_t>(1, kMaxConnections + 1),
                     rc::gen::inRange<uint64_t>(0, 64), rc::gen::inRange<uint64_t>(0, 4)),
      [](const std::tuple<int, uint32_t, uint64_t, uint64_t>& dice) {
        Step step{static_cast<Step::Kind>(std::get<0>(dice)), std::get<1>(dice), 0};
        const uint64_t amount = std::get<2>(dice);
        if (step.kind == Step::Kind::kSend) {
          step.amount = amount == 0 ? kRest : amount;
          step.ahead = std::get<3>(dice) * 20;
        }
        if (step.kind == Step::Kind::kPause) step.amount = 1 + amount;
        return step;
      });
}

rc::Gen<PayloadSpec> AnyPayload() {
  return rc::gen::oneOf(ArbitraryPayload(5000),
                        rc::gen::map(rc::gen::arbitrary<std::string>(), [](std::string bytes) {
                          PayloadSpec spec;
                          spec.literal = true;
                          spec.bytes = std::move(bytes);
                          return spec;
                        }));
}

}  // namespace

Cases Arbitrary(rc::Gen<Scenario> gen, uint64_t seed, int count) {
  return [gen = std::move(gen), random = rc::Random(seed), drawn = 0,
          count]() mutable -> std::optional<rc::Shrinkable<Scenario>> {
    if (drawn == count) return std::nullopt;
    const int size = count == 1 ? kFullSize : drawn * kFullSize / (count - 1);
    ++drawn;
    return WithShrinks(gen(random.split(), size).value());
  };
}

Cases Listed(std::vector<Scenario> scenarios) {
  return [scenarios = std::move(scenarios),
          next = size_t{0}]() mutable -> std::optional<rc::Shrinkable<Scenario>> {
    if (next == scenarios.size()) return std::nullopt;
    return WithShrinks(scenarios[next++]);
  };
}

Cases Then(Cases first, Cases second) {
  return [first = std::move(first), second = std::move(second)]() mutable {
    std::optional<rc::Shrinkable<Scenario>> next = first();
    return next ? next : second();
  };
}

rc::Gen<PayloadSpec> ArbitraryPayload(uint64_t max_bytes) {
  // The size is 2^k plus something, k growing with RapidCheck's size, so that every order of
  // magnitude up to the limit is met.
  return rc::gen::withSize([max_bytes](int size) {
    uint64_t limit = 16;
    while (limit < max_bytes && size > 0) {
      limit *= 2;
      size -= 6;
    }
    limit = std::min(limit, max_bytes);
    return rc::gen::map(
        rc::gen::tuple(
            rc::gen::inRange<uint64_t>(1, limit + 1), rc::gen::inRange<uint64_t>(1, 1'000'000),
            rc::gen::elementOf(std::vector<Overlay>(std::begin(kOverlays), std::end(kOverlays)))),
        [](const std::tuple<uint64_t, uint64_t, Overlay>& dice) {
          PayloadSpec spec;
          std::tie(spec.size_bytes, spec.seed, spec.overlay) = dice;
          return spec;
        });
  });
}

rc::Gen<std::vector<uint64_t>> ArbitraryCuts(uint64_t size, size_t max_pieces) {
  const size_t most = static_cast<size_t>(std::min<uint64_t>(max_pieces, size)) - 1;
  return rc::gen::mapcat(rc::gen::inRange<size_t>(0, most + 1), [size](size_t cuts) {
    return rc::gen::map(rc::gen::container<std::vector<uint64_t>>(
                            cuts, rc::gen::inRange<uint64_t>(1, std::max<uint64_t>(size, 2))),
                        [size](const std::vector<uint64_t>& places) {
                          std::set<uint64_t> ends(places.begin(), places.end());
                          ends.insert(size);
                          std::vector<uint64_t> pieces;
                          uint64_t from = 0;
                          for (const uint64_t end : ends) {
                            if (end > size) continue;
                            pieces.push_back(end - from);
                            from = end;
                          }
                          return pieces;
                        });
  });
}

rc::Gen<Scenario> ArbitraryScenario() {
  return rc::gen::map(
      rc::gen::tuple(AnyPayload(), rc::gen::container<std::vector<Step>>(ArbitraryStep()),
                     rc::gen::element<std::string>("", "stream.exact.bulk", "x.y-z.2")),
      [](std::tuple<PayloadSpec, std::vector<Step>, std::string> parts) {
        // Steps that can't be played where they stand are left out.
        Scenario scenario{std::get<2>(parts), std::get<0>(parts), {}};
        for (const Step& step : std::get<1>(parts)) {
          scenario.steps.push_back(step);
          if (!Validate(scenario).ok()) scenario.steps.pop_back();
        }
        return scenario;
      });
}

}  // namespace verbatim
