// The property of DatagramClient: OK iff each datagram came back as it was sent, however its
// server answers: late, twice, never, with something else, or with its socket closed.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "echo/datagram_client.h"
#include "echo/simulated_test.h"

namespace verbatim {
namespace {

// What the server does on one request. Most are answered at once.
struct Reply {
  enum class Kind { kExact, kTwice, kNone, kOther, kGoes } kind = Kind::kExact;
  int64_t late_ms = 0;
};

void showValue(const Reply& reply, std::ostream& out) {
  constexpr const char* kNames[] = {"exact", "twice", "none", "other", "goes"};
  out << kNames[static_cast<size_t>(reply.kind)] << " after " << reply.late_ms << " ms";
}

struct Plan {
  Transport transport = Transport::kUdp;
  size_t input_bytes = 0;
  DatagramOptions options;
  std::vector<Reply> replies;  // beyond these: exact
  std::vector<Fault> faults;
};

// The server. It keeps what a client that does as it should has seen.
class Answerer : public SimulatedPeers {
 public:
  Answerer(SimulatedKernel* kernel, const Plan& plan, std::string input)
      : kernel_(*kernel), plan_(plan), input_(std::move(input)) {
    const SimulatedKernel::PeersTurn turn(kernel);
    const SocketAddress at = ServerAddress(plan.transport);
    fd_ = kernel_.Socket(at.family(), SOCK_DGRAM | SOCK_NONBLOCK, 0);
    RC_ASSERT(kernel_.Bind(fd_, at.data(), at.size()) == 0);
  }

  bool Step() override {
    due_ms_ = kNever;
    if (gone_) return false;
    if (TakeRequest()) return true;
    const int64_t now_ms = kernel_.NowMs();
    for (auto reply = due_.begin(); reply != due_.end(); ++reply) {
      if (reply->at_ms <= now_ms) return Answer(*reply), due_.erase(reply), true;
      due_ms_ = std::min(due_ms_, reply->at_ms);
    }
    return false;
  }
  int64_t DueMs() const override { return due_ms_; }

  // What was sent, of the datagram that is being asked.
  std::string Data(size_t index) const {
    return input_.substr(std::min(input_.size(), index * plan_.options.datagram_bytes),
                         plan_.options.datagram_bytes);
  }
  size_t datagrams() const {
    return std::max<size_t>(
        1, (input_.size() + plan_.options.datagram_bytes - 1) / plan_.options.datagram_bytes);
  }

  // Of what was sent to the client, in order: how many were accepted as answers, and whether one
  // was wrong.
  size_t accepted() const { return accepted_; }
  bool differed() const { return differed_; }
  bool gone() const { return gone_; }
  // What is not answered yet was asked as often as may be.
  bool tried_all() const { return asking_ == accepted_ && tries_ == most_tries(); }
  int64_t asked_ms() const { return asked_ms_; }

 private:
  struct Due {
    int64_t at_ms;
    std::string bytes;
  };

  size_t most_tries() const {  // unix sockets lose nothing
    return static_cast<size_t>(IsUnix(plan_.transport) ? 1 : plan_.options.tries);
  }

  bool TakeRequest() {
    std::string bytes(70000, '\0');
    sockaddr_storage from{};
    iovec data{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_name = &from;
    message.msg_namelen = sizeof(from);
    const ssize_t got = kernel_.RecvMessage(fd_, &message, MSG_DONTWAIT);
    if (got < 0) return false;
    client_ = *SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&from), message.msg_namelen);
    bytes.resize(static_cast<size_t>(got));
    RC_ASSERT(accepted_ < datagrams());
    RC_ASSERT(bytes == Data(accepted_));
    Asked();
    Decide(bytes);
    return true;
  }

  // A try comes when the one before has had its time. Interrupted, it may take longer.
  void Asked() {
    if (std::exchange(asking_, accepted_) != accepted_) tries_ = 0;
    const int64_t now_ms = kernel_.NowMs();
    if (tries_++ > 0) RC_ASSERT(now_ms - asked_ms_ >= plan_.options.wait_ms);
    RC_ASSERT(tries_ <= most_tries());
    asked_ms_ = now_ms;
  }

