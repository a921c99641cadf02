// Starting a target on a port of its own, seeing it listen, and seeing it die.
// Not for: processes (process.cc) or ports (port.cc) themselves.
#include "properties/stage/socket/target.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace verbatim {
namespace {

constexpr int kStartTries = 3;
constexpr int kLookAgainMs = 2;
constexpr int kLastWordsMs = 1000;
constexpr int kOwnerlessMs = 2000;

std::string LastWordsOf(const std::string& output) {
  const absl::string_view words = absl::StripTrailingAsciiWhitespace(output);
  if (words.empty()) return "; it printed nothing";
  constexpr size_t kShown = 400;
  const bool cut = words.size() > kShown;
  return absl::StrCat("; it printed: ", cut ? "…" : "",
                      words.substr(cut ? words.size() - kShown : 0));
}

// Those of this family.
void PutFirst(int family, std::vector<SocketAddress>* addresses) {
  std::stable_partition(
      addresses->begin(), addresses->end(),
      [family](const SocketAddress& address) { return address.family() == family; });
}

}  // namespace

Target::~Target() { Stop(); }

std::unique_ptr<Target> Target::Clone() const {
  std::unique_ptr<Target> clone(new Target(kind_, transport_, name_, argument_));
  clone->command_ = command_;
  if (backend_ != nullptr) clone->backend_ = backend_->Clone();
  clone->readiness_ = readiness_;
  clone->delay_ms_ = delay_ms_;
  clone->capabilities_ = capabilities_;
  clone->preferred_ = preferred_;
  clone->descriptor_limit_ = descriptor_limit_;
  clone->client_ = client_;
  clone->in_lines_ = in_lines_;
  clone->desk_ = desk_;
  if (kind_ == Kind::kRemote) clone->addresses_ = addresses_;
  if (kind_ == Kind::kStdio) clone->words_ = words_;  // what is printed is anybody's anyhow
  return clone;
}

void Target::CallIt(std::string name, std::string argument) {
  name_ = std::move(name);
  argument_ = std::move(argument);
}

Door Target::door() const {
  Door door(addresses_);
  door.client = client_;
  if (kind_ != Kind::kStdio) return door;
  door.command = command_;
  door.descriptor_limit = descriptor_limit_;
  door.words = words_;
  return door;
}

// "port 12345".
std::string Target::Place() const {
  return IsUnix(transport_) ? path_->path() : absl::StrCat("port ", port_->port());
}

std::string Target::FillIn() const {
  const std::string command = backend_ == nullptr ? command_ : backend_->FillIn(command_);
  const std::string scheme = absl::StrCat(TransportName(transport_), "://");
  if (IsUnix(transport_)) {
    return absl::StrReplaceAll(
        command, {{"{path}", path_->path()}, {"{endpoint}", absl::StrCat(scheme, path_->path())}});
  }
  const uint16_t port = port_->port();
  return absl::StrReplaceAll(command, {{"{port}", absl::StrCat(port)},
                                       {"{host}", "127.0.0.1"},
                                       {"{endpoint}", absl::StrCat(scheme, "127.0.0.1:", port)}});
}

absl::Status Target::Prepare(int64_t deadline_ms) {
  RaiseDescriptorLimit();
  const bool backend_died = backend_ != nullptr && backend_->Died();
  if (!IsSpawned() || (process_ != nullptr && !Died() && !backend_died)) return absl::OkStatus();
  absl::Status status;
  // Between our look at a port and the target's bind somebody else may take it.
  for (int i = 0; i < kStartTries; ++i) {
    status = Start(deadline_ms);
    if (!absl::IsAborted(status)) break;
  }
  if (!status.ok()) Stop();
  return status;
}

absl::Status Target::Start(int64_t deadline_ms) {
  Stop();
  port_.reset();
  path_.reset();
  if (!IsUnix(transport_)) {
    absl::StatusOr<PortClaim> port = PortClaim::Take(SocketType(transport_));
    if (!port.ok()) return port.status();
    port_ = *std::move(port);
  } else {
    absl::StatusOr<PathClaim> path = PathClaim::Take();
    if (!path.ok()) return path.status();
    path_ = *std::move(path);
  }
  ++starts_;
  return StartProcess(deadline_ms);
}

absl::Status Target::StartAgain(int64_t deadline_ms) {
  if (!IsSpawned() || (!port_ && !path_)) return Prepare(deadline_ms);
  Stop();
  const absl::Status status = StartProcess(deadline_ms);
  if (!status.ok()) Stop();
  return status;
}

absl::Status Target::StartProcess(int64_t deadline_ms) {
  if (backend_ != nullptr) {
    if (absl::Status status = backend_->Start(deadline_ms); !status.ok()) return status;
  }
  absl::StatusOr<std::unique_ptr<LastWords>> words = LastWords::Open();
  if (!words.ok()) return words.status();
  words_ = *std::move(words);
  Process::Options options;
  options.descriptor_limit = descriptor_limit_;
  options.words = words_->writer();
  absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(FillIn(), options);
  words_->CloseWriter();
  if (!process.ok()) return process.status();
  process_ = *std::move(process);
  absl::Status status = WaitUntilListening(deadline_ms);
  if (status.ok()) status = WaitUntilReady(deadline_ms);
  if (!status.ok() || backend_ == nullptr) return status;
  return backend_->AwaitAnswer(door(), deadline_ms, process_.get());
}

