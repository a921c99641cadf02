// DatagramClient against peers that answer rightly, wrongly, late or not at all; and
// EchoStandardIo.
#include "echo/datagram_client.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "core/posix_kernel.h"
#include "echo/peer_test.h"

namespace verbatim {
namespace {

// What the peer does with the datagram of that number.
using Behaviour = std::function<void(int fd, const std::string& datagram, int number)>;

void EchoBack(int fd, const std::string& datagram, int) { SendWhole(fd, datagram); }

struct Pipes {
  Pipes() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) == 0) read = UniqueFd(fds[0]), write = UniqueFd(fds[1]);
  }
  UniqueFd read, write;
};

struct Ran {
  absl::Status status;
  std::string output;
  std::vector<std::string> asked;  // what the peer received
};

// Runs a client whose peer is at the other end of a pair of unix sockets. What the client sends
// meets `behave`; as UDP, it may be lost.
Ran RunClient(const std::string& input, const Behaviour& behave, DatagramOptions options = {},
              Transport transport = Transport::kUdp) {
  int ends[2] = {-1, -1};
  const int type = transport == Transport::kUnixpacket ? SOCK_SEQPACKET : SOCK_DGRAM;
  EXPECT_EQ(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), 0);
  PosixKernel kernel;
  Pipes in, out;
  Ran ran;
  UniqueFd peer(ends[1]);
  std::thread writer([&] {
    WriteAll(in.write.get(), input);
    in.write.Reset();
  });
  std::thread reader([&] { ran.output = ReadToEnd(out.read.get()).bytes; });
  std::thread server([&] {
    for (int number = 0;; ++number) {
      const auto datagram = ReceiveWhole(peer.get());
      // The end of the test; or of a connection of records, whose empty record nobody sends.
      if (!datagram.has_value() || *datagram == "end" ||
          (type == SOCK_SEQPACKET && datagram->empty()))
        return;
      ran.asked.push_back(*datagram);
      behave(peer.get(), *datagram, number);
    }
  });
  const UniqueFd ours(::fcntl(ends[0], F_DUPFD_CLOEXEC, 0));
  {
    Connected<PosixKernel> connected{KernelFd<PosixKernel>(ends[0], {&kernel}), Loopback4(), type};
    ran.status = DatagramClient(&kernel, std::move(connected), transport, in.read.get(),
                                out.write.get(), options)
                     .Run();
  }
  in.read.Reset();
  out.write.Reset();
  SendWhole(ours.get(), "end");
  for (std::thread* thread : {&writer, &reader, &server}) thread->join();
  return ran;
}

TEST(DatagramClient, TheInputIsOneDatagramIfItFits) {
  const std::string payload = TestPayload(60000);
  const Ran ran = RunClient(payload, EchoBack);
  EXPECT_TRUE(ran.status.ok()) << ran.status;
  EXPECT_TRUE(ran.output == payload);
  EXPECT_EQ(ran.asked.size(), 1u);
}

TEST(DatagramClient, ALargerInputIsCutAndEachPieceComesBack) {
  const std::string payload = TestPayload(2500);
  const Ran ran = RunClient(payload, EchoBack, {.datagram_bytes = 1000});
  EXPECT_TRUE(ran.status.ok()) << ran.status;
  EXPECT_TRUE(ran.output == payload);
  ASSERT_EQ(ran.asked.size(), 3u);
  EXPECT_EQ(ran.asked[2].size(), 500u);
  // No empty one follows a last piece that is full.
  EXPECT_EQ(RunClient(payload.substr(0, 2000), EchoBack, {.datagram_bytes = 1000}).asked.size(),
            2u);
}

TEST(DatagramClient, AnEmptyInputIsOneEmptyDatagramAndNoRecord) {
  const Ran ran = RunClient("", EchoBack);
  EXPECT_TRUE(ran.status.ok()) << ran.status;
  EXPECT_EQ(ran.asked, std::vector<std::string>{""});
  const Ran records = RunClient("", EchoBack, {}, Transport::kUnixpacket);
  EXPECT_TRUE(records.status.ok()) << records.status;
  EXPECT_TRUE(records.asked.empty());
}

TEST(DatagramClient, AWrongAnswerIsDataLossAndTheByteIsNamed) {
  const Ran ran = RunClient("12345", [](int fd, std::string datagram, int) {
    datagram[3] = 'x';
    SendWhole(fd, datagram);
  });
  EXPECT_EQ(ran.status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ran.status.message(), "datagram 1 of 5 bytes came back as 5, different from byte 4 on");
  EXPECT_EQ(ran.output, "");
  const Ran cut = RunClient("12345", [](int fd, const std::string& datagram, int) {
    SendWhole(fd, datagram.substr(0, 2));
  });
  EXPECT_EQ(cut.status.message(), "datagram 1 of 5 bytes came back as 2, different from byte 3 on");
  const Ran empty = RunClient("12345", [](int fd, const std::string&, int) { SendWhole(fd, ""); });
  EXPECT_EQ(empty.status.code(), absl::StatusCode::kDataLoss) << empty.status;
}

