// All mutants and all sound servers and clients, gathered and numbered.
// Not for: what is wrong with each (table.cc, and beside the hooks).
#include <utility>

#include "properties/mutants/client_mutants.h"
#include "properties/mutants/datagram_mutants.h"
#include "properties/mutants/hooked_mutants.h"
#include "properties/mutants/hooked_server.h"
#include "properties/mutants/mutants.h"
#include "properties/mutants/plain_datagram.h"

namespace verbatim {
namespace {

// Numbered from `number` on.
void Append(std::vector<Mutant>* table, int number, std::vector<std::vector<Mutant>> groups) {
  for (std::vector<Mutant>& group : groups) {
    for (Mutant& mutant : group) {
      mutant.number = number++;
      table->push_back(std::move(mutant));
    }
  }
}

std::vector<Mutant>* AllStreams() {
  auto* const table = new std::vector<Mutant>(FirstStreamMutants());
  Append(table, 101,
         {HookedByteMutants(), HookedTimeMutants(), HookedEndMutants(), HookedManyMutants(),
          HookedProcessMutants()});
  return table;
}

std::vector<Mutant>* AllDatagrams() {
  auto* const table = new std::vector<Mutant>(KnownDatagramMutants());
  Append(table, 201, {DatagramByteMutants(), DatagramPeerMutants(), DatagramManyMutants()});
  return table;
}

std::vector<Mutant>* AllClients() {
  auto* const table = new std::vector<Mutant>(KnownClientMutants());
  Append(table, 301,
         {ClientInputMutants(), ClientOutputMutants(), ClientEndMutants(), ClientPressureMutants(),
          ClientConnectMutants()});
  return table;
}

std::vector<Mutant>* AllDatagramClients() {
  auto* const table = new std::vector<Mutant>;
  Append(table, 401, {DatagramClientRows()});
  return table;
}

}  // namespace

const std::vector<Mutant>& StreamMutants() {
  static const std::vector<Mutant>* const mutants = AllStreams();
  return *mutants;
}

const std::vector<Mutant>& DatagramMutants() {
  static const std::vector<Mutant>* const mutants = AllDatagrams();
  return *mutants;
}

const std::vector<Mutant>& ClientMutants() {
  static const std::vector<Mutant>* const mutants = AllClients();
  return *mutants;
}

const std::vector<Mutant>& DatagramClientMutants() {
  static const std::vector<Mutant>* const mutants = AllDatagramClients();
  return *mutants;
}

const std::vector<Mutant>& SoundServers() {
  static const std::vector<Mutant>* const servers = new std::vector<Mutant>{
      {Defect::kNone, 0, "none", "one process, with poll", "", {}},
      {Defect::kNoneForking, 0, "none-forking", "a process for each connection", "", {}},
      StreamRow<StreamHooks>("none-hooked", "one process, with hooks that change nothing", "", {}),
  };
  return *servers;
}

const std::vector<Mutant>& SoundDatagramServers() {
  static const std::vector<Mutant>* const servers =
      new std::vector<Mutant>{DatagramRow<DatagramHooks>(
          "none-datagram", "datagrams, from the address that was asked", "", {})};
  return *servers;
}

const std::vector<Mutant>& SoundClients() {
  static const auto* const clients = new std::vector<Mutant>(SoundClientRows());
  return *clients;
}

const std::vector<Mutant>& SoundDatagramClients() {
  static const auto* const clients = new std::vector<Mutant>(SoundDatagramClientRows());
  return *clients;
}

const Mutant* FindMutant(absl::string_view name) {
  for (const std::vector<Mutant>* const table :
       {&StreamMutants(), &DatagramMutants(), &ClientMutants(), &DatagramClientMutants(),
        &SoundServers(), &SoundDatagramServers(), &SoundClients(), &SoundDatagramClients()}) {
    for (const Mutant& mutant : *table) {
      if (mutant.name == name) return &mutant;
    }
  }
  return nullptr;
}

}  // namespace verbatim
