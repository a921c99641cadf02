// The steps, each as far as it goes without waiting.
#include "properties/stage/simulated/client_script.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

namespace verbatim {

using Kind = verbatim::Step::Kind;

ClientScript::ClientScript(SimulatedKernel* kernel, const Scenario& scenario,
                           const SimulatedStageOptions& options, Transcript* transcript,
                           Judge* forward, Judge* back, const SocketAddress& address)
    : SimulatedScript(kernel, scenario, options, transcript, forward->payload()),
      forward_(forward),
      back_(back),
      received_(std::max<size_t>(options.buffer_bytes, 4096), '\0') {
  const SimulatedKernel::PeersTurn turn(kernel);
  listener_ = kernel_.Socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK, 0);
  kernel_.Bind(listener_, address.data(), address.size());
  kernel_.Listen(listener_, 1);
  kernel_.Pipe(input_, 0);
  kernel_.Pipe(output_, 0);
  kernel_.Lend(input());
  kernel_.Lend(output());
}

bool ClientScript::Step() {
  due_ms_ = kNever;
  const bool came = TakeIn();
  if (forward_->Over() || back_->Over()) {
    if (hung_up_) return came;
    return Hang(), true;
  }
  const bool did = step_ < scenario_.steps.size() ? DoStep() : Settle();
  return came || did;
}

bool ClientScript::IsExcused() const {
  return is_explained_ || kernel_.WasHurt(input_[0]) || kernel_.WasHurt(output_[0]) ||
         (accepted_ && kernel_.WasHurt(connection_));
}

// ---- What comes

bool ClientScript::TakeIn() {
  bool came = false;
  if (!accepted_) {
    connection_ = kernel_.Accept(listener_, nullptr, nullptr, SOCK_NONBLOCK);
    if (connection_ >= 0) came = accepted_ = open_ = true;
    if (came) Emit(forward_, {.kind = Event::Kind::kConnected});
  }
  if (open_ && !stalled_ && !theirs_ended_) came = TakeFromClient() || came;
  if (output_open_) came = TakeFromOutput() || came;
  if (came) MakeProgress();
  return came;
}

bool ClientScript::TakeFromClient() {
  const ssize_t got = kernel_.Recv(connection_, &received_[0], received_.size(), MSG_DONTWAIT);
  if (got == -EAGAIN) return false;
  if (got <= 0) {
    theirs_ended_ = true;
    ClientEnded(got == 0 ? Ending::kFin : Ending::kReset);
    return true;
  }
  taken_bytes_ += static_cast<uint64_t>(got);
  Emit(forward_, {.kind = Event::Kind::kReceived,
                  .bytes = static_cast<uint64_t>(got),
                  .data = absl::string_view(received_.data(), static_cast<size_t>(got))});
  return true;
}

// Whom we left may leave things unsent.
void ClientScript::ClientEnded(Ending ending) {
  if (IsExcused()) return;
  Emit(forward_, {.kind = Event::Kind::kEnded, .ending = ours_ended_ ? Ending::kOurs : ending});
}

bool ClientScript::TakeFromOutput() {
  const ssize_t got = kernel_.Read(output_[0], &received_[0], received_.size());
  if (got == -EAGAIN) return false;
  if (got <= 0) {
    kernel_.Close(output_[0]);
    output_open_ = false;
    if (!IsExcused() && !took_replies_) {
      Emit(back_, {.kind = Event::Kind::kEnded, .ending = Ending::kFin});
    }
    return true;
  }
  printed_bytes_ += static_cast<uint64_t>(got);
  Emit(back_, {.kind = Event::Kind::kReceived,
               .bytes = static_cast<uint64_t>(got),
               .data = absl::string_view(received_.data(), static_cast<size_t>(got))});
  return true;
}

// ---- What is done

bool ClientScript::DoStep() {
  const verbatim::Step& step = scenario_.steps[step_];
  if (IsExcused()) return Done();
  return Do(step);
}

bool ClientScript::Do(const verbatim::Step& step) {
  switch (step.kind) {
    case Kind::kFeed:
      return Feed(step);
    case Kind::kFeedEof:
      CloseInput();
      return Done();
    case Kind::kReply:
      return Reply(step);
    case Kind::kHold:
      return exited_ || HasLasted(static_cast<int64_t>(step.amount)) ? Done() : false;
    case Kind::kStall:
    case Kind::kResume:
      stalled_ = step.kind == Kind::kStall;
      return Done();
    case Kind::kShutdown:
    case Kind::kReset:
    case Kind::kClose:
      return Leave(step);
    case Kind::kExpectExit:
      return ExpectExit();
    default:
      return Done();  // of the other role
  }
}

// What doesn't go on though it should: told once, then the step is over.
bool ClientScript::Silent(Judge* judge, Event::Kind kind) {
  if (!IsSilent(options_.deadline_ms)) return false;
  if (!IsExcused()) Emit(judge, {.kind = kind, .waited_ms = options_.deadline_ms});
  return Done();
}

bool ClientScript::Feed(const verbatim::Step& step) {
  if (exited_ || !input_open_) return Done();
  if (target_bytes_ == 0) {
    target_bytes_ = fed_bytes_ + std::min(step.amount, payload_.size_bytes() - fed_bytes_);
  }
  if (fed_bytes_ == target_bytes_) return Done();
  const absl::string_view bytes =
      Bytes(1, fed_bytes_, std::min<uint64_t>(target_bytes_ - fed_bytes_, received_.size()));
  const ssize_t written = kernel_.Write(input_[1], bytes.data(), bytes.size());
  if (written == -EAGAIN) {
    // Its pipe is full: a client that isn't read from, or was left, may stop taking more.
    if (!stalled_ && !ours_ended_) return Silent(forward_, Event::Kind::kBlocked);
    return IsOver(options_.block_ms) ? Done() : false;
  }
  if (written < 0) return Done();  // it has closed its input
  fed_bytes_ += static_cast<uint64_t>(written);
  Emit(forward_, {.kind = Event::Kind::kSent, .bytes = static_cast<uint64_t>(written)});
  MakeProgress();
  return fed_bytes_ == target_bytes_ ? Done() : true;
}

