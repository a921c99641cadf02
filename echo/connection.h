// Connection: one accepted connection while it is served: a stream through a Session, or the
// records of a SOCK_SEQPACKET socket one by one. Not for: readiness, time and the other connections
// (server.h).
#pragma once

#include <sys/socket.h>

#include <utility>

#include "core/address.h"
#include "core/endpoint.h"
#include "core/kernel.h"
#include "core/status.h"
#include "echo/datagram.h"
#include "echo/session.h"

namespace verbatim {

template <Kernel K>
class Connection {
 public:
  // What serving came to.
  struct Served {
    bool over = false;      // its end was seen, and all is returned
    bool sends = false;     // what is to be sent waits for the peer
    bool receives = false;  // more may be received now
    int error = 0;          // that ends the connection
  };

  // `kernel` must outlive it. At most `session_bytes` are kept while the peer doesn't read.
  Connection(K* kernel, KernelFd<K> fd, const SocketAddress& peer, Transport transport,
             size_t session_bytes)
      : kernel_(kernel),
        fd_(std::move(fd)),
        peer_(peer),
        is_records_(transport == Transport::kUnixpacket),
        session_(session_bytes) {}

  // Sends what is kept, then receives and sends on at once, as long as neither would wait, and at
  // most `turns` times. `buffer`, of session_bytes, and `datagrams` are shared with others.
  Served Serve(int turns, char* buffer, DatagramEcho<K>& datagrams) {
    return is_records_ ? ServeRecords(turns, datagrams) : ServeBytes(turns, buffer);
  }

  int fd() const { return fd_.get(); }
  const SocketAddress& peer() const { return peer_; }
  const Session& session() const { return session_; }

 private:
  Served ServeBytes(int turns, char* buffer) {
    Served served{.error = Flush()};
    for (bool emptied = false; served.error == 0 && turns > 0 && !emptied; --turns) {
      const size_t room = session_.Receivable();
      if (!session_.Sendable().empty() || room == 0) break;
      const ssize_t got = RetryEintr([&] { return kernel_->Recv(fd(), buffer, room, 0); });
      // Less than was asked for: there was no more; if more comes, epoll says so again.
      emptied = got > 0 && static_cast<size_t>(got) < room;
      if (got < 0 && got != -EAGAIN) served.error = static_cast<int>(-got);
      if (got == 0) session_.ReceiveEnd();
      if (got <= 0) break;
      const absl::string_view bytes(buffer, static_cast<size_t>(got));
      size_t passed = 0;
      served.error = Send(bytes, &passed);
      session_.Receive(bytes, passed);
    }
    served.over = session_.Finished();
    served.sends = !session_.Sendable().empty();
    served.receives = !served.sends && session_.Receivable() > 0;
    return served;
  }

  // A record stays in the kernel while the peer takes none. An empty one can't be told from the end
  // (recv(2)), and is taken for it.
  Served ServeRecords(int turns, DatagramEcho<K>& datagrams) {
    Served served;
    Answer answer = Answer::kSent;
    for (; turns > 0 && answer == Answer::kSent; --turns) {
      size_t bytes = 0;
      answer =
          datagrams.AnswerNext(fd(), Transport::kUnixpacket, AF_UNIX, false, &bytes, &served.error);
      if (answer == Answer::kSent) session_.Receive({datagrams.data(), bytes}, bytes);
    }
    served.over = answer == Answer::kEnd;
    served.sends = answer == Answer::kHeld;
    served.receives = !served.sends;
    return served;
  }

  // 0, or the error that ends the connection.
  int Flush() {
    size_t sent = 0;
    const int error = Send(session_.Sendable(), &sent);
    session_.Sent(sent);
    return error;
  }

  // Sends until all is sent or the peer takes no more for now; *sent is how much it was.
  int Send(absl::string_view bytes, size_t* sent) {
    while (*sent < bytes.size()) {
      const ssize_t count = RetryEintr([&] {
        return kernel_->Send(fd(), bytes.data() + *sent, bytes.size() - *sent, MSG_NOSIGNAL);
      });
      if (count == -EAGAIN) return 0;
      if (count < 0) return static_cast<int>(-count);
      *sent += static_cast<size_t>(count);
    }
    return 0;
  }

  K* kernel_;
  KernelFd<K> fd_;
  SocketAddress peer_;
  bool is_records_;
  Session session_;
};

}  // namespace verbatim
