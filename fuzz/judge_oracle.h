// The slow and obvious judge that judge_fuzzer holds the real one against: byte by byte it says
// where the first one differs or, where none does, what the first thing is that the rules don't
// leave open.
// Not for: what a difference is called (the laws of judge_fuzzer.cc).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "fuzz/hearing.h"

namespace verbatim {

// What came on one connection, byte by byte.
struct Heard {
  uint64_t sent = 0;
  std::string came;
  uint64_t right = 0;  // so many bytes, until the first that is not
  bool differs = false, shut = false;
};

class JudgeOracle {
 public:
  // Of that way alone.
  JudgeOracle(const Hearing& hearing, Way way);

  // All that it could have sent.
  const std::string& payload(uint32_t on) const { return all_[on]; }
  const Heard& heard(uint32_t on) const { return heard_[on]; }
  // Whether another connection's first wrong bytes are of `on`.
  bool IsLeakedOf(uint32_t on) const;
  bool any_differs() const { return differs_; }
  // Where no byte differs: what happened first, on which connection, and whether it is that
  // nothing did.
  Verdict::Kind kind() const { return kind_; }
  uint32_t connection() const { return connection_; }
  bool is_silence() const { return is_silence_; }

 private:
  void Hear(const Event& event, const std::string& data);
  void Hear(uint32_t on, char byte);
  void Ended(const Event& event, const Heard& line);
  void Exited(const Event& event);
  void Happens(const Event& event, Verdict::Kind kind);

  const Rules rules_;
  const Way way_;
  const Payload payload_;
  std::vector<std::string> all_;  // by connection, from 1 on
  std::vector<Heard> heard_;
  bool differs_ = false;
  Verdict::Kind kind_ = Verdict::Kind::kHeld;
  uint32_t connection_ = 1;
  bool is_silence_ = false;
};

}  // namespace verbatim
