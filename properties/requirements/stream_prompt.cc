// Requirements on how soon bytes come back.
// Not for: one byte that does not come at all (stream.h).
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_format.h"
#include "core/unique_fd.h"
#include "properties/requirements/elapsed.h"
#include "properties/requirements/peer.h"
#include "properties/requirements/stream_trials.h"

namespace verbatim {
namespace {

constexpr int kRounds = 21;       // where there is time
constexpr int kFewestRounds = 5;  // and where there is not
// Lines, for those who work in lines.
constexpr char kFirstPiece[] = "\n";
constexpr char kSecondPiece[] = "second\n";
// Nagle's algorithm against a delayed ACK: Linux delays one for 40 ms at least (TCP_DELACK_MIN).
constexpr double kStallMs = 35;
constexpr double kTimesSlower = 5;
// A target that waits for more before it answers returns two pieces as soon as one. A slow target
// takes twice as long for two.
constexpr double kAsSoonAsOne = 1.5;
constexpr int kApartRounds = 5;
constexpr int64_t kApartMs = 5;  // for the first to be read alone

// Whole buffers, and what is more than a page. Each as a whole, and as two halves in turn.
constexpr uint64_t kLargerBytes[] = {1024, 2048, 4096, 5120, 8192, 16'384, 32'768, 65'536};
constexpr int kLargerRounds = 3;
constexpr int kMoreLargerRounds = 7;  // where those have stalled
constexpr double kQuickMs = 5;        // of one who takes longer for one piece nothing is said here
constexpr absl::string_view kLargerLine = "012345678901234\n";

double NowMs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(now).count();
}

// A thread of our own that returns a byte: how soon that comes back says how busy this machine is.
class Yardstick {
 public:
  Yardstick() {
    int pair[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return;
    ours_ = UniqueFd(pair[0]);
    thread_ = std::thread([theirs = UniqueFd(pair[1])] {
      char byte = 0;
      while (::recv(theirs.get(), &byte, 1, 0) == 1) ::send(theirs.get(), &byte, 1, MSG_NOSIGNAL);
    });
  }
  ~Yardstick() {
    ours_.Reset();
    if (thread_.joinable()) thread_.join();
  }

  // 0 if it could not be set up.
  double RoundMs() {
    if (!ours_) return 0;
    const double start = NowMs();
    char byte = 'v';
    ::send(ours_.get(), &byte, 1, MSG_NOSIGNAL);
    ::recv(ours_.get(), &byte, 1, 0);
    return NowMs() - start;
  }

 private:
  UniqueFd ours_;
  std::thread thread_;
};

// The way there and back, as the handshake took it; 0 where there was none.
double WayMs(const Line& line) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (::getsockopt(line.fd(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
  return info.tcpi_rtt / 1000.0;
}

// How long two pieces take, the second of which is sent when the first was read: the median.
// Whether all was well.
bool TwoApart(Trial& trial, Peer* peer, double* median) {
  std::vector<double> rounds;
  for (int i = 0; i < kApartRounds; ++i) {
    const double start = NowMs();
    if (!peer->Send(std::strlen(kFirstPiece))) return false;
    trial.Pause(kApartMs);
    if (!peer->Send(std::strlen(kSecondPiece)) || !peer->Await()) return false;
    rounds.push_back(NowMs() - start);
  }
  std::sort(rounds.begin(), rounds.end());
  *median = rounds[kApartRounds / 2];
  return true;
}

// The value that `share` of the sorted values do not exceed.
double Quantile(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<size_t>(std::ceil(share * static_cast<double>(sorted.size()))) - 1];
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return Quantile(values, 0.5);
}

// What one size took.
struct Larger {
  std::vector<double> whole_ms;
  std::vector<double> halves_ms;  // the two in turn

  // How much longer the whole takes: a slow target takes as long for both.
  double StallMs() const { return Median(whole_ms) - Median(halves_ms); }
};

// Plays so many rounds. Whether all was well.
bool PlayLarger(Trial& trial, Peer* peer, uint64_t bytes, int rounds, Larger* larger) {
  for (int i = 0; i < rounds && !trial.Spent(); ++i) {
    double start = NowMs();
    if (!peer->Send(bytes) || !peer->Await()) return false;
    larger->whole_ms.push_back(NowMs() - start);
    start = NowMs();
    for (int half = 0; half < 2; ++half) {
      if (!peer->Send(bytes / 2) || !peer->Await()) return false;
    }
    larger->halves_ms.push_back(NowMs() - start);
  }
  return !trial.Spent();
}

// An answer of some size does not stall where its halves do not. The first size that does is the
// trial's result.
void NoLargerStalls(Trial& trial, double slowness_ms) {
  uint64_t all = 0;
  for (const uint64_t bytes : kLargerBytes) all += 2 * bytes * (kLargerRounds + kMoreLargerRounds);
  std::string text;
  while (text.size() < all) text.append(kLargerLine.data(), kLargerLine.size());
  Peer peer(&trial, std::move(text));
  if (!peer.Connect()) return;
  const auto stalls = [&](const Larger& larger) {
    return larger.StallMs() >= kStallMs && Median(larger.whole_ms) > kTimesSlower * slowness_ms;
  };
  const double enough_ms = static_cast<double>(trial.budget().Within(kLongEnoughMs)) / 9;
  for (const uint64_t bytes : kLargerBytes) {
    Larger larger;
    if (!PlayLarger(trial, &peer, bytes, kLargerRounds, &larger)) return;
    if (stalls(larger) && !PlayLarger(trial, &peer, bytes, kMoreLargerRounds, &larger)) return;
    if (stalls(larger)) {
      trial
          .Misbehaves(absl::StrFormat(
              "%d bytes at once take %.1f ms to come back, and their halves in turn %.1f ms "
              "(medians of %d rounds, bound %.0f ms apart): that is a stall",
              bytes, Median(larger.whole_ms), Median(larger.halves_ms),
              static_cast<int>(larger.whole_ms.size()), kStallMs))
          .IgnoreError();
      return;
    }
    // The next takes twice as long.
    if (4 * kLargerRounds * Median(larger.whole_ms) > enough_ms) break;
  }
  peer.End();
}

}  // namespace

// Two small pieces, one right after the other, come back without a stall in most rounds. The median
// alone is judged, and by the measure of this machine and of the way to the target at the same
// time: a busy machine is slow here and there, a stall sits at its 40 ms.
absl::StatusOr<Verdict> PromptNoStall(Trial& trial) {
  std::string text = kFirstPiece;
  for (int i = 0; i < kRounds; ++i) text += std::string(kFirstPiece) + kFirstPiece + kSecondPiece;
  for (int i = 0; i < kApartRounds; ++i) text += std::string(kFirstPiece) + kSecondPiece;
  Peer peer(&trial, text);
  if (!peer.Connect()) return trial.Result();
  const double way_ms = WayMs(peer.line());
  if (!peer.Send(std::strlen(kFirstPiece)) || !peer.Await()) return trial.Result();
  Yardstick yardstick;
  std::vector<double> rounds, single, own;
  const int64_t enough_ms = trial.budget().Within(kLongEnoughMs) / 3;
  const double begun = NowMs();
  for (int i = 0; i < kRounds; ++i) {
    if (i >= kFewestRounds && NowMs() - begun > static_cast<double>(enough_ms)) break;
    own.push_back(yardstick.RoundMs());
    const double alone = NowMs();
    if (!peer.Send(std::strlen(kFirstPiece)) || !peer.Await()) return trial.Result();
    single.push_back(NowMs() - alone);
    const double start = NowMs();
    if (!peer.Send(std::strlen(kFirstPiece)) || !peer.Send(std::strlen(kSecondPiece)) ||
        !peer.Await())
      return trial.Result();
    rounds.push_back(NowMs() - start);
  }
  std::sort(single.begin(), single.end());
  double two_apart = 0;
  if (single.front() >= kStallMs - 5 && !TwoApart(trial, &peer, &two_apart)) return trial.Result();
  peer.End();
  std::sort(rounds.begin(), rounds.end());
  std::sort(own.begin(), own.end());
  const double median = Quantile(rounds, 0.5);
  trial.Note(absl::StrFormat("median %.2f ms, 90 %% %.2f ms, slowest %.2f ms", median,
                             Quantile(rounds, 0.9), rounds.back()));
  // Never sooner than that, not even for one piece alone, on this machine: it waits for more.
  if (two_apart > 0 && trial.Has(kLocal) && two_apart < kAsSoonAsOne * Quantile(single, 0.5) &&
      single.front() > kTimesSlower * Quantile(own, 0.5)) {
    return trial.Misbehaves(absl::StrFormat(
        "one small piece takes %.1f ms to come back, at best, of %d (bound %.0f ms; a thread here "
        "answers in %.2f ms)",
        single.front(), static_cast<int>(single.size()), kStallMs - 5, Quantile(own, 0.5)));
  }
  const double slowness = std::max(way_ms, Quantile(own, 0.5));
  if (median < kStallMs && Quantile(single, 0.5) < kQuickMs) NoLargerStalls(trial, slowness);
  if (median < kStallMs || median < kTimesSlower * slowness) return trial.Result();
  // A target that takes its time for each piece does so for one alone too.
  if (median - 2 * Quantile(single, 0.5) < kStallMs) return trial.Result();
  return trial.Misbehaves(absl::StrFormat(
      "two small pieces sent one after the other take %.1f ms to come back (median of %d rounds, "
      "bound %.0f ms; one alone takes %.2f ms, a thread here answers in %.2f ms): that is a stall",
      median, static_cast<int>(rounds.size()), kStallMs, Quantile(single, 0.5),
      Quantile(own, 0.5)));
}

}  // namespace verbatim
