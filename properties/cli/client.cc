// verbatim client: an echo client under test, which an adversarial server of ours serves.
// Not for: how it is served (stage/socket/client_stage.h), or the check's own flags (check.h).
#include <cstdio>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "properties/cli/check.h"
#include "properties/cli/cli.h"
#include "properties/mutants/mutants.h"
#include "properties/stage/socket/client_desk.h"

namespace verbatim {
namespace {

// What the command line of Verbatim has besides --spawn and --over.
std::string FlagsText(const ClientFlags& flags) {
  return absl::StrCat(flags.strip_prefix.empty()
                          ? ""
                          : absl::StrCat(" --strip-prefix ", ShellQuote(flags.strip_prefix)),
                      flags.lines ? " --lines" : "", flags.pty ? " --pty" : "");
}

// A copy of this program, as a client.
absl::StatusOr<std::unique_ptr<Target>> PretendClient(const std::string& flag, Transport over,
                                                      const ClientFlags& flags) {
  const absl::StatusOr<std::string> self = Self();
  if (!self.ok()) return self.status();
  ClientDoor door;
  door.over = over;
  door.strip_prefix = flags.strip_prefix;
  door.terminal = flags.pty;
  door.command = absl::StrCat("exec ", ShellQuote(*self), " pretend ", flag, " {endpoint}");
  absl::StatusOr<std::unique_ptr<Target>> target =
      Target::Client(std::move(door), flags.lines || flags.pty, "");
  if (!target.ok()) return target;
  const std::string called = absl::StrCat(
      flag, over == Transport::kTcp ? "" : absl::StrCat(" --over ", TransportName(over)),
      FlagsText(flags));
  (*target)->CallIt(called, called);
  return target;
}

absl::StatusOr<std::unique_ptr<Target>> MutantClient(const std::string& name, Transport over,
                                                     const ClientFlags& flags) {
  const Mutant* const mutant = FindMutant(name);
  std::string names;
  for (const auto& mutants : {ClientMutants(), DatagramClientMutants()}) {
    for (const Mutant& other : mutants) absl::StrAppend(&names, " ", other.name);
  }
  if (mutant == nullptr ||
      (mutant->family != Family::kClient && mutant->family != Family::kDatagramClient)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--mutant ", name, ": there is no client of this name; there are:", names));
  }
  const bool datagrams = mutant->family == Family::kDatagramClient;
  if (datagrams && over == Transport::kTcp) over = Transport::kUdp;
  if (datagrams != (FamilyOf(over) == Family::kDatagram)) {
    return absl::InvalidArgumentError(absl::StrCat("--mutant ", name,
                                                   datagrams
                                                       ? " sends datagrams: --over udp or unixgram"
                                                       : " is of streams: --over tcp or unix"));
  }
  return PretendClient(absl::StrCat("--mutant ", name), over, flags);
}

// A client that is started elsewhere.
absl::StatusOr<std::unique_ptr<Target>> Elsewhere(const std::string& listen,
                                                  const std::string& control,
                                                  const TargetFlags& target,
                                                  const ClientFlags& flags) {
  if (listen.empty() || !target.spawn.empty() || target.builtin || !target.mutant.empty() ||
      flags.pty) {
    return absl::InvalidArgumentError(
        "--listen ENDPOINT [--control ENDPOINT] starts no client: write it without --spawn, "
        "--builtin, --mutant and --pty");
  }
  const absl::StatusOr<Endpoint> data = Endpoint::Parse(listen);
  if (!data.ok()) return data.status();
  absl::StatusOr<Endpoint> desk_at = Endpoint::Parse(control);
  if (control.empty()) {
    const absl::StatusOr<SocketAddress> address =
        SocketAddress::Parse(absl::StrCat("0.0.0.0:", data->service));
    if (data->transport != Transport::kTcp || !address.ok() || address->port() == 65535) {
      return absl::InvalidArgumentError("--listen: name a --control tcp://ADDRESS:PORT too");
    }
    desk_at = *data;
    const int port = address->port();
    desk_at->service = absl::StrCat(port == 0 ? 0 : port + 1);
  }
  if (!desk_at.ok()) return desk_at.status();
  absl::StatusOr<std::unique_ptr<ClientDesk>> desk = ClientDesk::Open(*data, *desk_at);
  if (!desk.ok()) return absl::InvalidArgumentError(desk.status().message());
  std::fprintf(stderr, "serving the client at %s, who starts it at %s\n",
               (*desk)->data().ToString().c_str(), (*desk)->control().ToString().c_str());
  return Target::ClientElsewhere(*std::move(desk), flags.lines, absl::StrCat("--listen ", listen));
}

}  // namespace

void AddClientFlags(CLI::App* command, ClientFlags* flags) {
  command->add_option("--strip-prefix", flags->strip_prefix,
                      "What the client prints before what came back, such as '> ': it is left out");
  command->add_flag("--lines", flags->lines,
                    "Feed lines of text alone: for a client that reads line by line");
  command->add_flag("--pty", flags->pty,
                    "Its standard input and output are a terminal that echoes nothing (implies "
                    "--lines)");
}

absl::StatusOr<std::unique_ptr<Target>> MakeClient(const TargetFlags& target,
                                                   const ClientFlags& flags) {
  const int named = !target.spawn.empty() + target.builtin + !target.mutant.empty();
  if (named != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(named == 0 ? "no client" : "more than one client",
                     ": name one: --spawn './client {host} {port}', --builtin or --mutant NAME"));
  }
  const Transport over = TransportOver(target.over);
  if (target.builtin) return PretendClient("--builtin", over, flags);
  if (!target.mutant.empty()) return MutantClient(target.mutant, over, flags);
  ClientDoor door;
  door.command = target.spawn;
  door.over = over;
  door.strip_prefix = flags.strip_prefix;
  door.terminal = flags.pty;
  return Target::Client(std::move(door), flags.lines || flags.pty, FlagsText(flags));
}

