// What icmp_probe.h promises.
#include "properties/requirements/icmp_probe.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/endpoint.h"
#include "properties/requirements/icmp_peer.h"

namespace verbatim {
namespace {

constexpr int kProbeTries = 3;
constexpr size_t kDataBytes = 56;

}  // namespace

absl::Status ProbeIcmp(const Door& door, int64_t deadline_ms) {
  const SocketAddress& to = door.addresses.front();
  std::string why = absl::StrCat("no answer within ", deadline_ms, " ms, ", kProbeTries, " times");
  for (int i = 0; i < kProbeTries; ++i) {
    absl::StatusOr<IcmpPeer> peer = IcmpPeer::Open(to);
    if (!peer.ok()) return peer.status();
    std::string data(kDataBytes, 'v');
    peer->Mark(&data);
    if (const absl::Status status = peer->Send(data); !status.ok()) {
      why = std::string(status.message());
      continue;
    }
    const absl::StatusOr<std::optional<IcmpAnswer>> answer = peer->Await(deadline_ms);
    if (!answer.ok()) return answer.status();
    if (answer->has_value()) return absl::OkStatus();
  }
  return absl::UnavailableError(absl::StrCat(EndpointText(Transport::kIcmp, to), ": ", why));
}

}  // namespace verbatim
