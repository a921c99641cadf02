// Each defect of content does what its name says, and nothing else.
#include "properties/mutants/bytes.h"

#include <gtest/gtest.h>

namespace verbatim {
namespace {

std::string Echo(Defect defect, const std::vector<std::string>& reads) {
  Mangler mangler(defect);
  std::string echo;
  for (const std::string& read : reads) echo += mangler.Read(read);
  return echo + mangler.End();
}

TEST(Mangler, WithoutADefectOfContentNothingIsChanged) {
  const std::string tokens("a\0b\n\xff\x1d", 6);
  EXPECT_EQ(Echo(Defect::kNone, {tokens, "", tokens}), tokens + tokens);
  EXPECT_EQ(Echo(Defect::kShortWriteIgnored, {tokens}), tokens);
}

TEST(Mangler, ANulEndsWhatOneReadReturned) {
  EXPECT_EQ(Echo(Defect::kNulTruncation, {std::string("ab\0cd", 5), "ef"}), "abef");
}

TEST(Mangler, AMagicByteEndsTheConnection) {
  for (const auto& [defect, byte] :
       {std::pair(Defect::kMagicByte, Mangler::kMagic), std::pair(Defect::kByte255IsEof, '\xff')}) {
    Mangler mangler(defect);
    EXPECT_EQ(mangler.Read("ab"), "ab");
    EXPECT_FALSE(mangler.ended());
    EXPECT_EQ(mangler.Read(std::string("cd") + byte + "ef"), "cd");
    EXPECT_TRUE(mangler.ended());
  }
}

TEST(Mangler, ANewlineBecomesTwoBytes) {
  EXPECT_EQ(Echo(Defect::kNewlineTranslation, {"a\n\nb\r\n"}), "a\r\n\r\nb\r\r\n");
}

TEST(Mangler, OnlyAFullBufferLosesAByte) {
  const size_t full = BufferBytes(Defect::kOffByOneWhenFull);
  EXPECT_EQ(Echo(Defect::kOffByOneWhenFull, {std::string(full - 1, 'x')}).size(), full - 1);
  EXPECT_EQ(Echo(Defect::kOffByOneWhenFull, {std::string(full, 'x')}).size(), full - 1);
}

TEST(Mangler, TheLastByteComesWithTheNextOrAtTheEnd) {
  Mangler mangler(Defect::kLastByteWithheld);
  EXPECT_EQ(mangler.Read("abc"), "ab");
  EXPECT_EQ(mangler.Read("d"), "c");
  EXPECT_EQ(mangler.End(), "d");
  EXPECT_EQ(mangler.End(), "");
}

TEST(Mangler, OneBitIsFlippedInEachMegabyte) {
  const std::string data(size_t{3} * Mangler::kFlipEvery, 'x');
  for (const size_t piece : {size_t{1000}, size_t{65'536}}) {
    std::vector<std::string> reads;
    for (size_t at = 0; at < data.size(); at += piece) reads.push_back(data.substr(at, piece));
    const std::string echo = Echo(Defect::kBitFlip, reads);
    ASSERT_EQ(echo.size(), data.size());
    for (size_t i = 0; i < data.size(); ++i) {
      const bool flipped = (i + 1) % Mangler::kFlipEvery == 0;
      if ((echo[i] != data[i]) != flipped) FAIL() << i;
    }
  }
}

}  // namespace
}  // namespace verbatim
