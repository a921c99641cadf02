// The mutants of clients that the list of defects began with: 45 to 50.
// Not for: those that were written from the requirements alone (client_input.cc and its like).
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "properties/mutants/client_mutants.h"

namespace verbatim {
namespace {

using std::string;

// The lecture's: a line, a write, one read, and the next line.
struct OneReadEachWrite : ClientHooks {
  static constexpr size_t kLine = 80;
  absl::Status Converse(Conversation& talk) override {
    for (string line = ReadLine(talk.input); !line.empty(); line = ReadLine(talk.input)) {
      (void)!::send(talk.socket.get(), line.data(), line.size(), MSG_NOSIGNAL);
      char reply[kLine];
      const ssize_t got = ::recv(talk.socket.get(), reply, kLine, 0);
      if (got > 0) (void)!::write(talk.output, reply, static_cast<size_t>(got));
    }
    return absl::OkStatus();
  }
  // With its newline; empty at the end.
  static string ReadLine(int input) {
    string line;
    char next = 0;
    while (line.size() < kLine && next != '\n' && ::read(input, &next, 1) == 1) line += next;
    return line;
  }
};

// Its own buffers are small, so that it does not depend on the server's alone when they are full.
struct WritesAllBeforeReading : ClientHooks {
  void Prepare(int fd) override {
    const int bytes = 16 * 1024;
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
  }
  bool MayRead(const Conversation& talk) override {
    return (talk.all_sent || talk.error != 0) && ClientHooks::MayRead(talk);
  }
};

struct LeavesBeforeReplies : ClientHooks {
  bool MayEnd(const Conversation& talk) override { return talk.all_sent; }
};

struct PrintsByStrlen : ClientHooks {
  string Received(Conversation&, string data) override {
    data.resize(::strnlen(data.data(), data.size()));
    return data;
  }
};

struct Status0OnRefusal : ClientHooks {
  absl::Status Refused(absl::Status status) override {
    std::fprintf(stderr, "%s\n", string(status.message()).c_str());
    return absl::OkStatus();
  }
};

// It takes 0 for "nothing yet", unless it knows that nothing is due.
struct HangsWhenServerCloses : ClientHooks {
  void ServerEnds(Conversation& talk) override {
    talk.over = talk.input_ended && talk.received >= talk.sent;
    ended_ = true;
  }
  bool MayRead(const Conversation& talk) override { return !ended_ && ClientHooks::MayRead(talk); }
  bool ended_ = false;
};

}  // namespace

std::vector<Mutant> KnownClientMutants() {
  return {
      ClientRow<OneReadEachWrite>("one-read-each-write",
                                  "one read of at most 80 bytes for each line that was written",
                                  "the lecture's client", {"client.exact.split-replies"}, 45),
      ClientRow<WritesAllBeforeReading>("writes-all-before-reading",
                                        "nothing is read before all of the input is written",
                                        "clients in two loops", {"client.bulk.no-deadlock"}, 46),
      ClientRow<LeavesBeforeReplies>("leaves-before-replies",
                                     "closes once its input has ended and is sent", "nc -q 0",
                                     {"client.eof.drains"}, 47),
      ClientRow<PrintsByStrlen>("prints-by-strlen", "what is printed is measured by strlen",
                                "clients that print by puts or %s", {"client.exact.every-byte"},
                                48),
      ClientRow<Status0OnRefusal>("status-0-on-refusal", "a refusal ends with status 0",
                                  "clients that return from main after perror", {"client.refused"},
                                  49),
      ClientRow<HangsWhenServerCloses>(
          "hangs-when-server-closes", "an early end of the server is taken for \"nothing yet\"",
          "loops while (read(...) >= 0)",
          {"client.server-closes.prints", "client.server-closes-early"}, 50),
  };
}

}  // namespace verbatim
