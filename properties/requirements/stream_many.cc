// Requirements on many connections at once: a hundred, a thousand, and a burst.
// Not for: up to 8 connections: those are scenarios (stream.h); or thousands one after another
// (stream_leaks.cc).
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

// So many that two share a place in a table that is too small, and rounds in which each sends.
constexpr size_t kSideBySide = 100;
constexpr size_t kStride = 16;
constexpr int kSideBySideRounds = 8;
constexpr uint64_t kSideBySideBytes = 128;  // each time

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

// No byte of one comes to another, while all send in an order in which those that are kStride apart
// follow each other, or backwards. Who is not served is others' matter.
absl::StatusOr<Verdict> ManyHundredIsolated(Trial& trial) {
  const auto start = steady_clock::now();
  const int64_t enough_ms = trial.budget().Within(kLongEnoughMs) / 4;
  std::deque<Peer> peers;
  const uint64_t bytes = (kSideBySideRounds + 1) * kSideBySideBytes;
  bool full = false;
  // Fewer where the target takes long for each.
  while (!full && peers.size() < kSideBySide && !(peers.size() > 2 && MsSince(start) > enough_ms)) {
    full = FillUp(trial, peers.size() + 1, &peers, bytes);
  }
  if (full) {
    peers.back().Close();
    peers.pop_back();
  }
  if (peers.size() < 2) return trial.CannotJudge("it serves no two connections at once");
  std::vector<Peer*> order;
  for (size_t first = 0; first < kStride; ++first) {
    for (size_t i = first; i < peers.size(); i += kStride) order.push_back(&peers[i]);
  }
  bool all_is_well = true;
  int rounds = 0;
  for (; all_is_well && rounds < kSideBySideRounds; ++rounds) {
    if (rounds > 1 && MsSince(start) > 2 * enough_ms) break;
    for (Peer* const peer : order) all_is_well = all_is_well && peer->Send(kSideBySideBytes);
    all_is_well = all_is_well && AwaitAll(trial, &peers);
    std::reverse(order.begin(), order.end());
  }
  const Verdict& failure = *trial.failure();
  if (failure.Fails() && !failure.IsOfWrongBytes() && failure.kind != Verdict::Kind::kLeaked &&
      failure.kind != Verdict::Kind::kDied) {
    trial.Forgive();
    return trial.CannotJudge("not all were served, which is another requirement's matter");
  }
  for (Peer& peer : peers) all_is_well ? peer.End() : peer.Close();
  trial.Note(absl::StrCat(peers.size(), " connections, ", rounds, " rounds"));
  return trial.Result();
}

}  // namespace verbatim
