// verbatim mutants: grades the checker itself: each mutant is held to every requirement.
// Not for: the mutants (mutants/mutants.h), or what the signs mean (mutants/kill_matrix.h).
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <map>
#include <mutex>
#include <numeric>
#include <thread>

#include "absl/strings/str_cat.h"
#include "properties/cli/cli.h"
#include "properties/cli/gradable.h"
#include "properties/mutants/kill_matrix.h"
#include "properties/report/terminal.h"
#include "properties/requirements/engine.h"

namespace verbatim {
namespace {

struct MutantsFlags {
  std::vector<std::string> only;
  BudgetFlags budget;
  int seeds = 1;
  int jobs = 4;
  bool named = false;
  bool why = false;
  bool no_color = false;
};

// One mutant, and what holds it to requirements. After a failure it is started anew: what one
// requirement broke must not be seen by the next.
class Subject {
 public:
  Subject(const MutantsFlags& flags, const Mutant& mutant) : flags_(flags), mutant_(mutant) {}

  KillRow Grade() {
    row_.mutant = &mutant_;
    const bool sound = mutant_.number == 0;
    bool caught = false;
    for (const Requirement& requirement : Catalogue()) {
      if (requirement.family != mutant_.family) continue;
      const bool tried = !flags_.named || sound || IsNamed(requirement);
      row_.cells.push_back(tried ? Hold(requirement, flags_.budget.seed) : Cell::kNotTried);
      // On a busy machine an answer may be later than the deadline, and then decides nothing.
      if (row_.cells.back() == Cell::kNotJudged && IsNamed(requirement)) {
        row_.cells.back() = Hold(requirement, flags_.budget.seed);
      }
      caught |= row_.cells.back() == Cell::kCaught && IsNamed(requirement);
    }
    if (!sound) {
      Count(flags_.budget.seed, caught);
      for (int i = 1; i < flags_.seeds; ++i) TryNamed(flags_.budget.seed + i);
    }
    return std::move(row_);
  }

 private:
  bool IsNamed(const Requirement& requirement) const {
    for (const absl::string_view id : mutant_.caught_by) {
      if (id == requirement.id) return true;
    }
    return false;
  }

  void TryNamed(uint64_t seed) {
    bool caught = false;
    for (const absl::string_view id : mutant_.caught_by) {
      const Requirement* const requirement = FindRequirement(id);
      if (requirement != nullptr && !caught) caught = Hold(*requirement, seed) == Cell::kCaught;
    }
    Count(seed, caught);
  }

  void Count(uint64_t seed, bool caught) {
    ++row_.seeds;
    if (!caught) row_.missed.push_back(seed);
  }

  Cell Hold(const Requirement& requirement, uint64_t seed) {
    const absl::StatusOr<Outcome> outcome = Try(requirement, seed);
    WaitIfInterrupted();
    const bool held =
        outcome.ok() && outcome->result == Outcome::Result::kPass && outcome->cases_left == 0;
    if (!held) target_.reset();
    if (absl::IsInternal(outcome.status()) || absl::IsResourceExhausted(outcome.status())) {
      row_.error = absl::StrCat("an error of Verbatim itself: ", outcome.status().message());
    }
    if (held) return Cell::kHeld;
    if (!outcome.ok() || !outcome->WentWrong()) {
      const absl::string_view why = !outcome.ok()             ? outcome.status().message()
                                    : outcome->cases_left > 0 ? kBudgetSpent
                                                              : absl::string_view(outcome->reason);
      row_.seen.push_back(absl::StrCat(requirement.id, ": not judged: ", why));
      return Cell::kNotJudged;
    }
    if (seed == flags_.budget.seed) {
      row_.seen.push_back(absl::StrCat(requirement.id, ": ", VerdictSentence(outcome->verdict)));
    }
    return Cell::kCaught;
  }

  absl::StatusOr<Outcome> Try(const Requirement& requirement, uint64_t seed) {
    absl::StatusOr<Budget> budget = MakeBudget(flags_.budget);
    if (!budget.ok()) return budget.status();
    budget->seed = seed;
    budget->shrink_ms = 0;  // that it fails is enough
    if (target_ == nullptr) {
      TargetFlags flags;
      flags.builtin = &mutant_ == &BuiltinOf(mutant_.family);
      if (IsOfDatagrams(mutant_.family)) flags.over = "udp";
      if (!flags.builtin) flags.mutant = std::string(mutant_.name);
      absl::StatusOr<std::unique_ptr<Target>> target =
          IsOfClients(mutant_.family) ? MakeClient(flags, {}) : MakeTarget(flags);
      if (!target.ok()) return target.status();
      target_ = *std::move(target);
    }
    return Run(requirement, target_.get(), *budget);
  }

  const MutantsFlags& flags_;
  const Mutant& mutant_;
  KillRow row_;
  std::unique_ptr<Target> target_;
};

class Grading {
 public:
  // `mutants`: all of `family`.
  Grading(const MutantsFlags& flags, Family family, std::vector<const Mutant*> mutants)
      : flags_(flags), mutants_(std::move(mutants)), matrix_(Ids(family)) {}

  void Run() {
    std::printf("%s", matrix_.Head().c_str());
    std::vector<std::thread> threads;
    for (int i = 0; i < flags_.jobs; ++i) threads.emplace_back([this] { Work(); });
    for (std::thread& thread : threads) thread.join();
    std::printf("\n%s\n", matrix_.Legend(rows_).c_str());
  }

