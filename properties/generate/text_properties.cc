// Properties of the text of scenarios: print and parse are inverse, and no text does harm.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "properties/generate/scenarios.h"
#include "properties/scenario/text.h"

namespace verbatim {
namespace {

// What parses is a value like any other: it prints to a text that parses to it.
void CheckWhatParses(const std::string& text) {
  const auto scenario = ParseScenario(text);
  if (!scenario.ok()) {
    RC_ASSERT(scenario.status().code() == absl::StatusCode::kInvalidArgument);
    return;
  }
  RC_TAG("parsed");
  RC_ASSERT(Validate(*scenario).ok());
  const auto again = ParseScenario(PrintScenario(*scenario));
  RC_ASSERT(again.ok());
  RC_ASSERT(*again == *scenario);
}

std::string Mutated(std::string text) {
  const int count = *rc::gen::inRange(1, 3);
  for (int i = 0; i < count && !text.empty(); ++i) {
    const size_t at = *rc::gen::resize(100, rc::gen::inRange<size_t>(0, text.size()));
    const char byte = *rc::gen::oneOf(rc::gen::arbitrary<char>(),
                                      rc::gen::elementOf(std::string("0123456789 \n\t\r#@\"\\x")));
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        text[at] = byte;
        break;
      case 1:
        text.insert(at, 1, byte);
        break;
      case 2:
        text.erase(at, 1 + at % 5);
        break;
      default:
        text.insert(at, text.substr(at / 2, 20));
    }
  }
  return text;
}

RC_GTEST_PROP(ScenarioTextProperty, ParseUndoesPrint, ()) {
  const Scenario scenario = *ArbitraryScenario();
  const std::string text = PrintScenario(scenario);
  const auto parsed = ParseScenario(text);
  RC_ASSERT(parsed.ok());
  RC_ASSERT(*parsed == scenario);
  RC_ASSERT(PrintScenario(*parsed) == text);
}

RC_GTEST_PROP(ScenarioTextProperty, TextsAreEqualExactlyWhereValuesAre, ()) {
  const Scenario one = *ArbitraryScenario();
  // A neighbour in one place, so that equal and nearly equal values are both met.
  Scenario other = one;
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
      other.payload.seed += !other.payload.literal;
      break;
    case 1:
      if (!other.steps.empty()) other.steps.pop_back();
      break;
    case 2:
      other.requirement += *rc::gen::element<std::string>("", "x");
      break;
    case 3:
      other = *ArbitraryScenario();
      break;
    default:
      if (other.payload.literal) other.payload.bytes += *rc::gen::arbitrary<std::string>();
  }
  RC_ASSERT((PrintScenario(one) == PrintScenario(other)) == (one == other));
}

RC_GTEST_PROP(ScenarioTextProperty, AMutatedTextIsReadOrRefused, ()) {
  // The first line as it is: behind a broken one nothing is read.
  const std::string text = PrintScenario(*ArbitraryScenario());
  const size_t body = text.find('\n') + 1;
  CheckWhatParses(text.substr(0, body) + Mutated(text.substr(body)));
}

RC_GTEST_PROP(ScenarioTextProperty, AnyTextIsReadOrRefused, (const std::string& text)) {
  CheckWhatParses(text);
  CheckWhatParses("# verbatim scenario 1\n" + text);
  CheckWhatParses("# verbatim scenario 1\npayload \"" + text);
}

}  // namespace
}  // namespace verbatim
