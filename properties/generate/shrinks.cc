// The candidates, each kind in a function of its own, the boldest kinds first.
#include "properties/generate/shrinks.h"

#include <algorithm>
#include <utility>

#include "properties/generate/ends.h"

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
    if (step.kind == Kind::kSend || step.kind == Kind::kFeed) {
      sum = step.amount == kRest ? scenario.payload.Size() : sum + step.amount;
    }
  }
  return *std::max_element(sent.begin(), sent.end());
}

// How many datagrams are empty.
size_t Empties(const Scenario& scenario) {
  if (scenario.role != Role::kDatagramServer) return 0;
  std::vector<uint64_t> left(kMaxConnections, scenario.payload.Size());
  size_t count = 0;
  for (const Step& step : scenario.steps) {
    if (step.kind != Kind::kSend) continue;
    uint64_t& rest = left[step.connection - 1];
    const uint64_t bytes = step.amount == kRest ? rest : step.amount;
    rest -= bytes;
    count += bytes == 0 ? 1 : 0;
  }
  return count;
}

// Whether it ends with a time in which a second answer would be seen.
bool LooksOn(const Scenario& scenario) {
  return scenario.role == Role::kDatagramServer && !scenario.steps.empty() &&
         scenario.steps.back().kind == Kind::kPause;
}

class Candidates {
 public:
  explicit Candidates(const Scenario& scenario)
      : from_(scenario),
        looks_on_(LooksOn(scenario)),
        empties_(Empties(scenario)),
        unawaited_(Unawaited(scenario)),
        unasked_(UnaskedEnds(scenario)),
        exit_(ExitOf(scenario)) {}

  std::vector<Scenario> Take() {
    TrimPayload();
    DropConnections();
    DropFaults();
    DropRuns();
    ShrinkPayload();
    CutLiteral();
    MergeSends();
    MergeOfClient();
    ShrinkSteps();
    ShrinkFaults();
    MakePlain();
    return std::move(out_);
  }

 private:
  void Add(Scenario scenario) {
    if (scenario.role == Role::kClient) scenario = MendedForClient(std::move(scenario));
    // What is no longer awaited would be judged only by luck.
    if (scenario == from_ || !Validate(scenario).ok() || Unawaited(scenario) > unawaited_) return;
    // A sound server would not end there.
    if (UnaskedEnds(scenario) > unasked_) return;
    // A sound client would end otherwise than is expected.
    const Exit exit = ExitOf(scenario);
    if (exit.expected && !(exit == exit_)) return;
    if (scenario.role == Role::kDatagramServer && IsOtherwise(scenario)) return;
    out_.push_back(std::move(scenario));
  }
  // An empty datagram is a case of its own, and no smaller one; and what comes twice would be seen
  // only by luck without the time to look on.
  bool IsOtherwise(const Scenario& scenario) const {
    const auto is_send = [](const Step& step) { return step.kind == Kind::kSend; };
    const bool sends = std::any_of(scenario.steps.begin(), scenario.steps.end(), is_send);
    const bool keeps_looking = !looks_on_ || !sends || scenario.steps.back() == from_.steps.back();
    return Empties(scenario) > empties_ || !keeps_looking;
  }
  void AddSteps(Steps steps) {
    Scenario smaller = from_;
    smaller.steps = std::move(steps);
    Add(std::move(smaller));
  }

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

  // Without runs of `all`: all, halves, quarters … single ones. `add` takes what is left.
  template <typename T, typename Taker>
  static void WithoutRuns(const std::vector<T>& all, Taker add) {
    for (size_t run = all.size(); run > 0; run /= 2) {
      for (size_t at = 0; at + run <= all.size(); at += run) {
        std::vector<T> left = all;
        left.erase(left.begin() + static_cast<ptrdiff_t>(at),
                   left.begin() + static_cast<ptrdiff_t>(at + run));
        add(std::move(left));
      }
    }
  }

  void DropRuns() {
    WithoutRuns(from_.steps, [this](Steps left) { AddSteps(std::move(left)); });
  }

