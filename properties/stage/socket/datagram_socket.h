// A datagram socket of our own, for who asks a target and takes answers from everybody.
// Not for: what is sent over it (datagrams.h plays scenarios; trials ask by themselves).
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "core/address.h"
#include "core/unique_fd.h"

namespace verbatim {

// A non-blocking socket that is not connected, with room for much, which is told of refusals. It
// has a name of its own: `from`, or else any port but the one that is asked (alone there, it would
// answer itself) or, of a unix socket, an abstract name. Returns the errno of bind (ErrnoOf) iff
// `from` can't be had; kInternal iff there is no socket, or no other name, to be had.
absl::StatusOr<UniqueFd> OpenDatagramSocket(
    const SocketAddress& asked, const std::optional<SocketAddress>& from = std::nullopt);

// Whether a call's errno says that nobody is at the address.
bool IsRefusal(int error);

// Whether it is of 127.0.0.0/8 (RFC 1122 §3.2.1.3), or ::1.
bool IsLoopback(const SocketAddress& address);

}  // namespace verbatim
