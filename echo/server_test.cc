// Server on real loopback sockets, one thread for it and one for the peers.
#include "echo/server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>

#include "core/posix_kernel.h"
#include "echo/serving_test.h"

namespace verbatim {
namespace {

TEST(Server, ReturnsWhatItReceivesAndEndsAfterThePeersEnd) {
  PosixKernel kernel;
  ServerThread server(&kernel, {Loopback4()});
  const UniqueFd peer = server.Connect();
  ASSERT_TRUE(WriteAll(peer.get(), "one"));
  EXPECT_EQ(ReadUpTo(peer.get(), 3).bytes, "one");
  ASSERT_TRUE(WriteAll(peer.get(), absl::string_view("\0two\n", 5)));
  ::shutdown(peer.get(), SHUT_WR);
  const Reading rest = ReadToEnd(peer.get());
  EXPECT_EQ(rest.bytes, std::string("\0two\n", 5));
  EXPECT_EQ(rest.error, 0);
  EXPECT_TRUE(server.Stop().ok());
}

TEST(Server, LogsWhoConnectedHowManyBytesAndTheEnd) {
  PosixKernel kernel;
  ServerThread server(&kernel, {Loopback4()});
  const UniqueFd peer = server.Connect();
  sockaddr_storage own{};
  socklen_t length = sizeof(own);
  ASSERT_EQ(::getsockname(peer.get(), reinterpret_cast<sockaddr*>(&own), &length), 0);
  const auto address = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&own), length);
  ASSERT_TRUE(WriteAll(peer.get(), "12345"));
  ::shutdown(peer.get(), SHUT_WR);
  ReadToEnd(peer.get());
  const auto connected = server.log().WaitForKind(LogEntry::kConnected, 1);
  const auto ended = server.log().WaitForKind(LogEntry::kEnded, 1);
  ASSERT_EQ(connected.size(), 1u);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_TRUE(connected[0].peer == *address);
  EXPECT_TRUE(ended[0].peer == *address);
  EXPECT_EQ(ended[0].received_bytes, 5u);
  EXPECT_EQ(ended[0].sent_bytes, 5u);
  EXPECT_EQ(ended[0].error, 0);
}

TEST(Server, KeepsManyInterleavedConnectionsApart) {
  PosixKernel kernel;
  ServerThread server(&kernel, {Loopback4()});
  std::vector<Conversation> all(100);
  for (size_t i = 0; i < all.size(); ++i) {
    all[i].fd = server.Connect();
    ASSERT_TRUE(all[i].fd);
    all[i].payload = TestPayload(500 + 40 * i, static_cast<uint32_t>(i));
    all[i].send_bytes = {1 + i, 500};
    all[i].read_bytes = {1 + 3 * i};
  }
  EXPECT_TRUE(Converse(all));
  EXPECT_EQ(server.log().WaitForKind(LogEntry::kEnded, all.size()).size(), all.size());
}

TEST(Server, DrainsEverythingAfterAHalfClose) {
  PosixKernel kernel;
  ServerThread server(&kernel, {Loopback4()}, {.session_bytes = 1000});
  const UniqueFd peer = server.Connect();
  const std::string payload = TestPayload(50000);
  ASSERT_TRUE(WriteAll(peer.get(), payload));
  ::shutdown(peer.get(), SHUT_WR);
  const Reading all = ReadToEnd(peer.get());
  EXPECT_TRUE(all.bytes == payload);
  EXPECT_EQ(all.error, 0);
}

TEST(Server, OneThatEndsWithoutAByteIsEnded) {
  PosixKernel kernel;
  ServerThread server(&kernel, {Loopback4()});
  const UniqueFd peer = server.Connect();
  ::shutdown(peer.get(), SHUT_WR);
  const Reading all = ReadToEnd(peer.get());
  EXPECT_EQ(all.bytes, "");
  EXPECT_EQ(all.error, 0);
}

