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

// The numbers below `count`, a line each, again and again: with many of them a window is of one
// place, with few of several.
std::string Numbers(size_t size_bytes, unsigned count) {
  std::string text;
  for (unsigned i = 0; text.size() < size_bytes; ++i) absl::StrAppend(&text, i % count, "\n");
  text.resize(size_bytes);
  return text;
}

// A line is a connection of a server's, or a way of a client's.
class StreamReader {
 public:
  explicit StreamReader(string_view input) : input_(input), is_of_client_((Header(0) & 0x80) != 0) {
    ReadRules();
    ReadPayload();
    line_count_ = is_of_client_ ? 2 : 1 + Header(0) % 3;
    if (is_of_client_) hearing_.scenario.role = Role::kClient;
    for (uint32_t on = 2; on <= line_count_ && !is_of_client_; ++on) {
      hearing_.scenario.steps.push_back({Step::Kind::kConnect, on, 0});
    }
    payload_ = MakePayload(hearing_.scenario);
    const size_t most = std::min(kMaxEvents, input.size() / kEventBytes);
    hearing_.events.reserve(most);
    hearing_.data.reserve(most);
  }

  Hearing Read() {
    for (size_t at = kHeaderBytes;
         at + kEventBytes <= input_.size() && hearing_.events.size() < kMaxEvents;
         at += kEventBytes) {
      ReadEvent(Byte(at) % 13, 1 + Byte(at + 1) % line_count_, Byte(at + 2));
    }
    return std::move(hearing_);
  }

 private:
  static constexpr size_t kHeaderBytes = 4, kEventBytes = 3, kMaxEvents = 100, kMaxLines = 3;

  unsigned Byte(size_t at) const { return static_cast<uint8_t>(input_[at]); }
  unsigned Header(size_t at) const { return at < input_.size() ? Byte(at) : 0; }

  void ReadRules() {
    Rules& rules = hearing_.rules;
    rules.complete = (Header(1) & 1) == 0;
    rules.ends = (Header(1) & 2) == 0;
    rules.serves = (Header(1) & 4) == 0;
    rules.gaps = (Header(1) & 8) == 0;
    rules.ends_cleanly = (Header(1) & 16) != 0;
    rules.status = !is_of_client_ || (Header(0) & 0x40) == 0;
  }

  // Only clients are given lines.
  void ReadPayload() {
    PayloadSpec& payload = hearing_.scenario.payload;
    const unsigned which = Header(2) & 0x7f;
    payload.literal = (Header(2) & 0x80) != 0;
    if (payload.literal) {
      payload.bytes = Numbers(4 * Header(3), 1 + which);
      return;
    }
    payload.size_bytes = 4 * Header(3);
    payload.seed = 1 + (Header(1) >> 5);
    payload.overlay = is_of_client_ ? kAllOverlays[which % std::size(kAllOverlays)]
                                    : kOverlays[which % std::size(kOverlays)];
  }

  void ReadEvent(unsigned what, uint32_t on, unsigned amount) {
    if (what > 10) return is_of_client_ ? AddOfClient(what, on, amount) : AddOther(on, amount);
    uint64_t& own = own_[on];  // how far what came back has come
    switch (what) {
      case 0:
      case 1: {
        const uint64_t more = std::min<uint64_t>(4 * amount, payload_.size_bytes() - sent_[on]);
        sent_[on] += more;
        Add(Event::Kind::kSent, on, more);
        return;
      }
      case 2:
        return Came(on, Own(on, amount));
      case 3:
        return Came(on, Own(on, payload_.size_bytes()));
      case 4:  // some are left out
        own = std::min<uint64_t>(own + amount, payload_.size_bytes());
        return;
      case 5:  // some come again
        own -= std::min<uint64_t>(own, amount);
        return;
      case 6: {
        std::string changed = Own(on, 1);
        if (!changed.empty()) changed[0] = static_cast<char>(changed[0] ^ (amount | 1));
        return Came(on, changed);
      }
      case 7:
        return Came(on, payload_.Bytes(ConnectionOf(1 + on % line_count_), own, amount));
      case 8:
        return Came(on, std::string(amount % 8, static_cast<char>(amount)));
      case 9: {
        constexpr Ending kEndings[] = {Ending::kFin, Ending::kReset, Ending::kTimedOut,
                                       Ending::kOurs, Ending::kCrashed};
        Add(Event::Kind::kEnded, on, 0).ending = kEndings[amount % (is_of_client_ ? 5 : 4)];
        return;
      }
      default:
        Add(Event::Kind::kShutdown, on, 0);
    }
  }

