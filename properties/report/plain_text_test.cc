// Tests of the escaping: nothing of a target's gets through, and nothing of our own is spoilt.
#include "properties/report/plain_text.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace verbatim {
namespace {

TEST(PlainText, IsOneLineOfAscii) {
  EXPECT_EQ(PlainText("a\x1b[2J\r\n\x7f\xff"), "a\\x1b[2J\\x0d\\n\\x7f\\xff");
  EXPECT_EQ(PlainText("… 7 rows …"), "… 7 rows …");
  EXPECT_EQ(PlainText("§\xe2\x80"), "\\xc2\\xa7\\xe2\\x80");
  EXPECT_EQ(PlainText(""), "");
}

TEST(ReadableText, LeavesOurOwnWordsAndNewlinesAlone) {
  EXPECT_EQ(ReadableText("RFC 9293 §3.6\n…"), "RFC 9293 §3.6\n…");
  EXPECT_EQ(ReadableLine("RFC 9293 §3.6\n…"), "RFC 9293 §3.6\\n…");
}

TEST(ReadableText, EscapesControlCharactersAndWhatXmlHasNot) {
  EXPECT_EQ(ReadableText(absl::string_view("\0\t\r\x1b\x7f", 5)), "\\x00\\x09\\x0d\\x1b\\x7f");
  EXPECT_EQ(ReadableText("\xc2\x9b"), "\\xc2\\x9b");  // U+009B, a terminal's CSI
  EXPECT_EQ(ReadableText("\xc2\xa0"), "\xc2\xa0");
  EXPECT_EQ(ReadableText("\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd"),
            "\\xef\\xbf\\xbe\\xef\\xbf\\xbf\xef\xbf\xbd");
}

TEST(Utf8Length, KnowsTheEdgesOfTheTable) {
  for (const absl::string_view good :
       {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(Utf8Length(absl::StrCat(good, "\x80")), good.size()) << ReadableText(good);
  }
  EXPECT_EQ(Utf8Length(absl::string_view("\0", 1)), 1u);
}

TEST(Utf8Length, RefusesOverlongFormsSurrogatesAndWhatIsCutShort) {
  for (const absl::string_view bad :
       {"", "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x7f", "\xe0\x9f\xbf", "\xe2\x82",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xfe", "\xff", "\xe2\x82\xc0"}) {
    EXPECT_EQ(Utf8Length(bad), 0u) << PlainText(bad);
  }
}

}  // namespace
}  // namespace verbatim
