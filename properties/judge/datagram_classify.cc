// Naming the difference between an answer and the datagram that it is most like.
// Not for: finding that datagram; datagram_judge.cc does.
#include <algorithm>

#include "properties/judge/datagram_judge.h"

namespace verbatim {
namespace {

// A shorter piece may stand anywhere by chance.
constexpr size_t kPieceBytes = 8;

// How much two have in common at either end, nothing of the shorter one counted twice.
struct Ends {
  size_t front;
  size_t back;

  Ends(absl::string_view a, absl::string_view b) {
    const size_t most = std::min(a.size(), b.size());
    front = static_cast<size_t>(std::mismatch(a.begin(), a.begin() + most, b.begin()).first -
                                a.begin());
    back = 0;
    while (back < most - front && a[a.size() - 1 - back] == b[b.size() - 1 - back]) ++back;
  }
  // Whether they make up all of it.
  bool Make(absl::string_view whole) const { return front + back == whole.size(); }
};

// Where all of `came` stands in `sent`; npos if nowhere, or if that says nothing.
size_t PieceAt(absl::string_view sent, absl::string_view came) {
  if (came.size() < kPieceBytes) return absl::string_view::npos;
  return sent.find(came);
}

void Set(Verdict* verdict, Verdict::Kind kind, size_t offset, size_t length) {
  verdict->kind = kind;
  verdict->offset = offset;
  verdict->length = length;
}

void ClassifyShorter(absl::string_view sent, absl::string_view came, Verdict* verdict) {
  const Ends ends(sent, came);
  const size_t missing = sent.size() - came.size();
  if (ends.front == came.size()) {
    return Set(verdict, Verdict::Kind::kTruncated, came.size(), missing);
  }
  if (ends.Make(came)) return Set(verdict, Verdict::Kind::kLost, ends.front, missing);
  const size_t piece = PieceAt(sent, came);
  if (piece != absl::string_view::npos) return Set(verdict, Verdict::Kind::kLost, 0, piece);
  Set(verdict, Verdict::Kind::kCorrupted, ends.front, 1);
  verdict->length_known = false;
}

}  // namespace

uint64_t SameBytes(absl::string_view sent, absl::string_view came) {
  if (PieceAt(sent, came) != absl::string_view::npos) return came.size();
  const Ends ends(sent, came);
  size_t in_place = 0;
  for (size_t i = 0; i < std::min(sent.size(), came.size()); ++i) in_place += sent[i] == came[i];
  return std::max(in_place, ends.front + ends.back);
}

void ClassifyDatagram(absl::string_view sent, absl::string_view came, Verdict* verdict) {
  const Ends ends(sent, came);
  if (came.size() < sent.size()) {
    ClassifyShorter(sent, came, verdict);
  } else if (came.size() > sent.size() && ends.Make(sent)) {
    Set(verdict, Verdict::Kind::kInserted, ends.front, came.size() - sent.size());
  } else {
    Set(verdict, Verdict::Kind::kCorrupted, ends.front, 1);
    verdict->length_known = came.size() == sent.size();
  }
  const size_t window = verdict->offset - std::min<size_t>(verdict->offset, kWindowBefore);
  verdict->window_offset = window;
  verdict->expected = std::string(sent.substr(std::min(window, sent.size()), kWindowShown));
  verdict->seen = std::string(came.substr(std::min(window, came.size()), kWindowShown));
}

}  // namespace verbatim
