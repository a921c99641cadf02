// Tests of the errno mapper, of messages about bad text, and of RetryEintr.
#include "core/status.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"

namespace verbatim {
namespace {

TEST(ErrnoStatus, SaysTheCallTheSubjectTheReasonAndItsSymbol) {
  EXPECT_EQ(ErrnoStatus(ECONNREFUSED, "connect", "127.0.0.1:7").message(),
            "connect 127.0.0.1:7: Connection refused (ECONNREFUSED)");
}

TEST(ErrnoStatus, AnEmptySubjectIsLeftOut) {
  EXPECT_EQ(ErrnoStatus(EMFILE, "socket", "").message(), "socket: Too many open files (EMFILE)");
}

TEST(ErrnoStatus, NoErrorIsOk) { EXPECT_TRUE(ErrnoStatus(0, "connect", "x").ok()); }

TEST(ErrnoStatus, TheCodeIsTheOneThatAbseilGives) {
  EXPECT_EQ(ErrnoStatus(ECONNREFUSED, "x", "").code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrnoStatus(EACCES, "x", "").code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ErrnoStatus(EMFILE, "x", "").code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrnoStatus(ETIMEDOUT, "x", "").code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(ErrnoStatus, AnUnknownNumberIsSaidAsANumber) {
  const absl::Status status = ErrnoStatus(9999, "connect", "x");
  EXPECT_EQ(status.message(), "connect x: Unknown error 9999 (9999)");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnknown);
}

TEST(ErrnoOf, GivesEachNumberBack) {
  for (int number = 0; number < 140; ++number) {
    EXPECT_EQ(ErrnoOf(ErrnoStatus(number, "x", "y")), number);
  }
}

TEST(ErrnoOf, IsZeroForAStatusFromElsewhere) {
  EXPECT_EQ(ErrnoOf(absl::OkStatus()), 0);
  EXPECT_EQ(ErrnoOf(absl::UnavailableError("Connection refused")), 0);
}

TEST(ErrnoName, IsTheSymbolOrTheDigits) {
  EXPECT_EQ(ErrnoName(ECONNRESET), "ECONNRESET");
  EXPECT_EQ(ErrnoName(EAGAIN), "EAGAIN");
  EXPECT_EQ(ErrnoName(9999), "9999");
}

TEST(BadText, CountsCharactersFromOne) {
  const absl::Status status = BadText("127.0.0.1:x", 10, "a port is 1 to 5 digits");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "\"127.0.0.1:x\": character 11: a port is 1 to 5 digits");
}

TEST(BadText, EscapesWhatATerminalWouldObeyAndQuotes) {
  EXPECT_EQ(BadText("\x1b[2J\"\n\xff", 0, "no").message(), R"("\x1b[2J\"\n\xff": character 1: no)");
}

TEST(BadText, ShowsTheEmptyText) {
  EXPECT_EQ(BadText("", 0, "write an address").message(), "\"\": character 1: write an address");
}

TEST(BadText, CutsLongTextAroundThePosition) {
  const std::string text = std::string(500, 'a') + "!" + std::string(500, 'b');
  EXPECT_EQ(
      BadText(text, 500, "no").message(),
      "\"..." + std::string(40, 'a') + "!" + std::string(39, 'b') + "...\": character 501: no");
  EXPECT_EQ(BadText(text, 0, "no").message(),
            "\"" + std::string(80, 'a') + "...\": character 1: no");
  EXPECT_EQ(BadText(text, 1001, "no").message(),
            "\"..." + std::string(80, 'b') + "\": character 1002: no");
}

TEST(BadText, LeavesTextOfEightyCharactersWhole) {
  const std::string text(80, 'a');
  EXPECT_EQ(BadText(text, 80, "no").message(), "\"" + text + "\": character 81: no");
}

TEST(RetryEintr, CallsUntilSomethingElseIsReturned) {
  int calls = 0;
  EXPECT_EQ(RetryEintr([&] { return ++calls < 4 ? -EINTR : 17; }), 17);
  EXPECT_EQ(calls, 4);
}

TEST(RetryEintr, HandsOtherErrorsOnAtOnce) {
  int calls = 0;
  EXPECT_EQ(RetryEintr([&] { return ++calls, -ECONNRESET; }), -ECONNRESET);
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace verbatim
