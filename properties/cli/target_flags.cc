// The flags that say which server is checked, and the target that they name: another's, the
// built-in one, a mutant.
// Not for: clients under test (client.cc), or how long they are given (budget_flags.cc).
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "properties/cli/cli.h"
#include "properties/mutants/mutants.h"
#include "properties/stage/socket/process.h"

namespace verbatim {
namespace {

absl::StatusOr<std::unique_ptr<Target>> SpawnSelf(const std::string& flag, Target::Over over) {
  const absl::StatusOr<std::string> self = Self();
  if (!self.ok()) return self.status();
  // Bound to every address, so that it is seen from which one it answers.
  const absl::string_view where =
      over == Target::Over::kUdp ? "udp://0.0.0.0:{port}" : "{endpoint}";
  auto target =
      Target::Spawned(absl::StrCat("exec ", ShellQuote(*self), " serve ", flag, " ", where), over);
  const std::string called =
      over == Target::Over::kTcp ? flag : absl::StrCat(flag, " --over ", TransportName(over));
  if (target.ok()) (*target)->CallIt(called, called);
  if (target.ok()) (*target)->LearnDelay(0);
  return target;
}

// Gives the target what --ready-when and --ready-after say.
absl::Status TakeReadiness(const TargetFlags& flags, Target* target) {
  Readiness readiness;
  std::string text;
  if (!flags.ready_when.empty()) {
    absl::StatusOr<std::shared_ptr<const OutputPattern>> when =
        OutputPattern::Compile(flags.ready_when);
    if (!when.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--ready-when ", ShellQuote(flags.ready_when), ": ", when.status().message(),
                       ": write an extended regular expression, such as 'listening|ready'"));
    }
    readiness.when = *std::move(when);
    absl::StrAppend(&text, " --ready-when ", ShellQuote(flags.ready_when));
  }
  if (!flags.ready_after.empty()) {
    const absl::StatusOr<int64_t> after_ms =
        Milliseconds("--ready-after", flags.ready_after, 1, absl::Minutes(1));
    if (!after_ms.ok()) return after_ms.status();
    readiness.after_ms = *after_ms;
    absl::StrAppend(&text, " --ready-after ", flags.ready_after);
  }
  target->IsReadyWhen(std::move(readiness), text);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Target>> SpawnBefore(const TargetFlags& flags, Target::Over over) {
  const bool named = Backend::IsNamedIn(flags.spawn);
  if (named && flags.behind.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--spawn ", ShellQuote(flags.spawn),
                     ": {backend} goes with --behind echo (or --behind './server {port}')"));
  }
  absl::StatusOr<std::unique_ptr<Target>> target = Target::Spawned(flags.spawn, over);
  if (!target.ok()) return target;
  if (const absl::Status status = TakeReadiness(flags, target->get()); !status.ok()) return status;
  if (flags.behind.empty()) return target;
  if (!named) {
    return absl::InvalidArgumentError(
        absl::StrCat("--behind: the command of --spawn has no {backend}: write it where the proxy "
                     "takes the address of what is behind it (or {backend_host} and "
                     "{backend_port}, {backend_path}, {backend_endpoint})"));
  }
  std::string command = flags.behind;
  if (flags.behind == "echo") {
    const absl::StatusOr<std::string> self = Self();
    if (!self.ok()) return self.status();
    command = absl::StrCat("exec ", ShellQuote(*self), " serve --builtin {endpoint}");
  }
  absl::StatusOr<std::unique_ptr<Backend>> backend = Backend::Spawned(command, over);
  if (!backend.ok()) {
    return absl::InvalidArgumentError(
        absl::StrReplaceAll(backend.status().message(), {{"--spawn ", "--behind "}}));
  }
  const std::string quoted = flags.behind == "echo" ? "echo" : ShellQuote(flags.behind);
  (*target)->PutBefore(*std::move(backend), absl::StrCat("--behind ", quoted));
  return target;
}

