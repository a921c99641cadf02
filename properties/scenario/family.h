// Family: what a target is, a server of something or a client. Requirements and mutants are each of
// one. Not for: how it is reached (Transport, core/endpoint.h).
#pragma once

namespace verbatim {

enum class Family {
  kStream,          // bytes
  kDatagram,        // datagrams of UDP or a unix socket
  kIcmp,            // ICMP echo requests
  kClient,          // a client of an echo of bytes: it is we who answer
  kDatagramClient,  // likewise of datagrams
};

}  // namespace verbatim
