// How an input is read.
#include "fuzz/datagram_hearing.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "properties/scenario/payload.h"

namespace verbatim {
namespace {

using absl::string_view;

constexpr uint64_t kPayloadBytes = 1024;

class DatagramReader {
 public:
  explicit DatagramReader(string_view input) : input_(input) {
    connections_ = 1 + Byte(0) % 3;
    Rules& rules = hearing_.rules;
    rules.complete = (Byte(1) & 1) == 0;
    rules.serves = (Byte(1) & 2) == 0;
    rules.whole = (Byte(1) & 4) == 0;
    rules.once = (Byte(1) & 8) != 0;
    rules.same_port = (Byte(1) & 16) != 0;
    rules.same_address = (Byte(1) & 32) != 0;
    if ((Byte(1) & 64) != 0) rules.answered_to_bytes = Byte(3);
    Scenario& scenario = hearing_.scenario;
    scenario.role = Role::kDatagramServer;
    scenario.payload.size_bytes = kPayloadBytes;
    scenario.payload.overlay = kOverlays[Byte(2) % std::size(kOverlays)];
    for (uint32_t on = 2; on <= connections_; ++on) {
      scenario.steps.push_back({Step::Kind::kConnect, on, 0});
    }
    payload_ = MakePayload(scenario);
    lines_.resize(connections_ + 1);
  }

  Hearing Read() {
    for (size_t at = kHeaderBytes;
         at + kEventBytes <= input_.size() && hearing_.events.size() < kMaxEvents;
         at += kEventBytes) {
      ReadEvent(Byte(at) % 14, 1 + Byte(at + 1) % connections_, Byte(at + 2));
    }
    return std::move(hearing_);
  }

 private:
  static constexpr size_t kHeaderBytes = 4, kEventBytes = 3, kMaxEvents = 60;

  struct Line {
    uint64_t sent_bytes = 0;
    std::vector<std::string> sent;
  };

  unsigned Byte(size_t at) const {
    return at < input_.size() ? static_cast<uint8_t>(input_[at]) : 0;
  }

  void ReadEvent(unsigned what, uint32_t on, unsigned amount) {
    const std::string right = Sent(on, amount);
    switch (what) {
      case 0:
      case 1:
        return Send(on, what == 0 ? amount : amount % 12);
      case 2:
      case 3:
        return Came(on, right);
      case 4:  // changed at one place
        return Came(on, right.empty() ? right : With(right, amount % right.size()));
      case 5:  // cut short
        return Came(on, right.substr(0, right.size() / 2));
      case 6:  // its end alone
        return Came(on, right.substr(right.size() / 2));
      case 7:  // without its middle
        return Came(on, right.substr(0, right.size() / 3) + right.substr(right.size() / 2));
      case 8:  // two in one
        return Came(on, right + Sent(on, amount + 1));
      case 9:  // another's
        return Came(on, Sent(1 + on % connections_, amount));
      case 10:
        return Came(on, std::string(amount % 20, static_cast<char>(amount)));
      case 11:
        Came(on, right);
        if (lines_[on].sent.empty()) return;
        hearing_.events.back().from = "192.0.2.1:9";
        hearing_.events.back().from_other_port = amount % 2 == 1;
        return;
      case 12:
        return Add(Event::Kind::kSilence, on, 0);
      default:
        Add(amount % 2 == 0 ? Event::Kind::kNotConnected : Event::Kind::kEnded, on, 0);
        hearing_.events.back().ending = amount % 4 < 2 ? Ending::kRefused : Ending::kOurs;
    }
  }

  static std::string With(std::string bytes, size_t changed) {
    bytes[changed] = static_cast<char>(~bytes[changed]);
    return bytes;
  }

  // One that was sent there; none where nothing was.
  std::string Sent(uint32_t on, unsigned which) const {
    const std::vector<std::string>& sent = lines_[on].sent;
    return sent.empty() ? "" : sent[which % sent.size()];
  }

  void Send(uint32_t on, uint64_t bytes) {
    Line& line = lines_[on];
    bytes = std::min(bytes, payload_.size_bytes() - line.sent_bytes);
    line.sent.push_back(payload_.Bytes(on, line.sent_bytes, static_cast<size_t>(bytes)));
    line.sent_bytes += bytes;
    Add(Event::Kind::kSent, on, bytes);
    hearing_.data.back() = line.sent.back();
  }

  void Came(uint32_t on, std::string bytes) {
    Add(Event::Kind::kReceived, on, bytes.size());
    hearing_.data.back() = std::move(bytes);
  }

  void Add(Event::Kind kind, uint32_t on, uint64_t bytes) {
    Event event;
    event.kind = kind;
    event.connection = on;
    event.bytes = bytes;
    event.datagram = kind == Event::Kind::kSent || kind == Event::Kind::kReceived;
    hearing_.events.push_back(event);
    hearing_.data.emplace_back();
  }

  const string_view input_;
  Hearing hearing_;
  Payload payload_{{}, 1, {}};
  uint32_t connections_ = 1;
  std::vector<Line> lines_;
};

}  // namespace

Hearing ReadDatagramHearing(string_view input) { return DatagramReader(input).Read(); }

}  // namespace verbatim
