// ClientWire: the server's side of a client under test: where it listens, what comes, what is
// replied, and how that ends. Of streams one connection, of datagrams one peer: whoever comes
// first. Not for: what to reply and when (client_stage.cc).
#pragma once

#include <poll.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/unique_fd.h"
#include "properties/judge/transcript.h"
#include "properties/stage/socket/client_door.h"
#include "properties/stage/socket/path.h"

namespace verbatim {

class ClientWire {
 public:
  // Returns kInternal iff there is no descriptor or no port to be had.
  static absl::StatusOr<std::unique_ptr<ClientWire>> Open(const ClientDoor& door);
  virtual ~ClientWire() = default;

  const ClientPlace& place() const { return place_; }
  // What is to be polled: for who comes, for bytes (if `reads`), for room (if `writes`).
  virtual void AddPolls(bool reads, bool writes, std::vector<pollfd>* polls) const = 0;

  // Takes in who connects. True iff somebody has just now.
  virtual bool Accept() = 0;
  // Somebody has come, to the address of the door at this index.
  bool begun() const { return begun_; }
  size_t begun_at() const { return begun_at_; }
  // How many bytes came (of one datagram); 0 if none are there, or if it has ended.
  virtual size_t Recv(absl::Span<char> buffer) = 0;
  // It sends no more: kFin or kReset; else kOpen. Datagrams never end.
  virtual Ending theirs() const = 0;

  // How many bytes were taken: 0 if none can be now. Of datagrams the first that has no answer yet
  // is answered, if all of it is in `bytes`.
  virtual size_t Reply(absl::Span<const char> bytes) = 0;
  // Whether something can still be replied.
  virtual bool CanReply() const = 0;
  // Up to where a reply goes that is to go at least to `target`: datagrams are answered whole.
  virtual uint64_t Whole(uint64_t target) const { return target; }
  // Whether the client has read all that was replied; nullopt: nobody can tell.
  virtual std::optional<bool> Settled() = 0;

  virtual void Shutdown() = 0;  // FIN
  virtual void Reset() = 0;     // RST
  virtual void Close() = 0;     // with whatever is unread

  // Of a trial: something that no reply is, from the address that the client knows, or from another
  // one. Streams have none.
  virtual void SendEmpty() {}
  virtual void SendFromStranger(absl::Span<const char>) {}
  // The datagram that came last without an answer gets none. How many bytes it had.
  virtual uint64_t Drop() { return 0; }

 protected:
  ClientPlace place_;
  bool begun_ = false;
  size_t begun_at_ = 0;
};

// The two kinds, for Open.
absl::StatusOr<std::unique_ptr<ClientWire>> OpenStreamWire(const ClientDoor& door);
absl::StatusOr<std::unique_ptr<ClientWire>> OpenDatagramWire(const ClientDoor& door);

// A socket for each address of a door, all on one port, or one on a path.
struct BoundSockets {
  std::vector<UniqueFd> fds;
  uint16_t port = 0;
  std::optional<PathClaim> path;

  ClientPlace place() const { return {port, path ? path->path() : std::string()}; }
};
// Bound, and listening where the door wants it. Returns kInternal iff there is none to be had.
absl::StatusOr<BoundSockets> BindAll(const ClientDoor& door);

}  // namespace verbatim
