// Laws of the judge, for any conversation of up to three connections, against the slow and obvious
// Oracle below:
// - It fails where the first byte is another than was sent, or, without one, at the first thing
//   that its rules don't leave open; and nowhere else.
// - A loss goes on with the byte behind it, a repetition with the byte that it repeats, a leak is
//   another connection's; what is shown is what came, and what was sent there.
// - Each row of the transcript is printable, and it is bounded.
// - What is missing on one connection and came on another is a leak, and no loss: told by the
//   first 4 bytes that differ there, where each connection has byte values of its own.
// - In single bytes the same came, and the verdict is the same.
// Not for: datagrams (datagram_judge.h).
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "fuzz/broken_law.h"
#include "fuzz/hearing.h"
#include "properties/judge/transcript.h"

namespace {

using absl::string_view;
using verbatim::Ending;
using verbatim::Event;
using verbatim::Hearing;
using verbatim::Rules;
using verbatim::Verdict;
using Kind = Verdict::Kind;

Verdict Judged(const Hearing& hearing, bool in_single_bytes) {
  verbatim::Judge judge(hearing.scenario, hearing.rules);
  for (size_t i = 0; i < hearing.events.size(); ++i) {
    Event event = hearing.events[i];
    const string_view data = hearing.data[i];
    const size_t piece = in_single_bytes ? 1 : std::max<size_t>(data.size(), 1);
    for (size_t at = 0; at == 0 || at < data.size(); at += piece) {
      event.data = data.substr(at, piece);
      if (event.kind == Event::Kind::kReceived) event.bytes = event.data.size();
      judge.Observe(event);
    }
  }
  return judge.Finish();
}

// What one connection got, byte by byte.
struct Heard {
  uint64_t sent = 0;
  std::string came;
  uint64_t right = 0;  // so many bytes, until the first that is not
  bool differs = false, shut = false;
};

class Oracle {
 public:
  explicit Oracle(const Hearing& hearing)
      : rules_(hearing.rules),
        payload_(MakePayload(hearing.scenario)),
        heard_(Connections(hearing.scenario) + 1) {
    for (size_t i = 0; i < hearing.events.size(); ++i) Hear(hearing.events[i], hearing.data[i]);
  }

  const Heard& heard(uint32_t on) const { return heard_[on]; }
  // Whether another connection's first wrong bytes are of `on`.
  bool IsLeakedOf(uint32_t on) const {
    for (uint32_t other = 1; other < heard_.size(); ++other) {
      const Heard& line = heard_[other];
      if (other == on || !line.differs) continue;
      if (payload_.Owner(string_view(line.came).substr(line.right, 4)) == on) return true;
    }
    return false;
  }
  std::string sent(uint32_t on) const { return payload_.Bytes(on, 0, heard_[on].sent); }
  bool any_differs() const { return differs_; }
  // Where no byte differs.
  Kind kind() const { return kind_; }
  uint32_t connection() const { return connection_; }

 private:
  void Hear(const Event& event, const std::string& data) {
    Heard& line = heard_[event.connection];
    switch (event.kind) {
      case Event::Kind::kSent:
        line.sent += event.bytes;
        return;
      case Event::Kind::kReceived:
        for (const char byte : data) Hear(event.connection, byte);
        return;
      case Event::Kind::kShutdown:
        line.shut = true;
        return;
      case Event::Kind::kSilence:
        return Happens(event, rules_.complete ? Kind::kWithheld : Kind::kNotJudged);
      case Event::Kind::kBlocked:
        return Happens(event, rules_.complete ? Kind::kStuck : Kind::kNotJudged);
      case Event::Kind::kSkipped:
        return Happens(event, rules_.complete ? Kind::kTruncated : Kind::kNotJudged);
      case Event::Kind::kNotConnected:
        return Happens(event, rules_.serves ? Kind::kUnserved : Kind::kNotJudged);
      case Event::Kind::kNoEof:
        if (rules_.ends) return Happens(event, Kind::kNotEnded);
        if (rules_.ends_cleanly) Happens(event, Kind::kNotJudged);
        return;
      case Event::Kind::kEnded:
        return Ended(event, line);
      default:  // an input has no other
        return;
    }
  }

  void Ended(const Event& event, const Heard& line) {
    if (event.ending == Ending::kOurs) return;
    if (rules_.complete && line.right < line.sent) Happens(event, Kind::kTruncated);
    if (rules_.ends_cleanly && line.shut && event.ending != Ending::kFin) {
      Happens(event, Kind::kMisbehaved);
    }
  }

  void Hear(uint32_t on, char byte) {
    Heard& line = heard_[on];
    line.came += byte;
    if (line.differs) return;
    if (line.right < line.sent && payload_.Bytes(on, line.right, 1)[0] == byte) {
      ++line.right;
      return;
    }
    line.differs = true;
    differs_ = differs_ || kind_ == Kind::kHeld || kind_ == Kind::kNotJudged;
  }

