// DatagramEcho and the Server of datagrams and records, on real sockets: UDP on loopback, and unix
// sockets in a folder of their own. What the network seldom does is done by a kernel in between.
// Not for: ICMP messages (icmp_test.cc), or the asking side (datagram_client_test.cc).
#include "echo/datagram.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <iterator>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"
#include "core/posix_kernel.h"
#include "echo/serving_test.h"

namespace verbatim {
namespace {

// The real kernel, whose messages meet what a test wants.
class TroubledKernel : public PosixKernel {
 public:
  ssize_t RecvMessage(int fd, msghdr* message, int flags) {
    if (const int fault = Next(receive_faults); fault != 0) return fault;
    const ssize_t got = PosixKernel::RecvMessage(fd, message, flags);
    if (got >= 0 && pretended_port >= 0) Rewrite(message, real_port, pretended_port);
    return got;
  }
  ssize_t SendMessage(int fd, const msghdr* message, int flags) {
    sockaddr_storage to{};
    msghdr copy = *message;
    if (copy.msg_namelen > 0) std::memcpy(&to, message->msg_name, copy.msg_namelen);
    copy.msg_name = copy.msg_namelen > 0 ? &to : nullptr;
    if (pretended_port >= 0) Rewrite(&copy, pretended_port, real_port);
    const int fault = Next(send_faults);
    const ssize_t sent = fault != 0 ? fault : PosixKernel::SendMessage(fd, &copy, flags);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (sent == -EAGAIN) ++refused_;
    if (sent >= 0) ++sent_;
    changed_.notify_all();
    return sent;
  }
  int64_t NowMs() { return has_own_time ? now_ms.load() : PosixKernel::NowMs(); }

  // Waits until that many were sent, or one was refused for want of room; returns whether one was.
  bool WaitForSent(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(kGiveUpMs),
                      [&] { return refused_ > 0 || sent_ >= count; });
    return refused_ > 0;
  }
  bool has_refused() { return WaitForSent(0); }

  // Each meets the next call, first things first. To be filled before a server runs.
  std::deque<int> receive_faults, send_faults;
  // A peer at port real_port seems to be at pretended_port; -1: none does.
  std::atomic<int> real_port = 0, pretended_port = -1;
  // Time that passes only as the test says.
  std::atomic<bool> has_own_time = false;
  std::atomic<int64_t> now_ms = 1;

 private:
  static int Next(std::deque<int>& faults) {
    if (faults.empty()) return 0;
    const int fault = faults.front();
    faults.pop_front();
    return fault;
  }
  static void Rewrite(msghdr* message, int from, int to) {
    auto* address = static_cast<sockaddr_in*>(message->msg_name);
    if (address == nullptr || address->sin_family != AF_INET) return;
    if (ntohs(address->sin_port) == from) address->sin_port = htons(static_cast<uint16_t>(to));
  }

  std::mutex mutex_;  // guards the next three
  std::condition_variable changed_;
  int sent_ = 0, refused_ = 0;
};

static_assert(Kernel<TroubledKernel>);

Place Udp4() { return {Loopback4(), Transport::kUdp}; }

// Each comes back whole, before the answer to any later one, and once.
template <typename K>
void ExpectEachBackOnce(const ServerThread<K>& server, const UniqueFd& peer,
                        const std::vector<size_t>& sizes) {
  ASSERT_TRUE(peer) << server.addresses().size();
  for (const size_t size : sizes) {
    const std::string payload = TestPayload(size, static_cast<uint32_t>(size));
    ASSERT_TRUE(SendWhole(peer.get(), payload)) << size << ": " << errno;
    const auto answer = ReceiveWhole(peer.get());
    ASSERT_TRUE(answer.has_value()) << size;
    EXPECT_TRUE(*answer == payload) << size << " came back as " << answer->size();
  }
  EXPECT_TRUE(NothingToReceive(peer.get()));
}

// Waits for it without using up the time of `kernel`, which passes by 1 ms where nothing is there.
std::optional<std::string> ReceiveAndLetTimePass(TroubledKernel& kernel, int fd) {
  for (int tries = 0; tries < kGiveUpMs / 10 && NothingToReceive(fd); ++tries) {
    ++kernel.now_ms;
    pollfd poll = {fd, POLLIN, 0};
    ::poll(&poll, 1, 10);
  }
  return ReceiveWhole(fd);
}

void SetSendBuffer(int fd, int bytes) {
  ASSERT_EQ(::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)), 0);
}

