// The echo of one datagram, or of one record of a SOCK_SEQPACKET connection: whole, to whom it came
// from, and from the address that was asked.
// Not for: which sockets there are and when they are ready (server.h), or asking
// (datagram_client.h).
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "core/endpoint.h"
#include "core/kernel.h"
#include "core/status.h"
#include "echo/icmp.h"

namespace verbatim {

// What became of it. kHeld: it can't be sent for now and is kept by the kernel, to be tried again.
enum class Answer { kSent, kIgnored, kNothingThere, kHeld, kEnd };

// UDP's largest, with room: 65,535 bytes less the headers. Unix sockets know larger ones.
constexpr size_t kDatagramBytes = 65536;

// The small services (RFC 862 to 868): to answer one may begin an endless exchange of two servers
// (CERT CA-1996-01, CVE-2024-2169).
inline bool IsSmallService(uint16_t port) {
  return port == 7 || port == 13 || port == 17 || port == 19 || port == 37;
}

// Makes of what came with a datagram (IP_PKTINFO, IPV6_PKTINFO) what sends the answer from the
// address that was asked; of a broadcast or multicast, from one that the kernel chooses.
inline void AnswerFromAsked(msghdr* message) {
  cmsghdr* control = CMSG_FIRSTHDR(message);
  message->msg_controllen = 0;
  if (control == nullptr) return;
  if (control->cmsg_type == IP_PKTINFO && control->cmsg_level == IPPROTO_IP) {
    in_pktinfo info;
    std::memcpy(&info, CMSG_DATA(control), sizeof(info));
    info.ipi_ifindex = 0;  // routing chooses the way back
    std::memcpy(CMSG_DATA(control), &info, sizeof(info));
    message->msg_controllen = CMSG_SPACE(sizeof(info));
  }
  if (control->cmsg_type == IPV6_PKTINFO && control->cmsg_level == IPPROTO_IPV6) {
    in6_pktinfo info;
    std::memcpy(&info, CMSG_DATA(control), sizeof(info));
    if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr)) info.ipi6_addr = in6addr_any;
    if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = 0;
    std::memcpy(CMSG_DATA(control), &info, sizeof(info));
    message->msg_controllen = CMSG_SPACE(sizeof(info));
  }
}

template <Kernel K>
class DatagramEcho {
 public:
  // `answers_all`: small services too. `kernel` must outlive it.
  DatagramEcho(K* kernel, bool answers_all) : kernel_(kernel), answers_all_(answers_all) {}

  // Answers what comes next on `fd`. On unix sockets nothing is taken from the kernel before it
  // could be sent on, so that nothing is lost while its sender doesn't read (unless `drop`), and
  // descriptors that were passed are never opened. *bytes is how much was sent. *error is 0 or the
  // errno that a connection is to end by.
  Answer AnswerNext(int fd, Transport transport, int family, bool drop, size_t* bytes, int* error) {
    if (buffer_.empty()) buffer_.resize(kDatagramBytes);
    const bool is_unix = family == AF_UNIX;
    sockaddr_storage from{};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(in6_pktinfo))];
    iovec data{buffer_.data(), buffer_.size()};
    msghdr message{&from, sizeof(from), &data, 1, control, is_unix ? 0 : sizeof(control), 0};
    const ssize_t got = RetryEintr(
        [&] { return kernel_->RecvMessage(fd, &message, is_unix ? MSG_PEEK | MSG_TRUNC : 0); });
    if (got == -EAGAIN) return Answer::kNothingThere;
    const bool is_connected = transport == Transport::kUnixpacket;
    if (got < 0) {  // of an unconnected socket an earlier answer's, refused (udp(7)): nobody's here
      *error = static_cast<int>(-got);
      return is_connected ? Answer::kEnd : Answer::kIgnored;
    }
    if (is_connected && got == 0) return Answer::kEnd;
    if (static_cast<size_t>(got) > buffer_.size()) {
      buffer_.resize(static_cast<size_t>(got));
      return AnswerNext(fd, transport, family, drop, bytes, error);
    }
    data.iov_len = static_cast<size_t>(got);
    std::string reply;
    Answer answer = Answer::kIgnored;
    if (IsToBeAnswered(transport, from, message) && PutReply(transport, family, &data, &reply)) {
      AnswerFromAsked(&message);
      answer = Send(fd, &message, error);
    }
    if (answer == Answer::kHeld && !(is_unix && !drop)) answer = Answer::kIgnored;
    if (answer == Answer::kSent) *bytes = data.iov_len;
    if (is_unix && answer != Answer::kHeld) {
      RetryEintr([&] { return kernel_->Recv(fd, nullptr, 0, MSG_TRUNC); });
    }
    return answer == Answer::kIgnored && is_connected ? Answer::kEnd : answer;
  }

  // Where the last datagram lies.
  const char* data() const { return buffer_.data(); }

 private:
  bool IsToBeAnswered(Transport transport, const sockaddr_storage& from, const msghdr& message) {
    if (transport == Transport::kUnixpacket || transport == Transport::kIcmp) return true;
    // A unix socket without a name can't be sent to.
    if (transport == Transport::kUnixgram) {
      return message.msg_namelen > offsetof(sockaddr_un, sun_path);
    }
    const absl::StatusOr<SocketAddress> address =
        SocketAddress::FromSockaddr(reinterpret_cast<const sockaddr*>(&from), message.msg_namelen);
    return address.ok() && address->port() != 0 &&
           (answers_all_ || !IsSmallService(address->port()));
  }

  // Of ICMP the answer is another message; all else is returned as it came.
  bool PutReply(Transport transport, int family, iovec* data, std::string* reply) {
    if (transport != Transport::kIcmp) return true;
    absl::string_view packet(buffer_.data(), data->iov_len);
    if (family == AF_INET) packet = WithoutIpHeader(packet);
    const std::optional<IcmpEcho> request = ReadIcmp(packet, family);
    if (!request.has_value() || request->is_reply) return false;
    *reply = IcmpText({true, request->id, request->sequence, request->data}, family);
    *data = {reply->data(), reply->size()};
    return true;
  }

  Answer Send(int fd, msghdr* message, int* error) {
    const auto send = [&] {
      return RetryEintr([&] { return kernel_->SendMessage(fd, message, MSG_NOSIGNAL); });
    };
    ssize_t sent = send();
    if (sent == -EMSGSIZE) {
      // The sender's buffer is larger than ours; the kernel cuts the wish to net.core.wmem_max.
      const int most = 1 << 30;
      kernel_->SetOption(fd, SOL_SOCKET, SO_SNDBUF, &most, sizeof(most));
      sent = send();
    }
    if (sent >= 0 || sent == -EAGAIN) return sent >= 0 ? Answer::kSent : Answer::kHeld;
    *error = static_cast<int>(-sent);
    return Answer::kIgnored;
  }

  K* const kernel_;
  const bool answers_all_;
  std::vector<char> buffer_;  // made when it is first needed: streams need none
};

}  // namespace verbatim
