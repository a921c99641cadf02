// What is known of a scenario before its script is written.
#include <algorithm>
#include <array>

#include "properties/report/python_parts.h"

namespace verbatim::python {
namespace {

using Kind = Step::Kind;

// Fewer bytes, in fewer pieces, than any socket holds in either direction.
constexpr uint64_t kSmallBytes = 32 * 1024;
constexpr size_t kFewPieces = 64;

struct Line {
  uint64_t sent = 0;
  uint64_t awaited = 0;
  bool stalled = false;
  bool late = false;
};

Move Take(const Step& step, uint64_t size_bytes, Line* line) {
  Move move{step, line->sent, line->sent, line->awaited, line->late};
  if (step.kind == Kind::kSend) {
    const uint64_t left = size_bytes - line->sent;
    move.to = line->sent += step.amount == kRest ? left : std::min(left, step.amount);
    line->late = line->late || line->stalled;
  }
  if (step.kind == Kind::kAwait) line->awaited = line->sent;
  if (step.kind == Kind::kStall) line->stalled = true;
  if (step.kind == Kind::kResume) line->stalled = false;
  return move;
}

bool AllBytesRules(const Rules& rules) {
  return rules.complete && rules.ends && rules.serves && !rules.ends_cleanly;
}

bool IsSimple(const Plan& plan, const Rules& rules) {
  if (plan.Several() || plan.used_bytes > kSmallBytes || !AllBytesRules(rules)) return false;
  size_t pieces = 0, most_pieces = 0;
  bool ended = false, seen = true;  // everything that was done shows in what is read
  for (const Move& move : plan.moves) {
    const Kind kind = move.step.kind;
    const bool reads = kind == Kind::kAwait || kind == Kind::kExpectEof;
    if (kind == Kind::kSend && (ended || move.step.ahead != 0)) return false;
    if (kind == Kind::kDrip) return false;
    if (kind == Kind::kSend || kind == Kind::kPause || kind == Kind::kSettle) seen = false;
    if (reads || kind == Kind::kReset || kind == Kind::kClose) seen = true;
    ended = ended || kind == Kind::kExpectEof;
    pieces = reads ? 0 : pieces + (kind == Kind::kSend);
    most_pieces = std::max(most_pieces, pieces);
  }
  return seen && most_pieces <= kFewPieces;
}

bool SameButForItsPlace(const Step& a, const Step& b) {
  return a.kind == b.kind && a.connection == b.connection && a.ahead == b.ahead;
}

}  // namespace

bool Plan::Has(Step::Kind kind) const {
  return std::any_of(moves.begin(), moves.end(),
                     [kind](const Move& move) { return move.step.kind == kind; });
}

Plan MakePlan(const Scenario& scenario, const Rules& rules) {
  Plan plan;
  plan.connections = Connections(scenario);
  plan.literal = scenario.payload.literal;
  std::array<Line, kMaxConnections> lines;
  for (const Step& step : scenario.steps) {
    plan.moves.push_back(Take(step, scenario.payload.Size(), &lines[step.connection - 1]));
    // No more is ever on the way than all: then it need not be watched.
    Move& move = plan.moves.back();
    if (move.step.ahead >= move.to) move.step.ahead = 0;
    plan.used_bytes = std::max(plan.used_bytes, move.to);
  }
  plan.simple = IsSimple(plan, rules);
  return plan;
}

Repeated RepeatsAt(const Plan& plan, size_t at) {
  const std::vector<Move>& moves = plan.moves;
  const auto is_send = [&](size_t i) {
    return i < moves.size() && moves[i].step.kind == Kind::kSend && !moves[i].late &&
           SameButForItsPlace(moves[i].step, moves[at].step);
  };
  Repeated repeated;
  if (!is_send(at)) return repeated;
  const Kind next = at + 1 < moves.size() ? moves[at + 1].step.kind : Kind::kSend;
  if (next == Kind::kAwait || next == Kind::kSettle) repeated.step_count = 2;
  while (is_send(at + repeated.times * repeated.step_count)) {
    const size_t behind = at + repeated.times * repeated.step_count + 1;
    if (repeated.step_count == 2 &&
        (behind >= moves.size() || !SameButForItsPlace(moves[behind].step, moves[at + 1].step))) {
      break;
    }
    ++repeated.times;
  }
  return repeated;
}

}  // namespace verbatim::python
