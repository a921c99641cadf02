// Comparing what came with what was sent. A difference gets its name in classify.cc.
#include "properties/judge/judge.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace verbatim {
namespace {

constexpr size_t kCompareBytes = 64 * 1024;

}  // namespace

Judge::Judge(const Scenario& scenario, Rules rules, Way way)
    : rules_(rules), way_(way), payload_(MakePayload(scenario)), lines_(Connections(scenario)) {}

bool Judge::CaughtUp(uint32_t connection) const {
  const Line& line = lines_[connection - 1];
  return line.received >= line.sent;
}

void Judge::Observe(const Event& event) {
  assert(event.connection >= 1 && event.connection <= lines_.size());
  Line& line = lines_[event.connection - 1];
  switch (event.kind) {
    case Event::Kind::kSent:
      line.sent += event.bytes;
      return;
    case Event::Kind::kReceived:
      Received(event.connection, event.data);
      return;
    case Event::Kind::kEnded:
      line.ending = event.ending;
      return Ended(event);
    case Event::Kind::kNotConnected:
      line.ending = event.ending;
      return Fail(rules_.serves ? Verdict::Kind::kUnserved : Verdict::Kind::kNotJudged, event);
    case Event::Kind::kSilence:
      return Fail(rules_.complete ? Verdict::Kind::kWithheld : Verdict::Kind::kNotJudged, event);
    case Event::Kind::kBlocked:
      return Fail(rules_.complete ? Verdict::Kind::kStuck : Verdict::Kind::kNotJudged, event);
    case Event::Kind::kNoEof:
      // Where it doesn't matter whether the end comes, so much is seen: nothing came instead.
      if (rules_.ends)
        Fail(Verdict::Kind::kNotEnded, event);
      else if (rules_.ends_cleanly)
        Fail(Verdict::Kind::kNotJudged, event);
      return;
    case Event::Kind::kSkipped:
      // A connection that ended before its script did is short of what the script would have sent.
      return Fail(rules_.complete ? Verdict::Kind::kTruncated : Verdict::Kind::kNotJudged, event);
    case Event::Kind::kExited:
      if (event.ending == Ending::kCrashed) return Fail(Verdict::Kind::kDied, event);
      if (event.text.empty() || (event.ending == Ending::kOpen && !rules_.status)) return;
      if (event.ending == Ending::kFin) {
        return Fail(rules_.complete ? Verdict::Kind::kTruncated : Verdict::Kind::kNotJudged, event);
      }
      return Fail(Verdict::Kind::kMisreported, event);
    case Event::Kind::kShutdown:
      line.shut = true;
      return;
    case Event::Kind::kConnected:
      return;
  }
}

// The other side ended the connection: what it still owed is missing for good.
void Judge::Ended(const Event& event) {
  const bool theirs = event.ending == Ending::kFin || event.ending == Ending::kReset ||
                      event.ending == Ending::kTimedOut || event.ending == Ending::kCrashed;
  if (!theirs) return;
  if (!CaughtUp(event.connection) && rules_.complete) Fail(Verdict::Kind::kTruncated, event);
  if (!rules_.ends_cleanly || event.ending == Ending::kFin) return;
  // A client ends its side by itself.
  const bool of_client = way_ != Way::kReturned;
  if (!of_client && !lines_[event.connection - 1].shut) return;
  Event unclean = event;
  unclean.text = of_client ? absl::StrCat("it ended the connection by: ", EndingName(event.ending))
                           : absl::StrCat("connection ", event.connection,
                                          " ended after our FIN by: ", EndingName(event.ending));
  Fail(Verdict::Kind::kMisbehaved, unclean);
}

void Judge::Fail(Verdict::Kind kind, const Event& event) {
  if (Over()) return;
  const Line& line = lines_[event.connection - 1];
  verdict_.kind = kind;
  verdict_.connection = event.connection;
  verdict_.offset = verdict_.window_offset = line.received;
  verdict_.length = line.sent - std::min(line.sent, line.received);
  verdict_.waited_ms = event.waited_ms;
  verdict_.detail = event.text;
  verdict_.ending = line.ending;
  verdict_.expected = payload_.Bytes(event.connection, line.received,
                                     std::min<uint64_t>(verdict_.length, kWindowShown));
}

void Judge::Received(uint32_t connection, absl::string_view data) {
  Line& line = lines_[connection - 1];
  scratch_.resize(static_cast<size_t>(std::min<uint64_t>(kCompareBytes, payload_.size_bytes())));
  while (!data.empty() && !line.differs) {
    const uint64_t due = line.sent - std::min(line.sent, line.received);
    const size_t count = static_cast<size_t>(std::min<uint64_t>({data.size(), kCompareBytes, due}));
    payload_.Fill(connection, line.received, absl::MakeSpan(&scratch_[0], count));
    if (count == 0 || std::memcmp(scratch_.data(), data.data(), count) != 0) {
      const size_t same = static_cast<size_t>(
          std::mismatch(data.begin(), data.begin() + count, scratch_.begin()).first - data.begin());
      line.received += same;
      data.remove_prefix(same);
      Differs(connection);
      break;
    }
    line.received += count;
    data.remove_prefix(count);
  }
  if (line.differs) {
    const size_t room = kEvidenceBytes - line.evidence.size();
    line.evidence.append(data.data(), std::min(data.size(), room));
  }
}

void Judge::Differs(uint32_t connection) {
  lines_[connection - 1].differs = true;
  if (differs_ || verdict_.Fails()) return;
  verdict_ = Verdict();  // wrong bytes weigh more than what was left open
  differs_ = true;
  verdict_.connection = connection;
  verdict_.ending = lines_[connection - 1].ending;
}

// Where what is missing on the one connection came on another, that says more than that it is
// missing.
void Judge::LookForLeak() {
  const auto owner = [this](uint32_t connection) {
    return payload_.Owner(absl::string_view(lines_[connection - 1].evidence).substr(0, 4));
  };
  const uint32_t first = verdict_.connection;
  if (owner(first).value_or(first) != first) return;  // a leak itself
  for (uint32_t other = 1; other <= lines_.size(); ++other) {
    if (other == first || owner(other) != first) continue;
    verdict_.connection = other;
    verdict_.ending = lines_[other - 1].ending;
    return;
  }
}

void Judge::NameDifference() {
  LookForLeak();
  const Line& line = lines_[verdict_.connection - 1];
  const uint64_t offset = verdict_.offset = line.received;
  Classify(payload_, verdict_.connection, offset, line.sent, line.evidence, &verdict_);
  const uint64_t before = std::min(offset, kWindowBefore);
  verdict_.window_offset = offset - before;
  verdict_.seen = payload_.Bytes(verdict_.connection, offset - before, before) +
                  line.evidence.substr(0, kWindowShown - before);
  const uint64_t shown = std::min<uint64_t>(kWindowShown, line.sent - verdict_.window_offset);
  verdict_.expected = payload_.Bytes(verdict_.connection, verdict_.window_offset, shown);
}

Verdict Judge::Finish() {
  if (differs_) NameDifference();
  if (verdict_.kind == Verdict::Kind::kLost && !rules_.gaps) verdict_ = Verdict();
  const Line& line = lines_[verdict_.connection - 1];
  verdict_.sent_bytes = line.sent;
  verdict_.received_bytes = line.received;
  verdict_.way = way_;
  if (!Over()) verdict_.ending = line.ending;
  return verdict_;
}

}  // namespace verbatim
