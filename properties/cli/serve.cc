// verbatim serve: the built-in server and the mutants, as the child that --builtin and --mutant
// start. Not for: users, who have echo-server; it is not in the help.
#include "echo/serve.h"

#include "absl/strings/str_cat.h"
#include "properties/cli/cli.h"
#include "properties/mutants/mutants.h"

namespace verbatim {
namespace {

int ServeFrom(const TargetFlags& flags) {
  const absl::StatusOr<Endpoint> endpoint = Endpoint::Parse(flags.endpoint);
  if (!endpoint.ok()) return Complain(endpoint.status());
  const Mutant* mutant = FindMutant(flags.mutant);
  if (mutant == nullptr && !flags.builtin)
    return Complain(kExitUsage, "serve: --builtin or --mutant NAME");
  const absl::Status status =
      mutant != nullptr ? ServeMutant(*mutant, *endpoint) : Serve({*endpoint}, {.quiet = true});
  if (absl::IsInvalidArgument(status)) return Complain(status);
  return status.ok() ? kExitHolds : Complain(kExitFails, status.message());
}

}  // namespace

void AddServe(CLI::App& app, int* status) {
  auto flags = std::make_shared<TargetFlags>();
  CLI::App* command = app.add_subcommand("serve", "")->group("");
  command->add_option("ENDPOINT", flags->endpoint)->required();
  command->add_flag("--builtin", flags->builtin);
  command->add_option("--mutant", flags->mutant);
  command->callback([flags, status] { *status = ServeFrom(*flags); });
}

}  // namespace verbatim