TEST(DatagramServer, ReturnsUdpOfEverySizeWholeAndOnce) {
  PosixKernel kernel;
  ServerThread server(&kernel, {Udp4()});
  ExpectEachBackOnce(server, server.Connect(), {0, 1, 1472, 1473, 65506, 65507, 0, 2});
  EXPECT_TRUE(server.Stop().ok());
}

TEST(DatagramServer, ReturnsUdpOnIPv6OfEverySizeWholeAndOnce) {
  PosixKernel kernel;
  ServerThread server(&kernel, {{Loopback6(), Transport::kUdp}});
  if (server.addresses().empty()) GTEST_SKIP() << "no IPv6 here: " << server.Stop();
  ExpectEachBackOnce(server, server.Connect(), {0, 1, 1452, 1453, 65507, 65527, 0, 2});
}

TEST(DatagramServer, KeepsTheDatagramsOfManySendersApart) {
  PosixKernel kernel;
  ServerThread server(&kernel, {Udp4()});
  std::vector<UniqueFd> peers(20);
  for (size_t i = 0; i < peers.size(); ++i) {
    peers[i] = server.Connect();
    ASSERT_TRUE(SendWhole(peers[i].get(), absl::StrCat("datagram of ", i)));
  }
  for (size_t i = 0; i < peers.size(); ++i) {
    EXPECT_EQ(ReceiveWhole(peers[i].get()), absl::StrCat("datagram of ", i));
  }
}

// A connected socket takes datagrams of that one address alone (connect(2)).
TEST(DatagramServer, AnswersFromTheAddressThatWasAsked) {
  PosixKernel kernel;
  ServerThread server(&kernel, {{SocketAddress::FromIPv4({0, 0, 0, 0}, 0), Transport::kUdp}});
  ASSERT_EQ(server.addresses().size(), 1u);
  for (const uint8_t last : std::initializer_list<uint8_t>{2, 1, 77}) {
    const UniqueFd peer = ConnectTo(
        SocketAddress::FromIPv4({127, 0, 0, last}, server.addresses()[0].port()), SOCK_DGRAM);
    ASSERT_TRUE(SendWhole(peer.get(), "who"));
    EXPECT_EQ(ReceiveWhole(peer.get()), "who") << int{last};
  }
}

TEST(DatagramServer, AnswersOnAnIPv6WildcardTooAndTakesNoIPv4There) {
  PosixKernel kernel;
  ServerThread server(&kernel, {{SocketAddress::FromIPv6({}, 0), Transport::kUdp}});
  const UniqueFd probe = BindTo(Loopback6(), SOCK_DGRAM);
  if (server.addresses().empty() || !probe) GTEST_SKIP() << "no IPv6 here: " << server.Stop();
  const uint16_t port = server.addresses()[0].port();
  const UniqueFd peer = ConnectTo(Loopback6().WithPort(port), SOCK_DGRAM);
  ASSERT_TRUE(SendWhole(peer.get(), "who"));
  EXPECT_EQ(ReceiveWhole(peer.get()), "who");
  EXPECT_TRUE(BindTo(Loopback4().WithPort(port), SOCK_DGRAM)) << "IPv4 is not to be taken";
}