// Counts what a server holds: received and not sent again. For one connection.
class CountingKernel : public PosixKernel {
 public:
  ssize_t Recv(int fd, void* data, size_t bytes, int flags) {
    const ssize_t count = PosixKernel::Recv(fd, data, bytes, flags);
    if (count > 0) held_bytes_ += count;
    most_held_bytes = std::max<ssize_t>(most_held_bytes, held_bytes_);
    return count;
  }
  ssize_t Send(int fd, const void* data, size_t bytes, int flags) {
    const ssize_t count = PosixKernel::Send(fd, data, bytes, flags);
    if (count > 0) held_bytes_ -= count;
    if (count == -EAGAIN) ++sends_refused;
    return count;
  }
  std::atomic<ssize_t> most_held_bytes = 0;
  std::atomic<int> sends_refused = 0, accepts_refused = 0;

 private:
  ssize_t held_bytes_ = 0;
};

TEST(Server, ALateReaderGetsEveryByteAndCostsBoundedMemory) {
  CountingKernel kernel;
  constexpr size_t kSessionBytes = 10000;
  ServerThread server(&kernel, {Loopback4()}, {.session_bytes = kSessionBytes});
  std::vector<Conversation> all(1);
  Conversation& late = all[0];
  late.fd = server.Connect();
  late.payload = TestPayload(32 << 20);
  // Nothing is read until the server's own send has been refused: then it is under pressure.
  while (kernel.sends_refused == 0 && !late.over) {
    pollfd poll = {late.fd.get(), POLLOUT, 0};
    if (::poll(&poll, 1, 10) > 0) late.SendPiece();
  }
  EXPECT_TRUE(Converse(all));
  EXPECT_GT(kernel.sends_refused, 0);
  EXPECT_LE(kernel.most_held_bytes, static_cast<ssize_t>(kSessionBytes));
}

TEST(Server, APeersResetIsLoggedAndDisturbsNobodyElse) {
  PosixKernel kernel;
  ServerThread server(&kernel, {Loopback4()});
  const UniqueFd other = server.Connect();
  UniqueFd rude = server.Connect();
  ASSERT_TRUE(WriteAll(rude.get(), "abc"));
  ASSERT_EQ(ReadUpTo(rude.get(), 3).bytes, "abc");
  ASSERT_TRUE(WriteAll(other.get(), "12"));
  Reset(std::move(rude));
  const auto ended = server.log().WaitForKind(LogEntry::kEnded, 1);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].error, ECONNRESET);
  EXPECT_EQ(ended[0].received_bytes, 3u);
  ASSERT_TRUE(WriteAll(other.get(), "34"));
  EXPECT_EQ(ReadUpTo(other.get(), 4).bytes, "1234");
}

TEST(Server, AResetWhileMuchIsDueIsNoDeathBySigpipe) {
  CountingKernel kernel;
  ServerThread server(&kernel, {Loopback4()}, {.session_bytes = 1000});
  Conversation rude;
  rude.fd = server.Connect();
  rude.payload = TestPayload(32 << 20);
  while (kernel.sends_refused == 0 && !rude.over) {
    pollfd poll = {rude.fd.get(), POLLOUT, 0};
    if (::poll(&poll, 1, 10) > 0) rude.SendPiece();
  }
  Reset(std::move(rude.fd));
  const auto ended = server.log().WaitForKind(LogEntry::kEnded, 1);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_TRUE(ended[0].error == ECONNRESET || ended[0].error == EPIPE) << ended[0].error;
  EXPECT_GT(ended[0].received_bytes, ended[0].sent_bytes);
  const UniqueFd next = server.Connect();
  ASSERT_TRUE(WriteAll(next.get(), "next"));
  EXPECT_EQ(ReadUpTo(next.get(), 4).bytes, "next");
}

TEST(Server, ServesIPv6) {
  PosixKernel kernel;
  ServerThread server(&kernel, {Loopback6()});
  if (server.addresses().empty()) GTEST_SKIP() << "no IPv6 here: " << server.Stop();
  const UniqueFd peer = server.Connect();
  ASSERT_TRUE(WriteAll(peer.get(), "six"));
  EXPECT_EQ(ReadUpTo(peer.get(), 3).bytes, "six");
  const auto connected = server.log().WaitForKind(LogEntry::kConnected, 1);
  ASSERT_EQ(connected.size(), 1u);
  EXPECT_EQ(connected[0].peer.family(), AF_INET6);
}

