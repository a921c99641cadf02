// The generators, by RapidCheck's public combinators.
#include "properties/generate/scenarios.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "properties/generate/shrinks.h"
#include "properties/scenario/checker.h"

namespace verbatim {
namespace {

// RapidCheck's own scale: sizes grow from 0 to 100 over the cases.
constexpr int kFullSize = 100;

std::vector<Step::Kind> KindsOf(Role role) {
  using Kind = Step::Kind;
  if (role == Role::kServer) {
    return {Kind::kConnect,  Kind::kSend,  Kind::kAwait, Kind::kSettle,
            Kind::kPause,    Kind::kStall, Kind::kDrip,  Kind::kResume,
            Kind::kShutdown, Kind::kReset, Kind::kClose, Kind::kExpectEof};
  }
  if (role == Role::kDatagramServer) {
    return {Kind::kConnect, Kind::kSend, Kind::kSend, Kind::kAwait, Kind::kPause, Kind::kClose};
  }
  return {Kind::kFeed,     Kind::kReply,   Kind::kFeed,  Kind::kReply,
          Kind::kHold,     Kind::kFeedEof, Kind::kStall, Kind::kResume,
          Kind::kShutdown, Kind::kReset,   Kind::kClose, Kind::kExpectExit};
}

rc::Gen<Step> ArbitraryStep(Role role) {
  return rc::gen::map(
      rc::gen::tuple(rc::gen::elementOf(KindsOf(role)),
                     rc::gen::inRange<uint32_t>(1, kMaxConnections + 1),
                     rc::gen::inRange<uint64_t>(0, 64), rc::gen::inRange<uint64_t>(0, 4)),
      [role](const std::tuple<Step::Kind, uint32_t, uint64_t, uint64_t>& dice) {
        Step step{std::get<0>(dice), role == Role::kClient ? 1 : std::get<1>(dice), 0};
        const uint64_t amount = std::get<2>(dice);
        const bool bytes = step.kind == Step::Kind::kSend || step.kind == Step::Kind::kFeed ||
                           step.kind == Step::Kind::kReply;
        if (bytes) step.amount = amount == 0 ? kRest : amount;
        const bool datagram = role == Role::kDatagramServer && step.kind == Step::Kind::kSend;
        if (datagram && amount % 8 == 1) step.amount = 0;
        if (step.kind == Step::Kind::kSend && !datagram) step.ahead = std::get<3>(dice) * 20;
        const bool time = step.kind == Step::Kind::kPause || step.kind == Step::Kind::kHold;
        if (time || step.kind == Step::Kind::kDrip) step.amount = 1 + amount;
        if (step.kind == Step::Kind::kExpectExit) step.amount = amount % 2;
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

// Any steps; those that can't be played where they stand are left out.
rc::Gen<Scenario> OfAnySteps(Role role) {
  return rc::gen::map(
      rc::gen::pair(AnyPayload(), rc::gen::container<std::vector<Step>>(ArbitraryStep(role))),
      [role](std::pair<PayloadSpec, std::vector<Step>> parts) {
        Scenario scenario;
        scenario.role = role;
        scenario.payload = std::move(parts.first);
        Checker checker(role, scenario.payload.Size());
        for (const Step& step : parts.second) {
          if (checker.Take(step).empty()) scenario.steps.push_back(step);
        }
        return scenario;
      });
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
      rc::gen::tuple(rc::gen::weightedOneOf<Scenario>({{6, OfAnySteps(Role::kServer)},
                                                       {1, OfAnySteps(Role::kClient)},
                                                       {2, OfAnySteps(Role::kDatagramServer)},
                                                       {2, ArbitraryClientScenario()}}),
                     rc::gen::element<std::string>("", "stream.exact.bulk", "x.y-z.2"),
                     rc::gen::oneOf(rc::gen::just(std::vector<Fault>()),
                                    rc::gen::container<std::vector<Fault>>(ArbitraryFault()))),
      [](std::tuple<Scenario, std::string, std::vector<Fault>> parts) {
        Scenario scenario = std::move(std::get<0>(parts));
        scenario.requirement = std::get<1>(parts);
        scenario.faults = std::move(std::get<2>(parts));
        if (scenario.faults.size() > kMaxFaults) scenario.faults.resize(kMaxFaults);
        return scenario;
      });
}

}  // namespace verbatim
