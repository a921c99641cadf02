// Laws of the judge, for any conversation with a server on up to three connections, or with a
// client, whose input and output are judged apart, against the slow and obvious JudgeOracle:
// - It fails where the first byte is another than was sent, or, without one, at the first thing
//   that its rules don't leave open; and nowhere else.
// - It counts what came as it should, on each connection, whatever else goes wrong.
// - A loss goes on with the byte behind it, a repetition with the byte that it repeats, a leak is
//   another connection's; what is shown is what came, and what was sent there.
// - What it says is printable and bounded, as is each row of the transcript. Of what a client sent
//   it says nothing in the words of its output, nor the other way about; a client has no number.
// - What is missing on one connection and came on another is a leak, and no loss: told by the
//   first 4 bytes that differ there, where each connection has byte values of its own.
// - In single bytes the same came, and the verdict is the same.
// Not for: datagrams (datagram_judge.h).
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <string>

#include "absl/strings/match.h"
#include "fuzz/broken_law.h"
#include "fuzz/hearing.h"
#include "fuzz/judge_oracle.h"
#include "fuzz/rows.h"

namespace {

using absl::string_view;
using verbatim::Heard;
using verbatim::Hearing;
using verbatim::JudgeOracle;
using verbatim::Rules;
using verbatim::Verdict;
using verbatim::Way;
using Kind = Verdict::Kind;

// No text of a stage's that a hearing has is longer.
constexpr size_t kMostSentenceBytes = 200;

class Law {
 public:
  Law(string_view input, const Verdict& verdict) : input_(input), verdict_(verdict) {}
  void Holds(bool holds, const char* law) const {
    if (!holds) {
      verbatim::BrokenLaw(input_, law, VerdictSentence(verdict_), "as the law says");
    }
  }

 private:
  const string_view input_;
  const Verdict& verdict_;
};

void CheckDifference(const Law& law, const Verdict& verdict, const JudgeOracle& oracle,
                     Rules rules) {
  if (verdict.kind == Kind::kHeld) return law.Holds(!rules.gaps, "a byte that differs fails");
  law.Holds(verdict.kind >= Kind::kLost && verdict.kind <= Kind::kLeaked &&
                verdict.kind != Kind::kTruncated && verdict.kind != Kind::kWithheld,
            "a byte that differs is named as one");
  const Heard& heard = oracle.heard(verdict.connection);
  law.Holds(heard.differs, "the connection is one that has such a byte");
  law.Holds(verdict.offset == heard.right, "the offset is that of the first byte that differs");
  law.Holds(verdict.sent_bytes == heard.sent && verdict.received_bytes == heard.right,
            "so many were sent, and so many came right");
  const string_view sent = string_view(oracle.payload(verdict.connection)).substr(0, heard.sent);
  law.Holds(
      string_view(heard.came).substr(verdict.window_offset, verdict.seen.size()) == verdict.seen,
      "what is shown as seen came");
  law.Holds(sent.substr(verdict.window_offset, verdict.expected.size()) == verdict.expected,
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

void CheckCounts(const Law& law, const verbatim::Judge& judge, const JudgeOracle& oracle,
                 uint32_t connections) {
  for (uint32_t on = 1; on <= connections; ++on) {
    const Heard& heard = oracle.heard(on);
    law.Holds(judge.ReceivedBytes(on) == heard.right, "so many bytes have come as they should");
    law.Holds(judge.CaughtUp(on) == (heard.right >= heard.sent), "it has caught up with all sent");
  }
}

bool SaysAny(string_view sentence, std::initializer_list<string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](string_view word) { return absl::StrContains(sentence, word); });
}

void CheckWords(const Law& law, const Verdict& verdict) {
  const std::string sentence = VerdictSentence(verdict);
  law.Holds(verbatim::IsPrintable(sentence) && sentence.size() <= kMostSentenceBytes,
            "what it says is printable, and bounded");
  if (verdict.way == Way::kReturned) return;
  law.Holds(!SaysAny(sentence, {"connection 1"}), "a client's connection has no number");
  // Else it says what a stage or its program says, or speaks of both.
  if (!verdict.detail.empty() || verdict.kind == Kind::kHeld) return;
  const bool is_mixed = verdict.way == Way::kSent
                            ? SaysAny(sentence, {"output", "replied", "replies", "printed"})
                            : SaysAny(sentence, {"input", "fed", "it sent", "were sent"});
  law.Holds(!is_mixed, "what it sent and what it printed are told apart");
}

// The engine alone sees a death, and that comes first.
void CheckDeath(const Law& law, Verdict verdict) {
  verdict.SayDied("was killed by SIGSEGV");
  law.Holds(verdict.Fails() && !verdict.IsSilence() &&
                VerdictSentence(verdict) == "target died: it was killed by SIGSEGV",
            "a death comes before whatever else was seen");
}

void CheckWay(string_view input, const Hearing& hearing, Way way) {
  const JudgeOracle oracle(hearing, way);
  verbatim::Judge judge = JudgeOf(hearing, way);
  const bool is_over = judge.Over();
  const Verdict verdict = judge.Finish();
  const Law law(input, verdict);
  law.Holds(verdict.way == way, "the verdict is of that way");
  law.Holds(is_over == (oracle.any_differs() || oracle.kind() != Kind::kHeld),
            "it is over once anything is found or left open");
  CheckCounts(law, judge, oracle, Connections(hearing.scenario));
  if (oracle.any_differs()) {
    CheckDifference(law, verdict, oracle, hearing.rules);
  } else {
    law.Holds(verdict.kind == oracle.kind(),
              "the first thing that is not left open is the verdict");
    law.Holds(verdict.connection == oracle.connection(), "the verdict is of that connection");
    law.Holds(verdict.IsSilence() == oracle.is_silence(), "it is silence where nothing came");
  }
  CheckWords(law, verdict);
  CheckDeath(law, verdict);
  law.Holds(VerdictSentence(JudgeOf(hearing, way, true).Finish()) == VerdictSentence(verdict),
            "however it is cut, the verdict is the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const string_view input(reinterpret_cast<const char*>(data), size);
  const Hearing hearing = verbatim::ReadHearing(input);
  verbatim::CheckRows(input, TranscriptOf(hearing));
  for (const Way way : WaysOf(hearing)) CheckWay(input, hearing, way);
  return 0;
}

extern "C" void ShowInput(const uint8_t* data, size_t size) {
  const Hearing hearing = verbatim::ReadHearing({reinterpret_cast<const char*>(data), size});
  std::printf("%s", verbatim::HearingText(hearing).c_str());
}
