// Reading steps and faults.
#include "properties/scenario/words.h"

#include <algorithm>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/status.h"

namespace verbatim {
namespace {

using Kind = Step::Kind;
using WordList = std::vector<absl::string_view>;

constexpr absl::string_view kSteps =
    "a step is one of: connect, send N, send rest, await, settle, pause Nms, stall, drip N, "
    "resume, shutdown, reset, close, expect eof; for a client: feed N, feed rest, feed eof, reply "
    "N, reply rest, "
    "hold Nms, expect output exact, status 0";

// N or rest.
std::optional<uint64_t> AmountOf(absl::string_view word) {
  if (word == "rest") return kRest;
  const std::optional<uint64_t> amount = Number(word);
  return amount == kRest ? std::nullopt : amount;
}

absl::StatusOr<Step> ParseSend(const WordList& words, Step step) {
  const bool ahead = words.size() == 4 && words[2] == "ahead";
  std::optional<uint64_t> amount, distance = uint64_t{0};
  if (words.size() == 2 || ahead) amount = AmountOf(words[1]);
  if (ahead) distance = Number(words[3]);
  if (!amount || !distance || (ahead && *distance == 0)) {
    return Bad("a send is: send N, or: send rest; behind it may stand: ahead N");
  }
  step.kind = Kind::kSend;
  step.amount = *amount;
  step.ahead = *distance;
  return step;
}

absl::StatusOr<Step> ParseFeedOrReply(const WordList& words, Step step) {
  const bool feed = words[0] == "feed";
  step.kind = feed ? Kind::kFeed : Kind::kReply;
  if (feed && words.size() == 2 && words[1] == "eof") {
    step.kind = Kind::kFeedEof;
    return step;
  }
  const std::optional<uint64_t> amount = words.size() == 2 ? AmountOf(words[1]) : std::nullopt;
  if (!amount) {
    return Bad(feed ? "a feed is: feed N, feed rest, or: feed eof"
                    : "a reply is: reply N, or: reply rest");
  }
  step.amount = *amount;
  return step;
}

absl::StatusOr<Step> ParseTime(const WordList& words, Step step) {
  step.kind = words[0] == "hold" ? Kind::kHold : Kind::kPause;
  absl::string_view time = words.back();
  const bool unit = absl::ConsumeSuffix(&time, "ms");
  const std::optional<uint64_t> amount = Number(time);
  if (words.size() != 2 || !unit || !amount) {
    return Bad(step.kind == Kind::kHold ? "a hold is: hold Nms" : "a pause is: pause Nms");
  }
  step.amount = *amount;
  return step;
}

absl::StatusOr<Step> ParseDrip(const WordList& words, Step step) {
  const std::optional<uint64_t> amount = words.size() == 2 ? Number(words[1]) : std::nullopt;
  if (!amount) return Bad("a drip is: drip N, the bytes that are read each millisecond");
  step.kind = Kind::kDrip;
  step.amount = *amount;
  return step;
}

absl::StatusOr<Step> ParseExpect(const WordList& words, Step step) {
  const std::string text = absl::StrJoin(words, " ");
  step.kind = text == "expect eof" ? Kind::kExpectEof : Kind::kExpectExit;
  step.amount = text == "expect output exact, status not 0" ? 1 : 0;
  if (step.kind == Kind::kExpectEof || step.amount == 1 ||
      text == "expect output exact, status 0") {
    return step;
  }
  return Bad(
      "what is expected is: expect eof; of a client: expect output exact, status 0, or: expect "
      "output exact, status not 0");
}

std::string CallNames() {
  std::string names;
  for (size_t i = 0; i < kCalls; ++i) {
    absl::StrAppend(&names, i == 0 ? "" : ", ", CallName(static_cast<Call>(i)));
  }
  return names;
}

std::string WhatItMayMeet(Call call) {
  std::string names;
  for (const int error : ErrorsOf(call)) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", ErrnoName(error));
  }
  if (CanBeShort(call)) names += ", short N";
  if (IsWait(call)) names += ", spurious, delayed N";
  return absl::StrCat(CallName(call), " may meet: ", names);
}

// What stands for a fault's kind.
bool SetKind(absl::string_view word, Fault* fault) {
  for (const int error : ErrorsOf(fault->call)) {
    if (word != ErrnoName(error)) continue;
    fault->error = error;
    return true;
  }
  if (word == "short" && CanBeShort(fault->call)) fault->kind = Fault::Kind::kShort;
  if (word == "spurious" && IsWait(fault->call)) fault->kind = Fault::Kind::kSpurious;
  if (word == "delayed" && IsWait(fault->call)) fault->kind = Fault::Kind::kDelayed;
  return fault->kind != Fault::Kind::kError;
}

// Where the number named `word` goes.
uint32_t* NumberOf(absl::string_view word, Fault* fault) {
  if (word == "short" || word == "delayed") return &fault->amount;
  if (word == "after") return &fault->after;
  return word == "times" ? &fault->times : nullptr;
}

}  // namespace

