// Reading a text, line by line.
#include "properties/scenario/text.h"

#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "properties/scenario/words.h"

namespace verbatim {
namespace {

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
  const std::vector<absl::string_view> words = Words(rest);
  if ((words.size() != 4 && words.size() != 6) || words[0] != "coded" || words[2] != "seed") {
    return Bad(kForm);
  }
  const std::optional<uint64_t> size = Number(words[1]), seed = Number(words[3]);
  if (!size || !seed) return Bad(kForm);
  if (*size > kMaxPayloadBytes) return Bad("a payload has at most 2^40 bytes");
  spec->size_bytes = *size;
  spec->seed = *seed;
  if (words.size() == 4) return absl::OkStatus();
  for (const Overlay overlay : kAllOverlays) {
    spec->overlay = overlay;
    if (words[4] == "overlay" && words[5] == OverlayName(overlay)) return absl::OkStatus();
  }
  return Bad("overlays are: none nonewline crlf-at-cuts nul-runs tokens lines");
}

absl::Status ParseRequirement(absl::string_view rest, std::string* id) {
  const std::vector<absl::string_view> words = Words(rest);
  if (words.size() != 1) return Bad("a requirement is: requirement ID (see: verbatim list)");
  const absl::string_view problem = RequirementProblem(words[0]);
  if (!problem.empty()) return Bad(problem);
  *id = std::string(words[0]);
  return absl::OkStatus();
}

absl::Status ParseRole(absl::string_view rest, Role* role) {
  const std::vector<absl::string_view> words = Words(rest);
  for (const Role known : {Role::kServer, Role::kClient, Role::kDatagramServer}) {
    if (words.size() != 1 || words[0] != RoleName(known)) continue;
    *role = known;
    return absl::OkStatus();
  }
  return Bad("a role is: role server, role client, or: role datagram-server");
}

struct Seen {
  bool payload = false;
  bool requirement = false;
  bool role = false;
  // The lines of the steps and of the faults.
  std::vector<size_t> steps;
  std::vector<size_t> faults;
};

// Takes `word` and the white space behind it off the front of *line. False if it isn't there.
bool TakeWord(absl::string_view word, absl::string_view* line) {
  absl::string_view rest = *line;
  if (!absl::ConsumePrefix(&rest, word)) return false;
  if (!rest.empty() && !absl::ascii_isspace(static_cast<unsigned char>(rest.front()))) return false;
  *line = absl::StripLeadingAsciiWhitespace(rest);
  return true;
}

absl::Status ParseLine(absl::string_view line, size_t number, Scenario* scenario, Seen* seen) {
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
  if (TakeWord("role", &line)) {
    if (seen->role) return Bad("one role a scenario");
    seen->role = true;
    return ParseRole(line, &scenario->role);
  }
  if (TakeWord("fault", &line)) {
    absl::StatusOr<Fault> fault = ParseFault(Words(line));
    if (!fault.ok()) return fault.status();
    scenario->faults.push_back(*fault);
    seen->faults.push_back(number);
    return absl::OkStatus();
  }
  absl::StatusOr<Step> step = ParseStep(Words(line));
  if (!step.ok()) return step.status();
  scenario->steps.push_back(*step);
  seen->steps.push_back(number);
  return absl::OkStatus();
}

absl::Status AtLine(size_t line, const absl::Status& status) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", status.message()));
}

}  // namespace

absl::StatusOr<Scenario> ParseScenario(absl::string_view text) {
  Scenario scenario;
  Seen seen;
  size_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (number == 1 && line != kFirstLine) {
      return AtLine(1, Bad(absl::StrCat("the first line is: ", kFirstLine)));
    }
    if (line.empty() || line.front() == '#') continue;
    if (absl::Status status = ParseLine(line, number, &scenario, &seen); !status.ok()) {
      return AtLine(number, status);
    }
  }
  if (!seen.payload) return AtLine(number, Bad("a scenario has a line: payload coded SIZE seed N"));
  size_t index = 0;
  if (absl::Status status = Validate(scenario, &index); !status.ok()) {
    std::vector<size_t>& lines = seen.steps;  // in Validate's order
    lines.insert(lines.end(), seen.faults.begin(), seen.faults.end());
    return AtLine(index < lines.size() ? lines[index] : number, status);
  }
  return scenario;
}

}  // namespace verbatim
