// The steps, each as far as it goes without waiting.
#include "properties/stage/simulated/server_script.h"

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "core/status.h"

namespace verbatim {

using Kind = verbatim::Step::Kind;

bool ServerScript::Step() {
  due_ms_ = kNever;
  const bool came = TakeIn();
  if (told_) return came;
  if (judge_->Over()) {
    kernel_.Signal(end_);
    return told_ = true;
  }
  if (!connected_first_) {
    connected_first_ = true;
    BeginStep();
    descriptors_ = kernel_.OpenDescriptors();
    return Connect(1);
  }
  const bool did = step_ < scenario_.steps.size() ? DoStep() : AwaitAll();
  return came || did;
}

bool ServerScript::DoStep() {
  const verbatim::Step& step = scenario_.steps[step_];
  Line& line = At(step.connection);
  if (step.kind == Kind::kConnect) return Connect(step.connection), Done();
  if (line.open && IsExcused(line)) CloseExcused(step.connection);
  if (!line.open) {
    // What a fault ended is nobody's fault; what else has ended is told to the judge.
    if (step.kind == Kind::kSend) {
      EmitUnlessExcused(line, {.kind = Event::Kind::kSkipped,
                               .connection = step.connection,
                               .text = std::string(StepName(step.kind))});
    }
    return Done();
  }
  return Do(step, line);
}

bool ServerScript::Do(const verbatim::Step& step, Line& line) {
  switch (step.kind) {
    case Kind::kSend:
      return Send(step, line);
    case Kind::kAwait:
      return Await(step.connection, line);
    case Kind::kPause:
      return HasLasted(static_cast<int64_t>(step.amount)) ? Done() : false;
    case Kind::kStall:
    case Kind::kResume:
      line.stalled = step.kind == Kind::kStall;
      line.drip_bytes = 0;
      return Done();
    case Kind::kDrip:
      line.drip_bytes = step.amount;
      line.drips_again_ms = kernel_.NowMs();
      return Done();
    case Kind::kSettle:
      return Settle(line);
    case Kind::kShutdown:
    case Kind::kReset:
    case Kind::kClose:
      return Leave(step, line);
    case Kind::kExpectEof:
      return ExpectEof(step.connection, line);
    default:
      return Done();  // of the other role
  }
}

bool ServerScript::Connect(uint32_t connection) {
  Line& line = At(connection);
  line = Line();
  line.fd = kernel_.Socket(address_.family(), SocketType(options_.transport) | SOCK_NONBLOCK, 0);
  const int result = kernel_.Connect(line.fd, address_.data(), address_.size());
  line.open = true;
  if (result == 0) {
    Emit(judge_, {.kind = Event::Kind::kConnected, .connection = connection});
  } else {
    Close(line);
    Emit(judge_,
         {.kind = Event::Kind::kNotConnected,
          .connection = connection,
          .ending = Ending::kRefused,
          .text = std::string(ErrnoStatus(-result, "connect", address_.ToString()).message())});
  }
  MakeProgress();
  return true;
}

bool ServerScript::Send(const verbatim::Step& step, Line& line) {
  if (line.step_end_bytes == 0) {
    const uint64_t left = payload_.size_bytes() - line.sent_bytes;
    line.step_end_bytes = line.sent_bytes + std::min(left, step.amount);
  }
  const uint64_t due = line.sent_bytes - std::min(line.sent_bytes, line.received_bytes);
  uint64_t count = line.step_end_bytes - line.sent_bytes;
  if (step.ahead != 0) count = std::min(count, step.ahead - std::min(step.ahead, due));
  // A record is sent whole or not at all.
  count = std::min<uint64_t>(count, options_.buffer_bytes);
  if (count > 0 && SendMore(step, line, count)) return true;
  const int64_t limit_ms = line.stalled ? options_.block_ms : options_.deadline_ms;
  const bool is_whole = line.sent_bytes == line.step_end_bytes;
  if (!is_whole && !line.broken && !IsSilent(limit_ms)) return false;
  if (!is_whole && !line.broken && !line.stalled) {
    EmitUnlessExcused(line, {.kind = count == 0 ? Event::Kind::kSilence : Event::Kind::kBlocked,
                             .connection = step.connection,
                             .waited_ms = limit_ms});
  }
  line.step_end_bytes = 0;
  return Done();
}

// True if something was sent, or the connection turned out to be broken.
bool ServerScript::SendMore(const verbatim::Step& step, Line& line, uint64_t count) {
  const absl::string_view bytes = Bytes(step.connection, line.sent_bytes, count);
  const ssize_t sent = kernel_.Send(line.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent == -EAGAIN) return false;
  if (sent < 0) {
    line.broken = true;  // what had come before is still taken in, then the end
    line.step_end_bytes = 0;
    EmitUnlessExcused(line, {.kind = Event::Kind::kSkipped,
                             .connection = step.connection,
                             .text = std::string(StepName(step.kind))});
    return Done();
  }
  line.sent_bytes += static_cast<uint64_t>(sent);
  if (options_.transport == Transport::kUnixpacket) {
    line.due_records.push_back(static_cast<size_t>(sent));
  }
  Emit(judge_, {.kind = Event::Kind::kSent,
                .connection = step.connection,
                .bytes = static_cast<uint64_t>(sent)});
  MakeProgress();
  if (line.sent_bytes < line.step_end_bytes) return true;
  line.step_end_bytes = 0;
  return Done();
}

bool ServerScript::Await(uint32_t connection, Line& line) {
  if (line.received_bytes >= line.sent_bytes) return Done();
  if (!IsSilent(options_.deadline_ms)) return false;
  EmitUnlessExcused(
      line,
      {.kind = Event::Kind::kSilence, .connection = connection, .waited_ms = options_.deadline_ms});
  return Done();
}

bool ServerScript::ExpectEof(uint32_t connection, Line& line) {
  if (!IsSilent(options_.deadline_ms)) return false;  // once it has ended, the line is not open
  // Who has sent no FIN can't ask for one of an echo.
  if (line.shut) {
    EmitUnlessExcused(
        line,
        {.kind = Event::Kind::kNoEof, .connection = connection, .waited_ms = options_.deadline_ms});
  }
  return Done();
}

bool ServerScript::Leave(const verbatim::Step& step, Line& line) {
  if (step.kind == Kind::kShutdown) {
    kernel_.Shutdown(line.fd, SHUT_WR);
    line.shut = true;
    Emit(judge_, {.kind = Event::Kind::kShutdown, .connection = step.connection});
    return Done();
  }
  if (step.kind == Kind::kReset) {
    const linger now{1, 0};
    kernel_.SetOption(line.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  }
  Close(line);
  Emit(judge_,
       {.kind = Event::Kind::kEnded, .connection = step.connection, .ending = Ending::kOurs});
  return Done();
}

// Who can't return what it read stops to read, and rightly: nothing is said of that here.
bool ServerScript::Settle(const Line& line) {
  const int64_t limit_ms = line.stalled ? options_.block_ms : options_.deadline_ms;
  return kernel_.UnreadThere(line.fd) == 0 || IsSilent(limit_ms) ? Done() : false;
}

// After the last step: nothing that was sent stays undelivered.
bool ServerScript::AwaitAll() {
  for (Line& line : lines_) line.stalled = false, line.drip_bytes = 0;
  for (uint32_t i = 1; i <= kMaxConnections; ++i) {
    Line& line = At(i);
    if (!line.open || line.received_bytes >= line.sent_bytes) continue;
    if (IsExcused(line)) return CloseExcused(i), true;
    if (!IsSilent(options_.deadline_ms)) return TakeIn();
    EmitUnlessExcused(
        line, {.kind = Event::Kind::kSilence, .connection = i, .waited_ms = options_.deadline_ms});
    return true;
  }
  return SayGoodbye();
}

// Who has all ends with a FIN, and gets one; then the server is drained.
bool ServerScript::SayGoodbye() {
  bool waits = false, said = false;
  for (uint32_t i = 1; i <= kMaxConnections; ++i) {
    Line& line = At(i);
    if (!line.open) continue;
    if (!line.shut) {
      Leave({Step::Kind::kShutdown, i}, line);
      said = true;
    } else if (IsExcused(line) || IsSilent(options_.deadline_ms)) {
      EmitUnlessExcused(
          line, {.kind = Event::Kind::kNoEof, .connection = i, .waited_ms = options_.deadline_ms});
      Close(line);
    } else {
      waits = true;
    }
  }
  if (said || waits) return said;
  if (!std::exchange(said_goodbye_, true)) MakeProgress();
  return TellToEnd();
}

// Once the server has had the time to see that all have left.
bool ServerScript::TellToEnd() {
  if (!IsSilent(options_.deadline_ms)) return false;
  const int more = kernel_.OpenDescriptors() - descriptors_;
  if (more > 0) Violate(absl::StrCat(more, " connections were never given up"));
  kernel_.Signal(drain_);
  return told_ = true;
}

}  // namespace verbatim