// A mutant of datagrams is served over UDP unless it is to be over unixgram.
absl::StatusOr<std::unique_ptr<Target>> SpawnMutant(const std::string& name, Target::Over over) {
  const Mutant* const mutant = FindMutant(name);
  if (mutant != nullptr &&
      (mutant->family == Family::kClient || mutant->family == Family::kDatagramClient)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--mutant ", name, ": this one is a client: verbatim client --mutant ", name));
  }
  const bool datagrams = mutant != nullptr && mutant->family == Family::kDatagram;
  if (datagrams && over == Target::Over::kTcp) over = Target::Over::kUdp;
  if (mutant != nullptr && mutant->waits_for_faults) {
    return absl::InvalidArgumentError(
        absl::StrCat("--mutant ", name, ": this one waits for injected faults"));
  }
  if (mutant != nullptr && FamilyOf(over) != mutant->family) {
    return absl::InvalidArgumentError(
        absl::StrCat("--mutant ", name,
                     datagrams ? " answers datagrams: --over udp or unixgram"
                               : " is of streams: --over tcp or unix"));
  }
  if (mutant != nullptr) {
    return SpawnSelf(absl::StrCat("--mutant ", name), over);
  }
  std::string names;
  for (const auto& mutants : {StreamMutants(), DatagramMutants()}) {
    for (const Mutant& other : mutants) absl::StrAppend(&names, " ", other.name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--mutant ", name, ": there is none of this name; there are:", names));
}

}  // namespace

Transport TransportOver(absl::string_view over) {
  for (const Transport other : {Transport::kUdp, Transport::kUnix, Transport::kUnixgram}) {
    if (over == TransportName(other)) return other;
  }
  return Transport::kTcp;
}

void AddTargetFlags(CLI::App* command, TargetFlags* flags) {
  command->add_option(
      "--spawn", flags->spawn,
      "Start this command (through the shell), with {port}, {host} or {endpoint} filled in, "
      "wait until it listens, check it, end it and all that it started");
  command
      ->add_option("--over", flags->over,
                   "What it is started on: tcp, udp ({port}), unix or unixgram ({path}; a stream "
                   "or a datagram socket)")
      ->check(CLI::IsMember({"tcp", "udp", "unix", "unixgram"}))
      ->capture_default_str();
  command->add_option("--behind", flags->behind,
                      "Put this behind a proxy or tunnel of --spawn: echo (the built-in one), or a "
                      "command of yours with {port}. Where it listens is filled into --spawn: "
                      "{backend} (HOST:PORT), {backend_host}, {backend_port}, {backend_endpoint}; "
                      "{backend_path} with --over unix");
  command->add_option("--ready-after", flags->ready_after,
                      "Give it so long after it listens, each time that it is started: 2s");
  command->add_option(
      "--ready-when", flags->ready_when,
      "Wait for a line of its output that this extended regular expression matches");
  command->add_option("--stdio", flags->stdio,
                      "An echo on standard input and output: each connection is a process of its "
                      "own, such as cat");
  command->add_flag("--builtin", flags->builtin, "The built-in reference server");
  command->add_option("--mutant", flags->mutant, "A server with one known defect");
}

absl::StatusOr<std::unique_ptr<Target>> MakeTarget(const TargetFlags& flags) {
  const int named = !flags.endpoint.empty() + !flags.spawn.empty() + !flags.stdio.empty() +
                    flags.builtin + !flags.mutant.empty();
  // "--only A B": the second is no target.
  for (const Requirement& requirement : Catalogue()) {
    if (flags.endpoint.empty() || !GlobMatches(flags.endpoint, requirement.id)) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        flags.endpoint, " names requirements and no target: write --only or --except before each"));
  }
  if (named != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        named == 0 ? "no target" : "more than one target",
        ": name one: an endpoint (tcp://127.0.0.1:7), --spawn './server {port}', --stdio 'cat', "
        "--builtin or --mutant NAME"));
  }
  using Over = Target::Over;
  const Over over = TransportOver(flags.over);
  if (over != Over::kTcp && (!flags.endpoint.empty() || !flags.stdio.empty())) {
    return absl::InvalidArgumentError("--over is for --spawn, --builtin and --mutant");
  }
  if (!flags.behind.empty() && flags.spawn.empty()) {
    return absl::InvalidArgumentError("--behind is for --spawn: a proxy's own command");
  }
  if (flags.spawn.empty() && (!flags.ready_after.empty() || !flags.ready_when.empty())) {
    return absl::InvalidArgumentError("--ready-after and --ready-when are for --spawn");
  }
  if (flags.builtin) return SpawnSelf("--builtin", over);
  if (!flags.mutant.empty()) return SpawnMutant(flags.mutant, over);
  if (!flags.stdio.empty()) return Target::Stdio(flags.stdio);
  if (!flags.spawn.empty()) return SpawnBefore(flags, over);
  const absl::StatusOr<Endpoint> endpoint = Endpoint::Parse(flags.endpoint);
  if (!endpoint.ok()) return endpoint.status();
  return Target::Remote(*endpoint);
}

}  // namespace verbatim