WordList Words(absl::string_view line) {
  return absl::StrSplit(line.substr(0, line.find('#')), absl::ByAnyChar(" \t\r"),
                        absl::SkipEmpty());
}

// Decimal digits and nothing else, below 2^64.
std::optional<uint64_t> Number(absl::string_view text) {
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  if (text.empty()) return std::nullopt;
  uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const uint64_t digit = static_cast<uint64_t>(c - '0');
    if (value > (kMost - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

absl::Status Bad(absl::string_view what) { return absl::InvalidArgumentError(what); }

absl::StatusOr<Step> ParseStep(WordList words) {
  Step step;
  if (absl::ConsumePrefix(&words[0], "@")) {
    const std::optional<uint64_t> number = Number(words[0]);
    if (!number || *number < 1 || *number > kMaxConnections || words.size() < 2) {
      return Bad("a connection is: @N STEP, with N from 1 to 8");
    }
    step.connection = static_cast<uint32_t>(*number);
    words.erase(words.begin());
  }
  if (words[0] == "send") return ParseSend(words, step);
  if (words[0] == "feed" || words[0] == "reply") return ParseFeedOrReply(words, step);
  if (words[0] == "pause" || words[0] == "hold") return ParseTime(words, step);
  if (words[0] == "drip") return ParseDrip(words, step);
  if (words[0] == "expect") return ParseExpect(words, step);
  // What is left is of one word.
  for (const Kind kind : {Kind::kConnect, Kind::kAwait, Kind::kSettle, Kind::kStall, Kind::kResume,
                          Kind::kShutdown, Kind::kReset, Kind::kClose}) {
    if (words.size() != 1 || words[0] != StepName(kind)) continue;
    step.kind = kind;
    return step;
  }
  return Bad(kSteps);
}

absl::StatusOr<Fault> ParseFault(const WordList& words) {
  constexpr absl::string_view kForm =
      "a fault is: fault CALL WHAT [after N] [times N], as: fault recv EINTR after 2";
  if (words.empty()) return Bad(kForm);
  const std::optional<Call> call = FindCall(words[0]);
  if (!call) return Bad(absl::StrCat("a fault's call is one of: ", CallNames()));
  Fault fault;
  fault.call = *call;
  if (words.size() < 2 || !SetKind(words[1], &fault)) return Bad(WhatItMayMeet(*call));
  // From here on each number has its name in front of it; short and delayed are such names.
  const bool amount = NumberOf(words[1], &fault) != nullptr;
  WordList seen;
  for (size_t i = amount ? 1 : 2; i < words.size(); i += 2) {
    const std::optional<uint64_t> number =
        i + 1 < words.size() ? Number(words[i + 1]) : std::nullopt;
    uint32_t* const field = NumberOf(words[i], &fault);
    const bool again = std::find(seen.begin(), seen.end(), words[i]) != seen.end();
    const bool misplaced = field == &fault.amount && i > 1;
    if (field == nullptr || !number || again || misplaced) return Bad(kForm);
    if (*number > kMaxFaultNumber) return Bad("a fault's numbers are at most 65535");
    *field = static_cast<uint32_t>(*number);
    seen.push_back(words[i]);
  }
  if (amount && seen.empty()) return Bad(kForm);
  const absl::string_view problem = FaultProblem(fault);
  return problem.empty() ? absl::StatusOr<Fault>(fault) : Bad(problem);
}

}  // namespace verbatim