TEST(Server, ServesTwoEndpointsAtOnce) {
  PosixKernel kernel;
  ServerThread server(&kernel, {Loopback4(), Loopback4()});
  ASSERT_EQ(server.addresses().size(), 2u);
  EXPECT_FALSE(server.addresses()[0] == server.addresses()[1]);
  const UniqueFd first = server.Connect(0), second = server.Connect(1);
  ASSERT_TRUE(WriteAll(first.get(), "first") && WriteAll(second.get(), "other"));
  EXPECT_EQ(ReadUpTo(second.get(), 5).bytes, "other");
  EXPECT_EQ(ReadUpTo(first.get(), 5).bytes, "first");
}

TEST(Server, ClosesItsConnectionsWhenItIsStopped) {
  PosixKernel kernel;
  ServerThread server(&kernel, {Loopback4()});
  const UniqueFd peer = server.Connect();
  ASSERT_TRUE(WriteAll(peer.get(), "a"));
  ASSERT_EQ(ReadUpTo(peer.get(), 1).bytes, "a");
  EXPECT_TRUE(server.Stop().ok());
  EXPECT_EQ(ReadToEnd(peer.get()).error, 0);
}

TEST(Listen, SaysWhichCallFailedAndWhere) {
  PosixKernel kernel;
  const auto first = Listen(kernel, Transport::kTcp, Loopback4(), 1);
  ASSERT_TRUE(first.ok());
  const auto second = Listen(kernel, Transport::kTcp, first->address, 1);
  EXPECT_EQ(ErrnoOf(second.status()), EADDRINUSE);
  EXPECT_EQ(second.status().message(),
            "bind " + first->address.ToString() + ": Address already in use (EADDRINUSE)");
}

// Has descriptors for two connections. A limit of the process itself (programs_test.cc) would hit
// the sanitizers too, which open pipes.
class TwoDescriptorsKernel : public CountingKernel {
 public:
  int Accept(int fd, sockaddr* address, socklen_t* length, int flags) {
    if (accepted_.size() >= 2) return ++accepts_refused, -EMFILE;
    const int result = CountingKernel::Accept(fd, address, length, flags);
    if (result >= 0) accepted_.insert(result);
    return result;
  }
  int Close(int fd) {
    accepted_.erase(fd);
    return CountingKernel::Close(fd);
  }

 private:
  std::set<int> accepted_;
};

TEST(Server, WithoutDescriptorsItServesTheOthersAndRestsUntilOneEnds) {
  TwoDescriptorsKernel kernel;
  ServerThread server(&kernel, {Loopback4()});
  const UniqueFd first = server.Connect(), second = server.Connect(), third = server.Connect();
  for (const UniqueFd* peer : {&first, &second, &third}) {
    ASSERT_TRUE(WriteAll(peer->get(), "a"));
  }
  const auto full = server.log().WaitForKind(LogEntry::kFull, 1);
  ASSERT_EQ(full.size(), 1u);
  EXPECT_EQ(full[0].error, EMFILE);
  ASSERT_EQ(ReadUpTo(first.get(), 1).bytes, "a");
  ASSERT_EQ(ReadUpTo(second.get(), 1).bytes, "a");
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(WriteAll(second.get(), "b"));
    ASSERT_EQ(ReadUpTo(second.get(), 1).bytes, "b");
  }
  // Now and then it may try; a listener that is always ready would be tried at every turn.
  const auto passed_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                             std::chrono::steady_clock::now() - start)
                             .count();
  EXPECT_LE(kernel.accepts_refused, 2 + passed_ms / 50);
  ::shutdown(first.get(), SHUT_WR);
  EXPECT_EQ(ReadUpTo(third.get(), 1).bytes, "a");
}

// Has no descriptor for the first accepts: others have taken them all.
class FullAtFirstKernel : public CountingKernel {
 public:
  int Accept(int fd, sockaddr* address, socklen_t* length, int flags) {
    if (accepts_refused == 0) first_refused_ = std::chrono::steady_clock::now();
    if (accepts_refused < kRefused) return ++accepts_refused, -ENFILE;
    last_refused_ = std::chrono::steady_clock::now();
    return CountingKernel::Accept(fd, address, length, flags);
  }
  static constexpr int kRefused = 4;
  std::chrono::steady_clock::time_point first_refused_, last_refused_;
};