// Two servers that answer each other never end (CVE-2024-2169).
TEST(DatagramServer, DoesNotAnswerTheSmallServicesButThoseAfterThem) {
  TroubledKernel kernel;
  ServerThread server(&kernel, {Udp4()});
  const UniqueFd peer = server.Connect(), other = server.Connect();
  kernel.real_port = AddressOf(peer.get()).port();
  for (const int port : {0, 7, 13, 17, 19, 37}) {
    kernel.pretended_port = port;
    ASSERT_TRUE(SendWhole(peer.get(), "never answered"));
    ASSERT_TRUE(SendWhole(other.get(), absl::StrCat("after ", port)));
    EXPECT_EQ(ReceiveWhole(other.get()), absl::StrCat("after ", port));
  }
  for (const int port : {6, 8, 36, 53, 1024, 65535}) {
    kernel.pretended_port = port;
    ASSERT_TRUE(SendWhole(peer.get(), absl::StrCat("of port ", port)));
    EXPECT_EQ(ReceiveWhole(peer.get()), absl::StrCat("of port ", port));
  }
}

TEST(DatagramServer, AnswersTheSmallServicesIfItIsToldTo) {
  TroubledKernel kernel;
  ServerThread server(&kernel, {Udp4()}, {.answers_all = true});
  const UniqueFd peer = server.Connect();
  kernel.real_port = AddressOf(peer.get()).port();
  for (const int port : {7, 13, 17, 19, 37}) {
    kernel.pretended_port = port;
    ASSERT_TRUE(SendWhole(peer.get(), absl::StrCat("of port ", port)));
    EXPECT_EQ(ReceiveWhole(peer.get()), absl::StrCat("of port ", port));
  }
}

// Those that were answered are there no more; what the kernel then says is not of the next one.
TEST(DatagramServer, SendersThatAreGoneDoNotDisturbLaterOnes) {
  TroubledKernel kernel;
  kernel.receive_faults = {-ECONNREFUSED, -EHOSTUNREACH, 0, -ENETDOWN, -ENOMEM};
  kernel.send_faults = {-ECONNREFUSED, -EPERM};
  auto socket = Listen(kernel, Transport::kUdp, Loopback4(), 0);
  ASSERT_TRUE(socket.ok()) << socket.status();
  for (int i = 0; i < 3; ++i) {
    const UniqueFd gone = ConnectTo(socket->address, SOCK_DGRAM);
    ASSERT_TRUE(SendWhole(gone.get(), "I am off"));
  }
  ServerThread server(&kernel, *std::move(socket));
  ExpectEachBackOnce(server, server.Connect(), {5, 0, 6});
}

TEST(DatagramServer, UnixSendersThatAreGoneDoNotDisturbLaterOnes) {
  PosixKernel kernel;
  const TempFolder folder;
  auto socket = Listen(kernel, Transport::kUnixgram, folder.Address("echo"), 0);
  ASSERT_TRUE(socket.ok()) << socket.status();
  for (int i = 0; i < 3; ++i) {
    const UniqueFd gone = ConnectTo(socket->address, SOCK_DGRAM);
    ASSERT_TRUE(SendWhole(gone.get(), "I am off"));
  }
  ServerThread server(&kernel, *std::move(socket));
  ExpectEachBackOnce(server, server.Connect(), {5, 0, 6});
}

TEST(DatagramServer, ReturnsUnixDatagramsOfEverySizeWhole) {
  PosixKernel kernel;
  const TempFolder folder;
  ServerThread server(&kernel, {{folder.Address("echo"), Transport::kUnixgram}});
  const UniqueFd peer = server.Connect();
  // Larger than what a send buffer takes unless it is enlarged (net.core.wmem_default).
  SetSendBuffer(peer.get(), 400000);
  ExpectEachBackOnce(server, peer, {0, 1, 65536, 65537, 150000, 300000, 0, 65536, 3});
}

