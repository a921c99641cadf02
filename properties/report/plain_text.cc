// The escaping of all that is a target's.
#include "properties/report/plain_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace verbatim {
namespace {

constexpr size_t kBytesALine = 16;
constexpr absl::string_view kEllipsis = "…";

unsigned char Byte(char c) { return static_cast<unsigned char>(c); }

void AppendEscaped(char c, std::string* text) { absl::StrAppendFormat(text, "\\x%02x", Byte(c)); }

// Whether a character of UTF-8 is harmless: no control character (C1 too, which some terminals
// obey), and none of U+FFFE and U+FFFF, which XML 1.0 does not know (§2.2).
bool Harmless(absl::string_view character) {
  if (character.size() == 1) return absl::ascii_isprint(Byte(character[0])) || character == "\n";
  return !(character[0] == '\xc2' && Byte(character[1]) < 0xa0) &&
         !absl::StartsWith(character, "\xef\xbf\xbe") &&
         !absl::StartsWith(character, "\xef\xbf\xbf");
}

}  // namespace

std::string PlainText(absl::string_view text) {
  std::string plain;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (absl::StartsWith(text.substr(at), kEllipsis)) {
      absl::StrAppend(&plain, kEllipsis);
      at += kEllipsis.size() - 1;
    } else if (absl::ascii_isprint(Byte(c))) {
      plain += c;
    } else if (c == '\n') {
      plain += "\\n";
    } else {
      AppendEscaped(c, &plain);
    }
  }
  return plain;
}

std::string ReadableText(absl::string_view text) {
  std::string readable;
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    const absl::string_view character = text.substr(0, length);
    if (length > 0 && Harmless(character)) {
      absl::StrAppend(&readable, character);
      text.remove_prefix(length);
    } else {
      AppendEscaped(text[0], &readable);
      text.remove_prefix(1);
    }
  }
  return readable;
}

std::string ReadableLine(absl::string_view text) {
  return absl::StrReplaceAll(ReadableText(text), {{"\n", "\\n"}});
}

// RFC 3629 §4, the table of well-formed sequences.
size_t Utf8Length(absl::string_view text) {
  if (text.empty()) return 0;
  const unsigned char first = Byte(text[0]);
  if (first < 0x80) return 1;
  const size_t length = first < 0xc2   ? 0
                        : first < 0xe0 ? 2
                        : first < 0xf0 ? 3
                        : first < 0xf5 ? 4
                                       : 0;
  if (length == 0 || text.size() < length) return 0;
  const unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (Byte(text[1]) < low || Byte(text[1]) > high) return 0;
  for (size_t i = 2; i < length; ++i) {
    if ((Byte(text[i]) & 0xc0) != 0x80) return 0;
  }
  return length;
}

std::string HexDump(absl::string_view bytes, uint64_t offset, absl::string_view indent) {
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += kBytesALine) {
    std::string hex, ascii;
    for (const char byte : bytes.substr(at, kBytesALine)) {
      absl::StrAppendFormat(&hex, "%02x ", Byte(byte));
      ascii += absl::ascii_isprint(Byte(byte)) ? byte : '.';
    }
    absl::StrAppendFormat(&text, "%s%8d  %-48s |%s|\n", indent, offset + at, hex, ascii);
  }
  return text;
}

}  // namespace verbatim
