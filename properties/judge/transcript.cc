// Rows of a transcript and their words.
#include "properties/judge/transcript.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace verbatim {
namespace {

constexpr size_t kRowsAtEachEnd = 12;

bool Continues(const Event& row, const Event& event) {
  const bool counts = event.kind == Event::Kind::kSent || event.kind == Event::Kind::kReceived;
  return counts && !event.datagram && row.kind == event.kind && row.way == event.way &&
         row.connection == event.connection;
}

std::string Amount(const Event& event) {
  return absl::StrCat(event.datagram ? "a datagram of " : "", event.bytes,
                      event.bytes == 1 ? " byte" : " bytes");
}

// Of a client under test, where they are others; else empty.
std::string WordsOfClient(const Event& event) {
  const bool output = event.way == Way::kPrinted;
  switch (event.kind) {
    case Event::Kind::kConnected:
      return "the client connected";
    case Event::Kind::kNotConnected:
      return event.text;
    case Event::Kind::kSent:
      return absl::StrCat(output ? "replied " : "fed ", Amount(event));
    case Event::Kind::kReceived:
      return absl::StrCat(output ? "printed " : "the client sent ", Amount(event));
    case Event::Kind::kEnded:
      return output ? "its output ended" : "";
    case Event::Kind::kBlocked:
      return absl::StrCat(output ? "it took no reply for " : "its input took nothing for ",
                          event.waited_ms, " ms");
    case Event::Kind::kSilence:
      return absl::StrCat(output ? "it printed nothing for " : "it sent nothing for ",
                          event.waited_ms, " ms");
    case Event::Kind::kNoEof:
      return absl::StrCat("it did not end for ", event.waited_ms, " ms");
    case Event::Kind::kExited:
      return event.text;
    default:
      return "";
  }
}

std::string Words(const Event& event) {
  if (event.way != Way::kReturned) {
    std::string words = WordsOfClient(event);
    if (!words.empty()) return words;
  }
  switch (event.kind) {
    case Event::Kind::kConnected:
      return "connected";
    case Event::Kind::kNotConnected:
      return absl::StrCat("not connected: ", event.text);
    case Event::Kind::kSent:
      return absl::StrCat("sent ", Amount(event));
    case Event::Kind::kReceived:
      return absl::StrCat("received ", Amount(event), event.from.empty() ? "" : " from ",
                          event.from);
    case Event::Kind::kShutdown:
      return "sent FIN";
    case Event::Kind::kEnded:
      return absl::StrCat("ended: ", EndingName(event.ending));
    case Event::Kind::kSilence:
      return absl::StrCat("nothing came for ", event.waited_ms, " ms");
    case Event::Kind::kBlocked:
      return absl::StrCat("nothing was accepted for ", event.waited_ms, " ms");
    case Event::Kind::kNoEof:
      return absl::StrCat("no end came for ", event.waited_ms, " ms");
    case Event::Kind::kSkipped:
      return absl::StrCat("not done, the connection had ended: ", event.text);
    case Event::Kind::kExited:
      return absl::StrCat("exited with status ", event.bytes, event.text.empty() ? "" : ": ",
                          event.text);
  }
  return "";
}

std::string Line(const Event& event) {
  if (event.way != Way::kReturned) {
    return absl::StrFormat("%9.2f ms  %s", static_cast<double>(event.time_us) / 1000, Words(event));
  }
  return absl::StrFormat("%9.2f ms  connection %u  %s", static_cast<double>(event.time_us) / 1000,
                         event.connection, Words(event));
}

}  // namespace

absl::string_view EndingName(Ending ending) {
  switch (ending) {
    case Ending::kOpen:
      return "still open";
    case Ending::kFin:
      return "FIN from the target";
    case Ending::kReset:
      return "RST from the target";
    case Ending::kRefused:
      return "refused";
    case Ending::kTimedOut:
      return "timed out";
    case Ending::kCrashed:
      return "the target died";
    case Ending::kOurs:
      return "closed by us";
  }
  return "";
}

void Transcript::Add(const Event& event) {
  std::vector<Event>& rows = first_.size() < kRowsAtEachEnd ? first_ : last_;
  std::vector<Event>& previous = last_.empty() ? first_ : last_;
  if (!previous.empty() && Continues(previous.back(), event)) {
    previous.back().bytes += event.bytes;
    return;
  }
  if (&rows == &last_ && last_.size() == kRowsAtEachEnd) {
    last_.erase(last_.begin());
    ++left_out_;
  }
  rows.push_back(event);
  rows.back().data = {};  // it does not outlive Observe
}

std::vector<std::string> Transcript::Lines() const {
  std::vector<std::string> lines;
  for (const Event& event : first_) lines.push_back(Line(event));
  if (left_out_ > 0) lines.push_back(absl::StrCat("… ", left_out_, " rows left out …"));
  for (const Event& event : last_) lines.push_back(Line(event));
  return lines;
}

}  // namespace verbatim
