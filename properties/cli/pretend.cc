// verbatim pretend: the house's own client and the mutants of clients, as the child that --builtin
// and --mutant start. Not for: users, who have echo-client; it is not in the help.
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/posix_kernel.h"
#include "echo/client.h"
#include "echo/sockets.h"
#include "properties/cli/cli.h"
#include "properties/mutants/mutants.h"

namespace verbatim {
namespace {

// As echo-client does, over streams.
absl::Status RunBuiltin(const Endpoint& endpoint, const std::vector<SocketAddress>& addresses) {
  PosixKernel kernel;
  // echo-client's own fills whole datagrams before it sends the first: it is for files, and no
  // reference for who is fed piece by piece.
  if (SocketType(endpoint.transport) != SOCK_STREAM) {
    return RunClientMutant(SoundDatagramClients().front(), endpoint, STDIN_FILENO, STDOUT_FILENO);
  }
  auto connected = ConnectToAny(kernel, endpoint.transport, addresses);
  if (!connected.ok()) return connected.status();
  return Client(&kernel, std::move(connected->fd), STDIN_FILENO, STDOUT_FILENO).Run();
}

int PretendTo(const TargetFlags& flags) {
  const absl::StatusOr<Endpoint> endpoint = Endpoint::Parse(flags.endpoint);
  if (!endpoint.ok()) return Complain(endpoint.status());
  const Mutant* const mutant = FindMutant(flags.mutant);
  if (mutant != nullptr) {
    const absl::Status status = RunClientMutant(*mutant, *endpoint, STDIN_FILENO, STDOUT_FILENO);
    if (absl::IsInvalidArgument(status)) return Complain(status);
    return status.ok() ? kExitHolds : Complain(kExitFails, status.message());
  }
  if (!flags.builtin) return Complain(kExitUsage, "pretend: --builtin or --mutant NAME");
  const auto addresses = Resolve(*endpoint, ResolveFor::kConnecting);
  const bool is_usage = absl::IsInvalidArgument(addresses.status());
  if (!addresses.ok()) {
    return Complain(is_usage ? kExitUsage : kExitFails, addresses.status().message());
  }
  const absl::Status status = RunBuiltin(*endpoint, *addresses);
  return status.ok() ? kExitHolds : Complain(kExitFails, status.message());
}

}  // namespace

void AddPretend(CLI::App& app, int* status) {
  auto flags = std::make_shared<TargetFlags>();
  CLI::App* command = app.add_subcommand("pretend", "")->group("");
  command->add_option("ENDPOINT", flags->endpoint)->required();
  command->add_flag("--builtin", flags->builtin);
  command->add_option("--mutant", flags->mutant);
  command->callback([flags, status] { *status = PretendTo(*flags); });
}

}  // namespace verbatim
