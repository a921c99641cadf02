// Conversations in datagrams made by hand for the tests of their judge: what was sent and what
// came, without a socket.
// Not for: anything but tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "properties/judge/datagram_judge.h"

namespace verbatim {

// A datagram of each of the sizes on each of `connections`, each awaited at the end.
inline Scenario Datagrams(const std::vector<uint64_t>& sizes, uint32_t connections = 1,
                          uint64_t seed = 1) {
  Scenario scenario;
  scenario.role = Role::kDatagramServer;
  scenario.payload.seed = seed;
  for (const uint64_t size : sizes) scenario.payload.size_bytes += size;
  for (uint32_t connection = 1; connection <= connections; ++connection) {
    if (connection > 1) scenario.steps.push_back({Step::Kind::kConnect, connection, 0});
    for (const uint64_t size : sizes) {
      scenario.steps.push_back({Step::Kind::kSend, connection, size});
    }
    scenario.steps.push_back({Step::Kind::kAwait, connection, 0});
  }
  return scenario;
}

// The same of one connection, with these bytes.
inline Scenario LiteralDatagrams(const std::vector<std::string>& datagrams,
                                 uint32_t connections = 1) {
  std::vector<uint64_t> sizes;
  for (const std::string& datagram : datagrams) sizes.push_back(datagram.size());
  Scenario scenario = Datagrams(sizes, connections);
  scenario.payload = {.literal = true};
  for (const std::string& datagram : datagrams) scenario.payload.bytes += datagram;
  return scenario;
}

// A judge of datagrams and the events that it is told.
class DatagramHearing {
 public:
  explicit DatagramHearing(const Scenario& scenario, Rules rules = {})
      : scenario_(scenario), judge_(scenario, rules) {}

  // Datagram `number` of the connection, from 1 on.
  std::string Of(size_t number, uint32_t connection = 1) const {
    uint64_t offset = 0, amount = 0;
    for (const Step& step : scenario_.steps) {
      if (step.kind != Step::Kind::kSend || step.connection != connection) continue;
      offset += amount;
      amount = step.amount;
      if (--number == 0) break;
    }
    return judge_.payload().Bytes(connection, offset, amount);
  }

  // All that the scenario sends; on one connection alone if it is not 0.
  DatagramHearing& SentAll(uint32_t connection = 0) {
    for (const Step& step : scenario_.steps) {
      if (step.kind != Step::Kind::kSend) continue;
      if (connection == 0 || step.connection == connection) Sent(step.amount, step.connection);
    }
    return *this;
  }
  DatagramHearing& Sent(uint64_t bytes, uint32_t connection = 1) {
    return Saw(
        {.kind = Event::Kind::kSent, .connection = connection, .bytes = bytes, .datagram = true});
  }

  DatagramHearing& Came(const std::string& data, uint32_t connection = 1) {
    return CameFrom("", false, data, connection);
  }
  DatagramHearing& CameFrom(std::string from, bool other_port, const std::string& data,
                            uint32_t connection = 1, std::string asked = "") {
    // A copy of its own size: asan sees a byte read too far.
    const std::vector<char> copy(data.begin(), data.end());
    return Saw({.kind = Event::Kind::kReceived,
                .connection = connection,
                .bytes = copy.size(),
                .data = absl::string_view(copy.data(), copy.size()),
                .text = std::move(asked),
                .datagram = true,
                .from = std::move(from),
                .from_other_port = other_port});
  }
  DatagramHearing& Silence(uint32_t connection = 1, int64_t waited_ms = 1000) {
    return Saw({.kind = Event::Kind::kSilence, .connection = connection, .waited_ms = waited_ms});
  }
  DatagramHearing& Saw(const Event& event) {
    judge_.Observe(event);
    return *this;
  }

  const DatagramJudge& judge() const { return judge_; }
  Verdict Finish() { return judge_.Finish(); }

 private:
  Scenario scenario_;
  DatagramJudge judge_;
};

}  // namespace verbatim