TEST(DatagramClient, SilenceIsAskedAgainAndThenAnError) {
  const Ran ran =
      RunClient("12345", [](int, const std::string&, int) {}, {.tries = 3, .wait_ms = 20});
  EXPECT_EQ(ran.status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(ran.status.message(), "no answer to datagram 1 of 5 bytes within 20 ms, 3 times");
  EXPECT_EQ(ran.asked.size(), 3u);
}

TEST(DatagramClient, WhatWasLostOnceComesBackByTheSecondTry) {
  const Ran ran = RunClient("12345",
                            [](int fd, const std::string& datagram, int number) {
                              if (number == 1) SendWhole(fd, datagram);
                            },
                            {.wait_ms = 50});
  EXPECT_TRUE(ran.status.ok()) << ran.status;
  EXPECT_EQ(ran.output, "12345");
}

TEST(DatagramClient, ALateAnswerToTheDatagramBeforeIsNobodysFault) {
  const Ran ran = RunClient("aabb",
                            [](int fd, const std::string& datagram, int number) {
                              if (number == 1)
                                SendWhole(fd, "aa");  // the second answer to the first
                              SendWhole(fd, datagram);
                            },
                            {.datagram_bytes = 2});
  EXPECT_TRUE(ran.status.ok()) << ran.status;
  EXPECT_EQ(ran.output, "aabb");
}

TEST(DatagramClient, AnEarlyEndOfAConnectionOfRecordsIsDataLoss) {
  const Ran ran = RunClient(
      "12345", [](int fd, const std::string&, int) { ::shutdown(fd, SHUT_WR); }, {},
      Transport::kUnixpacket);
  EXPECT_EQ(ran.status.code(), absl::StatusCode::kDataLoss) << ran.status;
}

// An answer of ICMP as IPv4's ping sockets show it.
Behaviour Reply(uint16_t id, uint16_t sequence, int flip_byte = -1) {
  return [=](int fd, const std::string& request, int) {
    const auto echo = ReadIcmp(request, AF_INET);
    ASSERT_TRUE(echo.has_value() && !echo->is_reply);
    std::string reply = IcmpText({true, id, sequence, echo->data}, AF_INET);
    if (flip_byte >= 0) reply[static_cast<size_t>(flip_byte)] ^= 1;
    SendWhole(fd, reply);
  };
}

TEST(DatagramClient, AnIcmpReplyIsCheckedForSequenceAndChecksum) {
  const DatagramOptions options = {.tries = 1, .wait_ms = 300, .icmp_id = 5};
  const Ran right = RunClient("data", Reply(5, 0), options, Transport::kIcmp);
  EXPECT_TRUE(right.status.ok()) << right.status;
  EXPECT_EQ(right.output, "data");
  const Ran other = RunClient("data", Reply(5, 1), options, Transport::kIcmp);
  EXPECT_EQ(other.status.message(),
            "no answer to datagram 1 of 4 bytes within 300 ms, 1 times, but a reply of another id "
            "or sequence came");
  const Ran flipped = RunClient("data", Reply(5, 0, 8), options, Transport::kIcmp);
  EXPECT_EQ(flipped.status.message(),
            "no answer to datagram 1 of 4 bytes within 300 ms, 1 times, but a message with a wrong "
            "checksum came");
}

TEST(EchoStandardIo, ReturnsWhatComesUntilTheEndOnAnyDescriptors) {
  PosixKernel kernel;
  const std::string payload = TestPayload(300000);
  for (const int flags : {0, O_NONBLOCK}) {
    Pipes in, out;
    for (const UniqueFd* fd : {&in.read, &out.write}) ::fcntl(fd->get(), F_SETFL, flags);
    std::thread writer([&] {
      WriteAll(in.write.get(), payload);
      in.write.Reset();
    });
    std::string output;
    std::thread reader([&] { output = ReadToEnd(out.read.get()).bytes; });
    EXPECT_TRUE(EchoStandardIo(kernel, in.read.get(), out.write.get(), -1).ok());
    out.write.Reset();
    writer.join();
    reader.join();
    EXPECT_TRUE(output == payload) << output.size();
  }
}

TEST(EchoStandardIo, EndsWhenNothingComesInTimeOrNobodyReads) {
  ::signal(SIGPIPE, SIG_IGN);
  PosixKernel kernel;
  Pipes in, out;
  EXPECT_EQ(EchoStandardIo(kernel, in.read.get(), out.write.get(), 20).code(),
            absl::StatusCode::kDeadlineExceeded);
  ASSERT_TRUE(WriteAll(in.write.get(), "x"));
  out.read.Reset();
  EXPECT_EQ(ErrnoOf(EchoStandardIo(kernel, in.read.get(), out.write.get(), -1)), EPIPE);
}

}  // namespace
}  // namespace verbatim
