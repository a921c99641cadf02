// The mutants of clients, gathered by gather.cc, which numbers those that have no number.
// Not for: users of mutants (mutants.h).
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "properties/mutants/mutants.h"
#include "properties/mutants/plain_client.h"
#include "properties/mutants/plain_datagram_client.h"

namespace verbatim {

std::vector<Mutant> KnownClientMutants();  // 45 to 50
std::vector<Mutant> ClientInputMutants();
std::vector<Mutant> ClientOutputMutants();
std::vector<Mutant> ClientEndMutants();
std::vector<Mutant> ClientPressureMutants();
std::vector<Mutant> ClientConnectMutants();
std::vector<Mutant> DatagramClientRows();

std::vector<Mutant> SoundClientRows();
std::vector<Mutant> SoundDatagramClientRows();

// What is wrong, where it was met, and who is to notice, of a mutant whose hooks are an H.
template <typename H>
Mutant ClientRow(absl::string_view name, absl::string_view what, absl::string_view seen_in,
                 std::vector<absl::string_view> caught_by, int number = 0) {
  Mutant row{Defect::kHooked, number, name, what, seen_in, std::move(caught_by)};
  row.family = Family::kClient;
  row.client_hooks = []() -> std::unique_ptr<ClientHooks> { return std::make_unique<H>(); };
  return row;
}

template <typename H>
Mutant DatagramClientRow(absl::string_view name, absl::string_view what, absl::string_view seen_in,
                         std::vector<absl::string_view> caught_by) {
  Mutant row{Defect::kHooked, 0, name, what, seen_in, std::move(caught_by)};
  row.family = Family::kDatagramClient;
  row.datagram_client_hooks = []() -> std::unique_ptr<DatagramClientHooks> {
    return std::make_unique<H>();
  };
  return row;
}

}  // namespace verbatim
