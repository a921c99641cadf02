// Choosing mutants by name, and seeing what this machine lets us grade.
#include "properties/cli/gradable.h"

#include <sys/socket.h>

#include <cerrno>
#include <map>

#include "absl/strings/str_cat.h"
#include "core/address.h"
#include "core/unique_fd.h"
#include "properties/requirements/requirement.h"

namespace verbatim {
namespace {

// Whether this program may take a port below 1,024: without that nobody can ask from one.
bool MayTakeLowPorts() {
  constexpr uint16_t kDiscard = 9;
  const SocketAddress low = SocketAddress::FromIPv4({127, 0, 0, 1}, kDiscard);
  const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return ::bind(fd.get(), low.data(), low.size()) == 0 || errno == EADDRINUSE;
}

// Those of streams first; in each family the sound ones first.
std::vector<const Mutant*> AllMutants() {
  std::vector<const Mutant*> all;
  const auto add = [&](const std::vector<Mutant>& mutants) {
    for (const Mutant& mutant : mutants) {
      if (ObstacleTo(mutant).empty()) all.push_back(&mutant);
    }
  };
  all.push_back(&BuiltinOf(Family::kStream));
  add(SoundServers());
  add(StreamMutants());
  all.push_back(&BuiltinOf(Family::kDatagram));
  add(SoundDatagramServers());
  add(DatagramMutants());
  all.push_back(&BuiltinOf(Family::kClient));
  add(SoundClients());
  add(ClientMutants());
  all.push_back(&BuiltinOf(Family::kDatagramClient));
  add(SoundDatagramClients());
  add(DatagramClientMutants());
  return all;
}

}  // namespace

bool IsOfClients(Family family) {
  return family == Family::kClient || family == Family::kDatagramClient;
}
bool IsOfDatagrams(Family family) {
  return family == Family::kDatagram || family == Family::kDatagramClient;
}

const Mutant& BuiltinOf(Family family) {
  static const auto* const builtins = [] {
    auto* const all = new std::map<Family, Mutant>;
    for (const Family each : kGradedFamilies) {
      Mutant& builtin = (*all)[each];
      builtin.defect = Defect::kNone;
      builtin.number = 0;
      builtin.name = each == Family::kStream     ? "builtin"
                     : each == Family::kDatagram ? "builtin-datagram"
                     : each == Family::kClient   ? "builtin-client"
                                                 : "builtin-datagram-client";
      builtin.what = IsOfClients(each) ? "the reference client" : "the reference server";
      builtin.family = each;
    }
    return all;
  }();
  return builtins->at(family);
}

absl::string_view ObstacleTo(const Mutant& mutant) {
  const std::vector<absl::string_view> asked_from_low_ports = {"datagram.no-loop"};
  if (mutant.waits_for_faults) return "waits for injected faults";
  if (mutant.caught_by != asked_from_low_ports || MayTakeLowPorts()) return "";
  return "can't be graded here: it shows to who may take a port below 1024";
}

absl::StatusOr<std::vector<const Mutant*>> ChooseMutants(const std::vector<std::string>& globs) {
  const std::vector<const Mutant*> all = AllMutants();
  std::vector<const Mutant*> chosen;
  if (globs.empty()) return all;
  std::vector<bool> used(globs.size(), false);
  for (const Mutant* mutant : all) {
    bool matches = false;
    for (size_t i = 0; i < globs.size(); ++i) {
      if (!GlobMatches(globs[i], mutant->name)) continue;
      matches = used[i] = true;
    }
    if (matches) chosen.push_back(mutant);
  }
  for (size_t i = 0; i < globs.size(); ++i) {
    if (used[i]) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "--only ", globs[i], ": no mutant that can be served matches (see: verbatim list)"));
  }
  return chosen;
}

}  // namespace verbatim
