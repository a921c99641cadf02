// Mutants of clients that lose what they send when the server is slow. Their buffers are small, so
// that it is always so.
// Not for: those that block (client_known.cc: writes-all-before-reading).
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "properties/mutants/client_mutants.h"

namespace verbatim {
namespace {

struct SmallBuffer : ClientHooks {
  void Prepare(int fd) override {
    const int bytes = 4096;
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
  }
};

// So does EAGAIN.
struct ShortSendIgnored : SmallBuffer {
  void Send(Conversation& talk) override {
    CountSent(*this, talk, TrySend(talk), talk.to_socket.size());
  }
};

struct PrefixSentAgain : SmallBuffer {
  void Send(Conversation& talk) override {
    const ssize_t sent = TrySend(talk);
    const bool is_short = sent > 0 && static_cast<size_t>(sent) < talk.to_socket.size();
    again_ = is_short && !again_;
    CountSent(*this, talk, sent, again_ ? 0 : static_cast<size_t>(std::max<ssize_t>(sent, 0)));
  }
  bool again_ = false;  // the next send begins where the last began
};

struct SendBufferReused : SmallBuffer {
  std::string Input(Conversation& talk, std::string data) override {
    if (talk.to_socket.empty()) return data;
    talk.to_socket.Overwrite(data);
    return "";
  }
};

// It reads its input however much is kept, so that much is kept at the end.
struct DiscardsAtInputEnd : SmallBuffer {
  bool MayReadInput(const Conversation&) override { return true; }
  void InputEnds(Conversation& talk) override { talk.to_socket.Drop(talk.to_socket.size()); }
};

struct EagainIsFatal : SmallBuffer {
  void Send(Conversation& talk) override {
    const ssize_t sent = TrySend(talk);
    const bool is_short = sent < 0 || static_cast<size_t>(sent) < talk.to_socket.size();
    CountSent(*this, talk, sent, static_cast<size_t>(std::max<ssize_t>(sent, 0)));
    if (is_short) Broken(talk, EAGAIN, false);
  }
};

}  // namespace

std::vector<Mutant> ClientPressureMutants() {
  const std::vector<absl::string_view> bulk = {"client.bulk.no-deadlock"};
  return {
      ClientRow<ShortSendIgnored>("short-send-ignored", "the count that send returned is ignored",
                                  "non-blocking sockets without a queue", bulk),
      ClientRow<PrefixSentAgain>("prefix-sent-again",
                                 "after a partial send all of it is sent again",
                                 "non-blocking sockets without a queue", bulk),
      ClientRow<SendBufferReused>("send-buffer-reused",
                                  "input is read into the buffer that is still being sent",
                                  "one buffer, and asynchronous sends", bulk),
      ClientRow<DiscardsAtInputEnd>("discards-at-input-end",
                                    "what is still to be sent is dropped at the end of the input",
                                    "sockets that are shut before their queue is empty", bulk),
      ClientRow<EagainIsFatal>("client-eagain-fatal", "a socket that takes no more is an error",
                               "clients that end on any error of send", bulk),
  };
}

}  // namespace verbatim
