// A dump of listening sockets, cut down to one port by the kernel.
// Not for: connections (queue.cc).
#include "properties/stage/socket/diag.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "core/unique_fd.h"

namespace verbatim {
namespace {

struct ListenerRequest {
  nlmsghdr header{};
  inet_diag_req_v2 body{};
};

enum class More { kYes, kNo, kFailed };

// Reads the messages of one answer; `found` gets the listener, if one is among them.
More Read(const char* answer, size_t size, int state, uint16_t port,
          std::optional<DiagListener>* found) {
  for (size_t at = 0; at + sizeof(nlmsghdr) <= size;) {
    nlmsghdr header;
    std::memcpy(&header, answer + at, sizeof(header));
    if (header.nlmsg_type == NLMSG_DONE) return More::kNo;
    if (header.nlmsg_type == NLMSG_ERROR || header.nlmsg_len < NLMSG_HDRLEN) return More::kFailed;
    inet_diag_msg message;
    if (header.nlmsg_type == SOCK_DIAG_BY_FAMILY && at + NLMSG_HDRLEN + sizeof(message) <= size) {
      std::memcpy(&message, answer + at + NLMSG_HDRLEN, sizeof(message));
      if (message.idiag_state == state && message.id.idiag_sport == htons(port) && !*found) {
        *found = DiagListener();
        std::memcpy((*found)->octets.data(), message.id.idiag_src, (*found)->octets.size());
        (*found)->inode = message.idiag_inode;
      }
    }
    at += NLMSG_ALIGN(header.nlmsg_len);
  }
  return More::kYes;
}

}  // namespace

absl::StatusOr<std::optional<DiagListener>> FindDiagListener(int family, uint16_t port,
                                                             int socket_type) {
  const absl::Status silent = absl::UnavailableError("the kernel has no sock_diag for this");
  const bool stream = socket_type == SOCK_STREAM;
  // What is neither listening nor connected is "closed": so is a bound UDP socket.
  const int state = stream ? TCP_LISTEN : TCP_CLOSE;
  const UniqueFd diag(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  ListenerRequest request;
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.body.sdiag_family = static_cast<__u8>(family);
  request.body.sdiag_protocol = stream ? IPPROTO_TCP : IPPROTO_UDP;
  request.body.idiag_states = 1u << state;
  request.body.id.idiag_sport = htons(port);
  if (!diag || ::send(diag.get(), &request, sizeof(request), 0) < 0) return silent;
  std::optional<DiagListener> found;
  while (true) {
    // Each part is there before it is asked for.
    alignas(nlmsghdr) std::array<char, 32 * 1024> answer;
    const ssize_t got = ::recv(diag.get(), answer.data(), answer.size(), MSG_DONTWAIT);
    if (got <= 0) return silent;
    const More more = Read(answer.data(), static_cast<size_t>(got), state, port, &found);
    if (more == More::kFailed) return silent;
    if (more == More::kNo) return found;
  }
}

}  // namespace verbatim
