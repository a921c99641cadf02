// Law, for any limit and any cutting of receives and sends, with and without bytes that are passed
// on without being kept: the output is the input, what is kept never exceeds the limit, and the
// session is finished exactly when the input has ended and all of it was sent. An input is the
// limit in one byte, then 300 steps at most of three: receive, pass on, send. Sizes beyond what the
// session allows are cut to that, so that every input is a run.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "absl/strings/string_view.h"
#include "echo/session.h"

namespace {

using absl::string_view;
using verbatim::Session;

constexpr size_t kStepBytes = 3, kMostSteps = 300;

// The input of every run. Made once: each two bytes are a number of their own, so that a wrong
// place is seen.
const char* Input() {
  static const auto input = [] {
    constexpr size_t kBytes = kMostSteps * 256;
    auto bytes = std::make_unique<char[]>(kBytes);
    uint32_t state = 1;
    for (size_t i = 0; i < kBytes; ++i) {
      state = state * 1664525u + 1013904223u;
      bytes[i] = static_cast<char>(state >> 24);
    }
    return bytes;
  }();
  return input.get();
}

struct Step {
  size_t receive_bytes, passed_bytes, send_bytes;
};

// A session, and how much of Input() went in and came out.
class Run {
 public:
  explicit Run(size_t limit_bytes) : limit_bytes_(limit_bytes), session_(limit_bytes) {}

  // Returns the law that was broken, or null. `step` becomes what was really done.
  const char* Play(Step* step) {
    step->receive_bytes = std::min(step->receive_bytes, session_.Receivable());
    const bool passes = session_.Sendable().empty();
    step->passed_bytes = passes ? std::min(step->passed_bytes, step->receive_bytes) : 0;
    session_.Receive({Input() + in_, step->receive_bytes}, step->passed_bytes);
    in_ += step->receive_bytes;
    out_ += step->passed_bytes;
    if (const char* law = BrokenLaw(); law != nullptr) return law;
    step->send_bytes = std::min(step->send_bytes, session_.Sendable().size());
    session_.Sent(step->send_bytes);
    out_ += step->send_bytes;
    return BrokenLaw();
  }

  const char* PlayEnd() {
    session_.ReceiveEnd();
    if (const char* law = BrokenLaw(); law != nullptr) return law;
    out_ += session_.Sendable().size();
    session_.Sent(session_.Sendable().size());
    if (!session_.Finished()) return "all was sent after the end, so it is finished";
    return BrokenLaw();
  }

 private:
  // What is due is always just what has come in and not gone out.
  const char* BrokenLaw() const {
    const string_view due = session_.Sendable();
    if (due.size() > limit_bytes_) return "no more is kept than the limit";
    if (due.size() != in_ - out_) return "as much is due as came in and did not go out";
    if (due != string_view(Input() + out_, due.size())) return "the output is the input";
    if (session_.received_bytes() != in_ || session_.sent_bytes() != out_) return "it counts right";
    const size_t room = session_.ended() ? 0 : limit_bytes_ - due.size();
    if (session_.Receivable() != room) return "it receives what the limit leaves room for";
    if (session_.Finished() != (session_.ended() && due.empty())) return "it is finished in time";
    return nullptr;
  }

  const size_t limit_bytes_;
  Session session_;
  size_t in_ = 0, out_ = 0;
};

[[noreturn]] void Broken(const char* law, size_t limit_bytes, const uint8_t* steps, size_t count) {
  std::fprintf(stderr, "broken law: %s\n  limit %zu\n", law, limit_bytes);
  Run run(limit_bytes);
  for (size_t i = 0; i < count; ++i, steps += kStepBytes) {
    Step step = {steps[0], steps[1], steps[2]};
    run.Play(&step);
    std::fprintf(stderr, "  receive %zu, of which passed on %zu; send %zu\n", step.receive_bytes,
                 step.passed_bytes, step.send_bytes);
  }
  std::abort();
}

size_t LimitBytes(const uint8_t* data) { return size_t{data[0]} + 1; }
size_t StepCount(size_t size) { return std::min((size - 1) / kStepBytes, kMostSteps); }

}  // namespace

// Not what is done of it: the session that is asked may be what falls.
extern "C" void ShowInput(const uint8_t* data, size_t size) {
  if (size == 0) return;
  std::printf("limit %zu\n", LimitBytes(data));
  for (const uint8_t *step = data + 1, *end = step + StepCount(size) * kStepBytes; step != end;
       step += kStepBytes) {
    std::printf("receive up to %d, of which passed on up to %d; send up to %d\n", step[0], step[1],
                step[2]);
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t limit_bytes = LimitBytes(data);
  const uint8_t* steps = data + 1;
  const size_t count = StepCount(size);
  Run run(limit_bytes);
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* from = steps + i * kStepBytes;
    Step step = {from[0], from[1], from[2]};
    if (const char* law = run.Play(&step); law != nullptr) Broken(law, limit_bytes, steps, i + 1);
  }
  if (const char* law = run.PlayEnd(); law != nullptr) Broken(law, limit_bytes, steps, count);
  return 0;
}
