// Addresses: which are this machine's, who is bound where, and what the kernel chooses.
// Not for: what is sent there (simulated_datagram.cc), who listens there (simulated_connect.cc).
#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/simulated_kernel.h"

namespace verbatim {

bool SimulatedKernel::IsWildcard(const SocketAddress& address) {
  if (address.family() == AF_INET) {
    return reinterpret_cast<const sockaddr_in*>(address.data())->sin_addr.s_addr == 0;
  }
  return address.family() == AF_INET6 &&
         IN6_IS_ADDR_UNSPECIFIED(&reinterpret_cast<const sockaddr_in6*>(address.data())->sin6_addr);
}

// Every address but a wildcard is this machine's. What is sent to 127.0.0.0/8 comes from 127.0.0.1
// unless its sender says otherwise.
SocketAddress SimulatedKernel::SourceFor(const SocketAddress& to) {
  if (to.family() != AF_INET) return to.WithPort(0);
  const uint32_t host = ntohl(reinterpret_cast<const sockaddr_in*>(to.data())->sin_addr.s_addr);
  return host >> 24 == 127 ? SocketAddress::FromIPv4({127, 0, 0, 1}, 0) : to.WithPort(0);
}

// Whether what is sent to `to` reaches a socket bound to `local`.
bool SimulatedKernel::Reaches(const SocketAddress& to, const SocketAddress& local) {
  if (to == local) return true;
  return to.family() == local.family() && local.family() != AF_UNIX && to.port() == local.port() &&
         IsWildcard(local);
}

bool SimulatedKernel::IsTaken(const Node* node, const SocketAddress& address) const {
  for (size_t i = 0; i < used_; ++i) {
    const Node& other = *nodes_[i];
    if (!other.is_bound || other.domain != node->domain || &other == node) continue;
    // The file of a closed socket stays (unix(7)).
    if (other.is_unix()) {
      if (other.local == address && (other.is_open || !address.IsAbstract())) return true;
      continue;
    }
    const bool shares =
        other.kind != node->kind || (other.connects() && other.state == Node::State::kConnected);
    if (!other.is_open || shares) continue;
    if (Reaches(address, other.local) || Reaches(other.local, address)) return true;
  }
  return false;
}

SocketAddress SimulatedKernel::WithFreePort(const SocketAddress& address) {
  return address.WithPort(next_port_++);
}

// The kernel chooses: an abstract name, or a port of every address.
int SimulatedKernel::Autobind(Node* node) {
  if (node->is_bound) return 0;
  if (node->is_unix()) {
    node->local =
        *SocketAddress::FromAbstract(absl::StrCat(absl::Hex(next_port_++, absl::kZeroPad5)));
  } else if (node->domain == AF_INET) {
    node->local = WithFreePort(SocketAddress::FromIPv4({}, 0));
  } else {
    node->local = WithFreePort(SocketAddress::FromIPv6({}, 0));
  }
  node->is_bound = true;
  return 0;
}
// A unix socket's file may be there without a socket.
int SimulatedKernel::NoReceiver(const SocketAddress& to) const {
  if (to.IsAbstract()) return -ECONNREFUSED;
  for (size_t i = 0; i < used_; ++i) {
    if (nodes_[i]->is_bound && nodes_[i]->local == to) return -ECONNREFUSED;
  }
  return -ENOENT;
}

// A socket without a name has its family alone (unix(7)).
void SimulatedKernel::GiveAddress(const SocketAddress& address, int domain, void* at,
                                  socklen_t* size) {
  const sa_family_t family = static_cast<sa_family_t>(domain);
  const bool is_unnamed = address.family() == AF_UNSPEC;
  const void* from = is_unnamed ? static_cast<const void*>(&family) : address.data();
  const socklen_t length = is_unnamed ? sizeof(family) : address.size();
  std::memcpy(at, from, std::min(*size, length));
  *size = length;
}

}  // namespace verbatim