TEST(Server, WithoutDescriptorsOrConnectionsItTriesAgainNowAndThen) {
  FullAtFirstKernel kernel;
  ServerThread server(&kernel, {Loopback4()});
  const UniqueFd peer = server.Connect();
  ASSERT_TRUE(WriteAll(peer.get(), "a"));
  EXPECT_EQ(ReadUpTo(peer.get(), 1).bytes, "a");
  EXPECT_TRUE(server.Stop().ok());
  EXPECT_EQ(server.log().WaitForKind(LogEntry::kFull, 1).size(), 1u);
  EXPECT_GE(kernel.last_refused_ - kernel.first_refused_, std::chrono::milliseconds(200));
}

TEST(Server, WithoutDescriptorsForAWhileAnIdleConnectionDoesNotKeepOthersOut) {
  FullAtFirstKernel kernel;
  kernel.accepts_refused = FullAtFirstKernel::kRefused;
  ServerThread server(&kernel, {Loopback4()});
  const UniqueFd idle = server.Connect();
  ASSERT_EQ(server.log().WaitForKind(LogEntry::kConnected, 1).size(), 1u);
  kernel.accepts_refused = 0;
  const UniqueFd peer = server.Connect();
  ASSERT_TRUE(WriteAll(peer.get(), "a"));
  EXPECT_EQ(ReadUpTo(peer.get(), 1).bytes, "a");
}

void ExpectEchoed(const UniqueFd& peer, const std::string& text) {
  ASSERT_TRUE(WriteAll(peer.get(), text));
  EXPECT_EQ(ReadUpTo(peer.get(), text.size()).bytes, text);
}

TEST(Server, OneConnectionMoreThanTheMostWaitsUntilAnotherEnds) {
  PosixKernel kernel;
  ServerThread server(&kernel, {Loopback4()}, {.max_connections = 2});
  const UniqueFd first = server.Connect(), second = server.Connect(), third = server.Connect();
  ASSERT_TRUE(WriteAll(third.get(), "third"));
  for (int i = 0; i < 20; ++i) {
    ExpectEchoed(first, "a");
    ExpectEchoed(second, "b");
  }
  EXPECT_TRUE(NothingToReceive(third.get()));
  EXPECT_EQ(server.log().WaitForKind(LogEntry::kConnected, 2).size(), 2u);
  ::shutdown(first.get(), SHUT_WR);
  EXPECT_EQ(ReadUpTo(third.get(), 5).bytes, "third");
  ExpectEchoed(second, "still here");
}

TEST(Server, ServersThatShareTheirCountShareTheLimit) {
  PosixKernel kernel;
  std::atomic<size_t> count = 0;
  const ServerOptions options = {.max_connections = 1, .connections = &count};
  ServerThread one(&kernel, {Loopback4()}, options), other(&kernel, {Loopback4()}, options);
  const UniqueFd first = one.Connect();
  ExpectEchoed(first, "first");
  const UniqueFd second = other.Connect();
  ASSERT_TRUE(WriteAll(second.get(), "second"));
  for (int i = 0; i < 20; ++i) ExpectEchoed(first, "a");
  EXPECT_TRUE(NothingToReceive(second.get()));
  ::shutdown(first.get(), SHUT_WR);
  EXPECT_EQ(ReadUpTo(second.get(), 6).bytes, "second");
  EXPECT_EQ(count, 1u);
  EXPECT_TRUE(other.Stop().ok());
  EXPECT_EQ(count, 0u) << "what is ended at once is given back too";
}

