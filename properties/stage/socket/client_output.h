// ClientOutput: what a client prints, without the prompt that it puts before what it was replied.
// Not for: judging it.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "properties/scenario/payload.h"

namespace verbatim {

class ClientOutput {
 public:
  // `prefix`: the prompt; empty: nothing is left out. `payload`, what is replied, must outlive it.
  ClientOutput(std::string prefix, const Payload& payload)
      : prefix_(std::move(prefix)), payload_(payload) {}

  // What is left of `printed`. The prompt is left out wherever it stands and the payload, of which
  // so much came before, does not have it. What may become a prompt is kept for the next call;
  // `ends`: there is none. Valid until that.
  absl::string_view Take(absl::string_view printed, bool ends);

 private:
  // Whether the payload has the first `count` bytes of the prompt here.
  bool IsDue(size_t count) const;

  const std::string prefix_;
  const Payload& payload_;
  uint64_t offset_ = 0;
  std::string kept_, left_;
};

}  // namespace verbatim
