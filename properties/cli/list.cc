// verbatim list and verbatim explain: the catalogue, for a reader.
// Not for: changing it (requirements/catalogue.h).
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "properties/cli/cli.h"
#include "properties/mutants/mutants.h"

namespace verbatim {
namespace {

void ListMutant(const Mutant& mutant) {
  const std::string by = mutant.waits_for_faults
                             ? "waits for injected faults"
                             : absl::StrCat("caught by ", absl::StrJoin(mutant.caught_by, ", "));
  std::printf("%-34s %s (%s)\n", std::string(mutant.name).c_str(), std::string(mutant.what).c_str(),
              by.c_str());
}

void List() {
  for (const Requirement& row : Catalogue()) {
    std::printf("%-34s %s  %-8s %s\n", std::string(row.id).c_str(),
                std::string(LevelName(row.level)).c_str(),
                std::string(BasisName(row.basis)).c_str(), std::string(row.sentence).c_str());
  }
  std::printf("\nMutants, for --mutant NAME:\n");
  for (const std::vector<Mutant>* const table :
       {&StreamMutants(), &DatagramMutants(), &ClientMutants(), &DatagramClientMutants()}) {
    for (const Mutant& mutant : *table) ListMutant(mutant);
  }
}

const char* LevelText(Level level) {
  switch (level) {
    case Level::kMust:
      return "M: what breaks it does not return what it received, or stops serving";
    case Level::kShould:
      return "S: should; it fails a check only with --strict";
    case Level::kObserved:
      return "I: observed and reported, never a failure";
  }
  return "";
}

int Explain(const std::string& id) {
  const Requirement* row = FindRequirement(id);
  if (row == nullptr) {
    return Complain(kExitUsage, absl::StrCat(id, " is not in the catalogue (see: verbatim list)"));
  }
  std::printf(
      "%s\n\n  what    %s\n  level   %s\n  source  %s (%s)\n  why     %s\n  causes  %s\n  mend    "
      "%s\n",
      id.c_str(), std::string(row->sentence).c_str(), LevelText(row->level),
      std::string(row->source).c_str(), std::string(BasisName(row->basis)).c_str(),
      std::string(row->why).c_str(), std::string(row->causes).c_str(),
      std::string(row->mend).c_str());
  return kExitHolds;
}

}  // namespace

void AddList(CLI::App& app, int* status) {
  app.add_subcommand("list", "The requirements, a line each")->callback([status] {
    List();
    *status = kExitHolds;
  });
}

void AddExplain(CLI::App& app, int* status) {
  auto id = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("explain", "One requirement: what, why, what breaks it, how to mend it");
  command->add_option("ID", *id, "as in verbatim list")->required();
  command->callback([id, status] { *status = Explain(*id); });
}

}  // namespace verbatim
