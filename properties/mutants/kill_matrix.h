// KillMatrix: which requirement caught which mutant, side by side, and whether that is as it should
// be.
// Not for: holding mutants to requirements (cli/mutants.cc).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "properties/mutants/mutants.h"

namespace verbatim {

enum class Cell {
  kHeld,
  kCaught,     // the requirement fails
  kNotJudged,  // skipped, or not run
  kNotTried,
};

struct KillRow {
  const Mutant* mutant = nullptr;  // one without a number is sound, and must fail nothing
  std::vector<Cell> cells;         // one for each requirement
  int seeds = 0;                   // so many were tried with what the mutant names
  std::vector<uint64_t> missed;    // of those: nothing that it names caught it
  std::vector<std::string> seen;   // "stream.silent.first: inserted: …", for what caught it
  std::string error;               // why it could not be held to something
};

class KillMatrix {
 public:
  // The requirements' ids, one for each column.
  explicit KillMatrix(std::vector<std::string> requirements)
      : requirements_(std::move(requirements)) {}

  // The numbers of the columns, above the rows.
  std::string Head() const;
  // One line, without its newline: which columns caught it, with how many seeds, and what is wrong
  // with that.
  std::string Line(const KillRow& row) const;
  // What the signs and the columns are, and how many of `rows` each requirement caught.
  std::string Legend(const std::vector<KillRow>& rows) const;

  // In words; empty if nothing is: a mutant survives, is missed with some seed or is caught only by
  // requirements that it does not name; a sound server fails; something went wrong on our side.
  std::string Complaint(const KillRow& row) const;

 private:
  bool Names(const Mutant& mutant, size_t column) const;
  char Sign(const KillRow& row, size_t column) const;
  std::string Caught(const KillRow& row) const;

  const std::vector<std::string> requirements_;
};

}  // namespace verbatim
