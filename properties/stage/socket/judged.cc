// Choosing stage and judge by the role.
#include "properties/stage/socket/judged.h"

#include "properties/judge/datagram_judge.h"
#include "properties/stage/socket/datagrams.h"

namespace verbatim {

Scenario PlainExchange(Role role) {
  Scenario plain;
  plain.role = role;
  plain.payload.literal = true;
  plain.payload.bytes = "0123456789\n";
  plain.steps = {{Step::Kind::kSend, 1, kRest}, {Step::Kind::kAwait, 1, 0}};
  return plain;
}

absl::StatusOr<Judged> PlayJudged(const Scenario& scenario, const Rules& rules, const Door& door,
                                  const StageOptions& options, Transcript* transcript) {
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
