// Properties of the byte form: decoding undoes encoding, and is total.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "properties/generate/scenarios.h"
#include "properties/scenario/bytes.h"
#include "properties/scenario/text.h"

namespace verbatim {
namespace {

// Any bytes at all make a scenario that can be played, prints, and stays what it is.
void CheckDecodes(const std::string& bytes) {
  const Scenario scenario = DecodeScenario(bytes);
  RC_LOG() << PrintScenario(scenario);
  RC_ASSERT(Validate(scenario).ok());
  RC_ASSERT(DecodeScenario(EncodeScenario(scenario)) == scenario);
  const auto parsed = ParseScenario(PrintScenario(scenario));
  RC_ASSERT(parsed.ok());
  RC_ASSERT(*parsed == scenario);
  RC_ASSERT(HeaderBytes(bytes) <= bytes.size());
}

rc::Gen<std::string> AnyBytes() {
  return rc::gen::scale(
      5.0, rc::gen::container<std::string>(rc::gen::map(
               rc::gen::inRange(0, 256), [](int byte) { return static_cast<char>(byte); })));
}

RC_GTEST_PROP(ScenarioBytesProperty, DecodeUndoesEncode, ()) {
  const Scenario scenario = *ArbitraryScenario();
  RC_CLASSIFY(scenario.role == Role::kClient, "of a client");
  RC_CLASSIFY(!scenario.faults.empty(), "with faults");
  const std::string bytes = EncodeScenario(scenario);
  RC_ASSERT(DecodeScenario(bytes) == scenario);
  RC_ASSERT((bytes.size() - HeaderBytes(bytes)) % kRecordBytes == 0u);
}

// The generators' numbers are small: these are any that fit.
RC_GTEST_PROP(ScenarioBytesProperty, DecodeUndoesEncodeOfLargeNumbersToo, ()) {
  const auto any = [](uint64_t most) {
    const int bits = *rc::gen::inRange(0, 64);
    return (*rc::gen::resize(100, rc::gen::arbitrary<uint64_t>()) >> bits) % (most + 1);
  };
  Scenario scenario;
  scenario.payload.size_bytes = any(kMaxPayloadBytes);
  scenario.payload.seed = any(~uint64_t{0} - 1);
  const uint64_t size = scenario.payload.Size();
  const uint64_t first = any(size);
  if (first > 0) scenario.steps.push_back({Step::Kind::kSend, 1, first, any(kRest - 1)});
  if (size > first) scenario.steps.push_back({Step::Kind::kSend, 1, size - first, any(kRest - 1)});
  scenario.steps.push_back({Step::Kind::kPause, 1, 1 + any(kMaxPauseMs - 1)});
  RC_ASSERT(Validate(scenario).ok());
  RC_ASSERT(DecodeScenario(EncodeScenario(scenario)) == scenario);
}

RC_GTEST_PROP(ScenarioBytesProperty, AnyBytesAreAScenario, ()) { CheckDecodes(*AnyBytes()); }

RC_GTEST_PROP(ScenarioBytesProperty, AnyRecordsAreAScenario, ()) {
  // Behind a header that swallows nothing, of each role.
  std::string header = EncodeScenario(Scenario());
  header[0] = *rc::gen::element<char>(2, 3);
  header[1] = *rc::gen::element<char>(0, 2);
  header[4] = *rc::gen::arbitrary<char>();
  CheckDecodes(header + *AnyBytes());
}

RC_GTEST_PROP(ScenarioBytesProperty, AMutatedScenarioIsAScenario, ()) {
  std::string bytes = EncodeScenario(*ArbitraryScenario());
  const int count = *rc::gen::inRange(1, 8);
  for (int i = 0; i < count && !bytes.empty(); ++i) {
    const size_t at = *rc::gen::resize(100, rc::gen::inRange<size_t>(0, bytes.size()));
    const bool cut = *rc::gen::inRange(0, 8) == 0;
    if (cut) bytes.resize(at);
    if (!cut) bytes[at] = static_cast<char>(*rc::gen::resize(100, rc::gen::inRange(0, 256)));
  }
  CheckDecodes(bytes);
}

RC_GTEST_PROP(ScenarioBytesProperty, BytesAreEqualExactlyWhereValuesAre, ()) {
  const Scenario one = *ArbitraryScenario();
  Scenario other = *rc::gen::oneOf(rc::gen::just(one), ArbitraryScenario());
  if (!other.faults.empty() && *rc::gen::arbitrary<bool>()) ++other.faults.back().after;
  RC_ASSERT((EncodeScenario(one) == EncodeScenario(other)) == (one == other));
}

}  // namespace
}  // namespace verbatim
