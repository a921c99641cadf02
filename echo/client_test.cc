// Client between pipes and a connection, on a thread of its own; the test is all that it talks to.
#include "echo/client.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "core/posix_kernel.h"
#include "echo/peer_test.h"
#include "echo/sockets.h"

namespace verbatim {
namespace {

struct Two {
  UniqueFd first, second;
};

// The second end reads what is written to the first.
Two MakePipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) < 0) return {};
  return {UniqueFd(fds[1]), UniqueFd(fds[0])};
}

Two MakeSocketPair() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) return {};
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// A TCP connection: only that one can be reset. The first end is as ConnectToAny makes it.
Two MakeConnection() {
  PosixKernel kernel;
  auto listening = Listen(kernel, Transport::kTcp, Loopback4(), 1);
  if (!listening.ok()) return {};
  auto connected = ConnectToAny(kernel, Transport::kTcp, {listening->address});
  if (!connected.ok() || !WaitFor(listening->fd.get(), POLLIN)) return {};
  return {UniqueFd(connected->fd.Release()),
          UniqueFd(::accept4(listening->fd.get(), nullptr, nullptr, SOCK_CLOEXEC))};
}

// A client that runs, and the other ends of all that it has.
template <Kernel K = PosixKernel>
struct RunningClient {
  explicit RunningClient(Two connection = MakeSocketPair()) : server(std::move(connection.second)) {
    Two in = MakePipe(), out = MakePipe();
    input = std::move(in.first);
    client_input = std::move(in.second);
    client_output = std::move(out.first);
    output = std::move(out.second);
    const int socket = connection.first.Release();
    ::fcntl(socket, F_SETFL, O_NONBLOCK);
    client.emplace(&kernel, KernelFd<K>(socket, KernelCloser<K>{&kernel}), client_input.get(),
                   client_output.get());
  }
  ~RunningClient() {
    input.Reset();
    server.Reset();
    if (thread.joinable()) thread.join();
  }

  void Start() {
    thread = std::thread([this] {
      status = client->Run();
      client.reset();  // closes the connection, as the program's end would
      client_output.Reset();
    });
  }
  const absl::Status& Join() {
    thread.join();
    return status;
  }

  K kernel;
  UniqueFd input, output, server;        // the test's ends
  UniqueFd client_input, client_output;  // the client's
  std::optional<Client<K>> client;
  absl::Status status;
  std::thread thread;
};

// Returns all that comes, then ends.
void EchoAll(int fd) {
  while (true) {
    if (!WaitFor(fd, POLLIN)) return;
    char buffer[5000];
    const ssize_t count = ::read(fd, buffer, sizeof(buffer));
    if (count <= 0 || !WriteAll(fd, {buffer, static_cast<size_t>(count)})) break;
  }
  ::shutdown(fd, SHUT_WR);
}

class ClientTest : public testing::Test {
 protected:
  void SetUp() override { std::signal(SIGPIPE, SIG_IGN); }  // as in the program
};

TEST_F(ClientTest, MegabytesGoBothWaysAtOnce) {
  RunningClient client;
  client.Start();
  const std::string payload = TestPayload(4 << 20);
  std::thread echo([&] { EchoAll(client.server.get()); });
  std::thread writer([&] {
    WriteAll(client.input.get(), payload);
    client.input.Reset();
  });
  const Reading output = ReadToEnd(client.output.get());
  writer.join();
  echo.join();
  EXPECT_TRUE(client.Join().ok()) << client.status;
  EXPECT_TRUE(output.bytes == payload) << output.bytes.size();
}

// Who reads only when all was written must not be locked out: the server here returns nothing
// before it has everything, and the client's input never waits for its output.
TEST_F(ClientTest, SendsOnWhileNothingComesBack) {
  RunningClient client(MakeConnection());
  client.Start();
  const std::string payload = TestPayload(4 << 20);
  std::thread writer([&] {
    WriteAll(client.input.get(), payload);
    client.input.Reset();
  });
  const Reading input = ReadToEnd(client.server.get());
  EXPECT_TRUE(input.bytes == payload);
  std::thread server([&] {
    WriteAll(client.server.get(), input.bytes);
    ::shutdown(client.server.get(), SHUT_WR);
  });
  EXPECT_TRUE(ReadToEnd(client.output.get()).bytes == payload);
  writer.join();
  server.join();
  EXPECT_TRUE(client.Join().ok()) << client.status;
}

