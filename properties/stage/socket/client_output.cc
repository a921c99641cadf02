// Looking for the prompt, byte by byte where it could begin.
#include "properties/stage/socket/client_output.h"

#include <algorithm>

namespace verbatim {

bool ClientOutput::IsDue(size_t count) const {
  if (offset_ >= payload_.size_bytes()) return false;
  const uint64_t there = std::min<uint64_t>(count, payload_.size_bytes() - offset_);
  return payload_.Bytes(1, offset_, there) == prefix_.substr(0, count);
}

absl::string_view ClientOutput::Take(absl::string_view printed, bool ends) {
  if (prefix_.empty()) return printed;
  kept_.append(printed.data(), printed.size());
  left_.clear();
  size_t at = 0;
  while (at < kept_.size()) {
    const absl::string_view rest = absl::string_view(kept_).substr(at);
    const size_t count = std::min(rest.size(), prefix_.size());
    const bool like = rest.substr(0, count) == absl::string_view(prefix_).substr(0, count);
    if (like && !IsDue(count)) {
      if (count < prefix_.size() && !ends) break;
      if (count == prefix_.size()) {
        at += count;
        continue;
      }
    }
    left_.push_back(rest[0]);
    ++offset_;
    ++at;
  }
  kept_.erase(0, at);
  return left_;
}

}  // namespace verbatim
