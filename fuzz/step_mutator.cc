// The changes, each on the records of properties/scenario/bytes.h.
#include "fuzz/step_mutator.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/fault.h"
#include "properties/scenario/bytes.h"
#include "properties/scenario/layout.h"

namespace verbatim {
namespace {

using Record = std::array<uint8_t, kRecordBytes>;
// Longer runs of steps are slow, and no better.
constexpr size_t kMostRecords = 60;
// The edges of the stage's buffers, and what is next to them.
constexpr uint16_t kAmounts[] = {1, 2, 3, 7, 16, 255, 256, 257, 511, 512, 513, 1023, 2000, 4096};
// The calls that a running server makes most, and those whose failing it must outlive.
constexpr Call kCallsOfServers[] = {Call::kRecv,   Call::kSend,         Call::kRecv,
                                    Call::kSend,   Call::kEpollWait,    Call::kAccept,
                                    Call::kAccept, Call::kEpollControl, Call::kClose};
constexpr Step::Kind kStepsOfPeers[] = {
    Step::Kind::kConnect,  Step::Kind::kSend,  Step::Kind::kSend,  Step::Kind::kSend,
    Step::Kind::kAwait,    Step::Kind::kPause, Step::Kind::kStall, Step::Kind::kResume,
    Step::Kind::kShutdown, Step::Kind::kReset, Step::Kind::kClose, Step::Kind::kExpectEof,
    Step::Kind::kSettle,   Step::Kind::kDrip};

constexpr Step::Kind kStepsOfReplies[] = {
    Step::Kind::kFeed,      Step::Kind::kFeed,     Step::Kind::kFeedEof, Step::Kind::kReply,
    Step::Kind::kReply,     Step::Kind::kReply,    Step::Kind::kHold,    Step::Kind::kStall,
    Step::Kind::kResume,    Step::Kind::kShutdown, Step::Kind::kReset,   Step::Kind::kClose,
    Step::Kind::kExpectExit};
// The calls of a client.
constexpr Call kCallsOfClients[] = {Call::kRecv, Call::kSend,    Call::kRecv,
                                    Call::kSend, Call::kConnect, Call::kPoll,
                                    Call::kRead, Call::kWrite,   Call::kShutdown};

constexpr Step::Kind kStepsOfAskers[] = {
    Step::Kind::kConnect, Step::Kind::kSend,  Step::Kind::kSend, Step::Kind::kSend,
    Step::Kind::kAwait,   Step::Kind::kPause, Step::Kind::kClose};
// The calls of a server of datagrams.
constexpr Call kCallsOfDatagrams[] = {Call::kRecvMessage, Call::kSendMessage,  Call::kRecvMessage,
                                      Call::kSendMessage, Call::kEpollControl, Call::kRecv,
                                      Call::kEpollWait};

absl::string_view View(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

class Dice {
 public:
  explicit Dice(unsigned seed) : state_(seed) {}
  // Below `limit`, which is 1 or more. splitmix64: neighbouring seeds have nothing in common.
  size_t Below(size_t limit) {
    uint64_t value = state_ += 0x9E3779B97F4A7C15u;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
    return static_cast<size_t>((value ^ (value >> 31)) % limit);
  }
  template <typename T, size_t n>
  T Of(const T (&choices)[n]) {
    return choices[Below(n)];
  }
  uint16_t Amount() {
    return Below(2) == 0 ? Of(kAmounts) : static_cast<uint16_t>(Below(Below(4) == 0 ? 5000 : 20));
  }

 private:
  uint64_t state_;
};

void Put16(uint8_t* at, uint16_t value) {
  at[0] = static_cast<uint8_t>(value & 0xff);
  at[1] = static_cast<uint8_t>(value >> 8);
}

uint16_t Get16(const uint8_t* at) { return static_cast<uint16_t>(at[0] | at[1] << 8); }

Record AnyStep(Dice& dice, Role role) {
  Record record{};
  record[0] = static_cast<uint8_t>(role == Role::kClient   ? dice.Of(kStepsOfReplies)
                                   : role == Role::kServer ? dice.Of(kStepsOfPeers)
                                                           : dice.Of(kStepsOfAskers));
  if (role != Role::kClient) {
    record[1] = static_cast<uint8_t>(dice.Below(dice.Below(3) == 0 ? kMaxConnections : 2));
  }
  record[2] = dice.Below(6) == 0;
  Put16(&record[4], dice.Amount());
  Put16(&record[6], dice.Below(8) == 0 ? dice.Amount() : uint16_t{0});
  return record;
}

Record AnyFault(Dice& dice, Role role) {
  Record record{};
  const Call call = role == Role::kClient   ? dice.Of(kCallsOfClients)
                    : role == Role::kServer ? dice.Of(kCallsOfServers)
                                            : dice.Of(kCallsOfDatagrams);
  record[0] = layout::kFaultRecord;
  record[1] = static_cast<uint8_t>(call);
  record[2] = static_cast<uint8_t>(dice.Below(ErrorsOf(call).size() + 2));
  record[3] = static_cast<uint8_t>(dice.Below(4) == 0 ? 1 + dice.Below(12) : 1);
  Put16(&record[4], static_cast<uint16_t>(1 + dice.Below(dice.Below(2) == 0 ? 4 : 300)));
  Put16(&record[6], static_cast<uint16_t>(dice.Below(dice.Below(2) == 0 ? 4 : 30)));
  return record;
}

void ChangeField(Dice& dice, Record& record) {
  switch (dice.Below(5)) {
    case 0:
      record[1] = static_cast<uint8_t>(dice.Below(record[0] == layout::kFaultRecord ? kCalls : 4));
      return;
    case 1:
      record[2] = static_cast<uint8_t>(dice.Below(12));
      return;
    case 2:
      return Put16(&record[4], dice.Amount());
    case 3:
      return Put16(&record[6], static_cast<uint16_t>(dice.Below(20)));
    default:
      record[3] = static_cast<uint8_t>(1 + dice.Below(8));
  }
}

void ChangeRecords(Dice& dice, Role role, std::vector<Record>& records) {
  const size_t at = dice.Below(records.size() + 1);
  const auto place = records.begin() + static_cast<ptrdiff_t>(at);
  const size_t choice = records.empty() ? dice.Below(2) : dice.Below(7);
  if (choice == 0) {
    records.insert(place, AnyStep(dice, role));
  } else if (choice == 1) {
    records.insert(place, AnyFault(dice, role));
  } else if (choice == 2) {
    const size_t first = dice.Below(records.size());
    const size_t count = 1 + dice.Below(std::min<size_t>(records.size() - first, 4));
    records.erase(records.begin() + static_cast<ptrdiff_t>(first),
                  records.begin() + static_cast<ptrdiff_t>(first + count));
  } else if (choice == 3) {
    records.insert(place, Record(records[dice.Below(records.size())]));
  } else if (choice == 4) {
    std::swap(records[dice.Below(records.size())], records[dice.Below(records.size())]);
  } else {
    ChangeField(dice, records[dice.Below(records.size())]);
  }
}

uint8_t VersionOf(const uint8_t* data, size_t size) {
  return size == 0 ? layout::kVersion : data[0];
}

void BringUpToDate(uint8_t version, uint8_t* records, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    records[i * kRecordBytes] = layout::RecordKind(version, records[i * kRecordBytes]);
  }
}

// What is played: a small coded payload, no requirement.
std::array<uint8_t, layout::kFixedBytes> Header(const uint8_t* data, size_t size, MutatedTo to) {
  std::array<uint8_t, layout::kFixedBytes> header{};
  std::memcpy(header.data(), data, std::min(size, header.size()));
  // The role's version of today, whatever it was.
  header[0] = layout::VersionFor(to.role, layout::IsOfLines(header[0]));
  header[3] = 0;
  const size_t payload_bytes = Get16(&header[4]);
  Put16(&header[4], static_cast<uint16_t>(payload_bytes % (to.most_payload_bytes + 1)));
  return header;
}

}  // namespace

size_t MutateSteps(uint8_t* data, size_t size, size_t max_size, unsigned seed, MutatedTo to,
                   const ByteMutator& by_bytes) {
  Dice dice(seed);
  if (max_size < layout::kFixedBytes + kRecordBytes) return size;
  const uint8_t version = VersionOf(data, size);
  if (by_bytes != nullptr && dice.Below(8) == 0) {
    size = by_bytes(data, size, max_size);
  }
  // A literal and a requirement stay where they are only if they fit in; else a coded payload
  // begins.
  auto header = Header(data, size, to);
  const uint8_t role_flag = to.role == Role::kClient ? layout::kClient : 0;
  header[1] &= static_cast<uint8_t>(~(layout::kClient | layout::kWide | layout::kHasRequirement));
  header[1] |= role_flag;
  std::memcpy(data, header.data(), std::min(size, header.size()));
  const size_t begin = std::max(layout::kFixedBytes, HeaderBytes(View(data, size)));
  std::vector<Record> records;
  for (size_t at = begin; at + kRecordBytes <= size; at += kRecordBytes) {
    records.emplace_back();
    std::memcpy(records.back().data(), data + at, kRecordBytes);
    records.back()[0] = layout::RecordKind(version, data[at]);
  }
  for (size_t i = 1 + dice.Below(3); i > 0; --i) ChangeRecords(dice, to.role, records);
  if (dice.Below(8) == 0) {
    Put16(&header[4],
          static_cast<uint16_t>(std::min<size_t>(dice.Amount(), to.most_payload_bytes)));
    header[1] = role_flag;
    const Overlay overlay = dice.Of(kAllOverlays);
    const bool lines = overlay == Overlay::kLines;
    header[0] = layout::VersionFor(to.role, lines);
    header[2] = lines ? uint8_t{0} : static_cast<uint8_t>(overlay);
    // The seed, by which harnesses choose what it is played over (played.h).
    header[6] = static_cast<uint8_t>(dice.Below(4));
    header[7] = static_cast<uint8_t>(dice.Below(8));
  }
  const bool is_coded = header[1] == role_flag;
  const size_t room = (max_size - (is_coded ? layout::kFixedBytes : begin)) / kRecordBytes;
  records.resize(std::min({records.size(), kMostRecords, room}));
  std::memcpy(data, header.data(), layout::kFixedBytes);
  uint8_t* end = data + (is_coded ? layout::kFixedBytes : begin);
  for (const Record& record : records) end = std::copy(record.begin(), record.end(), end);
  return static_cast<size_t>(end - data);
}

size_t CrossSteps(const uint8_t* first, size_t first_size, const uint8_t* second,
                  size_t second_size, uint8_t* out, size_t max_size, unsigned seed) {
  Dice dice(seed);
  const size_t first_begin = HeaderBytes(View(first, first_size));
  const size_t second_begin = HeaderBytes(View(second, second_size));
  const size_t first_records = (first_size - first_begin) / kRecordBytes;
  const size_t second_records = (second_size - second_begin) / kRecordBytes;
  const size_t kept = dice.Below(first_records + 1), skipped = dice.Below(second_records + 1);
  const size_t head = std::min(first_begin + kept * kRecordBytes, max_size);
  const size_t tail = std::min((second_records - skipped) * kRecordBytes, max_size - head);
  std::memcpy(out, first, head);
  std::memcpy(out + head, second + second_begin + skipped * kRecordBytes, tail);
  if (head < first_begin || first_begin == 0) return head + tail;
  BringUpToDate(VersionOf(first, first_size), out + first_begin,
                (head - first_begin) / kRecordBytes);
  BringUpToDate(VersionOf(second, second_size), out + head, tail / kRecordBytes);
  // Whose steps they are, the first one's header says.
  out[0] = layout::VersionFor(DecodeScenario(View(first, first_begin)).role,
                              layout::IsOfLines(first[0]));
  return head + tail;
}

}  // namespace verbatim
