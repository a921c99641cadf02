// Printing and parsing, line by line.
#include "properties/scenario/text.h"

#include <limits>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace verbatim {
namespace {

constexpr absl::string_view kFirstLine = "# verbatim scenario 1";
using Kind = Step::Kind;
constexpr Kind kKinds[] = {Kind::kConnect, Kind::kSend,     Kind::kAwait,    Kind::kPause,
                           Kind::kStall,   Kind::kResume,   Kind::kShutdown, Kind::kReset,
                           Kind::kClose,   Kind::kExpectEof};

// Two hex digits always, so that a digit behind an escape stays a digit.
std::string Quote(absl::string_view bytes) {
  std::string text = "\"";
  for (const char byte : bytes) {
    if (byte == '"' || byte == '\\') {
      absl::StrAppend(&text, "\\", absl::string_view(&byte, 1));
    } else if (byte == '\n' || byte == '\r' || byte == '\t') {
      text += byte == '\n' ? "\\n" : byte == '\r' ? "\\r" : "\\t";
    } else if (absl::ascii_isprint(static_cast<unsigned char>(byte))) {
      text += byte;
    } else {
      absl::StrAppend(&text, "\\x", absl::BytesToHexString(absl::string_view(&byte, 1)));
    }
  }
  return text + "\"";
}

int HexDigit(char c) {
  if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return -1;
  return absl::ascii_isdigit(static_cast<unsigned char>(c)) ? c - '0'
                                                            : absl::ascii_tolower(c) - 'a' + 10;
}

// Takes a quoted string off the front of *text. False if it isn't one.
bool TakeQuoted(absl::string_view* text, std::string* bytes) {
  if (!absl::ConsumePrefix(text, "\"")) return false;
  while (!text->empty() && text->front() != '"') {
    char c = text->front();
    text->remove_prefix(1);
    if (c == '\\') {
      if (text->empty()) return false;
      c = text->front();
      text->remove_prefix(1);
      if (c == 'x') {
        if (text->size() < 2 || HexDigit((*text)[0]) < 0 || HexDigit((*text)[1]) < 0) return false;
        c = static_cast<char>(HexDigit((*text)[0]) * 16 + HexDigit((*text)[1]));
        text->remove_prefix(2);
      } else if (c == 'n' || c == 'r' || c == 't') {
        c = c == 'n' ? '\n' : c == 'r' ? '\r' : '\t';
      } else if (c != '"' && c != '\\') {
        return false;
      }
    }
    *bytes += c;
  }
  return absl::ConsumePrefix(text, "\"");
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

absl::Status ParsePayload(absl::string_view rest, PayloadSpec* spec) {
  constexpr absl::string_view kForm =
      "a payload is: payload coded SIZE seed N [overlay NAME], or: payload \"BYTES\"";
  if (absl::StartsWith(rest, "\"")) {
    spec->literal = true;
    if (!TakeQuoted(&rest, &spec->bytes)) {
      return Bad("a string ends with \" and has the escapes \\xHH \\n \\r \\t \\\" \\\\");
    }
    rest = absl::StripAsciiWhitespace(rest);
    return rest.empty() || rest.front() == '#' ? absl::OkStatus() : Bad(kForm);
  }
  const std::vector<absl::string_view> words =
      absl::StrSplit(rest.substr(0, rest.find('#')), absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
  if ((words.size() != 4 && words.size() != 6) || words[0] != "coded" || words[2] != "seed") {
    return Bad(kForm);
  }
  const std::optional<uint64_t> size = Number(words[1]), seed = Number(words[3]);
  if (!size || !seed) return Bad(kForm);
  if (*size > kMaxPayloadBytes) return Bad("a payload has at most 2^40 bytes");
  spec->size_bytes = *size;
  spec->seed = *seed;
  if (words.size() == 4) return absl::OkStatus();
  for (const Overlay overlay : kOverlays) {
    spec->overlay = overlay;
    if (words[4] == "overlay" && words[5] == OverlayName(overlay)) return absl::OkStatus();
  }
  return Bad("overlays are: none nonewline crlf-at-cuts nul-runs tokens");
}

std::optional<Kind> KindOf(absl::string_view name) {
  for (const Kind kind : kKinds) {
    if (name == StepName(kind)) return kind;
  }
  return std::nullopt;
}

absl::Status ParseSend(const std::vector<absl::string_view>& words, Step* step) {
  const bool ahead = words.size() == 4 && words[2] == "ahead";
  std::optional<uint64_t> amount, distance = uint64_t{0};
  if (words.size() == 2 || ahead) amount = words[1] == "rest" ? kRest : Number(words[1]);
  if (amount == kRest && words[1] != "rest") amount = std::nullopt;
  if (ahead) distance = Number(words[3]);
  if (!amount || !distance || (ahead && *distance == 0)) {
    return Bad("a send is: send N, or: send rest; behind it may stand: ahead N");
  }
  step->amount = *amount;
  step->ahead = *distance;
  return absl::OkStatus();
}

absl::StatusOr<Step> ParseStep(absl::string_view line) {
  std::vector<absl::string_view> words =
      absl::StrSplit(line.substr(0, line.find('#')), absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
  Step step;
  if (absl::ConsumePrefix(&words[0], "@")) {
    const std::optional<uint64_t> number = Number(words[0]);
    if (!number || *number < 1 || *number > kMaxConnections || words.size() < 2) {
      return Bad("a connection is: @N STEP, with N from 1 to 8");
    }
    step.connection = static_cast<uint32_t>(*number);
    words.erase(words.begin());
  }
  if (words[0] == "send") {
    if (absl::Status status = ParseSend(words, &step); !status.ok()) return status;
    return step;
  }
  if (words.size() == 2 && words[0] == "pause") {
    step.kind = Kind::kPause;
    const bool unit = absl::ConsumeSuffix(&words[1], "ms");
    const std::optional<uint64_t> amount = Number(words[1]);
    if (!unit || !amount) return Bad("a pause is: pause Nms");
    step.amount = *amount;
    return step;
  }
  const std::optional<Kind> kind =
      KindOf(words.size() == 2 ? absl::StrCat(words[0], " ", words[1]) : std::string(words[0]));
  if (words.size() > 2 || !kind || *kind == Kind::kPause) {
    return Bad(
        "a step is one of: connect, send N, send rest, await, pause Nms, stall, resume, "
        "shutdown, reset, close, expect eof");
  }
  step.kind = *kind;
  return step;
}

absl::Status ParseRequirement(absl::string_view rest, std::string* id) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(rest.substr(0, rest.find('#')), absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
  if (words.size() != 1) return Bad("a requirement is: requirement ID (see: verbatim list)");
  for (const char c : words[0]) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '.' && c != '-') {
      return Bad("a requirement's ID has lower-case letters, digits, dots and hyphens");
    }
  }
  *id = std::string(words[0]);
  return absl::OkStatus();
}

struct Seen {
  bool payload = false;
  bool requirement = false;
};

// Takes `word` and the white space behind it off the front of *line. False if it isn't there.
bool TakeWord(absl::string_view word, absl::string_view* line) {
  absl::string_view rest = *line;
  if (!absl::ConsumePrefix(&rest, word)) return false;
  if (!rest.empty() && !absl::ascii_isspace(static_cast<unsigned char>(rest.front()))) return false;
  *line = absl::StripLeadingAsciiWhitespace(rest);
  return true;
}

absl::Status ParseLine(absl::string_view line, Scenario* scenario, Seen* seen) {
  if (TakeWord("payload", &line)) {
    if (seen->payload) return Bad("one payload a scenario");
    seen->payload = true;
    return ParsePayload(line, &scenario->payload);
  }
  if (TakeWord("requirement", &line)) {
    if (seen->requirement) return Bad("one requirement a scenario");
    seen->requirement = true;
    return ParseRequirement(line, &scenario->requirement);
  }
  absl::StatusOr<Step> step = ParseStep(line);
  if (step.ok()) scenario->steps.push_back(*step);
  return step.status();
}

absl::Status AtLine(size_t line, const absl::Status& status) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", status.message()));
}

}  // namespace

