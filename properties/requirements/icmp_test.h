// For tests of ICMP: a network of the test's own, and responders in it with one defect each.
// Not for: anything but tests.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/unique_fd.h"
#include "echo/icmp.h"
#include "properties/requirements/icmp_peer.h"
#include "properties/requirements/icmp_probe.h"
#include "properties/requirements/requirement.h"
#include "properties/requirements/trial.h"

namespace verbatim {

inline constexpr char kIPv4[] = "icmp://127.0.0.1";
inline constexpr char kIPv6[] = "icmp://[::1]";
inline constexpr char kIgnoresIPv4[] = "/proc/sys/net/ipv4/icmp_echo_ignore_all";
inline constexpr char kIgnoresIPv6[] = "/proc/sys/net/ipv6/icmp/echo_ignore_all";
inline constexpr char kPingGroups[] = "/proc/sys/net/ipv4/ping_group_range";

inline constexpr char kWithBytes[] = " [with bytes]";

// id -> "held (note)", or the verdict's sentence. Under "probe": what that said. Under "skipped":
// why there is nothing else.
using Results = std::map<std::string, std::string>;

inline Results CheckAll(const char* endpoint, int64_t deadline_ms = 700) {
  Budget budget;
  budget.deadline_ms = deadline_ms;
  budget.cases = 40;
  const auto target = Target::Remote(*Endpoint::Parse(endpoint));
  if (!target.ok()) return {{"probe", target.status().ToString()}};
  const absl::StatusOr<uint64_t> room = RoomOnPath((*target)->addresses().front());
  const bool is_ipv6 = (*target)->addresses().front().family() == AF_INET6;
  if (!room.ok() && is_ipv6) return {{"skipped", room.status().ToString()}};
  Results results;
  results["probe"] = ProbeIcmp((*target)->door(), deadline_ms).ToString();
  for (const Requirement& requirement : Catalogue()) {
    if (requirement.family != Family::kIcmp) continue;
    Trial trial(target->get(), budget);
    const absl::StatusOr<Verdict> verdict = requirement.check(trial);
    std::string& text = results[std::string(requirement.id)];
    if (!verdict.ok()) {
      text = verdict.status().ToString();
    } else if (verdict->kind == Verdict::Kind::kHeld) {
      text = absl::StrCat("held (", trial.note(), ")");
    } else {
      const bool shows = !verdict->expected.empty() || !verdict->seen.empty();
      text = absl::StrCat(VerdictSentence(*verdict), shows ? kWithBytes : "");
    }
  }
  return results;
}

inline bool Write(const char* path, absl::string_view text) {
  const UniqueFd fd(::open(path, O_WRONLY | O_CLOEXEC));
  return ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

inline bool BringUpLoopback(int mtu) {
  const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request = {};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_mtu = mtu;
  if (::ioctl(fd.get(), SIOCSIFMTU, &request) != 0) return false;
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  return ::ioctl(fd.get(), SIOCSIFFLAGS, &request) == 0;
}

inline Results ReadResults(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t bytes; (bytes = ::read(fd, buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<size_t>(bytes));
  }
  Results results;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> row = absl::StrSplit(line, absl::MaxSplits('\t', 1));
    results.insert(row);
  }
  return results;
}

// What `check` returns in a process in a network of its own, whose loopback has that MTU; with
// "skipped" in it where that may not be had.
inline Results InOwnNetwork(int mtu, const std::function<Results()>& check) {
  int pipe[2];
  EXPECT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe[0]);
    Results results = {{"skipped", "no network namespace may be had"}};
    const int user = ::geteuid() == 0 ? 0 : CLONE_NEWUSER;
    if (::unshare(CLONE_NEWNET | user) == 0 && BringUpLoopback(mtu)) results = check();
    std::string text;
    for (const auto& [id, result] : results) absl::StrAppend(&text, id, "\t", result, "\n");
    const bool written =
        ::write(pipe[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::_exit(written ? 0 : 1);
  }
  ::close(pipe[1]);
  const UniqueFd read_end(pipe[0]);
  Results results = ReadResults(read_end.get());
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  return results;
}

enum class Defect {
  kNone,
  kFlipsABit,          // of the 21st octet
  kFlipsInLarge,       // of the 2,001st
  kDropsLastOfOdd,     // where the size is odd
  kAddsOne,            // octet
  kSwapsId,            // the two octets of it
  kOwnSequence,        // its own counter
  kWrongChecksum,      // one off
  kNoCarry,            // 0x0800 is added to the request's, and no carry
  kTwice,              // two answers
  kSilentOnEmpty,      // no answer to 0 octets
  kSilentOnLarge,      // above 2,000 octets
  kTruncates,          // to 1,472 octets
  kTruncatesToLittle,  // above 1,472 octets, to 100
  kOtherAddress,       // the answer's source is 127.0.0.2
};

inline std::string Damaged(Defect defect, std::string data) {
  if (defect == Defect::kFlipsABit && data.size() > 20) data[20] ^= 4;
  if (defect == Defect::kFlipsInLarge && data.size() > 2000) data[2000] ^= 4;
  if (defect == Defect::kDropsLastOfOdd && data.size() % 2 == 1) data.pop_back();
  if (defect == Defect::kAddsOne) data.push_back('\0');
  if (defect == Defect::kTruncates && data.size() > 1472) data.resize(1472);
  if (defect == Defect::kTruncatesToLittle && data.size() > 1472) data.resize(100);
  return data;
}

inline uint16_t Swapped(uint16_t word) { return static_cast<uint16_t>(word << 8 | word >> 8); }

// Changes the reply's checksum from what it was in the request.
inline void SpoilChecksum(Defect defect, absl::string_view request, std::string* reply) {
  auto high = static_cast<uint8_t>((*reply)[2]);
  if (defect == Defect::kWrongChecksum) ++high;
  if (defect == Defect::kNoCarry) high = static_cast<uint8_t>(request[2] + 8);
  if (defect == Defect::kNoCarry) (*reply)[3] = request[3];
  (*reply)[2] = static_cast<char>(high);
}

inline UniqueFd RawSocket(int family) {
  const int protocol = family == AF_INET ? static_cast<int>(IPPROTO_ICMP) : IPPROTO_ICMPV6;
  return UniqueFd(::socket(family, SOCK_RAW | SOCK_CLOEXEC, protocol));
}

struct Responder {
  int family;
  Defect defect;
  UniqueFd hears;
  UniqueFd speaks;
  uint16_t counter = 0;

