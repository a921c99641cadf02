// ICMP's two kinds of sockets, and telling our answers from those of others.
// Not for: messages themselves (echo/icmp.h).
#include "properties/requirements/icmp_peer.h"

#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <random>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/endpoint.h"
#include "core/posix_kernel.h"
#include "core/status.h"
#include "echo/icmp.h"
#include "echo/sockets.h"

namespace verbatim {
namespace {

using std::chrono::steady_clock;

constexpr size_t kNonceBytes = 8;
// Smaller data have no nonce: there would be little else in them.
constexpr size_t kMarkedBytes = 16;
constexpr size_t kPacketBytes = 1 << 17;
constexpr size_t kChecksumAt = 2;
constexpr int kReceiveBufferBytes = 1 << 20;

// Not of the seed: what came late for an earlier run must not fit this one.
uint16_t Random16() {
  static thread_local std::mt19937 generator{std::random_device{}()};
  return static_cast<uint16_t>(std::uniform_int_distribution<unsigned>(0, 0xffff)(generator));
}

std::string RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(Random16() & 0xff);
  return bytes;
}

bool IsForbidden(int error) { return error == EPERM || error == EACCES; }

absl::Status NothingAllowed() {
  return absl::FailedPreconditionError(
      "no ICMP socket is allowed here: CAP_NET_RAW (root has it) would allow a raw one, a group of "
      "ours in the sysctl net.ipv4.ping_group_range a ping socket");
}

// Echo replies alone, and room for some of the largest. Where the kernel can't do it, what else
// comes is passed by all the same.
void Prepare(int fd, int family, bool is_raw) {
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBufferBytes,
                   sizeof(kReceiveBufferBytes)) != 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBufferBytes, sizeof(kReceiveBufferBytes));
  }
  if (!is_raw) return;
  if (family == AF_INET) {
    icmp_filter filter = {};
    filter.data = ~(uint32_t{1} << ICMP_ECHOREPLY);
    ::setsockopt(fd, SOL_RAW, ICMP_FILTER, &filter, sizeof(filter));
    return;
  }
  icmp6_filter filter;
  ICMP6_FILTER_SETBLOCKALL(&filter);
  ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
  ::setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter));
}

int64_t MsUntil(steady_clock::time_point end) {
  const auto left = end - steady_clock::now();
  return std::chrono::duration_cast<std::chrono::milliseconds>(left).count();
}

}  // namespace

