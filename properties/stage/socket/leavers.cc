// Processes that end while their starter goes on.
// Not for: ending a single one (process.cc).
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <mutex>

#include "properties/stage/socket/family.h"
#include "properties/stage/socket/process.h"

namespace verbatim {
namespace {

constexpr int kKillRounds = 200;
// So many may be leaving at once, before a further one is waited for.
constexpr size_t kMostLeavers = 16;

// Those that were let go.
struct Leavers {
  std::mutex mutex;
  std::vector<std::unique_ptr<Process>> all;
};
Leavers& TheLeavers() {
  static Leavers* const leavers = new Leavers();  // never destroyed: threads may outlive main
  return *leavers;
}

}  // namespace

void Process::LetGo(std::unique_ptr<Process> process) {
  if (process == nullptr) return;
  process->input.Reset();
  process->output.Reset();
  process->AskToEnd();
  Leavers& leavers = TheLeavers();
  std::vector<std::unique_ptr<Process>> done;  // destroyed after the lock is given up
  const std::lock_guard<std::mutex> lock(leavers.mutex);
  std::vector<std::unique_ptr<Process>>& all = leavers.all;
  all.push_back(std::move(process));
  const auto rest = std::stable_partition(all.begin(), all.end(),
                                          [](const auto& leaver) { return !leaver->Gone(); });
  done.assign(std::make_move_iterator(rest), std::make_move_iterator(all.end()));
  all.erase(rest, all.end());
  if (all.size() > kMostLeavers) {
    done.push_back(std::move(all.front()));
    all.erase(all.begin());
  }
}

void Process::AwaitLeavers() {
  std::vector<std::unique_ptr<Process>> all;
  {
    const std::lock_guard<std::mutex> lock(TheLeavers().mutex);
    all.swap(TheLeavers().all);
  }
  all.clear();  // they are ending at the same time: together it takes no longer than one
}

void KillDescendants() {
  // Some may fork meanwhile: look again until there is none.
  for (int round = 0; round < kKillRounds; ++round) {
    const std::vector<pid_t> ours = DescendantsOf(::getpid(), false);
    if (ours.empty()) return;
    for (const pid_t pid : ours) ::kill(pid, SIGKILL);
  }
}

}  // namespace verbatim
