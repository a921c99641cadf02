// Reading the byte form: whatever is there becomes what can be played.
#include <algorithm>
#include <cstdint>
#include <iterator>

#include "properties/scenario/bytes.h"
#include "properties/scenario/checker.h"
#include "properties/scenario/layout.h"

namespace verbatim {
namespace {

using Kind = Step::Kind;

constexpr absl::string_view kIdLetters = "abcdefghijklmnopqrstuvwxyz0123456789.-";

// Of `count` bytes at `at`; those that are not there are 0.
uint64_t Get(absl::string_view bytes, size_t at, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count && at + i < bytes.size(); ++i) {
    value |= uint64_t{static_cast<uint8_t>(bytes[at + i])} << (8 * i);
  }
  return value;
}

uint8_t VersionOf(uint8_t byte) {
  if (layout::IsOfLines(byte)) byte -= layout::kLinesMore;
  return byte == 1 || byte == layout::kDatagramVersion ? byte : layout::kVersion;
}

// Where the parts of the header are, and how long.
struct Header {
  uint8_t version;
  uint8_t flags;
  size_t id_at;
  size_t id_bytes;
  uint64_t size;
  uint64_t seed;
  size_t literal_at;
  size_t literal_bytes;
  size_t end;

  explicit Header(absl::string_view bytes)
      : version(VersionOf(static_cast<uint8_t>(Get(bytes, 0, 1)))),
        flags(static_cast<uint8_t>(Get(bytes, 1, 1))) {
    const bool wide = (flags & layout::kWide) != 0;
    size = wide ? Get(bytes, layout::kFixedBytes, 8) : Get(bytes, 4, 2);
    seed = wide ? Get(bytes, layout::kFixedBytes + 8, 8) : Get(bytes, 6, 2);
    id_at = std::min(layout::kFixedBytes + (wide ? layout::kWideBytes : 0), bytes.size());
    id_bytes = (flags & layout::kHasRequirement) == 0 ? 0 : Get(bytes, 3, 1);
    id_bytes = std::min(id_bytes, bytes.size() - id_at);
    literal_at = id_at + id_bytes;
    literal_bytes = (flags & layout::kLiteral) == 0
                        ? 0
                        : static_cast<size_t>(std::min<uint64_t>(size, bytes.size() - literal_at));
    end = literal_at + literal_bytes;
  }
};

// The number of what the call meets: its errors, then short, or spurious and delayed.
void SetWhat(size_t index, uint32_t amount, Fault* fault) {
  const absl::Span<const int> errors = ErrorsOf(fault->call);
  const bool wait = IsWait(fault->call);
  index %= errors.size() + (wait ? 2 : CanBeShort(fault->call) ? 1 : 0);
  if (index < errors.size()) {
    fault->error = errors[index];
    return;
  }
  fault->kind = !wait                    ? Fault::Kind::kShort
                : index == errors.size() ? Fault::Kind::kSpurious
                                         : Fault::Kind::kDelayed;
  if (fault->kind != Fault::Kind::kSpurious) fault->amount = std::max<uint32_t>(amount, 1);
}

// The steps that do in the other role what this one does in its own.
Kind OfServer(Kind kind) {
  switch (kind) {
    case Kind::kFeed:
    case Kind::kReply:
      return Kind::kSend;
    case Kind::kFeedEof:
      return Kind::kShutdown;
    case Kind::kHold:
      return Kind::kPause;
    case Kind::kExpectExit:
      return Kind::kExpectEof;
    default:
      return kind;
  }
}

Kind OfClient(Kind kind) {
  switch (kind) {
    case Kind::kSend:
    case Kind::kConnect:
      return Kind::kFeed;
    case Kind::kAwait:
      return Kind::kReply;
    case Kind::kPause:
    case Kind::kSettle:
      return Kind::kHold;
    case Kind::kDrip:
      return Kind::kStall;
    case Kind::kExpectEof:
      return Kind::kExpectExit;
    default:
      return kind;
  }
}

Kind OfDatagrams(Kind kind) {
  switch (kind) {
    case Kind::kFeed:
    case Kind::kReply:
      return Kind::kSend;
    case Kind::kHold:
      return Kind::kPause;
    case Kind::kConnect:
    case Kind::kSend:
    case Kind::kPause:
    case Kind::kClose:
      return kind;
    case Kind::kShutdown:
    case Kind::kReset:
    case Kind::kFeedEof:
      return Kind::kClose;
    default:
      return Kind::kAwait;
  }
}

Kind OfRole(Role role, Kind kind) {
  switch (role) {
    case Role::kServer:
      return OfServer(kind);
    case Role::kClient:
      return OfClient(kind);
    case Role::kDatagramServer:
      return OfDatagrams(kind);
  }
  return kind;
}

class Records {
 public:
  Records(uint8_t version, absl::string_view records, Scenario* scenario)
      : version_(version),
        records_(records),
        scenario_(*scenario),
        checker_(scenario->role, scenario->payload.Size()) {}

