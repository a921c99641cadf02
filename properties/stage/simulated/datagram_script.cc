// The steps, each as far as it goes without waiting.
#include "properties/stage/simulated/datagram_script.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"

namespace verbatim {
namespace {

using Kind = verbatim::Step::Kind;

// More than any datagram that was sent, so that what is larger than it may be is seen to be so.
constexpr uint64_t kMoreBytes = 512;
// None of the small services, which are not answered (RFC 862 to 868).
constexpr uint32_t kFirstPort = 5000;

// Which fault costs an answer: what UDP can't send it gives up at once, a unix socket what it can't
// send for another reason than a full queue.
bool Loses(const Fault& fault, Transport transport) {
  if (fault.call != Call::kSendMessage || fault.kind != Fault::Kind::kError) return false;
  if (fault.error == EAGAIN) return transport == Transport::kUdp;
  return fault.error != EINTR;
}

}  // namespace

bool DatagramScript::Step() {
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
    return Connect(1), true;
  }
  const bool did = step_ < scenario_.steps.size() ? Do(scenario_.steps[step_]) : AwaitAll();
  return came || did;
}

bool DatagramScript::TakeIn() {
  bool came = false;
  for (uint32_t i = 1; i <= kMaxConnections; ++i) {
    while (At(i).fd >= 0 && !judge_->Over() && Receive(i)) came = true;
  }
  if (came) MakeProgress();
  return came;
}

// False iff nothing is there.
bool DatagramScript::Receive(uint32_t connection) {
  received_.resize(
      static_cast<size_t>(std::min(payload_.size_bytes(), kMaxDatagramBytes) + kMoreBytes));
  sockaddr_storage from{};
  iovec data{received_.data(), received_.size()};
  msghdr message{};
  message.msg_name = &from;
  message.msg_namelen = sizeof(from);
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  const ssize_t got = kernel_.RecvMessage(At(connection).fd, &message, MSG_DONTWAIT);
  if (got < 0) return false;
  Event event{.kind = Event::Kind::kReceived,
              .connection = connection,
              .bytes = static_cast<uint64_t>(got),
              .data = absl::string_view(received_.data(), static_cast<size_t>(got)),
              .datagram = true};
  const auto source =
      SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&from), message.msg_namelen);
  if (!source.ok() || !(*source == address_)) {
    event.from = source.ok() ? source->ToString() : "no address";
    event.text = address_.ToString();
    event.from_other_port = true;
  }
  uint64_t& unanswered = At(connection).unanswered;
  unanswered -= std::min<uint64_t>(unanswered, 1);
  Emit(judge_, std::move(event));
  return true;
}

bool DatagramScript::Do(const verbatim::Step& step) {
  switch (step.kind) {
    case Kind::kConnect:
      Connect(step.connection);
      return Done();
    case Kind::kSend:
      return Send(step);
    case Kind::kAwait:
      return Await(step.connection);
    case Kind::kPause:
      return HasLasted(static_cast<int64_t>(step.amount)) ? Done() : false;
    case Kind::kClose:
      Close(step.connection);
      return Done();
    default:
      return Done();  // of streams
  }
}

void DatagramScript::Connect(uint32_t connection) {
  const uint32_t number = kFirstPort + sockets_++;
  const bool is_unix = IsUnix(transport_);
  const SocketAddress own = is_unix ? *SocketAddress::FromAbstract(absl::StrCat("peer ", number))
                                    : address_.WithPort(static_cast<uint16_t>(number));
  At(connection).fd = kernel_.Socket(own.family(), SOCK_DGRAM | SOCK_NONBLOCK, 0);
  kernel_.Bind(At(connection).fd, own.data(), own.size());
  Emit(judge_, {.kind = Event::Kind::kConnected, .connection = connection});
}

// A full queue (unix) is waited for. At the deadline the datagram counts as sent: that nothing
// answers it will be seen.
bool DatagramScript::Send(const verbatim::Step& step) {
  Channel& channel = At(step.connection);
  const uint64_t left = payload_.size_bytes() - channel.sent_bytes;
  const uint64_t bytes = step.amount == kRest ? left : step.amount;
  const absl::string_view datagram = Bytes(step.connection, channel.sent_bytes, bytes);
  iovec data{const_cast<char*>(datagram.data()), datagram.size()};
  msghdr message{};
  message.msg_name = const_cast<sockaddr*>(address_.data());
  message.msg_namelen = address_.size();
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  const ssize_t sent = kernel_.SendMessage(channel.fd, &message, MSG_NOSIGNAL);
  if (sent == -EAGAIN && !IsSilent(options_.deadline_ms)) return false;
  channel.sent_bytes += bytes;
  ++channel.unanswered;
  Emit(judge_, {.kind = Event::Kind::kSent,
                .connection = step.connection,
                .bytes = bytes,
                .datagram = true});
  return Done();
}

bool DatagramScript::Await(uint32_t connection) {
  if (At(connection).fd < 0 || judge_->CaughtUp(connection)) return Done();
  if (!IsSilent(options_.deadline_ms)) return false;
  if (Unanswered() > Lost()) {
    Emit(judge_, {.kind = Event::Kind::kSilence,
                  .connection = connection,
                  .waited_ms = options_.deadline_ms});
  }
  return Done();
}

// A closed socket's answers are nobody's.
void DatagramScript::Close(uint32_t connection) {
  Channel& channel = At(connection);
  if (channel.fd < 0) return;
  kernel_.Close(std::exchange(channel.fd, -1));
  channel.unanswered = 0;
  Emit(judge_, {.kind = Event::Kind::kEnded, .connection = connection, .ending = Ending::kOurs});
}

// After the last step: all answers, then the server is told to end.
bool DatagramScript::AwaitAll() {
  if (Unanswered() > Lost() && !IsSilent(options_.deadline_ms)) return false;
  kernel_.Signal(drain_);
  return told_ = true;
}

void DatagramScript::Finish() {
  const SimulatedKernel::PeersTurn turn(&kernel_);
  TakeIn();
  const bool complete = !told_ || Unanswered() <= Lost();
  for (uint32_t i = 1; i <= kMaxConnections && !complete && !judge_->Over(); ++i) {
    if (At(i).fd < 0 || judge_->CaughtUp(i)) continue;
    Emit(judge_,
         {.kind = Event::Kind::kSilence, .connection = i, .waited_ms = options_.deadline_ms});
  }
  for (uint32_t i = 1; i <= kMaxConnections; ++i) Close(i);
}

uint64_t DatagramScript::Unanswered() const {
  uint64_t count = 0;
  for (const Channel& channel : channels_) count += channel.unanswered;
  return count;
}

// How many answers faults have taken.
uint64_t DatagramScript::Lost() const {
  const auto& met = kernel_.met();
  return static_cast<uint64_t>(std::count_if(
      met.begin(), met.end(), [this](const Fault& fault) { return Loses(fault, transport_); }));
}

}  // namespace verbatim