  Responder(int its_family, Defect its_defect)
      : family(its_family),
        defect(its_defect),
        hears(RawSocket(family)),
        speaks(RawSocket(family)) {
    const SocketAddress other = SocketAddress::FromIPv4({127, 0, 0, 2}, 0);
    if (defect == Defect::kOtherAddress) ::bind(speaks.get(), other.data(), other.size());
  }

  void Answer(absl::string_view message, const sockaddr* to, socklen_t to_size) {
    const auto echo = ReadIcmp(message, family);
    if (!echo || echo->is_reply) return;
    if (defect == Defect::kSilentOnEmpty && echo->data.empty()) return;
    if (defect == Defect::kSilentOnLarge && echo->data.size() > 2000) return;
    const std::string data = Damaged(defect, std::string(echo->data));
    const uint16_t id = defect == Defect::kSwapsId ? Swapped(echo->id) : echo->id;
    const uint16_t sequence = defect == Defect::kOwnSequence ? counter++ : echo->sequence;
    std::string reply = IcmpText({true, id, sequence, data}, family);
    SpoilChecksum(defect, message, &reply);
    for (int i = 0; i < (defect == Defect::kTwice ? 2 : 1); ++i) {
      ::sendto(speaks.get(), reply.data(), reply.size(), 0, to, to_size);
    }
  }

  // As long as the process lives.
  [[noreturn]] void Run() {
    std::string packet(1 << 17, '\0');
    for (;;) {
      sockaddr_storage from;
      socklen_t size = sizeof(from);
      auto* const address = reinterpret_cast<sockaddr*>(&from);
      const ssize_t bytes =
          ::recvfrom(hears.get(), packet.data(), packet.size(), 0, address, &size);
      if (bytes <= 0) continue;
      const auto whole = absl::string_view(packet).substr(0, static_cast<size_t>(bytes));
      Answer(family == AF_INET ? WithoutIpHeader(whole) : whole, address, size);
    }
  }
};

// What the requirements say of a responder that stands for the kernel, which is silent.
inline Results CheckResponder(Defect defect, int mtu = 65'536, bool four = true) {
  return InOwnNetwork(mtu, [&]() -> Results {
    if (!Write(four ? kIgnoresIPv4 : kIgnoresIPv6, "1\n")) {
      return {{"skipped", "the kernel can't be silenced"}};
    }
    auto* const responder = new Responder(four ? AF_INET : AF_INET6, defect);
    std::thread([=] { responder->Run(); }).detach();
    return CheckAll(four ? kIPv4 : kIPv6);
  });
}

#define SKIP_WITHOUT_NETWORK(results) \
  if ((results).count("skipped") > 0) GTEST_SKIP() << (results).at("skipped")

}  // namespace verbatim
