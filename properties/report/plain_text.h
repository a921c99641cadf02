// Words and bytes that may be a target's, made fit to be shown.
// Not for: the form of a report (terminal.h, junit.h, tap.h).
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace verbatim {

// `text`, which may hold words of a target's, on one line of ASCII and without escape sequences.
// "…", the transcript's own, stays.
std::string PlainText(absl::string_view text);

// `text`, which is our own words or was escaped before: what is left that no reader should meet
// (control characters but the newline, what is no UTF-8, what XML can't hold) becomes \xNN.
std::string ReadableText(absl::string_view text);
// The same on one line.
std::string ReadableLine(absl::string_view text);

// The length in bytes of the character that `text` begins with; 0 if it is no UTF-8 (RFC 3629), or
// there is none.
size_t Utf8Length(absl::string_view text);

// 16 bytes a line in hex and ASCII.
std::string HexDump(absl::string_view bytes, uint64_t offset, absl::string_view indent);

}  // namespace verbatim
