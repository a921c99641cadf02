// The model is held to the real kernel: datagrams, UDP and unix. See the header for what is
// compared; what is left out is said at the operation.
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <fstream>

#include "core/simulated_differential_test.h"

namespace verbatim {
namespace {

enum Kind : int {
  kOpen,
  kConnect,
  kSend,
  kSendTo,
  kFlood,
  kRecv,
  kRecvMessage,
  kTake,
  kName,
  kClose,
  kError,
  kPoll,
  kAdd,
  kModify,
  kDelete,
  kWait
};

struct World {
  int domain;
};

template <typename K>
class DatagramPlayer : public BasicPlayer<K> {
  using Base = BasicPlayer<K>;
  using Entry = typename Base::Entry;
  using Base::At, Base::Pick, Base::Add, Base::kernel_, Base::Poll, Base::entries_;

 public:
  explicit DatagramPlayer(const World& world) : world_(world) {
    Base::counts_unread_ = false;
    Open(0);
    Open(1);
  }
  static bool MayAskAgain(int kind) {
    return kind == kRecv || kind == kRecvMessage || kind == kTake;
  }

  std::string Play(const Operation& operation) {
    if (operation.kind == kWait) return Base::Wait();
    if (operation.kind == kOpen) return Open(operation.amount);
    const int index = Pick(operation.pick);
    if (index < 0) return "nothing is open";
    std::string text = absl::StrCat("#", index, " ", PlayOn(index, operation));
    if (At(index).fd >= 0) At(index).local = Base::LocalOf(At(index).fd);
    return text;
  }

 private:
  std::string PlayOn(int index, const Operation& operation) {
    const int fd = At(index).fd;
    const uint32_t amount = operation.amount;
    switch (operation.kind) {
      case kConnect:
        return Connect(index, amount);
      case kSend:
        return absl::StrCat("send ", amount % 50, " = ", Send(index, amount % 50));
      case kSendTo:
        return SendTo(index, amount);
      case kFlood:  // more than a unix socket's queue holds
        for (int i = 0; i < 11; ++i) SendTo(index, amount);
        return SendTo(index, amount);
      case kRecv:
        return Receive(index, amount);
      case kRecvMessage:
        return ReceiveMessage(index, amount);
      case kTake:  // whatever its length
        return absl::StrCat("take = ", ResultText(kernel_.Recv(fd, nullptr, 0, MSG_TRUNC)));
      case kName:
        return absl::StrCat("name = ", LocalText(index));
      case kClose:
        return absl::StrCat("close = ", Base::Close(index));
      case kError:
        return absl::StrCat("SO_ERROR = ", Base::PendingErrorText(fd));
      case kPoll:
        return absl::StrCat("poll = ", Poll(static_cast<size_t>(index)));
      case kAdd:
        return absl::StrCat("add ", Base::Control(EPOLL_CTL_ADD, index, amount));
      case kModify:
        return absl::StrCat("modify ", Base::Control(EPOLL_CTL_MOD, index, amount));
      case kDelete:
        return absl::StrCat("delete ", Base::Control(EPOLL_CTL_DEL, index, 0));
    }
    return "unknown";
  }

