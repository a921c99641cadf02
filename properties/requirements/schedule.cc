// Threads, each with an engine and a target of its own; what they share is the list of outcomes.
// Not for: judging.
#include "properties/requirements/schedule.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "properties/requirements/engine.h"
#include "properties/requirements/progress.h"

namespace verbatim {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// The first part of the time that a requirement gets. Most are done in a tenth of it.
constexpr milliseconds kShortestPart{500};
constexpr milliseconds kLongestPart{5000};
constexpr std::chrono::hours kNoBudgetsPart{24};
// The first parts of all together take so much of the time.
constexpr int kShareOfFirstParts = 3;
// A requirement without cases begins again in each part, so its first part is longer.
constexpr int kTrialTimesParts = 8;
constexpr int kMustTrialTimesParts = 16;

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
    const auto start = steady_clock::now();
    const steady_clock::duration whole = budget_.end - start;
    half_ = start + whole / 2;
    const auto part = whole / (kShareOfFirstParts * static_cast<int64_t>(requirements_.size() + 1));
    part_ = budget_.end == steady_clock::time_point::max()
                ? steady_clock::duration(kNoBudgetsPart)
                : std::clamp<steady_clock::duration>(part, kShortestPart, kLongestPart);
    std::vector<size_t> waiting;
    for (size_t i = 0; i < requirements_.size(); ++i) {
      const bool beside = ours_ && requirements_[i].waits && requirements_.size() > 1;
      if (beside) {
        waiting.push_back(i);
      } else {
        queue_.push_back(NewTurn(i));
      }
    }
    company_ = waiting.size();
    for (const size_t i : waiting) StartWaiting(i);
    for (int job = 1; job < jobs_; ++job) {
      threads_.emplace_back([this, own = std::shared_ptr<Target>(target_->Clone())] {
        Engine another(own.get(), budget_);
        if (another.Reach().ok()) Work(&another);
      });
    }
    Work(&engine);
    for (std::thread& thread : threads_) thread.join();
    alone_ = true;
    queue_.insert(queue_.begin(), std::make_move_iterator(again_.begin()),
                  std::make_move_iterator(again_.end()));
    Work(&engine);
    return error_;
  }

 private:
  // A requirement that waits for its next part of the time.
  struct Turn {
    size_t index;
    std::unique_ptr<Progress> progress;
    steady_clock::duration part;
  };

  // One for the whole check.
  static Budget WithPatience(Budget budget, Patience* patience) {
    budget.patience = patience;
    return budget;
  }

  Turn NewTurn(size_t index) const {
    const Requirement& requirement = requirements_[index];
    const int times = requirement.check == nullptr        ? 1
                      : requirement.level == Level::kMust ? kMustTrialTimesParts
                                                          : kTrialTimesParts;
    return {index, std::make_unique<Progress>(requirement), part_ * times};
  }

  // The end of a part that begins now.
  steady_clock::time_point EndOf(steady_clock::duration part) const {
    const auto now = steady_clock::now();
    return budget_.end - now > part ? now + part : budget_.end;
  }

  void StartWaiting(size_t index) {
    threads_.emplace_back([this, index, own = std::shared_ptr<Target>(target_->Clone())] {
      Budget budget = budget_;
      budget.in_company = true;
      Engine engine(own.get(), budget);
      Turn turn = NewTurn(index);
      bool judged = false;
      if (engine.Reach().ok() && engine.Continue(turn.progress.get(), half_).ok()) {
        if (turn.progress->over) {
          Outcome outcome = turn.progress->Conclude();
          judged = Conclusive(outcome);
          if (judged) Add(index, std::move(outcome));
          turn = NewTurn(index);
        }
      } else {
        turn = NewTurn(index);
      }
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!judged) {
        // It had half of the time, and what of it was done is kept.
        turn.part = std::max<steady_clock::duration>(turn.part, kLongestPart);
        again_.push_back(std::move(turn));
      }
      --company_;
    });
  }

  // No company makes bytes wrong; it can make an answer late, or a measure high.
  static bool Conclusive(const Outcome& outcome) {
    if (outcome.result == Outcome::Result::kSkip) return outcome.plays == 0;  // it lacks something
    if (outcome.result != Outcome::Result::kFail) return outcome.result != Outcome::Result::kNotRun;
    return outcome.verdict.IsOfWrongBytes();
  }

  // Takes turns until there is none left.
  void Work(Engine* engine) {
    while (std::optional<Turn> turn = Next()) {
      const absl::Status status = engine->Continue(turn->progress.get(), EndOf(turn->part));
      if (status.ok() && (turn->progress->over || budget_.Spent())) {
        Add(turn->index, turn->progress->Conclude());
        continue;
      }
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!status.ok() && error_.ok()) error_ = status;
      turn->part *= 2;
      later_.push_back(*std::move(turn));
    }
  }

  // First those that had no turn yet; then, as long as there is company or nobody else is at work,
  // those that need another: of level M, and not judged yet, before the others.
  std::optional<Turn> Next() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!error_.ok()) return std::nullopt;
    std::deque<Turn>& from = queue_.empty() ? later_ : queue_;
    const bool go_on = alone_ || company_ > 0 || (jobs_ > 1 && steady_clock::now() < half_);
    if (from.empty() || (queue_.empty() && !go_on)) return std::nullopt;
    const auto unjudged = std::find_if(from.begin(), from.end(), [](const Turn& turn) {
      const Requirement& of = turn.progress->requirement;
      return turn.progress->played.size() < of.essential && of.level == Level::kMust;
    });
    const bool pick = (alone_ || queue_.empty()) && unjudged != from.end();
    const auto first = pick ? unjudged : from.begin();
    Turn next = std::move(*first);
    from.erase(first);
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
  steady_clock::time_point half_;  // of the time
  steady_clock::duration part_{};
  std::vector<std::thread> threads_;
  std::mutex mutex_;    // guards the rest
  size_t company_ = 0;  // threads that hold what waits
  bool alone_ = false;
  std::deque<Turn> queue_;
  std::deque<Turn> later_;   // had a turn
  std::vector<Turn> again_;  // did not hold in company, or were not done there
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
