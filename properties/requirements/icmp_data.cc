// The requirements on an echo reply's data: which sizes and contents are asked for.
// Not for: the reply's header (icmp.cc), sockets and tries (icmp_asker.h, icmp_peer.h).
#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "properties/requirements/icmp.h"
#include "properties/requirements/icmp_asker.h"

namespace verbatim {
namespace {

constexpr uint64_t kEveryByteBytes = 512;
constexpr int64_t kGlanceMs = 500;
// IPv4: what a host that never fragments may cut an answer to has a place for all the same: 576
// octets with the headers (RFC 1122 §3.3.3).
constexpr uint64_t kLeastCutBytes = 548;
// IPv6: a node may leave alone what comes to more than 1,500 octets in all (RFC 8200 §5).
constexpr uint64_t kReassembledBytes6 = 1452;

// 0, odd ones, and where buffers have their edges.
std::set<uint64_t> EdgeSizes(uint64_t room_bytes) {
  std::set<uint64_t> sizes = {0, 1, 2, 3, 5, 7, 8, 9, 55, 56, 57, 1471, 1472, 1473};
  for (uint64_t power = 4; power <= 65'536; power *= 2) {
    sizes.insert({power - 1, power, power + 1});
  }
  sizes.insert({room_bytes, room_bytes - std::min<uint64_t>(room_bytes, 1)});
  sizes.erase(sizes.upper_bound(room_bytes), sizes.end());
  return sizes;
}

std::set<uint64_t> LargeSizes(uint64_t room_bytes, int family) {
  const uint64_t largest = LargestIcmpData(family);
  std::set<uint64_t> sizes = {room_bytes + 1, room_bytes + 8, 2 * room_bytes, 2 * room_bytes + 1,
                              4096,           8192,           16'384,         32'768,
                              65'000,         largest - 1,    largest};
  sizes.erase(sizes.begin(), sizes.upper_bound(room_bytes));
  sizes.erase(sizes.upper_bound(largest), sizes.end());
  return sizes;
}

std::string EveryValue(size_t bytes) {
  std::string text(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>(i & 0xff);
  return text;
}

std::string Alternating(size_t bytes) {
  std::string text(bytes, '\x55');
  for (size_t i = 0; i < bytes; i += 2) text[i] = '\xaa';
  return text;
}

// The smallest first, so that the first that fails says most.
std::vector<IcmpQuestion> DataQuestions(const IcmpAsker& asker, const Budget& budget,
                                        uint64_t room_bytes) {
  std::vector<IcmpQuestion> questions;
  for (const uint64_t bytes : EdgeSizes(room_bytes))
    questions.push_back({.data = asker.Data(bytes)});
  const size_t some = std::min(kEveryByteBytes, room_bytes);
  for (std::string data :
       {EveryValue(some), std::string(some, '\0'), std::string(some, '\xff'), Alternating(some)}) {
    questions.push_back({.data = std::move(data), .marked = false});
  }
  std::mt19937_64 generator(budget.seed);
  std::uniform_int_distribution<uint64_t> any(0, room_bytes);
  for (int i = 0; i < budget.cases; ++i) questions.push_back({.data = asker.Data(any(generator))});
  return questions;
}

uint64_t MayEndAt(int family, uint64_t room_bytes) {
  return family == AF_INET ? std::min(kLeastCutBytes, room_bytes) : ~uint64_t{0};
}

// What is too large for one packet may stay unanswered, and IPv4's may be cut; not so otherwise
// changed. False iff the trial is over.
bool LargeDataAreUntouched(Trial& trial, IcmpAsker& asker, uint64_t room_bytes) {
  const int family = asker.to().family();
  const int64_t glance_ms = std::min(kGlanceMs, trial.budget().deadline_ms);
  for (const uint64_t bytes : LargeSizes(room_bytes, family)) {
    if (!asker.Ask({.data = asker.Data(bytes), .tries = 1, .deadline_ms = glance_ms})) return false;
    if (!asker.answer()) return true;
    const Verdict verdict = asker.JudgeData(MayEndAt(family, room_bytes));
    if (verdict.Fails()) return trial.Fail(verdict);
  }
  return true;
}

}  // namespace

absl::StatusOr<Verdict> IcmpExactData(Trial& trial) {
  IcmpAsker asker(&trial);
  uint64_t room_bytes = 0;
  if (!asker.FindRoom(&room_bytes)) return trial.Result();
  for (const IcmpQuestion& question : DataQuestions(asker, trial.budget(), room_bytes)) {
    if (question.data.size() > room_bytes) continue;
    if (!asker.Ask(question)) return trial.Result();
    const Verdict verdict = asker.JudgeData();
    if (!verdict.Fails()) continue;
    // A path may have turned out to be narrower meanwhile.
    if (!asker.FindRoom(&room_bytes)) return trial.Result();
    if (question.data.size() <= room_bytes) {
      trial.Fail(verdict);
      return trial.Result();
    }
  }
  if (!LargeDataAreUntouched(trial, asker, room_bytes)) return trial.Result();
  trial.Note(absl::StrCat(asker.questions(), " requests by a ",
                          asker.peer().SeesIds() ? "raw" : "ping", " socket, one packet holds ",
                          room_bytes, " octets of data"));
  return trial.Result();
}

absl::StatusOr<Verdict> IcmpLarge(Trial& trial) {
  IcmpAsker asker(&trial);
  uint64_t room_bytes = 0;
  if (!asker.FindRoom(&room_bytes)) return trial.Result();
  const int family = asker.to().family();
  const std::set<uint64_t> sizes = LargeSizes(room_bytes, family);
  if (sizes.empty()) {
    return trial.CannotJudge(absl::StrCat(
        "one packet on this path holds all that there can be: ", room_bytes, " octets of data"));
  }
  uint64_t whole = 0, cut = 0;
  std::string silence;
  for (const uint64_t bytes : sizes) {
    if (!asker.Ask({.data = asker.Data(bytes)})) return trial.Result();
    if (!asker.answer() && family == AF_INET6 && bytes > kReassembledBytes6) {
      silence = absl::StrCat("; none to ", bytes, ", which a node may leave alone (RFC 8200 §5)");
      break;
    }
    const Verdict verdict = asker.JudgeData(MayEndAt(family, room_bytes));
    if (verdict.Fails()) {
      trial.Fail(verdict);
      return trial.Result();
    }
    const uint64_t came = asker.answer()->data.size();
    (came == bytes ? whole : cut) = came;
  }
  if (whole == 0 && cut == 0) return trial.CannotJudge(silence.substr(2));
  std::string note = whole > 0 ? absl::StrCat("whole answers up to ", whole, " octets of data")
                               : absl::StrCat("answers cut to ", cut, " octets of data");
  if (whole > 0 && cut > 0) absl::StrAppend(&note, ", others cut to ", cut);
  trial.Note(absl::StrCat(note, silence));
  return trial.Result();
}

}  // namespace verbatim
