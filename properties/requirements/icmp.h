// The requirements on ICMP echo: each function is one requirement's sentence.
// Not for: the rows themselves (catalogue_icmp.cc).
#pragma once

#include "absl/status/statusor.h"
#include "properties/judge/verdict.h"
#include "properties/requirements/trial.h"

namespace verbatim {

// Each returns kInternal iff our own side failed. Where no socket is allowed, or the kind that is
// does not show it, the verdict is kNotJudged with the reason. What was asked is the trial's note.

absl::StatusOr<Verdict> IcmpExactData(Trial& trial);
absl::StatusOr<Verdict> IcmpExactIdSequence(Trial& trial);
absl::StatusOr<Verdict> IcmpChecksum(Trial& trial);
absl::StatusOr<Verdict> IcmpLarge(Trial& trial);
absl::StatusOr<Verdict> IcmpSourceAddress(Trial& trial);
absl::StatusOr<Verdict> IcmpOneForOne(Trial& trial);  // needs kLocal

}  // namespace verbatim
