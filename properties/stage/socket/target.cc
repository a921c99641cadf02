// Starting a target on a port of its own, seeing it listen, and seeing it die.
// Not for: processes (process.cc) or ports (port.cc) themselves.
#include "properties/stage/socket/target.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "properties/stage/socket/client_desk.h"
#include "properties/stage/socket/datagram_socket.h"

namespace verbatim {
namespace {

constexpr int kPortTries = 3;
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

bool IsLocal(const SocketAddress& address) {
  return address.family() == AF_UNIX || IsLoopback(address);
}

// Those of this family.
void PutFirst(int family, std::vector<SocketAddress>* addresses) {
  std::stable_partition(
      addresses->begin(), addresses->end(),
      [family](const SocketAddress& address) { return address.family() == family; });
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

std::optional<std::string> Target::TakeBackendDeath(int timeout_ms) {
  return backend_ == nullptr ? std::nullopt : backend_->TakeDeath(timeout_ms);
}

Target::~Target() { Stop(); }

std::unique_ptr<Target> Target::Clone() const {
  std::unique_ptr<Target> clone(new Target(kind_, transport_, name_, argument_));
  clone->command_ = command_;
  if (backend_ != nullptr) clone->backend_ = backend_->Clone();
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
  const absl::Status status = WaitUntilListening(deadline_ms);
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
