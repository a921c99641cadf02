// The trials of many senders: one after another, at once; and of nobody who asks.
// Not for: the rows themselves (catalogue_datagram.cc), bursts and rates (datagram_rates.cc).
#include <poll.h>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "properties/requirements/datagram_peer.h"
#include "properties/requirements/datagram_trials.h"
#include "properties/requirements/leaks.h"
#include "properties/requirements/processor.h"
#include "properties/stage/socket/quiet.h"

namespace verbatim {
namespace {

constexpr size_t kSendersAtOnce = 64;
constexpr int kRequestsEach = 2;  // requests, in each round
constexpr int kSenderRounds = 4;
constexpr int64_t kRoundMs = 500;  // until the last answer of a round has come
constexpr int64_t kEmptyMs = 50;   // until an empty one is answered, or is not

// So many senders one after the other, each with one request. `*before` of them were answered.
bool EachIsAnswered(Trial& trial, int count, int* before) {
  for (int i = 0; i < count; ++i) {
    DatagramPeer sender(&trial);
    if (const absl::Status status = sender.Open(AskedAddress(trial)); !status.ok()) {
      return trial.Error(status);
    }
    if (sender.AskAgain(kDatagramTries, trial.budget().deadline_ms)) {
      ++*before;
      continue;
    }
    if (trial.Spent()) return false;
    trial
        .Misbehaves(absl::StrCat("a new sender's request had no answer (", kDatagramTries,
                                 " tries), after ", *before, " senders that were answered"))
        .IgnoreError();
    return false;
  }
  return true;
}

// Takes in what has come to each, and says whether all of it is its own; else the trial's result
// says whose it is. What nobody sent is for other requirements.
bool AllIsTheirOwn(Trial& trial, std::deque<DatagramPeer>* senders,
                   const std::map<std::string, size_t>& owners, size_t* answered) {
  for (size_t i = 0; i < senders->size(); ++i) {
    while (const std::optional<DatagramPeer::Answer> answer = (*senders)[i].Receive(0)) {
      const auto owner = owners.find(answer->data);
      ++*answered;
      if (owner == owners.end() || owner->second == i) continue;
      Verdict verdict;
      verdict.kind = Verdict::Kind::kLeaked;
      verdict.of_datagrams = true;
      verdict.connection = static_cast<uint32_t>(i + 1);
      verdict.from_connection = static_cast<uint32_t>(owner->second + 1);
      verdict.seen = answer->data;
      return trial.Fail(std::move(verdict));
    }
  }
  return true;
}

}  // namespace

absl::StatusOr<Verdict> DatagramManySenders(Trial& trial) {
  DatagramPeer first(&trial);
  if (!AnswersPlainly(trial, first)) return trial.Result();
  int answered = 1;
  return NothingStays(trial, "senders",
                      [&](int count) { return EachIsAnswered(trial, count, &answered); });
}

absl::StatusOr<Verdict> DatagramManyIsolated(Trial& trial) {
  DatagramPeer first(&trial);
  if (!AnswersPlainly(trial, first)) return trial.Result();
  std::deque<DatagramPeer> senders;
  while (senders.size() < kSendersAtOnce) {
    senders.emplace_back(&trial);
    const absl::Status status = senders.back().Open(AskedAddress(trial));
    if (!status.ok()) {
      trial.Error(status);
      return trial.Result();
    }
  }
  std::map<std::string, size_t> owners;
  size_t answered = 0, sent = 0;
  for (int round = 0; round < kSenderRounds && !trial.Spent(); ++round) {
    for (int each = 0; each < kRequestsEach; ++each) {
      for (size_t i = 0; i < senders.size(); ++i) {
        const std::string text = absl::StrFormat(
            "%09d %04d %02d %02d\n", trial.budget().seed % 1'000'000'000, i, round, each);
        owners.emplace(text, i);
        const DatagramPeer::Sent how = senders[i].Send(text);
        sent += how == DatagramPeer::Sent::kSent ? 1 : 0;
        // A queue is full: some have to be read first.
        if (how == DatagramPeer::Sent::kFull &&
            !AllIsTheirOwn(trial, &senders, owners, &answered)) {
          return trial.Result();
        }
      }
    }
    Quiet whole;
    while (answered < sent && whole.LeftMs(kRoundMs) > 0 && !trial.Spent()) {
      std::vector<pollfd> polls;
      for (const DatagramPeer& sender : senders) polls.push_back({sender.fd(), POLLIN, 0});
      ::poll(polls.data(), polls.size(), static_cast<int>(whole.LeftMs(kRoundMs)));
      if (!AllIsTheirOwn(trial, &senders, owners, &answered)) return trial.Result();
    }
  }
  trial.Note(absl::StrCat(sent, " requests of ", senders.size(), " senders, ", answered,
                          " answered, each to its own"));
  return trial.Result();
}

absl::StatusOr<Verdict> DatagramIdleNoCpu(Trial& trial) {
  DatagramPeer peer(&trial);
  if (!AnswersPlainly(trial, peer)) return trial.Result();
  if (!CostsNothing(trial, "with nobody who asks")) return trial.Result();
  peer.Send("");
  peer.Receive(kEmptyMs);
  CostsNothing(trial, "after an empty datagram");
  return trial.Result();
}

}  // namespace verbatim
