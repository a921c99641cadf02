// The requirements on an echo reply's header, its sender and its number.
// Not for: its data (icmp_data.cc), sockets and tries (icmp_asker.h, icmp_peer.h).
#include "properties/requirements/icmp.h"

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/endpoint.h"
#include "properties/requirements/icmp_asker.h"

namespace verbatim {
namespace {

constexpr uint64_t kPlainBytes = 56;  // what ping programs send
constexpr uint64_t kMoreBytes = 512;
constexpr int64_t kSecondAnswerMs = 50;
std::string Ids(uint16_t id, uint16_t sequence) {
  return absl::StrFormat("id 0x%04x and sequence 0x%04x", id, sequence);
}

std::string Octets(std::initializer_list<uint16_t> words) {
  std::string text;
  for (const uint16_t word : words) {
    text += static_cast<char>(word >> 8);
    text += static_cast<char>(word & 0xff);
  }
  return text;
}

// Only a unicast address has answers of one host, from one address.
bool IsUnicast(const SocketAddress& address) {
  const sockaddr* const any = address.data();
  if (address.family() == AF_INET) {
    sockaddr_in in4;
    std::memcpy(&in4, any, sizeof(in4));
    const uint32_t host = ntohl(in4.sin_addr.s_addr);
    return host != 0 && host >> 28 < 0xe;
  }
  sockaddr_in6 in6;
  std::memcpy(&in6, any, sizeof(in6));
  return !IN6_IS_ADDR_MULTICAST(&in6.sin6_addr) && !IN6_IS_ADDR_UNSPECIFIED(&in6.sin6_addr);
}

}  // namespace

absl::StatusOr<Verdict> IcmpExactIdSequence(Trial& trial) {
  IcmpAsker asker(&trial);
  std::vector<std::pair<uint16_t, uint16_t>> pairs = {
      {0, 0},           {0, 1},           {1, 0},      {0x00ff, 0xff00}, {0x0102, 0x0304},
      {0x7fff, 0x8000}, {0xffff, 0xffff}, {0xffff, 0}, {0, 0xffff}};
  std::mt19937_64 generator(trial.budget().seed);
  std::uniform_int_distribution<unsigned> any(0, 0xffff);
  while (pairs.size() < 32) {
    pairs.emplace_back(static_cast<uint16_t>(any(generator)),
                       static_cast<uint16_t>(any(generator)));
  }
  for (const auto& [id, sequence] : pairs) {
    if (!asker.Ask({.data = asker.Data(kPlainBytes), .ids = std::pair(id, sequence)})) {
      return trial.Result();
    }
    if (!asker.peer().SeesIds()) {
      return trial.CannotJudge(
          "needs a raw socket (CAP_NET_RAW): a ping socket's id is the kernel's own");
    }
    if (!asker.answer()) {
      trial.Fail(asker.JudgeData());
      return trial.Result();
    }
    const IcmpAnswer& answer = *asker.answer();
    if (answer.id == id && answer.sequence == sequence) continue;
    trial.Fail(
        asker.AboutHeader(4, Octets({id, sequence}), Octets({answer.id, answer.sequence}),
                          absl::StrCat("a request with ", Ids(id, sequence), " was answered with ",
                                       Ids(answer.id, answer.sequence))));
    return trial.Result();
  }
  trial.Note(absl::StrCat(asker.questions(), " pairs"));
  return trial.Result();
}

namespace {

// Odd sizes, words that add up to nothing, and requests whose checksum overflows where an answerer
// that only changes the type adds 0x0800 (RFC 1624 §3 tells of such mistakes).
std::vector<IcmpQuestion> ChecksumQuestions(const IcmpAsker& asker) {
  std::vector<IcmpQuestion> questions;
  for (const uint64_t bytes : {1, 2, 3, 16, 17, 55, 56, 57, 255, 256, 257}) {
    questions.push_back({.data = asker.Data(bytes)});
  }
  for (const char byte : {'\0', '\xff'}) {
    questions.push_back({.data = std::string(kPlainBytes, byte), .marked = false});
  }
  constexpr uint16_t kChecksums[] = {0x0000, 0x0001, 0x07ff, 0x0800, 0x0801, 0xf7fe,
                                     0xf7ff, 0xf800, 0xf801, 0xff00, 0xfffe};
  for (const uint16_t checksum : kChecksums) {
    questions.push_back({.data = asker.Data(kPlainBytes), .checksum = checksum});
  }
  return questions;
}

}  // namespace

absl::StatusOr<Verdict> IcmpChecksum(Trial& trial) {
  IcmpAsker asker(&trial);
  for (const IcmpQuestion& question : ChecksumQuestions(asker)) {
    if (!asker.Ask(question)) return trial.Result();
    if (!asker.answer()) {
      trial.Fail(asker.JudgeData());
      return trial.Result();
    }
    const IcmpAnswer& answer = *asker.answer();
    if (answer.checksum_holds) continue;
    trial.Fail(asker.AboutHeader(
        2, Octets({answer.right_checksum}), Octets({answer.checksum}),
        absl::StrFormat("a reply (octets of data: %d) has the checksum 0x%04x, 0x%04x is right",
                        answer.data.size(), answer.checksum, answer.right_checksum)));
    return trial.Result();
  }
  const std::string replies = absl::StrCat(asker.questions(), " replies");
  trial.Note(asker.peer().SeesChecksums()
                 ? replies
                 : absl::StrCat(replies, "; the kernel lets no wrong checksum of ",
                                asker.to().family() == AF_INET ? "a ping socket" : "ICMPv6",
                                " pass: it would have been a silence"));
  return trial.Result();
}

absl::StatusOr<Verdict> IcmpSourceAddress(Trial& trial) {
  IcmpAsker asker(&trial);
  if (!IsUnicast(asker.to())) return trial.CannotJudge("needs a unicast address");
  for (const uint64_t bytes : {kPlainBytes, kMoreBytes}) {
    if (!asker.Ask({.data = asker.Data(bytes)})) return trial.Result();
    if (!asker.answer()) {
      trial.Fail(asker.JudgeData());
      return trial.Result();
    }
    const SocketAddress& from = asker.answer()->from;
    if (from == asker.to().WithPort(0)) continue;
    trial.Fail(
        asker.About(Verdict::Kind::kMisaddressed,
                    absl::StrCat("from ", EndpointText(Transport::kIcmp, from), " and not from ",
                                 EndpointText(Transport::kIcmp, asker.to()))));
    return trial.Result();
  }
  return trial.Result();
}

absl::StatusOr<Verdict> IcmpOneForOne(Trial& trial) {
  IcmpAsker asker(&trial);
  for (const uint64_t bytes : {uint64_t{16}, uint64_t{17}, kPlainBytes, kMoreBytes}) {
    if (!asker.Ask({.data = asker.Data(bytes)})) return trial.Result();
    if (!asker.answer()) {
      trial.Fail(asker.JudgeData());
      return trial.Result();
    }
    const auto second = asker.peer().Await(trial.budget().Within(kSecondAnswerMs));
    if (!second.ok()) return second.status();
    if (!second->has_value()) continue;
    trial.Fail(asker.About(Verdict::Kind::kDuplicated));
    return trial.Result();
  }
  return trial.Result();
}

}  // namespace verbatim
