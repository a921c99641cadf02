// Looks at a target's processes between rounds, and the bounds of what may stay.
// Not for: the rounds themselves (stream_leaks.cc, datagram_senders.cc).
#include "properties/requirements/leaks.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "absl/strings/str_cat.h"
#include "properties/requirements/elapsed.h"

namespace verbatim {
namespace {

constexpr int kMost = 1000;            // between two looks, where there is time
constexpr int kFewest = 10;            // and where there is not
constexpr uint64_t kLeakedThings = 5;  // of 1,000: descriptors, processes, threads
constexpr uint64_t kLeakedBytes = 8 << 20;
constexpr uint64_t kMuch = 100;
constexpr int kMoreThousands = 8;

// How many, three rounds of which fit into two thirds of the time. Returns 0 if not all was well.
int FittingCount(Trial& trial, const std::function<bool(int)>& play) {
  const auto start = std::chrono::steady_clock::now();
  if (!play(kFewest)) return 0;
  const int64_t took_ms = std::max<int64_t>(MsSince(start), 1);
  const int64_t round_ms = trial.budget().Within(kLongEnoughMs) * 2 / 9;
  return static_cast<int>(std::clamp<int64_t>(round_ms * kFewest / took_ms, kFewest, kMost));
}

bool Leaks(const Usage& before, const Usage& after) {
  return Grown(before.descriptors, after.descriptors) >= kLeakedThings ||
         Grown(before.processes, after.processes) >= kLeakedThings ||
         Grown(before.threads, after.threads) >= kLeakedThings ||
         Grown(before.resident_bytes, after.resident_bytes) > kLeakedBytes;
}

// So many that nothing needs to be seen again.
bool LeaksMuch(const Usage& before, const Usage& after) {
  return Grown(before.descriptors, after.descriptors) >= kMuch ||
         Grown(before.processes, after.processes) >= kMuch ||
         Grown(before.threads, after.threads) >= kMuch;
}

std::string GrowthText(int count, absl::string_view things, const Usage& before,
                       const Usage& after) {
  const auto change = [](uint64_t from, uint64_t to) {
    return to < from ? absl::StrCat("-", from - to) : absl::StrCat("+", to - from);
  };
  return absl::StrCat("over ", count, " ", things, ", after ", 2 * count, ": descriptors ",
                      change(before.descriptors, after.descriptors), ", processes ",
                      change(before.processes, after.processes), ", threads ",
                      change(before.threads, after.threads), ", resident memory +",
                      Mebibytes(Grown(before.resident_bytes, after.resident_bytes)));
}

}  // namespace

absl::StatusOr<Verdict> NothingStays(Trial& trial, absl::string_view things,
                                     const std::function<bool(int count)>& play) {
  const int count = FittingCount(trial, play);
  if (count == 0 || !play(count) || !play(count)) return trial.Result();
  const absl::StatusOr<Usage> before =
      trial.Has(kSpawned) ? trial.SettledUse() : trial.target().Use();
  if (!play(count)) return trial.Result();
  if (!before.ok()) {
    trial.Note(absl::StrCat(3 * count, " ", things, "; its processes can't be looked into"));
    return trial.Result();
  }
  // What is given back late is no leak.
  absl::StatusOr<Usage> after =
      trial.UseOnce([&](const Usage&, const Usage& now) { return !Leaks(*before, now); });
  if (!after.ok()) return trial.Result();
  trial.Note(GrowthText(count, things, *before, *after));
  // Where the budget cut the wait short, it might have been given back.
  if (!Leaks(*before, *after) || trial.Spent()) return trial.Result();
  // A heap, or a pool, that is still growing to its size is no leak: one goes on, thousand by
  // thousand.
  Usage last = *before;
  for (int i = 0; i < kMoreThousands && !LeaksMuch(last, *after); ++i) {
    last = *after;
    if (!play(count)) return trial.Result();
    after = trial.SettledUse();
    if (!after.ok() || !Leaks(last, *after) || trial.Spent()) return trial.Result();
  }
  return trial.Misbehaves(absl::StrCat(GrowthText(count, things, last, *after), " (bounds: ",
                                       kLeakedThings, " of each, ", Mebibytes(kLeakedBytes), ")"));
}

}  // namespace verbatim
