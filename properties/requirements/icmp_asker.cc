// Asking, asking again, and verdicts on an answer. Not for: sockets (icmp_peer.cc).
#include "properties/requirements/icmp_asker.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "properties/judge/datagram_judge.h"
#include "properties/scenario/payload.h"

namespace verbatim {
namespace {

// A host may answer no more than 200 a second, which FreeBSD's default is.
constexpr int64_t kPaceMs = 10;
constexpr size_t kShownBytes = 64;

}  // namespace

std::string IcmpAsker::Data(uint64_t bytes) const {
  PayloadSpec spec;
  spec.size_bytes = bytes;
  spec.seed = trial_.budget().seed;
  return Payload(spec, 1, {{}}).Bytes(1, 0, bytes);
}

bool IcmpAsker::FindRoom(uint64_t* room_bytes) {
  const absl::StatusOr<uint64_t> room = RoomOnPath(to_);
  if (room.ok()) {
    *room_bytes = *room;
    return true;
  }
  trial_.CannotJudge(room.status().message()).IgnoreError();
  return false;
}

bool IcmpAsker::Ask(const IcmpQuestion& question) {
  ++questions_;
  answer_ = std::nullopt;
  for (int i = 0; i < question.tries && !answer_; ++i) {
    if (trial_.Spent()) return false;
    if (!trial_.Has(kLocal)) trial_.Pause(kPaceMs);
    if (!AskOnce(question, i + 1 == question.tries)) return false;
  }
  // A wait that the budget's end cut short shows nothing.
  return answer_.has_value() || !trial_.Spent();
}

bool IcmpAsker::AskOnce(const IcmpQuestion& question, bool is_last) {
  absl::StatusOr<IcmpPeer> peer = IcmpPeer::Open(to_);
  if (absl::IsFailedPrecondition(peer.status())) {
    trial_.CannotJudge(peer.status().message()).IgnoreError();
    return false;
  }
  if (!peer.ok()) return trial_.Error(peer.status());
  peer_ = *std::move(peer);
  if (question.ids) peer_->UseIds(question.ids->first, question.ids->second);
  sent_ = question.data;
  if (question.marked) peer_->Mark(&sent_);
  if (question.checksum) peer_->AimAtChecksum(*question.checksum, &sent_);
  trial_.CountConversation();
  if (const absl::Status status = peer_->Send(sent_); !status.ok()) {
    if (!is_last) return true;
    trial_.CannotJudge(status.message()).IgnoreError();
    return false;
  }
  const Budget& budget = trial_.budget();
  waited_ms_ = question.deadline_ms > 0 ? question.deadline_ms : budget.deadline_ms;
  absl::StatusOr<std::optional<IcmpAnswer>> answer = peer_->Await(budget.Within(waited_ms_));
  if (!answer.ok()) return trial_.Error(answer.status());
  answer_ = *std::move(answer);
  return true;
}

Verdict IcmpAsker::About(Verdict::Kind kind, std::string detail) const {
  Verdict verdict;
  verdict.kind = kind;
  verdict.of_datagrams = true;
  verdict.datagram = questions_;
  verdict.detail = std::move(detail);
  return verdict;
}

Verdict IcmpAsker::AboutHeader(uint64_t offset, std::string expected, std::string seen,
                               std::string detail) const {
  Verdict verdict = About(Verdict::Kind::kMisbehaved, std::move(detail));
  verdict.offset = verdict.window_offset = offset;
  verdict.expected = std::move(expected);
  verdict.seen = std::move(seen);
  return verdict;
}

Verdict IcmpAsker::JudgeData(uint64_t may_end_at_bytes) const {
  if (!answer_) {
    Verdict silence = About(Verdict::Kind::kWithheld);
    silence.length = sent_.size();
    silence.waited_ms = waited_ms_;
    silence.expected = sent_.substr(0, kShownBytes);
    return silence;
  }
  const std::string& came = answer_->data;
  Verdict verdict = About(Verdict::Kind::kHeld);
  if (came == sent_) return verdict;
  if (came.size() >= may_end_at_bytes && absl::StartsWith(sent_, came)) return verdict;
  ClassifyDatagram(sent_, came, &verdict);
  return verdict;
}

}  // namespace verbatim