  void Decide(const std::string& bytes) {
    const Reply reply = next_ < plan_.replies.size() ? plan_.replies[next_++] : Reply();
    const int64_t at_ms = kernel_.NowMs() + reply.late_ms;
    if (reply.kind == Reply::Kind::kGoes) {
      kernel_.Close(fd_);
      gone_ = true;
    }
    if (reply.kind == Reply::Kind::kExact || reply.kind == Reply::Kind::kTwice) {
      due_.push_back({at_ms, bytes});
    }
    if (reply.kind == Reply::Kind::kTwice) due_.push_back({at_ms, bytes});
    if (reply.kind == Reply::Kind::kOther) due_.push_back({at_ms, "other" + bytes});
  }

  // Sends it, and does what the client is to do with it.
  void Answer(const Due& reply) {
    iovec data{const_cast<char*>(reply.bytes.data()), reply.bytes.size()};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_name = const_cast<sockaddr*>(client_.data());
    message.msg_namelen = client_.size();
    if (kernel_.SendMessage(fd_, &message, MSG_NOSIGNAL) < 0) return;
    if (differed_ || accepted_ == datagrams()) return;
    if (reply.bytes == Data(accepted_)) return void(++accepted_);
    const bool is_late =
        !IsUnix(plan_.transport) && accepted_ > 0 && reply.bytes == Data(accepted_ - 1);
    differed_ = !is_late;
  }

