// Law: whatever up to eight peers do, and whatever the server's system calls meet, every byte comes
// back to whom it belongs, in order; no connection stops another; nothing is held beyond the bound,
// left open, used after its close, or waited for in vain. Only a connection whose own calls failed
// for good may end early, and what it did return is right.
// An input is a scenario of role server.
#include "fuzz/played.h"

const verbatim::Role verbatim::kPlayedRole = verbatim::Role::kServer;
