// What some program reads as one thing, wherever it stands: for every requirement on content.
// Not for: payloads in general (scenario/payload.h).
#pragma once

#include <string>
#include <vector>

namespace verbatim {

// First on a connection, or where a read ends within it. Telnet's doubled IAC (RFC 854), its CR
// NUL, a byte order mark, TLS's first bytes …
std::vector<std::string> ReadAsOne();

}  // namespace verbatim
