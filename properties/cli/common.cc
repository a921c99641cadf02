// What the subcommands share: flags of target and budget, and complaints.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "properties/cli/cli.h"
#include "properties/mutants/mutants.h"
#include "properties/report/terminal.h"
#include "properties/stage/socket/path.h"
#include "properties/stage/socket/process.h"

namespace verbatim {
namespace {

std::atomic<bool> interrupted{false};

absl::StatusOr<int64_t> Milliseconds(const std::string& flag, const std::string& text,
                                     double multiplier) {
  absl::Duration duration;
  const bool read = absl::ParseDuration(text, &duration);
  if (!read || duration <= absl::ZeroDuration() || duration > absl::Hours(24)) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag, " ", text, ": write a number with its unit, such as 500ms, 2s or 5m"));
  }
  return std::max<int64_t>(1, absl::ToInt64Milliseconds(duration * multiplier));
}

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
  return target;
}

absl::StatusOr<std::unique_ptr<Target>> SpawnBefore(const TargetFlags& flags, Target::Over over) {
  const bool named = Backend::IsNamedIn(flags.spawn);
  if (named && flags.behind.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--spawn ", ShellQuote(flags.spawn),
                     ": {backend} goes with --behind echo (or --behind './server {port}')"));
  }
  absl::StatusOr<std::unique_ptr<Target>> target = Target::Spawned(flags.spawn, over);
  if (!target.ok() || flags.behind.empty()) return target;
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

// Read now: the shell's own link is another.
absl::StatusOr<std::string> Self() {
  char path[4096];
  const ssize_t length = ::readlink("/proc/self/exe", path, sizeof(path));
  if (length <= 0) return absl::InternalError("readlink /proc/self/exe");
  return std::string(path, static_cast<size_t>(length));
}

std::string ProgramWord(const CLI::App& command) {
  const std::string name = command.get_parent()->get_name();
  const bool plain = name.find_first_of(" '\"$&;") == std::string::npos;
  return plain ? name : ShellQuote(name);
}

std::string ReplayCommand(const CLI::App& command, const Target& target) {
  return absl::StrCat(ProgramWord(command), " replay {file} ", target.argument());
}

// Not by ifstream: of a folder it opens, and then throws.
absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  FILE* const file = std::fopen(path.c_str(), "rb");
  std::string bytes;
  char buffer[65536];
  size_t got = 0;
  while (file != nullptr && (got = std::fread(buffer, 1, sizeof(buffer), file)) > 0) {
    bytes.append(buffer, got);
  }
  const bool read = file != nullptr && std::ferror(file) == 0;
  if (file != nullptr) std::fclose(file);
  if (!read) return absl::InvalidArgumentError(absl::StrCat(path, ": it can't be read"));
  return bytes;
}

int Complain(int status, absl::string_view message) {
  std::fprintf(stderr, "verbatim: %s\n", PlainText(message).c_str());
  return status;
}

int Complain(const absl::Status& error) {
  if (absl::IsInvalidArgument(error)) return Complain(kExitUsage, error.message());
  if (absl::IsInternal(error) || absl::IsResourceExhausted(error)) {
    return Complain(kExitOurFault, absl::StrCat("an error of Verbatim itself: ", error.message()));
  }
  return Complain(kExitNotJudged, absl::StrCat("nothing could be judged: ", error.message()));
}

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
  command->add_option("--stdio", flags->stdio,
                      "An echo on standard input and output: each connection is a process of its "
                      "own, such as cat");
  command->add_flag("--builtin", flags->builtin, "The built-in reference server");
  command->add_option("--mutant", flags->mutant, "A server with one known defect");
}

