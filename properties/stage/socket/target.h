// Target: whatever is held to the requirements: a transport, a way to connect, and capabilities.
// Not for: conversations with it (stage.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/address.h"
#include "core/endpoint.h"
#include "properties/stage/socket/port.h"
#include "properties/stage/socket/process.h"

namespace verbatim {

// What a requirement may need of a target, as bits.
enum Capability : uint32_t {
  kSpawned = 1,    // a process that Verbatim started
  kHalfClose = 2,  // it answers to a FIN (not so with --without halfclose)
};
// "a process that Verbatim started" …: the words for a skip's reason.
absl::string_view CapabilityName(Capability capability);

class Target {
 public:
  // A server that is running. Names are resolved now, once.
  // Returns what Resolve returns.
  static absl::StatusOr<std::unique_ptr<Target>> Remote(const Endpoint& endpoint);

  // A command for the shell, with {port}, {host} or {endpoint} in it, which are filled in; other
  // braces stay. Nothing is started before Prepare. Returns kInvalidArgument iff the command has
  // neither {port} nor {endpoint}.
  static absl::StatusOr<std::unique_ptr<Target>> Spawned(std::string command);

  // Makes it ready to be connected to: a spawned one that doesn't run is started, and waited for
  // until it listens, which is seen without connecting. Does nothing for a remote one. Returns
  // kUnavailable, with its last output, iff it ended before it listened or did not listen within
  // `deadline_ms`.
  absl::Status Prepare(int64_t deadline_ms);

  // Ends a spawned one. The next Prepare starts it again.
  void Stop();

  // How it died since Prepare, and its last output; nullopt as long as it lives, and for a remote
  // one.
  std::optional<std::string> Died();
  // The same, waiting for it for at most `timeout_ms`.
  std::optional<std::string> DiedWithin(int timeout_ms);
  std::string Output();

  // Where to connect, in the order to try. Empty before Prepare if spawned.
  const std::vector<SocketAddress>& addresses() const { return addresses_; }
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
  Target() = default;
  absl::Status Start(int64_t deadline_ms);
  absl::Status WaitUntilListening(int64_t deadline_ms);
  std::string FillIn(uint16_t port) const;

  std::string name_;
  std::string argument_;
  std::string command_;  // empty: remote
  uint32_t capabilities_ = kHalfClose;
  int starts_ = 0;
  std::vector<SocketAddress> addresses_;
  std::optional<PortClaim> port_;
  std::unique_ptr<Process> process_;
  std::string last_output_;
};

// `text` in single quotes, for a shell. Public for those who print command lines.
std::string ShellQuote(absl::string_view text);

}  // namespace verbatim
