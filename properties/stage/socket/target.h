// Target: whatever is held to the requirements: a transport, a way to connect (or, of a client, to
// be connected to), and capabilities. Not for: conversations with it (stage.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/address.h"
#include "core/endpoint.h"
#include "properties/stage/socket/backend.h"
#include "properties/stage/socket/client_door.h"
#include "properties/stage/socket/last_words.h"
#include "properties/stage/socket/line.h"
#include "properties/stage/socket/path.h"
#include "properties/stage/socket/port.h"
#include "properties/stage/socket/process.h"
#include "properties/stage/socket/readiness.h"
#include "properties/stage/socket/usage.h"

namespace verbatim {

// What a requirement may need of a target, as bits.
enum Capability : uint32_t {
  kSpawned = 1,    // a process that Verbatim started
  kHalfClose = 2,  // it answers to a FIN (not so with --without halfclose)
  kTcp = 4,        // RST, urgent data
  kServer = 8,     // several connections reach one process (not so with --stdio)
  kLocal = 16,     // nothing between us and it loses or repeats a datagram: loopback, or unix
  // Of clients.
  kStatus = 32,     // its exit status says whether all came back (not so with --without status)
  kAnyBytes = 64,   // it takes bytes of every value (not so with --lines)
  kTakesHost = 128  // its command takes the host to connect to: {host} or {endpoint}
};

// "a process that Verbatim started" …: the words for a skip's reason.
absl::string_view CapabilityName(Capability capability);

class ClientDesk;  // client_desk.h

class Target {
 public:
  // A server that is running, behind tcp://, unix://, unix-abstract://, udp:// or unixgram://, or a
  // host behind icmp://. Names are resolved now, once. Returns kInvalidArgument iff the endpoint is
  // of another kind; else what Resolve returns.
  static absl::StatusOr<std::unique_ptr<Target>> Remote(const Endpoint& endpoint);

  // A command for the shell that becomes a server, over kTcp, kUdp, kUnix or kUnixgram. Over TCP
  // and UDP it has {port} or {endpoint} in it, over a unix socket {path} or {endpoint}; these are
  // filled in ({host} too, over TCP and UDP), other braces stay. Nothing is started before Prepare.
  // Returns kInvalidArgument iff the command has no place for where to listen.
  using Over = Transport;
  static absl::StatusOr<std::unique_ptr<Target>> Spawned(std::string command,
                                                         Over over = Over::kTcp);

  // A command for the shell that is an echo on its standard input and output: each connection
  // starts it anew, and ends it. Returns kInvalidArgument iff it is empty; else what
  // LastWords::Open returns.
  static absl::StatusOr<std::unique_ptr<Target>> Stdio(std::string command);

  // A client: a command for the shell that connects to us, is fed, and prints what came back. Each
  // play starts it anew, and ends it. `flags`: what the command line has besides --spawn.
  // `in_lines`: it is fed lines of text alone. Returns what ClientDoor::Check returns.
  static absl::StatusOr<std::unique_ptr<Target>> Client(ClientDoor door, bool in_lines,
                                                        absl::string_view flags);
  // A client that somebody else starts, who comes to the desk.
  static absl::StatusOr<std::unique_ptr<Target>> ClientElsewhere(std::unique_ptr<ClientDesk> desk,
                                                                 bool in_lines,
                                                                 absl::string_view argument);

  // Of a spawned one that passes on what it gets: `backend` is started before it and ended after
  // it, and its address is filled into the command (Backend::FillIn). Every copy has one of its
  // own. `flag` is what the command line has for it: "--behind echo".
  void PutBefore(std::unique_ptr<Backend> backend, absl::string_view flag);
  // Of a spawned one: Prepare waits for this too. `flags` is what the command line has for it.
  void IsReadyWhen(Readiness readiness, absl::string_view flags);
  // Whether it is known how long it takes from listening to serving; Prepare waits for so long
  // then, which copies inherit. Ours serve at once.
  bool knows_delay() const { return delay_ms_ >= 0; }
  void LearnDelay(int64_t delay_ms) { delay_ms_ = delay_ms; }
  // How what is behind it died, if it did and that was not told yet, waiting for it for at most
  // `timeout_ms`; nullopt without one. And the same behind a conversation that failed.
  std::optional<std::string> TakeBackendDeath(int timeout_ms);
  std::optional<std::string> TakeBackendDeathSoon() { return TakeBackendDeath(kDeathMs); }

  ~Target();

  // Makes it ready to be connected to: a spawned one that doesn't run is started, and waited for
  // until it listens, which is seen without connecting, and is ready as IsReadyWhen has it; one
  // before a back end until a line comes back through it, or `deadline_ms` has gone by again. Does
  // nothing for another. Returns kUnavailable, with its last output, iff it ended before it was
  // ready or was not within `deadline_ms`.
  absl::Status Prepare(int64_t deadline_ms);

