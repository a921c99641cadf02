// Mutants of clients that go wrong before they are connected.
// Not for: those that are connected (client_ends.cc).
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/status.h"
#include "properties/mutants/client_mutants.h"

namespace verbatim {
namespace {

using AddressList = std::vector<SocketAddress>;

struct FirstAddressOnly : ClientHooks {
  absl::StatusOr<std::vector<SocketAddress>> Addresses(const Endpoint& endpoint) override {
    auto all = ClientHooks::Addresses(endpoint);
    if (all.ok()) all->resize(1);
    return all;
  }
};

struct IPv4Only : ClientHooks {
  absl::StatusOr<std::vector<SocketAddress>> Addresses(const Endpoint& endpoint) override {
    auto all = ClientHooks::Addresses(endpoint);
    if (!all.ok()) return all;
    std::erase_if(*all, [](const SocketAddress& one) { return one.family() == AF_INET6; });
    if (!all->empty()) return all;
    return absl::NotFoundError(absl::StrCat(endpoint.host, ": no IPv4 address"));
  }
};

// inet_pton for all that it is given.
struct NumbersOnly : ClientHooks {
  absl::StatusOr<std::vector<SocketAddress>> Addresses(const Endpoint& endpoint) override {
    in6_addr address{};
    const char* const host = endpoint.host.c_str();
    const bool is_number =
        ::inet_pton(AF_INET, host, &address) == 1 || ::inet_pton(AF_INET6, host, &address) == 1;
    if (is_number || IsUnix(endpoint.transport)) return ClientHooks::Addresses(endpoint);
    return absl::NotFoundError(absl::StrCat(endpoint.host, ": not an address"));
  }
};

// One socket for all addresses, of the first one's family.
struct SameSocketAgain : ClientHooks {
  absl::StatusOr<UniqueFd> Connect(const Endpoint& endpoint,
                                   const AddressList& addresses) override {
    UniqueFd fd(::socket(addresses[0].family(), SocketType(endpoint.transport) | SOCK_CLOEXEC, 0));
    for (const SocketAddress& address : addresses) {
      if (::connect(fd.get(), address.data(), address.size()) == 0) return fd;
    }
    return ErrnoStatus(errno, "connect", endpoint.ToString());
  }
};

struct RetriesForEver : ClientHooks {
  absl::StatusOr<UniqueFd> Connect(const Endpoint& endpoint,
                                   const AddressList& addresses) override {
    while (true) {
      absl::StatusOr<UniqueFd> fd = ClientHooks::Connect(endpoint, addresses);
      if (fd.ok()) return fd;
      ::poll(nullptr, 0, 100);
    }
  }
};

struct SilentRefusal : ClientHooks {
  absl::Status Refused(absl::Status) override { ::_exit(1); }
};

struct RefusalOnOutput : ClientHooks {
  absl::Status Refused(absl::Status status) override {
    const std::string line = absl::StrCat(status.message(), "\n");
    (void)!::write(STDOUT_FILENO, line.data(), line.size());
    ::_exit(1);
  }
};

}  // namespace

std::vector<Mutant> ClientConnectMutants() {
  return {
      ClientRow<FirstAddressOnly>("first-address-only",
                                  "of several addresses only the first is tried",
                                  "clients that use h_addr", {"client.next-address"}),
      ClientRow<SameSocketAgain>("same-socket-again",
                                 "all addresses are tried with the first one's socket",
                                 "loops that begin behind socket (2)", {"client.next-address"}),
      ClientRow<IPv4Only>("ipv4-only", "IPv6 addresses are not connected to",
                          "sockaddr_in and AF_INET", {"client.ipv6"}),
      ClientRow<NumbersOnly>("numbers-only", "names are not resolved",
                             "the lecture's client, with inet_addr", {"client.name-resolution"}),
      ClientRow<RetriesForEver>("retries-for-ever", "a refused connection is tried again for ever",
                                "clients that wait for their server", {"client.refused"}),
      ClientRow<SilentRefusal>("silent-refusal", "a refusal is not said anywhere",
                               "exit(1) without perror", {"client.refused"}),
      ClientRow<RefusalOnOutput>("refusal-on-output", "a refusal is said on standard output",
                                 "clients that say all by printf", {"client.refused"}),
  };
}

}  // namespace verbatim
