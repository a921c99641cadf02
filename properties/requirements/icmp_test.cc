// The ICMP requirements on the kernel's own answers, and on responders with one defect each, in a
// network of the test's own.
// Not for: messages (echo/icmp_test.cc).
#include "properties/requirements/icmp_test.h"

namespace verbatim {
namespace {

// That row fails so; all others hold, but icmp.large where one packet holds everything.
void ExpectFailure(const Results& results, const std::string& id, absl::string_view how) {
  for (const auto& [row, result] : results) {
    SCOPED_TRACE(absl::StrCat(row, ": ", result));
    if (row == id) {
      EXPECT_TRUE(absl::StartsWith(result, how));
    } else if (row == "probe") {
      EXPECT_EQ(result, "OK");
    } else if (row != "icmp.large" || !absl::StartsWith(result, "not judged: one packet")) {
      EXPECT_TRUE(absl::StartsWith(result, "held"));
    }
  }
  EXPECT_EQ(results.size(), 7u);
}

void ExpectSound(const Results& results) { ExpectFailure(results, "", ""); }

bool Answers(const char* path) {
  char answer = '1';
  const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  return ::read(fd.get(), &answer, 1) == 1 && answer == '0';
}

TEST(Icmp, TheKernelsOwnAnswersHold) {
  for (const bool four : {true, false}) {
    SCOPED_TRACE(four ? kIPv4 : kIPv6);
    if (!Answers(four ? kIgnoresIPv4 : kIgnoresIPv6)) continue;
    const SocketAddress to =
        four ? SocketAddress::FromIPv4({127, 0, 0, 1}, 0) : *SocketAddress::Parse("[::1]:0");
    const absl::StatusOr<IcmpPeer> peer = IcmpPeer::Open(to);
    if (absl::IsFailedPrecondition(peer.status())) GTEST_SKIP() << peer.status();
    if (!RoomOnPath(to).ok()) continue;  // no IPv6
    Results results = CheckAll(four ? kIPv4 : kIPv6);
    if (!peer.ok() || !peer->SeesIds()) results["icmp.exact.id-sequence"] = "held";
    ExpectSound(results);
  }
}

TEST(Icmp, TheKernelsOwnAnswersHoldAboveTheMtu) {
  for (const char* const endpoint : {kIPv4, kIPv6}) {
    SCOPED_TRACE(endpoint);
    const Results results = InOwnNetwork(1500, [&] { return CheckAll(endpoint); });
    SKIP_WITHOUT_NETWORK(results);
    ExpectSound(results);
    EXPECT_TRUE(absl::StrContains(results.at("icmp.exact.data"),
                                  endpoint == kIPv4 ? "holds 1472" : "holds 1452"))
        << results.at("icmp.exact.data");
    EXPECT_EQ(results.at("icmp.large"), endpoint == kIPv4
                                            ? "held (whole answers up to 65507 octets of data)"
                                            : "held (whole answers up to 65527 octets of data)");
  }
}

TEST(Icmp, ASoundResponderHolds) {
  for (const int mtu : {1500, 65'536}) {
    for (const bool four : {true, false}) {
      SCOPED_TRACE(absl::StrCat(mtu, four ? " IPv4" : " IPv6"));
      const Results results = CheckResponder(Defect::kNone, mtu, four);
      SKIP_WITHOUT_NETWORK(results);
      ExpectSound(results);
      EXPECT_EQ(absl::StrContains(results.at("icmp.checksum"), "the kernel lets no wrong"), !four);
    }
  }
}

struct Case {
  Defect defect;
  const char* id;
  const char* how;
  int mtu = 65'536;
};

TEST(Icmp, EachDefectIsFoundByTheRequirementThatNamesIt) {
  const Case cases[] = {
      {Defect::kFlipsABit, "icmp.exact.data", "corrupted: the byte at offset 20 of"},
      {Defect::kDropsLastOfOdd, "icmp.exact.data", "truncated: the answer to datagram 2 "},
      {Defect::kAddsOne, "icmp.exact.data", "inserted: 1 byte at offset 0 of"},
      {Defect::kSilentOnEmpty, "icmp.exact.data",
       "withheld: datagram 1 of connection 1, of 0 bytes"},
      {Defect::kTruncates, "icmp.exact.data", "truncated: the answer to datagram"},
      {Defect::kSwapsId, "icmp.exact.id-sequence",
       "misbehaved: a request with id 0x0001 and sequence 0x0000 was answered with id 0x0100 and"},
      {Defect::kOwnSequence, "icmp.exact.id-sequence", "misbehaved: a request with id 0x"},
      {Defect::kWrongChecksum, "icmp.checksum",
       "misbehaved: a reply (octets of data: 1) has the checksum 0x"},
      {Defect::kNoCarry, "icmp.checksum", "misbehaved: a reply (octets of data: "},
      {Defect::kTwice, "icmp.one-for-one", "duplicated: the answer to datagram "},
      {Defect::kOtherAddress, "icmp.source-address",
       "misaddressed: the answer to datagram 1 of connection 1 came from icmp://127.0.0.2"},
      {Defect::kSilentOnLarge, "icmp.large", "withheld: datagram", 1500},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(static_cast<int>(one.defect));
    const Results results = CheckResponder(one.defect, one.mtu);
    SKIP_WITHOUT_NETWORK(results);
    ExpectFailure(results, one.id, one.how);
    const bool has_bytes = one.defect != Defect::kTwice && one.defect != Defect::kOtherAddress &&
                           one.defect != Defect::kSilentOnEmpty;
    EXPECT_EQ(absl::EndsWith(results.at(one.id), kWithBytes), has_bytes);
  }
}

TEST(Icmp, AnAnswerMayBeCutToTheMtuButNotToLess) {
  Results results = CheckResponder(Defect::kTruncates, 1500);
  SKIP_WITHOUT_NETWORK(results);
  ExpectSound(results);
  EXPECT_EQ(results.at("icmp.large"), "held (answers cut to 1472 octets of data)");
  results = CheckResponder(Defect::kTruncatesToLittle, 1500);
  EXPECT_TRUE(absl::StartsWith(results.at("icmp.large"), "truncated:")) << results.at("icmp.large");
  EXPECT_TRUE(absl::StartsWith(results.at("icmp.exact.data"), "truncated:"));
}

TEST(Icmp, IPv6MayNotBeCutAtAll) {
  const Results results = CheckResponder(Defect::kTruncates, 1500, false);
  SKIP_WITHOUT_NETWORK(results);
  EXPECT_TRUE(absl::StartsWith(results.at("icmp.large"), "truncated:")) << results.at("icmp.large");
  EXPECT_TRUE(absl::StartsWith(results.at("icmp.exact.data"), "truncated:"));
}

TEST(Icmp, IPv6MayLeaveAloneWhatComesToMoreThan1500Octets) {
  const Results results = CheckResponder(Defect::kSilentOnLarge, 1400, false);
  SKIP_WITHOUT_NETWORK(results);
  ExpectSound(results);
  EXPECT_TRUE(absl::StrContains(results.at("icmp.large"), "; none to 2"))
      << results.at("icmp.large");
}

TEST(Icmp, LargeDataAreJudgedByTheirBytesTooWhereTheyAreNotOnePacket) {
  const Results results = CheckResponder(Defect::kFlipsInLarge, 1500);
  SKIP_WITHOUT_NETWORK(results);
  for (const std::string id : {"icmp.exact.data", "icmp.large"}) {
    EXPECT_TRUE(absl::StartsWith(results.at(id), "corrupted: the byte at offset 2000"))
        << results.at(id);
  }
}

TEST(Icmp, WhereNobodyAnswersEverythingIsWithheld) {
  const Results results = InOwnNetwork(1500, []() -> Results {
    if (!Write(kIgnoresIPv4, "1\n")) return {{"skipped", "the kernel can't be silenced"}};
    return CheckAll(kIPv4, 100);
  });
  SKIP_WITHOUT_NETWORK(results);
  EXPECT_EQ(results.at("probe"), "UNAVAILABLE: icmp://127.0.0.1: no answer within 100 ms, 3 times");
  for (const auto& [row, result] : results) {
    if (row != "probe") EXPECT_TRUE(absl::StartsWith(result, "withheld")) << row << result;
  }
}

TEST(Icmp, WithoutARawSocketAPingSocketShowsWhatItCan) {
  for (const char* const endpoint : {kIPv4, kIPv6}) {
    SCOPED_TRACE(endpoint);
    const Results results = InOwnNetwork(1500, [&]() -> Results {
      if (!Write(kPingGroups, "0 2000000000\n") || ::setuid(65'534) != 0) {
        return {{"skipped", "ping sockets can't be allowed"}};
      }
      return CheckAll(endpoint);
    });
    SKIP_WITHOUT_NETWORK(results);
    Results others = results;
    others["icmp.exact.id-sequence"] = "held";
    ExpectSound(others);
    EXPECT_TRUE(absl::StartsWith(results.at("icmp.exact.id-sequence"),
                                 "not judged: needs a raw socket (CAP_NET_RAW)"));
    EXPECT_TRUE(absl::StrContains(results.at("icmp.exact.data"), "a ping socket"));
    EXPECT_TRUE(absl::StrContains(results.at("icmp.checksum"), "lets no wrong checksum of"));
  }
}

TEST(Icmp, WithoutAnySocketEveryRowSaysWhatWouldHelp) {
  const Results results = InOwnNetwork(1500, []() -> Results {
    if (!Write(kPingGroups, "1 0\n") || ::setuid(65'534) != 0) {
      return {{"skipped", "no other user can be had"}};
    }
    return CheckAll(kIPv4);
  });
  SKIP_WITHOUT_NETWORK(results);
  for (const auto& [row, result] : results) {
    SCOPED_TRACE(absl::StrCat(row, ": ", result));
    EXPECT_TRUE(absl::StartsWith(result, row == "probe" ? "FAILED_PRECONDITION" : "not judged"));
    EXPECT_TRUE(absl::StrContains(result, "CAP_NET_RAW"));
    EXPECT_TRUE(absl::StrContains(result, "ping_group_range"));
  }
}

TEST(Icmp, AnswersToOthersArePassedBy) {
  const Results results = InOwnNetwork(65'536, []() -> Results {
    std::thread([] {
      // Another who asks all the time, with each id in turn, and whom the kernel answers.
      const UniqueFd fd = RawSocket(AF_INET);
      const SocketAddress to = SocketAddress::FromIPv4({127, 0, 0, 1}, 0);
      for (uint16_t i = 0;; ++i) {
        const std::string text = IcmpText({false, i, 1, "another's"}, AF_INET);
        ::sendto(fd.get(), text.data(), text.size(), 0, to.data(), to.size());
        ::poll(nullptr, 0, i % 16 == 0 ? 1 : 0);  // or it would fill every buffer
      }
    }).detach();
    return CheckAll(kIPv4);
  });
  SKIP_WITHOUT_NETWORK(results);
  ExpectSound(results);
}

}  // namespace
}  // namespace verbatim
