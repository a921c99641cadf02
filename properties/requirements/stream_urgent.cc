// Requirements on TCP's urgent data: what becomes of an urgent byte is only told, what becomes of
// the others is judged.
// Not for: transports without it.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "properties/requirements/peer.h"
#include "properties/requirements/stream_trials.h"

namespace verbatim {
namespace {

constexpr uint64_t kLines = 512;  // of 8 bytes
constexpr int kUrgentTries = 16;
constexpr uint64_t kBetweenUrgentBytes = 1024;

// Numbered lines, without the byte that is sent as urgent.
std::string LinesOfText(uint64_t count) {
  std::string text;
  for (uint64_t i = 0; i < count; ++i) absl::StrAppendFormat(&text, "%07d\n", i);
  return text;
}

// Text on both sides of `urgent` urgent bytes in a row.
bool AroundUrgent(Peer& peer, int urgent) {
  const uint64_t half = peer.payload().size_bytes() / 2;
  if (!peer.Connect() || !peer.Send(half)) return false;
  for (int i = 0; i < urgent; ++i) {
    if (!peer.SendUrgent()) return false;
  }
  return peer.Send(peer.payload().size_bytes() - half) && peer.Await();
}

// Whether the connection went on; `*back` is how many of the urgent bytes came back. Where it did
// not, `*seen` says what was seen.
bool PlayUrgent(Trial& trial, int urgent, uint64_t* back, std::string* seen) {
  Peer peer(&trial, LinesOfText(4));
  const bool held = AroundUrgent(peer, urgent);
  const Ending ending = peer.line().ending();
  const Verdict verdict = held ? Verdict() : trial.Forgive();
  peer.End();
  *back = peer.urgent_back();
  if (held) return true;
  if (verdict.kind == Verdict::Kind::kDied) {
    *seen = absl::StrCat("the target ", verdict.detail);
  } else if (ending == Ending::kOpen) {
    *seen = absl::StrCat("the bytes after it were ", VerdictName(verdict.kind));
  } else {
    *seen = absl::StrCat("the connection ended (", EndingName(ending), ")");
  }
  return false;
}

std::string WhatBecomesOfOne(Trial& trial) {
  uint64_t back = 0;
  std::string seen;
  if (!PlayUrgent(trial, 1, &back, &seen)) return seen;
  return back == 0 ? "it left the stream" : "it came back in line";
}

// The target may have taken the first already when the second comes, so several tries are needed to
// see what the second does to it.
std::string WhatBecomesOfTwo(Trial& trial) {
  uint64_t back = 0;
  std::string seen;
  for (int i = 0; i < kUrgentTries && back == 0; ++i) {
    if (!PlayUrgent(trial, 2, &back, &seen)) return seen;
  }
  if (back == 0) return "both left the stream";
  return back == 1 ? "one came back in line, the other left the stream" : "both came back in line";
}

}  // namespace

// Without SO_OOBINLINE an urgent byte leaves the stream, and a newer one pushes it back in
// (tcp(7)); RFC 9293 §3.8.5 has it in the stream.
absl::StatusOr<Verdict> UrgentObserved(Trial& trial) {
  const std::string one = WhatBecomesOfOne(trial);
  const std::string two = WhatBecomesOfTwo(trial);
  if (trial.Spent()) return trial.Result();
  return trial.Saw(absl::StrCat("an urgent byte: ", one, "; two in a row: ", two));
}

absl::StatusOr<Verdict> UrgentOthersIntact(Trial& trial) {
  for (const int urgent : {1, 2}) {
    Peer peer(&trial, LinesOfText(kLines));
    if (!AroundUrgent(peer, urgent)) return trial.Result();
    peer.End();
  }
  Peer apart(&trial, LinesOfText(kLines));
  if (!apart.Connect()) return trial.Result();
  for (uint64_t sent = 0; sent < apart.payload().size_bytes(); sent += kBetweenUrgentBytes) {
    if (!apart.Send(kBetweenUrgentBytes) || !apart.SendUrgent()) return trial.Result();
  }
  if (!apart.Await()) return trial.Result();
  apart.End();
  Peer later(&trial);
  if (later.Connect() && later.Greet()) later.End();
  return trial.Result();
}

}  // namespace verbatim