  // Adds to what there are, and to those that are as they should be.
  void Count(int* mutants, int* killed, int* sound, int* cleared) const {
    for (const KillRow& row : rows_) {
      const bool right = matrix_.Complaint(row).empty();
      ++*(row.mutant->number == 0 ? sound : mutants);
      *(row.mutant->number == 0 ? cleared : killed) += right;
    }
  }

 private:
  static std::vector<std::string> Ids(Family family) {
    std::vector<std::string> ids;
    for (const Requirement& requirement : Catalogue()) {
      if (requirement.family == family) ids.emplace_back(requirement.id);
    }
    return ids;
  }

  // Those that take thousands of connections begin first, so that no other waits for them at the
  // end.
  std::vector<size_t> Order() const {
    std::vector<size_t> order(mutants_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_partition(order.begin(), order.end(), [&](size_t i) {
      const std::vector<absl::string_view>& ids = mutants_[i]->caught_by;
      return ids == std::vector<absl::string_view>{"stream.survive.churn"};
    });
    return order;
  }

  void Work() {
    for (size_t turn = turn_++; turn < order_.size(); turn = turn_++) {
      const size_t next = order_[turn];
      KillRow row = Subject(flags_, *mutants_[next]).Grade();
      const std::lock_guard<std::mutex> lock(mutex_);
      done_.emplace(next, std::move(row));
      PrintInOrder();
    }
  }

  void PrintInOrder() {
    while (!done_.empty() && done_.begin()->first == rows_.size()) {
      rows_.push_back(std::move(done_.begin()->second));
      done_.erase(done_.begin());
      const bool wrong = !matrix_.Complaint(rows_.back()).empty();
      const bool color = wrong && UseColor(flags_.no_color);
      std::printf("%s%s%s\n", color ? "\033[31m" : "",
                  PlainText(matrix_.Line(rows_.back())).c_str(), color ? "\033[0m" : "");
      for (const std::string& seen : rows_.back().seen) {
        if (wrong || flags_.why) std::printf("      %s\n", PlainText(seen).c_str());
      }
      std::fflush(stdout);
    }
  }

  const MutantsFlags& flags_;
  const std::vector<const Mutant*> mutants_;
  const KillMatrix matrix_;
  const std::vector<size_t> order_ = Order();
  std::atomic<size_t> turn_{0};
  std::mutex mutex_;  // guards the next two while threads run
  std::map<size_t, KillRow> done_;
  std::vector<KillRow> rows_;
};

void TellLeftOut() {
  for (const auto& mutants :
       {StreamMutants(), DatagramMutants(), ClientMutants(), DatagramClientMutants()}) {
    for (const Mutant& mutant : mutants) {
      const absl::string_view obstacle = ObstacleTo(mutant);
      if (obstacle.empty()) continue;
      std::printf("%3d %-24s  %s\n", mutant.number, std::string(mutant.name).c_str(),
                  std::string(obstacle).c_str());
    }
  }
}

int GradeMutants(const MutantsFlags& flags) {
  const absl::StatusOr<std::vector<const Mutant*>> mutants = ChooseMutants(flags.only);
  if (!mutants.ok()) return Complain(mutants.status());
  const absl::StatusOr<Budget> budget = MakeBudget(flags.budget);
  if (!budget.ok()) return Complain(budget.status());
  EndTargetsOnSignals();
  const auto start = std::chrono::steady_clock::now();
  std::printf("verbatim mutants  (seed %llu, %d cases, deadline %s)\n",
              static_cast<unsigned long long>(flags.budget.seed), flags.budget.cases,
              flags.budget.deadline.c_str());
  int all = 0, killed = 0, sound = 0, cleared = 0;
  for (const Family family : kGradedFamilies) {
    std::vector<const Mutant*> of_family;
    std::copy_if(mutants->begin(), mutants->end(), std::back_inserter(of_family),
                 [&](const Mutant* mutant) { return mutant->family == family; });
    if (of_family.empty()) continue;
    std::printf("\n");
    Grading grading(flags, family, std::move(of_family));
    grading.Run();
    grading.Count(&all, &killed, &sound, &cleared);
  }
  if (flags.only.empty()) TellLeftOut();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("%d of %d mutants are caught; %d of %d sound ones fail nothing; %.1f s\n", killed,
              all, cleared, sound, seconds.count());
  return killed == all && cleared == sound ? kExitHolds : kExitFails;
}

}  // namespace

void AddMutants(CLI::App& app, int* status) {
  auto flags = std::make_shared<MutantsFlags>();
  flags->budget.cases = 20;
  flags->budget.deadline = "500ms";  // mutants answer at once, or never
  CLI::App* command = app.add_subcommand("mutants",
                                         "Grade the checker itself: servers and clients with one "
                                         "known defect each, and who catches it");
  command->add_option("--only", flags->only, "Only mutants of this form (* stands for anything)")
      ->allow_extra_args(false);
  command
      ->add_option("--seeds", flags->seeds,
                   "So many seeds, from --seed on, for what a mutant names; the matrix is of the "
                   "first")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command->add_flag("--named", flags->named,
                    "Hold each mutant only to the requirements that it names");
  command->add_flag("--why", flags->why, "Say for each mutant what each requirement saw");
  command->add_option("--jobs", flags->jobs, "So many mutants at a time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  AddBudgetFlags(command, &flags->budget);
  command->add_flag("--no-color", flags->no_color, "No colours");
  command->callback([flags, status] { *status = GradeMutants(*flags); });
}

}  // namespace verbatim
