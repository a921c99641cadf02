// What a target burns while there is nothing to do for it: loops are measured, sound servers sleep.
#include <string>

#include "properties/requirements/trial_test.h"

namespace verbatim {
namespace {

using Kind = Verdict::Kind;

// Keeps what can't be written yet in 16 KiB for each connection, so that most writes are partial.
// Arguments: its port, and what it does where the end of a connection was read while something is
// still to be written: "spins" polls for reading all the same, "dies" ends, "none" is sound.
constexpr char kKeepingServer[] = R"(
import os, select, socket, sys
port, defect = int(sys.argv[1]), sys.argv[2]
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
listener.bind(("127.0.0.1", port))
listener.listen(1024)
poll = select.poll()
poll.register(listener, select.POLLIN)
peers = {}
while True:
    for fd, event in poll.poll():
        if fd == listener.fileno():
            peer = listener.accept()[0]
            peer.setblocking(False)
            peers[peer.fileno()] = [peer, b"", False]
            poll.register(peer, select.POLLIN)
            continue
        peer, kept, ended = peers[fd]
        try:
            if len(kept) < 16384 and not (ended and defect != "spins"):
                try:
                    data = peer.recv(16384 - len(kept))
                    ended = ended or not data
                    kept += data
                except BlockingIOError:
                    pass
            try:
                kept = kept[peer.send(kept):]
            except BlockingIOError:
                pass
            done = ended and not kept
        except OSError:
            done = True
        if ended and kept and defect == "dies":
            os._exit(3)
        if done:
            poll.unregister(fd)
            peer.close()
            del peers[fd]
            continue
        peers[fd] = [peer, kept, ended]
        reads = len(kept) < 16384 and not (ended and defect != "spins")
        poll.modify(fd, (select.POLLIN if reads else 0) | (select.POLLOUT if kept else 0))
)";

Checked RunOnKeeping(absl::string_view defect) {
  const auto target = *Target::Spawned(
      absl::StrCat("exec python3 -c ", ShellQuote(kKeepingServer), " {port} ", defect));
  return RunCheck(IdleNoCpu, target.get());
}

TEST(IdleNoCpu, ASoundServerSleeps) { ExpectHeld(IdleNoCpu); }

TEST(IdleNoCpu, OneWhoServesThemInTurnIsNotBlamed) {
  auto target = Target::Spawned(
      "exec python3 -c 'import socket,sys\n"
      "s=socket.socket(); s.bind((\"127.0.0.1\",int(sys.argv[1]))); s.listen(128)\n"
      "while True:\n  c=s.accept()[0]; d=c.recv(999)\n  while d: c.sendall(d); d=c.recv(999)\n"
      "  c.close()' {port}");
  const Checked checked = RunCheck(IdleNoCpu, target->get());
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld) << Shown(checked);
  EXPECT_EQ(checked.note.rfind("with 1 idle connection, it uses 0 % of a processor, and wakes ", 0),
            0u)
      << checked.note;
}

TEST(IdleNoCpu, ABusyLoopIsMeasured) {
  ExpectMisbehaved(IdleNoCpu, "busy", "with 10 idle connections, it uses ");
}

TEST(IdleNoCpu, OneThatKeepsWhatItCantWriteYetSleeps) {
  const Checked checked = RunOnKeeping("none");
  EXPECT_EQ(checked.verdict.kind, Kind::kHeld) << Shown(checked);
}

TEST(IdleNoCpu, OneThatIsToldOfTheEndAgainAndAgainIsFound) {
  const Checked checked = RunOnKeeping("spins");
  EXPECT_EQ(checked.verdict.kind, Kind::kMisbehaved) << Shown(checked);
  EXPECT_EQ(checked.verdict.detail.rfind("with the end of a peer read, and something left", 0), 0u)
      << Shown(checked);
}

TEST(IdleNoCpu, OneThatDiesWhileItIsLookedAtHasFailed) {
  const Checked checked = RunOnKeeping("dies");
  EXPECT_EQ(checked.verdict.kind, Kind::kDied) << Shown(checked);
}

}  // namespace
}  // namespace verbatim
