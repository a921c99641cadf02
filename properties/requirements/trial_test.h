// For tests of trials: a server in Python with one defect at a time, and how a check is run.
// Not for: anything but tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "properties/requirements/stream_trials.h"
#include "properties/stage/socket/patience.h"
#include "properties/stage/socket/test_server.h"

namespace verbatim {

// Arguments: its port and the defect; "none" is a sound server.
inline constexpr char kPythonServer[] = R"(
import select, signal, socket, sys, time
port, defect = int(sys.argv[1]), sys.argv[2]
listener = socket.socket()
if defect != "no-reuse":
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
if defect == "ignores-sigterm":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
listener.bind(("127.0.0.1", port))
listener.listen(1024)
listener.setblocking(False)
poll = select.poll()
poll.register(listener, select.POLLIN)
peers, leaked = {}, []
accepting = True
while True:
    if defect == "fd-set":
        select.select(list(peers), [], [], 0)
    for fd, event in poll.poll(0 if defect == "busy" else None):
        if fd == listener.fileno():
            try:
                peer = listener.accept()[0]
            except OSError:
                if defect != "spins":
                    poll.unregister(listener)
                    accepting = False
                continue
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peers[peer.fileno()] = peer
            poll.register(peer, select.POLLIN)
            continue
        peer = peers[fd]
        try:
            data = peer.recv(65536)
            peer.sendall(data)
        except OSError:
            data = b""
        if defect == "keeps":
            leaked.append(bytearray(16384))
        if data:
            continue
        poll.unregister(peer)
        del peers[fd]
        if defect == "leaks":
            leaked.append(peer)
            try:
                peer.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            continue
        peer.close()
        if not accepting and defect != "never-again":
            poll.register(listener, select.POLLIN)
            accepting = True
)";

inline std::unique_ptr<Target> PythonTarget(absl::string_view defect) {
  return *Target::Spawned(
      absl::StrCat("exec python3 -c ", ShellQuote(kPythonServer), " {port} ", defect));
}

inline std::unique_ptr<Target> TargetOf(const TestServer& server) {
  return *Target::Remote(*Endpoint::Parse(absl::StrCat("tcp://", server.address().ToString())));
}

inline constexpr int64_t kStartMs = 60'000;

inline Budget TrialBudget() {
  Budget budget;
  budget.connections = 50;
  return budget;
}

struct Checked {
  Verdict verdict;
  std::string note;
};

inline Checked RunCheck(absl::StatusOr<Verdict> (*check)(Trial&), Target* target,
                        const Budget& budget = TrialBudget()) {
  EXPECT_TRUE(target->Prepare(kStartMs).ok());
  Patience patience(budget.deadline_ms);
  Budget patient = budget;
  patient.patience = &patience;
  Trial trial(target, patient);
  const absl::StatusOr<Verdict> verdict = check(trial);
  EXPECT_TRUE(verdict.ok()) << verdict.status();
  if (!verdict.ok()) return {};
  return {*verdict, trial.note()};
}

inline Checked RunCheck(absl::StatusOr<Verdict> (*check)(Trial&), const TestServer& server,
                        const Budget& budget = TrialBudget()) {
  const std::unique_ptr<Target> target = TargetOf(server);
  return RunCheck(check, target.get(), budget);
}

// What to say of an expectation that was not met.
inline std::string Shown(const Checked& checked) {
  return absl::StrCat(VerdictSentence(checked.verdict), " (", checked.note, ")");
}

inline void ExpectHeld(absl::StatusOr<Verdict> (*check)(Trial&)) {
  const auto target = PythonTarget("none");
  const Checked checked = RunCheck(check, target.get());
  EXPECT_EQ(checked.verdict.kind, Verdict::Kind::kHeld) << Shown(checked);
  EXPECT_NE(checked.note, "");
}

inline void ExpectMisbehaved(absl::StatusOr<Verdict> (*check)(Trial&), absl::string_view defect,
                             absl::string_view detail) {
  const auto target = PythonTarget(defect);
  const Checked checked = RunCheck(check, target.get());
  EXPECT_EQ(checked.verdict.kind, Verdict::Kind::kMisbehaved) << Shown(checked);
  EXPECT_NE(checked.verdict.detail.find(std::string(detail)), std::string::npos) << Shown(checked);
}

}  // namespace verbatim