TEST(Server, OfServersThatShareASocketOneServesEachConnection) {
  PosixKernel kernel;
  auto socket = Listen(kernel, Transport::kTcp, Loopback4(), 1024);
  ASSERT_TRUE(socket.ok()) << socket.status();
  const KernelCloser<PosixKernel> closer{&kernel};
  KernelFd<PosixKernel> copy(::fcntl(socket->fd.get(), F_DUPFD_CLOEXEC, 0), closer);
  const SocketAddress address = socket->address;
  ServerThread one(&kernel, *std::move(socket), {.shares_sockets = true});
  ServerThread other(&kernel, {std::move(copy), address, Transport::kTcp},
                     {.shares_sockets = true});
  std::vector<Conversation> all(50);
  for (size_t i = 0; i < all.size(); ++i) {
    all[i].fd = ConnectTo(address);
    ASSERT_TRUE(all[i].fd);
    all[i].payload = TestPayload(1000 + i, static_cast<uint32_t>(i));
  }
  EXPECT_TRUE(Converse(all));
  // One drains: it must not keep connections that the other can take.
  one.Drain();
  EXPECT_TRUE(one.Wait().ok());
  for (int i = 0; i < 5; ++i) ExpectEchoed(ConnectTo(address), "after it");
  EXPECT_TRUE(other.Stop().ok());
  EXPECT_EQ(one.log().WaitForKind(LogEntry::kConnected, 0).size() +
                other.log().WaitForKind(LogEntry::kConnected, 0).size(),
            all.size() + 5);
}

// Whose clock can be put forward.
class ClockKernel : public PosixKernel {
 public:
  int64_t NowMs() { return PosixKernel::NowMs() + passed_ms; }
  std::atomic<int64_t> passed_ms = 0;
};

TEST(Server, EndsThoseThatAreIdleTooLongAndNoOthers) {
  ClockKernel kernel;
  ServerThread server(&kernel, {Loopback4()}, {.idle_timeout_ms = 10000000});
  const UniqueFd idle = server.Connect(), active = server.Connect();
  ExpectEchoed(idle, "once");
  for (int i = 0; i < 3; ++i) {
    ExpectEchoed(active, "again");
    // What passes is less than the limit, and twice that more.
    kernel.passed_ms += 6000000;
  }
  ExpectEchoed(active, "again");
  const Reading end = ReadToEnd(idle.get());
  EXPECT_EQ(end.bytes, "");
  const auto ended = server.log().WaitForKind(LogEntry::kEnded, 1);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].error, ETIMEDOUT);
  EXPECT_EQ(ended[0].received_bytes, 4u);
  ExpectEchoed(active, "still here");
}

TEST(Server, AnIdleConnectionIsEndedThoughNothingElseHappens) {
  PosixKernel kernel;
  const TempFolder folder;
  for (const Transport transport : {Transport::kTcp, Transport::kUnix, Transport::kUnixpacket}) {
    const bool is_tcp = transport == Transport::kTcp;
    ServerThread server(
        &kernel,
        {{is_tcp ? Loopback4() : folder.Address(std::string(TransportName(transport))), transport}},
        {.idle_timeout_ms = 40});
    const UniqueFd peer = server.Connect();
    EXPECT_EQ(ReadToEnd(peer.get()).bytes, "");
    const auto ended = server.log().WaitForKind(LogEntry::kEnded, 1);
    ASSERT_EQ(ended.size(), 1u);
    EXPECT_EQ(ended[0].error, ETIMEDOUT);
  }
}

TEST(Server, WithoutATimeOutNobodyIsEndedForBeingIdle) {
  ClockKernel kernel;
  ServerThread server(&kernel, {Loopback4()});
  const UniqueFd idle = server.Connect(), active = server.Connect();
  ExpectEchoed(idle, "once");
  kernel.passed_ms += int64_t{1} << 40;
  ExpectEchoed(active, "now");
  ExpectEchoed(idle, "again");
}

// On a unix socket all that was sent has come; nothing is under way.
Place UnixPlace(const TempFolder& folder) { return {folder.Address("echo"), Transport::kUnix}; }

TEST(Server, DrainingReturnsAllThatCameAndTakesNoOneNew) {
  PosixKernel kernel;
  const TempFolder folder;
  ServerThread server(&kernel, {UnixPlace(folder)}, {.session_bytes = 1000});
  const UniqueFd idle = server.Connect(), peer = server.Connect();
  ExpectEchoed(idle, "idle");
  ExpectEchoed(peer, "busy");
  const std::string payload = TestPayload(100000);
  ASSERT_TRUE(WriteAll(peer.get(), payload));
  server.Drain();
  EXPECT_EQ(ReadToEnd(idle.get()).error, 0);
  const Reading all = ReadToEnd(peer.get());
  EXPECT_TRUE(all.bytes == payload) << all.bytes.size();
  EXPECT_TRUE(server.Wait().ok());
  EXPECT_FALSE(server.Connect());
  // Who is given up is not logged.
  const auto ended = server.log().WaitForKind(LogEntry::kEnded, 0);
  ASSERT_EQ(ended.size(), 2u);
  for (const LogEntry& entry : ended) {
    EXPECT_EQ(entry.error, 0);
    EXPECT_EQ(entry.sent_bytes, entry.received_bytes);
  }
}

