// Family: what a target answers. Requirements and mutants are each of one.
// Not for: how it is reached (Transport, core/endpoint.h).
#pragma once

namespace verbatim {

enum class Family {
  kStream,    // bytes
  kDatagram,  // datagrams of UDP or a unix socket
  kIcmp,      // ICMP echo requests
};

}  // namespace verbatim