std::optional<Target::Listening> Target::FindListening() const {
  if (!IsUnix(transport_)) {
    std::optional<Listener> listener = FindListener(port_->port(), SocketType(transport_));
    if (!listener) return std::nullopt;
    return Listening{listener->inode, std::move(listener->addresses)};
  }
  const std::optional<uint64_t> inode = FindUnixListener(path_->path(), SocketType(transport_));
  const absl::StatusOr<SocketAddress> address = SocketAddress::FromPath(path_->path());
  if (!inode || !address.ok()) return std::nullopt;
  return Listening{*inode, {*address}};
}

void Target::Prefer(size_t index) {
  preferred_ = addresses_[index].family();
  std::rotate(addresses_.begin(), addresses_.begin() + static_cast<ptrdiff_t>(index),
              addresses_.begin() + static_cast<ptrdiff_t>(index) + 1);
}

absl::Status Target::WaitUntilListening(int64_t deadline_ms) {
  using std::chrono::steady_clock;
  const auto start = steady_clock::now();
  const auto end = start + std::chrono::milliseconds(deadline_ms);
  const auto last_of_another = std::min(end, start + std::chrono::milliseconds(kOwnerlessMs));
  while (true) {
    const std::optional<Listening> listening = FindListening();
    // Looked up after the listener, so that who listens is among them, however lately it was
    // forked.
    if (listening) {
      if (OwnsSocket(process_->Members(), listening->inode).value_or(true)) {
        addresses_ = listening->addresses;
        PutFirst(preferred_, &addresses_);
        return absl::OkStatus();
      }
      // Or it is what an instance that was just ended leaves for a moment: io_uring's own
      // references to a socket are dropped after its process is gone.
      if (steady_clock::now() > last_of_another) {
        return absl::AbortedError(absl::StrCat(Place(), " was taken by another program"));
      }
    }
    // The command may have left a daemon behind; only when nobody is left there is nothing to wait
    // for.
    if (process_->Gone()) {
      return absl::UnavailableError(absl::StrCat("the target ", *process_->Ended(),
                                                 " before it listened on ", Place(),
                                                 LastWordsOf(Output())));
    }
    if (steady_clock::now() > end) {
      return absl::UnavailableError(absl::StrCat("the target did not listen on ", Place(),
                                                 " within ", deadline_ms, " ms",
                                                 LastWordsOf(Output())));
    }
    process_->Linger(kLookAgainMs);
  }
}

absl::Status Target::WaitUntilReady(int64_t deadline_ms) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(deadline_ms);
  while (readiness_.when != nullptr && !readiness_.when->Matches(words_->Text())) {
    if (process_->Gone() || std::chrono::steady_clock::now() > end) {
      const std::string how = process_->Gone()
                                  ? absl::StrCat(*process_->Ended(), " before it")
                                  : absl::StrCat("has not, within ", deadline_ms, " ms,");
      return absl::UnavailableError(absl::StrCat("the target ", how, " printed what --ready-when '",
                                                 readiness_.when->text(), "' names",
                                                 LastWordsOf(Output())));
    }
    process_->Linger(kLookAgainMs);
  }
  process_->WaitUntilGone(static_cast<int>(readiness_.after_ms + std::max<int64_t>(delay_ms_, 0)));
  return absl::OkStatus();
}

void Target::Stop() {
  if (kind_ == Kind::kStdio) Process::AwaitLeavers();
  if (process_ != nullptr) {
    process_.reset();
    // All writers are ended, and what they wrote last is only a moment away.
    words_->WaitForEnd(kLastWordsMs);
    last_output_ = words_->Text();
  }
  if (backend_ != nullptr) backend_->Stop();
}

absl::StatusOr<Usage> Target::Use() const {
  if (process_ == nullptr) return absl::UnavailableError("the target is no process of ours");
  const std::vector<pid_t> members = process_->Members(Process::Zombies::kYes);
  if (members.empty()) return absl::UnavailableError("the target is gone");
  return UsageOf(members);
}

void Target::Terminate() {
  if (process_ != nullptr) process_->Terminate();
}

std::optional<std::string> Target::Died() {
  if (process_ == nullptr || !process_->Gone()) return std::nullopt;
  return *process_->Ended();
}

std::optional<std::string> Target::DiedWithin(int timeout_ms) {
  // What the command started has to go too, and on a busy machine that is a while after its end.
  if (process_ != nullptr) process_->WaitUntilGone(timeout_ms);
  return Died();
}

std::string Target::Output() {
  if (kind_ == Kind::kStdio) return words_->Text();
  if (process_ == nullptr) return last_output_;
  // The writers are gone, so the end of the pipe is only a moment away.
  if (process_->Gone()) words_->WaitForEnd(kLastWordsMs);
  return words_->Text();
}

}  // namespace verbatim
