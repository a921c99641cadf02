// Laws of the judge of datagrams, for any exchange of up to three connections, against the slow and
// obvious Oracle below:
// - It fails at the first answer that is no datagram of its connection, comes again, or comes from
//   elsewhere, where its rules forbid that; or at the first silence that they don't leave open; and
//   nowhere else.
// - An answer that is no datagram of its connection is named as such, and never as a right one.
// - A connection has caught up iff nothing that was sent on it waits: all is answered or given up.
// - What it says, and each row of the transcript, is printable; and they are bounded.
// Not for: streams (judge_fuzzer).
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "fuzz/broken_law.h"
#include "fuzz/datagram_hearing.h"
#include "fuzz/rows.h"
#include "properties/judge/datagram_judge.h"
#include "properties/judge/transcript.h"

namespace {

using absl::string_view;
using verbatim::Ending;
using verbatim::Event;
using verbatim::Hearing;
using verbatim::Rules;
using verbatim::Verdict;
using Kind = Verdict::Kind;

struct Sent {
  std::string bytes;
  bool answered = false, given_up = false;
};

class Oracle {
 public:
  explicit Oracle(const Hearing& hearing)
      : rules_(hearing.rules), sent_(Connections(hearing.scenario) + 1) {
    for (size_t i = 0; i < hearing.events.size() && kind_ == Kind::kHeld; ++i) {
      on_ = hearing.events[i].connection;
      Hear(hearing.events[i], hearing.data[i]);
    }
    for (const std::vector<Sent>& all : sent_) {
      for (const Sent& sent : all) is_open_ = is_open_ || (sent.given_up && !sent.answered);
    }
  }

  // kCorrupted: whatever the difference is called.
  Kind kind() const { return kind_ == Kind::kHeld && is_open_ ? Kind::kNotJudged : kind_; }
  uint32_t connection() const { return on_; }
  bool CaughtUp(uint32_t on) const {
    return std::all_of(sent_[on].begin(), sent_[on].end(),
                       [](const Sent& sent) { return sent.answered || sent.given_up; });
  }

 private:
  void Hear(const Event& event, const std::string& data) {
    switch (event.kind) {
      case Event::Kind::kSent:
        return sent_[on_].push_back({data});
      case Event::Kind::kReceived:
        return Answered(event, data);
      case Event::Kind::kSilence:
        return Silence();
      default:
        if (event.kind == Event::Kind::kNotConnected || event.ending == Ending::kRefused) {
          kind_ = rules_.serves ? Kind::kUnserved : Kind::kNotJudged;
        }
    }
  }

  void Silence() {
    for (Sent& sent : sent_[on_]) {
      if (sent.answered || sent.given_up) continue;
      if (rules_.complete && sent.bytes.size() <= rules_.answered_to_bytes) {
        kind_ = Kind::kWithheld;
        return;
      }
      sent.given_up = true;
    }
  }

  // The one that it is, of equal ones who waits; null if it is none.
  Sent* Find(const std::string& data) {
    Sent* late = nullptr;
    Sent* again = nullptr;
    for (Sent& sent : sent_[on_]) {
      if (sent.bytes != data) continue;
      if (!sent.answered && !sent.given_up) return &sent;
      if (sent.answered) {
        again = &sent;
      } else if (late == nullptr) {
        late = &sent;
      }
    }
    return late != nullptr ? late : again;
  }

  void Answered(const Event& event, const std::string& data) {
    Sent* found = Find(data);
    if (found == nullptr && !rules_.whole) {
      for (Sent& sent : sent_[on_]) {
        if (found == nullptr && !sent.answered) found = &sent;
      }
      if (found == nullptr) return;
    }
    if (found == nullptr) {
      kind_ = Kind::kCorrupted;
    } else if (found->answered && rules_.once) {
      kind_ = Kind::kDuplicated;
    } else {
      found->answered = true;
      const bool matters = event.from_other_port ? rules_.same_port : rules_.same_address;
      if (!event.from.empty() && matters) kind_ = Kind::kMisaddressed;
    }
  }

  const Rules rules_;
  std::vector<std::vector<Sent>> sent_;  // by connection, from 1 on
  Kind kind_ = Kind::kHeld;
  bool is_open_ = false;
  uint32_t on_ = 1;
};

void Holds(bool holds, string_view input, const char* law, const Verdict& verdict) {
  if (!holds) verbatim::BrokenLaw(input, law, VerdictSentence(verdict), "as the law says");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const string_view input(reinterpret_cast<const char*>(data), size);
  const Hearing hearing = verbatim::ReadDatagramHearing(input);
  verbatim::DatagramJudge judge(hearing.scenario, hearing.rules);
  verbatim::Transcript transcript;
  for (size_t i = 0; i < hearing.events.size(); ++i) {
    Event event = hearing.events[i];
    if (event.kind == Event::Kind::kReceived) event.data = hearing.data[i];
    judge.Observe(event);
    transcript.Add(event);
  }
  const bool is_over = judge.Over();
  const Verdict verdict = judge.Finish();
  const Oracle oracle(hearing);
  for (uint32_t on = 1; on <= Connections(hearing.scenario) && !is_over; ++on) {
    Holds(judge.CaughtUp(on) == oracle.CaughtUp(on), input, "it has caught up when none waits",
          verdict);
  }
  if (oracle.kind() == Kind::kCorrupted) {
    Holds(verdict.kind >= Kind::kLost && verdict.kind <= Kind::kLeaked &&
              verdict.kind != Kind::kWithheld,
          input, "an answer that was not sent is named as one", verdict);
  } else {
    Holds(verdict.kind == oracle.kind(), input, "it says what the oracle says", verdict);
  }
  const bool fails = verdict.kind != Kind::kHeld && verdict.kind != Kind::kNotJudged;
  Holds(!fails || verdict.connection == oracle.connection(), input, "of that connection", verdict);
  Holds(verbatim::IsPrintable(VerdictSentence(verdict)), input, "what it says is printable",
        verdict);
  verbatim::CheckRows(input, transcript);
  return 0;
}

extern "C" void ShowInput(const uint8_t* data, size_t size) {
  const Hearing hearing =
      verbatim::ReadDatagramHearing({reinterpret_cast<const char*>(data), size});
  std::printf("%s", verbatim::HearingText(hearing).c_str());
}