  void DropFaults() {
    WithoutRuns(from_.faults, [this](std::vector<Fault> left) {
      Scenario smaller = from_;
      smaller.faults = std::move(left);
      Add(std::move(smaller));
    });
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
      const bool carries = step.kind == Kind::kSend || step.kind == Kind::kFeed;
      if (carries && step.amount != kRest) {
        uint64_t& begin = sent[step.connection - 1];
        const uint64_t end = begin + step.amount;
        const uint64_t low = std::clamp(first, begin, end), high = std::clamp(last, begin, end);
        begin = end;
        step.amount -= high - low;
        if (step.amount == 0 && high > low) continue;  // a datagram may have been empty before
      }
      smaller.steps.push_back(step);
    }
    Add(std::move(smaller));
  }

  // "send a, [await or settle,] send b" becomes "send a+b": the cut is gone, the bytes stay.
  // Not of datagrams: each is whole.
  void MergeSends() {
    if (from_.role == Role::kDatagramServer) return;
    for (size_t i = 0; i < from_.steps.size(); ++i) {
      const Step& first = from_.steps[i];
      if (first.kind != Kind::kSend || first.amount == kRest) continue;
      const size_t next = NextOn(first.connection, i);
      if (next == from_.steps.size() || from_.steps[next].kind != Kind::kSend) continue;
      Steps steps = from_.steps;
      steps[i].amount = steps[next].amount == kRest ? kRest : steps[i].amount + steps[next].amount;
      // A peer that was held back stays so: else it would be about a backlog from here on.
      if (steps[i].ahead == 0) steps[i].ahead = steps[next].ahead;
      steps.erase(steps.begin() + static_cast<ptrdiff_t>(next));
      AddSteps(std::move(steps));
    }
  }

  // The connection's next step after `at` that is more than waiting for the cut.
  size_t NextOn(uint32_t connection, size_t at) const {
    const auto is_next = [connection](const Step& step) {
      const bool waits = step.kind == Kind::kAwait || step.kind == Kind::kSettle;
      return step.connection == connection && !waits;
    };
    const auto after = from_.steps.begin() + static_cast<ptrdiff_t>(at) + 1;
    return static_cast<size_t>(std::find_if(after, from_.steps.end(), is_next) -
                               from_.steps.begin());
  }

  // "feed a … feed b" becomes "feed a+b …", "reply a … reply b" becomes "… reply a+b".
  void MergeOfClient() {
    for (const Kind kind : {Kind::kFeed, Kind::kReply}) {
      size_t last = from_.steps.size();
      for (size_t i = 0; i < from_.steps.size(); ++i) {
        if (from_.steps[i].kind != kind) continue;
        if (last < i) AddMerged(last, i);
        last = i;
      }
    }
  }

  void AddMerged(size_t first, size_t second) {
    Steps steps = from_.steps;
    const bool rest = steps[first].amount == kRest || steps[second].amount == kRest;
    const uint64_t sum = rest ? kRest : steps[first].amount + steps[second].amount;
    const bool feed = steps[first].kind == Kind::kFeed;
    steps[feed ? first : second].amount = sum;
    steps.erase(steps.begin() + static_cast<ptrdiff_t>(feed ? second : first));
    AddSteps(std::move(steps));
  }

  // Not a drip: it is no simpler with fewer bytes, nor with more.
  static bool HasSize(const Step& step) {
    switch (step.kind) {
      case Kind::kSend:
      case Kind::kPause:
      case Kind::kFeed:
      case Kind::kReply:
      case Kind::kHold:
        return step.amount != kRest;
      default:
        return false;
    }
  }

  void ShrinkSteps() {
    for (size_t i = 0; i < from_.steps.size(); ++i) {
      if (!HasSize(from_.steps[i])) continue;
      for (const uint64_t amount : SmallerSizes(from_.steps[i].amount)) {
        Steps steps = from_.steps;
        steps[i].amount = amount;
        AddSteps(std::move(steps));
      }
    }
  }

  void ShrinkFaults() {
    for (size_t i = 0; i < from_.faults.size(); ++i) {
      const Fault& fault = from_.faults[i];
      if (fault.after > 0) ShrinkNumber(i, &Fault::after, 0);
      for (uint32_t Fault::*number : {&Fault::after, &Fault::times, &Fault::amount}) {
        for (const uint64_t value : SmallerSizes(fault.*number)) ShrinkNumber(i, number, value);
      }
    }
  }

  void ShrinkNumber(size_t index, uint32_t Fault::*number, uint64_t value) {
    Scenario smaller = from_;
    smaller.faults[index].*number = static_cast<uint32_t>(value);
    Add(std::move(smaller));
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
  const bool looks_on_;
  const size_t empties_;
  const int unawaited_;
  const int unasked_;
  const Exit exit_;
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
