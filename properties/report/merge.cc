// What must agree, what must be complete, and what is added up.
#include "properties/report/merge.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "properties/report/plain_text.h"

namespace verbatim {
namespace {

absl::Status Wrong(absl::string_view what) { return absl::InvalidArgumentError(PlainText(what)); }

std::string Name(const RunInfo& info) {
  if (info.shards == 0) return "the whole run";
  return absl::StrCat("shard ", info.shard, "/", info.shards);
}

absl::string_view OnOff(bool on) { return on ? "on" : "off"; }

// Compares one field of two shards after the other, and remembers the first that differs.
class Agreement {
 public:
  Agreement(const RunInfo& first, const RunInfo& other) : first_(first), other_(other) {}

  template <class T>
  void On(absl::string_view what, const T& first, const T& other) {
    if (!status_.ok() || first == other) return;
    status_ = Wrong(absl::StrCat(Name(other_), " has ", what, " ", other, ", but ", Name(first_),
                                 " has ", first));
  }

  absl::Status OnAll() {
    On("version", first_.version, other_.version);
    On("transport", first_.transport, other_.transport);
    On("seed", first_.seed, other_.seed);
    On("cases", first_.cases, other_.cases);
    On("profile", first_.profile, other_.profile);
    On("--strict", OnOff(first_.strict), OnOff(other_.strict));
    if (status_.ok() && first_.chosen != other_.chosen)
      return Wrong(absl::StrCat(Name(other_), " was made for other requirements than ",
                                Name(first_), " (--only, --except)"));
    return status_;
  }

 private:
  const RunInfo& first_;
  const RunInfo& other_;
  absl::Status status_;
};

// Every shard once, and made in the same way.
absl::Status CheckShards(const std::vector<Report>& shards) {
  if (shards.empty()) return Wrong("there is no report to merge");
  const RunInfo& first = shards.front().info;
  if (first.shards == 0 && shards.size() > 1)
    return Wrong(
        "the first report is of a whole run (made without --shard), it goes with no other");
  if (first.shards == 0) return absl::OkStatus();
  std::vector<bool> seen(shards.size());
  for (const Report& report : shards) {
    const RunInfo& info = report.info;
    if (info.shards != first.shards)
      return Wrong(absl::StrCat(Name(info), " and ", Name(first), " are not of one run"));
    if (info.shard < 1 || info.shard > info.shards)
      return Wrong(absl::StrCat("there is no ", Name(info)));
    const absl::Status agrees = Agreement(first, info).OnAll();
    if (!agrees.ok()) return agrees;
    const auto index = static_cast<size_t>(info.shard) - 1;
    if (index < seen.size() && seen[index])
      return Wrong(absl::StrCat(Name(info), " is there twice"));
    if (index < seen.size()) seen[index] = true;
  }
  if (shards.size() == static_cast<size_t>(first.shards)) return absl::OkStatus();
  const auto missing = std::find(seen.begin(), seen.end(), false) - seen.begin() + 1;
  return Wrong(absl::StrCat("shard ", missing, "/", first.shards, " is missing"));
}

// Moves the outcomes into the order of the ids chosen, each once.
absl::StatusOr<std::vector<Outcome>> InOrder(std::vector<Report>& shards) {
  const std::vector<std::string> chosen = shards.front().info.chosen;
  std::map<std::string, Outcome*> outcomes;
  for (Report& report : shards) {
    for (Outcome& outcome : report.outcomes) {
      if (!outcomes.emplace(outcome.id, &outcome).second)
        return Wrong(absl::StrCat(outcome.id, " is there twice"));
    }
  }
  std::vector<Outcome> ordered;
  for (const std::string& id : chosen) {
    const auto found = outcomes.find(id);
    if (found == outcomes.end()) return Wrong(absl::StrCat(id, " was chosen, and is in no shard"));
    ordered.push_back(std::move(*found->second));
    outcomes.erase(found);
  }
  if (!outcomes.empty())
    return Wrong(absl::StrCat(outcomes.begin()->first, " is there, and was not chosen"));
  return ordered;
}

// `whole` begins as the first shard.
void AddUp(const std::vector<Report>& shards, RunInfo* whole) {
  whole->shard = whole->shards = 0;
  for (const Report& report : shards) {
    const RunInfo& info = report.info;
    if (info.target != whole->target)
      whole->notes.push_back(absl::StrCat(Name(info), " was held to ", info.target));
    if (&report == &shards.front()) continue;
    whole->seconds += info.seconds;
    whole->starts += info.starts;
    whole->notes.insert(whole->notes.end(), info.notes.begin(), info.notes.end());
  }
}

}  // namespace

absl::StatusOr<Report> Merge(std::vector<Report> shards) {
  const absl::Status status = CheckShards(shards);
  if (!status.ok()) return status;
  std::sort(shards.begin(), shards.end(),
            [](const Report& a, const Report& b) { return a.info.shard < b.info.shard; });
  Report whole;
  whole.info = shards.front().info;
  AddUp(shards, &whole.info);
  absl::StatusOr<std::vector<Outcome>> outcomes = InOrder(shards);
  if (!outcomes.ok()) return outcomes.status();
  whole.outcomes = *std::move(outcomes);
  return whole;
}

}  // namespace verbatim
