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

// Whether `seen` goes on as `expected` does, as far as both are known: 8 bytes convince, fewer only
// where there are no more.
bool GoesOn(absl::string_view seen, absl::string_view expected) {
  const size_t known = std::min(seen.size(), expected.size());
  return known > 0 && Common(seen, expected) >= std::min<size_t>(known, 8);
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

bool ClassifyByPlace(const Payload& payload, uint32_t connection, uint64_t offset, uint64_t sent,
                     absl::string_view seen, Verdict* verdict) {
  // Overlays and damage may hide the first windows; some window later on is whole.
  for (size_t skip = 0; skip + kWindowBytes <= seen.size() && skip < 4 * kWindowBytes; ++skip) {
    const std::optional<Payload::Place> place = payload.Locate(seen.substr(skip, kWindowBytes));
    if (!place || place->offset < skip) continue;
    if (place->connection != connection) {
      Set(verdict, Verdict::Kind::kLeaked, 0);
      verdict->length_known = false;
      verdict->from_connection = place->connection;
      return true;
    }
    const uint64_t start = place->offset - skip;
    if (start == offset || place->offset >= sent) return false;
    if (start < offset) {
      Set(verdict, Verdict::Kind::kDuplicated, offset - start);
      return true;
    }
    // Later bytes came first. If the missing ones follow, they were only late.
    const std::string missing =
        payload.Bytes(connection, offset, std::min<uint64_t>(start - offset, kWindowBytes));
    const bool late = missing.size() >= 8 && seen.find(missing) != absl::string_view::npos;
    Set(verdict, late ? Verdict::Kind::kReordered : Verdict::Kind::kLost, start - offset);
    return true;
  }
  return false;
}

bool ClassifyByShift(const Payload& payload, uint32_t connection, uint64_t offset, uint64_t sent,
                     absl::string_view seen, Verdict* verdict) {
  const size_t ahead =
      static_cast<size_t>(std::min<uint64_t>(sent - offset, seen.size() + kShiftBytes));
  const std::string due = payload.Bytes(connection, offset, ahead);
  const size_t behind = static_cast<size_t>(std::min<uint64_t>(offset, kShiftBytes));
  const std::string before = payload.Bytes(connection, offset - behind, behind);
  const absl::string_view expected = due;
  const std::string all = before + due;
  for (size_t shift = 1; shift <= kShiftBytes; ++shift) {
    // Another value in the same place comes first at each distance: it explains with the least.
    if (shift < seen.size() && shift < expected.size() &&
        GoesOn(seen.substr(shift), expected.substr(shift))) {
      Set(verdict, Verdict::Kind::kCorrupted, shift);
      return true;
    }
    if (shift < expected.size() && GoesOn(seen, expected.substr(shift))) {
      Set(verdict, Verdict::Kind::kLost, shift);
      return true;
    }
    if (shift <= behind && GoesOn(seen, absl::string_view(all).substr(behind - shift))) {
      Set(verdict, Verdict::Kind::kDuplicated, shift);
      return true;
    }
    if (shift < seen.size() && GoesOn(seen.substr(shift), expected)) {
      Set(verdict, Verdict::Kind::kInserted, shift);
      return true;
    }
  }
  return false;
}

// The share of bytes that are right where they are: a fault in the values leaves some, a shift
// leaves one in 32 to 256.
bool MostlyInPlace(absl::string_view seen, absl::string_view expected) {
  size_t same = 0;
  const size_t size = std::min(seen.size(), expected.size());
  for (size_t i = 0; i < size; ++i) same += seen[i] == expected[i];
  return same * 4 >= size;
}

}  // namespace

void Classify(const Payload& payload, uint32_t connection, uint64_t offset, uint64_t sent,
              absl::string_view seen, Verdict* verdict) {
  const uint64_t due = sent - std::min(sent, offset);
  if (ClassifyByOwner(payload, connection, seen, verdict)) return;
  if (ClassifyByPlace(payload, connection, offset, sent, seen, verdict)) return;
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
  // With values that recur (text, runs of one byte) a shift may seem to fit by chance: what is
  // right in most places has kept its places.
  if (seen.size() >= kWindowBytes && MostlyInPlace(seen, expected)) {
    return Set(verdict, Verdict::Kind::kCorrupted, 1);
  }
  if (ClassifyByShift(payload, connection, offset, sent, seen, verdict)) return;
  Set(verdict, Verdict::Kind::kCorrupted, 1);
  verdict->length_known = false;
}

}  // namespace verbatim
