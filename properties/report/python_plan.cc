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
  uint64_t awaited = 0;  // of a client: replied
  bool stalled = false;
  bool late = false;
  bool left = false;  // by us, before a client's end
};

// What a client is fed and replied. It may stop taking input once we do not read or have left.
void TakeOfClient(uint64_t size_bytes, Line* line, Move* move) {
  const Kind kind = move->step.kind;
  const uint64_t end = kind == Kind::kFeed ? size_bytes : line->sent;
  uint64_t& offset = kind == Kind::kFeed ? line->sent : line->awaited;
  if (kind == Kind::kFeed || kind == Kind::kReply) {
    move->from = offset;
    move->to = offset += std::min(move->step.amount, end - offset);
    line->late = line->late || line->stalled || line->left;
  }
  line->left =
      line->left || kind == Kind::kShutdown || kind == Kind::kReset || kind == Kind::kClose;
}

Move Take(const Step& step, uint64_t size_bytes, Line* line) {
  Move move{step, line->sent, line->sent, line->awaited, line->late};
  TakeOfClient(size_bytes, line, &move);
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

// A client's: few bytes, which a pipe holds, and our end, if any, is a FIN and its last but its
// exit.
bool IsSimpleForClient(const Plan& plan, const Rules& rules) {
  if (plan.used_bytes > kSmallBytes || !AllBytesRules(rules) || !rules.status) return false;
  uint64_t fed = 0, replied = 0;
  bool shut = false;
  for (const Move& move : plan.moves) {
    const Kind kind = move.step.kind;
    if (kind == Kind::kFeed) fed = move.to;
    if (kind == Kind::kReply) replied = move.to;
    const bool known = kind == Kind::kFeed || kind == Kind::kFeedEof || kind == Kind::kReply ||
                       kind == Kind::kHold || kind == Kind::kShutdown || kind == Kind::kExpectExit;
    if (!known || (kind == Kind::kFeed && shut) || (kind == Kind::kExpectExit && !shut))
      return false;
    shut = shut || kind == Kind::kShutdown;
  }
  return shut || replied == fed;
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
  plan.simple =
      scenario.role == Role::kClient ? IsSimpleForClient(plan, rules) : IsSimple(plan, rules);
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

Repeated ClientRepeatsAt(const Plan& plan, size_t at) {
  const std::vector<Move>& moves = plan.moves;
  const auto is_byte_step = [](const Move& move) {
    return move.step.kind == Kind::kFeed || move.step.kind == Kind::kReply;
  };
  // The `i`th of them is like the first, and its feed and its reply are of the same bytes.
  const auto is_like_first = [&](size_t i, size_t period) {
    const size_t begin = at + i * period;
    if (begin + period > moves.size()) return false;
    for (size_t j = 0; j < period; ++j) {
      const Move &first = moves[at + j], &move = moves[begin + j];
      const bool moves_bytes = is_byte_step(first);
      if (move.step.kind != first.step.kind || move.late) return false;
      if (!moves_bytes &&
          (first.step.kind != Kind::kHold || move.step.amount != first.step.amount)) {
        return false;
      }
      if (moves_bytes && (move.from != moves[begin].from || move.to != moves[begin].to))
        return false;
    }
    return true;
  };
  if (!is_byte_step(moves[at])) return {};
  for (size_t period = 1; period <= 3; ++period) {
    size_t times = 0;
    while (is_like_first(times, period)) ++times;
    if (times > 2) return {times, period};
  }
  return {};
}

}  // namespace verbatim::python
