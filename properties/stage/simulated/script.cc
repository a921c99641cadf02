// Events and their hash.
#include "properties/stage/simulated/script.h"

#include <algorithm>
#include <cstring>

namespace verbatim {

void TranscriptHash::Add(absl::string_view bytes) {
  Add(bytes.size());
  while (!bytes.empty()) {
    uint64_t word = 0;
    const size_t count = std::min(bytes.size(), sizeof(word));
    std::memcpy(&word, bytes.data(), count);
    Add(word);
    bytes.remove_prefix(count);
  }
}

void SimulatedScript::Record(Event* recorded) {
  Event& event = *recorded;
  event.time_us = static_cast<uint64_t>(kernel_.NowMs()) * 1000;
  hash_.Add(static_cast<uint64_t>(event.kind) << 32 | static_cast<uint64_t>(event.ending) << 16 |
            event.connection);
  hash_.Add(event.time_us);
  hash_.Add(event.bytes);
  hash_.Add(event.data);
  hash_.Add(event.text);
  if (transcript_ != nullptr) transcript_->Add(event);
}

absl::string_view SimulatedScript::Bytes(uint32_t connection, uint64_t offset, uint64_t count) {
  buffer_.resize(std::max(buffer_.size(), static_cast<size_t>(count)));
  payload_.Fill(connection, offset, absl::MakeSpan(&buffer_[0], static_cast<size_t>(count)));
  return absl::string_view(buffer_.data(), static_cast<size_t>(count));
}

bool SimulatedScript::IsOverSince(int64_t begin_ms, int64_t limit_ms) {
  const int64_t end_ms = begin_ms + limit_ms;
  if (kernel_.NowMs() >= end_ms) return true;
  due_ms_ = std::min(due_ms_, end_ms);
  return false;
}

}  // namespace verbatim
