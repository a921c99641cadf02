// The kill matrix as text.
#include "properties/mutants/kill_matrix.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace verbatim {
namespace {

constexpr char kRowFormat[] = "%3s %-24s";

bool IsSound(const Mutant& mutant) { return mutant.number == 0; }

}  // namespace

bool KillMatrix::Names(const Mutant& mutant, size_t column) const {
  return std::any_of(mutant.caught_by.begin(), mutant.caught_by.end(),
                     [&](absl::string_view id) { return id == requirements_[column]; });
}

char KillMatrix::Sign(const KillRow& row, size_t column) const {
  const bool named = Names(*row.mutant, column);
  switch (row.cells[column]) {
    case Cell::kHeld:
      return named ? 'o' : '.';
    case Cell::kCaught:
      return IsSound(*row.mutant) ? '!' : named ? '#' : '+';
    case Cell::kNotJudged:
      return '-';
    case Cell::kNotTried:
      return ' ';
  }
  return '?';
}

std::string KillMatrix::Head() const {
  std::string tens, ones;
  for (size_t column = 1; column <= requirements_.size(); ++column) {
    absl::StrAppendFormat(&tens, " %c", column < 10 ? ' ' : static_cast<char>('0' + column / 10));
    absl::StrAppendFormat(&ones, " %c", static_cast<char>('0' + column % 10));
  }
  const std::string left = absl::StrFormat(kRowFormat, "", "");
  return absl::StrCat(left, tens, "\n", left, ones, "\n");
}

std::string KillMatrix::Line(const KillRow& row) const {
  const Mutant& mutant = *row.mutant;
  const std::string number = IsSound(mutant) ? "" : absl::StrCat(mutant.number);
  std::string line = absl::StrFormat(kRowFormat, number, std::string(mutant.name));
  for (size_t column = 0; column < row.cells.size(); ++column) {
    line += ' ';
    line += Sign(row, column);
  }
  if (row.seeds > 0) {
    absl::StrAppendFormat(&line, "  %d of %d", row.seeds - static_cast<int>(row.missed.size()),
                          row.seeds);
  }
  const std::string complaint = Complaint(row);
  if (!complaint.empty()) absl::StrAppend(&line, "  ", complaint);
  return line;
}

std::string KillMatrix::Caught(const KillRow& row) const {
  std::vector<std::string> ids;
  for (size_t column = 0; column < row.cells.size(); ++column) {
    if (row.cells[column] == Cell::kCaught) ids.push_back(requirements_[column]);
  }
  return absl::StrJoin(ids, ", ");
}

std::string KillMatrix::Complaint(const KillRow& row) const {
  if (!row.error.empty()) return row.error;
  const std::string caught = Caught(row);
  if (IsSound(*row.mutant)) return caught.empty() ? "" : absl::StrCat("FAILS ", caught);
  if (!row.missed.empty() && row.missed.size() < static_cast<size_t>(row.seeds)) {
    return absl::StrCat("MISSED with seed ", absl::StrJoin(row.missed, ", "));
  }
  if (row.missed.empty() && row.seeds > 0) return "";
  bool judged = false;
  for (size_t column = 0; column < row.cells.size(); ++column) {
    judged |= Names(*row.mutant, column) && row.cells[column] != Cell::kNotJudged;
  }
  if (!judged) return "NOT JUDGED by what it names";
  if (caught.empty()) return "SURVIVES";
  return absl::StrCat("CAUGHT ONLY by what it does not name: ", caught);
}

std::string KillMatrix::Legend(const std::vector<KillRow>& rows) const {
  std::string text =
      "# caught by a requirement that the mutant names   + by another   . held   o named, and "
      "held\n"
      "- not judged   ! a sound server fails\n\n";
  for (size_t column = 0; column < requirements_.size(); ++column) {
    int caught = 0, named = 0;
    for (const KillRow& row : rows) {
      if (IsSound(*row.mutant) || row.cells[column] != Cell::kCaught) continue;
      ++caught;
      named += Names(*row.mutant, column);
    }
    absl::StrAppendFormat(&text, "%3d %-34s catches %2d, %2d of them name it\n", column + 1,
                          requirements_[column], caught, named);
  }
  return text;
}

}  // namespace verbatim
