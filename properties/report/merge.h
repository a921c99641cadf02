// Merging: the shards of one run as the report of the whole run.
// Not for: comparing different runs or targets.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "properties/report/report.h"

namespace verbatim {

// The outcomes in the order of the ids chosen; seconds and starts are sums; the exit status, made
// from the outcomes, is that of the whole run. Where shards were held to a target of another name
// (a port of its own), a note says so. A single report of a whole run is its own merge.
// Returns kInvalidArgument, in one line that says what and in which shard, iff there is no report;
// they differ in version, transport, seed, cases, profile, strict, number of shards or the ids
// chosen; a shard is missing or there twice; or an id is missing, there twice or was not chosen.
absl::StatusOr<Report> Merge(std::vector<Report> shards);

}  // namespace verbatim
