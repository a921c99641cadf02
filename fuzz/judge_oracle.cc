// Hearing it all, event by event.
#include "fuzz/judge_oracle.h"

namespace verbatim {

using Kind = Verdict::Kind;

JudgeOracle::JudgeOracle(const Hearing& hearing, Way way)
    : rules_(hearing.rules),
      way_(way),
      payload_(MakePayload(hearing.scenario)),
      all_(Connections(hearing.scenario) + 1),
      heard_(all_.size()) {
  for (uint32_t on = 1; on < all_.size(); ++on) {
    all_[on] = payload_.Bytes(on, 0, static_cast<size_t>(payload_.size_bytes()));
  }
  for (size_t i = 0; i < hearing.events.size(); ++i) {
    if (hearing.events[i].way == way) Hear(hearing.events[i], hearing.data[i]);
  }
}

bool JudgeOracle::IsLeakedOf(uint32_t on) const {
  for (uint32_t other = 1; other < heard_.size(); ++other) {
    const Heard& line = heard_[other];
    if (other == on || !line.differs) continue;
    const absl::string_view wrong = absl::string_view(line.came).substr(line.right, 4);
    if (payload_.Owner(wrong) == on) return true;
  }
  return false;
}

void JudgeOracle::Hear(const Event& event, const std::string& data) {
  Heard& line = heard_[event.connection];
  switch (event.kind) {
    case Event::Kind::kConnected:
      return;
    case Event::Kind::kSent:
      line.sent += event.bytes;
      return;
    case Event::Kind::kReceived:
      for (const char byte : data) Hear(event.connection, byte);
      return;
    case Event::Kind::kShutdown:
      line.shut = true;
      return;
    case Event::Kind::kSilence:
      return Happens(event, rules_.complete ? Kind::kWithheld : Kind::kNotJudged);
    case Event::Kind::kBlocked:
      return Happens(event, rules_.complete ? Kind::kStuck : Kind::kNotJudged);
    case Event::Kind::kSkipped:
      return Happens(event, rules_.complete ? Kind::kTruncated : Kind::kNotJudged);
    case Event::Kind::kNotConnected:
      return Happens(event, rules_.serves ? Kind::kUnserved : Kind::kNotJudged);
    case Event::Kind::kNoEof:
      if (rules_.ends) return Happens(event, Kind::kNotEnded);
      if (rules_.ends_cleanly) Happens(event, Kind::kNotJudged);
      return;
    case Event::Kind::kEnded:
      return Ended(event, line);
    case Event::Kind::kExited:
      return Exited(event);
  }
}

void JudgeOracle::Ended(const Event& event, const Heard& line) {
  if (event.ending == Ending::kOurs) return;
  if (rules_.complete && line.right < line.sent) Happens(event, Kind::kTruncated);
  // A server ends its side once we have; when a client does, it knows best itself.
  const bool is_due = way_ != Way::kReturned || line.shut;
  if (rules_.ends_cleanly && is_due && event.ending != Ending::kFin) {
    Happens(event, Kind::kMisbehaved);
  }
}

// Killed, or it left early, or its status says another thing than what happened.
void JudgeOracle::Exited(const Event& event) {
  if (event.ending == Ending::kCrashed) {
    Happens(event, Kind::kDied);
  } else if (event.ending == Ending::kFin) {
    Happens(event, rules_.complete ? Kind::kTruncated : Kind::kNotJudged);
  } else if (!event.text.empty() && rules_.status) {
    Happens(event, Kind::kMisreported);
  }
}

void JudgeOracle::Hear(uint32_t on, char byte) {
  Heard& line = heard_[on];
  line.came += byte;
  if (line.differs) return;
  if (line.right < line.sent && all_[on][line.right] == byte) {
    ++line.right;
    return;
  }
  line.differs = true;
  differs_ = differs_ || kind_ == Kind::kHeld || kind_ == Kind::kNotJudged;
}

void JudgeOracle::Happens(const Event& event, Kind kind) {
  if (differs_ || kind_ != Kind::kHeld) return;
  kind_ = kind;
  connection_ = event.connection;
  is_silence_ = kind != Kind::kNotJudged &&
                (event.kind == Event::Kind::kSilence || event.kind == Event::Kind::kBlocked ||
                 event.kind == Event::Kind::kNoEof);
}

}  // namespace verbatim