TEST(Server, DrainingReturnsEveryRecordThatCame) {
  PosixKernel kernel;
  const TempFolder folder;
  for (size_t count = 1; count <= 9; ++count) {
    ServerThread server(&kernel,
                        {{folder.Address(std::string(count, 'x')), Transport::kUnixpacket}},
                        {.drain_ms = kGiveUpMs});
    const UniqueFd peer = server.Connect();
    ASSERT_TRUE(SendWhole(peer.get(), "here"));
    ASSERT_EQ(ReceiveWhole(peer.get()), "here");
    for (size_t i = 1; i <= count; ++i) ASSERT_TRUE(SendWhole(peer.get(), std::string(i, 'r')));
    server.Drain();
    for (size_t i = 1; i <= count; ++i) EXPECT_EQ(ReceiveWhole(peer.get()), std::string(i, 'r'));
    EXPECT_EQ(ReceiveWhole(peer.get()), "") << "after " << count << " it did not end";
    EXPECT_TRUE(server.Wait().ok());
    EXPECT_EQ(server.log().WaitForKind(LogEntry::kEnded, 0).size(), 1u) << "it was given up";
  }
}

// Tells of one descriptor at a time, as a server with very many sees it: for each of them some time
// passes. What it tells is held back while the gate is shut.
class SlowKernel : public ClockKernel {
 public:
  int EpollWait(int epoll, epoll_event* events, int /*count*/, int timeout_ms) {
    const int result = ClockKernel::EpollWait(epoll, events, 1, timeout_ms);
    const std::lock_guard<std::mutex> lock(gate);
    passed_ms += ms_each;
    return result;
  }
  std::mutex gate;
  std::atomic<int64_t> ms_each = 0;
};

TEST(Server, DrainingReturnsAllThatCameThoughThatTakesLong) {
  SlowKernel kernel;
  const TempFolder folder;
  ServerThread server(&kernel, {UnixPlace(folder)}, {.drain_ms = kGiveUpMs});
  std::vector<UniqueFd> peers(20);
  for (UniqueFd& peer : peers) {
    peer = server.Connect();
    ExpectEchoed(peer, "here");
  }
  {
    const std::lock_guard<std::mutex> shut(kernel.gate);
    server.Drain();
    for (const UniqueFd& peer : peers) ASSERT_TRUE(WriteAll(peer.get(), "before the end"));
    kernel.ms_each = 60;
  }
  for (const UniqueFd& peer : peers) EXPECT_EQ(ReadToEnd(peer.get()).bytes, "before the end");
  EXPECT_TRUE(server.Wait().ok());
}

// Answers of datagrams that came before it count as much as connections.
TEST(Server, DrainingAnswersTheDatagramsThatCame) {
  PosixKernel kernel;
  const TempFolder folder;
  auto socket = Listen(kernel, Transport::kUnixgram, folder.Address("echo"), 0);
  ASSERT_TRUE(socket.ok()) << socket.status();
  const UniqueFd peer = ConnectTo(socket->address, SOCK_DGRAM);
  for (const char* text : {"one", "two", "three"}) ASSERT_TRUE(SendWhole(peer.get(), text));
  const UniqueFd drain(::eventfd(1, EFD_CLOEXEC));
  ServerLog log;
  Server<PosixKernel> server(&kernel, &log);
  ASSERT_TRUE(server.Add(*std::move(socket)).ok());
  EXPECT_TRUE(server.Run(drain.get()).ok());
  for (const char* text : {"one", "two", "three"}) EXPECT_EQ(ReceiveWhole(peer.get()), text);
}

