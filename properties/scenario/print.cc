// Printing a scenario, line by line.
// Not for: reading it (text.cc).
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "properties/scenario/text.h"
#include "properties/scenario/words.h"

namespace verbatim {
namespace {

using Kind = Step::Kind;

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

std::string PayloadText(const PayloadSpec& payload) {
  if (payload.literal) return Quote(payload.bytes);
  std::string text = absl::StrCat("coded ", payload.size_bytes, " seed ", payload.seed);
  if (payload.overlay != Overlay::kNone) {
    absl::StrAppend(&text, " overlay ", OverlayName(payload.overlay));
  }
  return text;
}

std::string StepText(const Step& step) {
  std::string text;
  if (step.connection != 1) absl::StrAppend(&text, "@", step.connection, " ");
  absl::StrAppend(&text, StepName(step.kind));
  switch (step.kind) {
    case Kind::kSend:
    case Kind::kFeed:
    case Kind::kReply:
      step.amount == kRest ? absl::StrAppend(&text, " rest")
                           : absl::StrAppend(&text, " ", step.amount);
      if (step.kind == Kind::kSend && step.ahead != 0)
        absl::StrAppend(&text, " ahead ", step.ahead);
      break;
    case Kind::kPause:
    case Kind::kHold:
      absl::StrAppend(&text, " ", step.amount, "ms");
      break;
    case Kind::kDrip:
      absl::StrAppend(&text, " ", step.amount);
      break;
    case Kind::kExpectExit:
      absl::StrAppend(&text, " exact, status ", step.amount == 0 ? "0" : "not 0");
      break;
    default:
      break;
  }
  return text;
}

}  // namespace

std::string PrintScenario(const Scenario& scenario) {
  std::string text = absl::StrCat(kFirstLine, "\n");
  if (!scenario.requirement.empty()) {
    absl::StrAppend(&text, "requirement ", scenario.requirement, "\n");
  }
  if (scenario.role != Role::kServer) {
    absl::StrAppend(&text, "role ", RoleName(scenario.role), "\n");
  }
  absl::StrAppend(&text, "payload ", PayloadText(scenario.payload), "\n");
  for (const Step& step : scenario.steps) absl::StrAppend(&text, StepText(step), "\n");
  for (const Fault& fault : scenario.faults) {
    absl::StrAppend(&text, "fault ", FaultText(fault), "\n");
  }
  return text;
}

}  // namespace verbatim
