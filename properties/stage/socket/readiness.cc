// The C library's regular expressions: those of C++ throw.
// Not for: waiting (target.cc).
#include "properties/stage/socket/readiness.h"

#include <regex.h>

#include <utility>

#include "absl/status/status.h"

namespace verbatim {

struct OutputPattern::Compiled {
  regex_t regex{};
  ~Compiled() { ::regfree(&regex); }
};

OutputPattern::OutputPattern(std::string text, std::unique_ptr<Compiled> compiled)
    : text_(std::move(text)), compiled_(std::move(compiled)) {}

OutputPattern::~OutputPattern() = default;

absl::StatusOr<std::shared_ptr<const OutputPattern>> OutputPattern::Compile(
    const std::string& text) {
  auto compiled = std::make_unique<Compiled>();
  const int error =
      ::regcomp(&compiled->regex, text.c_str(), REG_EXTENDED | REG_NOSUB | REG_NEWLINE);
  if (error != 0) {
    char why[200];
    ::regerror(error, &compiled->regex, why, sizeof(why));
    return absl::InvalidArgumentError(why);
  }
  return std::shared_ptr<const OutputPattern>(new OutputPattern(text, std::move(compiled)));
}

bool OutputPattern::Matches(const std::string& output) const {
  return ::regexec(&compiled_->regex, output.c_str(), 0, nullptr, 0) == 0;
}

}  // namespace verbatim
