// Properties of the judge of datagrams: the order in which answers come says nothing, and one
// defect in one answer gets its name.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <utility>

#include "properties/judge/between_test.h"
#include "properties/judge/test_datagrams.h"

namespace verbatim {
namespace {

using Kind = Verdict::Kind;

std::vector<uint64_t> Sizes(uint64_t smallest) {
  std::vector<uint64_t> sizes(Between<size_t>(1, 12));
  for (uint64_t& size : sizes) {
    size = Between(0, 3) == 0 ? Between<uint64_t>(smallest, smallest + 3)
                              : Between<uint64_t>(smallest, 2000);
  }
  return sizes;
}

// A connection and the number of one of its datagrams.
using Place = std::pair<uint32_t, size_t>;

std::vector<Place> InAnyOrder(uint32_t connections, size_t count) {
  std::vector<Place> places;
  for (uint32_t on = 1; on <= connections; ++on) {
    for (size_t number = 1; number <= count; ++number) places.push_back({on, number});
  }
  for (size_t i = places.size(); i > 1; --i) {
    std::swap(places[i - 1], places[Between<size_t>(0, i - 1)]);
  }
  return places;
}

RC_GTEST_PROP(DatagramJudgeProperty, ASoundServersAnswersAreHeldInAnyOrder, ()) {
  const uint32_t connections = Between<uint32_t>(1, kMaxConnections);
  const std::vector<uint64_t> sizes = Sizes(0);
  Scenario scenario = Datagrams(sizes, connections, Between<uint64_t>(1, 1'000'000));
  scenario.payload.overlay = kOverlays[Between(0, 4)];
  DatagramHearing hearing(scenario, {.once = true, .same_port = true, .same_address = true});
  // What has been sent is answered now or later.
  std::vector<Place> waiting;
  const auto answer_one = [&] {
    const size_t which = Between<size_t>(0, waiting.size() - 1);
    const auto [on, number] = waiting[which];
    waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(which));
    hearing.Came(hearing.Of(number, on), on);
  };
  for (size_t number = 1; number <= sizes.size(); ++number) {
    for (uint32_t on = 1; on <= connections; ++on) {
      hearing.Sent(sizes[number - 1], on);
      waiting.push_back({on, number});
      while (!waiting.empty() && Between(0, 2) == 0) answer_one();
    }
  }
  while (!waiting.empty()) answer_one();
  RC_ASSERT(!hearing.judge().Over());
  for (uint32_t on = 1; on <= connections; ++on) RC_ASSERT(hearing.judge().CaughtUp(on));
  RC_ASSERT(hearing.Finish().kind == Kind::kHeld);
}

// One answer among sound ones is not what was sent. They are long enough to be told apart.
struct Case {
  uint32_t connections = Between<uint32_t>(1, kMaxConnections);
  std::vector<uint64_t> sizes = Sizes(40);
  DatagramHearing hearing{Datagrams(sizes, connections, Between<uint64_t>(1, 1'000'000))};
  std::vector<Place> order = InAnyOrder(connections, sizes.size());
  Place wrong = order[Between<size_t>(0, order.size() - 1)];
  std::string sent = hearing.Of(wrong.second, wrong.first);

  Verdict Judged(const std::string& came) {
    hearing.SentAll();
    for (const Place& place : order) {
      const std::string sound = hearing.Of(place.second, place.first);
      hearing.Came(place == wrong ? came : sound, place.first);
      if (hearing.judge().Over()) break;
    }
    return hearing.Finish();
  }