  bool IsUnix() const { return world_.domain == AF_UNIX; }
  // 0: one address, 1: every address, and told which was asked (unix: a name that the kernel
  // chose), 2: none.
  SocketAddress AddressOf(uint32_t variant) {
    static int names = 0;
    if (IsUnix()) {
      return variant == 1 ? *SocketAddress::FromPath("")
                          : *SocketAddress::FromAbstract(
                                absl::StrCat("verbatim-dgram-", ::getpid(), "-", names++));
    }
    std::array<uint8_t, 16> octets{};
    octets[15] = variant == 1 ? 0 : 1;
    if (world_.domain == AF_INET6) return SocketAddress::FromIPv6(octets, 0);
    if (variant == 1) return SocketAddress::FromIPv4({}, 0);
    return SocketAddress::FromIPv4({127, 0, 0, 1}, 0);
  }
  std::string Open(uint32_t amount) {
    const uint32_t variant = amount % 3;
    const int fd = kernel_.Socket(world_.domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int bound = 0;
    const int on = 1;
    if (variant != 2) {
      const SocketAddress address = AddressOf(variant);
      bound = kernel_.Bind(fd, address.data(), address.size());
    }
    if (variant == 1 && world_.domain == AF_INET) {
      kernel_.SetOption(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
    } else if (variant == 1 && world_.domain == AF_INET6) {
      kernel_.SetOption(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
    }
    return absl::StrCat("#", Add(fd), " open ", variant, " = ", ResultText(bound));
  }
  std::string LocalText(int index) {
    const SocketAddress local = Base::LocalOf(At(index).fd);
    return Base::NameOf(local.data(), local.size());
  }

  // Some entry that has, or had, an address; one on 127/8 if it is bound to every one.
  std::optional<std::pair<int, SocketAddress>> Target(uint32_t amount) {
    std::vector<int> named;
    for (size_t i = 0; i < entries_.size(); ++i) {
      const SocketAddress& local = entries_[i].local;
      if (IsUnix() ? !local.unix_name().empty() : local.port() != 0) {
        named.push_back(static_cast<int>(i));
      }
    }
    if (named.empty()) return std::nullopt;
    const int index = named[amount % named.size()];
    const SocketAddress& local = At(index).local;
    if (IsUnix()) return {{index, local}};
    std::array<uint8_t, 16> octets{};
    octets[15] = 1;
    if (world_.domain == AF_INET6) {
      return {{index, SocketAddress::FromIPv6(octets, local.port())}};
    }
    const uint8_t last = static_cast<uint8_t>(1 + amount / 7 % 3);
    return {{index, SocketAddress::FromIPv4({127, 0, 0, last}, local.port())}};
  }
  std::string TargetText(const std::pair<int, SocketAddress>& target) {
    if (IsUnix()) return absl::StrCat("#", target.first);
    return absl::StrCat("#", target.first, " at ", target.second.WithPort(0).ToString());
  }
  std::string Connect(int index, uint32_t amount) {
    const auto target = Target(amount);
    if (!target) return "nobody to connect to";
    const int result = kernel_.Connect(At(index).fd, target->second.data(), target->second.size());
    return absl::StrCat("connect to ", TargetText(*target), " = ", ResultText(result));
  }
  std::string Send(int index, size_t count) {
    const std::string bytes = Base::Bytes(count);
    return ResultText(kernel_.Send(At(index).fd, bytes.data(), count, MSG_NOSIGNAL));
  }
  // Every other one names the address that it is to come from.
  std::string SendTo(int index, uint32_t amount) {
    const auto target = Target(amount);
    if (!target) return "nobody to send to";
    std::string bytes = Base::Bytes(amount % 50);
    iovec piece{bytes.data(), bytes.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(in6_pktinfo))] = {};
    msghdr message{};
    message.msg_name = const_cast<sockaddr*>(target->second.data());
    message.msg_namelen = target->second.size();
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    std::string from;
    if (!IsUnix() && amount % 2 == 1) {
      message.msg_control = control;
      from = PutSource(&message, static_cast<uint8_t>(1 + amount / 2 % 3));
    }
    const ssize_t sent = kernel_.SendMessage(At(index).fd, &message, MSG_NOSIGNAL);
    return absl::StrCat("send ", bytes.size(), from, " to ", TargetText(*target), " = ",
                        ResultText(sent));
  }
  std::string PutSource(msghdr* message, uint8_t last) {
    auto* head = static_cast<cmsghdr*>(message->msg_control);
    if (world_.domain == AF_INET6) {
      in6_pktinfo info{};
      info.ipi6_addr.s6_addr[15] = 1;
      head->cmsg_level = IPPROTO_IPV6;
      head->cmsg_type = IPV6_PKTINFO;
      head->cmsg_len = CMSG_LEN(sizeof(info));
      std::memcpy(CMSG_DATA(head), &info, sizeof(info));
      message->msg_controllen = CMSG_SPACE(sizeof(info));
      return " from ::1";
    }
    in_pktinfo info{};
    info.ipi_spec_dst.s_addr = htonl(0x7f000000 + last);
    head->cmsg_level = IPPROTO_IP;
    head->cmsg_type = IP_PKTINFO;
    head->cmsg_len = CMSG_LEN(sizeof(info));
    std::memcpy(CMSG_DATA(head), &info, sizeof(info));
    message->msg_controllen = CMSG_SPACE(sizeof(info));
    return absl::StrCat(" from 127.0.0.", last);
  }

  static int Flags(uint32_t amount) {
    return (amount % 3 == 0 ? MSG_PEEK : 0) | (amount / 3 % 3 == 0 ? MSG_TRUNC : 0);
  }
  std::string Receive(int index, uint32_t amount) {
    std::string bytes(amount % 60, '\0');
    const int flags = Flags(amount / 60);
    const ssize_t got = kernel_.Recv(At(index).fd, bytes.data(), bytes.size(), flags);
    return absl::StrCat("recv ", bytes.size(), (flags & MSG_PEEK) != 0 ? " peek" : "",
                        (flags & MSG_TRUNC) != 0 ? " trunc" : "", " = ", BytesText(got, bytes));
  }
  std::string ReceiveMessage(int index, uint32_t amount) {
    std::string bytes(amount % 60, '\0');
    sockaddr_storage from{};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(in6_pktinfo))] = {};
    iovec piece{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof(from);
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    const ssize_t got = kernel_.RecvMessage(At(index).fd, &message, Flags(amount / 60));
    if (got < 0) return absl::StrCat("recvmsg = ", ResultText(got));
    return absl::StrCat("recvmsg ", bytes.size(), " = ", BytesText(got, bytes), " from ",
                        Base::NameOf(&from, message.msg_namelen), AskedText(message),
                        (message.msg_flags & MSG_TRUNC) != 0 ? " cut" : "",
                        (message.msg_flags & MSG_CTRUNC) != 0 ? " control cut" : "");
  }
  static std::string AskedText(const msghdr& message) {
    std::string text;
    for (const cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr;
         head = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(head))) {
      if (head->cmsg_level == IPPROTO_IP && head->cmsg_type == IP_PKTINFO) {
        in_pktinfo info;
        std::memcpy(&info, CMSG_DATA(head), sizeof(info));
        absl::StrAppend(&text, " to ", ntohl(info.ipi_addr.s_addr) & 0xff, " here ",
                        ntohl(info.ipi_spec_dst.s_addr) & 0xff);
      } else if (head->cmsg_level == IPPROTO_IPV6 && head->cmsg_type == IPV6_PKTINFO) {
        in6_pktinfo info;
        std::memcpy(&info, CMSG_DATA(head), sizeof(info));
        absl::StrAppend(&text, " to ::", info.ipi6_addr.s6_addr[15]);
      } else {
        absl::StrAppend(&text, " unknown control data");
      }
    }
    return text;
  }

