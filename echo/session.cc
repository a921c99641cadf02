// What echo/session.h promises, on one flat buffer. Not for: I/O.
#include "echo/session.h"

#include <cstring>

namespace verbatim {

Session::Session(size_t limit_bytes) : limit_bytes_(limit_bytes) { assert(limit_bytes > 0); }

void Session::Receive(absl::string_view bytes, size_t passed_bytes) {
  assert(bytes.size() <= Receivable() + passed_bytes);
  assert(passed_bytes <= bytes.size() && (passed_bytes == 0 || kept_bytes() == 0));
  received_bytes_ += bytes.size();
  bytes.remove_prefix(passed_bytes);
  if (bytes.empty()) return;
  if (kept_ == nullptr) kept_ = std::make_unique<char[]>(limit_bytes_);
  if (end_ + bytes.size() > limit_bytes_) {
    std::memmove(kept_.get(), kept_.get() + begin_, kept_bytes());
    end_ -= begin_;
    begin_ = 0;
  }
  std::memcpy(kept_.get() + end_, bytes.data(), bytes.size());
  end_ += bytes.size();
}

void Session::Sent(size_t bytes) {
  assert(bytes <= kept_bytes());
  begin_ += bytes;
  if (begin_ < end_) return;
  begin_ = end_ = 0;
  kept_.reset();  // an idle connection costs no buffer
}

}  // namespace verbatim