  void Expect(Kind kind, const std::string& came, uint64_t offset, uint64_t length) {
    const Verdict verdict = Judged(came);
    RC_LOG() << "datagram " << wrong.second << " of connection " << wrong.first << ", "
             << sent.size() << " bytes, offset " << offset << ": " << VerdictSentence(verdict)
             << "\n";
    RC_ASSERT(verdict.kind == kind);
    RC_ASSERT(verdict.connection == wrong.first);
    RC_ASSERT(verdict.datagram == wrong.second);
    RC_ASSERT(verdict.offset == offset);
    RC_ASSERT(verdict.length == length);
    RC_ASSERT(verdict.length_known);
    const size_t window = static_cast<size_t>(verdict.window_offset);
    RC_ASSERT(window <= offset);
    RC_ASSERT(verdict.expected == sent.substr(window, 64));
    RC_ASSERT(verdict.seen == came.substr(window, 64));
  }
};

size_t FirstDifference(const std::string& came, const std::string& sent) {
  size_t at = 0;
  while (at < came.size() && at < sent.size() && came[at] == sent[at]) ++at;
  return at;
}

RC_GTEST_PROP(DatagramJudgeProperty, AnotherValueIsNamed, ()) {
  Case now;
  const size_t at = Between<size_t>(0, now.sent.size() - 1);
  std::string came = now.sent;
  came[at] = static_cast<char>(came[at] ^ Between(1, 255));
  now.Expect(Kind::kCorrupted, came, at, 1);
}

RC_GTEST_PROP(DatagramJudgeProperty, ATruncationIsNamed, ()) {
  Case now;
  const size_t at = Between<size_t>(kWindowBytes, now.sent.size() - 1);
  now.Expect(Kind::kTruncated, now.sent.substr(0, at), at, now.sent.size() - at);
}

RC_GTEST_PROP(DatagramJudgeProperty, ALossIsNamed, ()) {
  Case now;
  const size_t at = Between<size_t>(0, now.sent.size() - kWindowBytes - 1);
  const size_t length = Between<size_t>(1, now.sent.size() - kWindowBytes - at);
  std::string came = now.sent;
  came.erase(at, length);
  now.Expect(Kind::kLost, came, FirstDifference(came, now.sent), length);
}

RC_GTEST_PROP(DatagramJudgeProperty, AnInsertionIsNamed, ()) {
  Case now;
  std::string more(Between<size_t>(1, 300), '\0');
  const int key = Between(1, 255);
  for (size_t i = 0; i < more.size(); ++i) more[i] = static_cast<char>(key + 31 * i * i);
  const std::string came = std::string(now.sent).insert(Between<size_t>(0, now.sent.size()), more);
  now.Expect(Kind::kInserted, came, FirstDifference(came, now.sent), more.size());
}

RC_GTEST_PROP(DatagramJudgeProperty, ALeakIsNamed, ()) {
  Case now;
  RC_PRE(now.connections > 1);
  const uint32_t from = 1 + now.wrong.first % now.connections;
  const size_t number = Between<size_t>(1, now.sizes.size());
  const Verdict verdict = now.Judged(now.hearing.Of(number, from));
  RC_ASSERT(verdict.kind == Kind::kLeaked);
  RC_ASSERT(verdict.connection == now.wrong.first);
  RC_ASSERT(verdict.from_connection == from);
  RC_ASSERT(verdict.datagram == number);
}

RC_GTEST_PROP(DatagramJudgeProperty, AMissingAnswerIsNamed, ()) {
  Case now;
  now.hearing.SentAll();
  for (const Place& place : now.order) {
    if (place != now.wrong)
      now.hearing.Came(now.hearing.Of(place.second, place.first), place.first);
  }
  for (uint32_t on = 1; on <= now.connections; ++on) {
    RC_ASSERT(now.hearing.judge().CaughtUp(on) == (on != now.wrong.first));
    now.hearing.Silence(on);
  }
  const Verdict verdict = now.hearing.Finish();
  RC_ASSERT(verdict.kind == Kind::kWithheld);
  RC_ASSERT(verdict.connection == now.wrong.first);
  RC_ASSERT(verdict.datagram == now.wrong.second);
  RC_ASSERT(verdict.length == now.sent.size());
}

// A slow oracle: an answer passes if and only if it is a datagram that was sent there.
RC_GTEST_PROP(DatagramJudgeProperty, AnythingElseFails, (const std::string& noise)) {
  const std::vector<std::string> sent = {"", noise.substr(0, noise.size() / 2), "a", "ab"};
  DatagramHearing hearing(LiteralDatagrams(sent));
  const bool known = std::find(sent.begin(), sent.end(), noise) != sent.end();
  RC_ASSERT(hearing.SentAll().Came(noise).Finish().Fails() == !known);
}

}  // namespace
}  // namespace verbatim