  const World world_;
};

const std::vector<int> kKinds = {kFlood,  kOpen,   kConnect, kSend,  kSend,        kSendTo,
                                 kSendTo, kSendTo, kRecv,    kRecv,  kRecvMessage, kRecvMessage,
                                 kTake,   kName,   kClose,   kError, kPoll,        kAdd,
                                 kAdd,    kModify, kDelete,  kWait,  kWait};

template <typename Model>
std::optional<Found> Find(const World& world, int traces, int patience_ms, Counts* counts) {
  return Search<DatagramPlayer<PosixKernel>, DatagramPlayer<Model>>(
      world, kKinds, traces, {world.domain != AF_UNIX, patience_ms}, counts,
      FromEnvironment("VERBATIM_SEED"));
}

void ExpectEqual(const World& world, int traces) {
  Counts counts;
  const int times = static_cast<int>(FromEnvironment("VERBATIM_TIMES"));
  const auto found = Find<SimulatedKernel>(world, traces * times, 5000, &counts);
  counts.Print();
  EXPECT_FALSE(found) << "trace " << found->after << ":\n" << found->text;
}

TEST(SimulatedDatagramDifferential, UdpOverIPv4IsEqual) { ExpectEqual({AF_INET}, 1000); }
TEST(SimulatedDatagramDifferential, UdpOverIPv6IsEqual) {
  if (!HasIPv6()) GTEST_SKIP() << "no IPv6 on loopback";
  ExpectEqual({AF_INET6}, 500);
}
TEST(SimulatedDatagramDifferential, UnixDatagramsAreEqual) {
  int queue = 0;
  std::ifstream("/proc/sys/net/unix/max_dgram_qlen") >> queue;
  if (queue != 10) GTEST_SKIP() << "net.unix.max_dgram_qlen is not 10, which the model has";
  ExpectEqual({AF_UNIX}, 1000);
}

}  // namespace
}  // namespace verbatim
