// The candidates, each kind in a function of its own, the boldest kinds first.
#include "properties/generate/shrinks.h"

#include <algorithm>
#include <utility>

namespace verbatim {
namespace {

using Kind = Step::Kind;
using Steps = std::vector<Step>;

// Sizes below `size` worth trying: 1, then ever closer to it from half on.
std::vector<uint64_t> SmallerSizes(uint64_t size) {
  std::vector<uint64_t> sizes;
  if (size > 1) sizes.push_back(1);
  for (uint64_t cut = size / 2; cut > 0; cut /= 2) {
    if (size - cut > 1) sizes.push_back(size - cut);
  }
  return sizes;
}

uint64_t TotalSent(const Scenario& scenario) {
  std::vector<uint64_t> sent(kMaxConnections, 0);
  for (const Step& step : scenario.steps) {
    uint64_t& sum = sent[step.connection - 1];
    if (step.kind == Kind::kSend) {
      sum = step.amount == kRest ? scenario.payload.Size() : sum + step.amount;
    }
  }
  return *std::max_element(sent.begin(), sent.end());
}

// How many connections have sent something that nothing waits for.
int Unawaited(const Scenario& scenario) {
  std::vector<int> open(kMaxConnections, 0);
  for (const Step& step : scenario.steps) {
    int& unawaited = open[step.connection - 1];
    if (step.kind == Kind::kSend) unawaited = 1;
    const bool ends = step.kind == Kind::kClose || step.kind == Kind::kReset;
    if (ends || step.kind == Kind::kAwait || step.kind == Kind::kExpectEof) unawaited = 0;
  }
  return static_cast<int>(std::count(open.begin(), open.end(), 1));
}

class Candidates {
 public:
  explicit Candidates(const Scenario& scenario)
      : from_(scenario), unawaited_(Unawaited(scenario)) {}

  std::vector<Scenario> Take() {
    TrimPayload();
    DropConnections();
    DropRuns();
    ShrinkPayload();
    CutLiteral();
    MergeSends();
    ShrinkSteps();
    MakePlain();
    return std::move(out_);
  }

 private:
  void Add(Scenario scenario) {
    // What is no longer awaited would be judged only by luck.
    if (scenario == from_ || !Validate(scenario).ok() || Unawaited(scenario) > unawaited_) return;
    out_.push_back(std::move(scenario));
  }
  void AddSteps(Steps steps) { Add({from_.requirement, from_.payload, std::move(steps)}); }

  // Bytes that are never sent.
  void TrimPayload() {
    const uint64_t sent = std::max<uint64_t>(TotalSent(from_), 1);
    if (sent < from_.payload.Size()) AddSized(sent);
  }

  void AddSized(uint64_t size) {
    Scenario smaller = from_;
    if (smaller.payload.literal) {
      smaller.payload.bytes.resize(size);
    } else {
      smaller.payload.size_bytes = size;
    }
    Add(std::move(smaller));
  }

  // All steps of one connection; those above move down.
  void DropConnections() {
    for (uint32_t gone = Connections(from_); gone >= 2; --gone) {
      Steps steps;
      for (Step step : from_.steps) {
        if (step.connection == gone) continue;
        if (step.connection > gone) --step.connection;
        steps.push_back(step);
      }
      AddSteps(std::move(steps));
    }
  }

  // Runs of steps: all, halves, quarters … single ones.
  void DropRuns() {
    const size_t count = from_.steps.size();
    for (size_t run = count; run > 0; run /= 2) {
      for (size_t at = 0; at + run <= count; at += run) {
        Steps steps = from_.steps;
        steps.erase(steps.begin() + static_cast<ptrdiff_t>(at),
                    steps.begin() + static_cast<ptrdiff_t>(at + run));
        AddSteps(std::move(steps));
      }
    }
  }

  // Where "rest" is sent, the payload's size is the size of that send.
  void ShrinkPayload() {
    for (const uint64_t size : SmallerSizes(from_.payload.Size())) AddSized(size);
  }

  // A literal loses a run of bytes, and the sends that carried them.
  void CutLiteral() {
    const uint64_t size = from_.payload.Size();
    if (!from_.payload.literal || size < 2) return;
    for (uint64_t run = size / 2; run > 0; run /= 2) {
      for (uint64_t at = 0; at + run <= size; at += run) AddWithout(at, at + run);
    }
  }

  void AddWithout(uint64_t first, uint64_t last) {
    Scenario smaller = from_;
    smaller.steps.clear();
    smaller.payload.bytes.erase(first, last - first);
    std::vector<uint64_t> sent(kMaxConnections, 0);
    for (Step step : from_.steps) {
      if (step.kind == Kind::kSend && step.amount != kRest) {
        uint64_t& begin = sent[step.connection - 1];
        const uint64_t end = begin + step.amount;
        const uint64_t low = std::clamp(first, begin, end), high = std::clamp(last, begin, end);
        begin = end;
        step.amount -= high - low;
        if (step.amount == 0) continue;
      }
      smaller.steps.push_back(step);
    }
    Add(std::move(smaller));
  }

  // "send a, [await,] send b" becomes "send a+b": the cut is gone, the bytes stay.
  void MergeSends() {
    for (size_t i = 0; i < from_.steps.size(); ++i) {
      const Step& first = from_.steps[i];
      if (first.kind != Kind::kSend || first.amount == kRest) continue;
      const size_t next = NextOn(first.connection, i, Kind::kAwait);
      if (next == from_.steps.size() || from_.steps[next].kind != Kind::kSend) continue;
      Steps steps = from_.steps;
      steps[i].amount = steps[next].amount == kRest ? kRest : steps[i].amount + steps[next].amount;
      // A peer that was held back stays so: else it would be about a backlog from here on.
      if (steps[i].ahead == 0) steps[i].ahead = steps[next].ahead;
      steps.erase(steps.begin() + static_cast<ptrdiff_t>(next));
      AddSteps(std::move(steps));
    }
  }

  // The connection's next step after `at` that is not of the kind `skipped`.
  size_t NextOn(uint32_t connection, size_t at, Kind skipped) const {
    size_t i = at + 1;
    while (i < from_.steps.size() &&
           (from_.steps[i].connection != connection || from_.steps[i].kind == skipped)) {
      ++i;
    }
    return i;
  }

  void ShrinkSteps() {
    for (size_t i = 0; i < from_.steps.size(); ++i) {
      const Step& step = from_.steps[i];
      if ((step.kind != Kind::kSend && step.kind != Kind::kPause) || step.amount == kRest) continue;
      for (const uint64_t amount : SmallerSizes(step.amount)) {
        Steps steps = from_.steps;
        steps[i].amount = amount;
        AddSteps(std::move(steps));
      }
    }
  }

  void MakePlain() {
    Scenario plain = from_;
    if (plain.payload.literal) return;
    plain.payload.seed = 1;
    plain.payload.overlay = Overlay::kNone;
    Add(plain);
    plain = from_;
    plain.payload.overlay = Overlay::kNone;
    Add(std::move(plain));
  }

  const Scenario& from_;
  const int unawaited_;
  std::vector<Scenario> out_;
};

}  // namespace

std::vector<Scenario> Smaller(const Scenario& scenario) { return Candidates(scenario).Take(); }

rc::Shrinkable<Scenario> WithShrinks(const Scenario& scenario) {
  return rc::shrinkable::shrinkRecur(Scenario(scenario), [](const Scenario& from) {
    return rc::seq::fromContainer(Smaller(from));
  });
}

}  // namespace verbatim
