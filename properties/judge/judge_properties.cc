// Properties of the judge: the verdict is a matter of which bytes came, never of how they were cut.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "properties/judge/between_test.h"
#include "properties/judge/test_events.h"

namespace verbatim {
namespace {

using Kind = Verdict::Kind;

// As many bytes come after a defect: with fewer, kinds are truly alike. The last byte as another
// may as well be one that came again, and a loss at the very end is no loss but a truncation.
constexpr size_t kBehind = 2 * kWindowBytes;

std::vector<size_t> Pieces() {
  std::vector<size_t> pieces = {Between<size_t>(1, 700)};
  while (Between(0, 3) != 0) pieces.push_back(Between<size_t>(1, 40));
  return pieces;
}

size_t FirstDifferingByte(const std::string& came, const std::string& sent) {
  size_t at = 0;
  while (at < came.size() && at < sent.size() && came[at] == sent[at]) ++at;
  return at;
}

// The verdict on `came`, of a connection that stays open.
Verdict Judged(const Scenario& scenario, const std::string& came,
               const std::vector<size_t>& pieces) {
  Hearing hearing(scenario);
  return hearing.SentAll().Came(came, 1, pieces).Finish();
}

struct DamagedStream {
  Scenario scenario = Coded(Between<uint64_t>(kBehind + 100, 5000), 1, Between(1, 1'000'000));
  std::string sent = Hearing(scenario).All();
  size_t at = Between<size_t>(0, sent.size() - kBehind);

  void Expect(Kind kind, const std::string& came, uint64_t length) const {
    const std::vector<size_t> pieces = Pieces();
    RC_LOG() << "at " << at << " of " << sent.size() << ", first piece " << pieces[0] << "\n";
    const Verdict verdict = Judged(scenario, came, pieces);
    RC_LOG() << VerdictSentence(verdict) << "\n";
    RC_ASSERT(verdict.kind == kind);
    RC_ASSERT(verdict.offset == FirstDifferingByte(came, sent));
    RC_ASSERT(verdict.length == length);
    RC_ASSERT(verdict.length_known);
  }
};

RC_GTEST_PROP(JudgeProperty, WhatComesBackVerbatimHoldsHoweverItIsCut, ()) {
  const uint32_t connections = Between<uint32_t>(1, kMaxConnections);
  const uint64_t size = Between<uint64_t>(0, 3000);
  Hearing hearing(Coded(size, connections, Between(1, 1'000'000), kOverlays[Between(0, 4)]));
  std::vector<uint64_t> sent(connections + 1), came(connections + 1);
  // Sends and arrivals as the dice fall; then what is left.
  for (int i = Between(0, 40); i > 0; --i) {
    const uint32_t on = Between<uint32_t>(1, connections);
    const uint64_t more = Between<uint64_t>(0, size - sent[on]);
    hearing.Sent(more, on);
    sent[on] += more;
    const uint64_t arrive = Between<uint64_t>(0, sent[on] - came[on]);
    hearing.Came(hearing.Bytes(came[on], arrive, on), on, Pieces());
    came[on] += arrive;
  }
  for (uint32_t on = 1; on <= connections; ++on) {
    hearing.Sent(size - sent[on], on).Came(hearing.Bytes(came[on], size, on), on, Pieces());
    hearing.Ended(Ending::kFin, on);
    RC_ASSERT(hearing.judge().CaughtUp(on));
  }
  RC_ASSERT(hearing.Finish().kind == Kind::kHeld);
}

RC_GTEST_PROP(JudgeProperty, ALossIsNamed, ()) {
  DamagedStream now;
  const size_t length = Between<size_t>(1, now.sent.size() - now.at - kBehind + 1);
  std::string came = now.sent;
  came.erase(now.at, length);
  now.Expect(Kind::kLost, came, length);
}

RC_GTEST_PROP(JudgeProperty, AnotherValueIsNamed, ()) {
  DamagedStream now;
  std::string came = now.sent;
  came[now.at] = static_cast<char>(came[now.at] ^ Between(1, 255));
  now.Expect(Kind::kCorrupted, came, 1);
}

RC_GTEST_PROP(JudgeProperty, ARepetitionIsNamed, ()) {
  DamagedStream now;
  now.at = std::max<size_t>(now.at, 1);
  const size_t length = Between<size_t>(1, now.at);
  std::string came = now.sent;
  came.insert(now.at, now.sent.substr(now.at - length, length));
  now.Expect(Kind::kDuplicated, came, length);
}

RC_GTEST_PROP(JudgeProperty, AnInsertionIsNamed, ()) {
  DamagedStream now;
  std::string more(Between<size_t>(1, Judge::kEvidenceBytes - kBehind), '\0');
  const int key = Between(1, 255);  // not RapidCheck's byte by byte: that is slow and starts at 0
  for (size_t i = 0; i < more.size(); ++i) more[i] = static_cast<char>(key + 31 * i * i);
  std::string came = now.sent;
  came.insert(now.at, more);
  // What is inserted may by chance be what had just come.
  const size_t first = FirstDifferingByte(came, now.sent);
  const bool again = first >= more.size() && came.substr(first, more.size()) ==
                                                 came.substr(first - more.size(), more.size());
  RC_PRE(!again);
  now.Expect(Kind::kInserted, came, more.size());
}

RC_GTEST_PROP(JudgeProperty, AnEarlyEndIsNamed, ()) {
  DamagedStream now;
  const Ending ending = Between(0, 1) != 0 ? Ending::kFin : Ending::kReset;
  Hearing hearing(now.scenario);
  hearing.SentAll().Came(now.sent.substr(0, now.at), 1, Pieces()).Ended(ending);
  const Verdict verdict = hearing.Finish();
  RC_ASSERT(verdict.kind == Kind::kTruncated);
  RC_ASSERT(verdict.offset == now.at);
  RC_ASSERT(verdict.length == now.sent.size() - now.at);
}

// A slow oracle: no byte that differs is overlooked, whatever came.
RC_GTEST_PROP(JudgeProperty, AnythingElseFailsAtTheFirstDifference, (const std::string& noise)) {
  DamagedStream now;
  const std::string came = now.sent.substr(0, now.at) + noise;
  const Verdict verdict = Judged(now.scenario, came, Pieces());
  const size_t first = FirstDifferingByte(came, now.sent);
  RC_ASSERT(verdict.Fails() == (first < came.size()));
  if (verdict.Fails()) RC_ASSERT(verdict.offset == first);
  RC_ASSERT(verdict.received_bytes == first);
}

}  // namespace
}  // namespace verbatim
