// A server with a process for each connection, with at most one defect.
// Not for: anything that one process can show (plain_server.h).
#pragma once

#include "absl/status/status.h"
#include "core/posix_kernel.h"
#include "echo/sockets.h"
#include "properties/mutants/mutants.h"

namespace verbatim {

// Serves until it is ended. Returns the failing call iff it can't wait.
absl::Status ServeForking(Defect defect, Listening<PosixKernel> listening);

}  // namespace verbatim