std::string PrintScenario(const Scenario& scenario) {
  std::string text = absl::StrCat(kFirstLine, "\n");
  if (!scenario.requirement.empty())
    absl::StrAppend(&text, "requirement ", scenario.requirement, "\n");
  const PayloadSpec& payload = scenario.payload;
  if (payload.literal) {
    absl::StrAppend(&text, "payload ", Quote(payload.bytes), "\n");
  } else {
    absl::StrAppend(&text, "payload coded ", payload.size_bytes, " seed ", payload.seed);
    if (payload.overlay != Overlay::kNone) {
      absl::StrAppend(&text, " overlay ", OverlayName(payload.overlay));
    }
    text += "\n";
  }
  for (const Step& step : scenario.steps) {
    if (step.connection != 1) absl::StrAppend(&text, "@", step.connection, " ");
    absl::StrAppend(&text, StepName(step.kind));
    if (step.kind == Kind::kSend && step.amount == kRest) text += " rest";
    if (step.kind == Kind::kSend && step.amount != kRest) absl::StrAppend(&text, " ", step.amount);
    if (step.kind == Kind::kSend && step.ahead != 0) absl::StrAppend(&text, " ahead ", step.ahead);
    if (step.kind == Kind::kPause) absl::StrAppend(&text, " ", step.amount, "ms");
    text += "\n";
  }
  return text;
}

absl::StatusOr<Scenario> ParseScenario(absl::string_view text) {
  Scenario scenario;
  Seen seen;
  std::vector<size_t> line_of_step;
  size_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (number == 1 && line != kFirstLine) {
      return AtLine(1, Bad(absl::StrCat("the first line is: ", kFirstLine)));
    }
    if (line.empty() || line.front() == '#') continue;
    if (absl::Status status = ParseLine(line, &scenario, &seen); !status.ok()) {
      return AtLine(number, status);
    }
    if (line_of_step.size() < scenario.steps.size()) line_of_step.push_back(number);
  }
  if (!seen.payload) return AtLine(number, Bad("a scenario has a line: payload coded SIZE seed N"));
  size_t step = 0;
  if (absl::Status status = Validate(scenario, &step); !status.ok()) {
    return AtLine(step < line_of_step.size() ? line_of_step[step] : number, status);
  }
  return scenario;
}

}  // namespace verbatim
