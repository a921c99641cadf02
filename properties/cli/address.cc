// verbatim address: how an endpoint is read, and what it resolves to.
// Not for: connecting to it.
#include <cstdio>
#include <iostream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/endpoint.h"
#include "properties/cli/cli.h"

namespace verbatim {
namespace {

// False if it can't be read.
bool Show(const std::string& text) {
  const absl::StatusOr<Endpoint> endpoint = Endpoint::Parse(text);
  if (!endpoint.ok()) {
    Complain(kExitUsage, endpoint.status().message());
    return false;
  }
  std::string line =
      absl::StrCat(endpoint->ToString(), "  transport ", TransportName(endpoint->transport), ", ");
  const char* const host = IsUnix(endpoint->transport) ? "name " : "host ";
  if (!endpoint->host.empty()) absl::StrAppend(&line, host, endpoint->host, ", ");
  if (!endpoint->service.empty()) absl::StrAppend(&line, "service ", endpoint->service, ", ");
  const absl::StatusOr<std::vector<SocketAddress>> addresses =
      Resolve(*endpoint, ResolveFor::kListening);
  if (!addresses.ok()) absl::StrAppend(&line, "not resolved: ", addresses.status().message());
  for (size_t i = 0; addresses.ok() && i < addresses->size(); ++i) {
    absl::StrAppend(&line, i == 0 ? "is " : " and ", (*addresses)[i].ToString());
  }
  // Names of unix sockets may hold anything.
  std::printf("%s\n", absl::Utf8SafeCHexEscape(line).c_str());
  return true;
}

int ShowAll(const std::vector<std::string>& texts) {
  bool read = true;
  for (const std::string& text : texts) {
    if (text != "-") {
      read = Show(text) && read;
      continue;
    }
    for (std::string line; std::getline(std::cin, line);) read = Show(line) && read;
  }
  return read ? kExitHolds : kExitUsage;
}

}  // namespace

void AddAddress(CLI::App& app, int* status) {
  auto texts = std::make_shared<std::vector<std::string>>();
  CLI::App* command =
      app.add_subcommand("address", "How an endpoint is read, and what it resolves to");
  command->add_option("TEXT", *texts, "an endpoint; - reads one a line from standard input")
      ->required();
  command->callback([texts, status] { *status = ShowAll(*texts); });
}

}  // namespace verbatim