TEST_F(ClientTest, ShowsWhatComesBackBeforeTheInputEnds) {
  RunningClient client;
  client.Start();
  ASSERT_TRUE(WriteAll(client.input.get(), "ping"));
  ASSERT_EQ(ReadUpTo(client.server.get(), 4).bytes, "ping");
  ASSERT_TRUE(WriteAll(client.server.get(), "ping"));
  EXPECT_EQ(ReadUpTo(client.output.get(), 4).bytes, "ping");
}

TEST_F(ClientTest, HalfClosesAtTheEndOfTheInputAndReadsOn) {
  RunningClient client(MakeConnection());
  client.Start();
  ASSERT_TRUE(WriteAll(client.input.get(), "last"));
  client.input.Reset();
  const Reading input = ReadToEnd(client.server.get());
  EXPECT_EQ(input.bytes, "last");
  EXPECT_EQ(input.error, 0);
  ASSERT_TRUE(WriteAll(client.server.get(), "last"));
  EXPECT_EQ(ReadUpTo(client.output.get(), 4).bytes, "last");
  client.server.Reset();
  EXPECT_TRUE(client.Join().ok()) << client.status;
}

TEST_F(ClientTest, AnEmptyInputIsEchoedByAnEmptyOutput) {
  RunningClient client;
  client.Start();
  client.input.Reset();
  EXPECT_EQ(ReadToEnd(client.server.get()).bytes, "");
  client.server.Reset();
  EXPECT_EQ(ReadToEnd(client.output.get()).bytes, "");
  EXPECT_TRUE(client.Join().ok()) << client.status;
}

TEST_F(ClientTest, AnEarlyEndOfTheServerIsDataLossAndWhatCameIsShown) {
  RunningClient client(MakeConnection());
  client.Start();
  ASSERT_TRUE(WriteAll(client.input.get(), "12345"));
  ASSERT_EQ(ReadUpTo(client.server.get(), 5).bytes, "12345");
  ASSERT_TRUE(WriteAll(client.server.get(), "123"));
  ::shutdown(client.server.get(), SHUT_WR);
  EXPECT_EQ(ReadToEnd(client.output.get()).bytes, "123");
  EXPECT_TRUE(absl::IsDataLoss(client.Join())) << client.status;
  EXPECT_EQ(client.status.message(),
            "the server ended the connection early: 5 bytes sent, 3 received, input left over");
}

TEST_F(ClientTest, AServerThatEndsAfterTheLastByteWithoutWaitingForTheEndOfInputIsEarly) {
  RunningClient client;
  client.Start();
  ASSERT_TRUE(WriteAll(client.input.get(), "12345"));
  ASSERT_EQ(ReadUpTo(client.server.get(), 5).bytes, "12345");
  ASSERT_TRUE(WriteAll(client.server.get(), "12345"));
  ::shutdown(client.server.get(), SHUT_WR);
  EXPECT_EQ(ReadToEnd(client.output.get()).bytes, "12345");
  EXPECT_TRUE(absl::IsDataLoss(client.Join())) << client.status;
}

TEST_F(ClientTest, AResetIsAnErrorAndWhatCameIsShown) {
  RunningClient client(MakeConnection());
  client.Start();
  ASSERT_TRUE(WriteAll(client.input.get(), "12345"));
  ASSERT_EQ(ReadUpTo(client.server.get(), 5).bytes, "12345");
  ASSERT_TRUE(WriteAll(client.server.get(), "123"));
  ASSERT_EQ(ReadUpTo(client.output.get(), 3).bytes, "123");
  Reset(std::move(client.server));
  EXPECT_EQ(ReadToEnd(client.output.get()).bytes, "");
  EXPECT_EQ(ErrnoOf(client.Join()), ECONNRESET) << client.status;
}

// The way there is dead, as after a time-out, and the way back may still hold something.
class DeadSendKernel : public PosixKernel {
 public:
  ssize_t Send(int, const void*, size_t, int) { return -ETIMEDOUT; }
};