  // Ends a spawned one, and what is left of each connection's own process. The next Prepare starts
  // it again.
  void Stop();

  // The same command or addresses, not started, on a port or path of its own; what Without and
  // LimitDescriptors said holds for it too.
  std::unique_ptr<Target> Clone() const;

  // RLIMIT_NOFILE, soft and hard, of what the next Prepare (--stdio: connection) starts. 0: as this
  // program was given it.
  void LimitDescriptors(uint64_t descriptors) { descriptor_limit_ = descriptors; }

  // Returns kUnavailable iff it is not spawned, is gone, or can't be looked into (another user's).
  absl::StatusOr<Usage> Use() const;

  // Sends SIGTERM to the command's process group. Its end is seen by DiedWithin.
  void Terminate();
  // Starts a spawned one again (and ends it first, if it must), on the port or path that it had,
  // with whatever it left there. Returns what Prepare returns. Does not count as a start.
  absl::Status StartAgain(int64_t deadline_ms);

  // How it died since Prepare, and its last output; nullopt as long as it lives, and for a remote
  // one.
  std::optional<std::string> Died();
  // The same, waiting for it for at most `timeout_ms`.
  std::optional<std::string> DiedWithin(int timeout_ms);
  // The same behind a conversation that failed: the end of a connection is seen a moment before
  // that of its process.
  std::optional<std::string> DiedSoon() { return DiedWithin(kDeathMs); }
  // Whether somebody listens where a spawned one was told to.
  bool Listens() const { return (port_ || path_) && FindListening().has_value(); }
  std::string Output();

  // Where to connect. Without addresses before Prepare if spawned.
  Door door() const;
  // Of the door. Empty for --stdio.
  const std::vector<SocketAddress>& addresses() const { return addresses_; }
  // From now on, and after each new start, the address at `index` is the first: for datagrams, of
  // which nobody can say that they were taken until one is answered.
  void Prefer(size_t index);
  // Null unless it is a client.
  std::shared_ptr<const ClientDoor> client() const { return client_; }
  bool in_lines() const { return in_lines_; }
  // Of a unix socket without a path it is kUnix, of --stdio kStdio.
  Transport transport() const { return transport_; }
  uint32_t capabilities() const { return capabilities_; }
  void Without(Capability capability) { capabilities_ &= ~capability; }
  int starts() const { return starts_; }
  // "tcp://127.0.0.1:7" or the command as given.
  const std::string& name() const { return name_; }
  // What the command line of Verbatim has for it: "tcp://127.0.0.1:7" or "--spawn '…'".
  const std::string& argument() const { return argument_; }
  // For targets that have a flag of their own, such as --builtin.
  void CallIt(std::string name, std::string argument);

 private:
  static constexpr int kDeathMs = 200;

  enum class Kind { kRemote, kSpawned, kStdio, kClient };
  struct Listening {
    uint64_t inode = 0;
    std::vector<SocketAddress> addresses;
  };

  Target(Kind kind, Transport transport, std::string name, std::string argument)
      : kind_(kind),
        transport_(transport),
        name_(std::move(name)),
        argument_(std::move(argument)) {}
  bool IsSpawned() const { return kind_ == Kind::kSpawned; }
  absl::Status Start(int64_t deadline_ms);
  absl::Status StartProcess(int64_t deadline_ms);
  absl::Status WaitUntilListening(int64_t deadline_ms);
  absl::Status WaitUntilReady(int64_t deadline_ms);
  std::optional<Listening> FindListening() const;
  std::string Place() const;
  std::string FillIn() const;

  const Kind kind_;
  const Transport transport_;
  std::string name_;
  std::string argument_;
  std::string command_;
  std::unique_ptr<Backend> backend_;  // null unless put before one
  Readiness readiness_;
  int64_t delay_ms_ = -1;  // -1: not known
  std::shared_ptr<const ClientDoor> client_;
  std::shared_ptr<ClientDesk> desk_;  // null unless somebody else starts it
  bool in_lines_ = false;
  uint32_t capabilities_ = kHalfClose;
  int starts_ = 0;
  uint64_t descriptor_limit_ = 0;
  std::vector<SocketAddress> addresses_;
  int preferred_ = AF_UNSPEC;  // the family whose addresses come first
  std::optional<PortClaim> port_;
  std::optional<PathClaim> path_;
  std::shared_ptr<LastWords> words_;
  std::unique_ptr<Process> process_;
  std::string last_output_;
};

// `text` in single quotes, for a shell. Public for those who print command lines.
std::string ShellQuote(absl::string_view text);

}  // namespace verbatim
