// KeptBytes: bytes that are still to be written.
// Not for: deciding when (plain_server.h, hooked_server.h).
#pragma once

#include <algorithm>
#include <string>

namespace verbatim {

// Dropping from the front costs little, however many.
class KeptBytes {
 public:
  const char* data() const { return bytes_.data() + head_; }
  size_t size() const { return bytes_.size() - head_; }
  bool empty() const { return size() == 0; }
  void Append(const std::string& bytes) { bytes_ += bytes; }
  void Prepend(const std::string& bytes) { bytes_.insert(head_, bytes); }
  // Writes `bytes` over the first ones; what is longer than what is kept is lost.
  void Overwrite(const std::string& bytes) {
    const size_t count = std::min(size(), bytes.size());
    bytes_.replace(head_, count, bytes, 0, count);
  }
  void Drop(size_t count) {
    head_ += count;
    if (head_ < bytes_.size() / 2) return;
    bytes_.erase(0, head_);
    head_ = 0;
  }
  // All of it; nothing is kept then.
  std::string Take() {
    std::string taken(data(), size());
    Drop(size());
    return taken;
  }

 private:
  std::string bytes_;
  size_t head_ = 0;
};

}  // namespace verbatim
