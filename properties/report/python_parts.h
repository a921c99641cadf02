// The parts of which a script is made, and what is known of a scenario before it is written.
// Not for: others than report/python*.cc and their test.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "properties/report/python.h"
#include "properties/scenario/scenario.h"

namespace verbatim::python {

// A step with its place in the payload, as it is if every send before it was accepted as a whole.
struct Move {
  Step step;
  uint64_t from = 0;     // of a send, a feed or a reply: its bytes' offsets; else both are what was
  uint64_t to = 0;       // sent (fed) so far
  uint64_t awaited = 0;  // what had come back for certain; of a client: was replied
  bool late = false;     // behind a send (feed) that may have stopped early: its place is not known
};

struct Plan {
  std::vector<Move> moves;
  uint32_t connections = 1;
  uint64_t used_bytes = 0;  // of a connection's payload, at most
  bool literal = false;     // every connection sends the same
  // Of a client: little, and no more than calls one after another. Else:
  // One connection, never so much on the way that anybody could have to wait, and judged by every
  // byte rule: no more than calls one after another.
  bool simple = false;

  bool Has(Step::Kind kind) const;
  bool Several() const { return connections > 1; }
};
Plan MakePlan(const Scenario& scenario, const Rules& rules);

// How many times a send, and the same other step behind each or none, stand one after the other
// from moves[at] on. `step_count`: moves of one of them, 1 or 2.
struct Repeated {
  size_t times = 1;
  size_t step_count = 1;
};
Repeated RepeatsAt(const Plan& plan, size_t at);

// The same of a client's: 1 to 3 steps, of which the first is a feed or a reply, and the feed and
// the reply among them are of the same bytes.
Repeated ClientRepeatsAt(const Plan& plan, size_t at);

// Lines, each with its newline and indented.
class Lines {
 public:
  // `text` without indentation of its own.
  void Add(int indent, absl::string_view text);
  void AddIf(bool condition, int indent, absl::string_view text) {
    if (condition) Add(indent, text);
  }
  // An empty one, unless the last is.
  void Gap();
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// `DATA = b'…'`, or the function that computes it: the bytes that the scenario sends.
void AddData(const Scenario& scenario, const Plan& plan, Lines* lines);
// A bytes literal of one line: b'GET\r\n'.
std::string BytesLiteral(absl::string_view bytes);
// "(1, 1000, 24)", or where all are equal and there are more than a few, "[1] * 256".
std::string NumberList(const std::vector<uint64_t>& numbers);
// "0.01", "2": milliseconds as seconds.
std::string Seconds(int64_t ms);

// Helpers and steps in one of two forms: calls in a row, or connections that read all along.
void AddSimple(const Plan& plan, const PythonOptions& options, Lines* lines);
void AddFull(const Plan& plan, const PythonOptions& options, Lines* lines);
// Of the role datagram-server.
void AddDatagrams(const Plan& plan, const PythonOptions& options, Lines* lines);
// Of the role client: its arguments, where it listens, how it starts the client, and all the rest.
void AddClient(const Plan& plan, const PythonOptions& options, Lines* lines);
// "COMMAND [HOST]".
std::string ClientUsage(const PythonOptions& options);
// Of AddClient, in one of two forms: what reads and compares, one call after another, or all along.
void AddSimpleClient(const Plan& plan, const PythonOptions& options, Lines* lines);
void AddFullClient(const Plan& plan, const PythonOptions& options, Lines* lines);
// Of both: the line "try:", from which on whoever ends the script ends the client with it.
void AddClientTry(Lines* lines);
// Of AddFullClient: its helpers, for what the client sends and prints, and for what it is given.
void AddClientReads(const Plan& plan, const PythonOptions& options, Lines* lines);
void AddClientServing(const Plan& plan, const PythonOptions& options, Lines* lines);
// Of the full form: whether more may be on the way than pipes and sockets hold.
bool IsLargeForClient(const Plan& plan);
// Of AddFull: the class and its helpers, with what the plan needs of them.
void AddConnection(const Plan& plan, const PythonOptions& options, Lines* lines);

}  // namespace verbatim::python
