// DatagramJudge: the judge of datagrams. Each answer is held against the datagrams that were sent,
// in whatever order it comes: UDP promises none (RFC 768). Not for: streams (judge.h), or waiting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "properties/judge/judge.h"
#include "properties/judge/transcript.h"
#include "properties/judge/verdict.h"
#include "properties/scenario/scenario.h"

namespace verbatim {

// What may come back is: each datagram sent, whole, on its own connection; by default once or more
// often, from any address. An answer that is none of them is named by the datagram that it is most
// like.
class DatagramJudge {
 public:
  // `scenario` must be valid and of the role kDatagramServer.
  DatagramJudge(const Scenario& scenario, Rules rules);

  // Of the events: kSent and kReceived (each one datagram), kSilence (an await had none for so
  // long: what is unanswered up to Rules::answered_to_bytes is withheld, what is larger is given
  // up), kNotConnected, kEnded. Of a kReceived from elsewhere, `text` may be the address asked.
  void Observe(const Event& event);

  // Something was found: the rest of the scenario adds nothing.
  bool Over() const { return verdict_.kind != Verdict::Kind::kHeld; }
  const Payload& payload() const { return payload_; }
  // Whether all that was sent on the connection was answered or given up.
  bool CaughtUp(uint32_t connection) const;

  // The first thing that went wrong; kNotJudged where nothing did, but a datagram was given up. To
  // be called once, at the end.
  Verdict Finish();

 private:
  struct Sent {
    uint64_t offset = 0;
    uint64_t bytes = 0;
    uint64_t head = 0;  // its first bytes: most that differ, differ here
    bool answered = false;
    bool given_up = false;
  };
  struct Line {
    std::vector<Sent> datagrams;
    uint64_t sent_bytes = 0;
    uint64_t received_bytes = 0;
    size_t waiting = 0;  // neither answered nor given up
    size_t first = 0;    // all before it are answered
  };
  struct Found {
    size_t index = 0;
    bool answered = false;  // before
  };
  struct Match {
    size_t index = 0;
    uint64_t same_bytes = 0;
  };

  Line& At(uint32_t connection) { return lines_[connection - 1]; }
  void TakeSent(const Event& event);
  void Received(const Event& event);
  void Matched(const Event& event, const Found& found);
  bool LookForLeak(const Event& event);
  void NameDifference(const Event& event);
  void NameRest(const Event& event, size_t index);
  void Silence(const Event& event);
  void Unserved(const Event& event);

  std::string Bytes(uint32_t connection, const Sent& sent) const;
  bool Is(uint32_t connection, const Sent& sent, absl::string_view data) const;
  std::optional<Found> Find(uint32_t connection, absl::string_view data) const;
  std::optional<Found> FindCut(uint32_t connection, absl::string_view data) const;
  Match MostLike(uint32_t connection, absl::string_view data) const;
  void Fail(Verdict::Kind kind, uint32_t connection, uint64_t datagram);

  Rules rules_;
  Payload payload_;
  std::vector<Line> lines_;
  Verdict verdict_;
  int64_t gave_up_after_ms_ = 0;
};

// How many bytes of `came` are where a datagram `sent` has them: from its beginning, from its end,
// or as one piece of it. Public for its tests, as is the next one.
uint64_t SameBytes(absl::string_view sent, absl::string_view came);

// What kind of difference it is that `came` is the answer to `sent`, which it does not equal. Fills
// kind, offset, length, window_offset, expected and seen.
void ClassifyDatagram(absl::string_view sent, absl::string_view came, Verdict* verdict);

}  // namespace verbatim
