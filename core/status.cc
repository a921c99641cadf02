// What core/status.h promises. errno's names and texts come from the C library (strerrorname_np and
// strerrordesc_np: glibc 2.32; unlike strerror they are safe in threads and never translated).
// Not for: choosing what an error means; the code is absl::ErrnoToStatusCode's.
#include "core/status.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace verbatim {
namespace {

// The payload is errno in decimal digits.
constexpr absl::string_view kErrnoPayload = "verbatim/errno";

// How much of a bad text is shown, so that a megabyte of rubbish stays a line.
constexpr size_t kShownBytes = 80;

std::string ErrnoText(int error_number) {
  const char* text = ::strerrordesc_np(error_number);
  return text != nullptr ? text : absl::StrCat("Unknown error ", error_number);
}

}  // namespace

absl::Status ErrnoStatus(int error_number, absl::string_view operation, absl::string_view subject) {
  if (error_number == 0) return absl::OkStatus();
  absl::Status status(
      absl::ErrnoToStatusCode(error_number),
      absl::StrCat(operation, subject.empty() ? "" : " ", absl::Utf8SafeCHexEscape(subject), ": ",
                   ErrnoText(error_number), " (", ErrnoName(error_number), ")"));
  status.SetPayload(kErrnoPayload, absl::Cord(absl::StrCat(error_number)));
  return status;
}

int ErrnoOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kErrnoPayload);
  return payload.has_value() ? std::atoi(std::string(*payload).c_str()) : 0;
}

std::string ErrnoName(int error_number) {
  const char* name = ::strerrorname_np(error_number);
  return name != nullptr ? name : absl::StrCat(error_number);
}

absl::Status BadText(absl::string_view text, size_t position, absl::string_view what) {
  // Of long text, show the part with the position in its middle.
  const size_t longest_start = text.size() > kShownBytes ? text.size() - kShownBytes : 0;
  const size_t wanted_start = position > kShownBytes / 2 ? position - kShownBytes / 2 : 0;
  const size_t start = std::min(wanted_start, longest_start);
  const bool cut_after = text.size() - start > kShownBytes;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", start > 0 ? "..." : "", absl::CHexEscape(text.substr(start, kShownBytes)),
                   cut_after ? "..." : "", "\": character ", position + 1, ": ", what));
}

}  // namespace verbatim
