// How an input is read.
#include "fuzz/hearing.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "properties/judge/transcript.h"
#include "properties/scenario/payload.h"

namespace verbatim {
namespace {

using absl::string_view;

constexpr size_t kHeaderBytes = 4, kEventBytes = 3, kMostEvents = 100;

// `own` is how far each connection's bytes have come back.
class Reader {
 public:
  explicit Reader(string_view input) : input_(input) {
    const auto header = [&](size_t at) { return at < input.size() ? Byte(at) : 0u; };
    connections_ = 1 + header(0) % 3;
    Rules& rules = hearing_.rules;
    rules.complete = (header(1) & 1) == 0;
    rules.ends = (header(1) & 2) == 0;
    rules.serves = (header(1) & 4) == 0;
    rules.gaps = (header(1) & 8) == 0;
    rules.ends_cleanly = (header(1) & 16) != 0;
    hearing_.scenario.payload.size_bytes = 4 * header(3);
    hearing_.scenario.payload.seed = 1 + (header(1) >> 5);
    hearing_.scenario.payload.overlay = kOverlays[header(2) % std::size(kOverlays)];
    for (uint32_t on = 2; on <= connections_; ++on) {
      hearing_.scenario.steps.push_back({Step::Kind::kConnect, on, 0});
    }
    payload_ = MakePayload(hearing_.scenario);
    own_.resize(connections_ + 1);
    sent_.resize(connections_ + 1);
  }

  Hearing Read() {
    for (size_t at = kHeaderBytes;
         at + kEventBytes <= input_.size() && hearing_.events.size() < kMostEvents;
         at += kEventBytes) {
      ReadEvent(Byte(at) % 13, 1 + Byte(at + 1) % connections_, Byte(at + 2));
    }
    return std::move(hearing_);
  }

 private:
  unsigned Byte(size_t at) const { return static_cast<uint8_t>(input_[at]); }

  void ReadEvent(unsigned what, uint32_t on, uint64_t amount) {
    uint64_t& own = own_[on];
    switch (what) {
      case 0:
      case 1: {
        const uint64_t more = std::min(4 * amount, payload_.size_bytes() - sent_[on]);
        sent_[on] += more;
        return Add(Event::Kind::kSent, on, more);
      }
      case 2:
        return Came(on, Own(on, amount));
      case 3:
        return Came(on, Own(on, payload_.size_bytes()));
      case 4:  // some are left out
        own = std::min(own + amount, payload_.size_bytes());
        return;
      case 5:  // some come again
        own -= std::min(own, amount);
        return;
      case 6: {
        std::string changed = Own(on, 1);
        if (!changed.empty()) changed[0] = static_cast<char>(changed[0] ^ (amount | 1));
        return Came(on, changed);
      }
      case 7:
        return Came(on, payload_.Bytes(1 + on % connections_, own, amount));
      case 8:
        return Came(on, std::string(amount % 8, static_cast<char>(amount)));
      case 9: {
        constexpr Ending kEndings[] = {Ending::kFin, Ending::kReset, Ending::kTimedOut,
                                       Ending::kOurs};
        Add(Event::Kind::kEnded, on, 0);
        hearing_.events.back().ending = kEndings[amount % 4];
        return;
      }
      case 10:
        return Add(Event::Kind::kShutdown, on, 0);
      default: {
        constexpr Event::Kind kOthers[] = {Event::Kind::kSilence, Event::Kind::kBlocked,
                                           Event::Kind::kNoEof, Event::Kind::kSkipped,
                                           Event::Kind::kNotConnected};
        return Add(kOthers[amount % 5], on, 0);
      }
    }
  }

  std::string Own(uint32_t on, uint64_t amount) {
    std::string bytes = payload_.Bytes(on, own_[on], static_cast<size_t>(amount));
    own_[on] += bytes.size();
    return bytes;
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
    hearing_.events.push_back(event);
    hearing_.data.emplace_back();
  }

  const string_view input_;
  Hearing hearing_;
  Payload payload_{{}, 1, {}};
  uint32_t connections_ = 1;
  std::vector<uint64_t> own_, sent_;
};

}  // namespace

Hearing ReadHearing(string_view input) { return Reader(input).Read(); }

std::string HearingText(const Hearing& hearing) {
  const Rules& rules = hearing.rules;
  std::string text =
      absl::StrCat("rules:", rules.complete ? " complete" : "", rules.ends ? " ends" : "",
                   rules.serves ? " serves" : "", rules.gaps ? " gaps" : "",
                   rules.ends_cleanly ? " ends_cleanly" : "", rules.whole ? "" : " not whole",
                   rules.once ? " once" : "", rules.same_port ? " same_port" : "",
                   rules.same_address ? " same_address" : "", "\n");
  Transcript transcript;
  for (size_t i = 0; i < hearing.events.size(); ++i) {
    Event event = hearing.events[i];
    event.data = hearing.data[i];
    transcript.Add(event);
  }
  for (const std::string& line : transcript.Lines()) absl::StrAppend(&text, line, "\n");
  return text;
}

}  // namespace verbatim
