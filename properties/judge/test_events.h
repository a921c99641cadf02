// Conversations made by hand for the tests of the judge: what was sent and what came, in pieces of
// any size, without a socket.
// Not for: anything but tests.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "properties/judge/judge.h"

namespace verbatim {

// All is sent on each of `connections`, and awaited.
inline Scenario SendAll(PayloadSpec payload, uint32_t connections = 1) {
  Scenario scenario;
  scenario.payload = std::move(payload);
  for (uint32_t connection = 2; connection <= connections; ++connection) {
    scenario.steps.push_back({Step::Kind::kConnect, connection, 0});
  }
  for (uint32_t connection = 1; connection <= connections; ++connection) {
    scenario.steps.push_back({Step::Kind::kSend, connection, kRest});
    scenario.steps.push_back({Step::Kind::kAwait, connection, 0});
  }
  return scenario;
}

inline Scenario Coded(uint64_t size, uint32_t connections = 1, uint64_t seed = 1,
                      Overlay overlay = Overlay::kNone) {
  PayloadSpec spec;
  spec.size_bytes = size;
  spec.seed = seed;
  spec.overlay = overlay;
  return SendAll(spec, connections);
}

inline Scenario Literal(std::string bytes, uint32_t connections = 1) {
  PayloadSpec spec;
  spec.literal = true;
  spec.bytes = std::move(bytes);
  return SendAll(spec, connections);
}

// A judge and the events that it is told.
class Hearing {
 public:
  explicit Hearing(const Scenario& scenario, Rules rules = {})
      : payload_(MakePayload(scenario)), judge_(scenario, rules) {}

  // What was sent on `connection`, from `offset` on.
  std::string Bytes(uint64_t offset, size_t count, uint32_t connection = 1) const {
    return payload_.Bytes(connection, offset, count);
  }
  std::string All(uint32_t connection = 1) const {
    return Bytes(0, static_cast<size_t>(payload_.size_bytes()), connection);
  }

  Hearing& Sent(uint64_t bytes, uint32_t connection = 1) {
    Event event = Of(Event::Kind::kSent, connection);
    event.bytes = bytes;
    judge_.Observe(event);
    return *this;
  }
  Hearing& SentAll(uint32_t connection = 1) { return Sent(payload_.size_bytes(), connection); }

  // In pieces of the sizes `pieces`, over and over; in one if there are none.
  Hearing& Came(absl::string_view data, uint32_t connection = 1,
                const std::vector<size_t>& pieces = {}) {
    for (size_t i = 0; !data.empty(); ++i) {
      const size_t piece = pieces.empty() ? data.size() : pieces[i % pieces.size()];
      // A copy that ends where the piece ends: asan sees a byte read too far.
      const std::string copy(data.substr(0, piece));
      Event event = Of(Event::Kind::kReceived, connection);
      event.data = copy;
      event.bytes = copy.size();
      judge_.Observe(event);
      data.remove_prefix(copy.size());
    }
    return *this;
  }

  Hearing& Ended(Ending ending, uint32_t connection = 1) {
    Event event = Of(Event::Kind::kEnded, connection);
    event.ending = ending;
    judge_.Observe(event);
    return *this;
  }

  // Any other event.
  Hearing& Saw(Event::Kind kind, uint32_t connection = 1, int64_t waited_ms = 0,
               std::string text = "") {
    Event event = Of(kind, connection);
    event.waited_ms = waited_ms;
    event.text = std::move(text);
    if (kind == Event::Kind::kNotConnected) event.ending = Ending::kRefused;
    judge_.Observe(event);
    return *this;
  }

  Judge& judge() { return judge_; }
  Verdict Finish() { return judge_.Finish(); }

 private:
  static Event Of(Event::Kind kind, uint32_t connection) {
    Event event;
    event.kind = kind;
    event.connection = connection;
    return event;
  }

  Payload payload_;
  Judge judge_;
};

}  // namespace verbatim
