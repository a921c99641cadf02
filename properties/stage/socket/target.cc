// Starting a target on a port of its own, seeing it listen, and seeing it die.
// Not for: processes (process.cc) or ports (port.cc) themselves.
#include "properties/stage/socket/target.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace verbatim {
namespace {

constexpr int kPortTries = 3;
constexpr int kLookAgainMs = 2;

std::string LastWords(const std::string& output) {
  const absl::string_view words = absl::StripTrailingAsciiWhitespace(output);
  if (words.empty()) return "; it printed nothing";
  constexpr size_t kShown = 400;
  const bool cut = words.size() > kShown;
  return absl::StrCat("; it printed: ", cut ? "…" : "",
                      words.substr(cut ? words.size() - kShown : 0));
}

}  // namespace

absl::string_view CapabilityName(Capability capability) {
  return capability == kSpawned ? "a process that Verbatim started (--spawn)" : "half-close";
}

std::string ShellQuote(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

absl::StatusOr<std::unique_ptr<Target>> Target::Remote(const Endpoint& endpoint) {
  if (endpoint.transport != Transport::kTcp) {
    return absl::InvalidArgumentError(
        absl::StrCat(endpoint.ToString(), ": only tcp:// can be checked for now"));
  }
  absl::StatusOr<std::vector<SocketAddress>> addresses = Resolve(endpoint, ResolveFor::kConnecting);
  if (!addresses.ok()) return addresses.status();
  std::unique_ptr<Target> target(new Target());
  target->name_ = target->argument_ = endpoint.ToString();
  target->addresses_ = *std::move(addresses);
  return target;
}

absl::StatusOr<std::unique_ptr<Target>> Target::Spawned(std::string command) {
  if (!absl::StrContains(command, "{port}") && !absl::StrContains(command, "{endpoint}")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--spawn ", ShellQuote(command),
        ": the command has no {port}: write it where the server takes its port (or {endpoint})"));
  }
  std::unique_ptr<Target> target(new Target());
  target->name_ = command;
  target->argument_ = absl::StrCat("--spawn ", ShellQuote(command));
  target->command_ = std::move(command);
  target->capabilities_ |= kSpawned;
  return target;
}

void Target::CallIt(std::string name, std::string argument) {
  name_ = std::move(name);
  argument_ = std::move(argument);
}

std::string Target::FillIn(uint16_t port) const {
  return absl::StrReplaceAll(command_, {{"{port}", absl::StrCat(port)},
                                        {"{host}", "127.0.0.1"},
                                        {"{endpoint}", absl::StrCat("tcp://127.0.0.1:", port)}});
}

absl::Status Target::Prepare(int64_t deadline_ms) {
  if (command_.empty() || (process_ != nullptr && !Died())) return absl::OkStatus();
  absl::Status status;
  // Between our look at a port and the target's bind somebody else may take it.
  for (int i = 0; i < kPortTries; ++i) {
    status = Start(deadline_ms);
    if (!absl::IsAborted(status)) break;
  }
  if (!status.ok()) Stop();
  return status;
}

absl::Status Target::Start(int64_t deadline_ms) {
  Stop();
  port_.reset();
  absl::StatusOr<PortClaim> port = PortClaim::Take();
  if (!port.ok()) return port.status();
  port_ = *std::move(port);
  absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(FillIn(port_->port()));
  if (!process.ok()) return process.status();
  process_ = *std::move(process);
  ++starts_;
  return WaitUntilListening(deadline_ms);
}

absl::Status Target::WaitUntilListening(int64_t deadline_ms) {
  using std::chrono::steady_clock;
  const auto end = steady_clock::now() + std::chrono::milliseconds(deadline_ms);
  while (true) {
    const std::optional<Listener> listener = FindListener(port_->port());
    // Looked up after the listener, so that who listens is among them, however lately it was
    // forked.
    if (listener) {
      if (OwnsSocket(process_->Members(), listener->inode).value_or(true)) {
        addresses_ = listener->addresses;
        return absl::OkStatus();
      }
      return absl::AbortedError(
          absl::StrCat("port ", port_->port(), " was taken by another program"));
    }
    // The command may have left a daemon behind; only when nobody is left there is nothing to wait
    // for.
    if (process_->Gone()) {
      return absl::UnavailableError(absl::StrCat("the target ", *process_->Ended(),
                                                 " before it listened on port ", port_->port(),
                                                 LastWords(process_->Output())));
    }
    if (steady_clock::now() > end) {
      return absl::UnavailableError(absl::StrCat("the target did not listen on port ",
                                                 port_->port(), " within ", deadline_ms, " ms",
                                                 LastWords(process_->Output())));
    }
    process_->Linger(kLookAgainMs);
  }
}

void Target::Stop() {
  if (process_ == nullptr) return;
  last_output_ = process_->Output();
  process_.reset();
}

std::optional<std::string> Target::Died() {
  if (process_ == nullptr || !process_->Gone()) return std::nullopt;
  return *process_->Ended();
}

std::optional<std::string> Target::DiedWithin(int timeout_ms) {
  if (process_ != nullptr && !process_->Ended()) process_->WaitUntilEnded(timeout_ms);
  return Died();
}

std::string Target::Output() { return process_ == nullptr ? last_output_ : process_->Output(); }

}  // namespace verbatim