TEST(DatagramServer, IgnoresUnixSendersWithoutAName) {
  PosixKernel kernel;
  const TempFolder folder;
  ServerThread server(&kernel, {{folder.Address("echo"), Transport::kUnixgram}});
  const SocketAddress address = folder.Address("echo");
  const UniqueFd unnamed(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(unnamed.get(), address.data(), address.size()), 0);
  ASSERT_TRUE(SendWhole(unnamed.get(), "nobody's"));
  const UniqueFd named = BindTo(folder.Address("peer"), SOCK_DGRAM);
  ASSERT_EQ(::connect(named.get(), address.data(), address.size()), 0);
  ExpectEachBackOnce(server, named, {4, 2});
  EXPECT_TRUE(NothingToReceive(unnamed.get()));
}

// A unix sender of datagrams. The answers to a connected one fill the server's send buffer, those
// to another its own queue (net.unix.max_dgram_qlen).
class UnixSender {
 public:
  UnixSender(const SocketAddress& to, bool is_connected)
      : to_(to), fd_(BindTo(*SocketAddress::FromPath(""), SOCK_DGRAM)) {
    if (is_connected && ::connect(fd_.get(), to.data(), to.size()) < 0) fd_.Reset();
  }
  // Whether it could be sent without waiting.
  bool Send(absl::string_view bytes) {
    return ::sendto(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT, to_.data(), to_.size()) ==
           static_cast<ssize_t>(bytes.size());
  }
  // Sends "datagram 0" and so on, one after another, until the server can't answer one.
  void SendUntilRefused(TroubledKernel& kernel) {
    do ASSERT_TRUE(SendNext()) << sent_;
    while (!kernel.WaitForSent(sent_));
    ASSERT_TRUE(kernel.has_refused()) << "after " << sent_;
  }
  bool SendNext() {
    const bool is_sent = Send(absl::StrCat("datagram ", sent_));
    sent_ += is_sent ? 1 : 0;
    return is_sent;
  }
  int fd() const { return fd_.get(); }
  int sent() const { return sent_; }

 private:
  const SocketAddress to_;
  UniqueFd fd_;
  int sent_ = 0;
};

// The question whose answer is refused must stay where it is until then.
void ExpectALateReaderGetsAll(bool is_connected) {
  TroubledKernel kernel;
  kernel.has_own_time = true;
  const TempFolder folder;
  ServerThread server(&kernel, {{folder.Address("echo"), Transport::kUnixgram}});
  UnixSender peer(folder.Address("echo"), is_connected);
  peer.SendUntilRefused(kernel);
  while (peer.SendNext()) {  // until the server's own queue is full too
  }
  for (int received = 0; received < std::max(peer.sent(), 40); ++received) {
    ASSERT_EQ(ReceiveAndLetTimePass(kernel, peer.fd()), absl::StrCat("datagram ", received));
    ++kernel.now_ms;
    if (peer.sent() < 40) peer.SendNext();
  }
  EXPECT_TRUE(NothingToReceive(peer.fd()));
}

TEST(DatagramServer, AUnixSenderThatReadsLateGetsEveryAnswerInOrder) {
  ExpectALateReaderGetsAll(false);
}

TEST(DatagramServer, AConnectedUnixSenderThatReadsLateGetsEveryAnswerInOrder) {
  ExpectALateReaderGetsAll(true);
}

// Not so if that one is connected: then the kernel lets its queue grow until our socket's send
// buffer is used up, for all (unix_dgram_sendmsg).
TEST(DatagramServer, AUnixSenderThatNeverReadsDoesNotStopTheOthersForGood) {
  TroubledKernel kernel;
  const TempFolder folder;
  ServerThread server(&kernel, {{folder.Address("echo"), Transport::kUnixgram}});
  UnixSender deaf(folder.Address("echo"), false);
  deaf.SendUntilRefused(kernel);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(deaf.SendNext());
  ExpectEachBackOnce(server, server.Connect(), {3, 0, 10});
}

