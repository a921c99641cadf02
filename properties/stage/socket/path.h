// A path for a target's unix socket, and whether it listens there: without ever connecting to it,
// since a connecting probe uses up a one-shot server.
// Not for: addresses in general (core/address.h), or TCP (port.h).
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace verbatim {

// A path in a fresh directory, which nobody else may enter, below TMPDIR or, where that is too long
// for a unix socket (107 bytes, unix(7)) or would need quoting in a shell, below /tmp. Nothing is
// there yet. The directory goes with this value, and with all that is in it.
class PathClaim {
 public:
  // Returns the failing call, the directory and errno's name iff none could be made.
  static absl::StatusOr<PathClaim> Take();
  PathClaim(PathClaim&& other) noexcept;
  PathClaim& operator=(PathClaim&& other) noexcept;
  ~PathClaim();

  std::string path() const;

 private:
  explicit PathClaim(std::string directory) : directory_(std::move(directory)) {}
  void Remove();
  std::string directory_;  // empty: moved from
};

// Removes the directories of all claims that there are: for a program that ends without
// destructors.
void RemovePathClaims();

// The inode of the stream socket that listens on `path`, or of the datagram socket (SOCK_DGRAM)
// that is bound to it, as /proc/net/unix shows it. A file that is left of one is none.
std::optional<uint64_t> FindUnixListener(absl::string_view path, int socket_type = SOCK_STREAM);

// The same from the text of that file. Public for its tests.
std::optional<uint64_t> FindUnixListenerIn(absl::string_view file, absl::string_view path,
                                           int socket_type = SOCK_STREAM);

}  // namespace verbatim
