// Which client has which defect.
// Not for: servers (serve.cc).
#include <sys/socket.h>

#include "absl/strings/str_cat.h"
#include "properties/mutants/mutants.h"
#include "properties/mutants/plain_client.h"
#include "properties/mutants/plain_datagram_client.h"

namespace verbatim {

absl::Status RunClientMutant(const Mutant& mutant, const Endpoint& endpoint, int input,
                             int output) {
  const int type = SocketType(endpoint.transport);
  absl::Status status;
  if (mutant.client_hooks != nullptr && type == SOCK_STREAM) {
    status = RunPlainClient(*mutant.client_hooks(), endpoint, input, output);
  } else if (mutant.datagram_client_hooks != nullptr && type == SOCK_DGRAM) {
    status = RunPlainDatagramClient(*mutant.datagram_client_hooks(), endpoint, input, output);
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat(endpoint.ToString(), ": ", mutant.name, " is no client of this"));
  }
  // EINVAL of a call has the same code, and says nothing of the endpoint.
  if (absl::IsInvalidArgument(status)) return absl::UnavailableError(status.message());
  return status;
}

}  // namespace verbatim