  void AddOther(uint32_t on, unsigned amount) {
    constexpr Event::Kind kOthers[] = {Event::Kind::kSilence, Event::Kind::kBlocked,
                                       Event::Kind::kNoEof, Event::Kind::kSkipped,
                                       Event::Kind::kNotConnected};
    Add(kOthers[amount % 5], on, 0);
  }

  // In the words of its stages (stage/*/client_*.cc).
  void AddOfClient(unsigned what, uint32_t on, unsigned amount) {
    struct Told {
      Event::Kind kind;
      const char* text;
      Ending ending = Ending::kOpen;
    };
    using Kind = Event::Kind;
    constexpr Told kWaits[] = {
        {Kind::kConnected, ""},
        {Kind::kSilence, ""},
        {Kind::kBlocked, ""},
        {Kind::kNoEof, ""},
        {Kind::kNotConnected, "the client did not connect; it said nothing", Ending::kTimedOut},
        {Kind::kBlocked, "it closed its standard input"},
        {Kind::kSkipped, ""}};
    constexpr Told kEnds[] = {
        {Kind::kExited, ""},
        {Kind::kExited, "exited with status 1, though all came back"},
        {Kind::kExited, "exited with status 0 while it was fed and served", Ending::kFin},
        {Kind::kExited, "was killed by SIGSEGV", Ending::kCrashed}};
    const Told& told =
        what == 11 ? kWaits[amount % std::size(kWaits)] : kEnds[amount % std::size(kEnds)];
    Event& event = Add(told.kind, on, 0);
    event.waited_ms = what == 11 ? 2000 : 0;
    event.ending = told.ending;
    event.text = told.text;
  }

  uint32_t ConnectionOf(uint32_t on) const { return is_of_client_ ? 1 : on; }

  std::string Own(uint32_t on, uint64_t amount) {
    std::string bytes = payload_.Bytes(ConnectionOf(on), own_[on], static_cast<size_t>(amount));
    own_[on] += bytes.size();
    return bytes;
  }

  void Came(uint32_t on, std::string bytes) {
    Add(Event::Kind::kReceived, on, bytes.size());
    hearing_.data.back() = std::move(bytes);
  }

  Event& Add(Event::Kind kind, uint32_t on, uint64_t bytes) {
    Event& event = hearing_.events.emplace_back();
    event.kind = kind;
    event.connection = ConnectionOf(on);
    if (is_of_client_) event.way = on == 1 ? Way::kSent : Way::kPrinted;
    event.bytes = bytes;
    hearing_.data.emplace_back();
    return event;
  }

  const string_view input_;
  const bool is_of_client_;
  Hearing hearing_;
  Payload payload_{{}, 1, {}};
  uint32_t line_count_ = 1;
  uint64_t own_[kMaxLines + 1] = {}, sent_[kMaxLines + 1] = {};  // by line, from 1 on
};

}  // namespace

Hearing ReadHearing(string_view input) { return StreamReader(input).Read(); }

std::vector<Way> WaysOf(const Hearing& hearing) {
  if (hearing.scenario.role == Role::kClient) return {Way::kSent, Way::kPrinted};
  return {Way::kReturned};
}

Judge JudgeOf(const Hearing& hearing, Way way, bool in_single_bytes) {
  Judge judge(hearing.scenario, hearing.rules, way);
  for (size_t i = 0; i < hearing.events.size(); ++i) {
    if (hearing.events[i].way != way) continue;
    Event event = hearing.events[i];
    const string_view data = hearing.data[i];
    const size_t piece = in_single_bytes ? 1 : std::max<size_t>(data.size(), 1);
    for (size_t at = 0; at == 0 || at < data.size(); at += piece) {
      event.data = data.substr(at, piece);
      if (event.kind == Event::Kind::kReceived) event.bytes = event.data.size();
      judge.Observe(event);
    }
  }
  return judge;
}

Transcript TranscriptOf(const Hearing& hearing) {
  Transcript transcript;
  for (const Event& event : hearing.events) transcript.Add(event);
  return transcript;
}

std::string HearingText(const Hearing& hearing) {
  const Rules& rules = hearing.rules;
  std::string text = absl::StrCat(
      "rules:", rules.complete ? " complete" : "", rules.ends ? " ends" : "",
      rules.serves ? " serves" : "", rules.gaps ? " gaps" : "", rules.status ? "" : " not status",
      rules.ends_cleanly ? " ends_cleanly" : "", rules.whole ? "" : " not whole",
      rules.once ? " once" : "", rules.same_port ? " same_port" : "",
      rules.same_address ? " same_address" : "", "\n");
  for (const std::string& line : TranscriptOf(hearing).Lines()) absl::StrAppend(&text, line, "\n");
  return text;
}

}  // namespace verbatim
