// One test for each requirement, on an engine that all of them share.
// Not for: anything that is not GoogleTest's.
#include "properties/gtest/adapter.h"

#include <gtest/gtest.h>

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "properties/report/terminal.h"
#include "properties/requirements/engine.h"

namespace verbatim {
namespace {

// The target and its engine, brought up by the first test that runs.
class Stand {
 public:
  Stand(std::function<absl::StatusOr<std::unique_ptr<Target>>()> make_target,
        AdapterOptions options)
      : make_target_(std::move(make_target)), options_(std::move(options)) {}

  absl::StatusOr<Outcome> Run(const Requirement& requirement) {
    if (engine_ == nullptr) {
      absl::StatusOr<std::unique_ptr<Target>> target = make_target_();
      if (!target.ok()) return target.status();
      target_ = *std::move(target);
      auto engine = std::make_unique<Engine>(target_.get(), options_.budget);
      if (absl::Status status = engine->Reach(); !status.ok()) return status;
      engine_ = std::move(engine);
    }
    return engine_->Run(requirement);
  }

  const AdapterOptions& options() const { return options_; }

 private:
  const std::function<absl::StatusOr<std::unique_ptr<Target>>()> make_target_;
  const AdapterOptions options_;
  std::unique_ptr<Target> target_;
  std::unique_ptr<Engine> engine_;
};

class RequirementTest : public testing::Test {
 public:
  RequirementTest(std::shared_ptr<Stand> stand, const Requirement* requirement)
      : stand_(std::move(stand)), requirement_(requirement) {}

 private:
  void TestBody() override {
    const absl::StatusOr<Outcome> outcome = stand_->Run(*requirement_);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    RecordProperty("level", outcome->level);
    RecordProperty("scenarios", absl::StrCat(outcome->distinct_scenarios));
    RecordProperty("seed", absl::StrCat(stand_->options().budget.seed));
    switch (outcome->result) {
      case Outcome::Result::kPass:
        return;
      case Outcome::Result::kFail:
        if (outcome->level == "M" || stand_->options().strict) {
          FAIL() << FailureText(*outcome, "", {});
        }
        GTEST_SKIP() << "level S, not met: " << FailureText(*outcome, "", {});
      case Outcome::Result::kOnce:
        GTEST_SKIP() << "seen once, it did not recur: " << FailureText(*outcome, "", {});
      case Outcome::Result::kNotRun:
        FAIL() << "not run: " << PlainText(outcome->reason);
      case Outcome::Result::kSkip:
      case Outcome::Result::kNotClaimed:
      case Outcome::Result::kObserved:
      case Outcome::Result::kNoTime:
        GTEST_SKIP() << ResultName(outcome->result) << ": " << PlainText(outcome->reason);
    }
  }

  const std::shared_ptr<Stand> stand_;
  const Requirement* const requirement_;
};

}  // namespace

void RegisterRequirements(const std::string& suite,
                          std::function<absl::StatusOr<std::unique_ptr<Target>>()> make_target,
                          AdapterOptions options) {
  const std::string only = options.only;
  const Family family = options.family;
  const auto stand = std::make_shared<Stand>(std::move(make_target), std::move(options));
  for (const Requirement& requirement : Catalogue()) {
    if (requirement.family != family || !GlobMatches(only, requirement.id)) continue;
    const std::string name = absl::StrReplaceAll(requirement.id, {{".", "_"}, {"-", "_"}});
    testing::RegisterTest(suite.c_str(), name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [stand, row = &requirement]() -> testing::Test* {
                            return new RequirementTest(stand, row);
                          });
  }
}

}  // namespace verbatim