TEST_F(ClientTest, AnErrorOfSendIsReportedAfterWhatCameWasShown) {
  RunningClient<DeadSendKernel> client;
  // The output is full, so that what comes is still held when the send fails.
  const int capacity = ::fcntl(client.client_output.get(), F_SETPIPE_SZ, 4096);
  ASSERT_GT(capacity, 0);
  const std::string filler(static_cast<size_t>(capacity), '-');
  ASSERT_TRUE(WriteAll(client.client_output.get(), filler));
  ASSERT_TRUE(WriteAll(client.server.get(), "abc"));
  ASSERT_TRUE(WriteAll(client.input.get(), "def"));
  client.Start();
  EXPECT_TRUE(ReadToEnd(client.output.get()).bytes == filler + "abc");
  EXPECT_EQ(ErrnoOf(client.Join()), ETIMEDOUT) << client.status;
}

TEST_F(ClientTest, ItsOwnDescriptorsStayBlocking) {
  RunningClient client;
  // The client's thread closes its output at the end; the numbers are read before it begins.
  const int input = client.client_input.get(), output = client.client_output.get();
  client.Start();
  ASSERT_TRUE(WriteAll(client.input.get(), "x"));
  ASSERT_EQ(ReadUpTo(client.server.get(), 1).bytes, "x");
  EXPECT_EQ(::fcntl(input, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(::fcntl(output, F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(ClientTest, ARegularFileIsAnInput) {
  RunningClient client;
  const std::string payload = TestPayload(300000);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), std::fclose);
  ASSERT_NE(file, nullptr);
  ASSERT_TRUE(WriteAll(::fileno(file.get()), payload));
  ASSERT_EQ(::lseek(::fileno(file.get()), 0, SEEK_SET), 0);
  ASSERT_GE(::dup3(::fileno(file.get()), client.client_input.get(), O_CLOEXEC), 0);
  client.Start();
  std::thread echo([&] { EchoAll(client.server.get()); });
  EXPECT_TRUE(ReadToEnd(client.output.get()).bytes == payload);
  echo.join();
  EXPECT_TRUE(client.Join().ok()) << client.status;
}

TEST_F(ClientTest, AnOutputWithoutAReaderIsAnError) {
  RunningClient client;
  client.output.Reset();
  client.Start();
  ASSERT_TRUE(WriteAll(client.input.get(), "x"));
  ASSERT_EQ(ReadUpTo(client.server.get(), 1).bytes, "x");
  ASSERT_TRUE(WriteAll(client.server.get(), "x"));
  EXPECT_EQ(ErrnoOf(client.Join()), EPIPE) << client.status;
  EXPECT_EQ(client.status.message(), "write standard output: Broken pipe (EPIPE)");
}

TEST_F(ClientTest, AnInputThatCannotBeReadIsAnError) {
  RunningClient client;
  // A folder can be opened, and read says EISDIR.
  const UniqueFd folder(::open("/", O_RDONLY | O_CLOEXEC));
  ASSERT_GE(::dup3(folder.get(), client.client_input.get(), O_CLOEXEC), 0);
  client.Start();
  EXPECT_EQ(ErrnoOf(client.Join()), EISDIR) << client.status;
}

// Bound and not listening: connecting is refused, and nobody else gets the port.
struct Refusing {
  UniqueFd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  SocketAddress address;

  Refusing() {
    const SocketAddress any = Loopback4();
    sockaddr_storage bound{};
    socklen_t length = sizeof(bound);
    ::bind(fd.get(), any.data(), any.size());
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &length);
    address = *SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&bound), length);
  }
};

TEST(ConnectToAny, TriesEachAddressInTurn) {
  PosixKernel kernel;
  const Refusing refusing;
  const auto listening = Listen(kernel, Transport::kTcp, Loopback4(), 1);
  ASSERT_TRUE(listening.ok());
  const auto connected =
      ConnectToAny(kernel, Transport::kTcp, {refusing.address, listening->address});
  ASSERT_TRUE(connected.ok()) << connected.status();
  EXPECT_TRUE(connected->peer == listening->address);
}

TEST(ConnectToAny, SaysWhyTheLastWasNotToBeHad) {
  PosixKernel kernel;
  const Refusing refusing;
  const auto connected = ConnectToAny(kernel, Transport::kTcp, {refusing.address});
  EXPECT_EQ(connected.status().message(),
            "connect " + refusing.address.ToString() + ": Connection refused (ECONNREFUSED)");
  EXPECT_FALSE(ConnectToAny(kernel, Transport::kTcp, {}).ok());
}

}  // namespace
}  // namespace verbatim
