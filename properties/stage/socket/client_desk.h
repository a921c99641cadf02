// ClientDesk: where a client is served that can't be started here: on another machine, in an
// emulator. Somebody there asks over a control port for what to feed it, starts it, and brings back
// what it printed and its exit status. In plain text, a request for each connection:
//
//     next                    answered by the bytes to feed, to the end of the connection; by none
//     when
//                             all is done
//     done STATUS BYTES       and a newline, and so many bytes: what it printed. Answered by "ok"
//
// Not for: what it is to be fed, or whether that was right (client_stage.h).
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
#include "core/unique_fd.h"
#include "properties/stage/socket/client_door.h"

namespace verbatim {

class ClientDesk {
 public:
  // Listens at `data` (tcp, udp or unix) for the client, and at `control` (tcp) for who starts it;
  // names are resolved, and the first address is taken. Returns kInvalidArgument iff one of them is
  // of another kind, else the failing call, the address and the errno's name.
  static absl::StatusOr<std::unique_ptr<ClientDesk>> Open(const Endpoint& data,
                                                          const Endpoint& control);
  // Who asks within kLastMs is told that all is done.
  ~ClientDesk();
  ClientDesk(const ClientDesk&) = delete;
  ClientDesk& operator=(const ClientDesk&) = delete;

  ClientDoor door();
  const SocketAddress& data() const { return data_; }
  const SocketAddress& control() const { return control_; }

  // What was asked: `bytes` of a "done" are its output.
  struct Request {
    enum class Kind { kNext, kDone } kind = Kind::kNext;
    int status = 0;
    std::string output;
  };
  // What has come at the desk, if it is whole. What can't be read is answered by how to write it.
  std::optional<Request> Hear();
  // Answers the one that was heard last with all of `text`, and ends its connection.
  void Answer(absl::string_view text);
  // A "next" that nobody could answer is heard again.
  void PutBack();
  // For ppoll(2): there may be something to hear.
  int fd() const { return visitor_ ? visitor_.get() : listener_.get(); }

  static constexpr int kLastMs = 3000;

 private:
  ClientDesk() = default;
  std::optional<Request> Read();

  SocketAddress data_, control_;
  Transport over_ = Transport::kTcp;
  UniqueFd door_fd_, listener_, visitor_;
  std::string heard_;
  bool put_back_ = false;
};

}  // namespace verbatim
