// The mutants of datagrams, gathered by gather.cc, which numbers those that have no number.
// Not for: users of mutants (stream.h).
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "properties/mutants/mutants.h"

namespace verbatim {

std::vector<Mutant> KnownDatagramMutants();  // 37 to 44
std::vector<Mutant> DatagramByteMutants();
std::vector<Mutant> DatagramPeerMutants();
std::vector<Mutant> DatagramManyMutants();

// What is wrong, where it was met, and who is to notice, of a mutant whose hooks are an H.
template <typename H>
Mutant DatagramRow(absl::string_view name, absl::string_view what, absl::string_view seen_in,
                   std::vector<absl::string_view> caught_by, int number = 0) {
  Mutant row{Defect::kHooked, number, name, what, seen_in, std::move(caught_by)};
  row.family = Family::kDatagram;
  row.datagram_hooks = []() -> std::unique_ptr<DatagramHooks> { return std::make_unique<H>(); };
  return row;
}

}  // namespace verbatim
