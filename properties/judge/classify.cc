// Naming a difference. Four hypotheses are tried at growing distances (lost, inserted, duplicated,
// and the same place with another value), then the position code is asked where the bytes belong.
// Not for: finding the difference; judge.cc does.
#include <algorithm>

#include "properties/judge/judge.h"

namespace verbatim {
namespace {

// How far a shift is sought byte by byte; farther ones need the position code.
constexpr size_t kShiftBytes = 64;

size_t Common(absl::string_view a, absl::string_view b) {
  const size_t size = std::min(a.size(), b.size());
  return static_cast<size_t>(std::mismatch(a.begin(), a.begin() + size, b.begin()).first -
                             a.begin());
}

// Whether `seen` goes on as `expected` does: so many bytes convince, fewer only where no more came.
bool GoesOn(absl::string_view seen, absl::string_view expected, size_t convincing = 8) {
  return !seen.empty() && Common(seen, expected) >= std::min(seen.size(), convincing);
}

void Set(Verdict* verdict, Verdict::Kind kind, uint64_t length) {
  verdict->kind = kind;
  verdict->length = length;
}

// A leak shows in every byte where connections have byte values of their own.
bool ClassifyByOwner(const Payload& payload, uint32_t connection, absl::string_view seen,
                     Verdict* verdict) {
  const std::optional<uint32_t> owner = payload.Owner(seen.substr(0, 4));
  if (!owner || *owner == connection) return false;
  Set(verdict, Verdict::Kind::kLeaked, 0);
  verdict->length_known = false;
  verdict->from_connection = *owner;
  return true;
}

// Whether the bytes from `offset` to `start`, which did not come when they were due, came after
// all, behind others from `start` on.
bool CameLate(const Payload& payload, uint32_t connection, uint64_t offset, uint64_t start,
              uint64_t sent, absl::string_view seen) {
  const std::string missing =
      payload.Bytes(connection, offset, std::min<uint64_t>(start - offset, kWindowBytes));
  if (missing.size() >= 8) return seen.find(missing) != absl::string_view::npos;
  // So few may be anywhere by chance: they must stand just between others.
  const std::string later =
      payload.Bytes(connection, start, std::min<uint64_t>(sent - start, seen.size()));
  const size_t at = Common(seen, later);
  return seen.substr(at, missing.size()) == missing && at + missing.size() < seen.size() &&
         GoesOn(seen.substr(at + missing.size()), absl::string_view(later).substr(at));
}

// `whole`: only if all of `seen` from its first byte on fits; else some window within it is enough,
// what is before it may be damaged.
bool ClassifyByPlace(const Payload& payload, uint32_t connection, uint64_t offset, uint64_t sent,
                     absl::string_view seen, bool whole, Verdict* verdict) {
  // Overlays hide the places of some windows, that of another is found.
  for (size_t skip = 0; skip + kWindowBytes <= seen.size() && skip < 4 * kWindowBytes; ++skip) {
    const std::optional<Payload::Place> place = payload.Locate(seen.substr(skip, kWindowBytes));
    if (!place || place->offset < skip) continue;
    const uint64_t start = place->offset - skip;
    if (whole && skip > 0 &&
        !GoesOn(seen.substr(0, skip), payload.Bytes(place->connection, start, skip)))
      continue;
    if (place->connection != connection) {
      Set(verdict, Verdict::Kind::kLeaked, 0);
      verdict->length_known = false;
      verdict->from_connection = place->connection;
      return true;
    }
    if (start == offset || place->offset >= sent) return false;
    verdict->length_known = whole;
    if (start < offset) {
      Set(verdict, whole ? Verdict::Kind::kDuplicated : Verdict::Kind::kInserted, offset - start);
      return true;
    }
    // Later bytes came first. If the missing ones follow, they were only late.
    const bool late = CameLate(payload, connection, offset, start, sent, seen);
    Set(verdict, late ? Verdict::Kind::kReordered : Verdict::Kind::kLost, start - offset);
    return true;
  }
  return false;
}

// Whether the first `count` of `seen` are the values that were due, in another order.
bool IsExchange(absl::string_view seen, absl::string_view expected, size_t count) {
  return count < seen.size() && count < expected.size() &&
         GoesOn(seen.substr(count), expected.substr(count)) &&
         std::is_permutation(seen.begin(), seen.begin() + count, expected.begin());
}

// Whether the first `count` of `seen` were due a little later, and are missing there.
bool CameEarly(absl::string_view seen, absl::string_view expected, size_t count) {
  const size_t others = Common(seen.substr(count), expected);
  return count + others < std::min(seen.size(), expected.size()) &&
         expected.substr(others, count) == seen.substr(0, count) &&
         GoesOn(seen.substr(count + others), expected.substr(count + others));
}

bool ClassifyByShift(const Payload& payload, uint32_t connection, uint64_t offset, uint64_t sent,
                     absl::string_view seen, size_t convincing, Verdict* verdict) {
  const size_t ahead =
      static_cast<size_t>(std::min<uint64_t>(sent - offset, seen.size() + kShiftBytes));
  const std::string due = payload.Bytes(connection, offset, ahead);
  const size_t behind = static_cast<size_t>(std::min<uint64_t>(offset, kShiftBytes));
  const std::string before = payload.Bytes(connection, offset - behind, behind);
  const absl::string_view expected = due;
  const std::string all = before + due;
  for (size_t shift = 1; shift <= kShiftBytes; ++shift) {
    // Another value in the same place comes first at each distance: it explains with the least. The
    // little that is right at the end, behind more that is wrong, may be so by chance: where a line
    // is missing before the last, their ends stand in the same place.
    const size_t right = shift < seen.size() ? seen.size() - shift : 0;
    if (right >= std::min(shift, convincing) && shift < expected.size() &&
        GoesOn(seen.substr(shift), expected.substr(shift), convincing)) {
      Set(verdict, Verdict::Kind::kCorrupted, shift);
      return true;
    }
    if (shift < expected.size() && GoesOn(seen, expected.substr(shift), convincing)) {
      const bool late = CameLate(payload, connection, offset, offset + shift, sent, seen);
      Set(verdict, late ? Verdict::Kind::kReordered : Verdict::Kind::kLost, shift);
      return true;
    }
    if (shift <= behind &&
        GoesOn(seen, absl::string_view(all).substr(behind - shift), convincing)) {
      Set(verdict, Verdict::Kind::kDuplicated, shift);
      return true;
    }
    if (shift < seen.size() && GoesOn(seen.substr(shift), expected, convincing)) {
      const bool early = CameEarly(seen, expected, shift);
      Set(verdict, early ? Verdict::Kind::kReordered : Verdict::Kind::kInserted, shift);
      return true;
    }
  }
  return false;
}

// Long insertions, and a loss of which only the tail of all that was sent is left.
bool ClassifyByResumption(const Payload& payload, uint32_t connection, uint64_t sent,
                          absl::string_view seen, uint64_t due, absl::string_view expected,
                          Verdict* verdict) {
  const size_t resumes = seen.find(expected.substr(0, 8));
  if (expected.size() >= 8 && resumes != absl::string_view::npos) {
    Set(verdict, Verdict::Kind::kInserted, resumes);
    return true;
  }
  if (seen.size() >= 4 && seen.size() < due && seen.size() < Judge::kEvidenceBytes &&
      payload.Bytes(connection, sent - seen.size(), seen.size()) == seen) {
    Set(verdict, Verdict::Kind::kLost, due - seen.size());
    return true;
  }
  return false;
}

// The share of bytes that are right where they are: a fault in the values leaves some, a shift
// leaves one in 32 to 256.
bool MostlyInPlace(absl::string_view seen, absl::string_view expected) {
  size_t same = 0;
  const size_t size = std::min({seen.size(), expected.size(), kShiftBytes});
  for (size_t i = 0; i < size; ++i) same += seen[i] == expected[i];
  return same * 4 >= size;
}

}  // namespace

void Classify(const Payload& payload, uint32_t connection, uint64_t offset, uint64_t sent,
              absl::string_view seen, Verdict* verdict) {
  const uint64_t due = sent - std::min(sent, offset);
  if (ClassifyByOwner(payload, connection, seen, verdict)) return;
  if (ClassifyByPlace(payload, connection, offset, sent, seen, true, verdict)) return;
  if (due == 0) {
    // All that was sent had come: this is more. Perhaps the tail once again.
    const uint64_t back = std::min<uint64_t>(seen.size(), offset);
    const bool again = back > 0 &&
                       payload.Bytes(connection, offset - back, back) == seen.substr(0, back) &&
                       seen.size() <= offset;
    Set(verdict, again ? Verdict::Kind::kDuplicated : Verdict::Kind::kInserted, seen.size());
    verdict->length_known = seen.size() < Judge::kEvidenceBytes;
    return;
  }
  const std::string expected =
      payload.Bytes(connection, offset, static_cast<size_t>(std::min<uint64_t>(due, seen.size())));
  for (size_t count = 2; count <= kShiftBytes; ++count) {
    if (IsExchange(seen, expected, count)) return Set(verdict, Verdict::Kind::kReordered, count);
  }
  // With values that recur (text, runs of one byte) a shift may seem to fit by chance: what is
  // right in most places has kept its places.
  if (seen.size() >= kWindowBytes && MostlyInPlace(seen, expected)) {
    return Set(verdict, Verdict::Kind::kCorrupted, 1);
  }
  if (ClassifyByShift(payload, connection, offset, sent, seen, 8, verdict)) return;
  if (ClassifyByResumption(payload, connection, sent, seen, due, expected, verdict)) return;
  // The next defect of many may follow soon.
  if (ClassifyByShift(payload, connection, offset, sent, seen, 3, verdict)) return;
  if (ClassifyByPlace(payload, connection, offset, sent, seen, false, verdict)) return;
  Set(verdict, Verdict::Kind::kCorrupted, 1);
  verdict->length_known = false;
}

}  // namespace verbatim
