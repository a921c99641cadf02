// Threads, each with an engine and a target of its own; what they share is the list of outcomes.
// Not for: judging.
#include "properties/requirements/schedule.h"

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "properties/requirements/engine.h"

namespace verbatim {
namespace {

class Crew {
 public:
  Crew(const std::vector<Requirement>& requirements, Target* target, const Budget& budget, int jobs,
       const std::function<void(const Outcome&)>& tell)
      : requirements_(requirements),
        target_(target),
        patience_(budget.deadline_ms),
        budget_(WithPatience(budget, &patience_)),
        ours_((target->capabilities() & kServer) == 0 || (target->capabilities() & kSpawned) != 0),
        jobs_(ours_ ? jobs : 1),
        tell_(tell),
        outcomes_(requirements.size()) {}

  absl::Status Run() {
    Engine engine(target_, budget_);
    if (absl::Status status = engine.Reach(); !status.ok()) return status;
    for (size_t i = 0; i < requirements_.size(); ++i) {
      const bool beside = ours_ && requirements_[i].waits && requirements_.size() > 1;
      (beside ? waiting_ : queue_).push_back(i);
    }
    StartWaiting();
    for (int job = 1; job < jobs_; ++job) {
      threads_.emplace_back([this, own = std::shared_ptr<Target>(target_->Clone())] {
        Engine another(own.get(), budget_);
        if (another.Reach().ok()) Work(&another);
      });
    }
    Work(&engine);
    JoinAll();
    Work(&engine);  // what did not hold in company
    return error_;
  }

 private:
  // One for the whole check.
  static Budget WithPatience(Budget budget, Patience* patience) {
    budget.patience = patience;
    return budget;
  }

  void StartWaiting() {
    for (const size_t i : waiting_) {
      threads_.emplace_back([this, i, own = std::shared_ptr<Target>(target_->Clone())] {
        Engine engine(own.get(), budget_);
        if (engine.Reach().ok()) {
          absl::StatusOr<Outcome> outcome = engine.Run(requirements_[i]);
          if (outcome.ok() && Conclusive(*outcome)) return Add(i, *std::move(outcome));
        }
        const std::lock_guard<std::mutex> lock(mutex_);
        queue_.push_back(i);
      });
    }
  }

  // No company makes bytes wrong; it can make an answer late, or a measure high.
  static bool Conclusive(const Outcome& outcome) {
    using Kind = Verdict::Kind;
    if (outcome.result == Outcome::Result::kSkip) return outcome.plays == 0;  // it lacks something
    if (outcome.result != Outcome::Result::kFail) return outcome.result != Outcome::Result::kNotRun;
    const Kind kind = outcome.verdict.kind;
    return kind >= Kind::kLost && kind <= Kind::kInserted;
  }

  void JoinAll() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  // Takes from the queue until it is empty.
  void Work(Engine* engine) {
    while (const std::optional<size_t> next = Next()) {
      absl::StatusOr<Outcome> outcome = engine->Run(requirements_[*next]);
      if (outcome.ok()) {
        Add(*next, *std::move(outcome));
        continue;
      }
      const std::lock_guard<std::mutex> lock(mutex_);
      if (error_.ok()) error_ = outcome.status();
    }
  }

  std::optional<size_t> Next() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (queue_.empty() || !error_.ok()) return std::nullopt;
    const size_t next = queue_.front();
    queue_.pop_front();
    return next;
  }

  void Add(size_t index, Outcome outcome) {
    const std::lock_guard<std::mutex> lock(mutex_);
    outcomes_[index] = std::move(outcome);
    while (told_ < outcomes_.size() && outcomes_[told_]) tell_(*outcomes_[told_++]);
  }

  const std::vector<Requirement>& requirements_;
  Target* const target_;
  Patience patience_;
  const Budget budget_;
  const bool ours_;  // instances can be had
  const int jobs_;
  const std::function<void(const Outcome&)>& tell_;
  std::deque<size_t> waiting_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;  // guards the rest
  std::deque<size_t> queue_;
  std::vector<std::optional<Outcome>> outcomes_;
  size_t told_ = 0;
  absl::Status error_;
};

}  // namespace

absl::Status RunAll(const std::vector<Requirement>& requirements, Target* target,
                    const Budget& budget, int jobs,
                    const std::function<void(const Outcome&)>& tell) {
  return Crew(requirements, target, budget, jobs, tell).Run();
}

}  // namespace verbatim
