// Readiness: what a user says about when a started target is ready, beyond that it listens.
// Not for: finding out that it listens (target.h), or that an exchange passes (requirements/).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace verbatim {

// A POSIX extended regular expression (regex(7)) that some line of an output matches.
class OutputPattern {
 public:
  // Returns kInvalidArgument, with what is wrong, iff it is none.
  static absl::StatusOr<std::shared_ptr<const OutputPattern>> Compile(const std::string& text);
  ~OutputPattern();
  OutputPattern(const OutputPattern&) = delete;
  OutputPattern& operator=(const OutputPattern&) = delete;

  bool Matches(const std::string& output) const;
  const std::string& text() const { return text_; }

 private:
  struct Compiled;
  OutputPattern(std::string text, std::unique_ptr<Compiled> compiled);

  const std::string text_;
  const std::unique_ptr<Compiled> compiled_;
};

struct Readiness {
  std::shared_ptr<const OutputPattern> when;  // its output has matched; null: whatever it printed
  int64_t after_ms = 0;                       // so long after that, and after it listened
};

}  // namespace verbatim