size_t OpenDescriptors() {
  return static_cast<size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

// `bytes`, and three descriptors with them.
bool SendDescriptors(int fd, absl::string_view bytes) {
  const int passed[3] = {fd, fd, fd};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(passed))] = {};
  iovec data{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{nullptr, 0, &data, 1, control, sizeof(control), 0};
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(passed));
  std::memcpy(CMSG_DATA(header), passed, sizeof(passed));
  return ::sendmsg(fd, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

// Who passes descriptors to a server that keeps them takes all that it may have.
TEST(DatagramServer, DescriptorsThatArePassedAreNotOpened) {
  PosixKernel kernel;
  const TempFolder folder;
  ServerThread server(&kernel, {{folder.Address("unix"), Transport::kUnix},
                                {folder.Address("gram"), Transport::kUnixgram},
                                {folder.Address("packet"), Transport::kUnixpacket}});
  ASSERT_EQ(server.addresses().size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    const UniqueFd peer = server.Connect(i);
    ASSERT_TRUE(SendWhole(peer.get(), "first"));
    ASSERT_EQ(ReceiveWhole(peer.get()), "first");
    const size_t before = OpenDescriptors();
    for (int k = 0; k < 5; ++k) {
      ASSERT_TRUE(SendDescriptors(peer.get(), "with descriptors"));
      EXPECT_EQ(ReceiveWhole(peer.get()), "with descriptors");
    }
    EXPECT_EQ(OpenDescriptors(), before) << server.addresses()[i].ToString();
  }
}

TEST(DatagramServer, ServesEveryTransportAtOnce) {
  PosixKernel kernel;
  const TempFolder folder;
  const std::string abstract = absl::StrCat(folder.Path("abstract"), absl::string_view("\0x", 2));
  ServerThread server(&kernel, {{Loopback4(), Transport::kTcp},
                                {Loopback4(), Transport::kUdp},
                                {folder.Address("unix"), Transport::kUnix},
                                {*SocketAddress::FromAbstract(abstract), Transport::kUnixAbstract},
                                {folder.Address("gram"), Transport::kUnixgram},
                                {folder.Address("packet"), Transport::kUnixpacket}});
  ASSERT_EQ(server.addresses().size(), 6u) << server.Stop();
  std::vector<UniqueFd> peers(6);
  for (size_t i = 0; i < peers.size(); ++i) {
    peers[i] = server.Connect(i);
    ASSERT_TRUE(SendWhole(peers[i].get(), absl::StrCat("hello ", i))) << i;
  }
  for (size_t i = 0; i < peers.size(); ++i) {
    EXPECT_EQ(ReceiveWhole(peers[i].get()), absl::StrCat("hello ", i));
  }
  EXPECT_EQ(server.addresses()[3].unix_name(), abstract);
}

TEST(RecordServer, RecordsKeepTheirBoundariesAndTheEndFollows) {
  PosixKernel kernel;
  const TempFolder folder;
  ServerThread server(&kernel, {{folder.Address("echo"), Transport::kUnixpacket}});
  const UniqueFd peer = server.Connect();
  SetSendBuffer(peer.get(), 400000);
  ExpectEachBackOnce(server, peer, {1, 2, 65536, 65537, 150000, 300000, 1});
  for (const char* record : {"a", "bc", "d"}) ASSERT_TRUE(SendWhole(peer.get(), record));
  ::shutdown(peer.get(), SHUT_WR);
  for (const char* record : {"a", "bc", "d"}) EXPECT_EQ(ReceiveWhole(peer.get()), record);
  EXPECT_EQ(ReceiveWhole(peer.get()), "");
  const auto ended = server.log().WaitForKind(LogEntry::kEnded, 1);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].error, 0);
  EXPECT_EQ(ended[0].received_bytes, 1u + 2 + 65536 + 65537 + 150000 + 300000 + 1 + 4);
  EXPECT_EQ(ended[0].sent_bytes, ended[0].received_bytes);
}

