// Properties of Session, for any limit and any cutting of receives and sends, with and without
// bytes that are passed on without being kept.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "echo/peer_test.h"
#include "echo/session.h"

namespace verbatim {
namespace {

// What is wanted; as much of it is done as the session allows at that time.
struct Turn {
  size_t receive_bytes, passed_bytes, send_bytes;
};

void showValue(const Turn& turn, std::ostream& out) {
  out << "receive " << turn.receive_bytes << " passed " << turn.passed_bytes << " send "
      << turn.send_bytes;
}

rc::Gen<Turn> AnyTurn(size_t limit_bytes) {
  const auto size = rc::gen::inRange<size_t>(0, limit_bytes + 2);
  return rc::gen::construct<Turn>(size, rc::gen::oneOf(rc::gen::just<size_t>(0), size), size);
}

// A session between an input and an output, both in memory.
class Pipe {
 public:
  explicit Pipe(size_t limit_bytes) : limit_bytes_(limit_bytes), session_(limit_bytes) {}

  void Play(const Turn& turn) {
    const size_t bytes = std::min(turn.receive_bytes, session_.Receivable());
    const std::string input = TestPayload(input_.size() + bytes).substr(input_.size());
    const size_t passed = session_.Sendable().empty() ? std::min(turn.passed_bytes, bytes) : 0;
    input_ += input;
    output_ += input.substr(0, passed);
    session_.Receive(input, passed);
    CheckBounds();
    Send(turn.send_bytes);
  }

  void Send(size_t bytes) {
    const absl::string_view due = session_.Sendable().substr(0, bytes);
    output_.append(due.data(), due.size());
    session_.Sent(due.size());
    CheckBounds();
  }

  // What holds at any time.
  void CheckBounds() const {
    RC_ASSERT(session_.Sendable().size() <= limit_bytes_);
    const size_t room = session_.ended() ? 0 : limit_bytes_ - session_.Sendable().size();
    RC_ASSERT(session_.Receivable() == room);
    RC_ASSERT(session_.received_bytes() == input_.size());
    RC_ASSERT(session_.sent_bytes() == output_.size());
    RC_ASSERT(output_ == input_.substr(0, output_.size()));
    RC_ASSERT(session_.Finished() == (session_.ended() && output_ == input_));
  }

  Session& session() { return session_; }
  const std::string& input() const { return input_; }
  const std::string& output() const { return output_; }

 private:
  const size_t limit_bytes_;
  Session session_;
  std::string input_, output_;
};

RC_GTEST_PROP(SessionProperties, AnyCuttingReturnsTheInputWithinTheLimit, ()) {
  const auto limit_bytes =
      *rc::gen::oneOf(rc::gen::inRange<size_t>(1, 9), rc::gen::inRange<size_t>(1, 300));
  const auto turns = *rc::gen::container<std::vector<Turn>>(AnyTurn(limit_bytes));
  const auto last_send_bytes = *rc::gen::inRange<size_t>(1, limit_bytes + 1);
  Pipe pipe(limit_bytes);
  for (const Turn& turn : turns) pipe.Play(turn);
  pipe.session().ReceiveEnd();
  pipe.CheckBounds();
  while (!pipe.session().Sendable().empty()) pipe.Send(last_send_bytes);
  RC_ASSERT(pipe.session().Finished());
  RC_ASSERT(pipe.output() == pipe.input());
}

}  // namespace
}  // namespace verbatim
