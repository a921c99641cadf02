// Which server has which defect.
#include <utility>

#include "absl/strings/str_cat.h"
#include "echo/daemon.h"
#include "properties/mutants/forking_server.h"
#include "properties/mutants/hooked_server.h"
#include "properties/mutants/mutants.h"
#include "properties/mutants/plain_datagram.h"
#include "properties/mutants/plain_server.h"

namespace verbatim {
namespace {

bool Serves(const Mutant& mutant, Transport transport) {
  if (mutant.family == Family::kStream) return SocketType(transport) == SOCK_STREAM;
  return mutant.family == Family::kDatagram && SocketType(transport) == SOCK_DGRAM;
}

}  // namespace

absl::Status ServeMutant(const Mutant& mutant, Listening<PosixKernel> listening) {
  if (mutant.waits_for_faults) {
    return absl::InvalidArgumentError(
        absl::StrCat(mutant.name, ": this one waits for injected faults"));
  }
  if (!Serves(mutant, listening.transport)) {
    return absl::InvalidArgumentError(
        absl::StrCat(mutant.name, ": not on ", TransportName(listening.transport)));
  }
  if (mutant.datagram_hooks != nullptr) {
    return PlainDatagramServer(mutant.datagram_hooks(), std::move(listening)).Run();
  }
  if (mutant.stream_hooks != nullptr) {
    return HookedServer(mutant.stream_hooks(), std::move(listening)).Run();
  }
  switch (mutant.defect) {
    case Defect::kNoneForking:
    case Defect::kForkLeaksDescriptor:
    case Defect::kZombies:
    case Defect::kOneWaitForEach:
      return ServeForking(mutant.defect, std::move(listening));
    default:
      return PlainServer(mutant.defect, std::move(listening)).Run();
  }
}

absl::Status ServeMutant(const Mutant& mutant, const Endpoint& endpoint) {
  if (!Serves(mutant, endpoint.transport)) {
    const bool is_stream = mutant.family == Family::kStream;
    return absl::InvalidArgumentError(
        absl::StrCat(endpoint.ToString(), ": ", mutant.name,
                     is_stream ? " serves streams, such as tcp://127.0.0.1:7"
                               : " serves datagrams, such as udp://127.0.0.1:7"));
  }
  absl::StatusOr<std::vector<SocketAddress>> addresses = Resolve(endpoint, ResolveFor::kListening);
  if (!addresses.ok()) return addresses.status();
  PosixKernel kernel;
  RemoveIfStale(endpoint.transport, addresses->front());
  absl::StatusOr<Listening<PosixKernel>> listening =
      Listen(kernel, endpoint.transport, addresses->front(), SOMAXCONN);
  if (!listening.ok()) return listening.status();
  return ServeMutant(mutant, *std::move(listening));
}

}  // namespace verbatim
