// Law: whatever a server replies, holds back, ends or resets, and whatever the client's own system
// calls meet, its output is what was replied, byte for byte, and its status says whether all came
// back; nothing is held beyond the bound, left open, used after its close, or waited for in vain.
// An input is a scenario of role client.
#include "fuzz/played.h"

const verbatim::Role verbatim::kPlayedRole = verbatim::Role::kClient;
