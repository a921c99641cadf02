// Each defect of content at the place where a program has what it just read.
#include "properties/mutants/bytes.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_replace.h"

namespace verbatim {

size_t BufferBytes(Defect defect) {
  if (defect == Defect::kOffByOneWhenFull) return 1024;
  if (defect == Defect::kLostWakeUp) return 4096;
  return 64 * 1024;
}

std::string Mangler::UpTo(std::string data, char end) {
  const size_t at = data.find(end);
  if (at == std::string::npos) return data;
  ended_ = true;
  data.resize(at);
  return data;
}

std::string Mangler::Read(std::string data) {
  const uint64_t before = received_bytes_;
  received_bytes_ += data.size();
  switch (defect_) {
    case Defect::kNulTruncation:
      data.resize(::strnlen(data.data(), data.size()));
      return data;
    case Defect::kByte255IsEof:
      return UpTo(std::move(data), '\xff');
    case Defect::kMagicByte:
      return UpTo(std::move(data), kMagic);
    case Defect::kNewlineTranslation:
      return absl::StrReplaceAll(data, {{"\n", "\r\n"}});
    case Defect::kOffByOneWhenFull:
      if (data.size() == BufferBytes(defect_)) data.pop_back();
      return data;
    case Defect::kLastByteWithheld:
      withheld_ += data;
      data.assign(withheld_, 0, withheld_.size() - 1);
      withheld_.erase(0, data.size());
      return data;
    case Defect::kBitFlip: {
      const uint64_t flipped = (before / kFlipEvery + 1) * kFlipEvery - 1;
      if (flipped < received_bytes_) data[static_cast<size_t>(flipped - before)] ^= 1;
      return data;
    }
    default:
      return data;
  }
}

std::string Mangler::End() { return std::exchange(withheld_, ""); }

}  // namespace verbatim
