// The requirements on clients that are no scenario: another door than the usual one, or datagrams
// that are nobody's reply.
// Not for: the rows themselves (catalogue_client.cc).
#pragma once

#include "absl/status/statusor.h"
#include "properties/judge/verdict.h"
#include "properties/requirements/trial.h"

namespace verbatim {

absl::StatusOr<Verdict> ClientRefused(Trial& trial);
absl::StatusOr<Verdict> ClientResolvesName(Trial& trial);
absl::StatusOr<Verdict> ClientTriesNextAddress(Trial& trial);
absl::StatusOr<Verdict> ClientTakesIpv6(Trial& trial);

absl::StatusOr<Verdict> DatagramClientRefused(Trial& trial);
absl::StatusOr<Verdict> DatagramClientBearsLoss(Trial& trial);
absl::StatusOr<Verdict> DatagramClientBearsEmpty(Trial& trial);
absl::StatusOr<Verdict> DatagramClientIgnoresStrangers(Trial& trial);

}  // namespace verbatim
