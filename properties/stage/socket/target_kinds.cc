// The kinds of target, as a user names them: what each can do, and how it is called.
// Not for: starting one and seeing it die (target.cc).
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "properties/stage/socket/client_desk.h"
#include "properties/stage/socket/datagram_socket.h"
#include "properties/stage/socket/target.h"

namespace verbatim {
namespace {

bool IsLocal(const SocketAddress& address) {
  return address.family() == AF_UNIX || IsLoopback(address);
}

uint32_t CapabilitiesOver(Transport transport) {
  const uint32_t streams = SocketType(transport) == SOCK_STREAM ? kHalfClose : 0;
  return kServer | streams | (transport == Transport::kTcp ? kTcp : 0);
}

// What the command line has besides the command.
std::string OverFlag(Transport over) {
  return over == Transport::kTcp ? "" : absl::StrCat(" --over ", TransportName(over));
}

}  // namespace

absl::string_view CapabilityName(Capability capability) {
  switch (capability) {
    case kSpawned:
      return "a process that Verbatim started (--spawn)";
    case kHalfClose:
      return "half-close";
    case kTcp:
      return "TCP";
    case kServer:
      return "a server with several connections (not --stdio)";
    case kLocal:
      return "a target on this machine: loopback, or a unix socket";
    case kStatus:
      return "an exit status that says whether all came back";
    case kAnyBytes:
      return "a client that takes more than lines of text (--lines, --pty)";
    case kTakesHost:
      return "{host} or {endpoint} in the client's command, over tcp or udp";
  }
  return "";
}

std::string ShellQuote(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

absl::StatusOr<std::unique_ptr<Target>> Target::Remote(const Endpoint& endpoint) {
  if (endpoint.transport == Transport::kUnixpacket || endpoint.transport == Transport::kStdio) {
    return absl::InvalidArgumentError(absl::StrCat(
        endpoint.ToString(),
        " can't be checked: tcp://, udp://, unix://, unix-abstract://, unixgram:// and "
        "icmp:// can; a program's standard input and output by --stdio"));
  }
  absl::StatusOr<std::vector<SocketAddress>> addresses = Resolve(endpoint, ResolveFor::kConnecting);
  if (!addresses.ok()) return addresses.status();
  const std::string name = endpoint.ToString();
  const Transport transport =
      endpoint.transport == Transport::kUnixAbstract ? Transport::kUnix : endpoint.transport;
  std::unique_ptr<Target> target(new Target(Kind::kRemote, transport, name, name));
  target->addresses_ = *std::move(addresses);
  target->capabilities_ = CapabilitiesOver(transport);
  if (std::all_of(target->addresses_.begin(), target->addresses_.end(), IsLocal)) {
    target->capabilities_ |= kLocal;
  }
  return target;
}

absl::StatusOr<std::unique_ptr<Target>> Target::Spawned(std::string command, Over over) {
  const bool ports = !IsUnix(over);
  const absl::string_view place = ports ? "{port}" : "{path}";
  const std::string argument = absl::StrCat("--spawn ", ShellQuote(command), OverFlag(over));
  if (!absl::StrContains(command, place) && !absl::StrContains(command, "{endpoint}")) {
    return absl::InvalidArgumentError(absl::StrCat(
        argument, ": the command has no ", place, ": write it where the server takes its ",
        ports ? "port" : "path", " (or {endpoint})",
        ports && absl::StrContains(command, "{path}") ? "; {path} goes with --over unix or unixgram"
                                                      : ""));
  }
  std::unique_ptr<Target> target(new Target(Kind::kSpawned, over, command, argument));
  target->command_ = std::move(command);
  target->capabilities_ = kSpawned | kLocal | CapabilitiesOver(over);
  return target;
}

absl::StatusOr<std::unique_ptr<Target>> Target::Stdio(std::string command) {
  if (absl::StripAsciiWhitespace(command).empty()) {
    return absl::InvalidArgumentError("--stdio: the command is empty");
  }
  absl::StatusOr<std::unique_ptr<LastWords>> words = LastWords::Open();
  if (!words.ok()) return words.status();
  std::unique_ptr<Target> target(new Target(Kind::kStdio, Transport::kStdio, command,
                                            absl::StrCat("--stdio ", ShellQuote(command))));
  target->command_ = std::move(command);
  target->capabilities_ = kHalfClose | kLocal;
  target->words_ = *std::move(words);
  return target;
}

absl::StatusOr<std::unique_ptr<Target>> Target::Client(ClientDoor door, bool in_lines,
                                                       absl::string_view flags) {
  const std::string argument =
      absl::StrCat("--spawn ", ShellQuote(door.command), OverFlag(door.over), flags);
  if (const absl::Status status = door.Check(); !status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--spawn ", ShellQuote(door.command), ": ", status.message()));
  }
  std::unique_ptr<Target> target(new Target(Kind::kClient, door.over, door.command, argument));
  target->capabilities_ = kSpawned | kLocal | kStatus | kHalfClose | (in_lines ? 0 : kAnyBytes) |
                          (door.NamesHost() ? kTakesHost : 0) |
                          (door.over == Transport::kTcp ? kTcp : 0);
  target->in_lines_ = in_lines;
  target->client_ = std::make_shared<const ClientDoor>(std::move(door));
  return target;
}

absl::StatusOr<std::unique_ptr<Target>> Target::ClientElsewhere(std::unique_ptr<ClientDesk> desk,
                                                                bool in_lines,
                                                                absl::string_view argument) {
  ClientDoor door = desk->door();
  const std::string name(argument);
  std::unique_ptr<Target> target(new Target(Kind::kClient, door.over, name, name));
  target->capabilities_ = kServer | kStatus | kHalfClose | (in_lines ? 0 : kAnyBytes) |
                          (door.over == Transport::kTcp ? kTcp : 0);
  target->in_lines_ = in_lines;
  target->client_ = std::make_shared<const ClientDoor>(std::move(door));
  target->desk_ = std::move(desk);
  return target;
}

void Target::PutBefore(std::unique_ptr<Backend> backend, absl::string_view flag) {
  backend_ = std::move(backend);
  absl::StrAppend(&argument_, " ", flag);
}

void Target::IsReadyWhen(Readiness readiness, absl::string_view flags) {
  readiness_ = std::move(readiness);
  absl::StrAppend(&argument_, flags);
}

std::optional<std::string> Target::TakeBackendDeath(int timeout_ms) {
  return backend_ == nullptr ? std::nullopt : backend_->TakeDeath(timeout_ms);
}

}  // namespace verbatim
