// The one place where errno becomes absl::Status, and the one that retries EINTR.
// Not for: printing, or deciding what an error means to a peer.
#pragma once

#include <cerrno>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace verbatim {

// "connect 127.0.0.1:7: Connection refused (ECONNREFUSED)", with the code that
// absl::ErrnoToStatusCode gives and the number kept for ErrnoOf. `operation` is the call's name,
// `subject` what it was done to (an address, a path), escaped; an empty subject is left out.
// Returns OK iff error_number is 0.
absl::Status ErrnoStatus(int error_number, absl::string_view operation, absl::string_view subject);

// The errno that ErrnoStatus was given; 0 if `status` did not come from there.
int ErrnoOf(const absl::Status& status);

// The symbol ("ECONNRESET"), or the number in digits if it has none.
std::string ErrnoName(int error_number);

// Bad input: `"127.0.0.1:x": character 11: a port is 1 to 5 digits`. `position` counts bytes from 0
// and is printed from 1; what can't be printed in `text` is escaped, and long text is cut.
// Returns kInvalidArgument, always.
absl::Status BadText(absl::string_view text, size_t position, absl::string_view what);

// Calls `call` until it returns something other than -EINTR. Calls of the seam return -errno
// (core/kernel.h); a signal handler without SA_RESTART is why (signal(7)).
template <typename Call>
auto RetryEintr(Call call) {
  auto result = call();
  while (result == -EINTR) result = call();
  return result;
}

}  // namespace verbatim