void AddClient(CLI::App& app, int* status) {
  struct Flags {
    TargetFlags target;
    ClientFlags client;
    CheckFlags check;
    std::string listen, control;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      app.add_subcommand("client", "Hold an echo client to the catalogue, by a server of ours");
  command->add_option(
      "--spawn", flags->target.spawn,
      "Start this command (through the shell) for each conversation, with {host}, "
      "{port} or {endpoint} filled in ({path} with --over unix); its standard input "
      "is fed, what it prints is read");
  command
      ->add_option("--over", flags->target.over,
                   "What it connects over: tcp, udp, unix or unixgram")
      ->check(CLI::IsMember({"tcp", "udp", "unix", "unixgram"}))
      ->capture_default_str();
  command->add_flag("--builtin", flags->target.builtin, "The built-in reference client");
  command->add_option("--mutant", flags->target.mutant, "A client with one known defect");
  command->add_option(
      "--listen", flags->listen,
      "Start nothing, and serve a client that is started elsewhere, at this endpoint: "
      "tcp://ADDRESS:PORT, udp:// or unix://PATH. Who starts it asks for its input, and "
      "brings its output, at --control");
  command->add_option("--control", flags->control,
                      "For --listen: where to ask (in plain text: next; done STATUS BYTES), "
                      "tcp://ADDRESS:PORT; else the next port");
  AddClientFlags(command, &flags->client);
  AddCheckFlags(command, {"halfclose", "status"}, &flags->check);
  command
      ->add_option("--bulk-bytes", flags->check.budget.bulk_bytes,
                   "For client.bulk.no-deadlock: at most so many, and 8 MiB")
      ->check(CLI::Range(uint64_t{1}, kMaxPayloadBytes));
  command->callback([flags, status] {
    *status = RunCheck(
        flags->check, flags->listen.empty() && flags->control.empty()
                          ? MakeClient(flags->target, flags->client)
                          : Elsewhere(flags->listen, flags->control, flags->target, flags->client));
  });
}

}  // namespace verbatim
