// Requirements on many connections: a thousand at once, a burst, and thousands one after another.
// Not for: up to 8 connections: those are scenarios (stream.h).
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "properties/requirements/elapsed.h"
#include "properties/requirements/peer.h"
#include "properties/requirements/stream_trials.h"
#include "properties/stage/socket/process.h"

namespace verbatim {
namespace {

using std::chrono::steady_clock;

// Of a target that is to serve a thousand: enough for a proxy that needs four for each. Not more
// than the second, since some close all that there may be when they start.
constexpr uint64_t kDescriptorsForEach = 4;
constexpr uint64_t kMostRaised = 65'536;
constexpr uint64_t kSpareDescriptors = 100;  // besides those of the connections
constexpr size_t kBatch = 16;                // connects between two awaits

constexpr int kBurst = 100;

constexpr uint64_t kMuch = 100;
constexpr uint64_t kVanishBytes = 256 * 1024;
constexpr int64_t kVanishMs = 2;
constexpr int kChurn = 1000;           // connections between two looks, where there is time
constexpr int kFewestChurn = 10;       // and where there is not
constexpr uint64_t kLeakedThings = 5;  // of 1,000 connections: descriptors, processes
constexpr int kMoreThousands = 3;
constexpr uint64_t kLeakedBytes = 8 << 20;

// Whether both ends are of this machine's one address: between them only a full backlog drops a
// SYN.
bool NothingIsLostOnTheWay(const Line& line) {
  sockaddr_storage ours{}, theirs{};
  socklen_t our_size = sizeof(ours), their_size = sizeof(theirs);
  if (::getsockname(line.fd(), reinterpret_cast<sockaddr*>(&ours), &our_size) != 0 ||
      ::getpeername(line.fd(), reinterpret_cast<sockaddr*>(&theirs), &their_size) != 0) {
    return false;
  }
  const auto here = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&ours), our_size);
  const auto there = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&theirs), their_size);
  return here.ok() && there.ok() && here->family() != AF_UNIX &&
         here->WithPort(1) == there->WithPort(1);
}

// How often the connect's SYN had to be sent again; 0 where that can't be told from a loss on the
// way.
uint32_t DroppedSyns(const Line& line) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  const bool told = line.fd() >= 0 && NothingIsLostOnTheWay(line) &&
                    ::getsockopt(line.fd(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0;
  return told ? info.tcpi_total_retrans : 0;
}

}  // namespace

// Many at once, all exact: each sends twice, the second time in the opposite order.
absl::StatusOr<Verdict> ManyThousand(Trial& trial) {
  const uint64_t count = static_cast<uint64_t>(trial.budget().connections);
  RaiseDescriptorLimit();
  rlimit ours{};
  ::getrlimit(RLIMIT_NOFILE, &ours);
  const uint64_t given = GivenDescriptorLimit();
  const bool enough = given >= kDescriptorsForEach * count;
  const uint64_t theirs = enough ? given : std::min<uint64_t>(kMostRaised, ours.rlim_max);
  const uint64_t lowest = std::min<uint64_t>(theirs, ours.rlim_cur);
  if (lowest < count + kSpareDescriptors) {
    return trial.CannotJudge(absl::StrCat("the descriptor limit here is ", lowest, ", and ", count,
                                          " connections need ", count + kSpareDescriptors));
  }
  if (trial.Has(kSpawned) && !trial.UseOwnInstance(enough ? 0 : theirs)) return trial.Result();
  std::deque<Peer> peers;
  size_t batch = kBatch;
  while (peers.size() < count) {
    peers.emplace_back(&trial, uint64_t{256});
    if (!peers.back().Connect() || !peers.back().Send(64)) return trial.Result();
    // A small backlog is many.backlog's matter: here each batch would wait for SYNs sent again.
    if (DroppedSyns(peers.back().line()) > 0) batch = 1;
    if (peers.size() % batch == 0 && !AwaitAll(trial, &peers)) return trial.Result();
  }
  for (auto peer = peers.rbegin(); peer != peers.rend(); ++peer) {
    if (!peer->Send(192)) return trial.Result();
  }
  if (!AwaitAll(trial, &peers)) return trial.Result();
  for (Peer& peer : peers) peer.End();
  trial.Note(absl::StrCat(
      count, " connections at once",
      !enough && trial.Has(kSpawned)
          ? absl::StrCat(", with its descriptor limit raised from ", given, " to ", theirs)
          : ""));
  return trial.Result();
}

namespace {

struct Dialled {
  absl::Status status;
  uint32_t dropped_syns = 0;
  int64_t took_ms = 0;
};

// All begun at the same moment, each by a thread: a connect that waits holds up no other.
std::vector<Dialled> DialAtOnce(std::deque<Peer>* peers) {
  std::vector<Dialled> dialled(peers->size());
  std::latch ready(static_cast<ptrdiff_t>(peers->size()));
  std::vector<std::thread> threads;
  for (size_t i = 0; i < peers->size(); ++i) {
    threads.emplace_back([&ready, &peer = (*peers)[i], &result = dialled[i]] {
      ready.arrive_and_wait();
      const auto start = steady_clock::now();
      result.status = peer.Dial();
      result.took_ms = MsSince(start);
      result.dropped_syns = DroppedSyns(peer.line());
    });
  }
  for (std::thread& thread : threads) thread.join();
  return dialled;
}

}  // namespace

