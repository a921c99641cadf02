// Several requirements on one target: the order in which they are told, and what counts of those
// that ran side by side.
#include "properties/requirements/schedule.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "properties/requirements/engine.h"
#include "properties/requirements/trial.h"

namespace verbatim {
namespace {

std::atomic<int> plays{0};

absl::StatusOr<Verdict> Holds(Trial&) { return Verdict(); }

absl::StatusOr<Verdict> FailsOnce(Trial&) {
  Verdict verdict;
  if (++plays == 1) verdict.kind = Verdict::Kind::kWithheld;
  return verdict;
}

absl::StatusOr<Verdict> Fails(Trial&) {
  ++plays;
  Verdict verdict;
  verdict.kind = Verdict::Kind::kMisbehaved;
  verdict.detail = "it never does";
  return verdict;
}

absl::StatusOr<Verdict> OurOwnFault(Trial&) { return absl::InternalError("no descriptors"); }

Requirement Row(absl::string_view id, absl::StatusOr<Verdict> (*check)(Trial&), bool waits) {
  return {.id = id,
          .level = Level::kMust,
          .basis = Basis::kDerived,
          .sentence = "It holds.",
          .source = "a test",
          .why = "",
          .causes = "",
          .mend = "",
          .check = check,
          .waits = waits};
}

std::vector<Outcome> Told(const std::vector<Requirement>& rows, absl::Status* status) {
  // Instances of it can be had, so that there is company.
  const std::unique_ptr<Target> target = *Target::Stdio("cat");
  std::vector<Outcome> told;
  *status = RunAll(rows, target.get(), Budget(), 1,
                   [&](const Outcome& outcome) { told.push_back(outcome); });
  return told;
}

TEST(RunAll, TellsEveryOutcomeInTheOrderOfTheRequirements) {
  const std::vector<Requirement> rows = {Row("a", Holds, true), Row("b", Holds, false),
                                         Row("c", Holds, true), Row("d", Holds, false)};
  absl::Status status;
  std::string ids;
  for (const Outcome& outcome : Told(rows, &status)) {
    ids += outcome.id;
    EXPECT_EQ(outcome.result, Outcome::Result::kPass);
  }
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(ids, "abcd");
}

TEST(RunAll, WhatDoesNotHoldInCompanyIsHeldAgainAlone) {
  plays = 0;
  absl::Status status;
  const auto told = Told({Row("a", FailsOnce, true), Row("b", Holds, false)}, &status);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].result, Outcome::Result::kPass);
  EXPECT_EQ(plays, 2) << "in company it failed, and was not tried again there";
}

absl::StatusOr<Verdict> SkipsOnce(Trial& trial) {
  // Had something been played: else what is lacking is lacking alone too.
  trial.CountConversation();
  Verdict verdict;
  if (++plays == 1) verdict.kind = Verdict::Kind::kNotJudged;
  return verdict;
}

TEST(RunAll, WhatCouldNotBeJudgedInCompanyIsJudgedAlone) {
  plays = 0;
  absl::Status status;
  const auto told = Told({Row("a", SkipsOnce, true), Row("b", Holds, false)}, &status);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].result, Outcome::Result::kPass);
  EXPECT_EQ(plays, 2);
}

TEST(RunAll, WhatFailsAloneTooFails) {
  absl::Status status;
  const auto told = Told({Row("a", Fails, true), Row("b", Holds, false)}, &status);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].result, Outcome::Result::kFail);
  EXPECT_EQ(told[0].recurred, Engine::kTrials);
  EXPECT_EQ(told[0].verdict.detail, "it never does");
  EXPECT_FALSE(told[0].HasScenario());
}

// More cases than there is time for.
Cases Many(const Budget&) {
  std::vector<Scenario> scenarios;
  for (uint64_t bytes = 1; bytes <= 5000; ++bytes) {
    PayloadSpec payload;
    payload.size_bytes = bytes;
    scenarios.push_back(Scenario{
        "",
        payload,
        {{Step::Kind::kSend, 1, kRest}, {Step::Kind::kAwait, 1, 0}, {Step::Kind::kPause, 1, 20}}});
  }
  return Listed(std::move(scenarios));
}

TEST(RunAll, EachIsJudgedByItsFirstCasesBeforeAnyGetsAllItsTime) {
  std::vector<Requirement> rows = {Row("a", nullptr, false), Row("b", nullptr, true),
                                   Row("c", nullptr, false), Row("d", nullptr, false)};
  for (Requirement& row : rows) row.cases = Many;
  const std::unique_ptr<Target> target = *Target::Stdio("cat");
  Budget budget;
  budget.end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  std::vector<Outcome> told;
  const absl::Status status = RunAll(rows, target.get(), budget, 1,
                                     [&](const Outcome& outcome) { told.push_back(outcome); });
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_EQ(told.size(), rows.size());
  for (const Outcome& outcome : told) {
    EXPECT_EQ(outcome.result, Outcome::Result::kPass) << outcome.id << ": " << outcome.reason;
    EXPECT_GE(outcome.distinct_scenarios, 2u) << outcome.id;
    EXPECT_EQ(outcome.distinct_scenarios + outcome.cases_left, 5000u) << outcome.id;
  }
}

TEST(RunAll, OurOwnFaultEndsIt) {
  absl::Status status;
  const auto told = Told({Row("a", Holds, false), Row("b", OurOwnFault, false)}, &status);
  EXPECT_TRUE(absl::IsInternal(status));
  EXPECT_EQ(told.size(), 1u);
}

TEST(RunAll, AnUnreachableTargetIsSaidBeforeAnythingIsTold) {
  const auto target = Target::Remote(*Endpoint::Parse("tcp://127.0.0.1:1"));
  ASSERT_TRUE(target.ok());
  const absl::Status status = RunAll({Row("a", Holds, true)}, target->get(), Budget(), 1,
                                     [](const Outcome&) { ADD_FAILURE(); });
  EXPECT_TRUE(absl::IsUnavailable(status));
}

}  // namespace
}  // namespace verbatim