absl::StatusOr<uint64_t> RoomOnPath(const SocketAddress& to) {
  const bool four = to.family() == AF_INET;
  // Only a connected socket is told (ip(7), ipv6(7)); nothing is sent.
  const UniqueFd fd(::socket(to.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return ErrnoStatus(errno, "socket", "");
  const SocketAddress address = to.WithPort(9);
  if (::connect(fd.get(), address.data(), address.size()) != 0) {
    return ErrnoStatus(errno, "connect", address.ToString());
  }
  int mtu = 0;
  socklen_t size = sizeof(mtu);
  const int level = four ? IPPROTO_IP : IPPROTO_IPV6;
  if (::getsockopt(fd.get(), level, four ? IP_MTU : IPV6_MTU, &mtu, &size) != 0) {
    return ErrnoStatus(errno, "getsockopt IP_MTU", address.ToString());
  }
  const uint64_t headers = (four ? 20 : 40) + 8;
  const uint64_t bytes = std::max<uint64_t>(static_cast<uint64_t>(mtu), headers);
  return std::min(bytes - headers, LargestIcmpData(to.family()));
}

absl::StatusOr<IcmpPeer> IcmpPeer::Open(const SocketAddress& to) {
  const int protocol = to.family() == AF_INET ? static_cast<int>(IPPROTO_ICMP) : IPPROTO_ICMPV6;
  for (const bool is_raw : {true, false}) {
    const int type = is_raw ? SOCK_RAW : SOCK_DGRAM;
    UniqueFd fd(::socket(to.family(), type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
    if (!fd && IsForbidden(errno)) continue;
    if (!fd) return absl::InternalError(ErrnoStatus(errno, "socket", "ICMP").message());
    Prepare(fd.get(), to.family(), is_raw);
    IcmpPeer peer(std::move(fd), is_raw, to.WithPort(0));
    if (absl::Status status = peer.ChooseIds(); !status.ok()) return status;
    return peer;
  }
  return NothingAllowed();
}

absl::Status IcmpPeer::ChooseIds() {
  id_ = Random16();
  sequence_ = Random16();
  if (is_raw_) return absl::OkStatus();
  // A ping socket's id is its port.
  const SocketAddress any =
      to_.family() == AF_INET ? SocketAddress::FromIPv4({}, 0) : SocketAddress::FromIPv6({}, 0);
  if (::bind(fd_.get(), any.data(), any.size()) != 0) {
    return absl::InternalError(ErrnoStatus(errno, "bind", "a ping socket").message());
  }
  PosixKernel kernel;
  const absl::StatusOr<SocketAddress> bound = LocalAddress(kernel, fd_.get());
  if (!bound.ok()) return absl::InternalError(bound.status().message());
  id_ = bound->port();
  return absl::OkStatus();
}

void IcmpPeer::UseIds(uint16_t id, uint16_t sequence) {
  id_ = id;
  sequence_ = sequence;
  by_nonce_alone_ = true;
}

void IcmpPeer::Mark(std::string* data) {
  if (data->size() < kMarkedBytes) return;
  nonce_ = RandomBytes(kNonceBytes);
  data->replace(0, kNonceBytes, nonce_);
}

void IcmpPeer::AimAtChecksum(uint16_t checksum, std::string* data) const {
  if (to_.family() != AF_INET || data->size() < 2 || data->size() % 2 != 0) return;
  const size_t last = data->size() - 2;
  Put16(data, last, 0);
  // The checksum's complement is a sum of words, in which the last one makes up the difference.
  const uint16_t without = Get16(IcmpText({false, id_, sequence_, *data}, AF_INET), kChecksumAt);
  const uint32_t sum = uint32_t{without} + static_cast<uint16_t>(~checksum);
  Put16(data, last, static_cast<uint16_t>((sum & 0xffff) + (sum >> 16)));
}

absl::Status IcmpPeer::Send(absl::string_view data) {
  data_ = std::string(data);
  const std::string text = IcmpText({false, id_, sequence_, data}, to_.family());
  const ssize_t sent = RetryEintr([&] {
    const ssize_t result = ::sendto(fd_.get(), text.data(), text.size(), 0, to_.data(), to_.size());
    return result < 0 ? -errno : result;
  });
  if (sent >= 0) return absl::OkStatus();
  return ErrnoStatus(static_cast<int>(-sent), absl::StrCat("sendto of ", data.size(), " octets to"),
                     EndpointText(Transport::kIcmp, to_));
}

absl::StatusOr<std::optional<IcmpAnswer>> IcmpPeer::Await(int64_t deadline_ms) {
  const auto end = steady_clock::now() + std::chrono::milliseconds(deadline_ms);
  do {
    const int64_t left_ms = std::max<int64_t>(0, MsUntil(end));
    pollfd waiting = {fd_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(left_ms)) <= 0) continue;
    absl::StatusOr<std::optional<IcmpAnswer>> answer = Take();
    if (!answer.ok() || answer->has_value()) return answer;
    // What others are sent must not keep us here for ever.
  } while (steady_clock::now() < end);
  return std::nullopt;
}

absl::StatusOr<std::optional<IcmpAnswer>> IcmpPeer::Take() {
  std::string packet(kPacketBytes, '\0');
  sockaddr_storage from = {};
  socklen_t size = sizeof(from);
  auto* const address = reinterpret_cast<sockaddr*>(&from);
  const ssize_t bytes = ::recvfrom(fd_.get(), packet.data(), packet.size(), 0, address, &size);
  if (bytes < 0 && (errno == ENOBUFS || errno == ENOMEM)) {
    return absl::InternalError(ErrnoStatus(errno, "recvfrom", "ICMP").message());
  }
  // Nothing, or the network's news of what was sent.
  if (bytes < 0) return std::nullopt;
  const SocketAddress source =
      SocketAddress::FromSockaddr(address, size).value_or(SocketAddress()).WithPort(0);
  std::optional<IcmpAnswer> answer =
      Read(absl::string_view(packet).substr(0, static_cast<size_t>(bytes)), source);
  if (answer && !IsOurs(*answer)) return std::nullopt;
  return answer;
}

std::optional<IcmpAnswer> IcmpPeer::Read(absl::string_view packet,
                                         const SocketAddress& from) const {
  const int family = to_.family();
  const absl::string_view shown = is_raw_ && family == AF_INET ? WithoutIpHeader(packet) : packet;
  std::string message(shown.data(), shown.size());
  if (message.size() < 8) return std::nullopt;
  IcmpAnswer answer;
  if (SeesChecksums()) {
    answer.checksum_holds = InternetChecksum(message) == 0;
    answer.checksum = Get16(message, kChecksumAt);
    // A wrong one is put right, so that the rest can be read.
    Put16(&message, kChecksumAt, 0);
    answer.right_checksum = InternetChecksum(message);
    Put16(&message, kChecksumAt, answer.right_checksum);
  }
  const std::optional<IcmpEcho> echo = ReadIcmp(message, family);
  if (!echo || !echo->is_reply) return std::nullopt;
  answer.data = std::string(echo->data);
  answer.id = echo->id;
  answer.sequence = echo->sequence;
  answer.from = from;
  return answer;
}

bool IcmpPeer::IsOurs(const IcmpAnswer& answer) const {
  if (!nonce_.empty() && absl::StartsWith(answer.data, nonce_)) return true;
  if (by_nonce_alone_) return false;
  const bool same_id = answer.id == id_;
  const bool same_sequence = answer.sequence == sequence_;
  if (same_id && same_sequence) return true;
  // One of both may be by chance; not so with all of the data besides.
  return (same_id || same_sequence) && answer.data == data_;
}

}  // namespace verbatim