TEST(RecordServer, ALateReaderGetsEveryRecordWholeAndInOrder) {
  TroubledKernel kernel;
  const TempFolder folder;
  ServerThread server(&kernel, {{folder.Address("echo"), Transport::kUnixpacket}});
  const UniqueFd peer = server.Connect();
  std::vector<std::string> records;
  // Not one is read before the server's own send was refused, and ours then would wait for it.
  for (bool waits = false; !waits && records.size() < 100000;) {
    const std::string record =
        TestPayload(1 + records.size() * 997 % 20000, static_cast<uint32_t>(records.size()));
    if (::send(peer.get(), record.data(), record.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
      records.push_back(record);
    } else {
      ASSERT_EQ(errno, EAGAIN) << "record " << records.size();
      pollfd poll = {peer.get(), POLLOUT, 0};
      waits = ::poll(&poll, 1, 10) == 0 && kernel.has_refused();
    }
  }
  ASSERT_TRUE(kernel.has_refused());
  ::shutdown(peer.get(), SHUT_WR);
  for (size_t i = 0; i < records.size(); ++i) {
    const auto answer = ReceiveWhole(peer.get());
    ASSERT_TRUE(answer == records[i]) << "record " << i << " of " << records.size();
  }
  EXPECT_EQ(ReceiveWhole(peer.get()), "");
}

TEST(RecordServer, APeerThatGoesWhileMuchIsDueDisturbsNobodyElse) {
  TroubledKernel kernel;
  const TempFolder folder;
  ServerThread server(&kernel, {{folder.Address("echo"), Transport::kUnixpacket}});
  UniqueFd rude = server.Connect();
  const std::string record = TestPayload(20000);
  for (int sent = 0; !kernel.WaitForSent(sent); ++sent) ASSERT_TRUE(SendWhole(rude.get(), record));
  rude.Reset();
  const auto ended = server.log().WaitForKind(LogEntry::kEnded, 1);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_NE(ended[0].error, 0);
  ExpectEachBackOnce(server, server.Connect(), {3, 70000});
}

// An empty record can't be told from the end (recv(2)).
TEST(RecordServer, AnEmptyRecordIsTakenForTheEnd) {
  PosixKernel kernel;
  const TempFolder folder;
  ServerThread server(&kernel, {{folder.Address("echo"), Transport::kUnixpacket}});
  const UniqueFd peer = server.Connect();
  ASSERT_TRUE(SendWhole(peer.get(), "one"));
  ASSERT_TRUE(SendWhole(peer.get(), ""));
  EXPECT_EQ(ReceiveWhole(peer.get()), "one");
  EXPECT_EQ(ReceiveWhole(peer.get()), "");
}

// One DatagramEcho without a server, one call at a time.
class OneDatagram {
 public:
  OneDatagram(Transport transport, const SocketAddress& address)
      : transport_(transport),
        family_(address.family()),
        socket_(Listen(kernel_, transport, address, 1)),
        peer_(ConnectTo(socket_->address, SOCK_DGRAM)) {}

  Answer Next(bool drop = false) {
    bytes_ = 0;
    error_ = 0;
    return echo_.AnswerNext(socket_->fd.get(), transport_, family_, drop, &bytes_, &error_);
  }
  TroubledKernel& kernel() { return kernel_; }
  int peer() const { return peer_.get(); }
  size_t bytes() const { return bytes_; }
  int error() const { return error_; }  // that is to end a connection

 private:
  TroubledKernel kernel_;
  const Transport transport_;
  const int family_;
  absl::StatusOr<Listening<TroubledKernel>> socket_;
  UniqueFd peer_;
  DatagramEcho<TroubledKernel> echo_{&kernel_, false};
  size_t bytes_ = 0;
  int error_ = 0;
};

TEST(DatagramEcho, SaysThatNothingIsThereAndWhatWasSent) {
  OneDatagram one(Transport::kUdp, Loopback4());
  EXPECT_EQ(one.Next(), Answer::kNothingThere);
  ASSERT_TRUE(SendWhole(one.peer(), "12345"));
  EXPECT_EQ(one.Next(), Answer::kSent);
  EXPECT_EQ(one.bytes(), 5u);
  EXPECT_EQ(one.error(), 0);
  EXPECT_EQ(ReceiveWhole(one.peer()), "12345");
  EXPECT_EQ(one.Next(), Answer::kNothingThere);
}

TEST(DatagramEcho, IsNotStoppedByInterruptions) {
  OneDatagram one(Transport::kUdp, Loopback4());
  ASSERT_TRUE(SendWhole(one.peer(), "12345"));
  one.kernel().receive_faults = {-EINTR, -EINTR};
  one.kernel().send_faults = {-EINTR, -EINTR, -EINTR};
  EXPECT_EQ(one.Next(), Answer::kSent);
  EXPECT_EQ(ReceiveWhole(one.peer()), "12345");
}

TEST(DatagramEcho, AFalseAlarmLosesNothing) {
  OneDatagram one(Transport::kUdp, Loopback4());
  ASSERT_TRUE(SendWhole(one.peer(), "12345"));
  one.kernel().receive_faults = {-EAGAIN};
  EXPECT_EQ(one.Next(), Answer::kNothingThere);
  EXPECT_EQ(one.Next(), Answer::kSent);
  EXPECT_EQ(ReceiveWhole(one.peer()), "12345");
}

TEST(DatagramEcho, AUdpAnswerThatCannotGoIsGivenUp) {
  OneDatagram one(Transport::kUdp, Loopback4());
  for (const int error : {EAGAIN, ENOBUFS, EPERM, EHOSTUNREACH}) {
    one.kernel().send_faults = {-error};
    ASSERT_TRUE(SendWhole(one.peer(), "12345"));
    EXPECT_EQ(one.Next(), Answer::kIgnored);
    EXPECT_EQ(one.bytes(), 0u);
    EXPECT_EQ(one.Next(), Answer::kNothingThere);
  }
}

TEST(DatagramEcho, AUnixAnswerThatCannotGoIsKeptUntilItIsToBeDropped) {
  const TempFolder folder;
  OneDatagram one(Transport::kUnixgram, folder.Address("echo"));
  ASSERT_TRUE(SendWhole(one.peer(), "first"));
  ASSERT_TRUE(SendWhole(one.peer(), "second"));
  one.kernel().send_faults = {-EAGAIN, -EINTR, -EAGAIN};
  EXPECT_EQ(one.Next(), Answer::kHeld);
  EXPECT_EQ(one.error(), 0);
  EXPECT_EQ(one.Next(), Answer::kHeld);
  EXPECT_EQ(one.Next(), Answer::kSent);
  EXPECT_EQ(ReceiveWhole(one.peer()), "first");
  one.kernel().send_faults = {-EAGAIN};
  EXPECT_EQ(one.Next(true), Answer::kIgnored);
  EXPECT_EQ(one.Next(), Answer::kNothingThere);
}

TEST(DatagramEcho, AFalseAlarmOfALargeUnixDatagramLosesNothing) {
  const TempFolder folder;
  OneDatagram one(Transport::kUnixgram, folder.Address("echo"));
  const std::string payload = TestPayload(150000);
  ASSERT_TRUE(SendWhole(one.peer(), payload));
  one.kernel().receive_faults = {0, -EINTR};  // between the look at its size and at all of it
  one.kernel().send_faults = {-EAGAIN, -EMSGSIZE};
  EXPECT_EQ(one.Next(), Answer::kHeld);
  EXPECT_EQ(one.Next(), Answer::kSent);
  EXPECT_EQ(one.bytes(), payload.size());
  EXPECT_TRUE(ReceiveWhole(one.peer()) == payload);
}

}  // namespace
}  // namespace verbatim