// A burst of connects all get in, none by way of a dropped SYN, and are served. Each is ended as
// soon as it was, so that one who serves them in turn is not blamed here.
absl::StatusOr<Verdict> ManyBacklog(Trial& trial) {
  std::deque<Peer> peers;
  for (int i = 0; i < kBurst; ++i) peers.emplace_back(&trial);
  const std::vector<Dialled> dialled = DialAtOnce(&peers);
  int dropped = 0;
  int64_t slowest_ms = 0;
  for (size_t i = 0; i < peers.size(); ++i) {
    if (!peers[i].Connected(dialled[i].status)) return trial.Result();
    dropped += dialled[i].dropped_syns > 0 ? 1 : 0;
    slowest_ms = std::max(slowest_ms, dialled[i].took_ms);
  }
  trial.Note(absl::StrCat("of ", kBurst, " connects at once the slowest took ", slowest_ms, " ms"));
  if (dropped > 0) {
    return trial.Misbehaves(absl::StrCat("of ", kBurst, " connects at once ", dropped,
                                         dropped == 1 ? " was" : " were",
                                         " dropped by a full backlog and got in only when the SYN "
                                         "was sent again, the slowest after ",
                                         slowest_ms, " ms; none is to be dropped"));
  }
  for (Peer& peer : peers) {
    if (!peer.Send(peer.payload().size_bytes())) return trial.Result();
  }
  AwaitAll(trial, &peers, true);
  return trial.Result();
}

namespace {

// Connections one after another, each paced by its echo. Where there is a RST every third ends so,
// since a leak on reset is one of its own; some vanish with an answer unread, as writes that fail
// are another.
bool Churn(Trial& trial, int count) {
  const int vanishes = std::clamp(count / 20, 4, 50);  // every so manieth
  for (int i = 0; i < count; ++i) {
    if (i % vanishes == 0) {
      Peer vanishing(&trial, kVanishBytes);
      if (!vanishing.Connect() || !vanishing.Send(1) || !vanishing.Await()) return false;
      vanishing.Push(kVanishBytes, kVanishMs);
      vanishing.Close();
      continue;
    }
    Peer peer(&trial);
    if (!peer.Connect() || !peer.Greet()) return false;
    i % 3 == 2 && trial.Has(kTcp) ? peer.Reset() : peer.End();
  }
  return true;
}

// How many connections three rounds of which fit into two thirds of the time; a thousand if they
// do. Returns 0 if not all was well.
int FittingCount(Trial& trial) {
  const auto start = steady_clock::now();
  if (!Churn(trial, kFewestChurn)) return 0;
  const int64_t took_ms = std::max<int64_t>(MsSince(start), 1);
  const int64_t round_ms = trial.budget().Within(kLongEnoughMs) * 2 / 9;
  const int64_t fitting = round_ms * kFewestChurn / took_ms;
  return static_cast<int>(std::clamp<int64_t>(fitting, kFewestChurn, kChurn));
}

uint64_t Grown(uint64_t before, uint64_t after) { return after - std::min(before, after); }

bool Leaks(const Usage& before, const Usage& after) {
  return Grown(before.descriptors, after.descriptors) >= kLeakedThings ||
         Grown(before.processes, after.processes) >= kLeakedThings ||
         Grown(before.resident_bytes, after.resident_bytes) > kLeakedBytes;
}

// So many that nothing needs to be seen again.
bool LeaksMuch(const Usage& before, const Usage& after) {
  return Grown(before.descriptors, after.descriptors) >= kMuch ||
         Grown(before.processes, after.processes) >= kMuch;
}

std::string GrowthText(int count, const Usage& before, const Usage& after) {
  const auto change = [](uint64_t from, uint64_t to) {
    return to < from ? absl::StrCat("-", from - to) : absl::StrCat("+", to - from);
  };
  return absl::StrCat("over ", count, " connections, after ", 2 * count, ": descriptors ",
                      change(before.descriptors, after.descriptors), ", processes ",
                      change(before.processes, after.processes), ", resident memory +",
                      Mebibytes(Grown(before.resident_bytes, after.resident_bytes)));
}

}  // namespace

// Thousands of short connections are served, and the third thousand costs nothing that stays. They
// are fewer where the target takes long for each.
absl::StatusOr<Verdict> SurviveChurn(Trial& trial) {
  const int count = FittingCount(trial);
  if (count == 0 || !Churn(trial, count) || !Churn(trial, count)) return trial.Result();
  const absl::StatusOr<Usage> before =
      trial.Has(kSpawned) ? trial.SettledUse() : trial.target().Use();
  if (!Churn(trial, count)) return trial.Result();
  if (!before.ok()) {
    trial.Note(absl::StrCat(3 * count, " connections; its processes can't be looked into"));
    return trial.Result();
  }
  // What is given back late is no leak.
  absl::StatusOr<Usage> after =
      trial.UseOnce([&](const Usage&, const Usage& now) { return !Leaks(*before, now); });
  if (!after.ok()) return trial.Result();
  trial.Note(GrowthText(count, *before, *after));
  // Where the budget cut the wait short, it might have been given back.
  if (!Leaks(*before, *after) || trial.Spent()) return trial.Result();
  // A heap, or a pool, that is still growing to its size is no leak: one goes on, thousand by
  // thousand.
  Usage last = *before;
  for (int i = 0; i < kMoreThousands && !LeaksMuch(last, *after); ++i) {
    last = *after;
    if (!Churn(trial, count)) return trial.Result();
    after = trial.SettledUse();
    if (!after.ok() || !Leaks(last, *after) || trial.Spent()) return trial.Result();
  }
  return trial.Misbehaves(absl::StrCat(GrowthText(count, last, *after), " (bounds: ", kLeakedThings,
                                       ", ", kLeakedThings, ", ", Mebibytes(kLeakedBytes), ")"));
}

}  // namespace verbatim
