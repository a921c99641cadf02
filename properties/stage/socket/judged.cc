// Choosing stage and judge by the role.
#include "properties/stage/socket/judged.h"

#include <utility>

#include "properties/judge/datagram_judge.h"
#include "properties/stage/socket/client_stage.h"
#include "properties/stage/socket/datagrams.h"

namespace verbatim {

Scenario PlainExchange(Role role) {
  Scenario plain;
  plain.role = role;
  plain.payload.literal = true;
  plain.payload.bytes = "0123456789\n";
  plain.steps = {{Step::Kind::kSend, 1, kRest}, {Step::Kind::kAwait, 1, 0}};
  if (role == Role::kClient) {
    plain.steps = {{Step::Kind::kFeed, 1, kRest}, {Step::Kind::kReply, 1, kRest}};
  }
  return plain;
}

namespace {

// What it sent comes first: what it printed may follow from that.
absl::StatusOr<Judged> PlayJudgedClient(const Scenario& scenario, const Rules& rules,
                                        const ClientDoor& door, const StageOptions& options,
                                        Transcript* transcript) {
  Judge forward(scenario, rules, Way::kSent), back(scenario, rules, Way::kPrinted);
  StageOptions ours = options;
  ours.may_end_input = !rules.prompt;
  absl::StatusOr<Played> played = PlayClient(scenario, door, ours, &forward, &back, transcript);
  if (!played.ok()) return played.status();
  Judged judged = {*std::move(played), forward.Finish()};
  Verdict verdict = back.Finish();
  const bool says_more = verdict.Fails() || judged.verdict.kind == Verdict::Kind::kHeld;
  if (!judged.verdict.Fails() && says_more) judged.verdict = std::move(verdict);
  return judged;
}

}  // namespace

absl::StatusOr<Judged> PlayJudged(const Scenario& scenario, const Rules& rules, const Door& door,
                                  const StageOptions& options, Transcript* transcript) {
  if (scenario.role == Role::kClient) {
    return PlayJudgedClient(scenario, rules, *door.client, options, transcript);
  }
  Judged judged;
  const auto play = [&](auto judge, auto stage) -> absl::Status {
    const absl::StatusOr<Played> played = stage(scenario, door, options, &judge, transcript);
    if (played.ok()) judged = {*played, judge.Finish()};
    return played.status();
  };
  const absl::Status status = scenario.role == Role::kDatagramServer
                                  ? play(DatagramJudge(scenario, rules), PlayDatagrams)
                                  : play(Judge(scenario, rules), Play);
  if (!status.ok()) return status;
  return judged;
}

}  // namespace verbatim
