// The trials of bursts and rates: what becomes of more datagrams than a target can take.
// Not for: the rows themselves (catalogue_datagram.cc), addresses and ports (datagram_trials.cc).
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "properties/requirements/datagram_peer.h"
#include "properties/requirements/datagram_trials.h"
#include "properties/requirements/elapsed.h"

namespace verbatim {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Of one that sends without end no more is taken in at once.
constexpr int kMostAtOnce = 10'000;

// Takes in what has come, and waits for the first and for each next one so long. Returns how many.
int Drain(DatagramPeer& peer, int64_t first_ms, int64_t next_ms) {
  int count = 0;
  while (count < kMostAtOnce && peer.Receive(count == 0 ? first_ms : next_ms)) ++count;
  return count;
}

}  // namespace

absl::StatusOr<Verdict> DatagramFlood(Trial& trial) {
  constexpr int kDatagrams = 5000;
  constexpr int64_t kBurstMs = 1000, kAskMs = 100, kQuietMs = 10;
  DatagramPeer peer(&trial);
  if (!AnswersPlainly(trial, peer)) return trial.Result();
  const std::string datagram = std::string(511, '0') + "\n";
  const auto start = steady_clock::now();
  int sent = 0, answered = 0;
  // Reading all along, though rarely: over a unix socket the target waits for those that do not.
  for (; sent < kDatagrams && MsSince(start) < kBurstMs && !peer.refused() && !trial.Spent();) {
    const bool full = peer.Send(datagram) == DatagramPeer::Sent::kFull;
    sent += full ? 0 : 1;
    if (full || sent % 64 == 0) {
      answered += Drain(peer, full ? 1 : 0, 0);
    }
  }
  const int64_t burst_ms = MsSince(start);
  answered += Drain(peer, kQuietMs, kQuietMs);
  // Asked again and again, for the first may fall into a full buffer.
  const auto after = steady_clock::now();
  const int64_t limit_ms = kDatagramTries * trial.budget().deadline_ms;
  DatagramPeer later(&trial);
  if (const absl::Status status = later.Open(AskedAddress(trial)); !status.ok())
    trial.Error(status);
  while (!later.AskAgain(1, kAskMs)) {
    if (trial.Spent()) return trial.Result();
    const bool over = MsSince(after) >= limit_ms;
    if (!over && !later.refused()) {
      answered += Drain(peer, kQuietMs, kQuietMs);
      continue;
    }
    Verdict verdict;
    verdict.kind = Verdict::Kind::kMisbehaved;
    verdict.detail = absl::StrCat(
        "after a burst of ", sent, " datagrams of 512 bytes in ", burst_ms, " ms ",
        later.refused() ? std::string("nobody was there any more")
                        : absl::StrCat("no request was answered for ", limit_ms, " ms"));
    trial.Fail(std::move(verdict));
    return trial.Result();
  }
  trial.Note(absl::StrCat(sent, " datagrams of 512 bytes in ", burst_ms, " ms, ", answered,
                          " answered; it answered again after ", MsSince(after), " ms"));
  return trial.Result();
}

namespace {

struct Share {
  int sent = 0;
  int answered = 0;
  int64_t sent_us = 0;

  std::string ToString(bool at_full_speed) const {
    const double per_second = sent * 1e6 / static_cast<double>(std::max<int64_t>(sent_us, 1));
    return absl::StrFormat("%.1f%% of %d at %.0f a second%s",
                           sent == 0 ? 0 : 100.0 * answered / sent, sent, per_second,
                           at_full_speed ? " (as fast as could be sent)" : "");
  }
};

// Marks the numbered datagrams whose answers are there.
void Count(DatagramPeer& peer, int64_t wait_ms, std::vector<bool>* seen, Share* share) {
  for (int i = 0; i < kMostAtOnce; ++i) {
    const auto answer = peer.Receive(i == 0 ? wait_ms : 0);
    if (!answer) return;
    const size_t index = static_cast<size_t>(std::atoll(answer->data.c_str()));
    if (index >= seen->size() || (*seen)[index]) continue;
    (*seen)[index] = true;
    ++share->answered;
  }
}

// Sends `count` at `per_second` (0: as fast as it goes), and waits for the last answers.
Share MeasureLoss(Trial& trial, int count, int64_t per_second) {
  constexpr int64_t kLongestMs = 500, kQuietMs = 100;
  DatagramPeer peer(&trial);
  Share share;
  if (const absl::Status status = peer.Open(AskedAddress(trial)); !status.ok()) {
    trial.Error(status);
    return share;
  }
  std::vector<bool> seen(static_cast<size_t>(count));
  const auto start = steady_clock::now();
  const auto us = [&] {
    return std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - start)
        .count();
  };
  while (share.sent < count && us() < kLongestMs * 1000 && !peer.refused() && !trial.Spent()) {
    const int64_t due_us = per_second == 0 ? 0 : share.sent * 1'000'000 / per_second;
    const int64_t early_us = due_us - us();
    if (early_us > 0) {
      Count(peer, early_us / 1000, &seen, &share);
      continue;
    }
    const bool full =
        peer.Send(absl::StrFormat("%010d\n", share.sent)) != DatagramPeer::Sent::kSent;
    if (full || share.sent % 16 == 0) Count(peer, full ? 1 : 0, &seen, &share);
    if (!full) ++share.sent;
  }
  share.sent_us = us();
  for (int before = -1; share.answered < share.sent && share.answered > before;) {
    before = share.answered;
    Count(peer, kQuietMs, &seen, &share);
  }
  return share;
}

}  // namespace

absl::StatusOr<Verdict> DatagramLoss(Trial& trial) {
  DatagramPeer peer(&trial);
  if (!AnswersPlainly(trial, peer)) return trial.Result();
  std::vector<std::string> shares;
  for (const auto& [count, per_second] :
       {std::pair<int, int64_t>{100, 1000}, {1000, 10'000}, {5000, 0}}) {
    const Share share = MeasureLoss(trial, count, per_second);
    if (trial.Spent()) return trial.Result();
    shares.push_back(share.ToString(per_second == 0));
  }
  return trial.Saw(absl::StrCat("answered: ", absl::StrJoin(shares, ", ")));
}

}  // namespace verbatim
