// Law: whatever up to eight sockets ask, and whatever the server's system calls meet, each datagram
// is answered once, whole, on its own socket and from the address that was asked; as many answers
// may be missing as faults of sending took, and no more. Nothing is left open, used after its
// close, or waited for in vain.
// An input is a scenario of role datagram-server.
#include "fuzz/played.h"

const verbatim::Role verbatim::kPlayedRole = verbatim::Role::kDatagramServer;
