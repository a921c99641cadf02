// IcmpPeer: our side of one ICMP echo request and its answers, over a raw socket, or a ping socket
// where that is all that is allowed. Not for: what an answer means (icmp.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/address.h"
#include "core/unique_fd.h"

namespace verbatim {

// The largest data: IPv4 counts its header of 20 octets in its 65,535 (RFC 791), IPv6 does not (RFC
// 8200 §3); ICMP has 8 of its own.
constexpr uint64_t LargestIcmpData(int family) { return family == AF_INET ? 65'507 : 65'527; }

// How much data one packet to `to` holds on the path as it is known now: on an MTU of 1,500, 1,472
// octets of IPv4 and 1,452 of IPv6. Never more than LargestIcmpData. Returns what the failing call
// says.
absl::StatusOr<uint64_t> RoomOnPath(const SocketAddress& to);

struct IcmpAnswer {
  std::string data;
  uint16_t id = 0;
  uint16_t sequence = 0;
  // Both 0 where they are not seen (IcmpPeer::SeesChecksums).
  uint16_t checksum = 0;  // as it came
  uint16_t right_checksum = 0;
  // By the receiver's rule, for which 0xffff is as good as 0 (RFC 1071 §1).
  bool checksum_holds = true;
  SocketAddress from;  // port 0
};

// Answers to the requests of others, which raw sockets see too, are passed by.
class IcmpPeer {
 public:
  // Opens a socket, and chooses id, sequence and nonce anew. Returns kFailedPrecondition, with what
  // would allow it, iff neither socket is; kInternal iff our own side failed otherwise.
  static absl::StatusOr<IcmpPeer> Open(const SocketAddress& to);

  // IPv4's raw sockets show a checksum as it came; of ICMPv6, and to ping sockets, the kernel lets
  // none pass that is wrong (raw(7), icmp(7)).
  bool SeesChecksums() const { return is_raw_ && to_.family() == AF_INET; }
  // A ping socket's id is the kernel's own, in both directions (icmp(7)).
  bool SeesIds() const { return is_raw_; }

  uint16_t id() const { return id_; }
  uint16_t sequence() const { return sequence_; }
  // Only where SeesIds(). From now on an answer is known by its nonce alone, so that a wrong id is
  // seen: the data must be marked.
  void UseIds(uint16_t id, uint16_t sequence);

  // Puts the nonce over the first octets of the data, if there is room: then even an answer with a
  // wrong id or sequence is known.
  void Mark(std::string* data);
  // Changes the last two octets of the data (of even size, 2 or more) so that the request's
  // checksum is `checksum`, which can be all but 0xffff (RFC 1624 §3). Of ICMPv6 the checksum
  // covers addresses that are not known here, and the data stay as they are.
  void AimAtChecksum(uint16_t checksum, std::string* data) const;

  // To be called once. Returns what the kernel says: a size that it can't send, no route …
  absl::Status Send(absl::string_view data);

  // The next answer; nullopt if none comes within `deadline_ms`. Returns kInternal iff our own side
  // failed.
  absl::StatusOr<std::optional<IcmpAnswer>> Await(int64_t deadline_ms);

 private:
  IcmpPeer(UniqueFd fd, bool is_raw, const SocketAddress& to)
      : fd_(std::move(fd)), is_raw_(is_raw), to_(to) {}
  absl::Status ChooseIds();
  absl::StatusOr<std::optional<IcmpAnswer>> Take();
  std::optional<IcmpAnswer> Read(absl::string_view packet, const SocketAddress& from) const;
  bool IsOurs(const IcmpAnswer& answer) const;

  UniqueFd fd_;
  bool is_raw_;
  SocketAddress to_;
  uint16_t id_ = 0;
  uint16_t sequence_ = 0;
  std::string nonce_;  // empty if the data are not marked
  bool by_nonce_alone_ = false;
  std::string data_;
};

}  // namespace verbatim
