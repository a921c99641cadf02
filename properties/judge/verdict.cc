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

std::string At(const Verdict& v) {
  if (v.way == Way::kSent) return absl::StrCat("at offset ", v.offset, " of what it sent");
  if (v.way == Way::kPrinted) return absl::StrCat("at offset ", v.offset, " of its output");
  return absl::StrCat("at offset ", v.offset, " of connection ", v.connection);
}

// Of datagrams: each has its own beginning and end.
std::string Datagram(uint64_t number, uint32_t connection) {
  return absl::StrCat("datagram ", number, " of connection ", connection);
}

std::string LeakOfDatagram(const Verdict& v) {
  const std::string whose = Datagram(v.datagram, v.from_connection);
  if (v.offset == 0) {
    return absl::StrCat("what came on connection ", v.connection, " is ", whose);
  }
  return absl::StrCat("what came on connection ", v.connection, " is, from offset ", v.offset,
                      " on, of ", whose);
}

std::string MoreOfDatagram(const Verdict& v, absl::string_view which) {
  if (v.datagram == 0) {
    return absl::StrCat("a datagram of ", Count(v), " came on connection ", v.connection,
                        ", which had sent none");
  }
  return absl::StrCat(Count(v), " at offset ", v.offset, " of the answer to ", which,
                      " that had not been sent in it");
}

std::string BodyOfDatagram(const Verdict& v) {
  const std::string which = Datagram(v.datagram, v.connection);
  const std::string at = absl::StrCat("at offset ", v.offset, " of ", which);
  const std::string because = v.detail.empty() ? "" : absl::StrCat(": ", v.detail);
  switch (v.kind) {
    case Verdict::Kind::kLost:
      return absl::StrCat(Count(v), " ", at, " did not come back, others of it did");
    case Verdict::Kind::kDuplicated:
      return absl::StrCat("the answer to ", which, " came a second time");
    case Verdict::Kind::kCorrupted:
      return absl::StrCat("the byte ", at, " came back as another", because);
    case Verdict::Kind::kInserted:
      return MoreOfDatagram(v, which) + because;
    case Verdict::Kind::kTruncated:
      return absl::StrCat("the answer to ", which, " ended at offset ", v.offset, ", ", Count(v),
                          " short");
    case Verdict::Kind::kWithheld:
      return absl::StrCat(which, ", of ", Count(v), ", was not answered for ", v.waited_ms, " ms");
    case Verdict::Kind::kLeaked:
      return LeakOfDatagram(v);
    case Verdict::Kind::kMisaddressed:
      return absl::StrCat("the answer to ", which, " came ", v.detail);
    default:
      return "";
  }
}

// Of a client under test, where the words are others than a server's; else empty.
std::string BodyOfClient(const Verdict& v) {
  const bool output = v.way == Way::kPrinted;
  switch (v.kind) {
    case Verdict::Kind::kHeld:
      return "all that it was fed was sent, and all that was replied was printed";
    case Verdict::Kind::kCorrupted:
      return absl::StrCat("the byte ", At(v), " is another than was ", output ? "replied" : "fed");
    case Verdict::Kind::kInserted:
      return absl::StrCat(Count(v), " ", At(v), " that had not been ", output ? "replied" : "fed");
    case Verdict::Kind::kTruncated:
      if (!v.detail.empty()) return absl::StrCat("it ", v.detail);
      return absl::StrCat(output ? "its output" : "what it sent", " ended at offset ", v.offset,
                          ", ", Count(v), " short");
    case Verdict::Kind::kWithheld:
      return absl::StrCat(Count(v), " from offset ", v.offset, " of ",
                          output ? "its output" : "what it was fed", " on ",
                          output ? "did not come for " : "were not sent for ", v.waited_ms, " ms");
    case Verdict::Kind::kStuck:
      if (!v.detail.empty()) {
        return absl::StrCat(v.detail, ", ", v.sent_bytes, " bytes fed and ", v.received_bytes,
                            " sent on");
      }
      return absl::StrCat(output ? "it took no more replies for " : "its input took no more for ",
                          v.waited_ms, " ms, ", v.sent_bytes,
                          output ? " replied and " : " fed and ", v.received_bytes,
                          output ? " printed" : " sent on");
    case Verdict::Kind::kNotEnded:
      return absl::StrCat("it did not end within ", v.waited_ms, " ms");
    case Verdict::Kind::kUnserved:
      return v.detail;
    default:
      return "";
  }
}

std::string Body(const Verdict& v) {
  if (v.way != Way::kReturned) {
    std::string body = BodyOfClient(v);
    if (!body.empty()) return body;
  }
  const std::string at = At(v);
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
    case Verdict::Kind::kMisaddressed:
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
  constexpr absl::string_view kNames[] = {
      "held",        "lost",        "duplicated", "reordered",    "corrupted", "inserted",
      "truncated",   "withheld",    "leaked",     "stuck",        "not ended", "unserved",
      "target died", "misreported", "misbehaved", "misaddressed", "not judged"};
  return kNames[static_cast<size_t>(kind)];
}

std::string VerdictSentence(const Verdict& verdict) {
  const std::string body = verdict.of_datagrams ? BodyOfDatagram(verdict) : "";
  return absl::StrCat(VerdictName(verdict.kind), ": ", body.empty() ? Body(verdict) : body);
}

}  // namespace verbatim
