// Descriptors 0, 1 and 2 as a program may rely on them.
// Not for: what is read from or written to them.
#pragma once

#include <fcntl.h>

namespace verbatim {

// To be called first in main. A closed one of the three would be given to the next socket, and what
// is written to standard output would then go to a peer. Each that is closed is opened so that
// using it fails with EBADF, as if it were closed still.
inline void OccupyStandardFds() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) (void)!::open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace verbatim