  void Happens(const Event& event, Kind kind) {
    if (differs_ || kind_ != Kind::kHeld) return;
    kind_ = kind;
    connection_ = event.connection;
  }

  const Rules rules_;
  const verbatim::Payload payload_;
  std::vector<Heard> heard_;  // by connection, from 1 on
  bool differs_ = false;
  Kind kind_ = Kind::kHeld;
  uint32_t connection_ = 1;
};

class Law {
 public:
  Law(string_view input, const Verdict& verdict) : input_(input), verdict_(verdict) {}
  void Holds(bool holds, const char* law) const {
    if (!holds) {
      verbatim::BrokenLaw(input_, law, verbatim::VerdictSentence(verdict_), "as the law says");
    }
  }

 private:
  const string_view input_;
  const Verdict& verdict_;
};

void CheckDifference(const Law& law, const Verdict& verdict, const Oracle& oracle, Rules rules) {
  if (verdict.kind == Kind::kHeld) return law.Holds(!rules.gaps, "a byte that differs fails");
  law.Holds(verdict.kind >= Kind::kLost && verdict.kind <= Kind::kLeaked &&
                verdict.kind != Kind::kTruncated && verdict.kind != Kind::kWithheld,
            "a byte that differs is named as one");
  const Heard& heard = oracle.heard(verdict.connection);
  law.Holds(heard.differs, "the connection is one that has such a byte");
  law.Holds(verdict.offset == heard.right, "the offset is that of the first byte that differs");
  law.Holds(verdict.sent_bytes == heard.sent && verdict.received_bytes == heard.right,
            "so many were sent, and so many came right");
  const std::string sent = oracle.sent(verdict.connection);
  law.Holds(
      string_view(heard.came).substr(verdict.window_offset, verdict.seen.size()) == verdict.seen,
      "what is shown as seen came");
  law.Holds(
      string_view(sent).substr(verdict.window_offset, verdict.expected.size()) == verdict.expected,
      "what is shown as expected was sent");
  const char first = heard.came[heard.right];
  if (verdict.kind == Kind::kLost) {
    law.Holds(!oracle.IsLeakedOf(verdict.connection), "what came elsewhere is a leak");
    law.Holds(verdict.length > 0 && verdict.offset + verdict.length < heard.sent &&
                  (!verdict.length_known || sent[verdict.offset + verdict.length] == first),
              "a loss goes on with the byte behind it");
  } else if (verdict.kind == Kind::kDuplicated) {
    law.Holds(verdict.length > 0 && verdict.length <= verdict.offset &&
                  sent[verdict.offset - verdict.length] == first,
              "a repetition begins with the byte that it repeats");
  } else if (verdict.kind == Kind::kLeaked) {
    law.Holds(verdict.from_connection != verdict.connection, "a leak is another connection's");
  }
}

void CheckTranscript(string_view input, const Hearing& hearing) {
  verbatim::Transcript transcript;
  for (size_t i = 0; i < hearing.events.size(); ++i) {
    Event event = hearing.events[i];
    if (event.kind == Event::Kind::kReceived) event.data = hearing.data[i];
    transcript.Add(event);
  }
  const std::vector<std::string> lines = transcript.Lines();
  for (const std::string& line : lines) {
    if (!verbatim::IsPrintable(line)) {
      verbatim::BrokenLaw(input, "a row is printable", line, "without controls");
    }
  }
  if (lines.size() > hearing.events.size() + 1) {
    verbatim::BrokenLaw(input, "no more rows than events, and one", lines.back(), "bounded");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const string_view input(reinterpret_cast<const char*>(data), size);
  const Hearing hearing = verbatim::ReadHearing(input);
  const Verdict verdict = Judged(hearing, false);
  const Oracle oracle(hearing);
  const Law law(input, verdict);
  CheckTranscript(input, hearing);
  if (oracle.any_differs()) {
    CheckDifference(law, verdict, oracle, hearing.rules);
  } else {
    law.Holds(verdict.kind == oracle.kind(),
              "the first thing that is not left open is the verdict");
    law.Holds(verdict.connection == oracle.connection(), "the verdict is of that connection");
  }
  law.Holds(VerdictSentence(Judged(hearing, true)) == VerdictSentence(verdict),
            "however it is cut, the verdict is the same");
  return 0;
}

extern "C" void ShowInput(const uint8_t* data, size_t size) {
  const Hearing hearing = verbatim::ReadHearing({reinterpret_cast<const char*>(data), size});
  std::printf("%s", verbatim::HearingText(hearing).c_str());
}
