// The words of levels and bases, look-ups by id and by glob.
// Not for: the rows (catalogue_*.cc).
#include "properties/requirements/requirement.h"

#include <utility>

#include "properties/requirements/catalogue.h"
#include "properties/stage/socket/left.h"
#include "properties/stage/socket/target.h"

namespace verbatim {

int64_t Budget::Within(int64_t limit_ms) const { return WithinMs(end, limit_ms); }

Family FamilyOf(Transport transport) {
  if (transport == Transport::kIcmp) return Family::kIcmp;
  const bool datagrams = transport == Transport::kUdp || transport == Transport::kUnixgram;
  return datagrams ? Family::kDatagram : Family::kStream;
}

Family FamilyOf(const Target& target) {
  const Family family = FamilyOf(target.transport());
  if (target.client() == nullptr) return family;
  return family == Family::kDatagram ? Family::kDatagramClient : Family::kClient;
}

absl::string_view FamilyName(Family family) {
  switch (family) {
    case Family::kStream:
      return "stream";
    case Family::kDatagram:
      return "datagram";
    case Family::kIcmp:
      return "icmp";
    case Family::kClient:
      return "client";
    case Family::kDatagramClient:
      return "client.datagram";
  }
  return "";
}

absl::string_view LevelName(Level level) {
  constexpr absl::string_view kNames[] = {"M", "S", "I"};
  return kNames[static_cast<size_t>(level)];
}

absl::string_view BasisName(Basis basis) {
  switch (basis) {
    case Basis::kQuoted:
      return "quoted";
    case Basis::kDerived:
      return "derived";
    case Basis::kRobust:
      return "robust";
  }
  return "";
}

const std::vector<Requirement>& Catalogue() {
  static const std::vector<Requirement>* const rows = [] {
    auto* all = new std::vector<Requirement>(RowsOnBytes());
    for (const auto& rows : {RowsOnService(), RowsOnDatagrams(), RowsOnIcmp(), RowsOnClients(),
                             RowsOnDatagramClients()}) {
      all->insert(all->end(), rows.begin(), rows.end());
    }
    return all;
  }();
  return *rows;
}

const Requirement* FindRequirement(absl::string_view id) {
  for (const Requirement& requirement : Catalogue()) {
    if (requirement.id == id) return &requirement;
  }
  return nullptr;
}

bool GlobMatches(absl::string_view glob, absl::string_view id) {
  if (glob.empty()) return id.empty();
  if (glob.front() != '*') {
    return !id.empty() && glob.front() == id.front() && GlobMatches(glob.substr(1), id.substr(1));
  }
  for (size_t skip = 0; skip <= id.size(); ++skip) {
    if (GlobMatches(glob.substr(1), id.substr(skip))) return true;
  }
  return false;
}

}  // namespace verbatim