absl::StatusOr<std::unique_ptr<Target>> MakeTarget(const TargetFlags& flags) {
  const int named = !flags.endpoint.empty() + !flags.spawn.empty() + !flags.stdio.empty() +
                    flags.builtin + !flags.mutant.empty();
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
  if (flags.builtin) return SpawnSelf("--builtin", over);
  if (!flags.mutant.empty()) return SpawnMutant(flags.mutant, over);
  if (!flags.stdio.empty()) return Target::Stdio(flags.stdio);
  if (!flags.spawn.empty()) return SpawnBefore(flags, over);
  const absl::StatusOr<Endpoint> endpoint = Endpoint::Parse(flags.endpoint);
  if (!endpoint.ok()) return endpoint.status();
  return Target::Remote(*endpoint);
}

void AddBudgetFlags(CLI::App* command, BudgetFlags* flags) {
  command->add_option("--seed", flags->seed, "The same seed gives the same scenarios")
      ->capture_default_str();
  command->add_option("--cases", flags->cases, "Scenarios for each requirement that draws them")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--budget", flags->budget, "For the whole check")->capture_default_str();
  command->add_option("--deadline", flags->deadline, "No progress for so long is a failure")
      ->capture_default_str();
  command
      ->add_option("--timeout-multiplier", flags->timeout_multiplier,
                   "Times every deadline (not the budget): for slow machines")
      ->check(CLI::Range(0.01, 1000.0))
      ->capture_default_str();
}

void AddSizeFlags(CLI::App* command, BudgetFlags* flags) {
  command->add_option("--bulk-bytes", flags->bulk_bytes, "For stream.exact.bulk")
      ->check(CLI::Range(uint64_t{1}, kMaxPayloadBytes))
      ->capture_default_str();
  command
      ->add_option("--fragment-bytes", flags->fragment_bytes,
                   "Of these stream.exact.all-fragments plays every cutting (2^(N-1))")
      ->check(CLI::Range(1, 20))
      ->capture_default_str();
  command->add_option("--connections", flags->connections, "At once, for stream.many.thousand")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--idle", flags->idle, "Without a byte, for stream.open.until-peer-ends")
      ->capture_default_str();
}

absl::StatusOr<Budget> MakeBudget(const BudgetFlags& flags) {
  const absl::StatusOr<int64_t> whole_ms = Milliseconds("--budget", flags.budget, 1);
  if (!whole_ms.ok()) return whole_ms.status();
  const absl::StatusOr<int64_t> deadline_ms =
      Milliseconds("--deadline", flags.deadline, flags.timeout_multiplier);
  if (!deadline_ms.ok()) return deadline_ms.status();
  // It may be longer than any deadline, so that the multiplier does not concern it.
  const absl::StatusOr<int64_t> idle_ms = Milliseconds("--idle", flags.idle, 1);
  if (!idle_ms.ok()) return idle_ms.status();
  if (*idle_ms > static_cast<int64_t>(kMaxPauseMs)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--idle ", flags.idle, ": write at most ", kMaxPauseMs / 1000, "s"));
  }
  Budget budget;
  budget.idle_ms = *idle_ms;
  budget.bulk_bytes = flags.bulk_bytes;
  budget.fragment_bytes = flags.fragment_bytes;
  budget.connections = flags.connections;
  budget.seed = flags.seed;
  budget.cases = flags.cases;
  budget.deadline_ms = *deadline_ms;
  const auto times = [&](int64_t ms) {
    return static_cast<int64_t>(static_cast<double>(ms) * flags.timeout_multiplier);
  };
  budget.connect_deadline_ms = times(budget.connect_deadline_ms);
  budget.start_deadline_ms = times(budget.start_deadline_ms);
  budget.end = std::chrono::steady_clock::now() + std::chrono::milliseconds(*whole_ms);
  return budget;
}

void WaitIfInterrupted() {
  while (interrupted) ::pause();
}

void EndTargetsOnSignals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // inherited by every later thread
  std::thread([signals] {
    int signal = 0;
    ::sigwait(&signals, &signal);
    interrupted = true;
    KillDescendants();
    RemovePathClaims();
    ::_exit(128 + signal);
  }).detach();
}

bool UseColor(bool no_color) {
  return !no_color && std::getenv("NO_COLOR") == nullptr && ::isatty(STDOUT_FILENO) == 1;
}

}  // namespace verbatim
