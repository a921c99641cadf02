// Mutants of clients that end too early, too late, never, or with the wrong status.
// Not for: what they do in between (client_pressure.cc), or before (client_connects.cc).
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <chrono>

#include "properties/mutants/client_mutants.h"

namespace verbatim {
namespace {

using std::chrono::milliseconds;

struct Status0Always : ClientHooks {
  absl::Status Verdict(const Conversation& talk, absl::Status status) override {
    return talk.error == 0 ? absl::OkStatus() : status;
  }
};

struct ResetIsEnd : ClientHooks {
  absl::Status Verdict(const Conversation& talk, absl::Status status) override {
    return talk.error != 0 ? absl::OkStatus() : status;
  }
};

// The socket is forgotten, and nothing else is waited for.
struct ResetHangs : ClientHooks {
  void Broken(Conversation& talk, int, bool) override {
    talk.to_socket.Drop(talk.to_socket.size());
    hangs_ = true;
  }
  bool MayReadInput(const Conversation& talk) override {
    return !hangs_ && ClientHooks::MayReadInput(talk);
  }
  bool MayRead(const Conversation& talk) override { return !hangs_ && ClientHooks::MayRead(talk); }
  // A reset that send was told of is read as an end.
  bool BeforeRead(Conversation&) override { return !hangs_; }
  bool hangs_ = false;
};

struct NoHalfClose : ClientHooks {
  void AllSent(Conversation&) override {}
};

// What is still to come is refused.
struct ShutsBothWays : ClientHooks {
  void AllSent(Conversation& talk) override {
    ::shutdown(talk.socket.get(), SHUT_RDWR);
    talk.over = talk.left = true;
  }
};

// Neither a FIN at the end of the input nor one at the end of all.
struct EndsByReset : ClientHooks {
  void Start(Conversation& talk) override {
    const linger now = {1, 0};
    ::setsockopt(talk.socket.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  }
  void AllSent(Conversation&) override {}
  bool MayEnd(const Conversation& talk) override {
    return talk.all_sent && talk.received >= talk.sent;
  }
};

// However much still comes.
struct GivesUpAfterEnd : ClientHooks {
  static constexpr auto kPatience = milliseconds(500);
  int TimeoutMs(const Conversation& talk) override { return talk.input_ended ? 20 : -1; }
  bool MayEnd(const Conversation& talk) override {
    return talk.input_ended && Conversation::Clock::now() >= talk.input_ended_at + kPatience;
  }
};

// SO_RCVTIMEO, and its EAGAIN taken for the end.
struct EndsAtPause : ClientHooks {
  static constexpr auto kPatience = milliseconds(200);
  int TimeoutMs(const Conversation& talk) override { return talk.sent > talk.received ? 20 : -1; }
  bool MayEnd(const Conversation& talk) override {
    return talk.sent > talk.received && Conversation::Clock::now() >= talk.moved_at + kPatience;
  }
};

// It waits a while for the end first, so that one that comes right behind the data is seen.
struct HangUpBeforeData : ClientHooks {
  static constexpr int kWaitMs = 50;
  bool BeforeRead(Conversation& talk) override {
    int here = 0;
    ::ioctl(talk.socket.get(), FIONREAD, &here);
    const bool full = static_cast<size_t>(here) >= ReplyBytes();
    pollfd poll = {talk.socket.get(), POLLRDHUP, 0};
    if (::poll(&poll, 1, full ? 0 : kWaitMs) != 1) return true;
    talk.over = true;
    return false;
  }
};

// It sits in a read of its input.
struct IdleNotNoticed : ClientHooks {
  void ServerEnds(Conversation& talk) override {
    ended_ = true;
    talk.over = talk.input_ended;
  }
  bool MayRead(const Conversation& talk) override { return !ended_ && ClientHooks::MayRead(talk); }
  std::string Input(Conversation& talk, std::string data) override {
    talk.over |= ended_;
    return data;
  }
  void InputEnds(Conversation& talk) override { talk.over |= ended_; }
  bool ended_ = false;
};

}  // namespace

std::vector<Mutant> ClientEndMutants() {
  return {
      ClientRow<Status0Always>("status-0-always", "the status is 0 although not all came back",
                               "clients that take any end for a good one",
                               {"client.server-closes-early"}),
      ClientRow<ResetIsEnd>("reset-is-end", "a reset is taken for the server's end, with status 0",
                            "loops while (read(...) > 0)", {"client.reset"}),
      ClientRow<ResetHangs>("reset-hangs", "after a reset it waits for ever",
                            "clients that stop watching a broken socket", {"client.reset"}),
      ClientRow<NoHalfClose>("no-half-close", "the end of the input is not passed on",
                             "nc without -N", {"client.eof.half-closes"}),
      ClientRow<ShutsBothWays>("shuts-both-ways",
                               "both directions are shut at the end of the input",
                               "shutdown(fd, 2)", {"client.eof.drains"}),
      ClientRow<EndsByReset>("ends-by-reset", "the connection is closed by a RST, without a FIN",
                             "SO_LINGER of 0", {"client.eof.half-closes"}),
      ClientRow<GivesUpAfterEnd>("gives-up-after-end", "ends 500 ms after the end of its input",
                                 "socat without -t", {"client.eof.drains"}),
      ClientRow<EndsAtPause>("ends-at-pause", "ends when no reply has come for 200 ms",
                             "a read time-out",
                             {"client.exact.delayed-replies", "client.eof.drains"}),
      ClientRow<HangUpBeforeData>(
          "client-hang-up-first", "the server's end is handled before the data that came with it",
          "POLLHUP looked at before POLLIN", {"client.server-closes.prints"}),
      ClientRow<IdleNotNoticed>("idle-not-noticed",
                                "the server's end is not noticed before more input comes",
                                "blocking reads of standard input", {"client.server-closes.idle"}),
  };
}

}  // namespace verbatim
