// Filling in where a client is to connect.
#include "properties/stage/socket/client_door.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace verbatim {

std::string ClientDoor::FillIn(const ClientPlace& place) const {
  const std::string scheme = absl::StrCat(TransportName(over), "://");
  if (IsUnix(over)) {
    return absl::StrReplaceAll(
        command, {{"{path}", place.path}, {"{endpoint}", absl::StrCat(scheme, place.path)}});
  }
  const bool six = absl::StrContains(host, ":");
  const std::string bracketed = absl::StrCat(six ? "[" : "", host, six ? "]" : "");
  return absl::StrReplaceAll(command,
                             {{"{port}", absl::StrCat(place.port)},
                              {"{host}", host},
                              {"{endpoint}", absl::StrCat(scheme, bracketed, ":", place.port)}});
}

bool ClientDoor::NamesHost() const {
  return !IsUnix(over) &&
         (absl::StrContains(command, "{host}") || absl::StrContains(command, "{endpoint}"));
}

absl::Status ClientDoor::Check() const {
  const absl::string_view place = IsUnix(over) ? "{path}" : "{port}";
  if (absl::StrContains(command, place) || absl::StrContains(command, "{endpoint}")) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the command has no ", place, ": write it where the client takes the ",
                   IsUnix(over) ? "path" : "port", " to connect to (or {endpoint}",
                   IsUnix(over) ? ")" : "), and {host} where it takes the host",
                   !IsUnix(over) && absl::StrContains(command, "{path}")
                       ? "; {path} goes with --over unix or unixgram"
                       : ""));
}

}  // namespace verbatim