// Sends until the server has to wait for this peer to read; returns what was sent.
std::string SendUntilRefused(CountingKernel& kernel, int fd) {
  const std::string payload = TestPayload(32 << 20);
  size_t sent = 0;
  while (kernel.sends_refused == 0 && sent < payload.size()) {
    pollfd poll = {fd, POLLOUT, 0};
    if (::poll(&poll, 1, 10) <= 0) continue;
    const ssize_t count =
        ::send(fd, payload.data() + sent, std::min<size_t>(65536, payload.size() - sent),
               MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count > 0) sent += static_cast<size_t>(count);
  }
  return payload.substr(0, sent);
}

TEST(Server, DrainingWaitsForAPeerThatReadsLate) {
  CountingKernel kernel;
  const TempFolder folder;
  ServerThread server(&kernel, {UnixPlace(folder)}, {.drain_ms = kGiveUpMs});
  const UniqueFd late = server.Connect();
  const std::string sent = SendUntilRefused(kernel, late.get());
  ASSERT_GT(kernel.sends_refused, 0);
  server.Drain();
  EXPECT_TRUE(ReadToEnd(late.get()).bytes == sent);
  EXPECT_TRUE(server.Wait().ok());
}

TEST(Server, DrainingGivesAPeerUpThatDoesNotRead) {
  CountingKernel kernel;
  const TempFolder folder;
  ServerThread server(&kernel, {UnixPlace(folder)}, {.drain_ms = 50});
  const UniqueFd deaf = server.Connect();
  const std::string sent = SendUntilRefused(kernel, deaf.get());
  const int64_t start_ms = kernel.NowMs();
  server.Drain();
  EXPECT_TRUE(server.Wait().ok());
  EXPECT_GE(kernel.NowMs() - start_ms, 50);
  EXPECT_LT(ReadToEnd(deaf.get()).bytes.size(), sent.size());
}

TEST(Server, TheEndEndsDrainingAtOnce) {
  CountingKernel kernel;
  const TempFolder folder;
  ServerThread server(&kernel, {UnixPlace(folder)}, {.drain_ms = int64_t{1} << 40});
  const UniqueFd deaf = server.Connect(), idle = server.Connect();
  ExpectEchoed(idle, "idle");
  SendUntilRefused(kernel, deaf.get());
  server.Drain();
  EXPECT_EQ(ReadToEnd(idle.get()).error, 0);  // it drains by now
  EXPECT_TRUE(server.Stop().ok());
  ReadToEnd(deaf.get());
}

TEST(Server, OneThatNobodyIsConnectedToDrainsAtOnce) {
  PosixKernel kernel;
  ServerThread server(&kernel, {Loopback4(), {Loopback4(), Transport::kUdp}},
                      {.drain_ms = int64_t{1} << 40});
  server.Drain();
  EXPECT_TRUE(server.Wait().ok());
}

TEST(Server, OnceIsOneConnection) {
  PosixKernel kernel;
  ServerThread server(&kernel, {Loopback4()}, {.once = true});
  const UniqueFd peer = server.Connect();
  ExpectEchoed(peer, "one");
  ExpectEchoed(peer, "and only");
  ::shutdown(peer.get(), SHUT_WR);
  EXPECT_EQ(ReadToEnd(peer.get()).bytes, "");
  EXPECT_TRUE(server.Wait().ok());
  EXPECT_FALSE(server.Connect());
}

TEST(Server, OnceIsOneDatagramAnswered) {
  TempFolder folder;
  PosixKernel kernel;
  ServerThread server(&kernel, {{folder.Address("echo"), Transport::kUnixgram}}, {.once = true});
  const UniqueFd unnamed(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const SocketAddress to = folder.Address("echo");
  ASSERT_EQ(::connect(unnamed.get(), to.data(), to.size()), 0);
  ASSERT_TRUE(SendWhole(unnamed.get(), "that can't be answered"));
  const UniqueFd peer = server.Connect();
  ASSERT_TRUE(SendWhole(peer.get(), "one"));
  EXPECT_EQ(ReceiveWhole(peer.get()), "one");
  EXPECT_TRUE(server.Wait().ok());
  EXPECT_TRUE(NothingToReceive(peer.get()));
}

}  // namespace
}  // namespace verbatim
