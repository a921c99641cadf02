// The stream requirements that no scenario can say: each function is one requirement's sentence.
// Not for: the rows themselves (catalogue.h), or what scenarios can say (stream.h).
#pragma once

#include "absl/status/statusor.h"
#include "properties/judge/verdict.h"
#include "properties/requirements/trial.h"

namespace verbatim {

// Each returns kInternal iff our own side failed. What was measured is the trial's note.

absl::StatusOr<Verdict> PromptNoStall(Trial& trial);

absl::StatusOr<Verdict> ManyHundredIsolated(Trial& trial);
absl::StatusOr<Verdict> ManyThousand(Trial& trial);  // an own instance where spawned
absl::StatusOr<Verdict> ManyBacklog(Trial& trial);
absl::StatusOr<Verdict> SurviveChurn(Trial& trial);
absl::StatusOr<Verdict> SurviveVolume(Trial& trial);

absl::StatusOr<Verdict> PressureManyPieces(Trial& trial);
absl::StatusOr<Verdict> PressureLongStall(Trial& trial);
absl::StatusOr<Verdict> HalfCloseDrainsLate(Trial& trial);
absl::StatusOr<Verdict> PressureBounded(Trial& trial);
// These four need kSpawned (PressureBounded looks at the process only where there is one).
absl::StatusOr<Verdict> SurviveFdExhaustion(Trial& trial);  // an own instance
absl::StatusOr<Verdict> IdleNoCpu(Trial& trial);
absl::StatusOr<Verdict> StopSigterm(Trial& trial);  // an own instance

// These two need kTcp.
absl::StatusOr<Verdict> UrgentObserved(Trial& trial);
absl::StatusOr<Verdict> UrgentOthersIntact(Trial& trial);

}  // namespace verbatim
