// The words of verdicts.
#include "properties/judge/verdict.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace verbatim {
namespace {

std::string Count(const Verdict& verdict) {
  if (!verdict.length_known) return "an unknown number of bytes";
  return absl::StrCat(verdict.length, verdict.length == 1 ? " byte" : " bytes");
}

std::string Body(const Verdict& v) {
  const std::string at = absl::StrCat("at offset ", v.offset, " of connection ", v.connection);
  switch (v.kind) {
    case Verdict::Kind::kHeld:
      return "every byte came back as it was sent";
    case Verdict::Kind::kLost:
      return absl::StrCat(Count(v), " ", at, " did not come, later ones did");
    case Verdict::Kind::kDuplicated:
      return absl::StrCat(Count(v), " came a second time ", at);
    case Verdict::Kind::kReordered:
      return absl::StrCat("bytes ", at, " came after later ones");
    case Verdict::Kind::kCorrupted:
      return absl::StrCat("the byte ", at, " came back as another");
    case Verdict::Kind::kInserted:
      return absl::StrCat(Count(v), " ", at, " that had not been sent");
    case Verdict::Kind::kTruncated:
      return absl::StrCat("connection ", v.connection, " ended at offset ", v.offset, ", ",
                          Count(v), " short (", EndingName(v.ending), ")");
    case Verdict::Kind::kWithheld:
      return absl::StrCat(Count(v), " from offset ", v.offset, " of connection ", v.connection,
                          " on did not come for ", v.waited_ms, " ms, the connection stayed open");
    case Verdict::Kind::kLeaked:
      return absl::StrCat("what came ", at, " belongs to connection ", v.from_connection);
    case Verdict::Kind::kStuck:
      return absl::StrCat("connection ", v.connection, " accepted nothing more for ", v.waited_ms,
                          " ms, ", v.sent_bytes, " bytes sent and ", v.received_bytes, " received");
    case Verdict::Kind::kNotEnded:
      return absl::StrCat("connection ", v.connection, " did not end within ", v.waited_ms,
                          " ms of our FIN");
    case Verdict::Kind::kUnserved:
      return absl::StrCat("connection ", v.connection, " was not served: ", v.detail);
    case Verdict::Kind::kDied:
      return absl::StrCat("it ", v.detail);
    case Verdict::Kind::kMisreported:
    case Verdict::Kind::kMisbehaved:
    case Verdict::Kind::kNotJudged:
      return v.detail;
  }
  return "";
}

}  // namespace

void Verdict::SayDied(std::string how) {
  kind = Kind::kDied;
  ending = Ending::kCrashed;
  detail = std::move(how);
}

absl::string_view VerdictName(Verdict::Kind kind) {
  constexpr absl::string_view kNames[] = {"held",        "lost",        "duplicated", "reordered",
                                          "corrupted",   "inserted",    "truncated",  "withheld",
                                          "leaked",      "stuck",       "not ended",  "unserved",
                                          "target died", "misreported", "misbehaved", "not judged"};
  return kNames[static_cast<size_t>(kind)];
}

std::string VerdictSentence(const Verdict& verdict) {
  return absl::StrCat(VerdictName(verdict.kind), ": ", Body(verdict));
}

}  // namespace verbatim