  SimulatedKernel& kernel_;
  const Plan& plan_;
  const std::string input_;
  int fd_ = -1;
  SocketAddress client_;
  std::vector<Due> due_;
  int64_t due_ms_ = kNever;
  size_t next_ = 0;
  size_t accepted_ = 0;
  size_t asking_ = SIZE_MAX;
  size_t tries_ = 0;
  int64_t asked_ms_ = 0;
  bool differed_ = false;
  bool gone_ = false;
};

// The standard input, all there, and output of the client.
struct Pipes {
  int input = -1, output = -1, written = -1;
};

Pipes OpenPipes(SimulatedKernel* kernel, const std::string& input) {
  const SimulatedKernel::PeersTurn turn(kernel);
  int in[2], out[2];
  kernel->Pipe(in, 0);
  kernel->Pipe(out, O_NONBLOCK);
  RC_ASSERT(kernel->Write(in[1], input.data(), input.size()) == static_cast<ssize_t>(input.size()));
  kernel->Close(in[1]);
  kernel->Lend(in[0]);
  kernel->Lend(out[1]);
  return {in[0], out[1], out[0]};
}

absl::Status Run(SimulatedKernel* kernel, const Plan& plan, const Pipes& pipes) {
  auto connected = ConnectTo(*kernel, plan.transport, ServerAddress(plan.transport));
  if (!connected.ok()) return connected.status();
  return DatagramClient<SimulatedKernel>(kernel, *std::move(connected), plan.transport, pipes.input,
                                         pipes.output, plan.options)
      .Run();
}

std::string Written(SimulatedKernel* kernel, const Pipes& pipes) {
  const SimulatedKernel::PeersTurn turn(kernel);
  std::string bytes(1 << 17, '\0');
  const ssize_t got = kernel->Read(pipes.written, bytes.data(), bytes.size());
  return bytes.substr(0, got < 0 ? 0 : static_cast<size_t>(got));
}

void CheckStatus(const absl::Status& status, const Plan& plan, const Answerer& answerer,
                 int64_t now_ms) {
  if (answerer.differed()) return RC_ASSERT(absl::IsDataLoss(status));
  if (answerer.accepted() == answerer.datagrams()) return RC_ASSERT(status == absl::OkStatus());
  // Who is gone is noticed by the next try.
  if (answerer.gone() && !answerer.tried_all()) return RC_ASSERT(ErrnoOf(status) == ECONNREFUSED);
  RC_ASSERT(absl::IsDeadlineExceeded(status));
  RC_ASSERT(answerer.tried_all());
  RC_ASSERT(now_ms - answerer.asked_ms() >= plan.options.wait_ms);
  if (plan.faults.empty()) RC_ASSERT(now_ms - answerer.asked_ms() == plan.options.wait_ms);
}

void CheckClient(const Plan& plan) {
  const std::string input = CodedBytes(1, 0, plan.input_bytes);
  FaultList faults(plan.faults);
  SimulatedKernel kernel;
  kernel.Reset({.buffer_bytes = 1 << 18}, &faults, nullptr);
  const Pipes pipes = OpenPipes(&kernel, input);
  Answerer answerer(&kernel, plan, input);
  kernel.SetPeers(&answerer);
  const absl::Status status = Run(&kernel, plan, pipes);
  RC_ASSERT(kernel.violation() == "");
  kernel.CheckNothingIsLeftOpen();
  RC_ASSERT(kernel.violation() == "");
  CheckStatus(status, plan, answerer, kernel.NowMs());
  const size_t bytes = answerer.accepted() * plan.options.datagram_bytes;
  RC_ASSERT(Written(&kernel, pipes) == input.substr(0, bytes));
}

Plan AnyPlan(Transport transport) {
  Plan plan;
  plan.transport = transport;
  plan.options.datagram_bytes = *rc::gen::weightedOneOf<size_t>(
      {{5, rc::gen::inRange<size_t>(1, 50)}, {1, rc::gen::inRange<size_t>(1000, 9000)}});
  plan.options.tries = *rc::gen::inRange(1, 4);
  plan.options.wait_ms = *rc::gen::inRange(1, 1000);
  plan.input_bytes = *rc::gen::inRange<size_t>(0, 12 * plan.options.datagram_bytes);
  using Kind = Reply::Kind;
  const auto kind = rc::gen::weightedElement<Kind>({{20, Kind::kExact},
                                                    {5, Kind::kTwice},
                                                    {5, Kind::kNone},
                                                    {1, Kind::kOther},
                                                    {1, Kind::kGoes}});
  const auto late = rc::gen::weightedOneOf<int64_t>(
      {{3, rc::gen::just<int64_t>(0)},
       {1, rc::gen::inRange<int64_t>(0, 2 * plan.options.wait_ms)}});
  plan.replies = *rc::gen::container<std::vector<Reply>>(
      rc::gen::build<Reply>(rc::gen::set(&Reply::kind, kind), rc::gen::set(&Reply::late_ms, late)));
  if (*rc::gen::arbitrary<bool>()) return plan;
  plan.faults =
      *rc::gen::container<std::vector<Fault>>(AnyFaultOf({{Call::kPoll, EINTR},
                                                          {Call::kRecv, EINTR},
                                                          {Call::kRecv, EAGAIN},
                                                          {Call::kSend, EINTR},
                                                          {Call::kRead, EINTR},
                                                          {Call::kRead, EAGAIN},
                                                          {Call::kWrite, EINTR},
                                                          {Call::kWrite, EAGAIN}},
                                                         {Call::kPoll, Call::kRead, Call::kWrite}));
  // Such a wait may rightly miss an answer that comes at the last moment.
  std::erase_if(plan.faults,
                [](const Fault& fault) { return fault.kind == Fault::Kind::kDelayed; });
  return plan;
}

RC_GTEST_PROP(SimulatedDatagramClient, IsContentIffEachUdpDatagramCameBackAsItWasSent, ()) {
  CheckClient(AnyPlan(Transport::kUdp));
}

RC_GTEST_PROP(SimulatedDatagramClient, IsContentIffEachUnixDatagramCameBackAsItWasSent, ()) {
  CheckClient(AnyPlan(Transport::kUnixgram));
}

}  // namespace
}  // namespace verbatim
