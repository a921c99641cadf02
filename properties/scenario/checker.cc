// The rules of what can be played, step by step.
#include "properties/scenario/checker.h"

namespace verbatim {
namespace {

using Kind = Step::Kind;

constexpr absl::string_view kStalled = "nothing is read from a stalled connection: resume it first";

bool IsOfClient(Kind kind) { return kind >= Kind::kFeed && kind <= Kind::kExpectExit; }
bool IsOfServer(Kind kind) {
  return kind <= Kind::kPause || kind == Kind::kExpectEof || kind == Kind::kSettle ||
         kind == Kind::kDrip;
}

absl::string_view TimeProblem(const Step& step) {
  if (step.amount != 0 && step.amount <= kMaxPauseMs) return "";
  return step.kind == Kind::kHold ? "a hold is of 1 to 60000 ms" : "a pause is of 1 to 60000 ms";
}

}  // namespace

Checker::Checker(Role role, uint64_t payload_bytes) : role_(role), payload_bytes_(payload_bytes) {
  lines_[0].open = lines_[0].used = true;
}

absl::string_view Checker::Take(const Step& step) {
  if (step.connection < 1 || step.connection > kMaxConnections) return "connections are 1 to 8";
  Line& line = lines_[step.connection - 1];
  switch (role_) {
    case Role::kServer:
      return TakeOfServer(step, line);
    case Role::kClient:
      return TakeOfClient(step, line);
    case Role::kDatagramServer:
      return TakeOfDatagrams(step, line);
  }
  return "";
}

absl::string_view Checker::Connect(Line& line) {
  if (line.used) return "this connection is there already";
  line.open = line.used = true;
  return "";
}

absl::string_view Checker::TakeOfServer(const Step& step, Line& line) {
  if (IsOfClient(step.kind)) return "this is for a client under test: write a line role client";
  if (step.kind == Kind::kConnect) return Connect(line);
  if (!line.open) return line.used ? "this connection has ended" : "connect it first";
  if (step.kind == Kind::kSend) return Send(step, line);
  if (step.kind == Kind::kPause) return TimeProblem(step);
  if (step.kind == Kind::kAwait || step.kind == Kind::kExpectEof) {
    return line.stalled ? kStalled : "";
  }
  if (step.kind == Kind::kSettle) return "";
  if (step.kind == Kind::kDrip) return Drip(step, line);
  return TakeOnLine(step, line);
}

absl::string_view Checker::TakeOfDatagrams(const Step& step, Line& line) {
  if (step.kind == Kind::kConnect) return Connect(line);
  const bool known = step.kind == Kind::kSend || step.kind == Kind::kAwait ||
                     step.kind == Kind::kPause || step.kind == Kind::kClose;
  if (!known) return "for datagrams there are: connect, send, await, pause, close";
  if (!line.open) return line.used ? "this connection has ended" : "connect it first";
  if (step.kind == Kind::kSend) return SendDatagram(step, line);
  if (step.kind == Kind::kPause) return TimeProblem(step);
  if (step.kind == Kind::kClose) line.open = false;
  return "";
}

absl::string_view Checker::TakeOfClient(const Step& step, Line& line) {
  if (IsOfServer(step.kind)) {
    return "this is for a server under test; for a client there are: feed, feed eof, reply, hold, "
           "stall, resume, shutdown, reset, close, expect output";
  }
  if (step.connection != 1) return "a client under test has connection 1 alone";
  if (exited_) return "the client has ended: nothing comes after expect output";
  switch (step.kind) {
    case Kind::kFeed:
      return Feed(step, line);
    case Kind::kFeedEof:
      if (input_ended_) return "the client's input has ended already";
      input_ended_ = true;
      return "";
    case Kind::kHold:
      return TimeProblem(step);
    case Kind::kExpectExit:
      if (line.open && line.stalled) return kStalled;
      if (step.amount > 1) return "a status is 0, or not 0";
      exited_ = true;
      return "";
    default:
      break;
  }
  if (!line.open) return "this connection has ended";
  return step.kind == Kind::kReply ? Reply(step, line) : TakeOnLine(step, line);
}

// What both roles have.
absl::string_view Checker::TakeOnLine(const Step& step, Line& line) {
  switch (step.kind) {
    case Kind::kStall:
      if (line.stalled) return "this connection is stalled already";
      line.stalled = true;
      line.drips = false;
      return "";
    case Kind::kResume:
      if (!line.stalled && !line.drips) return "this connection is not stalled, nor does it drip";
      line.stalled = line.drips = false;
      return "";
    case Kind::kShutdown:
      if (line.shut) return "this connection is shut down already";
      line.shut = true;
      return "";
    case Kind::kReset:
    case Kind::kClose:
      line.open = false;
      return "";
    default:
      return "there is no such step";
  }
}

absl::string_view Checker::Drip(const Step& step, Line& line) {
  if (step.amount == 0 || step.amount > kMaxDripBytes) {
    return "a drip is of 1 to 65536 bytes each millisecond";
  }
  if (line.stalled) return kStalled;
  if (line.drips) return "this connection drips already: resume it first";
  line.drips = true;
  return "";
}

absl::string_view Checker::Send(const Step& step, Line& line) {
  if (line.shut) return "nothing can be sent after a shutdown";
  const uint64_t left = payload_bytes_ - line.sent_bytes;
  if (step.ahead != 0 && line.stalled)
    return "a stalled connection never catches up: leave out ahead";
  if (step.amount == 0) return "a send is of 1 byte or more";
  if (step.amount != kRest && step.amount > left) return "the payload has fewer bytes left";
  line.sent_bytes += step.amount == kRest ? left : step.amount;
  return "";
}

absl::string_view Checker::SendDatagram(const Step& step, Line& line) {
  const uint64_t left = payload_bytes_ - line.sent_bytes;
  const uint64_t bytes = step.amount == kRest ? left : step.amount;
  if (step.ahead != 0) return "of datagrams nobody can say how far ahead they are: leave out ahead";
  if (bytes > left) return "the payload has fewer bytes left";
  if (bytes > kMaxDatagramBytes) return "a datagram has at most 65527 bytes";
  line.sent_bytes += bytes;
  return "";
}

absl::string_view Checker::Feed(const Step& step, Line& line) {
  if (input_ended_) return "nothing can be fed after feed eof";
  const uint64_t left = payload_bytes_ - line.sent_bytes;
  if (step.amount == 0) return "a feed is of 1 byte or more";
  if (step.amount != kRest && step.amount > left) return "the payload has fewer bytes left";
  line.sent_bytes += step.amount == kRest ? left : step.amount;
  return "";
}

absl::string_view Checker::Reply(const Step& step, const Line& line) {
  if (line.shut) return "nothing can be replied after a shutdown";
  if (line.stalled) return kStalled;
  if (step.amount == 0) return "a reply is of 1 byte or more";
  if (DueBytes() == 0) return "nothing is due: feed it first";
  if (step.amount != kRest && step.amount > DueBytes()) {
    return "fewer bytes are due: feed them first, or: reply rest";
  }
  replied_bytes_ += step.amount == kRest ? DueBytes() : step.amount;
  return "";
}

}  // namespace verbatim