bool ClientScript::Reply(const verbatim::Step& step) {
  if (target_bytes_ == 0) {
    target_bytes_ = replied_bytes_ + std::min(step.amount, fed_bytes_ - replied_bytes_);
  }
  if (replied_bytes_ >= target_bytes_) return Done();
  const uint64_t here = std::min(target_bytes_, taken_bytes_);
  if (here <= replied_bytes_) {
    if (exited_ || theirs_ended_) return Done();
    return Silent(forward_, Event::Kind::kSilence);
  }
  if (!open_) return Done();
  const absl::string_view bytes =
      Bytes(1, replied_bytes_, std::min<uint64_t>(here - replied_bytes_, received_.size()));
  const ssize_t sent = kernel_.Send(connection_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent == -EAGAIN) return Silent(back_, Event::Kind::kBlocked);
  if (sent < 0) return Done();
  replied_bytes_ += static_cast<uint64_t>(sent);
  Emit(back_, {.kind = Event::Kind::kSent, .bytes = static_cast<uint64_t>(sent)});
  MakeProgress();
  return replied_bytes_ == target_bytes_ ? Done() : true;
}

bool ClientScript::Leave(const verbatim::Step& step) {
  if (!accepted_) return Silent(forward_, Event::Kind::kSilence);
  ours_ended_ = true;
  if (!open_) return Done();
  if (step.kind == Kind::kShutdown) {
    kernel_.Shutdown(connection_, SHUT_WR);
    Emit(back_, {.kind = Event::Kind::kShutdown});
    return Done();
  }
  if (step.kind == Kind::kReset) {
    const linger now{1, 0};
    kernel_.SetOption(connection_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  }
  took_replies_ = kernel_.UnreadThere(connection_) > 0;
  CloseConnection();
  Emit(forward_, {.kind = Event::Kind::kEnded, .ending = Ending::kOurs});
  return Done();
}

// Once the client has sent its FIN and all is replied, a server sends its own.
bool ClientScript::ExpectExit() {
  stalled_ = false;
  if (exited_) return Done();
  if (theirs_ended_ && open_) {
    CloseConnection();
    return MakeProgress(), true;
  }
  return Silent(forward_, Event::Kind::kNoEof);
}

// After the last step nothing more comes from us: the client must end.
bool ClientScript::Settle() {
  stalled_ = false;
  if (!hung_up_ && !IsExcused() && IsOver(0) && input_open_) {
    CloseInput();
    return MakeProgress(), true;
  }
  if (theirs_ended_ && open_) return CloseConnection(), true;
  if (hung_up_ || exited_ || !IsSilent(options_.deadline_ms)) return false;
  if (!IsExcused()) {
    Emit(forward_, {.kind = Event::Kind::kNoEof, .waited_ms = options_.deadline_ms});
  }
  return Hang(), true;
}

void ClientScript::Hang() {
  hung_up_ = true;
  CloseInput();
  CloseConnection();
  if (!accepted_) kernel_.Close(std::exchange(listener_, -1));
  accepted_ = true;
}

void ClientScript::CloseInput() {
  if (std::exchange(input_open_, false)) kernel_.Close(input_[1]);
}

void ClientScript::CloseConnection() {
  if (std::exchange(open_, false)) kernel_.Close(connection_);
}

// Status 0 says: all of the input was sent, and all of it came back and was printed.
void ClientScript::CheckStatus(bool succeeded, bool is_early) {
  std::string wrong;
  const bool all = printed_bytes_ == fed_bytes_;
  const verbatim::Step* last = scenario_.steps.empty() ? nullptr : &scenario_.steps.back();
  if (succeeded && (!all || input_open_)) wrong = "not all of its input came back";
  const bool has_cause = IsExcused() || ours_ended_ || hung_up_ || replied_bytes_ < fed_bytes_;
  if (!succeeded && !has_cause) wrong = "it failed, and nothing was wrong";
  if (is_early && !IsExcused()) wrong = "it ended while it was fed and served";
  if (last != nullptr && last->kind == Kind::kExpectExit && !IsExcused()) {
    if (!succeeded && last->amount == 0) wrong = "expected status 0";
    if (succeeded && last->amount == 1) wrong = "expected another status than 0";
  }
  Emit(back_, {.kind = Event::Kind::kExited, .bytes = succeeded ? 0u : 1u, .text = wrong});
}

void ClientScript::Finish(bool succeeded, bool is_explained) {
  const SimulatedKernel::PeersTurn turn(&kernel_);
  exited_ = true;
  is_explained_ = !succeeded && is_explained;
  stalled_ = false;
  const bool had_input = input_open_;
  // Whoever is still fed and served has no reason to end.
  const bool is_early = had_input && open_ && !theirs_ended_ && !ours_ended_ && !hung_up_;
  // Its descriptors are closed with it.
  kernel_.Close(input());
  kernel_.Close(output());
  while (TakeIn() || (step_ < scenario_.steps.size() && DoStep())) {
  }
  input_open_ = had_input;
  CheckStatus(succeeded, is_early);
  CloseInput();
  CloseConnection();
}

}  // namespace verbatim