  void Read() {
    const size_t count = records_.size() / kRecordBytes;
    scenario_.steps.reserve(std::min(count, kMaxDecodedSteps));
    for (size_t at = 0; at < count; ++at) {
      const absl::string_view record = records_.substr(at * kRecordBytes, kRecordBytes);
      const uint8_t kind = layout::RecordKind(version_, static_cast<uint8_t>(record[0]));
      if (kind == layout::kWidenAmount) {
        high_amount_ = Get(record, 2, 6);
      } else if (kind == layout::kWidenAhead) {
        high_ahead_ = Get(record, 2, 6);
      } else {
        if (kind == layout::kFaultRecord) ReadFault(record, count - at);
        if (kind < layout::kFaultRecord) ReadStep(static_cast<Kind>(kind), record);
        high_amount_ = high_ahead_ = 0;
      }
    }
  }

 private:
  void ReadFault(absl::string_view record, size_t left) {
    std::vector<Fault>& faults = scenario_.faults;
    if (faults.size() == kMaxFaults) return;
    if (faults.empty()) faults.reserve(std::min(left, kMaxFaults));
    Fault fault;
    fault.call = static_cast<Call>(Get(record, 1, 1) % kCalls);
    fault.times = static_cast<uint32_t>(Get(record, 3, 1) | (high_amount_ & 0xFF) << 8);
    fault.times = std::max<uint32_t>(fault.times, 1);
    fault.after = static_cast<uint32_t>(Get(record, 6, 2));
    SetWhat(Get(record, 2, 1), static_cast<uint32_t>(Get(record, 4, 2)), &fault);
    faults.push_back(fault);
  }

  void ReadStep(Kind kind, absl::string_view record) {
    if (scenario_.steps.size() == kMaxDecodedSteps) return;
    const bool client = scenario_.role == Role::kClient;
    Step step;
    step.kind = OfRole(scenario_.role, kind);
    step.connection = 1;
    if (!client) step.connection = Nearest(step.kind, static_cast<uint32_t>(Get(record, 1, 1)));
    if (layout::HasAmount(step.kind)) SetAmount(record, &step);
    const bool stream = scenario_.role == Role::kServer;
    if (stream && step.kind == Kind::kSend && !checker_.IsStalled(step.connection)) {
      step.ahead = Get(record, 6, 2) | high_ahead_ << 16;
    }
    if (checker_.Take(step).empty()) scenario_.steps.push_back(step);
  }

  // The first connection, from that of `byte` on, that a step of this kind can have: one that is
  // open, to connect one that was not connected. If there is none, that of `byte`.
  uint32_t Nearest(Kind kind, uint32_t byte) const {
    for (uint32_t i = 0; i < kMaxConnections; ++i) {
      const uint32_t connection = 1 + (byte + i) % kMaxConnections;
      const bool fits =
          kind == Kind::kConnect ? !checker_.WasConnected(connection) : checker_.IsOpen(connection);
      if (fits) return connection;
    }
    return 1 + byte % kMaxConnections;
  }

  void SetAmount(absl::string_view record, Step* step) const {
    const uint64_t amount = Get(record, 4, 2) | high_amount_ << 16;
    if (step->kind == Kind::kExpectExit) {
      step->amount = amount % 2;
    } else if (!layout::MayBeRest(step->kind)) {
      const uint64_t most = step->kind == Kind::kDrip ? kMaxDripBytes : kMaxPauseMs;
      step->amount = amount == 0 ? 1 : 1 + (amount - 1) % most;
    } else if (Get(record, 2, 1) % 2 == 1) {
      step->amount = kRest;
    } else {
      const uint64_t most =
          step->kind == Kind::kReply ? checker_.DueBytes() : checker_.LeftBytes(step->connection);
      const bool datagram = scenario_.role == Role::kDatagramServer;
      step->amount = std::min(std::max<uint64_t>(amount, datagram ? 0 : 1), most);
      if (datagram) step->amount = std::min(step->amount, kMaxDatagramBytes);
    }
  }

  const uint8_t version_;
  const absl::string_view records_;
  Scenario& scenario_;
  Checker checker_;
  uint64_t high_amount_ = 0;
  uint64_t high_ahead_ = 0;
};

}  // namespace

Scenario DecodeScenario(absl::string_view bytes) {
  const Header header(bytes);
  Scenario scenario;
  scenario.role = header.version == layout::kDatagramVersion ? Role::kDatagramServer
                  : (header.flags & layout::kClient) != 0    ? Role::kClient
                                                             : Role::kServer;
  for (const char byte : bytes.substr(header.id_at, header.id_bytes)) {
    // What is none of the letters becomes one.
    const bool kept = kIdLetters.find(byte) != absl::string_view::npos;
    scenario.requirement +=
        kept ? byte : kIdLetters[static_cast<uint8_t>(byte) % kIdLetters.size()];
  }
  PayloadSpec& payload = scenario.payload;
  payload.literal = (header.flags & layout::kLiteral) != 0;
  if (payload.literal) {
    payload.bytes = std::string(bytes.substr(header.literal_at, header.literal_bytes));
  } else {
    payload.size_bytes = header.size % (kMaxPayloadBytes + 1);
    payload.seed = header.seed;
    payload.overlay = layout::IsOfLines(static_cast<uint8_t>(Get(bytes, 0, 1)))
                          ? Overlay::kLines
                          : kOverlays[Get(bytes, 2, 1) % std::size(kOverlays)];
  }
  Records(header.version, bytes.substr(header.end), &scenario).Read();
  return scenario;
}

size_t HeaderBytes(absl::string_view bytes) { return Header(bytes).end; }

}  // namespace verbatim
