// Finding the datagram that an answer is, by its content. What is none of them gets its name in
// datagram_classify.cc.
#include "properties/judge/datagram_judge.h"

#include <algorithm>
#include <cassert>

#include "absl/strings/str_cat.h"

namespace verbatim {
namespace {

constexpr size_t kShownBytes = 64;
// Fewer bytes may be those of another connection's datagram by chance.
constexpr size_t kConvincingBytes = 8;

uint64_t HeadOf(absl::string_view data) {
  uint64_t head = 0;
  for (const char byte : data.substr(0, sizeof(head)))
    head = head << 8 | static_cast<uint8_t>(byte);
  return head;
}

}  // namespace

DatagramJudge::DatagramJudge(const Scenario& scenario, Rules rules)
    : rules_(rules), payload_(MakePayload(scenario)), lines_(Connections(scenario)) {
  verdict_.of_datagrams = true;
}

bool DatagramJudge::CaughtUp(uint32_t connection) const {
  return lines_[connection - 1].waiting == 0;
}

void DatagramJudge::Observe(const Event& event) {
  assert(event.connection >= 1 && event.connection <= lines_.size());
  if (Over()) return;
  switch (event.kind) {
    case Event::Kind::kSent:
      return TakeSent(event);
    case Event::Kind::kReceived:
      return Received(event);
    case Event::Kind::kSilence:
      return Silence(event);
    case Event::Kind::kNotConnected:
      return Unserved(event);
    case Event::Kind::kEnded:
      if (event.ending == Ending::kRefused) Unserved(event);
      return;
    default:
      return;  // of streams
  }
}

void DatagramJudge::TakeSent(const Event& event) {
  Line& line = At(event.connection);
  Sent sent{.offset = line.sent_bytes, .bytes = event.bytes};
  sent.head = HeadOf(payload_.Bytes(event.connection, sent.offset,
                                    std::min<size_t>(event.bytes, sizeof(sent.head))));
  line.datagrams.push_back(sent);
  line.sent_bytes += event.bytes;
  ++line.waiting;
}

std::string DatagramJudge::Bytes(uint32_t connection, const Sent& sent) const {
  return payload_.Bytes(connection, sent.offset, static_cast<size_t>(sent.bytes));
}

bool DatagramJudge::Is(uint32_t connection, const Sent& sent, absl::string_view data) const {
  if (sent.bytes != data.size() || sent.head != HeadOf(data)) return false;
  return data.size() <= sizeof(sent.head) || Bytes(connection, sent) == data;
}

// One that waits for its answer goes first: of equal ones nobody can tell whose it is, and no sound
// server shall be called silent for that.
std::optional<DatagramJudge::Found> DatagramJudge::Find(uint32_t connection,
                                                        absl::string_view data) const {
  const Line& line = lines_[connection - 1];
  std::optional<Found> late;
  for (size_t i = line.first; i < line.datagrams.size(); ++i) {
    const Sent& sent = line.datagrams[i];
    if (sent.answered || (late && sent.given_up) || !Is(connection, sent, data)) continue;
    if (!sent.given_up) return Found{i, false};
    late = Found{i, false};
  }
  for (size_t i = line.datagrams.size(); !late && i-- > 0;) {
    if (Is(connection, line.datagrams[i], data)) late = Found{i, true};
  }
  return late;
}

// The first that waits of those that begin so; else the last that has been answered.
std::optional<DatagramJudge::Found> DatagramJudge::FindCut(uint32_t connection,
                                                           absl::string_view data) const {
  const Line& line = lines_[connection - 1];
  std::optional<Found> late;
  for (size_t i = 0; i < line.datagrams.size() && !data.empty(); ++i) {
    const Sent& sent = line.datagrams[i];
    if (sent.bytes <= data.size() || Bytes(connection, sent).substr(0, data.size()) != data) {
      continue;
    }
    if (!sent.answered) return Found{i, false};
    late = Found{i, true};
  }
  return late;
}

void DatagramJudge::Received(const Event& event) {
  std::optional<Found> found = Find(event.connection, event.data);
  if (!found && !rules_.cut) found = FindCut(event.connection, event.data);
  if (!found && !rules_.whole) {
    const Line& line = lines_[event.connection - 1];
    if (line.first == line.datagrams.size()) return;
    found = Found{line.first, false};
  }
  if (found) return Matched(event, *found);
  if (!LookForLeak(event)) NameDifference(event);
}

void DatagramJudge::Matched(const Event& event, const Found& found) {
  Line& line = At(event.connection);
  Sent& sent = line.datagrams[found.index];
  if (!found.answered) {
    line.received_bytes += event.bytes;
    if (!sent.given_up) --line.waiting;
    sent.answered = true;
    while (line.first < line.datagrams.size() && line.datagrams[line.first].answered) ++line.first;
  } else if (rules_.once) {
    Fail(Verdict::Kind::kDuplicated, event.connection, found.index + 1);
    verdict_.length = event.bytes;
    verdict_.seen = std::string(event.data.substr(0, kShownBytes));
    return;
  }
  if (event.from.empty()) return;
  if (!(event.from_other_port ? rules_.same_port : rules_.same_address)) return;
  Fail(Verdict::Kind::kMisaddressed, event.connection, found.index + 1);
  verdict_.length = event.bytes;
  verdict_.detail = absl::StrCat("from ", event.from);
  if (!event.text.empty()) absl::StrAppend(&verdict_.detail, " and not from ", event.text);
}

// Whether it is what was sent on another connection. Few bytes say so only where this one waits for
// nothing, or where each connection has byte values of its own.
bool DatagramJudge::LookForLeak(const Event& event) {
  const bool sure = event.data.size() >= kConvincingBytes || CaughtUp(event.connection) ||
                    payload_.Owner(event.data).value_or(event.connection) != event.connection;
  for (uint32_t other = 1; sure && other <= lines_.size(); ++other) {
    if (other == event.connection) continue;
    const std::optional<Found> found = Find(other, event.data);
    if (!found) continue;
    Fail(Verdict::Kind::kLeaked, event.connection, found->index + 1);
    verdict_.from_connection = other;
    verdict_.length = event.bytes;
    verdict_.seen = std::string(event.data.substr(0, kShownBytes));
    const Line& line = At(event.connection);
    if (line.first < line.datagrams.size()) {
      verdict_.expected =
          Bytes(event.connection, line.datagrams[line.first]).substr(0, kShownBytes);
    }
    return true;
  }
  return false;
}

// Of those without an answer; where each has one, of all. Of equally like ones the one that is of
// its size, else the first.
DatagramJudge::Match DatagramJudge::MostLike(uint32_t connection, absl::string_view data) const {
  const Line& line = lines_[connection - 1];
  const bool all = line.first == line.datagrams.size();
  std::optional<Match> best;
  for (size_t i = all ? 0 : line.first; i < line.datagrams.size(); ++i) {
    const Sent& sent = line.datagrams[i];
    if (!all && sent.answered) continue;
    const Match match{i, SameBytes(Bytes(connection, sent), data)};
    const bool fits = best && match.same_bytes == best->same_bytes && sent.bytes == data.size() &&
                      line.datagrams[best->index].bytes != data.size();
    if (!best || match.same_bytes > best->same_bytes || fits) best = match;
  }
  return best.value_or(Match());
}

void DatagramJudge::NameDifference(const Event& event) {
  const Line& line = At(event.connection);
  const Match like = MostLike(event.connection, event.data);
  // Our socket takes datagrams from everybody: what is not the target's, nor like anything that was
  // sent, says nothing of the target.
  if (event.from_other_port && like.same_bytes * 2 <= event.bytes) return;
  if (line.datagrams.empty()) {
    Fail(Verdict::Kind::kInserted, event.connection, 0);
    verdict_.length = event.bytes;
    verdict_.seen = std::string(event.data.substr(0, kShownBytes));
    return;
  }
  Fail(Verdict::Kind::kCorrupted, event.connection, like.index + 1);
  ClassifyDatagram(Bytes(event.connection, line.datagrams[like.index]), event.data, &verdict_);
  NameRest(event, like.index);
}

// What is too much, or other than it should be, may be other bytes that were sent: two datagrams in
// one, or what an earlier one left in a buffer.
void DatagramJudge::NameRest(const Event& event, size_t index) {
  const bool more = verdict_.kind == Verdict::Kind::kInserted;
  if (!more && verdict_.kind != Verdict::Kind::kCorrupted) return;
  absl::string_view rest = event.data.substr(static_cast<size_t>(verdict_.offset));
  if (more) rest = rest.substr(0, static_cast<size_t>(verdict_.length));
  const Line& line = At(event.connection);
  for (const size_t other : {index + 1, index - 1}) {
    if (!more || other >= line.datagrams.size() || rest.empty()) continue;
    if (!Is(event.connection, line.datagrams[other], rest)) continue;
    verdict_.detail = absl::StrCat("datagram ", other + 1, " came in the same one");
    return;
  }
  const std::optional<Payload::Place> place = payload_.Locate(rest.substr(0, kWindowBytes));
  if (!place || place->offset >= At(place->connection).sent_bytes) return;
  const std::vector<Sent>& all = At(place->connection).datagrams;
  const auto after =
      std::upper_bound(all.begin(), all.end(), place->offset,
                       [](uint64_t offset, const Sent& sent) { return offset < sent.offset; });
  const uint64_t datagram = static_cast<uint64_t>(after - all.begin());
  verdict_.detail = absl::StrCat("they are those at offset ", place->offset - (after - 1)->offset,
                                 " of datagram ", datagram, " of connection ", place->connection);
  if (place->connection == event.connection) return;
  verdict_.kind = Verdict::Kind::kLeaked;
  verdict_.from_connection = place->connection;
  verdict_.datagram = datagram;
  verdict_.length = rest.size();
}

void DatagramJudge::Silence(const Event& event) {
  Line& line = At(event.connection);
  for (size_t i = line.first; i < line.datagrams.size(); ++i) {
    Sent& sent = line.datagrams[i];
    if (sent.answered || sent.given_up) continue;
    if (rules_.complete && sent.bytes <= rules_.answered_to_bytes) {
      Fail(Verdict::Kind::kWithheld, event.connection, i + 1);
      verdict_.length = sent.bytes;
      verdict_.waited_ms = event.waited_ms;
      verdict_.expected = Bytes(event.connection, sent).substr(0, kShownBytes);
      return;
    }
    sent.given_up = true;
    --line.waiting;
  }
  gave_up_after_ms_ = event.waited_ms;
}

void DatagramJudge::Unserved(const Event& event) {
  Fail(rules_.serves ? Verdict::Kind::kUnserved : Verdict::Kind::kNotJudged, event.connection, 0);
  verdict_.ending = event.ending;
  verdict_.detail = event.text;
}

void DatagramJudge::Fail(Verdict::Kind kind, uint32_t connection, uint64_t datagram) {
  verdict_.kind = kind;
  verdict_.connection = connection;
  verdict_.datagram = datagram;
}

Verdict DatagramJudge::Finish() {
  for (uint32_t connection = 1; !Over() && connection <= lines_.size(); ++connection) {
    const std::vector<Sent>& all = At(connection).datagrams;
    const auto open = std::find_if(
        all.begin(), all.end(), [](const Sent& sent) { return sent.given_up && !sent.answered; });
    if (open == all.end()) continue;
    const uint64_t datagram = static_cast<uint64_t>(open - all.begin()) + 1;
    Fail(Verdict::Kind::kNotJudged, connection, datagram);
    verdict_.length = open->bytes;
    verdict_.waited_ms = gave_up_after_ms_;
    verdict_.detail =
        absl::StrCat("datagram ", datagram, " of connection ", connection, ", of ", open->bytes,
                     " bytes, was not answered for ", gave_up_after_ms_, " ms");
  }
  verdict_.sent_bytes = At(verdict_.connection).sent_bytes;
  verdict_.received_bytes = At(verdict_.connection).received_bytes;
  return verdict_;
}

}  // namespace verbatim
